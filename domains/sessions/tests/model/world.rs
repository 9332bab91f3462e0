//! A host in which clients come and go, as the real one behaves, with its silences.

use std::collections::{BTreeMap, BTreeSet};

use hooks_common::owner::LoggedOwner;
use platform::process::{Liveness, Site};
use sessions::liveness::Oracle;

use crate::Dice;
use crate::sent::Sent;

/// The projects of the first sessions; the second lies in the first.
pub const PROJECTS: [&str; 3] = ["/p0", "/p1", "/p0/pkg"];
pub const FILES: [&str; 4] = ["/p0/a.rs", "/p1/b.rs", "/p0/pkg/c.rs", "/p0/pkg/d.rs"];
pub const TOOLS: [&str; 5] = ["Bash", "Bash", "Edit", "Read", "AskUserQuestion"];
const EVENTS: [&str; 20] = [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "Elicitation",
    "ElicitationResult",
    "PreCompact",
    "PostCompact",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "SessionEnd",
    "CwdChanged",
    "_satisfy",
];

/// A client and its turn.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub owner: LoggedOwner,
    pub boot: usize,
    pub is_alive: bool,
    /// Whether this machine cannot tell.
    pub is_far: bool,
    /// Whether its hooks run below a shell.
    in_shell: bool,
    /// The session it is in.
    pub session: Option<usize>,
    pub is_in_turn: bool,
    pub was_sent_back: bool,
    pub tools: Vec<Sent>,
    pub asked: BTreeSet<String>,
    pub agents: Vec<String>,
    pub form: bool,
}

/// Everything that happened.
#[derive(Debug, Clone)]
pub struct World {
    pub dice: Dice,
    pub clients: Vec<Client>,
    /// The project of each session.
    pub sessions: Vec<&'static str>,
    pub sent: Vec<Sent>,
    pub boot: usize,
    pub now: i64,
    mono: u64,
    /// Ends of tools that are still to come.
    pub late: Vec<Sent>,
    /// Whether machines are started anew, clocks set, and events come that no host would send.
    pub is_rough: bool,
    most_sessions: usize,
}

impl World {
    /// What happens in so many steps when anything may, in so many sessions.
    pub fn rough(seed: u64, steps: usize, most_sessions: usize) -> Self {
        let mut world = Self { is_rough: true, most_sessions, ..Self::empty(seed) };
        for _ in 0..steps {
            world.step();
        }
        world
    }

    /// A host on which nothing has happened yet, and will only what hosts do.
    pub fn empty(seed: u64) -> Self {
        Self {
            dice: Dice(seed.wrapping_mul(0x5851_f42d_4c95_7f2d)),
            clients: Vec::new(),
            sessions: Vec::new(),
            sent: Vec::new(),
            boot: 0,
            now: 10_000,
            mono: 1_000,
            late: Vec::new(),
            is_rough: false,
            most_sessions: 5,
        }
    }

    /// Whether a client runs, in the words of the process table.
    pub fn liveness(&self, owner: &LoggedOwner) -> Liveness {
        let same =
            |client: &&Client| (client.owner.pid, &client.owner.start_raw) == (owner.pid, &owner.start_raw);
        match self.clients.iter().rfind(same) {
            Some(client) if client.is_far => Liveness::Unknown,
            Some(client) if client.is_alive => Liveness::Live,
            Some(_) if owner.guessed => Liveness::Unknown,
            _ => Liveness::Dead,
        }
    }

    /// Whether a number is in use on this machine.
    pub fn is_running(&self, pid: u32) -> bool {
        self.clients.iter().any(|client| client.is_alive && !client.is_far && client.owner.pid == pid)
    }

    pub fn step(&mut self) {
        self.pass_time();
        if self.is_rough && self.dice.percent(2) && self.boot < 2 {
            self.reboot();
        }
        if !self.late.is_empty() && self.dice.percent(30) {
            let late = self.late.remove(0);
            self.send(late);
            return;
        }
        if self.is_rough && self.dice.percent(12) {
            return self.surprise();
        }
        let living: Vec<usize> = (0..self.clients.len()).filter(|at| self.clients[*at].is_alive).collect();
        let me = match living.len() {
            0 => self.new_client(),
            1 | 2 if self.dice.percent(6) => self.new_client(),
            _ => self.dice.pick(&living),
        };
        match (self.clients[me].session, self.clients[me].is_in_turn) {
            (None, _) => self.begin(me),
            (Some(_), false) => self.at_prompt(me),
            (Some(_), true) => self.in_turn(me),
        }
    }

    fn pass_time(&mut self) {
        let seconds = match self.dice.below(100) {
            0..40 => 0,
            40..80 => 1 + self.dice.below(4),
            80..95 => 5 + self.dice.below(60),
            95..98 => 200 + self.dice.below(200),
            _ => 500 + self.dice.below(1_000),
        };
        self.now += i64::try_from(seconds).unwrap();
        self.mono += seconds as u64 * 1_000_000_000;
        if self.is_rough && self.dice.percent(1) {
            self.now += i64::try_from(self.dice.below(7_200)).unwrap() - 3_600;
        }
    }

