//! Whether our entries, taken together, serve every event once and where Claude Code is launched.

use std::path::Path;

use hooks_common::paths::in_project;
use hooks_common::project::Project;

use super::settings::Wired;
use crate::report::{Category, Outcome, Report};
use crate::settings::Level;
use crate::wiring::WIRING;

/// Examines which events are served, how often, and from where.
pub fn examine(wired: &[Wired], folder: &Path, project: &Project, report: &mut Report) {
    let mut section = report.section(Category::Wiring);
    if wired.is_empty() {
        section.fail("hooks", "hooks", "none of our hooks is wired here", "run `stanchion install`");
        return;
    }
    let mut served = 0;
    for (event, _, _) in WIRING {
        match wired.iter().filter(|entry| entry.event == event).count() {
            0 => section.fail(
                "event",
                event,
                "our hook is not wired for this event",
                "run `stanchion install`",
            ),
            1 => served += 1,
            count => section.warn(
                "event",
                event,
                format!("our hook is wired {count} times and runs as often"),
                "uninstall it from one of the scopes",
            ),
        }
    }
    if served == WIRING.len() {
        section.pass("hooks", "hooks", format!("each of {served} events is served once"));
    }
    if wired.iter().any(|entry| entry.level != Level::User) {
        let here = std::env::current_dir().and_then(|dir| dir.canonicalize()).unwrap_or_default();
        let is_below = here != *folder && here.starts_with(folder);
        section.add(
            if is_below { Outcome::Warning } else { Outcome::Noted },
            "launch-folder",
            "launch folder",
            format!("project hooks load only when Claude Code is launched in {} itself", folder.display()),
            "launched in a folder below they never run; `stanchion install --scope user` covers every folder",
        );
    }
    if let Some(top) = project.repository().map(|repository| repository.top())
        && top != folder
        && in_project::settings(top).exists()
    {
        section.note(
            "launch-folder",
            "launch folder",
            format!("the repository's own settings are in {}", top.display()),
            "examine that folder too",
        );
    }
}
