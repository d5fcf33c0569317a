//! Sound: a check that every reader reads a payload alike.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A key, borrowed unless it has escapes.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// A JSON value that every reader reads alike: no key twice in an object, no number out of range,
/// no half of a surrogate pair. `serde_json` limits the depth.
pub(super) struct Sound {
    /// Whether the value is the text of a number that no double holds.
    is_out_of_range: bool,
}

impl Sound {
    const YES: Self = Self {
        is_out_of_range: false,
    };
}

/// The key under which `serde_json` passes a number's text, as an object, if another package of the
/// tree turns on its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SoundVisitor)
    }
}

struct SoundVisitor;

impl<'de> Visitor<'de> for SoundVisitor {
    type Value = Sound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Sound, E> {
        Ok(Sound::YES)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound::YES)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
        Ok(Sound::YES)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
        Ok(Sound::YES)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
        Ok(Sound::YES)
    }

    fn visit_str<E>(self, text: &str) -> Result<Sound, E> {
        Ok(Sound {
            is_out_of_range: text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                && text.parse().is_ok_and(f64::is_infinite),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sound, A::Error> {
        while seq.next_element::<Sound>()?.is_some() {}
        Ok(Sound::YES)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sound, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let is_number = key.0 == NUMBER;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key appears twice"));
            }
            let value: Sound = map.next_value()?;
            if is_number && value.is_out_of_range {
                return Err(A::Error::custom("number out of range"));
            }
        }
        Ok(Sound::YES)
    }
}
