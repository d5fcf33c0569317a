//! Asked: a request as the client builds it, field by field.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::server::client::error::{SocketError, not_json};

/// A request. Fields that are not set are left out.
#[derive(Default, serde_derive::Serialize)]
pub(super) struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
}

impl<'a> Asked<'a> {
    /// A request with a verb.
    pub(super) fn verb(verb: &'a str) -> Self {
        Self {
            v: Some(verb),
            ..Self::default()
        }
    }

    /// A request without a verb: a broadcast on every channel.
    pub(super) fn without_verb() -> Self {
        Self::default()
    }

    pub(super) fn channel(self, id: impl Into<Option<&'a str>>) -> Self {
        let c = id.into();
        Self { c, ..self }
    }

    pub(super) fn listener(self, id: &'a str) -> Self {
        let r = Some(id);
        Self { r, ..self }
    }

    /// Sets the number of events that are wanted.
    pub(super) fn most(self, n: Option<u64>) -> Self {
        Self { n, ..self }
    }

    /// Sets the message. Fails if the payload cannot be written as JSON.
    pub(super) fn message(
        self,
        message_type: &'a str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<Self, SocketError> {
        let payload = serde_json::value::to_raw_value(payload).map_err(not_json)?;
        let (t, p) = (Some(message_type), Some(payload));
        Ok(Self { t, p, ..self })
    }
}

/// Writes a request as a line.
pub(super) fn line(payload: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, SocketError> {
    let mut line = serde_json::to_vec(payload).map_err(not_json)?;
    // A raw value may hold line feeds where JSON allows spaces. A string never does.
    line.iter_mut()
        .filter(|byte| **byte == b'\n')
        .for_each(|byte| *byte = b' ');
    line.push(b'\n');
    Ok(line)
}
