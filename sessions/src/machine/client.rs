//! Who has the session: a client starts it, others may take it up, and it is over when all have left.

use hooks_common::session_log::LoggedOwner;
use serde::{Deserialize, Serialize};

use super::{Machine, Rule};
use crate::record::Record;
use crate::state::State;

/// Clients kept.
const MOST_CLIENTS: usize = 8;

/// A client that has or had the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
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
pub struct Ended {
    /// Milliseconds since 1970.
    pub at: i64,
    /// The host's reason.
    pub reason: String,
}

impl Machine {
    /// What comes after the end and is no new start. With several clients, what a client that left still sends.
    pub(super) fn is_late(&self, record: &Record<'_>) -> bool {
        if matches!(&*record.event, "SessionStart" | "SessionEnd") {
            return false;
        }
        let sender = self.clients.iter().find(|client| match &record.owner {
            Some(owner) => client.owner == *owner,
            None => client.owner.pid == record.ppid,
        });
        self.ended.is_some() || sender.is_some_and(|client| client.has_ended)
    }

    pub(super) fn start(&mut self, record: &Record<'_>) -> Rule {
        let was_ended = self.ended.take().is_some();
        let has_changed = match &record.owner {
            Some(owner) => !self.clients.is_empty() && !self.clients.iter().any(|old| old.is(owner)),
            None => false,
        };
        let is_new_life = was_ended || has_changed;
        if was_ended {
            self.clients.clear();
        }
        if is_new_life {
            self.generation += 1;
            self.agents.clear();
            self.background_tasks = 0;
            self.error = None;
        }
        self.enter(record);
        self.end_turn();
        self.compaction.clear();
        self.go(State::Ready, if is_new_life { Rule::NewLife } else { Rule::Started })
    }

    /// Notes which client starts or prompts the session.
    pub(super) fn enter(&mut self, record: &Record<'_>) {
        let Some(owner) = &record.owner else { return };
        let boot_id = record.boot_id.as_deref().map(str::to_owned);
        match self.clients.iter_mut().find(|client| client.is(owner)) {
            Some(client) => {
                if client.owner.guessed && client.owner != *owner {
                    (client.owner, client.boot_id) = (owner.clone(), boot_id);
                }
                (client.entered, client.has_ended) = (client.entered.max(record.mono_ns), false);
            }
            None => self.clients.push(Client {
                owner: owner.clone(),
                boot_id,
                entered: record.mono_ns,
                has_ended: false,
            }),
        }
        let surplus = self.clients.len().saturating_sub(MOST_CLIENTS);
        self.clients.drain(..surplus);
    }

    pub(super) fn end(&mut self, record: &Record<'_>, at: i64) -> Rule {
        if self.ended.is_some() {
            return Rule::EndedAgain;
        }
        let open = self.clients.iter().filter(|client| !client.has_ended).count();
        let sender = match &record.owner {
            // A client that never had the session: the host sends an end for an id it could not resume.
            Some(owner) if open > 0 => match self.clients.iter().position(|client| client.is(owner)) {
                Some(sender) => Some(sender),
                None => return Rule::Recorded,
            },
            _ => {
                let by_parent = self.clients.iter().position(|client| client.owner.pid == record.ppid);
                by_parent.or_else(|| {
                    (0..self.clients.len())
                        .filter(|at| !self.clients[*at].has_ended)
                        .max_by_key(|at| self.clients[*at].entered)
                })
            }
        };
        if let Some(sender) = sender {
            self.clients[sender].has_ended = true;
        }
        if self.clients.iter().any(|client| !client.has_ended) {
            return Rule::ClientLeft;
        }
        self.end_turn();
        self.waits.clear();
        self.agents.clear();
        self.ended = Some(Ended { at, reason: record.reason.clone().into_owned() });
        self.go(State::Idle, Rule::Ended)
    }
}

impl Client {
    /// Whether this is the process; a client that was only guessed may be any.
    fn is(&self, owner: &LoggedOwner) -> bool {
        self.owner == *owner || self.owner.guessed || owner.guessed
    }
}