    /// Any event of any client, dead or alive, in any session that was heard of since the boot.
    fn surprise(&mut self) {
        let heard: Vec<usize> =
            self.sent.iter().filter(|sent| sent.boot == self.boot).map(|sent| sent.session).collect();
        if heard.is_empty() {
            return;
        }
        let session = self.dice.pick(&heard);
        let me = self.dice.below(self.clients.len());
        let before = self.clients[me].session.replace(session);
        let event = self.dice.pick(&EVENTS);
        let event = Sent {
            tool: self.dice.pick(&TOOLS),
            digest: self.dice.pick(&["", "1", "2"]),
            tool_use: self.dice.pick(&["", "t10", "t11", "t12"]).to_owned(),
            file: self.dice.pick(&["", FILES[0], FILES[2]]),
            agent: self.dice.pick(&["", "", "", "a1", "a2"]).to_owned(),
            source: self.dice.pick(&["startup", "resume", "compact"]),
            trigger: self.dice.pick(&["", "manual", "auto"]),
            notification: self.dice.pick(&[
                "idle_prompt",
                "permission_prompt",
                "elicitation_dialog",
                "other",
            ]),
            background_tasks: u32::from(self.dice.percent(30)),
            stop_hook_active: self.dice.percent(30),
            is_interrupt: self.dice.percent(10),
            is_blocked: self.dice.percent(20),
            ..self.event(me, event)
        };
        self.clients[me].session = before;
        self.send(event);
    }

    fn reboot(&mut self) {
        self.boot += 1;
        self.mono = 1_000;
        self.late.clear();
        for client in &mut self.clients {
            client.is_alive = false;
        }
    }

    fn new_client(&mut self) -> usize {
        // Numbers come again, with another start.
        let pid = 100 + u32::try_from(self.clients.len() % 3).unwrap();
        let pid = if self.is_running(pid) { 200 + u32::try_from(self.clients.len()).unwrap() } else { pid };
        self.clients.push(Client {
            owner: LoggedOwner {
                pid,
                start_raw: format!("{}{:02}", self.boot, self.clients.len()),
                guessed: self.dice.percent(10),
            },
            boot: self.boot,
            is_alive: true,
            is_far: self.dice.percent(10),
            in_shell: self.dice.percent(15),
            ..Client::default()
        });
        self.clients.len() - 1
    }

    /// An event of a client in its session, without anything of its own.
    pub fn event(&self, me: usize, event: &'static str) -> Sent {
        let client = &self.clients[me];
        let session = client.session.unwrap();
        Sent {
            session,
            event,
            owner: client.owner.clone(),
            is_named: matches!(event, "SessionStart" | "UserPromptSubmit" | "SessionEnd"),
            // A shell is another process each time, and gone when anybody looks.
            ppid: if client.in_shell {
                50_000 + u32::try_from(self.sent.len()).unwrap()
            } else {
                client.owner.pid
            },
            cwd: self.sessions[session],
            ..Sent::default()
        }
    }

    pub fn send(&mut self, event: Sent) {
        self.mono += 1 + self.dice.below(1_000) as u64;
        let (id, boot, mono, at) = (self.sent.len(), self.boot, self.mono, self.now);
        self.sent.push(Sent { id, boot, mono, at, ..event });
    }

    pub fn tell(&mut self, me: usize, event: &'static str) {
        let event = self.event(me, event);
        self.send(event);
    }

    pub fn enter(&mut self, me: usize, session: usize, source: &'static str) {
        self.clients[me].session = Some(session);
        self.clients[me].is_in_turn = false;
        // The first event after a boot names it; otherwise a start may be lost.
        let is_first = !self.sent.iter().any(|sent| sent.session == session && sent.boot == self.boot);
        if is_first || !self.is_rough || self.dice.percent(95) {
            let start = Sent { source, ..self.event(me, "SessionStart") };
            self.send(start);
        }
    }

    pub fn new_session(&mut self) -> usize {
        if self.sessions.len() >= self.most_sessions {
            return self.dice.below(self.sessions.len());
        }
        let project = self.dice.pick(&PROJECTS);
        self.sessions.push(project);
        self.sessions.len() - 1
    }

    fn begin(&mut self, me: usize) {
        if self.sessions.is_empty() || (self.sessions.len() < self.most_sessions && self.dice.percent(60)) {
            let session = self.new_session();
            self.enter(me, session, "startup");
        } else {
            let session = self.dice.below(self.sessions.len());
            self.enter(me, session, "resume");
        }
    }

    pub fn leave(&mut self, me: usize, chance: usize) {
        self.end_turn(me, true);
        self.clients[me].agents.clear();
        if self.dice.percent(chance) {
            self.tell(me, "SessionEnd");
        }
    }
}

impl Oracle for &World {
    fn liveness(&mut self, client: &LoggedOwner, _: &Site, _: i64) -> Liveness {
        World::liveness(self, client)
    }
}

/// The events by session, each session's in order.
pub fn by_session(sent: &[Sent]) -> BTreeMap<usize, Vec<&Sent>> {
    let mut logs: BTreeMap<usize, Vec<&Sent>> = BTreeMap::new();
    for event in sent {
        logs.entry(event.session).or_default().push(event);
    }
    logs
}
