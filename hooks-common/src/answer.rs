//! A hook's answer: at most one JSON document, in the format that the host's schema for the event requires.

use std::borrow::Cow;

use serde::Serialize;

use crate::event::Event;
use platform::text::{bounded, printable};

/// The most characters of context that SessionStart adds. The host replaces text over 10,000 UTF-16 units by a file
/// reference.
pub const SESSION_START_LIMIT: usize = 9_000;
/// The most characters of context that any other event adds.
pub const CONTEXT_LIMIT: usize = 2_000;

/// The decision of all stages. There is no `allow`, because it would disable the user's permission prompts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum HostDecision {
    /// No decision: the host continues as without the hook.
    #[default]
    Pass,
    /// Ask the user (PreToolUse).
    Ask(String),
    /// Refuse a tool (PreToolUse, PermissionRequest), the end of a turn (Stop) or the end of a teammate's work. The
    /// text is the reason, which the model reads.
    Refuse(String),
}

/// The answer that the stages build, in their order.
#[derive(Debug, Default)]
pub struct Answer {
    decision: HostDecision,
    context: Vec<String>,
    messages: Vec<String>,
}

impl Answer {
    /// Adds a stage's decision. A refusal overrides a question, and a question overrides no decision. Two texts of
    /// the same kind are joined.
    pub fn decide(&mut self, decision: HostDecision) {
        let joined = |a: &str, b: &str| format!("{a}\n\n{b}");
        self.decision = match (std::mem::take(&mut self.decision), decision) {
            (HostDecision::Refuse(a), HostDecision::Refuse(b)) => HostDecision::Refuse(joined(&a, &b)),
            (refusal @ HostDecision::Refuse(_), _) | (_, refusal @ HostDecision::Refuse(_)) => refusal,
            (HostDecision::Ask(a), HostDecision::Ask(b)) => HostDecision::Ask(joined(&a, &b)),
            (question @ HostDecision::Ask(_), _) | (_, question @ HostDecision::Ask(_)) => question,
            (HostDecision::Pass, HostDecision::Pass) => HostDecision::Pass,
        };
    }

    /// Adds text for the model.
    pub fn add_context(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.context.push(text);
        }
    }

    /// Adds a line for the user. The user does not see `additionalContext`.
    pub fn tell_user(&mut self, text: impl Into<String>) {
        self.messages.push(text.into());
    }

    /// The length of the context so far, in UTF-16 units, which the host counts.
    pub fn context_length(&self) -> usize {
        let texts: usize = self.context.iter().map(|text| text.encode_utf16().count()).sum();
        texts + 2 * self.context.len().saturating_sub(1)
    }

    /// The decision so far.
    pub fn decision(&self) -> &HostDecision {
        &self.decision
    }

    /// The document to print for `event`. `None` if there is no decision and no text.
    pub fn render(&self, event: Event) -> Option<String> {
        let limit = if event == Event::SessionStart { SESSION_START_LIMIT } else { CONTEXT_LIMIT };
        let context = (!self.context.is_empty()).then(|| bounded(&self.context.join("\n\n"), limit));
        let mut document = AnswerDocument {
            system_message: (!self.messages.is_empty())
                .then(|| bounded(&self.messages.join("\n"), CONTEXT_LIMIT)),
            ..AnswerDocument::default()
        };
        let mut specific =
            Specific { hook_event_name: event.name(), additional_context: context, ..Specific::default() };
        match (event, &self.decision) {
            (_, HostDecision::Pass) => {}
            (Event::PreToolUse, HostDecision::Refuse(reason)) => {
                specific.permission_decision = Some("deny");
                specific.permission_decision_reason = Some(reason.clone());
            }
            (Event::PreToolUse, HostDecision::Ask(reason)) => {
                specific.permission_decision = Some("ask");
                specific.permission_decision_reason = Some(reason.clone());
            }
            (Event::PermissionRequest, HostDecision::Refuse(reason)) => {
                specific.decision = Some(Denied { behavior: "deny", message: reason.clone() });
            }
            // The host already asks the user.
            (Event::PermissionRequest, HostDecision::Ask(_)) => {}
            (_, HostDecision::Refuse(reason) | HostDecision::Ask(reason)) => {
                document.decision = Some("block");
                document.reason = Some(reason.clone());
            }
        }
        let says_something = specific.additional_context.is_some()
            || specific.permission_decision.is_some()
            || specific.decision.is_some();
        // The host rejects a whole answer that contains a key which the event's schema does not define.
        document.hook_specific_output = (says_something && takes_specific_output(event)).then_some(specific);
        let empty = document.hook_specific_output.is_none()
            && document.decision.is_none()
            && document.system_message.is_none();
        if empty {
            return None;
        }
        document.make_printable();
        serde_json::to_string(&document).ok()
    }
}

