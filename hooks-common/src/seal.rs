//! Seals: a keyed hash marks what our own programs wrote that opens something, so that a stray or copied file does not count
//! as one: the exceptions and pauses that a person gave, and satisfied requirements. The key is made with the first of
//! them, and only its owner can read it.

use std::fs::File;
use std::io::{self, Read};

use crate::paths::Paths;
use platform::hash::short_hash;
use platform::store::{self, Durability};

/// The key's length in bytes.
const LENGTH: usize = 32;
/// The seal's length in hexadecimal digits.
const DIGITS: usize = 40;

/// Returns the seal of these parts. Creates the key if it does not exist.
///
/// # Errors
/// If the key can be neither read nor created.
pub fn seal(paths: &Paths, parts: &[&str]) -> io::Result<String> {
    let key = match key(paths) {
        Some(key) => key,
        None => make(paths)?,
    };
    Ok(keyed(&key, parts))
}

/// Whether a seal belongs to these parts.
pub fn holds(paths: &Paths, parts: &[&str], seal: &str) -> bool {
    key(paths).is_some_and(|key| keyed(&key, parts) == seal)
}

fn key(paths: &Paths) -> Option<Vec<u8>> {
    store::read(&paths.seal_key()).ok()?.filter(|key| key.len() == LENGTH)
}

fn make(paths: &Paths) -> io::Result<Vec<u8>> {
    store::create_private_dir(paths.stanchion_dir())?;
    let mut key = vec![0; LENGTH];
    #[allow(clippy::disallowed_methods, reason = "the one device that is wanted; it never waits")]
    let mut random = File::open("/dev/urandom")?;
    random.read_exact(&mut key)?;
    store::replace(&paths.seal_key(), &key, Durability::Durable, 0o600)?;
    Ok(key)
}

/// The keyed hash of these parts. It is computed twice: with a single hash, the hash of an extended
/// text could be computed without the key.
fn keyed(key: &[u8], parts: &[&str]) -> String {
    let once = |text: &[u8]| short_hash(&[key, text].concat(), 64);
    let inner = once(parts.join("\0").as_bytes());
    once(inner.as_bytes())[..DIGITS].to_owned()
}
