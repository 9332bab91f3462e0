//! Verifying the configuration that a repository holds, without the machine: CI can run it where Stanchion is not
//! installed and no session exists.

use config::cascade;
use config::sources::{ConfigFile, Level};
use hooks_common::project::Project;

use crate::report::{Category, CheckReport, counted};

/// Checks the configuration files of a project, without the user's global one: findings that an author can
/// fix in the repository.
pub fn examine(project: &Project) -> CheckReport {
    let mut report = CheckReport::on(project.root());
    let mut section = report.section(Category::Configuration);
    let files: Vec<_> =
        project.config_files().iter().filter(|file| file.level != Level::Global).cloned().collect();
    if !files.iter().any(ConfigFile::is_present) {
        section.note(
            "present",
            "configuration",
            format!("{} has no configuration", project.root().display()),
            "run `req init` to write one",
        );
        return report;
    }
    let loaded = cascade::load(&files);
    for finding in loaded.findings {
        section.find(finding);
    }
    if loaded.unreadable.is_empty() {
        let enabled =
            loaded.configuration.requirements.0.iter().filter(|(_, requirement)| requirement.enabled).count();
        section.pass("read", "configuration", format!("{} enabled", counted(enabled, "requirement")));
    }
    report
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hooks_common::paths::{Paths, in_project};
    use platform::store::{Durability, replace};

    use super::*;

    fn verified(folder: &Path, text: &str) -> CheckReport {
        let file = in_project::config(folder);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        replace(&file, text.as_bytes(), Durability::Rebuildable, 0o644).unwrap();
        examine(&Project::of_event(&Paths::from_env(), None, folder))
    }

    #[test]
    fn an_error_fails_always_and_a_warning_only_where_it_is_strict() {
        let folder = tempfile::tempdir().unwrap();
        for (text, codes) in [
            ("requirements:\n  plan: {enabled: true}\n", (0, 0)),
            ("requirements:\n  plan: {enabled: true, stop_only: true, trigger_tools: []}\n", (0, 1)),
            ("requirements:\n  plan: {enabled: true, scope: weekly}\n", (1, 1)),
            ("requirements: [\n", (1, 1)),
        ] {
            let report = verified(folder.path(), text);
            assert_eq!((report.exit_code(false), report.exit_code(true)), codes, "{}", report.text(true));
        }
        assert_eq!(verified(folder.path(), "requirements: [\n").checks.len(), 1, "nothing passed");
    }

    #[test]
    fn nothing_to_verify_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let report = examine(&Project::of_event(&Paths::from_env(), None, folder.path()));
        assert_eq!((report.exit_code(true), report.checks.len()), (0, 1));
    }
}
