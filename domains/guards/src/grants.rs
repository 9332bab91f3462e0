//! Exceptions for one use. Each is a file named after the digest of what it allows, so a use that
//! is not refused never searches for one. The use that removes the file has the exception, so two
//! uses never share it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use platform::hash::short_hash;
use platform::path::resolve;
use platform::store::{self, Durability};
use platform::text::fact;
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use hooks_common::{ended, seal};

/// How long an exception remains valid if it is not used, in seconds.
pub const LIFE: i64 = 10 * 60;
/// How long after a refusal an exception can be given, in seconds.
pub const ANSWERABLE: i64 = 24 * 60 * 60;

/// An exception: one use of a tool that is allowed, or one file that may be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The format version.
    pub v: u32,
    /// The code that the person typed; empty for a permit that a command of Stanchion gave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The session that may use it; empty for any session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// A description of what it allows, for people.
    pub what: String,
    /// The findings that it covers, each as [`reason`] formats it. It allows nothing if there are
    /// others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The reason that the person gave.
    pub reason: String,
    /// When it was given, RFC 3339.
    pub granted_at: String,
    /// When it expires, in seconds since 1970.
    pub expires_at: i64,
    /// The seal that proves that a person gave it; empty for a permit of a command.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Grant {
    /// The parts that its seal covers.
    fn sealed(&self, digest: &str) -> [String; 7] {
        let (code, session, reason) = (self.code.clone(), self.session.clone(), self.reason.clone());
        // The time, to the millisecond, distinguishes it from an earlier exception with the same
        // content.
        let granted_at = self.granted_at.clone();
        let reasons = self.reasons.join("\n");
        [digest.to_owned(), code, session, reason, granted_at, self.expires_at.to_string(), reasons]
    }

    /// Whether a command of Stanchion gave it for a file, not a person.
    pub fn is_of_command(&self) -> bool {
        self.code.is_empty()
    }
}

/// The exceptions of a work tree.
#[derive(Debug, Clone)]
pub struct Grants(PathBuf);

impl Grants {
    /// The exceptions of a project.
    pub fn of(project: &Project) -> Self {
        Self(project.allowed())
    }

    /// Seals and stores an exception that a person gives.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn give(&self, paths: &Paths, digest: &str, mut grant: Grant) -> io::Result<()> {
        let parts = grant.sealed(digest);
        grant.seal = seal::seal(paths, &parts.each_ref().map(String::as_str))?;
        self.keep(digest, &grant)
    }

    fn keep(&self, digest: &str, grant: &Grant) -> io::Result<()> {
        store::create_private_dir(&self.0)?;
        let bytes = serde_json::to_vec(grant)?;
        store::replace(&self.path(digest), &bytes, Durability::Durable, 0o600)
    }

    /// The valid exception that a person gave a session for `digest`. It remains until
    /// [`Grants::spend`] removes it.
    pub fn held(&self, paths: &Paths, digest: &str, session: &SessionKey, now: i64) -> Option<Grant> {
        let grant = self.young(digest, now)?;
        let parts = grant.sealed(digest);
        let is_sealed = seal::holds(paths, &parts.each_ref().map(String::as_str), &grant.seal);
        let is_good = is_sealed && grant.session == session.as_str() && !ended::is_ended(paths, &grant.seal);
        is_good.then_some(grant)
    }

    /// The permit that a command of Stanchion gave any session for the file with this digest.
    pub fn permitted(&self, digest: &str, now: i64) -> Option<Grant> {
        self.young(digest, now).filter(Grant::is_of_command)
    }

    fn young(&self, digest: &str, now: i64) -> Option<Grant> {
        let bytes = store::read(&self.path(digest)).ok()??;
        let grant: Grant = serde_json::from_slice(&bytes).ok()?;
        // The upper bound keeps an exception from lasting longer after the clock is set back.
        (now..=now + LIFE).contains(&grant.expires_at).then_some(grant)
    }

    /// Uses an exception up; false if another use was first. The seal is recorded as ended, so a
    /// copy of the file is not valid; false if that fails.
    pub fn spend(&self, paths: &Paths, digest: &str, grant: &Grant) -> bool {
        #[allow(clippy::disallowed_methods, reason = "who removes it first has used it")]
        let is_first = fs::remove_file(self.path(digest)).is_ok();
        is_first && ended::end(paths, &grant.seal).is_ok()
    }

    /// Removes expired exceptions.
    pub fn sweep(&self, now: i64) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        for path in entries.flatten().take(1_000).map(|entry| entry.path()) {
            let grant = store::read(&path).ok().flatten();
            let grant: Option<Grant> = grant.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if grant.is_none_or(|grant| grant.expires_at < now) {
                let _ = store::remove(&path);
            }
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.0.join(format!("{digest}.json"))
    }
}

