//! `file-activity.json`: which files each session touched, newest first.
//!
//! Before there were projects in it, the file held `files` in place of `activity`, and a reader that gives every
//! field a default takes that for a session without any activity. Here a session must have one of the two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::files::text;

/// The newest version of the file that is understood.
const VERSION: u32 = 1;

/// What one session touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionActivity {
    /// The session's folder.
    pub cwd: String,
    /// The files, newest first; those of the older variant come last.
    pub entries: Vec<FileActivity>,
}

/// One file, touched once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileActivity {
    /// The project it counts for.
    pub project_path: String,
    /// The file, absolute.
    pub file_path: String,
    /// The tool.
    pub tool: String,
    /// When; without a time that can be read it is never recent.
    pub at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct FileVersion {
    #[serde(default)]
    version: u32,
}

#[derive(Deserialize)]
struct ActivityFile {
    sessions: BTreeMap<String, ActivitySession>,
}

#[derive(Deserialize)]
struct ActivitySession {
    #[serde(default)]
    cwd: String,
    activity: Option<Vec<ActivityEntry>>,
    files: Option<Vec<OldEntry>>,
}

#[derive(Deserialize)]
struct ActivityEntry {
    #[serde(default)]
    project_path: String,
    #[serde(default)]
    file_path: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    timestamp: String,
}

#[derive(Deserialize)]
struct OldEntry {
    file_path: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    timestamp: String,
}

/// The file's sessions, and what is wrong with it. `project_of` names the project of a file; where it does not
/// know one, the session's folder stands in.
pub(super) fn read(
    path: &Path,
    project_of: &dyn Fn(&str) -> Option<String>,
) -> (BTreeMap<String, SessionActivity>, Vec<String>) {
    let problem = |reason: &str| format!("{}: {reason}", path.display());
    let nothing = |reason: &str| (BTreeMap::new(), vec![problem(reason)]);
    let text = match text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return nothing("not there"),
        Err(reason) => return nothing(&reason.to_string()),
    };
    if let Ok(FileVersion { version }) = serde_json::from_str(&text)
        && version > VERSION
    {
        return nothing(&format!("version {version} instead of {VERSION}"));
    }
    let file: ActivityFile = match serde_json::from_str(&text) {
        Ok(file) => file,
        Err(error) => return nothing(&error.to_string()),
    };
    let mut problems = Vec::new();
    let mut sessions = BTreeMap::new();
    for (id, session) in file.sessions {
        if session.activity.is_none() && session.files.is_none() {
            problems.push(problem(&format!("session `{id}` has neither `activity` nor `files`")));
        }
        let (session, timeless) = migrate(session, project_of);
        if timeless > 0 {
            problems.push(problem(&format!("session `{id}`: {timeless} entries without a time")));
        }
        sessions.insert(id, session);
    }
    (sessions, problems)
}

/// A session in today's shape, and how many of its entries have no time. Old entries follow the others, made
/// absolute; one in both lists counts once.
fn migrate(
    session: ActivitySession,
    project_of: &dyn Fn(&str) -> Option<String>,
) -> (SessionActivity, usize) {
    let ActivitySession { cwd, activity, files } = session;
    let mut entries = activity.unwrap_or_default();
    let mut seen: BTreeSet<_> = entries.iter().map(|entry| key(&entry.file_path, entry)).collect();
    for old in files.unwrap_or_default() {
        let file_path = absolute(&cwd, &old.file_path);
        let project_path = project_of(&file_path).unwrap_or_else(|| cwd.clone());
        let entry = ActivityEntry { project_path, file_path, tool: old.tool, timestamp: old.timestamp };
        if seen.insert(key(&entry.file_path, &entry)) {
            entries.push(entry);
        }
    }
    let entries: Vec<_> = entries.into_iter().map(FileActivity::from).collect();
    let timeless = entries.iter().filter(|entry| entry.at.is_none()).count();
    (SessionActivity { cwd, entries }, timeless)
}

fn key(file: &str, entry: &ActivityEntry) -> String {
    format!("{file}|{}|{}", entry.timestamp, entry.tool)
}

/// `file` as the older system makes it absolute: by its text alone.
fn absolute(cwd: &str, file: &str) -> String {
    if file.starts_with('/') { file.to_owned() } else { format!("{}/{file}", cwd.trim_end_matches('/')) }
}

