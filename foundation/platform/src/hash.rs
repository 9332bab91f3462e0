//! Digests as text.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// `bytes` as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The first `digits` (at most 64) hexadecimal digits of the SHA-256 of `bytes`.
pub fn short_hash(bytes: &[u8], digits: usize) -> String {
    let mut hash = hex(&Sha256::digest(bytes));
    hash.truncate(digits);
    hash
}
