//! What was let through once: a file for each, named by what it lets through, so that a use of a tool that nobody
//! refuses never looks for one, and taken away by whoever uses it, so that no two do.

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

/// How long a grant may wait to be used, in seconds.
pub const LIFE: i64 = 10 * 60;
/// How long a refusal can be answered with a grant, in seconds.
pub const ANSWERABLE: i64 = 24 * 60 * 60;

/// One use of a tool that is let through, or one file that may be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The format version.
    pub v: u32,
    /// What the person typed; empty for a file that a command of ours may make.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The session it is for; empty for any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// What it lets through, for people.
    pub what: String,
    /// What was against it, each as [`reason`] says it: where anything else is, it lets nothing through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Why.
    pub reason: String,
    /// When it was given, RFC 3339.
    pub granted_at: String,
    /// When it ends, seconds since 1970.
    pub expires_at: i64,
    /// What shows that a person gave it; empty for a file that a command of ours may make.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Grant {
    /// What its seal stands under.
    fn sealed(&self, digest: &str) -> [String; 7] {
        let (code, session, reason) = (self.code.clone(), self.session.clone(), self.reason.clone());
        // The time, to the millisecond, tells it from one that was used before.
        let granted_at = self.granted_at.clone();
        let reasons = self.reasons.join("\n");
        [digest.to_owned(), code, session, reason, granted_at, self.expires_at.to_string(), reasons]
    }

    /// Whether a command of ours gave it, for a file, and no person.
    pub fn is_of_command(&self) -> bool {
        self.code.is_empty()
    }
}

/// The grants of a work tree.
#[derive(Debug, Clone)]
pub struct Grants(PathBuf);

impl Grants {
    /// Those of a project.
    pub fn of(project: &Project) -> Self {
        Self(project.allowed())
    }

    /// Keeps what a person lets through, sealed.
    ///
    /// # Errors
    /// When it cannot be written.
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

    /// What a person lets a session do now, for what `digest` stands for. It stays until it is [`Grants::spend`]t.
    pub fn held(&self, paths: &Paths, digest: &str, session: &SessionKey, now: i64) -> Option<Grant> {
        let grant = self.young(digest, now)?;
        let parts = grant.sealed(digest);
        let is_sealed = seal::holds(paths, &parts.each_ref().map(String::as_str), &grant.seal);
        let is_good = is_sealed && grant.session == session.as_str() && !ended::is_ended(paths, &grant.seal);
        is_good.then_some(grant)
    }

    /// What a command of ours lets anybody do now with the file that `digest` stands for.
    pub fn permitted(&self, digest: &str, now: i64) -> Option<Grant> {
        self.young(digest, now).filter(Grant::is_of_command)
    }

    fn young(&self, digest: &str, now: i64) -> Option<Grant> {
        let bytes = store::read(&self.path(digest)).ok()??;
        let grant: Grant = serde_json::from_slice(&bytes).ok()?;
        // A clock that was set back must not make one last longer.
        (now..=now + LIFE).contains(&grant.expires_at).then_some(grant)
    }

    /// Uses a grant up; whether nobody else has. A copy of its file counts no longer either; where that cannot be noted,
    /// nothing passes.
    pub fn spend(&self, paths: &Paths, digest: &str, grant: &Grant) -> bool {
        #[allow(clippy::disallowed_methods, reason = "who removes it first has used it")]
        let is_first = fs::remove_file(self.path(digest)).is_ok();
        is_first && ended::end(paths, &grant.seal).is_ok()
    }

    /// Removes what ended.
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

/// Lets one file be made by hand, once, by any session, within [`LIFE`]: a command of ours that has just made it calls
/// this. `what` is the command.
///
/// # Errors
/// When the grant cannot be written.
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

/// What a guard has against a use of a tool, in one line: `push: …`.
pub fn reason(guard: &str, what: &str) -> String {
    format!("{guard}: {what}")
}

/// Tells a use of a tool in a folder from any other: the same text only for the same tool, the same input, the same
/// folder.
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

/// The same for a file that may be made by hand; its path is free of symbolic links and `..`.
pub fn digest_of_file(file: &Path) -> String {
    short_hash(format!("file\0{}", file.to_string_lossy()).as_bytes(), 32)
}

/// What a person types: six letters and digits that are not taken for one another.
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
