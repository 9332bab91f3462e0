//! All sessions together, now: which run, which were left behind, and which states are too old to be believed.

use std::collections::HashMap;

use hooks_common::owner::LoggedOwner;
use hooks_common::session_log::Meta;
use platform::process::{Liveness, Site};

use crate::known::KnownSession;
use crate::liveness::{Oracle, Says};
use crate::machine::{Machine, SessionClient, StateRule};
use hooks_common::session_state::SessionState;

/// Ages after which the state of a session whose client cannot be looked up is no longer believed, in
/// milliseconds. At the age itself it still is.
const ACTIVE_STALE: i64 = 30_000;
const STALE: i64 = 300_000;
const READY_STALE: i64 = 900_000;
/// How long a subagent counts after its last sign.
const AGENT_SILENT: i64 = 600_000;
/// How much later than the last event a client must say so: that event's hook may still have run.
const HINT_LAG: i64 = 500;
/// How long events of a client that is gone may still arrive.
const GRACE: i64 = 2_000;

/// A session as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionVerdict {
    /// The name of its directory.
    pub name: String,
    /// What the session itself is doing.
    pub state: SessionState,
    /// The same, with its subagents.
    pub display_state: SessionState,
    /// When the state began, milliseconds since 1970.
    pub state_changed_at: i64,
    /// Whether its client runs; `None` when the session has ended.
    pub liveness: Option<Liveness>,
    /// The client it is shown with: the live one, else the last.
    pub client: Option<LoggedOwner>,
    /// Subagents at work.
    pub agents: usize,
    /// When and why it ended.
    pub ended: Option<(i64, String)>,
    /// The rules that led here.
    pub why: Vec<StateRule>,
}

/// Reconciles sessions; `now` in milliseconds since 1970. The verdicts stand in the order of the sessions.
pub fn reconcile(sessions: &[KnownSession<'_>], oracle: &mut dyn Oracle, now: i64) -> Vec<SessionVerdict> {
    let latest = Latest::of(sessions);
    sessions.iter().map(|known| judge(known, &latest, oracle, now)).collect()
}

/// The session that each client entered last, and when.
#[derive(Debug, Default)]
struct Latest<'a>(HashMap<(u32, String, Option<String>), (u64, &'a str)>);

impl<'a> Latest<'a> {
    /// A client has one session at a time: `/clear` and `/resume` leave the old one without a word. A process that
    /// was only guessed to be the client may have started many.
    fn of(sessions: &[KnownSession<'a>]) -> Self {
        let mut latest = Self::default();
        for known in sessions {
            for client in clients(known).iter().filter(|client| !client.owner.guessed) {
                let entry = latest.0.entry(key(client)).or_default();
                *entry = (*entry).max((client.entered, known.name));
            }
        }
        latest
    }

    /// Whether the client went on to another session than `name`.
    fn has_left(&self, client: &SessionClient, name: &str) -> bool {
        !client.owner.guessed && self.0.get(&key(client)).is_some_and(|(_, latest)| *latest != name)
    }
}

/// A process of a boot: its number and its start alone may come again after the next one.
fn key(client: &SessionClient) -> (u32, String, Option<String>) {
    (client.owner.pid, client.owner.start_raw.clone(), client.boot_id.clone())
}

fn judge(known: &KnownSession<'_>, latest: &Latest<'_>, oracle: &mut dyn Oracle, now: i64) -> SessionVerdict {
    let machine = known.machine;
    let mut verdict = SessionVerdict {
        name: known.name.to_owned(),
        state: machine.state,
        display_state: machine.state,
        state_changed_at: machine.state_changed_at,
        liveness: None,
        client: None,
        agents: 0,
        ended: machine.ended.as_ref().map(|ended| (ended.at, ended.reason.clone())),
        why: vec![machine.why],
    };
    let clients = clients(known);
    let is_left = |client: &&SessionClient| latest.has_left(client, known.name);
    verdict.client = clients.last().map(|client| client.owner.clone());
    if verdict.ended.is_some() {
        return verdict;
    }
    let mut liveness = if clients.is_empty() { Liveness::Unknown } else { Liveness::Dead };
    let there: Vec<&SessionClient> =
        clients.iter().filter(|client| !client.has_ended && !is_left(client)).collect();
    for client in &there {
        let site = site_of(known, client);
        match oracle.liveness(&client.owner, &site, now) {
            Liveness::Live => {
                liveness = Liveness::Live;
                verdict.client = Some(client.owner.clone());
            }
            Liveness::Unknown if liveness == Liveness::Dead => liveness = Liveness::Unknown,
            Liveness::Unknown | Liveness::Dead => {}
        }
    }
    let is_superseded = there.is_empty() && clients.iter().any(|client| is_left(&client));
    // A wrong clock may date an event into the future; that must not delay the change.
    let is_in_grace = (0..=GRACE).contains(&(now - machine.updated_at));
    if liveness == Liveness::Dead && (is_superseded || !is_in_grace) {
        let rule = if is_superseded { StateRule::Superseded } else { StateRule::PidDead };
        verdict.go(SessionState::Idle, machine.updated_at, rule);
        verdict.ended = Some((machine.updated_at, rule.name().to_owned()));
        verdict.liveness = (!is_superseded).then_some(Liveness::Dead);
        return verdict;
    }
    verdict.liveness = Some(liveness);
    match liveness {
        Liveness::Unknown => verdict.decay(machine, now),
        // No hook fires when the user presses Esc, nor when a permission is given; some clients say of themselves
        // what they do.
        Liveness::Live if machine.state.is_active() => {
            let session = known.meta.map_or(known.name, |meta| &meta.session_id);
            let client = verdict.client.clone().unwrap_or_default();
            let said = oracle.says(&client, session);
            match said.filter(|(_, since)| *since > machine.updated_at + HINT_LAG) {
                Some((Says::Idle, since)) => verdict.go(SessionState::Ready, since, StateRule::ClientIdle),
                Some((Says::Busy, since)) if machine.state == SessionState::Waiting => {
                    verdict.go(SessionState::Working, since, StateRule::ClientBusy);
                }
                _ => {}
            }
        }
        Liveness::Live | Liveness::Dead => {}
    }
    verdict.show_agents(machine, now);
    verdict
}

/// The clients that the log names, else the one that the session was opened with: it was in the session when that
/// sent its first event, unless that was its end.
fn clients(known: &KnownSession<'_>) -> Vec<SessionClient> {
    if !known.machine.clients.is_empty() {
        return known.machine.clients.clone();
    }
    let Some((meta, owner)) = known.meta.and_then(|meta| Some((meta, meta.owner.as_ref()?))) else {
        return Vec::new();
    };
    let entered = if known.machine.ended.is_none() { known.machine.began } else { 0 };
    vec![SessionClient { owner: owner.into(), boot_id: meta.boot_id.clone(), entered, has_ended: false }]
}

fn site_of(known: &KnownSession<'_>, client: &SessionClient) -> Site {
    let mut site = known.meta.map(Meta::site).unwrap_or_default();
    if let Some(boot) = &client.boot_id {
        site.boot_id = Some(boot.clone());
    }
    site
}

impl SessionVerdict {
    fn go(&mut self, state: SessionState, at: i64, rule: StateRule) {
        if self.state != state {
            (self.state, self.state_changed_at) = (state, at);
        }
        self.display_state = state;
        self.why.push(rule);
    }

