//! The replacement of a secret.

/// The text that replaces a secret.
pub const MARK: &str = "[redacted]";

/// A word with its secret hidden, and the offset of the value in the original word.
pub(crate) struct Hidden {
    pub(crate) shown: String,
    pub(crate) value: usize,
}

/// Whether a value is only a variable's name or a command substitution. The text then does not contain the secret.
pub(crate) fn is_variable(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'', '`']);
    let name = value.strip_prefix('$').filter(|rest| !rest.starts_with(['\'', '"']));
    name.is_some_and(|name| ![":-", ":=", ":+"].iter().any(|default| name.contains(default)))
}
