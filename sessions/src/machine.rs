//! The state machine of one session: a pure function of its events in their order.
//!
//! Whether the client lives and what time it is decide nothing here; see [`crate::reconcile`].

mod rule;
mod wait;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hooks_common::session_log::LoggedOwner;
use serde::{Deserialize, Serialize};

pub use rule::Rule;
pub use wait::{Wait, WaitKind};

use crate::record::{Boots, Key, Record};
use crate::state::State;

/// Recent files kept.
const MOST_ACTIVITY: usize = 50;
/// Clients kept.
const MOST_CLIENTS: usize = 8;
/// Open tools kept; more are open only when their ends were lost.
const MOST_TOOLS: usize = 256;

/// A session after some of its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// What the session itself is doing; its subagents do not count.
    pub state: State,
    /// When that began, milliseconds since 1970.
    pub state_changed_at: i64,
    /// The last event that counted, milliseconds since 1970.
    pub updated_at: i64,
    /// The session's folder.
    pub cwd: String,
    /// The host's permission mode.
    pub permission_mode: String,
    /// Counts the session's lives.
    pub generation: u64,
    /// Whether a turn is under way.
    pub turn_open: bool,
    /// The clients that have or had the session in this life.
    pub clients: Vec<Client>,
    /// When and how the session ended, if all its clients said so.
    pub ended: Option<Ended>,
    /// What a person is waited for.
    pub waits: Vec<Wait>,
    /// Subagents by id, each with the time of its last event.
    pub agents: BTreeMap<String, i64>,
    /// Background tasks that outlived the turn.
    pub background_tasks: u32,
    /// Why the last turn failed.
    pub error: Option<String>,
    /// The files that were last edited or read, latest last.
    pub activity: VecDeque<Activity>,
    /// The rule behind the present state.
    pub why: Rule,
    /// Events that counted.
    pub events: u64,
    /// What triggered the compaction that is under way.
    compaction: String,
    /// Tools of this turn that have not finished, by id.
    tools: BTreeMap<String, Tool>,
    /// Tools of this turn that have, by name and input.
    finished: BTreeSet<Tool>,
}

/// A tool use, as a permission request names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tool {
    /// The tool.
    pub name: String,
    /// Its input's digest.
    pub input: String,
}

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

/// A file that was worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The file, absolute.
    pub file_path: String,
    /// `edit` or `read`.
    pub op: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// A machine with what is needed to go on from there: the first line of a compacted log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The session after the lines that were dropped.
    pub machine: Machine,
    /// Which boot the log stood in.
    pub boots: Boots,
    /// The last event that is in it.
    pub upto: Key,
}

