//! `req gc`: removes sessions that ended long ago, and compacts long logs.

use std::io::Write;

use gates::metrics;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::{self, SessionDir};
use platform::time::Moment;
use serde_json::json;
use sessions::compaction::{self, Compacted, SOFT_CAP};
use sessions::liveness::ProcessTable;
use sessions::retention::{self, Swept};

use super::{counted, json as print_json};
use crate::cli::GcArgs;
use crate::error::{CliError, CliResult, Context, bail};

/// Removes and compacts once.
pub fn run(arguments: &GcArgs, out: &mut impl Write) -> CliResult {
    let (paths, now) = (Paths::from_env(), Moment::now());
    let days =
        arguments.days.map_or_else(|| config::cascade::retention_days(paths.global_config()), u32::from);
    let swept = retention::sweep(
        &paths,
        &mut ProcessTable::default(),
        &projections::session_files(),
        days,
        arguments.dry_run,
        now,
    )
    .with_context(|| format!("{} cannot be cleaned up", paths.sessions_dir().display()))?;
    let Some(swept) = swept else {
        return Err(CliError::system("another process is removing sessions, so nothing was done"));
    };
    let compacted = if arguments.dry_run { Vec::new() } else { compact_all(&paths, now) };
    if arguments.json.json {
        let compacted: Vec<_> = compacted
            .iter()
            .map(|(session, done)| json!({"session": session, "before": done.before, "after": done.after}))
            .collect();
        let Swept { looked_at, removed, failed } = &swept;
        print_json(
            out,
            &json!({"days": days, "dry_run": arguments.dry_run, "looked_at": looked_at, "removed": removed,
                    "failed": failed, "compacted": compacted}),
        )?;
    } else {
        print(&swept, &compacted, days, arguments.dry_run, out)?;
    }
    match swept.failed.as_slice() {
        [] => Ok(()),
        [failed, ..] => bail!(
            "{} of {} sessions cannot be removed; the first: {}: {}",
            swept.failed.len(),
            swept.failed.len() + swept.removed.len(),
            failed.session,
            failed.reason
        ),
    }
}

fn print(
    swept: &Swept,
    compacted: &[(String, Compacted)],
    days: u32,
    dry_run: bool,
    out: &mut impl Write,
) -> CliResult {
    let would = if dry_run { "Would remove" } else { "Removed" };
    writeln!(
        out,
        "{would} {} of {}: those that ended more than {days} days ago.",
        swept.removed.len(),
        counted(swept.looked_at, "session")
    )?;
    for session in &swept.removed {
        writeln!(out, "  {session}")?;
    }
    for (session, done) in compacted {
        writeln!(
            out,
            "Compacted the log of {session} from {} to {} KiB.",
            done.before / 1024,
            done.after / 1024
        )?;
    }
    Ok(())
}

/// Compacts the long logs and returns them. A log that cannot be compacted does not stop the others.
pub fn compact_all(paths: &Paths, now: Moment) -> Vec<(String, Compacted)> {
    let is_long = |dir: &SessionDir| std::fs::metadata(dir.events()).is_ok_and(|meta| meta.len() >= SOFT_CAP);
    let mut compacted = Vec::new();
    for dir in session_log::all(paths).into_iter().filter(is_long) {
        // The metrics must be read before the events are dropped, and must know afterwards where to continue.
        let update = || dir.meta().and_then(|meta| update_metrics(paths, &dir, &meta));
        update();
        if let Ok(Some(done)) = compaction::compact(&dir, now) {
            update();
            let name = dir.path().file_name().unwrap_or_default();
            compacted.push((name.to_string_lossy().into_owned(), done));
        }
    }
    compacted
}

fn update_metrics(paths: &Paths, dir: &SessionDir, meta: &session_log::Meta) -> Option<()> {
    let session = SessionId::new(&meta.session_id)?;
    let project = Project::of_event(paths, None, &meta.project_dir);
    let (state, branch) = (project.state(), project.branch());
    if !state.metrics(session.key()).exists() {
        return None;
    }
    metrics::update(&state, dir, &session, project.root(), branch.name()).ok()
}
