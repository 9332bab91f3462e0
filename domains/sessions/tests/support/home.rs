//! A home with session directories.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hooks_common::owner::LoggedOwner;
use hooks_common::paths::Paths;
use hooks_common::session_log::SessionDir;
use serde_json::json;

use super::log::{Line, moment, text};

/// A home.
pub struct Home {
    folder: tempfile::TempDir,
    /// The files in it.
    pub paths: Paths,
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        fs::create_dir_all(paths.sessions_dir()).unwrap();
        Self { folder, paths }
    }

    /// The directory of a session, which it makes.
    pub fn session(&self, name: &str) -> SessionDir {
        let path = self.paths.sessions_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        SessionDir::at(path)
    }

    /// A path in the home.
    pub fn join(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }
}

/// Puts a file into a session's directory.
pub fn put(dir: &SessionDir, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(dir.path().join(name), bytes).unwrap();
}

/// Replaces a session's log.
pub fn put_log(dir: &SessionDir, lines: &[Line]) {
    put(dir, "events.jsonl", text(lines));
}

/// Appends bytes to a session's log.
pub fn append(dir: &SessionDir, bytes: impl AsRef<[u8]>) {
    let mut log = OpenOptions::new().append(true).create(true).open(dir.events()).unwrap();
    log.write_all(bytes.as_ref()).unwrap();
}

/// Writes the `meta.json` of a session.
pub fn put_meta(dir: &SessionDir, project: &str, owner: Option<&LoggedOwner>) {
    let owner = owner.map(|owner| {
        json!({
            "pid": owner.pid, "proc_started": 1, "start_raw": owner.start_raw, "start_unit": "linux_ticks",
            "found_by": if owner.guessed { "ppid" } else { "exe" }, "exe": "claude",
        })
    });
    let id = dir.path().file_name().unwrap().to_str().unwrap();
    let meta = json!({
        "v": 1, "session_id": id, "created_at": moment(0), "project_dir": project,
        "owner": owner, "boot_id": "boot-1", "generation": 1, "writer": "test/1",
    });
    put(dir, "meta.json", meta.to_string());
}

/// Makes a session as old as if nothing had happened in it for so many days.
pub fn age(dir: &SessionDir, days: u64) {
    let at = SystemTime::now() - Duration::from_secs(days * 86_400);
    for path in [dir.events(), dir.path().to_owned()] {
        if let Ok(file) = File::open(path) {
            file.set_modified(at).unwrap();
        }
    }
}
