//! Subagents: they work in the session's name and leave its own state alone.

use super::{Machine, Rule, Wait};
use crate::record::Record;

impl Machine {
    /// Whatever carries a subagent's id leaves the session's own state alone.
    pub(super) fn of_agent(&mut self, record: &Record<'_>, at: i64) -> Rule {
        let id = &*record.agent_id;
        match &*record.event {
            // Compaction sends an end without a type, and without a beginning.
            "SubagentStop" if record.is_refused() => {
                self.agents.insert(id.to_owned(), at);
                return Rule::AgentSentBack;
            }
            "SubagentStop" => {
                self.agents.remove(id);
                self.waits.retain(|wait| wait.agent.as_deref() != Some(id));
                return Rule::AgentEnded;
            }
            "PermissionRequest" if !record.is_refused() => {
                self.agents.insert(id.to_owned(), at);
                self.waits.push(Wait::of_agent(record));
                return Rule::AgentWaits;
            }
            "PostToolUse" | "PostToolUseFailure" | "PermissionDenied" => {
                self.waits.retain(|wait| {
                    wait.agent.as_deref() != Some(id)
                        || (wait.tool.name != record.tool_name || wait.tool.input != record.input_digest)
                });
            }
            _ => {}
        }
        self.agents.insert(id.to_owned(), at);
        if record.event == "SubagentStart" { Rule::AgentStarted } else { Rule::AgentEvent }
    }
}
