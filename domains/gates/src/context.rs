//! A project's requirements as one session meets them: the policy, the branch and its state, the time.

use std::cell::OnceCell;
use std::ops::Deref;

use config::{Policy, Rule};
use git::Branch;
use hooks_common::decision::{Outcome, switched_off};
use hooks_common::paths::{Paths, StateDir};
use hooks_common::pause::is_paused_by_person;
use hooks_common::project::Project;
use hooks_common::requirements::{BranchState, View};
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;

use crate::record::GateRecord;

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

impl LazyState {
    /// The reason why the state could not be read. `None` if it was read, or was not needed yet.
    pub fn known_problem(&self) -> Option<&str> {
        self.read.get()?.problem()
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
        Some(Self::with_policy(policy, project, branch, session, now))
    }

    /// The gates of a project whose policy was read already.
    pub fn with_policy(
        policy: Policy,
        project: &Project,
        branch: Branch,
        session: Option<SessionKey>,
        now: i64,
    ) -> Self {
        let dir = project.state();
        let state = LazyState::of(&dir, &branch);
        Self { policy, state, dir, branch, session, now }
    }

    /// The gates of a hook's project, whether they are switched on or not; `None` without a configuration or a named
    /// session.
    pub fn of_project(hook: &Hook) -> Option<Self> {
        let session = hook.session.as_ref()?.key().clone();
        let (branch, now) = (hook.branch().clone(), hook.entered.epoch());
        Some(Self::with_policy(hook.policy()?, hook.project(), branch, Some(session), now))
    }

    /// The gates of a hook's project where they are switched on. What the log keeps of that is set on the hook.
    pub fn of_hook(hook: &mut Hook) -> Option<Self> {
        let gates = Self::of_project(hook)?;
        let off = gates.switched_off(hook.is_skipped());
        gates.begin_record(hook).outcome = off.unwrap_or_default();
        off.is_none().then_some(gates)
    }

    /// Begins what the log keeps of an event: the policy and the branch that it is decided on.
    pub(crate) fn begin_record<'h>(&self, hook: &'h mut Hook) -> &'h mut GateRecord {
        hook.log.debug(format!("policy {}, branch {}", self.policy.hash(), self.branch));
        let record = hook.records.get_mut::<GateRecord>();
        *record = GateRecord::begun(self.policy.hash(), self.branch.name());
        record
    }

    /// [`Gates::of_hook`] for a stage that comes after another one, whose record for the log stays.
    pub fn of_later_stage(hook: &Hook) -> Option<Self> {
        Self::of_project(hook).filter(|gates| gates.switched_off(hook.is_skipped()).is_none())
    }

    /// Why the requirements stand aside, if they do.
    pub fn switched_off(&self, is_skipped: bool) -> Option<Outcome> {
        switched_off(is_skipped, self.policy.is_enabled(), self.is_paused())
    }

    /// Whether the session is paused. With `protect_cli` only a pause that a person gave counts: any command can write a
    /// mark.
    pub fn is_paused(&self) -> bool {
        self.session.as_ref().is_some_and(|session| {
            let mark = self.dir.pause_mark(session);
            match self.policy.protects_cli() {
                true => is_paused_by_person(self.dir.paths(), &mark, session),
                false => mark.exists(),
            }
        })
    }

    /// A requirement as the session sees it. With `protect_cli` only what our own programs satisfied counts.
    pub fn view<'a>(&'a self, name: &'a str) -> View<'a> {
        let view = self.state.view(name, self.session.as_ref());
        if self.policy.protects_cli() { view.only_sealed(&self.dir, &self.branch) } else { view }
    }

    /// Whether a user or agent satisfied or approved a requirement for the session. Evidence and conditions are
    /// [`crate::judge()`]'s.
    pub fn is_given(&self, rule: &Rule) -> bool {
        self.view(&rule.name).is_satisfied(rule.requirement.scope, self.now)
    }

    /// Whether the session did something that needs the requirement.
    pub fn is_triggered(&self, rule: &Rule) -> bool {
        self.state.view(&rule.name, self.session.as_ref()).is_triggered()
    }
}
