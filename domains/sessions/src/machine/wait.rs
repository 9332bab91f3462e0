//! Tools and what a person is waited for: only the tool that was asked about ends the wait for it, not another
//! that runs beside it.

use serde::{Deserialize, Serialize};

use super::{MOST_TOOLS, Machine, StateRule, Tool};
use crate::record::EventRecord;
use hooks_common::session_state::SessionState;

/// Something that a person must answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What for.
    pub kind: WaitKind,
    /// The tool that is asked about; empty for a form or an unnamed wait.
    pub tool: Tool,
    /// The tool's use, when it is known.
    pub tool_use_id: Option<String>,
    /// The subagent that waits.
    pub agent: Option<String>,
}

/// What a person is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// Whether a tool may run.
    Permission,
    /// An answer to a question, or leave to carry out a plan.
    Question,
    /// A form of an MCP server.
    Form,
    /// The client said that it waits, and not for what.
    Unnamed,
}

impl Wait {
    pub(super) fn of(kind: WaitKind) -> Self {
        Self { kind, tool: Tool::default(), tool_use_id: None, agent: None }
    }

    pub(super) fn of_agent(record: &EventRecord<'_>) -> Self {
        Self {
            tool: Tool::of(record),
            agent: Some(record.agent_id.clone().into_owned()),
            ..Self::of(WaitKind::Permission)
        }
    }
}

impl Tool {
    fn of(record: &EventRecord<'_>) -> Self {
        Self { name: record.tool_name.clone().into_owned(), input: record.input_digest.clone().into_owned() }
    }
}

impl Machine {
    pub(super) fn tool_begins(&mut self, record: &EventRecord<'_>) -> StateRule {
        self.turn_open = true;
        self.waits.retain(|wait| wait.kind != WaitKind::Unnamed);
        if record.is_refused() {
            return self.after_wait(StateRule::ToolRefused);
        }
        let (id, tool) = (record.tool_use_id.clone().into_owned(), Tool::of(record));
        if self.tools.len() < MOST_TOOLS {
            self.tools.insert(id.clone(), tool.clone());
        }
        if matches!(&*record.tool_name, "AskUserQuestion" | "ExitPlanMode") {
            let wait = Wait { tool, tool_use_id: Some(id), ..Wait::of(WaitKind::Question) };
            self.waits.push(wait);
            return self.go(SessionState::Waiting, StateRule::QuestionAsked);
        }
        self.after_wait(StateRule::ToolStarted)
    }

    pub(super) fn tool_ends(&mut self, record: &EventRecord<'_>) -> StateRule {
        let opened = self.tools.remove(&*record.tool_use_id);
        if opened.is_none() && !self.turn_open {
            return StateRule::LateTool;
        }
        let tool = opened.unwrap_or_else(|| Tool::of(record));
        self.answered(&record.tool_use_id, &tool);
        if self.finished.len() < MOST_TOOLS {
            self.finished.insert(tool);
        }
        if record.is_interrupt {
            self.end_turn();
            return self.go(SessionState::Ready, StateRule::Interrupted);
        }
        self.turn_open = true;
        // A tool that ends beside a compaction does not end that.
        if self.state == SessionState::Compacting {
            StateRule::ToolFinished
        } else {
            self.after_wait(StateRule::ToolFinished)
        }
    }

    /// Tools that were refused or failed their checks end only here.
    pub(super) fn batch_ends(&mut self) -> StateRule {
        if !self.turn_open {
            return StateRule::LateTool;
        }
        self.tools.clear();
        self.waits.retain(|wait| wait.agent.is_some() || wait.kind == WaitKind::Form);
        if self.state == SessionState::Waiting {
            self.after_wait(StateRule::BatchFinished)
        } else {
            StateRule::BatchFinished
        }
    }

