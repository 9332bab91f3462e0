//! Plugins of the client whose modules decide about tools: they stand above every hook but a managed one.

use std::path::Path;

use hooks_common::paths::Paths;
use hooks_common::plugins::PluginFolders;

use crate::report::{Category, CheckReport};

pub(super) fn examine(paths: &Paths, folder: &Path, report: &mut CheckReport) {
    let mut section = report.section(Category::Wiring);
    for module in PluginFolders::of(paths, folder).deciding_modules() {
        let answers: Vec<String> = module.answers.iter().map(|name| format!("`{name}`")).collect();
        section.warn(
            "plugin-module",
            &module.path.display().to_string(),
            format!("this module of a plugin answers {}, so it can overrule hooks", answers.join(" and ")),
            "remove the plugin if you did not add it; only hooks of managed settings stand above modules",
        );
    }
}
