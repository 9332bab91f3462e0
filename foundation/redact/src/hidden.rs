//! What is written in the place of a secret.

/// The text in the place of a secret.
pub const MARK: &str = "[redacted]";

/// A word with its secret hidden, and where in the word the value began.
pub(crate) struct Hidden {
    pub(crate) shown: String,
    pub(crate) value: usize,
}

/// Whether a value is only the name of a variable, or the output of a command: the text does not contain the secret.
pub(crate) fn is_variable(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'', '`']);
    let name = value.strip_prefix('$').filter(|rest| !rest.starts_with(['\'', '"']));
    name.is_some_and(|name| ![":-", ":=", ":+"].iter().any(|default| name.contains(default)))
}
