//! The payload that the host sends to its status line.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

/// The parts of the payload that are shown. Source: recorded `StatusLine` payloads.
#[derive(Debug, Default, PartialEq)]
pub struct Status {
    /// The full session id.
    pub session_id: String,
    /// The session's folder.
    pub folder: Option<PathBuf>,
    /// The model's display name.
    pub model: String,
    /// The cost so far, in US dollars.
    pub cost: Option<f64>,
    /// The context use, in percent.
    pub context: Option<f64>,
    /// The context's size, in tokens.
    pub context_window: Option<u64>,
}

/// The payload's fields. A field of another type does not affect the others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusPayload {
    session_id: Value,
    cwd: Value,
    model: Value,
    workspace: Value,
    cost: Value,
    context_window: Value,
}

impl Status {
    /// Parses a payload. Fields that are not valid stay empty.
    pub fn parse(bytes: &[u8]) -> Self {
        let document: StatusPayload = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let folders = [&document.workspace["current_dir"], &document.cwd];
        let folder = folders.into_iter().filter_map(Value::as_str).map(PathBuf::from);
        Self {
            session_id: text(&document.session_id),
            folder: folder.into_iter().find(|folder| folder.is_absolute()),
            model: text(&document.model["display_name"]),
            cost: document.cost["total_cost_usd"].as_f64(),
            context: document.context_window["used_percentage"].as_f64().map(|used| used.clamp(0.0, 100.0)),
            context_window: document.context_window["context_window_size"].as_u64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_stays_empty() {
        for bytes in ["", "{", "[]", "null", r#"{"model": 5, "cost": "x", "session_id": [1]}"#] {
            assert_eq!(Status::parse(bytes.as_bytes()), Status::default(), "{bytes}");
        }
    }
}
