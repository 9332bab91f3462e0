//! Whether the wired hooks run.

use std::path::Path;

use hooks_common::paths::Paths;
use hooks_common::registry::Registry;
use platform::time::Moment;

use super::settings::Wired;
use crate::firing::{self, HookHealth};
use crate::report::{Category, Report};
use crate::settings::Level;

/// Examines whether hooks fire for clients that are launched in `folder`.
pub fn examine(paths: &Paths, folder: &Path, wired: &[Wired], report: &mut Report) {
    if wired.is_empty() {
        return;
    }
    let is_everywhere = wired.iter().any(|entry| entry.level == Level::User);
    let own = [folder.to_owned()];
    let folders = (!is_everywhere).then_some(own.as_slice());
    let has_live = !Registry::new(paths).live(None).is_empty();
    let mut section = report.section(Category::Wiring);
    match firing::judge(paths, folders, has_live, Moment::now()) {
        HookHealth::Healthy => section.pass("firing", "heartbeat", "hooks fire".to_owned()),
        HookHealth::IdleNoSessions => {
            section.pass("firing", "heartbeat", "no session is live, so no hook fires".to_owned());
        }
        HookHealth::Unknown => section.note(
            "firing",
            "heartbeat",
            "no hook has run yet".to_owned(),
            "it will when Claude Code is started here; a session that was running before must be started again",
        ),
        HookHealth::NotFiring { evidence } => section.fail(
            "firing",
            "heartbeat",
            format!("hooks do not fire: {evidence}"),
            "start that session again; if it stays so, look for `disableAllHooks` and at `/hooks` in Claude Code",
        ),
        HookHealth::Unreadable => section.warn(
            "firing",
            "heartbeat",
            format!("{} cannot be read", paths.heartbeat().display()),
            "remove it; the next hook makes it again",
        ),
    }
}