    /// The client cannot be looked up: its last state counts for a while.
    fn decay(&mut self, machine: &Machine, now: i64) {
        let quiet = now - machine.updated_at;
        let is_tired =
            matches!(self.state, SessionState::Working | SessionState::Waiting) && quiet > ACTIVE_STALE;
        let is_at_rest = is_tired || self.state == SessionState::Ready;
        if quiet > STALE {
            self.go(SessionState::Idle, machine.updated_at + STALE, StateRule::Decayed);
        } else if is_at_rest && now - machine.state_changed_at > READY_STALE {
            let since = if is_tired { machine.updated_at + ACTIVE_STALE } else { 0 };
            self.go(
                SessionState::Idle,
                since.max(machine.state_changed_at + READY_STALE),
                StateRule::Decayed,
            );
        } else if is_tired {
            self.go(SessionState::Ready, machine.updated_at + ACTIVE_STALE, StateRule::Decayed);
        }
    }

    fn show_agents(&mut self, machine: &Machine, now: i64) {
        let at_work = machine.agents.values().filter(|last| now - **last <= AGENT_SILENT).count();
        self.agents = at_work;
        if self.liveness == Some(Liveness::Unknown) && now - machine.updated_at > ACTIVE_STALE {
            return;
        }
        if machine.waits.iter().any(|wait| wait.agent.is_some()) && self.state != SessionState::Idle {
            self.display_state = SessionState::Waiting;
            self.why.push(StateRule::AgentWaits);
        } else if at_work > 0 && self.state == SessionState::Ready {
            self.display_state = SessionState::Working;
            self.why.push(StateRule::AgentsWork);
        }
    }

    /// Milliseconds since 1970 at which time alone will change this verdict.
    pub fn next_change(&self, machine: &Machine, now: i64) -> Option<i64> {
        let mut times = Vec::new();
        if self.liveness == Some(Liveness::Unknown) {
            times.extend([machine.updated_at + ACTIVE_STALE, machine.updated_at + STALE]);
            times.push(machine.state_changed_at + READY_STALE);
        }
        if self.liveness == Some(Liveness::Dead) && self.ended.is_none() {
            times.push(machine.updated_at + GRACE);
        }
        if self.ended.is_none() {
            times.extend(machine.agents.values().map(|last| last + AGENT_SILENT));
        }
        times.into_iter().map(|time| time + 1).filter(|time| *time > now).min()
    }
}
