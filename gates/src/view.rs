//! What is required, what is open, and whom it stops: the one answer for every hook and for `req`.

use std::path::Path;

use config::{Gate, Policy, PolicyError, Rule};
use hooks_common::branch::Branch;
use hooks_common::paths::{self, Paths, StateDir};
use hooks_common::project::Project;
use hooks_common::requirements::BranchState;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;
use hooks_common::session_log::GateRecord;

/// A project's gates as one session meets them.
#[derive(Debug)]
pub struct Gates {
    /// The compiled configuration.
    pub policy: Policy,
    /// The branch's state when it was looked at.
    pub state: BranchState,
    /// The folder of that state.
    pub dir: StateDir,
    /// The branch.
    pub branch: Branch,
    /// The session; without one only satisfactions at the branch count.
    pub session: Option<SessionKey>,
    /// Seconds since 1970.
    pub now: i64,
}

/// A tool about to run, or just run.
#[derive(Debug, Clone, Copy)]
pub struct ToolUse<'a> {
    /// The tool.
    pub tool: &'a str,
    /// Bash: the command.
    pub command: &'a str,
    /// The file it names, absolute.
    pub file: Option<&'a Path>,
}

/// How a requirement stands towards a tool that triggers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not satisfied: the tool is refused.
    Open,
    /// Satisfied.
    Satisfied,
    /// Never refuses; from now on Stop verifies it.
    Armed,
}

impl Standing {
    /// The word for logs and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Satisfied => "satisfied",
            Self::Armed => "armed",
        }
    }
}

/// A requirement that a tool triggers.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its gate.
    pub gate: Gate,
    /// How it stands.
    pub standing: Standing,
    /// Whether the session triggered it before.
    pub was_triggered: bool,
}

/// What the gates say to a tool.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Nothing is asked of it.
    NotAsked,
    /// It may run whatever is open, and why.
    Exempt(&'static str),
    /// What it triggers; it is refused if any of that is open.
    Asked(Vec<Asked>),
}

impl Verdict {
    /// The requirements that refuse the tool.
    pub fn open(&self) -> Vec<&Asked> {
        match self {
            Self::Asked(asked) => asked.iter().filter(|asked| asked.standing == Standing::Open).collect(),
            _ => Vec::new(),
        }
    }
}

impl Gates {
    /// The gates of a project; `None` when it has none.
    pub fn of(
        project: &Project,
        paths: &Paths,
        branch: Branch,
        session: Option<SessionKey>,
        now: i64,
    ) -> Option<Self> {
        let policy = Policy::of(project, paths)?;
        let dir = project.state();
        // What no tool asks for is not read.
        let state = BranchState::read(&dir, &branch);
        Some(Self { policy, state, dir, branch, session, now })
    }

    /// The gates of a hook's project, switched on: `None` when there are none, they are off, the session is
    /// unnamed, paused or skipped. What the log keeps of that is set on the hook.
    pub fn of_hook(hook: &mut Hook) -> Option<Self> {
        let session = hook.session.clone()?;
        let policy = Policy::of(hook.project(), &hook.paths)?;
        let logging = policy.logging().clone();
        hook.log.configure(logging.level, logging.file, logging.to_file);
        hook.log.debug(format!("policy {}, branch {}", policy.hash(), hook.branch()));
        let mut record = GateRecord {
            policy: policy.hash().to_owned(),
            branch: hook.branch().name().to_owned(),
            ..GateRecord::default()
        };
        let dir = hook.project().state();
        let stand_aside = if hook.is_skipped() {
            "skipped"
        } else if !policy.is_enabled() {
            "disabled"
        } else if dir.pause_mark(session.key()).exists() {
            "paused"
        } else {
            ""
        };
        if !stand_aside.is_empty() {
            record.outcome = stand_aside.to_owned();
            hook.gates = Some(record);
            return None;
        }
        hook.gates = Some(record);
        let (branch, now) = (hook.branch().clone(), hook.entered.epoch());
        let state = BranchState::read(&dir, &branch);
        Some(Self { policy, state, dir, branch, session: Some(session.key().clone()), now })
    }

