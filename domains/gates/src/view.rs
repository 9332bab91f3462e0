//! What is required, what is open, and whom it stops: the one answer for every hook and for `req`.

use std::cell::OnceCell;
use std::ops::Deref;

use config::types::Mode;
use config::{ConfigError, Gate, Policy, Rule};
use git::Branch;
use hooks_common::paths::{Paths, StateDir};
use hooks_common::project::Project;
use hooks_common::requirements::BranchState;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;
use hooks_common::session_log::GateRecord;

use crate::judge::{Judged, Situation, Standing, judge};
use crate::trigger::{self, Triggers};
use hooks_common::tool_use::ToolUse;

/// A project's gates as one session meets them.
#[derive(Debug)]
pub struct Gates {
    /// The compiled configuration.
    pub policy: Policy,
    /// The branch's state when it was looked at.
    pub state: LazyState,
    /// The folder of that state.
    pub dir: StateDir,
    /// The branch.
    pub branch: Branch,
    /// The session; without one only satisfactions at the branch count.
    pub session: Option<SessionKey>,
    /// Seconds since 1970.
    pub now: i64,
}

/// A branch's state, read when it is first asked for: a tool that triggers nothing needs none.
#[derive(Debug)]
pub struct LazyState {
    source: Option<(StateDir, Branch)>,
    read: OnceCell<BranchState>,
}

impl LazyState {
    /// The state of a branch, not yet read.
    pub fn of(dir: &StateDir, branch: &Branch) -> Self {
        Self { source: Some((dir.clone(), branch.clone())), read: OnceCell::new() }
    }
}

impl From<BranchState> for LazyState {
    fn from(state: BranchState) -> Self {
        Self { source: None, read: OnceCell::from(state) }
    }
}

impl Deref for LazyState {
    type Target = BranchState;

    fn deref(&self) -> &BranchState {
        self.read.get_or_init(|| match &self.source {
            Some((dir, branch)) => BranchState::read(dir, branch),
            None => BranchState::empty_of(&Branch::outside_git()),
        })
    }
}

/// A requirement that a tool triggers.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its gate.
    pub gate: Gate,
    /// What was found about it.
    pub judged: Judged,
    /// Whether the session triggered it before.
    pub was_triggered: bool,
}

impl Asked {
    /// Whether it refuses the tool.
    pub fn refuses(&self) -> bool {
        match self.judged.standing {
            Standing::Open => self.gate.mode == Mode::Enforce,
            Standing::Failed => self.gate.closes_on_error,
            Standing::Satisfied | Standing::Armed => false,
        }
    }

    /// How it stands, in the word that logs keep.
    pub fn word(&self) -> &'static str {
        word(self.judged.standing, self.gate.mode)
    }
}

/// How a requirement of this mode stands, in the word that logs keep.
pub fn word(standing: Standing, mode: Mode) -> &'static str {
    match (standing, mode) {
        (Standing::Open, Mode::Observe) => "observed",
        (Standing::Open, Mode::Warn) => "warned",
        _ => standing.name(),
    }
}

/// What the gates say to a tool.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Nothing is asked of it.
    NotAsked,
    /// It may run whatever is open, and why.
    Exempt(&'static str),
    /// What it triggers; it is refused if any of that refuses.
    Asked(Vec<Asked>),
}

impl Verdict {
    /// The requirements that the tool triggers.
    pub fn asked(&self) -> &[Asked] {
        match self {
            Self::Asked(asked) => asked,
            _ => &[],
        }
    }

    /// The requirements that refuse the tool.
    pub fn refusing(&self) -> Vec<&Asked> {
        self.asked().iter().filter(|asked| asked.refuses()).collect()
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
        let policy = project.policy(paths)?;
        let dir = project.state();
        let state = LazyState::of(&dir, &branch);
        Some(Self { policy, state, dir, branch, session, now })
    }

    /// The gates of a hook's project, switched on: `None` when there are none, they are off, the session is
    /// unnamed, paused or skipped. What the log keeps of that is set on the hook.
    pub fn of_hook(hook: &mut Hook) -> Option<Self> {
        let policy = hook.policy()?;
        Self::with_policy(hook, policy)
    }