/// Whether the host's schema allows event-specific output for this event. Turn ends are excluded: context there would
/// start another turn.
fn takes_specific_output(event: Event) -> bool {
    matches!(
        event,
        Event::SessionStart
            | Event::UserPromptSubmit
            | Event::PreToolUse
            | Event::PostToolUse
            | Event::PostToolUseFailure
            | Event::PermissionRequest
            | Event::SubagentStart
    )
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct AnswerDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hook_specific_output: Option<Specific>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Specific {
    hook_event_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_decision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_decision_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Denied>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_context: Option<String>,
}

impl AnswerDocument {
    /// Whatever the texts quote, the host shows them to a person and gives them to a model.
    fn make_printable(&mut self) {
        let specific = self.hook_specific_output.iter_mut().flat_map(|specific| {
            let decision = specific.decision.as_mut().map(|denied| &mut denied.message);
            let texts = [&mut specific.permission_decision_reason, &mut specific.additional_context];
            texts.into_iter().flatten().chain(decision)
        });
        for text in [&mut self.reason, &mut self.system_message].into_iter().flatten().chain(specific) {
            if let Cow::Owned(clean) = printable(text) {
                *text = clean;
            }
        }
    }
}

/// The decision of a PermissionRequest.
#[derive(Serialize)]
struct Denied {
    behavior: &'static str,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_shape_of_their_event() {
        let mut answer = Answer::default();
        assert_eq!(answer.render(Event::PreToolUse), None);
        answer.decide(HostDecision::Refuse("no".into()));
        assert_eq!(
            answer.render(Event::PreToolUse).unwrap(),
            r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"no"}}"#
        );
        assert_eq!(answer.render(Event::Stop).unwrap(), r#"{"decision":"block","reason":"no"}"#);
        assert_eq!(
            answer.render(Event::PermissionRequest).unwrap(),
            r#"{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"no"}}}"#
        );
        let mut answer = Answer::default();
        answer.add_context("facts");
        assert_eq!(answer.render(Event::Stop), None, "a context would start another turn");
        assert_eq!(
            answer.render(Event::SessionStart).unwrap(),
            r#"{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"facts"}}"#
        );
    }

    #[test]
    fn a_refusal_wins_and_nothing_is_lost() {
        let mut answer = Answer::default();
        for decision in [
            HostDecision::Refuse("a".into()),
            HostDecision::Ask("b".into()),
            HostDecision::Pass,
            HostDecision::Refuse("c".into()),
        ] {
            answer.decide(decision);
        }
        assert_eq!(answer.decision(), &HostDecision::Refuse("a\n\nc".into()));
    }

    #[test]
    fn context_stays_below_the_hosts_limit() {
        let mut answer = Answer::default();
        answer.add_context("x".repeat(20_000));
        for (event, limit) in [(Event::SessionStart, 9_000), (Event::UserPromptSubmit, 2_000)] {
            let document: serde_json::Value = serde_json::from_str(&answer.render(event).unwrap()).unwrap();
            let context = document["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
            assert!(context.len() <= limit && context.len() > limit - 100);
        }
    }
}
