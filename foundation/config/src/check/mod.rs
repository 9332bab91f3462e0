//! Finds problems that types do not show: contradictions in requirements, and gates that can never be satisfied.

pub mod continuity;
pub mod guards;

use crate::finding::{Finding, Severity};
use crate::types::Scope;

use crate::pattern::Pattern;
use crate::types::{
    Condition, Hooks, Kind, Names, Requirement, SatisfiedWhen, TimeWindow, Trigger, Workflow,
};

/// The problems of one requirement. An error disables it. The caller adds the position.
pub fn requirement(name: &str, requirement: &Requirement, hooks: &Hooks) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = format!("requirements.{name}");
    let mut find =
        |severity, message: String| findings.push(Finding::new(severity, subject.clone(), message));
    if !is_name(name) {
        find(
            Severity::Error,
            "a name consists of letters, digits and `_ . : -`, because people type it".into(),
        );
    }
    for (key, skill) in [
        ("auto_resolve_skill", &requirement.auto_resolve_skill),
        ("satisfied_by_skill", &requirement.satisfied_by_skill),
    ] {
        if skill.as_ref().is_some_and(|skill| !is_name(skill.trim_start_matches('/'))) {
            find(Severity::Error, format!("`{key}` is not a valid skill name"));
        }
    }
    for trigger in requirement.triggers() {
        for (severity, message) in of_trigger(&trigger) {
            find(severity, message);
        }
    }
    for (key, globs) in [
        ("satisfied_by_agent", &requirement.satisfied_by_agent),
        ("paths", &requirement.paths),
        ("allowed_paths", &requirement.allowed_paths),
    ] {
        if let Some(wrong) = globs.as_ref().and_then(wrong_glob) {
            find(Severity::Error, format!("`{key}`: {wrong}"));
        }
    }
    match requirement.kind {
        Kind::Blocking => {}
        Kind::Limit => {
            for message in of_limit(requirement) {
                find(Severity::Error, message);
            }
        }
        Kind::Condition => {
            for (severity, message) in of_condition(requirement) {
                find(severity, message);
            }
        }
    }
    if requirement.satisfied_when == SatisfiedWhen::Done && requirement.satisfied_by_skill.is_none() {
        find(Severity::Error, "`satisfied_when: done` needs `satisfied_by_skill`".into());
    }
    if requirement.enabled
        && !requirement.stop_only
        && requirement.triggers().is_empty()
        && !requirement.counts_bash_writes()
    {
        find(Severity::Warning, "`trigger_tools` is empty, so no tool use needs this requirement".into());
    }
    if requirement.enabled && requirement.stop_only {
        if requirement.triggers().is_empty() {
            find(Severity::Warning, "`stop_only` without triggers is never verified".into());
        } else if !hooks.stop.verify_requirements || !hooks.stop.verify_scopes.contains(&requirement.scope) {
            let scope: Scope = requirement.scope;
            find(
                Severity::Warning,
                format!(
                    "`stop_only` is never verified: Stop does not verify the scope `{scope}` (hooks.stop)"
                ),
            );
        }
    }
    findings
}

fn of_trigger(trigger: &Trigger) -> Vec<(Severity, String)> {
    let mut found = Vec::new();
    if trigger.tool.trim().is_empty() {
        found.push((Severity::Error, "a trigger needs a `tool`".to_owned()));
    }
    if trigger.tool.contains(".*") || trigger.tool.contains('|') {
        let tool = &trigger.tool;
        found.push((
            Severity::Warning,
            format!("`{tool}` is read as a glob, not as a regular expression; write `mcp__server__*`, or one trigger for each tool"),
        ));
    }
    for (key, globs) in [("file_pattern", &trigger.file_pattern), ("agent_type", &trigger.agent_type)] {
        if let Some(wrong) = globs.as_ref().and_then(wrong_glob) {
            found.push((Severity::Error, format!("`{key}`: {wrong}")));
        }
    }
    match &trigger.command_pattern {
        None if trigger.raw => {
            found.push((Severity::Warning, "`raw` has no effect without `command_pattern`".into()));
        }
        None => {}
        Some(pattern) => {
            if let Err(error) = Pattern::new(pattern) {
                found.push((
                    Severity::Error,
                    format!("`command_pattern` is not a valid regular expression: {error}"),
                ));
            } else if trigger.tool != "Bash" {
                let tool = &trigger.tool;
                found.push((
                    Severity::Warning,
                    format!("`command_pattern` applies to Bash commands; with `{tool}` it never matches"),
                ));
            }
        }
    }
    found
}

fn of_limit(requirement: &Requirement) -> Vec<String> {
    let mut found = Vec::new();
    let thresholds = requirement.thresholds.clone().unwrap_or_default();
    if !thresholds.contains_key("block") {
        found.push("`type: limit` needs `thresholds` with `block`".to_owned());
    }
    if thresholds.values().any(|limit| *limit < 0.0 || !limit.is_finite()) {
        found.push("a threshold must be 0 or more".to_owned());
    }
    match (requirement.calculator.as_deref(), &requirement.command) {
        (Some(BRANCH_SIZE), None) | (None, Some(_)) => {}
        (Some(_), Some(_)) => found.push("`calculator` and `command` exclude each other".to_owned()),
        (Some(other), None) => {
            found.push(format!("no calculator is called `{other}`; use `{BRANCH_SIZE}`"));
        }
        (None, None) => found.push(format!("`type: limit` needs `calculator: {BRANCH_SIZE}`")),
    }
    found
}

