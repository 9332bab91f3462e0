//! Subagents: they work in the session's name and leave its own state alone.

use super::{Machine, StateRule, Wait};
use crate::record::EventRecord;

impl Machine {
    /// Whatever carries a subagent's id leaves the session's own state alone.
    pub(super) fn of_agent(&mut self, record: &EventRecord<'_>, at: i64) -> StateRule {
        let id = &*record.agent_id;
        let rule = match &*record.event {
            "SubagentStart" => StateRule::AgentStarted,
            "SubagentStop" if record.is_refused() => StateRule::AgentSentBack,
            // Compaction sends an end without a type, and without a beginning.
            "SubagentStop" => {
                self.agents.remove(id);
                self.waits.retain(|wait| wait.agent.as_deref() != Some(id));
                return StateRule::AgentEnded;
            }
            "PermissionRequest" if !record.is_refused() => {
                self.waits.push(Wait::of_agent(record));
                StateRule::AgentWaits
            }
            "PostToolUse" | "PostToolUseFailure" | "PermissionDenied" => {
                self.waits.retain(|wait| {
                    wait.agent.as_deref() != Some(id)
                        || (wait.tool.name != record.tool_name || wait.tool.input != record.input_digest)
                });
                // The end of a tool may come after that of its subagent, and does not bring it back.
                if !self.agents.contains_key(id) {
                    return StateRule::LateTool;
                }
                StateRule::AgentEvent
            }
            _ => StateRule::AgentEvent,
        };
        self.agents.insert(id.to_owned(), at);
        rule
    }

    /// None works any more, and none waits.
    pub(super) fn forget_agents(&mut self) {
        self.agents.clear();
        self.waits.retain(|wait| wait.agent.is_none());
    }
}
