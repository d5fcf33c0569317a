//! The requests: JSON objects, read strictly.
//!
//! A request has the fields `v` (the verb), `c` (a channel's id), `r` (a listener's id), `t` (a
//! message's type), `p` (its payload) and `n` (a number of events). As in the reference, `null` in
//! `c`, `r` or `n` counts as missing; a message without a payload has `null` as its data.
//!
//! ## Refusals
//!
//! - Anything except one JSON object in UTF-8: a byte-order mark, `NaN`, a second value after the
//!   first.
//! - A field that is unknown, missing, repeated, or of the wrong type.
//! - In the payload: a key that appears twice in an object, more than 127 levels of nesting, a
//!   number that no double holds, half a surrogate pair.
//!
//! The texts say what is wrong and at which column. They repeat nothing of the request.

mod fields;
pub(crate) mod refusal;
pub(crate) mod request;
mod sound;

use crate::model::error::InvalidMessageFormat;
use crate::server::protocol::fields::{Fields, refused, unreadable};
use crate::server::protocol::request::Request;

impl<'a> Request<'a> {
    /// Reads a request.
    ///
    /// ```
    /// use eric_sse::server::Request;
    ///
    /// assert!(matches!(Request::parse(br#"{"v":"c"}"#), Ok(Request::Create(None))));
    /// let error = Request::parse(br#"{"v":"r"}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "the field \"c\", a channel's id, is missing");
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] if the bytes are not a valid request.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, InvalidMessageFormat> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return refused("the request starts with a byte-order mark");
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refused("the request is not UTF-8");
        };
        if !text.trim_ascii_start().starts_with('{') {
            return refused("the request is not a JSON object");
        }
        let fields: Fields<'a> = serde_json::from_str(text).map_err(unreadable)?;
        fields.into_request()
    }
}