fn of_condition(requirement: &Requirement) -> Vec<(Severity, String)> {
    let Some(name) = requirement.condition.as_deref().filter(|name| !name.trim().is_empty()) else {
        return vec![(Severity::Error, "`type: condition` needs `condition`".to_owned())];
    };
    let Some(condition) = requirement.condition() else {
        let known = Condition::ALL.map(Condition::name).join(", ");
        let message = format!(
            "`{name}` is not a condition, so this requirement blocks nothing; the conditions are: {known}"
        );
        return vec![(Severity::Warning, message)];
    };
    let error = |message: &str| vec![(Severity::Error, message.to_owned())];
    let is_given = |globs: &Option<Names>| globs.as_ref().is_some_and(|globs| !globs.is_empty());
    match condition {
        Condition::Paths if !is_given(&requirement.paths) && !is_given(&requirement.allowed_paths) => {
            error("`condition: paths` needs `paths` (read-only files) or `allowed_paths`")
        }
        Condition::TimeWindow => match &requirement.time_window {
            None => error("`condition: time_window` needs `time_window` with `allow` or `deny`"),
            Some(window) if window.allow.is_empty() && window.deny.is_empty() => {
                error("`time_window` needs `allow` or `deny`")
            }
            Some(window) if offset(window).is_none() => {
                error("`timezone` must be `local`, `utc` or an offset such as `+02:00`")
            }
            Some(_) => Vec::new(),
        },
        Condition::ProtectedBranch if requirement.protected_branches.as_ref().is_some_and(Vec::is_empty) => {
            vec![(Severity::Warning, "`protected_branches` is empty, so no branch is protected".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// The name of the built-in calculator of a branch's size.
pub const BRANCH_SIZE: &str = "branch_size_calculator";

/// The meaning of `timezone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The time zone of this machine.
    Local,
    /// An offset east of UTC, in seconds.
    Offset(i32),
}

/// The time zone of a window. `None` if its name is not valid.
pub fn offset(window: &TimeWindow) -> Option<Zone> {
    let name = window.timezone.as_deref().unwrap_or("local");
    match name {
        "local" => return Some(Zone::Local),
        "utc" | "UTC" | "Z" => return Some(Zone::Offset(0)),
        _ => {}
    }
    let (sign, time) = match name.split_at_checked(1)? {
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    let minutes = time.parse::<crate::types::TimeOfDay>().ok()?.0;
    Some(Zone::Offset(sign * i32::try_from(minutes * 60).ok()?)).filter(|_| minutes < 24 * 60)
}

/// The finding for a shell command in a project's configuration.
pub fn foreign_command(name: &str) -> Finding {
    let message =
        "`command` is allowed in the global file only: a repository must not run commands of its own";
    Finding::new(Severity::Error, format!("requirements.{name}"), message)
}

/// The problem of a workflow, if there is one.
pub fn workflow(workflow: &Workflow) -> Option<String> {
    let names: Vec<&str> = workflow.phases.iter().map(|phase| phase.name.trim()).collect();
    if names.is_empty() {
        return Some("`phases` must contain at least one phase".to_owned());
    }
    if names.iter().any(|name| name.is_empty()) || workflow.ship_phase.trim().is_empty() {
        return Some("a phase needs a name".to_owned());
    }
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Some(format!("two phases are called `{}`", twice.1));
    }
    match workflow.default_phase.as_deref() {
        Some(phase) if !names.contains(&phase) => {
            Some(format!("`default_phase: {phase}` is not one of the phases"))
        }
        _ => None,
    }
}

/// The message for the first glob that is not valid.
fn wrong_glob(globs: &Names) -> Option<String> {
    let wrong = |glob: &&str| {
        let glob = glob.trim_start_matches('!');
        let count = |c: char| glob.matches(c).count();
        glob.trim().is_empty() || count('[') != count(']') || count('{') != count('}')
    };
    globs.iter().find(wrong).map(|glob| format!("`{glob}` is not a valid glob"))
}

/// Whether a text can be typed as one word of a command and shown without quotes.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
        && text.len() <= 128
}

/// The candidate that is closest to `text`, if one is close enough.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + text.chars().count() / 4;
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of characters to insert, remove or replace (Levenshtein distance).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let exchange = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = exchange.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["commit_plan", "pre_pr_review", "ticket"];
        assert_eq!(nearest("comit_plan", names.into_iter()), Some("commit_plan"));
        assert_eq!(nearest("tickets", names.into_iter()), Some("ticket"));
        assert_eq!(nearest("deploy", names.into_iter()), None);
    }

    #[test]
    fn gates_that_never_hold_are_told() {
        let check = |requirement: Requirement| {
            let findings = super::requirement("r", &requirement, &Hooks::default());
            findings.into_iter().map(|finding| finding.severity).collect::<Vec<_>>()
        };
        let base = || Requirement { enabled: true, stop_only: true, ..Requirement::default() };
        assert_eq!(check(base()), []);
        assert_eq!(check(Requirement { trigger_tools: Some(Vec::new()), ..base() }), [Severity::Warning]);
        assert_eq!(check(Requirement { scope: Scope::SingleUse, ..base() }), [Severity::Warning]);
    }
}
