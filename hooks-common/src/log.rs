//! `~/.claude/requirements.log`: JSON lines, rotated. A hook collects its lines and writes them once at its end, when
//! the configured level is known. A hook never logs to stdout.

use std::path::PathBuf;

use config::types::LogLevel;
use serde_json::{Map, Value};

use crate::paths::Paths;
use platform::store::{self, append, lock};
use platform::text::printable_json;
use platform::time::Moment;

/// The size in bytes at which the log is renamed to `<name>.1`.
const ROTATE_AT: u64 = 5 * 1024 * 1024;

/// The unwritten lines of one process.
#[derive(Debug, Default)]
pub struct Log {
    context: Map<String, Value>,
    lines: Vec<(LogLevel, String, Map<String, Value>)>,
    threshold: LogLevel,
    file: Option<PathBuf>,
    silent: bool,
}

impl Log {
    /// Sets a field that every line contains, such as `session` or `hook`.
    pub fn set_context(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.context.insert(key.to_owned(), value.into());
        }
    }

    /// Sets the configured level and file. `to_file` is false if no file is written.
    pub fn configure(&mut self, threshold: LogLevel, file: Option<PathBuf>, to_file: bool) {
        (self.threshold, self.file, self.silent) = (threshold, file, !to_file);
    }

    /// Whether a line of this level would be written.
    pub fn is_on(&self, level: LogLevel) -> bool {
        level >= self.threshold && !self.silent
    }

    /// Adds a line.
    pub fn add(&mut self, level: LogLevel, message: impl Into<String>) {
        self.add_with(level, message, Map::new());
    }

    /// Adds a line with additional fields.
    pub fn add_with(&mut self, level: LogLevel, message: impl Into<String>, fields: Map<String, Value>) {
        self.lines.push((level, message.into(), fields));
    }

    /// Adds a line of level `error`.
    pub fn error(&mut self, message: impl Into<String>) {
        self.add(LogLevel::Error, message);
    }

    /// Adds a line of level `debug`.
    pub fn debug(&mut self, message: impl Into<String>) {
        self.add(LogLevel::Debug, message);
    }

    /// Writes the lines at or above the level. An error while writing is ignored, because there is no other place to
    /// report it.
    pub fn flush(&mut self, paths: &Paths) {
        let lines = std::mem::take(&mut self.lines);
        let mut text = Vec::new();
        for (level, message, fields) in lines.into_iter().filter(|(level, ..)| self.is_on(*level)) {
            let mut line = Map::new();
            line.insert("timestamp".into(), Moment::now().rfc3339().into());
            line.insert("level".into(), level.name().into());
            line.insert("message".into(), message.into());
            line.extend(self.context.clone());
            line.extend(fields);
            if !text.is_empty() {
                text.push(b'\n');
            }
            if let Ok(line) = serde_json::to_string(&line) {
                text.extend_from_slice(printable_json(&line).as_bytes());
            }
        }
        if text.is_empty() {
            return;
        }
        let file = self.file.clone().unwrap_or_else(|| paths.log());
        let Some(folder) = file.parent() else { return };
        let _ = store::create_private_dir(folder);
        let lock = file.with_extension("log.lock");
        rotate(&file, &lock);
        let _ = append::append_line(&file, &lock, &text, lock::HOT);
    }
}

/// Renames a full log. One older log is kept.
fn rotate(file: &std::path::Path, lock_path: &std::path::Path) {
    let is_full = || std::fs::metadata(file).is_ok_and(|meta| meta.len() > ROTATE_AT);
    if !is_full() {
        return;
    }
    let Ok(_lock) = lock::exclusive(lock_path, lock::HOT) else { return };
    // Another process may have rotated the log while this one waited for the lock.
    if is_full() {
        let mut older = file.as_os_str().to_owned();
        older.push(".1");
        let _ = std::fs::rename(file, older);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    #[test]
    fn the_level_counts_from_the_first_line_and_a_full_log_rotates() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x.log");
        let paths = Paths::from_env();
        let mut log = Log::default();
        log.debug("before the configuration was read");
        log.configure(LogLevel::Debug, Some(file.clone()), true);
        log.flush(&paths);
        assert!(store::read(&file).unwrap().is_some());
        std::fs::File::options().append(true).open(&file).unwrap().set_len(ROTATE_AT + 1).unwrap();
        log.error("after");
        log.flush(&paths);
        assert!(std::fs::metadata(&file).unwrap().len() < 1_000);
        assert!(home.path().join("x.log.1").exists());
    }
}
