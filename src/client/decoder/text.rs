//! Text from bytes.

use std::borrow::Cow;
use std::sync::Arc;

/// Decodes UTF-8: each maximal part of an invalid sequence becomes a U+FFFD, as in the standard.
pub(super) fn shared_text_of(bytes: &[u8]) -> Arc<str> {
    Arc::from(&*String::from_utf8_lossy(bytes))
}

/// As [`shared_text_of`], without a copy of bytes that are valid.
pub(super) fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        match String::from_utf8_lossy(error.as_bytes()) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        }
    })
}
