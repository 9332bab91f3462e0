//! Whether our entries together serve every event exactly once, and for which launch folder.

use std::path::Path;

use hooks_common::paths::in_project;
use hooks_common::project::Project;

use super::settings::WiredEntry;
use crate::report::{Category, CheckOutcome, CheckReport};
use crate::settings::SettingsLevel;
use crate::wiring::WIRING;

/// Examines which events are served, how often, and from where.
pub fn examine(wired: &[WiredEntry], folder: &Path, project: &Project, report: &mut CheckReport) {
    let mut section = report.section(Category::Wiring);
    if wired.is_empty() {
        section.fail("hooks", "hooks", "no hook of ours is installed here", "run `stanchion install`");
        return;
    }
    let mut served = 0;
    for (event, _, _) in WIRING {
        match wired.iter().filter(|entry| entry.event == event).count() {
            0 => section.fail(
                "event",
                event,
                "no hook of ours is installed for this event",
                "run `stanchion install`",
            ),
            1 => served += 1,
            count => section.warn(
                "event",
                event,
                format!("our hook is installed {count} times and runs {count} times"),
                "run `stanchion uninstall --scope` for all scopes but one",
            ),
        }
    }
    if served == WIRING.len() {
        section.pass("hooks", "hooks", format!("each of {served} events is served once"));
    }
    if wired.iter().any(|entry| entry.level != SettingsLevel::User) {
        let here = std::env::current_dir().and_then(|dir| dir.canonicalize()).unwrap_or_default();
        let is_below = here != *folder && here.starts_with(folder);
        section.add(
            if is_below { CheckOutcome::Warning } else { CheckOutcome::Noted },
            "launch-folder",
            "launch folder",
            format!("project hooks load only when Claude Code is launched in {} itself", folder.display()),
            "launch Claude Code there, or run `stanchion install --scope user` for every folder",
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
            "run `stanchion doctor` on that folder too",
        );
    }
}
