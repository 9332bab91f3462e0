//! The two names of a session: the full id from Claude Code, and the short key in the registry and in requirement
//! state.

use std::fmt;

use platform::hash::short_hash;

/// The most characters that are kept of an id. Hosts send 36.
const LONGEST: usize = 256;

/// A session's id in both forms. It can only be created from text that yields a key, so that an empty id is never
/// used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId {
    full: String,
    key: SessionKey,
}

/// The short form: at most eight characters from `[0-9A-Za-z_]`. It is safe as a file name and as a JSON key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(String);

impl SessionKey {
    /// Normalises an id. Dashes are removed, other characters outside `[0-9A-Za-z_]` become `_`, and eight characters
    /// are kept. `None` if nothing is left. Normalising a key returns the same key.
    pub fn new(id: &str) -> Option<Self> {
        let key: String = id
            .chars()
            .filter(|c| *c != '-')
            // Other tools share the registry and requirement state, and use keys of this length.
            .take(8)
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
            .collect();
        (!key.is_empty()).then_some(Self(key))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SessionId {
    /// Takes an id from the host. `None` if it has no key, because it is empty or contains only dashes.
    pub fn new(id: &str) -> Option<Self> {
        let key = SessionKey::new(id)?;
        let end = id.char_indices().map(|(at, _)| at).nth(LONGEST).unwrap_or(id.len());
        Some(Self { full: id[..end].to_owned(), key })
    }

    /// The id from the host, cut at 256 characters.
    pub fn full(&self) -> &str {
        &self.full
    }

    /// The short form.
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The name of the session's directory: the id if it is a safe file name, otherwise `x-` and 32 hex digits of its
    /// SHA-256. No id can name a path outside the folder or another session's directory.
    pub fn dir_name(&self) -> String {
        // These names are in use beside session directories: `<id>.lock`, `legacy`, and the `x-` of hashed ids.
        let plain = self.full.len() <= 128
            && self.full.starts_with(|c: char| c.is_ascii_alphanumeric())
            && self.full.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && !self.full.ends_with(".lock")
            && self.full != "legacy"
            && !self.full.starts_with("x-");
        if plain { self.full.clone() } else { format!("x-{}", short_hash(self.full.as_bytes(), 32)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_match_the_documented_table() {
        let key = |id: &str| SessionKey::new(id).map(|key| key.to_string());
        assert_eq!(key("cad0ac4d-3933-45ad-9a1c-14aec05bb940").as_deref(), Some("cad0ac4d"));
        assert_eq!(key("08345d22").as_deref(), Some("08345d22"));
        assert_eq!(key("abc").as_deref(), Some("abc"));
        assert_eq!(key("CAD0AC4D").as_deref(), Some("CAD0AC4D"));
        assert_eq!(key("toolu_01ABC").as_deref(), Some("toolu_01"));
        assert_eq!(key("../../x").as_deref(), Some("______x"));
        assert_eq!(key("----"), None);
        assert_eq!(key(""), None);
    }

    proptest! {
        #[test]
        fn a_key_is_safe_and_stable(id in "\\PC{0,60}") {
            if let Some(key) = SessionKey::new(&id) {
                prop_assert!(key.as_str().len() <= 8);
                prop_assert!(key.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                prop_assert_eq!(SessionKey::new(key.as_str()), Some(key));
            }
        }

        #[test]
        fn short_plain_ids_stay_as_they_are(id in "[0-9A-Za-z_]{1,8}") {
            let key = SessionKey::new(&id).unwrap();
            prop_assert_eq!(key.as_str(), &id);
        }

        #[test]
        fn a_directory_name_never_leaves_its_folder(id in "\\PC{1,200}") {
            if let Some(id) = SessionId::new(&id) {
                let name = id.dir_name();
                prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
                prop_assert!(name.len() <= 128 && !name.ends_with(".lock") && name != "legacy");
            }
        }

        #[test]
        fn different_ids_get_different_directories(a in "\\PC{1,40}", b in "\\PC{1,40}") {
            if let (Some(a), Some(b)) = (SessionId::new(&a), SessionId::new(&b)) {
                prop_assert_eq!(a == b, a.dir_name() == b.dir_name());
            }
        }
    }
}
