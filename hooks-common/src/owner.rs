//! The process a session belongs to: the running Claude Code client above a hook, or above `req` in its Bash
//! tool.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::paths::Paths;
use crate::process::{self, Liveness, Process};

/// How far up the family tree the client is looked for.
const HIGHEST: usize = 16;

/// Programs that only pass a command on.
const WRAPPERS: [&str; 12] =
    ["sh", "bash", "dash", "zsh", "fish", "ksh", "env", "timeout", "nice", "sudo", "setsid", "stdbuf"];

/// A session's owner, as `meta.json` records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// When it started, in seconds since 1970.
    pub proc_started: Option<i64>,
    /// When it started, in raw units, as text.
    pub start_raw: String,
    /// The raw unit.
    pub start_unit: String,
    /// How it was recognised: `registry`, `exe`, `argv`, `comm`, or `ppid` for a mere guess.
    pub found_by: String,
    /// Its short name.
    pub exe: String,
    /// When it was first seen, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Owner {
    /// Whether the owner still runs. A guessed owner that is gone proves nothing about the session.
    pub fn liveness(&self, boot_id: Option<&str>, pid_namespace: Option<&str>) -> Liveness {
        if let (Some(then), Some(now)) = (pid_namespace, process::pid_namespace())
            && then != now
        {
            return Liveness::Unknown;
        }
        if let (Some(then), Some(now)) = (boot_id, process::boot_id())
            && then != now
        {
            return Liveness::Dead;
        }
        match process::liveness(self.pid.into(), self.start_raw.parse().ok()) {
            Liveness::Dead if !self.is_recognised() => Liveness::Unknown,
            verdict => verdict,
        }
    }

    /// Whether the process was recognised as the client, rather than guessed to be it.
    pub fn is_recognised(&self) -> bool {
        self.found_by != "ppid"
    }

    /// Whether two records mean the same process.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.pid, &self.start_raw) == (other.pid, &other.start_raw)
    }
}

/// The ancestors of this process, nearest first: at most 16, without `init`, and without a "parent" that is
/// younger than its child.
pub fn ancestors() -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut next = std::os::unix::process::parent_id();
    let mut child_start = u64::MAX;
    while found.len() < HIGHEST && next > 1 {
        let Ok(Some(process)) = process::look_up(next) else { break };
        if process.start_raw > child_start || found.iter().any(|seen| seen.pid == process.pid) {
            break;
        }
        (next, child_start) = (process.parent, process.start_raw);
        found.push(process);
    }
    found
}

/// The client above this process: the nearest ancestor that can be recognised, else the nearest that is no
/// shell or wrapper. `None` when this process was orphaned.
pub fn find(paths: &Paths) -> Option<Owner> {
    let ancestors = ancestors();
    let recognised = ancestors.iter().find_map(|process| Some((process, recognise(paths, process)?)));
    let (process, found_by) = recognised.or_else(|| {
        let nearest = ancestors.iter().find(|process| !WRAPPERS.contains(&process.name.as_str()))?;
        Some((nearest, "ppid"))
    })?;
    Some(Owner {
        pid: process.pid,
        proc_started: process::started_at(process),
        start_raw: process.start_raw.to_string(),
        start_unit: process::START_UNIT.to_owned(),
        found_by: found_by.to_owned(),
        exe: process.name.clone(),
        first_seen: None,
        other: Map::new(),
    })
}

fn recognise(paths: &Paths, process: &Process) -> Option<&'static str> {
    if paths.client_session(process.pid).exists() {
        return Some("registry");
    }
    if let Some(exe) = process::executable(process.pid) {
        let name = exe.file_name().unwrap_or_default();
        if name == "claude" || name == "claude.exe" || exe.to_string_lossy().contains("/claude/versions/") {
            return Some("exe");
        }
    }
    if matches!(process.name.as_str(), "node" | "bun" | "deno") {
        let arguments = process::arguments(process.pid);
        let is_client = |arg: &String| arg.ends_with("claude-code/cli.js");
        let is_named = |arg: &String| arg.rsplit('/').next() == Some("claude");
        if arguments.iter().any(is_client) || arguments.iter().take(2).any(is_named) {
            return Some("argv");
        }
    }
    (process.name == "claude" || is_version(&process.name)).then_some("comm")
}

/// Some builds show their version as the process name.
fn is_version(name: &str) -> bool {
    let parts: Vec<_> = name.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_as_a_name_is_the_client() {
        assert!(is_version("2.1.329") && !is_version("2.1") && !is_version("2.1.x") && !is_version("node"));
    }

    #[test]
    fn another_boot_is_dead_and_another_namespace_unknown() {
        let me = process::look_up(std::process::id()).unwrap().unwrap();
        let owner = Owner {
            pid: me.pid,
            proc_started: None,
            start_raw: me.start_raw.to_string(),
            start_unit: process::START_UNIT.to_owned(),
            found_by: "exe".to_owned(),
            exe: "x".to_owned(),
            first_seen: None,
            other: Map::new(),
        };
        let boot = process::boot_id();
        assert_eq!(owner.liveness(boot.as_deref(), process::pid_namespace().as_deref()), Liveness::Live);
        assert_eq!(owner.liveness(Some("another"), None), Liveness::Dead);
        if process::pid_namespace().is_some() {
            assert_eq!(owner.liveness(boot.as_deref(), Some("1")), Liveness::Unknown);
        }
        let guess = Owner { found_by: "ppid".to_owned(), start_raw: "1".to_owned(), ..owner };
        assert_eq!(guess.liveness(boot.as_deref(), None), Liveness::Unknown);
    }
}
