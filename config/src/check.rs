//! What types cannot judge: requirements that contradict themselves, and gates that could never hold.

use hooks_common::finding::{Finding, Severity};
use hooks_common::requirements::Scope;

use crate::pattern::Pattern;
use crate::types::{Hooks, Kind, Requirement};

/// What is wrong with one requirement. An error switches it off; its place is added by the caller.
pub fn requirement(name: &str, requirement: &Requirement, hooks: &Hooks) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = format!("requirements.{name}");
    let mut find =
        |severity, message: String| findings.push(Finding::new(severity, subject.clone(), message));
    if !is_name(name) {
        find(Severity::Error, "a name is letters, digits and `_ . : -`, because people type it".into());
    }
    for (key, skill) in [
        ("auto_resolve_skill", &requirement.auto_resolve_skill),
        ("satisfied_by_skill", &requirement.satisfied_by_skill),
    ] {
        if skill.as_ref().is_some_and(|skill| !is_name(skill.trim_start_matches('/'))) {
            find(Severity::Error, format!("`{key}` is no skill name"));
        }
    }
    for trigger in requirement.triggers() {
        if trigger.tool.trim().is_empty() {
            find(Severity::Error, "a trigger without a tool".into());
        }
        let Some(pattern) = &trigger.command_pattern else { continue };
        if let Err(error) = Pattern::new(pattern) {
            find(Severity::Error, format!("`command_pattern` is no regular expression: {error}"));
        } else if trigger.tool != "Bash" {
            find(
                Severity::Warning,
                format!("`command_pattern` looks at Bash commands; with `{}` it never matches", trigger.tool),
            );
        }
    }
    match requirement.kind {
        Kind::Blocking => {}
        Kind::Dynamic => {
            let thresholds = requirement.thresholds.clone().unwrap_or_default();
            if !thresholds.contains_key("block") {
                find(Severity::Error, "`type: dynamic` needs `thresholds` with `block`".into());
            }
            if thresholds.values().any(|limit| *limit < 0.0 || !limit.is_finite()) {
                find(Severity::Error, "a threshold is a number, 0 or more".into());
            }
        }
        Kind::Guard => {
            if requirement.guard_type.as_ref().is_none_or(|guard| guard.trim().is_empty()) {
                find(Severity::Error, "`type: guard` needs `guard_type`".into());
            }
        }
    }
    if requirement.enabled && requirement.kind != Kind::Blocking {
        let kind = requirement.kind.name();
        find(
            Severity::Warning,
            format!("`type: {kind}` is not enforced by this version: nothing is refused because of it"),
        );
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

/// Whether a text can be typed as one word of a command and shown without quotes.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
        && text.len() <= 128
}

/// The candidate that `text` was most likely meant to be, if any is near.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + text.chars().count() / 4;
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters must be inserted, removed or exchanged.
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
