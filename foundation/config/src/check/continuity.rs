//! Finds values of continuity that have the right type but are not valid: numbers out of range or order, and paths
//! outside the project.

use std::path::{Component, Path};

use platform::path::normalise;

use crate::types::Configuration;

/// A value that is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// The problem.
    pub message: String,
}

/// The shortest log after rotation. Lines that are searched shortly after they were written must still be in it.
const FEWEST_LINES: u32 = 50;
/// The smallest context, in tokens.
const SMALLEST_WINDOW: u64 = 1_000;

/// The values that are ignored. `is_given` returns whether the configuration contains a key. Defaults are always
/// valid, so keys that are not given are skipped.
pub fn wrong_values(configuration: &Configuration, is_given: impl Fn(&[&str]) -> bool) -> Vec<WrongSetting> {
    let mut wrong = Vec::new();
    let mut check = |path: &[&str], is_right: bool, message: &str| {
        if !is_right && is_given(path) {
            let path = path.iter().map(|key| (*key).to_owned()).collect();
            wrong.push(WrongSetting { path, message: message.to_owned() });
        }
    };
    let context = &configuration.context;
    let percents = [
        ("warn_percent", context.warn_percent),
        ("force_percent", context.force_percent),
        ("critical_percent", context.critical_percent),
    ];
    let is_percent = |percent: u8| (1..=100).contains(&percent);
    for (key, percent) in percents {
        check(&["context", key], is_percent(percent), "a percentage must be from 1 to 100");
    }
    // If one is out of range, the order of the others cannot be checked.
    let is_ordered = percents.is_sorted_by_key(|(_, percent)| percent);
    if percents.iter().all(|(_, percent)| is_percent(*percent)) {
        for (key, _) in percents {
            let message = "`warn_percent`, `force_percent` and `critical_percent` must rise in this order";
            check(&["context", key], is_ordered, message);
        }
    }
    let too_small = "a context must have at least 1000 tokens";
    check(&["context", "window"], context.window >= SMALLEST_WINDOW, too_small);
    for (model, window) in &context.windows {
        check(&["context", "windows", model], *window >= SMALLEST_WINDOW, too_small);
    }
    let minute = "must be at least 1 minute";
    check(&["context", "inactivity_minutes"], context.inactivity_minutes > 0, minute);
    check(&["handoff", "max_age_minutes"], configuration.handoff.max_age_minutes > 0, minute);
    let counter = &context.counter_file;
    check(&["context", "counter_file"], counter.is_empty() || is_below(counter), BELOW);

    let commits = &configuration.commits;
    for (key, lines) in [("rotate_above", commits.rotate_above), ("rotate_to", commits.rotate_to)] {
        check(&["commits", key], lines >= FEWEST_LINES, "must be at least 50 lines");
    }
    let is_shorter = commits.rotate_to <= commits.rotate_above || commits.rotate_above < FEWEST_LINES;
    check(&["commits", "rotate_to"], is_shorter, "`rotate_to` must not be more than `rotate_above`");

    let checkpoints = &configuration.checkpoints;
    check(&["checkpoints", "dir"], is_below(&checkpoints.dir), BELOW);
    check(&["checkpoints", "commit_paths"], checkpoints.commit_paths.iter().all(is_below), BELOW);
    wrong
}

const BELOW: &str =
    "must be a path inside the project: relative, without `~`, not outside through `..`, and not in `.git`";

/// Whether a path is inside the project and not in `.git`.
fn is_below(path: &str) -> bool {
    let normal = normalise(Path::new(path));
    let is_plain =
        |part: Component<'_>| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"));
    normal.components().next().is_some() && normal.components().all(is_plain) && !path.starts_with('~')
}
