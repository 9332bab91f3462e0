//! What each event does to a session.

use super::client::is_start;
use super::{FileUse, Machine, StateRule};
use crate::record::EventRecord;
use hooks_common::session_state::SessionState;

/// Recent files kept.
const MOST_ACTIVITY: usize = 50;

impl Machine {
    /// Takes the next event; which rule it fell under.
    pub fn apply(&mut self, record: &EventRecord<'_>) -> StateRule {
        if let Some(snapshot) = &record.snapshot {
            *self = snapshot.machine.clone();
            return StateRule::Compacted;
        }
        // What `req` wrote says nothing about the state.
        if record.event.starts_with('_') {
            return StateRule::Recorded;
        }
        if self.is_late(record) {
            return StateRule::LateAfterEnd;
        }
        // A time that cannot be read keeps the time before it.
        let at = Some(record.at()).filter(|at| *at != 0).unwrap_or(self.updated_at);
        if self.events == 0 {
            (self.generation, self.state_changed_at, self.began) = (1, at, record.mono_ns);
        }
        self.events += 1;
        self.updated_at = at;
        let before = self.state;
        let is_agents = !record.agent_id.is_empty();
        let rule = if is_agents { self.of_agent(record, at) } else { self.of_session(record, at) };
        self.note_activity(record, at);
        if !is_agents {
            if !record.cwd.is_empty() && record.event != "SessionEnd" && self.cwd != record.cwd {
                self.cwd = record.cwd.clone().into_owned();
            }
            if self.start_cwd.is_empty() {
                self.start_cwd.clone_from(&self.cwd);
            }
            if !record.permission_mode.is_empty() && self.permission_mode != record.permission_mode {
                self.permission_mode = record.permission_mode.clone().into_owned();
            }
        }
        if self.state != before {
            (self.state_changed_at, self.why) = (at, rule);
        }
        rule
    }

    fn of_session(&mut self, record: &EventRecord<'_>, at: i64) -> StateRule {
        match &*record.event {
            // A compaction may go on under a new id, which then begins with it.
            "SessionStart" if is_start(record) || self.state == SessionState::Idle => self.start(record),
            "SessionStart" => {
                self.enter(record);
                self.compaction_ended("")
            }
            "PostCompact" => self.compaction_ended(&record.trigger),
            "UserPromptSubmit" => {
                self.enter(record);
                self.begin_turn();
                self.error = None;
                self.go(SessionState::Working, StateRule::Prompt)
            }
            "PreToolUse" => self.tool_begins(record),
            "PostToolUse" | "PostToolUseFailure" => self.tool_ends(record),
            "PostToolBatch" => self.batch_ends(),
            "PermissionRequest" => self.permission_asked(record),
            "PermissionDenied" => self.permission_denied(record),
            "Notification" => self.notified(record),
            "Elicitation" => self.form_asked(),
            "ElicitationResult" => self.form_answered(),
            "PreCompact" => {
                // Between requests no tool runs, whatever became of it.
                self.waits.retain(|wait| wait.agent.is_some());
                self.compaction = record.trigger.clone().into_owned();
                self.go(SessionState::Compacting, StateRule::CompactionStarted)
            }
            "Stop" if record.is_refused() => {
                self.begin_turn();
                self.go(SessionState::Working, StateRule::TurnSentBack)
            }
            "Stop" => {
                self.end_turn();
                self.background_tasks = record.background_tasks;
                if record.background_tasks == 0 {
                    self.forget_agents();
                }
                self.go(SessionState::Ready, StateRule::TurnEnded)
            }
            "StopFailure" => {
                self.end_turn();
                self.error = Some(record.error_type.clone().into_owned());
                self.go(SessionState::Ready, StateRule::TurnFailed)
            }
            "SessionEnd" => self.end(record, at),
            "CwdChanged" => StateRule::FolderChanged,
            _ => StateRule::Recorded,
        }
    }

    pub(super) fn go(&mut self, state: SessionState, rule: StateRule) -> StateRule {
        self.state = state;
        rule
    }

    fn begin_turn(&mut self) {
        self.end_turn();
        self.turn_open = true;
    }

    pub(super) fn end_turn(&mut self) {
        self.turn_open = false;
        self.tools.clear();
        self.finished.clear();
        self.waits.retain(|wait| wait.agent.is_some());
    }

    /// A compaction that a person asked for ends at the prompt, any other in the middle of the work.
    fn compaction_ended(&mut self, trigger: &str) -> StateRule {
        if self.state != SessionState::Compacting {
            return StateRule::Recorded;
        }
        let trigger = if self.compaction.is_empty() { trigger } else { &self.compaction };
        let is_manual = trigger == "manual";
        self.compaction.clear();
        if is_manual {
            self.end_turn();
            self.go(SessionState::Ready, StateRule::CompactionEnded)
        } else {
            self.turn_open = true;
            self.go(SessionState::Working, StateRule::CompactionEnded)
        }
    }

    fn note_activity(&mut self, record: &EventRecord<'_>, at: i64) {
        if record.event != "PostToolUse" || record.file_path.is_empty() || record.file_op.is_empty() {
            return;
        }
        self.activity.retain(|old| old.file_path != record.file_path || old.op != record.file_op);
        let (file_path, op) = (record.file_path.clone().into_owned(), record.file_op.clone().into_owned());
        self.activity.push_back(FileUse { file_path, op, at });
        let surplus = self.activity.len().saturating_sub(MOST_ACTIVITY);
        self.activity.drain(..surplus);
    }
}