impl From<ActivityEntry> for FileActivity {
    fn from(entry: ActivityEntry) -> Self {
        let at = DateTime::parse_from_rfc3339(&entry.timestamp).ok().map(|time| time.to_utc());
        Self { project_path: entry.project_path, file_path: entry.file_path, tool: entry.tool, at }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    fn read(text: &str) -> (BTreeMap<String, SessionActivity>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file-activity.json");
        std::fs::write(&path, text).unwrap();
        let auth = |file: &str| file.starts_with("/mono/auth/").then(|| "/mono/auth".to_owned());
        super::read(&path, &auth)
    }

    #[test]
    fn a_file_in_the_exact_format_is_read() {
        let (sessions, problems) = read(
            r#"{"version": 1, "sessions": {"s1": {"cwd": "/mono", "activity": [
                {"project_path": "/mono/auth", "file_path": "/mono/auth/a.rs", "tool": "Edit",
                 "timestamp": "2026-01-27T18:22:11.882126059+00:00"},
                {"project_path": "/mono", "file_path": "/mono/b.rs", "tool": "Read",
                 "timestamp": "2026-01-27T18:22:10+00:00"}]}}}"#,
        );
        assert_eq!(problems, Vec::<String>::new());
        let session = &sessions["s1"];
        assert_eq!((session.cwd.as_str(), session.entries.len()), ("/mono", 2));
        let entry = &session.entries[0];
        assert_eq!((entry.project_path.as_str(), entry.tool.as_str()), ("/mono/auth", "Edit"));
        assert_eq!(entry.at.unwrap().timestamp(), 1_769_538_131);
    }

    #[test]
    fn the_old_format_is_not_an_empty_new_one() {
        let (sessions, problems) = read(
            r#"{"version": 1, "sessions": {"s1": {"cwd": "/mono/", "files": [
                {"file_path": "auth/a.rs", "tool": "Edit", "timestamp": "2026-01-27T18:22:11+00:00"},
                {"file_path": "/mono/b.rs", "tool": "Edit", "timestamp": "2026-01-27T18:22:10+00:00"}]}}}"#,
        );
        assert_eq!(problems, Vec::<String>::new());
        let found: Vec<_> = sessions["s1"]
            .entries
            .iter()
            .map(|entry| (entry.project_path.as_str(), entry.file_path.as_str()))
            .collect();
        assert_eq!(found, [("/mono/auth", "/mono/auth/a.rs"), ("/mono/", "/mono/b.rs")]);
        assert!(sessions["s1"].entries.iter().all(|entry| entry.at.is_some()));
    }

    #[test]
    fn what_stands_in_both_lists_counts_once() {
        let (sessions, _) = read(
            r#"{"version": 1, "sessions": {"s1": {"cwd": "/mono",
                "activity": [{"project_path": "/p", "file_path": "/mono/a.rs", "tool": "Edit",
                              "timestamp": "2026-01-27T18:22:11Z"}],
                "files": [{"file_path": "a.rs", "tool": "Edit", "timestamp": "2026-01-27T18:22:11Z"},
                          {"file_path": "a.rs", "tool": "Read", "timestamp": "2026-01-27T18:22:11Z"},
                          {"file_path": "a.rs", "tool": "Read", "timestamp": "2026-01-27T18:22:11Z"}]}}}"#,
        );
        let found: Vec<_> = sessions["s1"]
            .entries
            .iter()
            .map(|entry| (entry.project_path.as_str(), entry.tool.as_str()))
            .collect();
        assert_eq!(found, [("/p", "Edit"), ("/mono", "Read")]);
    }

    #[test]
    fn what_the_older_system_reads_as_nothing_is_told() {
        for (text, reason) in [
            (r#"{"version": 2, "sessions": {"s": {"cwd": "/", "activity": []}}}"#, "version 2 instead of 1"),
            (r#"{"version": 1, "sessions": {"s": {"activity": [{"tool": 7}]}}}"#, "invalid type"),
            (r#"{"version": 1, "sessions": {"s": {"files": [{"tool": "Edit"}]}}}"#, "file_path"),
            (r#"{"version": 1}"#, "sessions"),
            ("", "EOF"),
            (r#"{"version": 1, "sessions": {"s": {"cwd": "/"}}}"#, "`s` has neither"),
            (r#"{"sessions": {"s": {"activity": [{"timestamp": "noon"}]}}}"#, "1 entries without a time"),
        ] {
            let (sessions, problems) = read(text);
            assert!(sessions.values().flat_map(|session| &session.entries).all(|entry| entry.at.is_none()));
            assert_eq!(problems.len(), 1, "{text}");
            assert!(problems[0].contains(reason), "{reason}: {problems:?}");
        }
    }
}