/// Permits one edit of a file, by any session, within [`LIFE`]. A command of Stanchion that has
/// just created the file calls this; `what` is the command.
///
/// # Errors
/// If the permit cannot be written.
pub fn permit_file(project: &Project, file: &Path, what: &str, now: Moment) -> io::Result<()> {
    let file = resolve(file);
    let shown = file.strip_prefix(project.root()).unwrap_or(&file).to_string_lossy();
    let grant = Grant {
        v: 1,
        code: String::new(),
        session: String::new(),
        what: format!("{} may be written by hand", fact(&shown)),
        reasons: Vec::new(),
        reason: what.to_owned(),
        granted_at: now.rfc3339(),
        expires_at: now.epoch() + LIFE,
        seal: String::new(),
    };
    let grants = Grants::of(project);
    grants.sweep(now.epoch());
    grants.keep(&digest_of_file(&file), &grant)
}

/// One finding of a guard in one line: `push: …`.
pub fn reason(guard: &str, what: &str) -> String {
    format!("{guard}: {what}")
}

/// The digest of a use of a tool: the same text only for the same tool, input and folder.
pub fn digest_of(payload: &Payload) -> String {
    let folder = payload.folder();
    let input = if payload.tool_name == "Bash" {
        payload.tool_input.command.clone()
    } else {
        format!("{:016x}", payload.input_digest)
    };
    let parts = [payload.tool_name.as_str(), &input, &folder.to_string_lossy()];
    short_hash(parts.join("\0").as_bytes(), 32)
}

/// The digest of a file that may be edited; symbolic links and `..` of its path are resolved.
pub fn digest_of_file(file: &Path) -> String {
    short_hash(format!("file\0{}", file.to_string_lossy()).as_bytes(), 32)
}

/// The code that a person types: six letters and digits, without pairs that look alike.
pub fn code(session: &str, digest: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = short_hash(format!("{session}\0{digest}").as_bytes(), 12);
    let number = u64::from_str_radix(&hash, 16).unwrap_or_default();
    (0..6).map(|at| char::from(LETTERS[(number >> (5 * at) & 31) as usize])).collect()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_used_once_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let grants = Grants(dir.path().join("allowed"));
        let session = SessionKey::new("abcdef12").unwrap();
        let grant = Grant {
            v: 1,
            code: "K7Q4MX".into(),
            session: session.to_string(),
            what: "a push".into(),
            reasons: vec![reason("push", "a push")],
            reason: "release".into(),
            granted_at: String::new(),
            expires_at: 1_000,
            seal: String::new(),
        };
        let paths = Paths::below(dir.path());
        grants.give(&paths, "d", grant.clone()).unwrap();
        let held = |digest: &str, session: &SessionKey, now: i64| grants.held(&paths, digest, session, now);
        assert_eq!(held("d", &session, 990).map(|grant| grant.reason), Some("release".to_owned()));
        assert_eq!(held("d", &SessionKey::new("12345678").unwrap(), 990), None, "another session's");
        assert_eq!(held("d", &session, 1_001), None, "ended");
        assert_eq!(held("d", &session, 1_000 - LIFE - 1), None, "from the future");
        assert_eq!(grants.permitted("d", 990), None, "no command gave it");
        let bytes = fs::read(grants.path("d")).unwrap();
        store::replace(&grants.path("e"), &bytes, Durability::Durable, 0o600).unwrap();
        assert_eq!(held("e", &session, 990), None, "a copy lets nothing else through");
        grants.keep("f", &grant).unwrap();
        assert_eq!(held("f", &session, 990), None, "nobody sealed it");
        let kept = fs::read(grants.path("d")).unwrap();
        let used = held("d", &session, 990).unwrap();
        assert!(grants.spend(&paths, "d", &used) && !grants.spend(&paths, "d", &used));
        store::replace(&grants.path("d"), &kept, Durability::Durable, 0o600).unwrap();
        assert_eq!(held("d", &session, 990), None, "a copy that is put back counts no longer");
    }

    #[test]
    fn codes_are_short_and_differ() {
        let codes: std::collections::BTreeSet<_> = (0..500).map(|at| code("s", &at.to_string())).collect();
        assert!(codes.len() > 495 && codes.iter().all(|code| code.len() == 6));
    }
}
