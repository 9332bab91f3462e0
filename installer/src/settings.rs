//! Claude Code's settings as they are read: strict JSON as the client wants it, or JSON with comments and
//! trailing commas, which people write all the same.

use std::path::{Path, PathBuf};

use hooks_common::paths::{Paths, in_project};
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstRootNode;
use serde_json::Value;

/// Whose settings, lowest level first: a value of a higher level overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingsLevel {
    /// `~/.claude/settings.json`, for every folder.
    User,
    /// `.claude/settings.json` of the folder Claude Code is launched in.
    Project,
    /// `.claude/settings.local.json` beside it.
    Local,
}

impl SettingsLevel {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::User, Self::Project, Self::Local];

    /// The level as one types it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
        }
    }

    /// The settings file of this level for a client launched in `folder`.
    pub fn file(self, paths: &Paths, folder: &Path) -> PathBuf {
        match self {
            Self::User => paths.user_settings(),
            Self::Project => in_project::settings(folder),
            Self::Local => in_project::local_settings(folder),
        }
    }
}

/// Why settings cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The text is not JSON, even with comments and trailing commas.
    #[error("it is not valid JSON: {0}")]
    Syntax(String),
    /// The text is JSON of another type.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A key has a value of another type.
    #[error("`{key}` is not {expected}")]
    WrongType {
        /// The key, dotted.
        key: String,
        /// The type, with its article.
        expected: &'static str,
    },
}

impl SettingsError {
    /// A key's value is not of the type that it must have.
    pub(crate) fn wrong_type(key: impl Into<String>, expected: &'static str) -> Self {
        Self::WrongType { key: key.into(), expected }
    }
}

/// The settings as a tree that keeps every byte, and the byte order mark before it. An empty file
/// is an empty object.
///
/// # Errors
/// When the text is not a JSON object.
pub fn parse(text: &str) -> Result<(&str, CstRootNode), SettingsError> {
    let bom = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let body = &text[bom.len()..];
    let body = if body.trim().is_empty() { "{}\n" } else { body };
    let strict = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let root = CstRootNode::parse(body, &strict).map_err(|error| SettingsError::Syntax(error.to_string()))?;
    match root.value() {
        Some(value) if value.as_object().is_none() => Err(SettingsError::NotAnObject),
        _ => Ok((bom, root)),
    }
}

/// The settings as data.
///
/// # Errors
/// When the text is not a JSON object.
pub fn value(text: &str) -> Result<Value, SettingsError> {
    let (_, root) = parse(text)?;
    root.to_serde_value().ok_or(SettingsError::NotAnObject)
}

/// The key that keeps every hook of ours from running, if a settings file has one.
pub fn switches_hooks_off(settings: &Value) -> Option<&'static str> {
    ["disableAllHooks", "allowManagedHooksOnly"].into_iter().find(|key| settings[*key] == true)
}

/// Where an organisation keeps the settings that nobody can override.
pub fn managed() -> &'static Path {
    Path::new(if cfg!(target_os = "macos") {
        "/Library/Application Support/ClaudeCode/managed-settings.json"
    } else {
        "/etc/claude-code/managed-settings.json"
    })
}
