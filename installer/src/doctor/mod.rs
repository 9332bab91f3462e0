//! The doctor: what keeps hooks from working for a client that is launched in a folder.
//!
//! It changes nothing. Trials run in temporary folders, or with a temporary file.

mod configuration;
mod environment;
mod executables;
mod firing;
mod plugins;
mod settings;
mod state;
mod status_line;
mod wiring;

use std::path::Path;

use hooks_common::paths::Paths;
use hooks_common::project::Project;

use crate::report::CheckReport;

/// Examines the installation of a client launched in `folder`, which is absolute and has its links resolved.
pub fn examine(paths: &Paths, folder: &Path) -> CheckReport {
    let mut report = CheckReport::on(folder);
    let project = Project::of_event(paths, None, folder);
    let (wired, lines) = settings::examine(paths, folder, &mut report);
    wiring::examine(&wired, folder, &project, &mut report);
    firing::examine(paths, folder, &wired, &mut report);
    plugins::examine(paths, folder, &mut report);
    status_line::examine(&lines, !wired.is_empty(), &mut report);
    executables::examine(&wired, &lines, &mut report);
    environment::examine(&mut report);
    configuration::examine(paths, &project, &mut report);
    state::examine(paths, &project, &mut report);
    report
}
