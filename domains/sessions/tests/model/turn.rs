//! What a client does at its prompt and in its turn, and what of that its hooks are told.

use crate::sent::Sent;
use crate::world::{FILES, PROJECTS, TOOLS, World};

impl World {
    pub fn at_prompt(&mut self, me: usize) {
        match self.dice.below(100) {
            0..45 => {
                self.clients[me].is_in_turn = true;
                self.tell(me, "UserPromptSubmit");
            }
            45..52 => {
                self.leave(me, 60);
                let session = self.new_session();
                self.enter(me, session, "clear");
            }
            52..56 => {
                self.leave(me, 60);
                let session = self.dice.below(self.sessions.len());
                self.enter(me, session, "resume");
            }
            56..64 => self.compact(me, "manual"),
            64..72 => {
                self.leave(me, 80);
                if self.dice.percent(20) {
                    self.tell(me, "UserPromptSubmit");
                }
                self.clients[me].is_alive = false;
            }
            72..74 => self.kill(me),
            74..82 => {
                let idle = Sent { notification: "idle_prompt", ..self.event(me, "Notification") };
                self.send(idle);
            }
            82..85 => {
                let cwd = self.dice.pick(&PROJECTS);
                let moved = Sent { cwd, ..self.event(me, "CwdChanged") };
                self.send(moved);
            }
            85..88 => self.tell(me, "SomethingNew"),
            _ => self.of_agent(me),
        }
    }

    pub fn in_turn(&mut self, me: usize) {
        match self.dice.below(100) {
            0..28 => self.begin_tool(me),
            28..54 => self.end_tool(me),
            54..62 => self.ask(me),
            62..64 => self.deny(me),
            64..68 => self.form(me),
            68..70 if self.clients[me].tools.is_empty() => self.compact(me, "auto"),
            70..86 => self.stop(me),
            86..88 => {
                self.end_turn(me, false);
                self.tell(me, "StopFailure");
            }
            // Esc: nothing is said.
            88..90 => self.end_turn(me, false),
            90..91 => self.kill(me),
            91..93 => self.tell(me, "SomethingNew"),
            _ => self.of_agent(me),
        }
    }

    fn kill(&mut self, me: usize) {
        self.clients[me].is_alive = false;
    }

    /// Ends the turn; tools may still end after it where they `linger`.
    pub fn end_turn(&mut self, me: usize, linger: bool) {
        let client = &mut self.clients[me];
        (client.is_in_turn, client.form) = (false, false);
        client.asked.clear();
        for tool in std::mem::take(&mut client.tools) {
            if linger && self.dice.percent(40) {
                self.late.push(Sent { event: "PostToolUse", ..tool });
            }
        }
    }

    fn begin_tool(&mut self, me: usize) {
        let tool = self.dice.pick(&TOOLS);
        let file = if matches!(tool, "Edit" | "Read") { self.dice.pick(&FILES) } else { "" };
        let begun = Sent {
            tool,
            file,
            tool_use: format!("t{}", self.sent.len()),
            digest: self.dice.pick(&["1", "2"]),
            is_blocked: self.dice.percent(5),
            ..self.event(me, "PreToolUse")
        };
        if !begun.is_blocked {
            self.clients[me].tools.push(begun.clone());
        }
        self.send(begun);
    }

    fn end_tool(&mut self, me: usize) {
        let open = self.clients[me].tools.len();
        if open == 0 {
            return self.tell(me, "PostToolBatch");
        }
        let at = self.dice.below(open);
        let tool = self.clients[me].tools.remove(at);
        self.clients[me].asked.remove(&tool.tool_use);
        match self.dice.below(20) {
            0 => {
                self.send(Sent { event: "PostToolUseFailure", is_interrupt: true, ..tool });
                self.end_turn(me, true);
            }
            1..4 => self.send(Sent { event: "PostToolUseFailure", ..tool }),
            // It was refused by hand.
            4 => {}
            _ => self.send(Sent { event: "PostToolUse", ..tool }),
        }
    }

    fn ask(&mut self, me: usize) {
        let client = &self.clients[me];
        let Some(tool) = client.tools.iter().find(|tool| !client.asked.contains(&tool.tool_use)) else {
            return;
        };
        let asks = Sent { event: "PermissionRequest", tool_use: String::new(), ..tool.clone() };
        let tool_use = tool.tool_use.clone();
        self.clients[me].asked.insert(tool_use);
        self.send(asks);
        if self.dice.percent(20) {
            let prompt = Sent { notification: "permission_prompt", ..self.event(me, "Notification") };
            self.send(prompt);
        }
    }

    fn deny(&mut self, me: usize) {
        if let Some(tool) = self.clients[me].tools.pop() {
            self.clients[me].asked.remove(&tool.tool_use);
            self.send(Sent { event: "PermissionDenied", ..tool });
        }
    }

    fn form(&mut self, me: usize) {
        let answers = std::mem::replace(&mut self.clients[me].form, false);
        if answers {
            return self.tell(me, "ElicitationResult");
        }
        self.clients[me].form = true;
        self.tell(me, "Elicitation");
    }

    fn compact(&mut self, me: usize, trigger: &'static str) {
        for (event, source, agent) in [
            ("PreCompact", "", ""),
            ("SubagentStop", "", "a0"),
            ("SessionStart", "compact", ""),
            ("PostCompact", "", ""),
        ] {
            // The host may fail in between.
            if self.is_rough && self.dice.percent(4) {
                return;
            }
            self.now += i64::from(self.dice.percent(30)) * 20;
            let event = Sent { trigger, source, agent: agent.to_owned(), ..self.event(me, event) };
            self.send(event);
        }
    }

    fn stop(&mut self, me: usize) {
        let background_tasks = u32::try_from(self.clients[me].agents.len()).unwrap();
        let was_sent_back = self.clients[me].was_sent_back;
        let is_blocked = self.dice.percent(12);
        let stop =
            Sent { background_tasks, is_blocked, stop_hook_active: was_sent_back, ..self.event(me, "Stop") };
        self.clients[me].was_sent_back = is_blocked;
        if is_blocked {
            self.clients[me].tools.clear();
            self.clients[me].asked.clear();
            self.clients[me].form = false;
        } else {
            self.end_turn(me, true);
        }
        self.send(stop);
    }

    fn of_agent(&mut self, me: usize) {
        let known = self.clients[me].agents.clone();
        if known.is_empty() || self.dice.percent(20) {
            let agent = format!("a{}", 1 + self.dice.below(9));
            if self.clients[me].is_in_turn && !known.contains(&agent) {
                self.clients[me].agents.push(agent.clone());
                let begins = Sent { agent, ..self.event(me, "SubagentStart") };
                self.send(begins);
            }
            return;
        }
        let agent = self.dice.pick(&known);
        let event = self.dice.pick(&["PreToolUse", "PostToolUse", "PermissionRequest", "SubagentStop"]);
        if event == "SubagentStop" {
            self.clients[me].agents.retain(|other| *other != agent);
        }
        let (tool, digest) = ("Bash", self.dice.pick(&["1", "2"]));
        let event = Sent { agent, tool, digest, ..self.event(me, event) };
        self.send(event);
    }
}
