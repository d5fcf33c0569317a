//! Texts taken apart and put together by hand: what the standard library has for that does more,
//! and weighs more than its users here in WebAssembly.

/// Splits a text at the first of an ASCII character.
pub(crate) fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    debug_assert!(at.is_ascii());
    let index = text.bytes().position(|byte| byte == at)?;
    text.get(..index).zip(text.get(index + 1..))
}

/// Joins texts.
#[inline(never)]
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}
