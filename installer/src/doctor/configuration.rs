//! The configuration cascade in force.

use config::Policy;
use config::types::LogLevel;
use hooks_common::paths::Paths;
use hooks_common::project::Project;

use crate::report::{Category, CheckReport, counted};

/// Examines the configuration, without storing what it compiles.
pub fn examine(paths: &Paths, project: &Project, report: &mut CheckReport) {
    let mut section = report.section(Category::Configuration);
    let root = project.root().display();
    if !project.is_configured() {
        section.note(
            "present",
            "configuration",
            format!("{root} has no configuration"),
            "run `req init` to write one",
        );
        return;
    }
    let policy = Policy::compiled_now(&project.sources(paths));
    let rules = policy.rules().map_or(0, |rules| rules.len());
    for finding in policy.findings().unwrap_or_default() {
        section.find(finding);
    }
    if policy.is_enabled() {
        section.pass(
            "in-force",
            "configuration",
            format!("{} enabled in {root}", counted(rules, "requirement")),
        );
    } else {
        section.warn("in-force", "configuration", "all gates are off (`enabled: false`)", "");
    }
    if policy.logging().level == LogLevel::Debug {
        section.note("log-level", "logging", "the log level is debug: every hook writes to the log", "");
    }
}
