//! `context.json` in a session's directory: the use of the context. Only the status line gets this figure from the
//! host, so it writes the file for the hooks.

use std::io;

use serde::{Deserialize, Serialize};

use super::SessionDir;
use platform::store::{self, Durability, replace};
use platform::time::Moment;

/// The last known use of the context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggedContext {
    /// The format version, 1.
    pub v: u32,
    /// The used part in whole percent, rounded down. `None` after a compaction, until a new figure arrives.
    #[serde(default)]
    pub used_percentage: Option<f64>,
    /// The size of the context window, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window_size: Option<u64>,
    /// The time, RFC 3339.
    pub recorded_at: String,
}

impl SessionDir {
    fn context_path(&self) -> std::path::PathBuf {
        self.path().join("context.json")
    }

    /// The use of the session's context at its last change in the status line.
    pub fn context(&self) -> Option<LoggedContext> {
        let context: LoggedContext =
            serde_json::from_slice(&store::read(&self.context_path()).ok()??).ok()?;
        Some(LoggedContext {
            used_percentage: context.used_percentage.map(|used| used.clamp(0.0, 100.0)),
            ..context
        })
    }

    /// Writes the use of the context if the whole percent or the window size changed. A session without a directory
    /// is skipped.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_context(&self, percent: f64, window: Option<u64>, now: Moment) -> io::Result<()> {
        if !percent.is_finite() || !self.is_known() {
            return Ok(());
        }
        let used_percentage = percent.floor().clamp(0.0, 100.0);
        let is_same = |old: &LoggedContext| {
            let is_close = old.used_percentage.is_some_and(|old| (old - used_percentage).abs() < 0.5);
            is_close && old.context_window_size == window
        };
        if self.context().is_some_and(|old| is_same(&old)) {
            return Ok(());
        }
        self.write_context(&LoggedContext {
            v: 1,
            used_percentage: Some(used_percentage),
            context_window_size: window,
            recorded_at: now.rfc3339(),
        })
    }

    /// Removes the use of the context after a compaction. The window size is kept.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_context(&self) -> io::Result<()> {
        match self.context().filter(|context| context.used_percentage.is_some()) {
            Some(context) => self.write_context(&LoggedContext { used_percentage: None, ..context }),
            None => Ok(()),
        }
    }

    fn write_context(&self, context: &LoggedContext) -> io::Result<()> {
        replace(&self.context_path(), &serde_json::to_vec(context)?, Durability::Rebuildable, 0o600)
    }
}
