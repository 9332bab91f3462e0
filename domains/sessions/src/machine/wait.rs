//! Tools and what a person is waited for: only the tool that was asked about ends the wait for it, not another
//! that runs beside it.

use serde::{Deserialize, Serialize};

use super::{MOST_TOOLS, Machine, Rule, Tool};
use crate::record::Record;
use crate::state::State;

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

    pub(super) fn of_agent(record: &Record<'_>) -> Self {
        Self {
            tool: Tool::of(record),
            agent: Some(record.agent_id.clone().into_owned()),
            ..Self::of(WaitKind::Permission)
        }
    }
}

impl Tool {
    fn of(record: &Record<'_>) -> Self {
        Self { name: record.tool_name.clone().into_owned(), input: record.input_digest.clone().into_owned() }
    }
}

impl Machine {
    pub(super) fn tool_begins(&mut self, record: &Record<'_>) -> Rule {
        self.turn_open = true;
        self.waits.retain(|wait| wait.kind != WaitKind::Unnamed);
        if record.is_refused() {
            return self.after_wait(Rule::ToolRefused);
        }
        let (id, tool) = (record.tool_use_id.clone().into_owned(), Tool::of(record));
        if self.tools.len() < MOST_TOOLS {
            self.tools.insert(id.clone(), tool.clone());
        }
        if matches!(&*record.tool_name, "AskUserQuestion" | "ExitPlanMode") {
            let wait = Wait { tool, tool_use_id: Some(id), ..Wait::of(WaitKind::Question) };
            self.waits.push(wait);
            return self.go(State::Waiting, Rule::QuestionAsked);
        }
        self.after_wait(Rule::ToolStarted)
    }

    pub(super) fn tool_ends(&mut self, record: &Record<'_>) -> Rule {
        let opened = self.tools.remove(&*record.tool_use_id);
        if opened.is_none() && !self.turn_open {
            return Rule::LateTool;
        }
        let tool = opened.unwrap_or_else(|| Tool::of(record));
        self.answered(&record.tool_use_id, &tool);
        if self.finished.len() < MOST_TOOLS {
            self.finished.insert(tool);
        }
        if record.is_interrupt {
            self.end_turn();
            return self.go(State::Ready, Rule::Interrupted);
        }
        self.turn_open = true;
        // A tool that ends beside a compaction does not end that.
        if self.state == State::Compacting { Rule::ToolFinished } else { self.after_wait(Rule::ToolFinished) }
    }

    /// Tools that were refused or failed their checks end only here.
    pub(super) fn batch_ends(&mut self) -> Rule {
        if !self.turn_open {
            return Rule::LateTool;
        }
        self.tools.clear();
        self.waits.retain(|wait| wait.agent.is_some() || wait.kind == WaitKind::Form);
        if self.state == State::Waiting { self.after_wait(Rule::BatchFinished) } else { Rule::BatchFinished }
    }

    pub(super) fn permission_asked(&mut self, record: &Record<'_>) -> Rule {
        let tool = Tool::of(record);
        let is_asked = |id: &String| self.waits.iter().any(|wait| wait.tool_use_id.as_ref() == Some(id));
        let use_of = self.tools.iter().find(|(id, open)| **open == tool && !is_asked(id));
        let tool_use_id = use_of.map(|(id, _)| id.clone());
        if record.is_refused() {
            if let Some(id) = tool_use_id {
                self.tools.remove(&id);
            }
            return Rule::ToolRefused;
        }
        let has_question = self.waits.iter().any(|wait| wait.tool == tool && wait.kind == WaitKind::Question);
        if tool_use_id.is_none() && !has_question && self.finished.contains(&tool) {
            return Rule::LatePermission;
        }
        self.waits.retain(|wait| wait.kind != WaitKind::Unnamed);
        if !has_question {
            self.waits.push(Wait { tool, tool_use_id, ..Wait::of(WaitKind::Permission) });
        }
        self.turn_open = true;
        self.go(State::Waiting, Rule::PermissionAsked)
    }

    pub(super) fn permission_denied(&mut self, record: &Record<'_>) -> Rule {
        let tool = self.tools.remove(&*record.tool_use_id).unwrap_or_else(|| Tool::of(record));
        self.answered(&record.tool_use_id, &tool);
        if self.turn_open { self.after_wait(Rule::PermissionDenied) } else { Rule::PermissionDenied }
    }

    /// Ends the wait for a tool. Of several uses with the same input nobody knows which was asked about: each that
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

    pub(super) fn form_asked(&mut self) -> Rule {
        self.turn_open = true;
        self.waits.push(Wait::of(WaitKind::Form));
        self.go(State::Waiting, Rule::FormAsked)
    }

    pub(super) fn form_answered(&mut self) -> Rule {
        self.waits.retain(|wait| !matches!(wait.kind, WaitKind::Form | WaitKind::Unnamed));
        if self.state == State::Waiting { self.after_wait(Rule::FormAnswered) } else { Rule::FormAnswered }
    }

    pub(super) fn notified(&mut self, record: &Record<'_>) -> Rule {
        match &*record.notification_type {
            "idle_prompt" => {
                self.end_turn();
                self.waits.clear();
                self.compaction.clear();
                self.go(State::Ready, Rule::IdlePrompt)
            }
            // Said some seconds after what it is about: an answer may have come before.
            "permission_prompt" if !self.waits.is_empty() => Rule::WaitNotified,
            "permission_prompt" | "elicitation_dialog" => {
                if !self.waits.iter().any(|wait| wait.agent.is_none()) {
                    self.waits.push(Wait::of(WaitKind::Unnamed));
                }
                self.turn_open = true;
                self.go(State::Waiting, Rule::WaitNotified)
            }
            _ => Rule::Recorded,
        }
    }

    /// Working again, unless a person is still waited for.
    pub(super) fn after_wait(&mut self, rule: Rule) -> Rule {
        if self.waits.iter().any(|wait| wait.agent.is_none()) {
            return self.go(State::Waiting, Rule::WaitGoesOn);
        }
        self.go(State::Working, rule)
    }
}