    /// What the gates say to a tool, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged, or a pattern gave up; the message names it.
    pub fn verdict(&self, paths: &Paths, root: &Path, tool_use: &ToolUse<'_>) -> Result<Verdict, String> {
        let gates = self.policy.gates(tool_use.tool).map_err(|error| error.to_string())?;
        if gates.is_empty() {
            return Ok(Verdict::NotAsked);
        }
        if let Some(reason) = exemption(paths, root, tool_use) {
            return Ok(Verdict::Exempt(reason));
        }
        let asked: Vec<_> =
            triggered(gates, tool_use.command)?.into_iter().map(|gate| self.ask(gate)).collect();
        Ok(if asked.is_empty() { Verdict::NotAsked } else { Verdict::Asked(asked) })
    }

    fn ask(&self, gate: Gate) -> Asked {
        let view = self.state.view(&gate.name, self.session.as_ref());
        let standing = if gate.stop_only {
            Standing::Armed
        } else if view.is_satisfied(gate.scope, self.now) {
            Standing::Satisfied
        } else {
            Standing::Open
        };
        Asked { standing, was_triggered: view.is_triggered(), gate }
    }

    /// Whether a requirement is satisfied for the session. Every place that shows or enforces it asks here.
    pub fn is_satisfied(&self, rule: &Rule) -> bool {
        self.state.view(&rule.name, self.session.as_ref()).is_satisfied(rule.requirement.scope, self.now)
    }

    /// Whether the session did something that needs the requirement.
    pub fn is_triggered(&self, rule: &Rule) -> bool {
        self.state.view(&rule.name, self.session.as_ref()).is_triggered()
    }

    /// The requirements in force that are not satisfied.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn open(&self) -> Result<Vec<Rule>, PolicyError> {
        Ok(self.policy.rules()?.into_iter().filter(|rule| !self.is_satisfied(rule)).collect())
    }
}

/// The gates that a tool use triggers: those without a pattern, and those whose pattern is in the command.
///
/// # Errors
/// When a pattern gave up.
pub fn triggered(gates: Vec<Gate>, command: &str) -> Result<Vec<Gate>, String> {
    let mut lower = None;
    let mut triggered = Vec::with_capacity(gates.len());
    for gate in gates {
        let mut hit = gate.patterns.is_empty();
        for pattern in &gate.patterns {
            let lower = lower.get_or_insert_with(|| command.to_ascii_lowercase());
            hit = hit || pattern.is_match(command, lower)?;
        }
        if hit {
            triggered.push(gate);
        }
    }
    Ok(triggered)
}

/// Why a tool use passes whatever is open.
fn exemption(paths: &Paths, root: &Path, tool_use: &ToolUse<'_>) -> Option<&'static str> {
    if tool_use.tool == "Bash" && is_req_command(tool_use.command) {
        return Some("req");
    }
    let file = tool_use.file.filter(|file| file.extension().is_some_and(|extension| extension == "md"))?;
    let file = paths::resolve(file);
    let in_plans = [paths.plans(), root.join(".claude/plans"), root.join("docs/plans")]
        .iter()
        .any(|plans| file.starts_with(paths::resolve(plans)));
    in_plans.then_some("plan")
}

/// Whether a command is one call of `req` and nothing else: the way out of a gate stays open even where every
/// Bash command is gated. Anything that could start a second command is not such a call.
fn is_req_command(command: &str) -> bool {
    let plain = |c: char| {
        !matches!(c, ';' | '&' | '|' | '<' | '>' | '$' | '`' | '(' | ')' | '\n' | '\r' | '\\' | '#')
    };
    let command = command.trim();
    let name = command.split_whitespace().next().unwrap_or_default();
    name.rsplit('/').next() == Some("req") && command.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lone_call_of_req_is_exempt() {
        for command in [
            "req satisfy plan --session abc",
            "/x/.stanchion/bin/req pause",
            " req status ",
            "req why Edit 'a b'",
        ] {
            assert!(is_req_command(command), "{command}");
        }
        for command in [
            "req pause && rm -rf x",
            "echo req pause",
            "req `x`",
            "req $(x)",
            "req pause\nrm x",
            "xreq pause",
            "req a > b",
            "",
        ] {
            assert!(!is_req_command(command), "{command}");
        }
    }
}
