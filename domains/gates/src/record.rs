//! What requirement gates keep in a session's log.

use std::collections::BTreeMap;

use hooks_common::decision::{Outcome, PART, RecordedState};
use hooks_common::session_log::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The gates' part of an event: enough to explain the decision and to take it again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    /// What became of the event. It stands here for the whole decision: see [`hooks_common::decision::PART`].
    #[serde(default, skip_serializing_if = "Outcome::is_undecided")]
    pub outcome: Outcome,
    /// The hash of the policy that decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// The branch whose state was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// The requirements that the event needs, each with its state then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<(String, RecordedState)>,
    /// The facts that decided beyond a satisfaction, by requirement: a value, a date, what evidence was found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Value>,
    /// Requirements marked as triggered for the first time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggered: Vec<String>,
    /// Requirements that it triggered for the first time, and that could not be marked: see [`crate::unmarked`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmarked: Vec<String>,
    /// Requirements satisfied by the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub satisfied: Vec<String>,
    /// How: `skill:<name>`, `agent:<type>`, `done:<skill>`, `cli`, `approval`, `carry_over`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub satisfied_by: String,
    /// Requirements whose satisfaction the event ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<String>,
    /// When what was satisfied or approved ends, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Requirements the model was reminded of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded: Vec<String>,
    /// Requirements in mode `warn` that the user was told of when the turn ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned: Vec<String>,
}

impl GateRecord {
    /// The policy and the branch that a decision is taken on.
    pub fn begun(policy: &str, branch: &str) -> Self {
        Self { policy: policy.to_owned(), branch: branch.to_owned(), ..Self::default() }
    }
}

impl Record for GateRecord {
    const NAME: &'static str = PART;

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A pass that needed nothing tells no more than that the tool was used.
    fn is_significant(&self) -> bool {
        !(self.asked.is_empty()
            && self.triggered.is_empty()
            && self.satisfied.is_empty()
            && self.cleared.is_empty())
    }

    /// Many long names can make a line too long; what was decided stays.
    fn shortened(&self) -> Option<Value> {
        let mut short = json!({"policy": self.policy});
        if !self.outcome.is_undecided() {
            short["outcome"] = self.outcome.name().into();
        }
        Some(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_begun_names_its_policy_and_branch_and_tells_nothing_yet() {
        let begun = GateRecord::begun("abc", "main");
        assert_eq!((begun.policy.as_str(), begun.branch.as_str()), ("abc", "main"));
        assert!(!begun.is_empty() && !begun.is_significant());
        assert!(GateRecord::default().is_empty());
        assert_eq!(serde_json::to_value(GateRecord::default()).unwrap(), json!({}));
    }

    #[test]
    fn each_thing_that_a_line_may_tell_makes_it_significant() {
        let name = || vec!["plan".to_owned()];
        let asked = vec![("plan".to_owned(), RecordedState::Open)];
        for told in [
            GateRecord { asked, ..GateRecord::default() },
            GateRecord { triggered: name(), ..GateRecord::default() },
            GateRecord { satisfied: name(), ..GateRecord::default() },
            GateRecord { cleared: name(), ..GateRecord::default() },
        ] {
            assert!(told.is_significant(), "{told:?}");
        }
        let reminded = GateRecord { reminded: name(), ..GateRecord::default() };
        assert!(!reminded.is_significant() && !reminded.is_empty());
    }

    #[test]
    fn what_was_decided_stays_where_a_line_is_too_long() {
        let long = GateRecord {
            outcome: Outcome::Deny,
            triggered: vec!["x".repeat(10_000)],
            ..GateRecord::begun("abc", "main")
        };
        assert_eq!(long.shortened(), Some(json!({"policy": "abc", "outcome": "deny"})));
        assert_eq!(GateRecord::begun("abc", "main").shortened(), Some(json!({"policy": "abc"})));
    }
}
