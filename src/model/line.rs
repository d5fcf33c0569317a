//! Texts that have to fit in a line of an event stream.

use crate::model::error::InvalidMessageFormat;
use crate::model::text;

const UNFIT: &str = ", which does not fit in a line of an event stream";

/// Refuses a text that contains a CR, an LF or a NUL.
pub(crate) fn check(what: &str, value: &str) -> Result<(), InvalidMessageFormat> {
    match value.bytes().find(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        None => Ok(()),
        Some(byte) => {
            let name = match byte {
                b'\r' => "a carriage return",
                b'\n' => "a line feed",
                _ => "a NUL",
            };
            let parts = ["the ", what, " contains ", name, UNFIT];
            Err(InvalidMessageFormat::new(text::joined(&parts)))
        }
    }
}
