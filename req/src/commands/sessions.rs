//! `req sessions`.

use std::io::Write;

use anyhow::Context;
use hooks_common::registry::Registry;
use hooks_common::store::lock;
use hooks_common::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::Sessions;
use crate::place::Place;
use crate::session;

/// Cleans the registry, then lists who is left.
pub fn run(arguments: &Sessions, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let registry = Registry::new(&place.paths);
    registry.clean(lock::PATIENT).context("the registry cannot be cleaned")?;
    let now = place.now.epoch();
    let sessions = registry.live(arguments.project.then(|| place.project.root()));
    if arguments.json.json {
        let sessions: Vec<_> = sessions
            .iter()
            .map(|(key, entry)| {
                json!({"id": key.as_str(), "project_dir": entry.project_dir, "branch": entry.branch,
                       "ppid": entry.ppid, "started_at": entry.started_at, "last_active": session::last_activity(&place, key, entry),
                       "liveness": entry.liveness(now)})
            })
            .collect();
        return print_json(out, &json!({"sessions": sessions}));
    }
    if sessions.is_empty() {
        writeln!(out, "No session is live{}.", if arguments.project { " in this project" } else { "" })?;
    }
    for (key, entry) in sessions {
        let (started, active) =
            (age(now - entry.started_at), age(now - session::last_activity(&place, &key, &entry)));
        let project = entry.project_dir.display();
        writeln!(
            out,
            "{key}  {project} on {}, client {}, started {started} ago, active {active} ago",
            entry.branch, entry.ppid
        )?;
    }
    Ok(())
}
