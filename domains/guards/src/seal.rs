//! What tells an allowance that a person gave from a file that anybody wrote: a keyed hash. The key is made when a
//! person first gives one, and is readable by its owner alone. It keeps a stray or copied file from letting anything
//! through; a program that reads the key and knows this rule is not kept out, as no other program of the same user is.

use std::fs::File;
use std::io::{self, Read};

use hooks_common::paths::Paths;
use platform::hash::short_hash;
use platform::store::{self, Durability};

/// The key's length in bytes.
const LENGTH: usize = 32;
/// The seal's length in hexadecimal digits.
const DIGITS: usize = 40;

/// The seal under what these parts say. Makes the key if there is none.
///
/// # Errors
/// When the key can neither be read nor be made.
pub fn seal(paths: &Paths, parts: &[&str]) -> io::Result<String> {
    let key = match key(paths) {
        Some(key) => key,
        None => make(paths)?,
    };
    Ok(keyed(&key, parts))
}

/// Whether a seal belongs to what these parts say.
pub fn holds(paths: &Paths, parts: &[&str], seal: &str) -> bool {
    key(paths).is_some_and(|key| keyed(&key, parts) == seal)
}

fn key(paths: &Paths) -> Option<Vec<u8>> {
    store::read(&paths.seal_key()).ok()?.filter(|key| key.len() == LENGTH)
}

fn make(paths: &Paths) -> io::Result<Vec<u8>> {
    store::create_private_dir(paths.stanchion_dir())?;
    let mut key = vec![0; LENGTH];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    store::replace(&paths.seal_key(), &key, Durability::Durable, 0o600)?;
    Ok(key)
}

/// The hash is taken twice, so that nobody goes on from a seal to one of a longer text.
fn keyed(key: &[u8], parts: &[&str]) -> String {
    let once = |text: &[u8]| short_hash(&[key, text].concat(), 64);
    let inner = once(parts.join("\0").as_bytes());
    once(inner.as_bytes())[..DIGITS].to_owned()
}
