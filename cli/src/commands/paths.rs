//! `req paths`: every file that Stanchion reads or writes here.

use std::io::Write;

use config::sources::Level;
use continuity::commits::CommitLedger;
use hooks_common::paths::in_project;
use serde_json::{Map, json};

use super::json as print_json;
use crate::cli::JsonArgs;
use crate::current_project::CurrentProject;
use crate::error::CliResult;
use crate::session;

/// Prints names and paths; what does not exist yet is marked.
pub fn run(arguments: &JsonArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let (paths, root, state) = (&place.paths, place.project.root(), place.state());
    let branch = place.branch(None);
    let mut files = vec![
        ("registry", paths.registry()),
        ("log", paths.log()),
        ("sessions", paths.sessions_dir()),
        ("derived state", paths.derived_state()),
        ("heartbeat", paths.heartbeat()),
        ("failures", paths.failures()),
        ("shells", paths.shell_cwd()),
        ("shell history", paths.shell_history()),
        ("executables", paths.bin()),
        ("installs", paths.installs_dir()),
        ("settings", in_project::settings(root)),
        ("own checkpoints", in_project::own_checkpoints(root)),
        ("policy", place.project.policy_file()),
        ("state", state.branch(&branch)),
        ("metrics", state.metrics_dir()),
        ("learning", state.learning_history()),
        ("session state", in_project::session_state(root)),
        ("context tracking", in_project::context_tracking(root)),
        ("auto-save", in_project::auto_save(root)),
        ("session agents", in_project::session_agents(root)),
        ("hand-off", in_project::handoff(root)),
        ("agents", in_project::agent_invocations(root)),
        ("test runs", in_project::test_runs(root)),
        ("failures of tools", in_project::error_fingerprints(root)),
        ("session numbers", in_project::haios_events(root)),
        ("governance events", in_project::governance_events(root)),
        ("warned files", in_project::warned_files(root)),
        ("validations", in_project::validations(root)),
        ("pending alerts", in_project::pending_alerts(root)),
        ("session notes", in_project::session_notes(root)),
        ("older session number", in_project::session_number(root)),
        ("plans", in_project::plans(root)),
        ("local settings", in_project::local_settings(root)),
        ("user settings", paths.user_settings()),
        ("retention lock", paths.gc_lock()),
        ("work in progress", paths.wip_projects()),
        ("known projects", paths.project_registry()),
    ];
    if let Some(ledger) = CommitLedger::of(&place.project) {
        files.push(("commits", ledger.log()));
        files.push(("last seen commit", ledger.state()));
        files.push(("failed commits", ledger.failures()));
    }
    if let Some(repository) = place.project.repository() {
        files.push(("git exclusions", repository.common_dir().join("info/exclude")));
    }
    if let Ok(Some(continuity)) = continuity::ContinuityPlace::of(place.project.clone(), paths) {
        files.push(("checkpoints", continuity.checkpoints()));
        let counter = &continuity.settings.context.counter_file;
        if !counter.is_empty() {
            files.push(("session counter", root.join(counter)));
        }
    }
    for file in place.project.config_files() {
        let name = match file.level {
            Level::Global => "global configuration",
            Level::Project => "project configuration",
            Level::Local => "local configuration",
        };
        files.push((name, file.path.clone()));
    }
    files.push(("what a person allowed once", place.project.allowed()));
    files.push(("seal key", place.paths.seal_key()));
    if let Some(session) = session::find_if_any(&place, None)? {
        files.push(("pause mark", state.pause_mark(&session)));
        files.extend(
            session::full_ids(&place, &session)
                .into_iter()
                .map(|(_, dir)| ("session", dir.path().to_owned())),
        );
    }
    if arguments.json {
        let map: Map<_, _> =
            files.into_iter().map(|(name, path)| (name.replace(' ', "_"), json!(path))).collect();
        return print_json(out, &map);
    }
    for (name, path) in files {
        let mark = if path.exists() { "" } else { "  (not there)" };
        writeln!(out, "{name:22} {}{mark}", path.display())?;
    }
    Ok(())
}