    pub(super) fn permission_asked(&mut self, record: &EventRecord<'_>) -> StateRule {
        let tool = Tool::of(record);
        let is_asked = |id: &String| self.waits.iter().any(|wait| wait.tool_use_id.as_ref() == Some(id));
        let use_of = self.tools.iter().find(|(id, open)| **open == tool && !is_asked(id));
        let tool_use_id = use_of.map(|(id, _)| id.clone());
        if record.is_refused() {
            if let Some(id) = tool_use_id {
                self.tools.remove(&id);
            }
            return StateRule::ToolRefused;
        }
        let has_question = self.waits.iter().any(|wait| wait.tool == tool && wait.kind == WaitKind::Question);
        if tool_use_id.is_none() && !has_question && self.finished.contains(&tool) {
            return StateRule::LatePermission;
        }
        self.waits.retain(|wait| wait.kind != WaitKind::Unnamed);
        if !has_question {
            self.waits.push(Wait { tool, tool_use_id, ..Wait::of(WaitKind::Permission) });
        }
        self.turn_open = true;
        self.go(SessionState::Waiting, StateRule::PermissionAsked)
    }

    pub(super) fn permission_denied(&mut self, record: &EventRecord<'_>) -> StateRule {
        let tool = self.tools.remove(&*record.tool_use_id).unwrap_or_else(|| Tool::of(record));
        self.answered(&record.tool_use_id, &tool);
        if self.turn_open {
            self.after_wait(StateRule::PermissionDenied)
        } else {
            StateRule::PermissionDenied
        }
    }

    /// Ends the wait for a tool. Of several uses with the same input it cannot be determined which was asked about: each that
    /// is over ends one wait.
    fn answered(&mut self, id: &str, tool: &Tool) {
        self.waits.retain(|wait| wait.kind != WaitKind::Unnamed);
        let own = |wait: &Wait| wait.agent.is_none() && wait.tool_use_id.as_deref() == Some(id);
        let same =
            |wait: &Wait| wait.agent.is_none() && wait.kind == WaitKind::Permission && wait.tool == *tool;
        let found = self.waits.iter().position(own).or_else(|| self.waits.iter().position(same));
        if let Some(found) = found {
            self.waits.remove(found);
        }
    }

    pub(super) fn form_asked(&mut self) -> StateRule {
        self.turn_open = true;
        self.waits.push(Wait::of(WaitKind::Form));
        self.go(SessionState::Waiting, StateRule::FormAsked)
    }

    pub(super) fn form_answered(&mut self) -> StateRule {
        self.waits.retain(|wait| !matches!(wait.kind, WaitKind::Form | WaitKind::Unnamed));
        if self.state == SessionState::Waiting {
            self.after_wait(StateRule::FormAnswered)
        } else {
            StateRule::FormAnswered
        }
    }

    pub(super) fn notified(&mut self, record: &EventRecord<'_>) -> StateRule {
        match &*record.notification_type {
            "idle_prompt" => {
                self.end_turn();
                self.waits.clear();
                self.compaction.clear();
                self.go(SessionState::Ready, StateRule::IdlePrompt)
            }
            // Said some seconds after what it is about: an answer may have come before.
            "permission_prompt" if !self.waits.is_empty() => StateRule::WaitNotified,
            "permission_prompt" | "elicitation_dialog" => {
                if !self.waits.iter().any(|wait| wait.agent.is_none()) {
                    self.waits.push(Wait::of(WaitKind::Unnamed));
                }
                self.turn_open = true;
                self.go(SessionState::Waiting, StateRule::WaitNotified)
            }
            _ => StateRule::Recorded,
        }
    }

    /// Working again, unless a person is still waited for.
    pub(super) fn after_wait(&mut self, rule: StateRule) -> StateRule {
        if self.waits.iter().any(|wait| wait.agent.is_none()) {
            return self.go(SessionState::Waiting, StateRule::WaitGoesOn);
        }
        self.go(SessionState::Working, rule)
    }
}
