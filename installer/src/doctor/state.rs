//! The files on disk: whether they can be read, written and locked, and which failures they record.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use config::Policy;
use config::types::Kind;
use hooks_common::failures;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::requirements::BranchState;
use hooks_common::session_id::SessionKey;
use platform::store::{self, lock};
use platform::time::Moment;
use serde_json::Value;

use crate::report::{Category, CheckReport, ReportSection, counted};

/// Examines the stores.
pub fn examine(paths: &Paths, project: &Project, report: &mut CheckReport) {
    let mut section = report.section(Category::State);
    if project.is_configured() {
        writable(project.state().path(), "requirement state", &mut section);
        readable(project.state().path(), &mut section);
        unverified(paths, project, &mut section);
    }
    writable(paths.stanchion_dir(), "session logs", &mut section);
    writable(paths.claude_dir(), "registry and log", &mut section);
    registry(paths, &mut section);
    passed_over(paths, &mut section);
}

fn registry(paths: &Paths, section: &mut ReportSection<'_>) {
    let file = paths.registry();
    let found = match store::read(&file) {
        Ok(None) => return,
        Ok(Some(bytes)) => {
            serde_json::from_slice::<Value>(&bytes).map(drop).map_err(|_| "is corrupt".to_owned())
        }
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    match found {
        Ok(()) => section.pass("registry", "registry", format!("{} can be read", file.display())),
        Err(problem) => section.warn(
            "registry",
            "registry",
            format!("{} {problem}", file.display()),
            "the next session rebuilds it and keeps a copy",
        ),
    }
}

/// The failures that hooks recorded and skipped.
fn passed_over(paths: &Paths, section: &mut ReportSection<'_>) {
    let failed = failures::pending(paths);
    let told = failures::reported(paths);
    let Some(last) = failed.last().or(told.last()) else { return };
    let count = failed.len() + told.len();
    section.warn(
        "failures",
        "failures",
        format!(
            "hooks recorded {}; the last, in {} at {}: {}",
            counted(count, "failure"),
            last.hook,
            last.at,
            last.message
        ),
        "run `req logging` to find the log with the details",
    );
}

/// Whether each branch's state can be read. Other files in the folder are ignored unless they name a branch.
fn readable(folder: &Path, section: &mut ReportSection<'_>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if store::is_absent(&error) => return,
        Err(error) => {
            let message = format!("the folder cannot be listed: {error}");
            section.fail("readable", &folder.display().to_string(), message, "");
            return;
        }
    };
    let mut sound = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let problem = match store::read(&path) {
            Ok(None) => continue,
            Ok(Some(bytes)) => match serde_json::from_slice::<Value>(&bytes) {
                Ok(state) if state["requirements"].is_object() || state.get("branch").is_none() => None,
                Ok(_) => Some("it contains no requirements".to_owned()),
                Err(error) => Some(format!("it is not JSON: {error}")),
            },
            Err(error) => Some(format!("it cannot be read: {error}")),
        };
        match problem {
            None => sound += 1,
            Some(problem) => section.warn(
                "readable",
                &path.display().to_string(),
                format!("{problem}; no requirement is satisfied on that branch"),
                "the next change keeps a copy and starts a new file",
            ),
        }
    }
    section.pass(
        "readable",
        "requirement state",
        format!("{} in {} can be read", counted(sound, "file"), folder.display()),
    );
}

/// Open requirements that a session triggered and that no Stop verifies, because of their scope.
fn unverified(paths: &Paths, project: &Project, section: &mut ReportSection<'_>) {
    let policy = Policy::compiled_now(&project.sources(paths));
    let (Ok(rules), Ok(settings)) = (policy.rules(), policy.settings()) else { return };
    let (stop, now) = (settings.stop, Moment::now().epoch());
    let state = BranchState::read(&project.state(), &project.branch());
    for rule in rules {
        let scope = rule.requirement.scope;
        let is_asked_for = stop.verify_requirements && stop.verify_scopes.contains(&scope);
        // Whether a condition or limit is open depends on facts, not on the state alone.
        if is_asked_for || rule.requirement.kind != Kind::Blocking {
            continue;
        }
        let sessions: BTreeSet<_> =
            state.sessions_of(&rule.name).iter().filter_map(|(id, _)| SessionKey::new(id)).collect();
        let is_open = |session: &&SessionKey| {
            let view = state.view(&rule.name, Some(session));
            view.is_triggered() && !view.is_satisfied(scope, now)
        };
        let open = sessions.iter().filter(is_open).count();
        if open == 0 {
            continue;
        }
        let (why, fix) = if stop.verify_requirements {
            (
                format!("Stop does not verify scope `{scope}`"),
                format!("add `{scope}` to hooks.stop.verify_scopes"),
            )
        } else {
            ("Stop verifies nothing".to_owned(), "set hooks.stop.verify_requirements".to_owned())
        };
        let message =
            format!("it is open in {}, and no turn-end is blocked: {why}", counted(open, "session"));
        section.warn("unverified", &rule.name, message, &fix);
    }
}

/// Writes and locks a temporary file in a folder that we write to.
fn writable(folder: &Path, what: &str, section: &mut ReportSection<'_>) {
    let existed = folder.exists();
    let probe = || -> io::Result<bool> {
        store::create_dir(folder)?;
        let mut file = tempfile::Builder::new().prefix(".doctor.").tempfile_in(folder)?;
        // A full disk accepts an empty file; a block shows that it is full.
        file.write_all(&[b'\n'; 4096])?;
        let lock = lock::exclusive(file.path(), lock::CHANGE).map_err(io::Error::other)?;
        Ok(lock.is_granted())
    };
    let probed = probe();
    if !existed {
        let _ = std::fs::remove_dir(folder);
    }
    match probed {
        Ok(true) => {
            section.pass("lock", what, format!("{} can be written and locked", folder.display()));
        }
        Ok(false) => section.note(
            "lock",
            what,
            format!("{} does not support locks; writing without them", folder.display()),
            "",
        ),
        Err(error) => section.fail(
            "lock",
            what,
            format!("{} cannot be written: {error}", folder.display()),
            "make the folder writable; until then hooks cannot record anything",
        ),
    }
}
