//! The process that a session belongs to: the Claude Code client above a hook, or above `req` in its Bash tool.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::paths::Paths;
use platform::process::{self, Liveness, Process, Site};
use shell::programs::passes_on;

/// The most ancestors that are searched for the client.
const HIGHEST: usize = 16;

/// A session's client, as recorded in `meta.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// Its start time, in seconds since 1970.
    pub proc_started: Option<i64>,
    /// Its start time in the raw unit, as text.
    pub start_raw: String,
    /// The raw unit.
    pub start_unit: String,
    /// How it was recognised: `registry`, `exe`, `argv` or `comm`; `ppid` for a guess.
    pub found_by: String,
    /// Its short name.
    pub exe: String,
    /// The first time a hook saw it, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// The boot of a previous owner. The current owner's boot is in `meta.json` itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// Fields of other versions, kept unchanged.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Owner {
    /// Whether the owner, a process of `site`, still runs. A guessed owner that ended does not prove that the session
    /// ended.
    pub fn liveness(&self, site: &Site) -> Liveness {
        let own = Site { boot_id: self.boot_id.clone().or_else(|| site.boot_id.clone()), ..site.clone() };
        LoggedOwner::from(self).liveness(&own)
    }

    /// Whether the process was recognised as the client and not only guessed.
    pub fn is_recognised(&self) -> bool {
        self.found_by != "ppid"
    }

    /// Whether two records name the same process.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.pid, &self.start_raw) == (other.pid, &other.start_raw)
    }
}

/// The client of an event, with only the fields that identify it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoggedOwner {
    /// The process.
    pub pid: u32,
    /// Its start time in the raw unit, as text.
    pub start_raw: String,
    /// Whether the process was only guessed to be the client.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guessed: bool,
}

impl From<&Owner> for LoggedOwner {
    fn from(owner: &Owner) -> Self {
        Self { pid: owner.pid, start_raw: owner.start_raw.clone(), guessed: !owner.is_recognised() }
    }
}

impl LoggedOwner {
    /// Whether the client, a process of `site`, still runs. A guessed client that ended gives `Unknown`.
    pub fn liveness(&self, site: &Site) -> Liveness {
        if let Err(verdict) = site.reached_from(Site::here()) {
            return verdict;
        }
        let start_raw = self.start_raw.parse().ok();
        match process::liveness(self.pid.into(), start_raw) {
            Liveness::Dead if self.guessed => Liveness::Unknown,
            // Without a start time, another process may have the number now.
            Liveness::Live if start_raw.is_none() => Liveness::Unknown,
            verdict => verdict,
        }
    }
}

/// The ancestors of this process, nearest first: at most 16, without `init`. The list ends at a parent that is
/// younger than its child, because its number was reused.
pub fn ancestors() -> Vec<Process> {
    ancestors_up_to(HIGHEST)
}

/// Whether a client is an ancestor of this process at any distance. Too many ancestors to search count as a client.
pub fn is_below_client(paths: &Paths) -> bool {
    /// More levels than real process trees have.
    const MOST: usize = 512;
    let ancestors = ancestors_up_to(MOST);
    ancestors.len() == MOST || ancestors.iter().any(|process| recognise(paths, process).is_some())
}

fn ancestors_up_to(highest: usize) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut next = std::os::unix::process::parent_id();
    let mut child_start = u64::MAX;
    while found.len() < highest && next > 1 {
        let Ok(Some(process)) = process::look_up(next) else { break };
        if process.start_raw > child_start || found.iter().any(|seen| seen.pid == process.pid) {
            break;
        }
        (next, child_start) = (process.parent, process.start_raw);
        found.push(process);
    }
    found
}

/// The client above this process, if it is one of `known`. It must be the parent (exec form) or the grandparent
/// (shell form).
pub fn find_known<'a>(mut known: impl Iterator<Item = &'a Owner> + Clone) -> Option<&'a Owner> {
    // One or two look-ups in the process table are cheaper than a search of all ancestors.
    let parent = process::look_up(std::os::unix::process::parent_id()).ok()??;
    let is = |process: &Process, owner: &Owner| {
        (owner.pid, owner.start_raw.as_str()) == (process.pid, process.start_raw.to_string().as_str())
    };
    if let Some(owner) = known.clone().find(|owner| is(&parent, owner)) {
        return Some(owner);
    }
    let grandparent = process::look_up(parent.parent).ok()??;
    known.find(|owner| is(&grandparent, owner))
}

/// The client above this process: the nearest ancestor that is recognised. Otherwise the nearest ancestor that is not
/// a shell or a wrapper. `None` if there is none, because this process is orphaned.
pub fn find(paths: &Paths) -> Option<Owner> {
    let ancestors = ancestors();
    let recognised = ancestors.iter().find_map(|process| Some((process, recognise(paths, process)?)));
    let (process, found_by) = recognised.or_else(|| {
        let nearest = ancestors.iter().find(|process| !passes_on(&process.name))?;
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
        boot_id: None,
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
    // The client may run as a script of a JavaScript runtime. Its name is then in the arguments only.
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

/// Whether a process name is a version number. Some builds of the client show their version as the name.
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
            boot_id: None,
            other: Map::new(),
        };
        let here = Site::here();
        let site = |boot: &str, ns: &str, host: &str| Site {
            boot_id: Some(boot.to_owned()),
            pid_ns: Some(ns.to_owned()),
            host: Some(host.to_owned()),
        };
        let (boot, host) = (here.boot_id.as_deref().unwrap(), here.host.as_deref().unwrap());
        let ns = here.pid_ns.as_deref().unwrap_or("0");
        for (site, expected) in [
            (here.clone(), Liveness::Live),
            (Site::default(), Liveness::Live),
            (site("another", ns, host), Liveness::Dead),
            (site("another", "1", host), Liveness::Dead),
            (site("another", ns, "elsewhere"), Liveness::Unknown),
            (site(boot, ns, "renamed"), Liveness::Live),
            #[cfg(target_os = "linux")]
            (site(boot, "1", host), Liveness::Unknown),
        ] {
            assert_eq!(owner.liveness(&site), expected, "{site:?}");
        }
        let guess = Owner { found_by: "ppid".to_owned(), start_raw: "1".to_owned(), ..owner };
        assert_eq!(guess.liveness(here), Liveness::Unknown);
    }

    #[test]
    fn a_number_alone_proves_no_life() {
        let me = std::process::id();
        let start = process::look_up(me).unwrap().unwrap().start_raw;
        let owner = |pid, start_raw: &str| LoggedOwner { pid, start_raw: start_raw.into(), guessed: false };
        let here = Site::here();
        for (owner, expected) in [
            (owner(me, &start.to_string()), Liveness::Live),
            (owner(me, &(start + 1).to_string()), Liveness::Dead),
            (owner(me, ""), Liveness::Unknown),
            (owner(0, &start.to_string()), Liveness::Dead),
            (owner(u32::MAX, &start.to_string()), Liveness::Dead),
        ] {
            assert_eq!(owner.liveness(here), expected, "{owner:?}");
        }
    }
}
