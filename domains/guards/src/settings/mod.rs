//! Guard `settings`: changes that weaken Claude Code's settings or Stanchion's configuration.
//!
//! An edit is applied in memory and compared by meaning with the current file. An edit that only adds or
//! tightens is allowed, whatever its form. For a command line that changes the files the user is asked,
//! because the result is known only after it runs. Only Stanchion may write its own state.

mod calls;
mod client;
mod files;
mod hooks;
mod line;
mod own;
mod programs;
mod reach;
mod strictness;
#[cfg(test)]
mod tests;
mod texts;

use config::types::guards::Settings;
use platform::text::fact;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use files::{SettingsFileKind, SettingsFiles};
use hooks_common::plugins::PluginPart;

/// Whether the guard applies to a command line: a cheap check before its settings are read.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    line::is_possible(examined)
}

/// Whether the guard applies to an edit.
pub fn concerns_edit(examined: &ExaminedUse<'_>) -> bool {
    examined.file().is_some_and(|file| files::may_be(file, examined))
}

/// Returns the findings over a command line.
///
/// # Errors
/// Never.
pub fn examine_line(_settings: &Settings, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    Ok(line::examine(examined))
}

/// Returns the findings over an edit.
///
/// # Errors
/// Never.
pub fn examine_edit(_settings: &Settings, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let Some(file) = examined.file() else { return Ok(Vec::new()) };
    let files = SettingsFiles::of(examined);
    let shown = fact(&examined.shown(file));
    if files.is_state(file) {
        let what = format!("{shown} is Stanchion's own");
        return Ok(vec![Objection::sure(what, reach::LEAVE_IT)]);
    }
    let Some(kind) = files.kind(file) else {
        let part = files.plugin_part(file).filter(|part| *part == PluginPart::File);
        return Ok(part.map(|_| files::plugin(&format!("this edit writes {shown}"))).into_iter().collect());
    };
    let Some(before) = examined.before() else {
        let what = format!("{shown} is too large or not text, and the effect of the edit is not known");
        return Ok(vec![Objection::doubtful(what, "ask the user, who changes this by hand")]);
    };
    let Some(after) = examined.after() else { return Ok(Vec::new()) };
    let bin = examined.paths.bin();
    Ok(match kind {
        SettingsFileKind::Client => {
            client::weakened(before, after, hooks::OwnExecutables { home: examined.home(), bin: &bin })
        }
        SettingsFileKind::Own(level) => own::weakened(examined.project.config_files(), file, level, after),
        SettingsFileKind::OptOut if file.exists() => Vec::new(),
        SettingsFileKind::OptOut => {
            let what = format!("{shown} would leave the project out of `strict_preflight`");
            vec![Objection::doubtful(what, "let the user decide")]
        }
    })
}
