//! Whether the wired hooks run.

use std::path::Path;

use hooks_common::paths::Paths;
use hooks_common::registry::Registry;
use platform::time::Moment;

use super::settings::WiredEntry;
use crate::firing::{self, HookHealth};
use crate::report::{Category, CheckReport};
use crate::settings::SettingsLevel;

/// Examines whether hooks fire for clients that are launched in `folder`.
pub fn examine(paths: &Paths, folder: &Path, wired: &[WiredEntry], report: &mut CheckReport) {
    if wired.is_empty() {
        return;
    }
    let is_everywhere = wired.iter().any(|entry| entry.level == SettingsLevel::User);
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
            "start Claude Code in this folder; restart sessions that were running before the installation",
        ),
        HookHealth::NotFiring { evidence } => section.fail(
            "firing",
            "heartbeat",
            format!("hooks do not fire: {evidence}"),
            "restart that session; then check `disableAllHooks` in the settings and `/hooks` in Claude Code",
        ),
        HookHealth::Unreadable => section.warn(
            "firing",
            "heartbeat",
            format!("{} cannot be read", paths.heartbeat().display()),
            "remove the file; the next hook creates it again",
        ),
    }
}
