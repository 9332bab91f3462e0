//! Where the states of the two systems diverge: each event of a session is applied to the older system's table and to our
//! machine. The result is the facts that make the current states differ.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use migrate::capacitor::{UnheardFact, is_written_there};
use sessions::SessionState;
use sessions::machine::{Machine, StateRule};
use sessions::record::EventRecord;

/// One session in both systems, as far as events alone decide.
#[derive(Debug, Clone, Default)]
pub struct Parting {
    theirs: Option<SessionState>,
    changed_at: Option<DateTime<Utc>>,
    is_over_there: bool,
    /// Whether what ours heard last, or what changed its state, is another event than theirs.
    ages_differ: bool,
    facts: BTreeSet<UnheardFact>,
    written_at: Option<DateTime<Utc>>,
}

impl Parting {
    /// Applies the next event, after `rule` matched it and `machine` applied it.
    pub fn apply(&mut self, record: &EventRecord<'_>, rule: StateRule, machine: &Machine) {
        let before = self.theirs;
        self.hear(record, machine);
        if self.theirs != before {
            self.changed_at = self.written_at;
        }
        let millis = |at: Option<DateTime<Utc>>| at.map_or(0, |at| at.timestamp_millis());
        self.ages_differ = machine.updated_at != millis(self.written_at)
            || machine.state_changed_at != millis(self.changed_at);
        if self.agrees_with(machine) {
            self.facts.clear();
        }
        if !self.agrees_with(machine) || rule == StateRule::LateAfterEnd {
            self.facts.extend(fact(record, rule));
        }
    }

    /// What makes the current state differ from the older system's.
    pub fn facts(&self) -> impl Iterator<Item = UnheardFact> {
        self.facts.iter().copied().chain(self.ages_differ.then_some(UnheardFact::OtherAges))
    }

    /// When the last event came that the older system records too.
    pub fn written_at(&self) -> Option<DateTime<Utc>> {
        self.written_at
    }

    /// Whether both show the same state, and still will after a subagent has been silent for too long.
    fn agrees_with(&self, machine: &Machine) -> bool {
        let waits = machine.waits.iter().any(|wait| wait.agent.is_some());
        let works = !machine.agents.is_empty() && machine.state == SessionState::Ready;
        self.theirs.unwrap_or_default() == machine.state && !waits && !works
    }

    /// The older system's table.
    fn hear(&mut self, record: &EventRecord<'_>, machine: &Machine) {
        let event = &*record.event;
        if event == "SessionStart" {
            self.is_over_there = false;
            if !self.theirs.is_some_and(SessionState::is_active) {
                self.theirs = Some(SessionState::Ready);
            }
            return;
        }
        if event == "SessionEnd" {
            // While another process has the session, the older system keeps it too.
            if machine.ended.is_some() {
                (self.theirs, self.is_over_there) = (None, true);
            }
            return;
        }
        let kind = Some(&*record.notification_type).filter(|kind| !kind.is_empty());
        if self.is_over_there || !is_written_there(event, kind, record.stop_hook_active) {
            return;
        }
        self.written_at = DateTime::from_timestamp_millis(record.at());
        self.theirs = Some(match event {
            "PermissionRequest" => SessionState::Waiting,
            "PreCompact" => SessionState::Compacting,
            "Notification" | "Stop" => SessionState::Ready,
            _ => SessionState::Working,
        });
    }
}

/// What the older system ignores in an event.
fn fact(record: &EventRecord<'_>, rule: StateRule) -> Option<UnheardFact> {
    Some(match rule {
        StateRule::ToolFinished if record.event == "PostToolUseFailure" => UnheardFact::TurnEndNotHeard,
        StateRule::LateTool | StateRule::LatePermission if record.agent_id.is_empty() => {
            UnheardFact::LateTool
        }
        StateRule::TurnEnded if record.stop_hook_active => UnheardFact::FinalStopWithHookActive,
        StateRule::TurnSentBack => UnheardFact::TurnSentBack,
        StateRule::Started | StateRule::NewLife => UnheardFact::StartedAnew,
        StateRule::CompactionEnded => UnheardFact::CompactionOver,
        StateRule::WaitGoesOn => UnheardFact::WaitHeld,
        StateRule::QuestionAsked | StateRule::FormAsked | StateRule::WaitNotified => {
            UnheardFact::WaitNotHeard
        }
        StateRule::TurnFailed
        | StateRule::Interrupted
        | StateRule::PermissionDenied
        | StateRule::ToolRefused
        | StateRule::FormAnswered
        | StateRule::BatchFinished
        | StateRule::ClientLeft => UnheardFact::TurnEndNotHeard,
        StateRule::AgentStarted
        | StateRule::AgentEvent
        | StateRule::AgentWaits
        | StateRule::AgentEnded
        | StateRule::AgentSentBack
        | StateRule::LateTool => UnheardFact::SubagentTool,
        StateRule::LateAfterEnd => UnheardFact::LateAfterEnd,
        _ => return None,
    })
}
