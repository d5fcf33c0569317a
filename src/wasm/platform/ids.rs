//! Identifiers that no other process makes.
//!
//! Written by hand, since the crate that does it natively would weigh as much as the log in
//! WebAssembly.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// Returns a random UUID, 36 characters: the id of a channel or listener that was given none.
pub(crate) fn unique() -> String {
    let mut bytes = random::<16>();
    // Version 4, variant 10: RFC 9562, section 5.4.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::new();
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, byte);
    }
    text
}

/// Returns the first half of a channel's event ids: 12 random hexadecimal digits.
pub(crate) fn epoch() -> String {
    let mut text = String::new();
    for byte in random::<6>() {
        push_hex(&mut text, byte);
    }
    text
}

/// Returns a random number from 0 up to 1.
#[cfg(feature = "client")]
pub(crate) fn fraction() -> f64 {
    let bits = u64::from_le_bytes(random()) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    get_random_values(&mut bytes);
    bytes
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0xf] {
        let first = if digit < 10 { b'0' } else { b'a' - 10 };
        text.push(char::from(first + digit));
    }
}