impl Machine {
    /// Takes the next event; which rule it fell under.
    pub fn apply(&mut self, record: &Record<'_>) -> Rule {
        if let Some(snapshot) = &record.snapshot {
            *self = snapshot.machine.clone();
            return Rule::Compacted;
        }
        // What `req` wrote says nothing about the state.
        if record.event.starts_with('_') {
            return Rule::Recorded;
        }
        if self.is_late(record) {
            return Rule::LateAfterEnd;
        }
        let at = record.at();
        if self.events == 0 {
            (self.generation, self.state_changed_at) = (1, at);
        }
        self.events += 1;
        self.updated_at = self.updated_at.max(at);
        let before = self.state;
        let is_agents = !record.agent_id.is_empty();
        let rule = if is_agents { self.of_agent(record, at) } else { self.of_session(record, at) };
        self.note_activity(record, at);
        if !is_agents {
            if !record.cwd.is_empty() && record.event != "SessionEnd" && self.cwd != record.cwd {
                self.cwd = record.cwd.clone().into_owned();
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

    /// What comes after the end and is no new start. With several clients, what a client that left still sends.
    fn is_late(&self, record: &Record<'_>) -> bool {
        if matches!(&*record.event, "SessionStart" | "SessionEnd") {
            return false;
        }
        let sender = self.clients.iter().find(|client| match &record.owner {
            Some(owner) => client.owner == *owner,
            None => client.owner.pid == record.ppid,
        });
        self.ended.is_some() || sender.is_some_and(|client| client.has_ended)
    }

    fn of_session(&mut self, record: &Record<'_>, at: i64) -> Rule {
        match &*record.event {
            "SessionStart" if record.source == "compact" => self.compaction_ended(&Record::default()),
            "SessionStart" => self.start(record),
            "PostCompact" => self.compaction_ended(record),
            "UserPromptSubmit" => {
                self.enter(record);
                self.begin_turn();
                self.error = None;
                self.go(State::Working, Rule::Prompt)
            }
            "PreToolUse" => self.tool_begins(record),
            "PostToolUse" | "PostToolUseFailure" => self.tool_ends(record),
            "PostToolBatch" => self.batch_ends(),
            "PermissionRequest" => self.permission_asked(record),
            "PermissionDenied" => self.permission_denied(record),
            "Notification" => self.notified(record),
            "Elicitation" => {
                self.waits.push(Wait::of(WaitKind::Form));
                self.go(State::Waiting, Rule::FormAsked)
            }
            "ElicitationResult" => {
                self.waits.retain(|wait| wait.kind != WaitKind::Form);
                self.after_wait(Rule::FormAnswered)
            }
            "PreCompact" => {
                self.compaction = record.trigger.clone().into_owned();
                self.go(State::Compacting, Rule::CompactionStarted)
            }
            "Stop" if record.is_refused() => Rule::TurnSentBack,
            "Stop" => {
                self.end_turn();
                self.background_tasks = record.background_tasks;
                if record.background_tasks == 0 {
                    self.agents.clear();
                }
                self.go(State::Ready, Rule::TurnEnded)
            }
            "StopFailure" => {
                self.end_turn();
                self.error = Some(record.error_type.clone().into_owned());
                self.go(State::Ready, Rule::TurnFailed)
            }
            "SessionEnd" => self.end(record, at),
            "CwdChanged" => Rule::FolderChanged,
            _ => Rule::Recorded,
        }
    }

    /// Whatever carries a subagent's id leaves the session's own state alone.
    fn of_agent(&mut self, record: &Record<'_>, at: i64) -> Rule {
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

    fn go(&mut self, state: State, rule: Rule) -> Rule {
        self.state = state;
        rule
    }

    fn start(&mut self, record: &Record<'_>) -> Rule {
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
    fn enter(&mut self, record: &Record<'_>) {
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

    fn begin_turn(&mut self) {
        self.end_turn();
        self.turn_open = true;
    }

    fn end_turn(&mut self) {
        self.turn_open = false;
        self.tools.clear();
        self.finished.clear();
        self.waits.retain(|wait| wait.agent.is_some());
    }

    fn end(&mut self, record: &Record<'_>, at: i64) -> Rule {
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

    /// A compaction that a person asked for ends at the prompt, any other in the middle of the work.
    fn compaction_ended(&mut self, record: &Record<'_>) -> Rule {
        if self.state != State::Compacting {
            return Rule::Recorded;
        }
        let trigger = if self.compaction.is_empty() { &*record.trigger } else { &self.compaction };
        let is_manual = trigger == "manual";
        self.compaction.clear();
        if is_manual {
            self.end_turn();
            self.go(State::Ready, Rule::CompactionEnded)
        } else {
            self.turn_open = true;
            self.go(State::Working, Rule::CompactionEnded)
        }
    }

    fn note_activity(&mut self, record: &Record<'_>, at: i64) {
        if record.event != "PostToolUse" || record.file_path.is_empty() || record.file_op.is_empty() {
            return;
        }
        self.activity.retain(|old| old.file_path != record.file_path || old.op != record.file_op);
        let (file_path, op) = (record.file_path.clone().into_owned(), record.file_op.clone().into_owned());
        self.activity.push_back(Activity { file_path, op, at });
        let surplus = self.activity.len().saturating_sub(MOST_ACTIVITY);
        self.activity.drain(..surplus);
    }
}

impl Client {
    /// Whether this is the process; a client that was only guessed may be any.
    fn is(&self, owner: &LoggedOwner) -> bool {
        self.owner == *owner || self.owner.guessed || owner.guessed
    }
}
