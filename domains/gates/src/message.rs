//! The text of one requirement's refusal: the configured message with its placeholders filled, or our own words.

use std::fmt::Write;

use config::Rule;
use config::messages::RequirementMessages;
use config::types::Kind;
use serde_json::{Map, Value};

use crate::judge::Judged;
use hooks_common::decision::RequirementState;

/// What placeholders stand for.
#[derive(Debug, Clone, Default)]
pub struct Placeholders(Vec<(String, String)>);

impl Placeholders {
    /// The placeholders of a requirement as a session on a branch meets it.
    pub fn of(rule: &Rule, facts: &Map<String, Value>, session: &str, branch: &str) -> Self {
        let skill = rule.requirement.auto_resolve_skill.as_deref().unwrap_or_default();
        let short = skill.rsplit(':').next().unwrap_or_default().trim_start_matches('/');
        let mut all = Self::default();
        all.set("name", &rule.name);
        all.set("req_name", &rule.name);
        all.set("session_id", session);
        all.set("branch", branch);
        all.set("auto_resolve_skill", short);
        for (key, value) in facts {
            match value {
                Value::String(text) => all.set(key, text),
                Value::Object(_) | Value::Array(_) | Value::Null => {}
                value => all.set(key, &value.to_string()),
            }
        }
        all
    }

    /// Adds one. Text from outside cannot start a line of its own.
    pub fn set(&mut self, key: &str, value: &str) {
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
        self.0.push((key.to_owned(), value));
    }

    /// Adds text of ours that may have several lines.
    pub fn set_text(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }

    /// The template with each `{name}` that is known replaced. Anything else stays, a lone brace too.
    pub fn fill(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = rest[1..].split_once('}').map(|(name, _)| name);
            match name.and_then(|name| self.0.iter().find(|(key, _)| key == name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// What is said about an open requirement, without how to go on.
pub fn body(
    rule: &Rule,
    judged: &Judged,
    messages: &RequirementMessages,
    placeholders: &Placeholders,
) -> String {
    let requirement = &rule.requirement;
    let detail = judged.detail.as_deref().unwrap_or_default();
    if judged.state == RequirementState::Failed {
        return format!(
            "Requirement {} could not be evaluated, and `on_error: deny` refuses then: {detail}",
            rule.name
        );
    }
    let of_value = requirement.blocking_message.as_ref().filter(|_| requirement.kind == Kind::Limit);
    let configured = messages.blocking_message.as_ref().or(of_value).or(requirement.message.as_ref());
    let mut text = String::new();
    if let Some(header) = &messages.header {
        let _ = writeln!(text, "{}", placeholders.fill(header.trim()));
    }
    match configured {
        Some(message) => {
            text.push_str(&placeholders.fill(message.trim()));
            // A message says what its author knows; what is missing only we know.
            let is_said = requirement.kind != Kind::Blocking && message.contains('{');
            if !detail.is_empty() && !is_said {
                let _ = write!(text, "\n{detail}");
            }
        }
        None => {
            let what = requirement.description.as_deref().unwrap_or(match requirement.kind {
                Kind::Blocking => "It is not satisfied.",
                Kind::Condition => "Its condition does not hold.",
                Kind::Limit => "Its limit is reached.",
            });
            let _ = write!(text, "Requirement {} is open: {what}", rule.name);
            if !detail.is_empty() {
                let _ = write!(text, "\n{detail}");
            }
            if let Some(skill) = &requirement.auto_resolve_skill {
                let _ = write!(text, "\nRun the skill /{}.", skill.trim_start_matches('/'));
            }
        }
    }
    for item in &requirement.checklist {
        let _ = write!(text, "\n- [ ] {}", placeholders.fill(item.trim()));
    }
    text
}

/// The first line of what is said, for lists.
pub fn first_line(text: &str) -> &str {
    text.lines()
        .map(|line| line.trim_start_matches(['#', ' ']))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_braces_stay() {
        let mut placeholders = Placeholders::default();
        placeholders.set("name", "plan");
        placeholders.set("evil", "a\nb");
        for (template, expected) in [
            ("{name} is open", "plan is open"),
            ("{ {name} }", "{ plan }"),
            ("{unknown} {name", "{unknown} {name"),
            ("{", "{"),
            ("{{name}}", "{plan}"),
            ("{evil}", "a b"),
            ("'{\"ticket\": \"#1\"}'", "'{\"ticket\": \"#1\"}'"),
        ] {
            assert_eq!(placeholders.fill(template), expected);
        }
    }
}