    /// [`Gates::of_hook`] for a stage that comes after another one, whose record for the log stays.
    pub fn of_later_stage(hook: &mut Hook) -> Option<Self> {
        let policy = hook.policy()?;
        Self::of_later_stage_with(hook, policy)
    }

    /// The same for a policy that was read already.
    pub fn of_later_stage_with(hook: &mut Hook, policy: Policy) -> Option<Self> {
        let recorded = hook.gates.take();
        let gates = Self::with_policy(hook, policy);
        hook.gates = recorded;
        gates
    }

    /// [`Gates::of_hook`] for a policy that was read already.
    pub fn with_policy(hook: &mut Hook, policy: Policy) -> Option<Self> {
        let session = hook.session.clone()?;
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
        let state = LazyState::of(&dir, &branch);
        Some(Self { policy, state, dir, branch, session: Some(session.key().clone()), now })
    }

    /// What the gates say to a tool, in the order of the configuration. A gate that cannot be evaluated stands as
    /// failed and costs no other.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn verdict(
        &self,
        paths: &Paths,
        project: &Project,
        tool_use: &ToolUse<'_>,
    ) -> Result<Verdict, ConfigError> {
        let mut triggers = Triggers::new(tool_use, project.root(), paths);
        let gates = triggers.gates(&self.policy)?;
        if gates.is_empty() {
            return Ok(Verdict::NotAsked);
        }
        if let Some(reason) = trigger::exemption(paths, project.root(), tool_use) {
            return Ok(Verdict::Exempt(reason));
        }
        let situation = Situation { paths, project, tool_use: Some(tool_use), may_compute: true };
        let mut asked = Vec::new();
        for gate in gates {
            let judged = match triggers.ask(&gate) {
                Ok(false) => continue,
                Ok(true) => self.judge_gate(&gate, &situation),
                Err(error) => Judged::failed(error),
            };
            let was_triggered = self.state.view(&gate.name, self.session.as_ref()).is_triggered();
            asked.push(Asked { gate, judged, was_triggered });
        }
        Ok(if asked.is_empty() { Verdict::NotAsked } else { Verdict::Asked(asked) })
    }

    /// State alone decides about most gates; the whole rule is read for the others.
    fn judge_gate(&self, gate: &Gate, situation: &Situation<'_>) -> Judged {
        if gate.stop_only {
            return Judged { standing: Standing::Armed, ..Judged::plain(false) };
        }
        if !gate.is_judged {
            let view = self.state.view(&gate.name, self.session.as_ref());
            return Judged::plain(view.is_satisfied(gate.scope, self.now));
        }
        match self.policy.rule(gate) {
            Ok(rule) => judge(self, &rule, situation),
            Err(error) => Judged::failed(error.to_string()),
        }
    }

    /// Whether somebody satisfied or approved a requirement for the session. Evidence and conditions are
    /// [`judge`]'s.
    pub fn is_given(&self, rule: &Rule) -> bool {
        self.state.view(&rule.name, self.session.as_ref()).is_satisfied(rule.requirement.scope, self.now)
    }

    /// Whether the session did something that needs the requirement.
    pub fn is_triggered(&self, rule: &Rule) -> bool {
        self.state.view(&rule.name, self.session.as_ref()).is_triggered()
    }

    /// Every requirement in force and how it stands, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn survey(&self, situation: &Situation<'_>) -> Result<Vec<(Rule, Judged)>, ConfigError> {
        let judged = |rule: Rule| {
            let judged = judge(self, &rule, situation);
            (rule, judged)
        };
        Ok(self.policy.rules()?.into_iter().map(judged).collect())
    }

    /// The requirements that are open and that a session has to know of: those that are only observed would be
    /// changed by being told.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn open(&self, situation: &Situation<'_>) -> Result<Vec<Rule>, ConfigError> {
        let all = self.survey(situation)?.into_iter();
        Ok(all.filter(|(rule, judged)| is_told(rule, judged)).map(|(rule, _)| rule).collect())
    }
}

/// Whether a requirement is open and a session has to know of it.
pub fn is_told(rule: &Rule, judged: &Judged) -> bool {
    judged.standing == Standing::Open && rule.requirement.mode != Mode::Observe
}
