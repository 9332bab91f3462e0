//! The clients of a session: one starts it, others may resume it, and it ends when all have left.

use hooks_common::owner::LoggedOwner;
use serde::{Deserialize, Serialize};

use super::{Machine, StateRule};
use crate::record::EventRecord;
use hooks_common::session_state::SessionState;

/// Clients kept.
const MOST_CLIENTS: usize = 8;

/// A client that has or had the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClient {
    /// The process.
    pub owner: LoggedOwner,
    /// Its boot.
    pub boot_id: Option<String>,
    /// When it last started or prompted the session, on its boot's monotonic clock: a client is in the session it
    /// entered last.
    pub entered: u64,
    /// Whether it said that it left.
    pub has_ended: bool,
}

/// How a session ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEnd {
    /// Milliseconds since 1970.
    pub at: i64,
    /// The host's reason.
    pub reason: String,
}

/// Whether the event starts the session; what the host calls a start after a compaction does not.
pub(super) fn is_start(record: &EventRecord<'_>) -> bool {
    record.event == "SessionStart" && record.source != "compact" && record.agent_id.is_empty()
}

impl Machine {
    /// What comes after the end and is no new start. With several clients, what a client that left still sends.
    pub(super) fn is_late(&self, record: &EventRecord<'_>) -> bool {
        let is_end = record.event == "SessionEnd" && record.agent_id.is_empty();
        if is_end || is_start(record) {
            return false;
        }
        self.ended.is_some() || self.sender(record).is_some_and(|sender| self.clients[sender].has_ended)
    }

    pub(super) fn start(&mut self, record: &EventRecord<'_>) -> StateRule {
        let was_ended = self.ended.take().is_some();
        let has_changed = record.owner.is_some() && !self.clients.is_empty() && self.sender(record).is_none();
        if was_ended {
            self.clients.clear();
            self.activity.clear();
        }
        let is_new_life = was_ended || has_changed;
        if is_new_life {
            self.generation += 1;
            self.forget_agents();
            self.background_tasks = 0;
            self.error = None;
        }
        self.enter(record);
        self.end_turn();
        self.compaction.clear();
        self.go(SessionState::Ready, if is_new_life { StateRule::NewLife } else { StateRule::Started })
    }

    /// Notes which client starts or prompts the session; it stands last from then on.
    pub(super) fn enter(&mut self, record: &EventRecord<'_>) {
        let Some(owner) = &record.owner else { return };
        let known = self.sender(record).map(|sender| self.clients.remove(sender));
        // A guess says nothing against what was recognised.
        // Whose number came again is gone for good.
        self.clients.retain(|client| !client.has_ended || client.owner.pid != owner.pid);
        let owner = known.map(|known| known.owner).filter(|known| owner.guessed && !known.guessed);
        self.clients.push(SessionClient {
            owner: owner.or_else(|| record.owner.clone()).unwrap_or_default(),
            boot_id: record.boot_id.as_deref().map(str::to_owned),
            entered: record.mono_ns,
            has_ended: false,
        });
        let surplus = self.clients.len().saturating_sub(MOST_CLIENTS);
        self.clients.drain(..surplus);
    }

    pub(super) fn end(&mut self, record: &EventRecord<'_>, at: i64) -> StateRule {
        if self.ended.is_some() {
            return StateRule::EndedAgain;
        }
        let is_guess =
            |owner: &LoggedOwner| record.owner.as_ref().is_some_and(|named| named != owner && named.guessed);
        // A guessed client ends no recognised one: the process table shows when that is gone.
        let sender = self.sender(record).filter(|sender| {
            let owner = &self.clients[*sender].owner;
            owner.guessed || !is_guess(owner)
        });
        if sender.is_some_and(|sender| self.clients[sender].has_ended) {
            return StateRule::EndedAgain;
        }
        // A client that never had the session: the host sends an end for an id it could not resume.
        if sender.is_none() && record.owner.is_some() && !self.clients.is_empty() {
            return StateRule::Recorded;
        }
        let sender = sender.or_else(|| self.clients.iter().rposition(|client| !client.has_ended));
        if let Some(sender) = sender {
            self.clients[sender].has_ended = true;
        }
        if self.clients.iter().any(|client| !client.has_ended) {
            // The turn was that of the client that prompted last.
            if sender.is_some_and(|sender| sender + 1 == self.clients.len()) {
                self.end_turn();
                return self.go(SessionState::Ready, StateRule::ClientLeft);
            }
            return StateRule::ClientLeft;
        }
        self.end_turn();
        self.forget_agents();
        self.ended = Some(ClientEnd { at, reason: record.reason.clone().into_owned() });
        self.go(SessionState::Idle, StateRule::Ended)
    }

    /// Which client sent an event: the one it names, else the one whose child the hook was.
    fn sender(&self, record: &EventRecord<'_>) -> Option<usize> {
        let Some(owner) = &record.owner else {
            return self.clients.iter().rposition(|client| client.owner.pid == record.ppid);
        };
        let boot = record.boot_id.as_deref();
        let exact = self.clients.iter().rposition(|client| client.is(owner, boot));
        let may_be = |client: &SessionClient| client.may_be(owner, boot);
        let there = || self.clients.iter().rposition(|client| !client.has_ended && may_be(client));
        exact.or_else(there).or_else(|| self.clients.iter().rposition(may_be))
    }
}

impl SessionClient {
    fn is(&self, owner: &LoggedOwner, boot: Option<&str>) -> bool {
        (self.owner.pid, &self.owner.start_raw) == (owner.pid, &owner.start_raw) && self.is_of_boot(boot)
    }

    /// Whether this can be the process: one that was only guessed may be any of its boot.
    fn may_be(&self, owner: &LoggedOwner, boot: Option<&str>) -> bool {
        (self.owner.guessed || owner.guessed) && self.is_of_boot(boot)
    }

    fn is_of_boot(&self, boot: Option<&str>) -> bool {
        self.boot_id.as_deref().zip(boot).is_none_or(|(own, boot)| own == boot)
    }
}
