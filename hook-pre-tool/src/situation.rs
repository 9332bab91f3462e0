//! The situation of a tool use. Each fact is computed when the decision asks for it.

use config::Policy;
use continuity::turn::{self, PressureRefusal};
use gates::{Gates, ToolNeeds, protect, strict};
use git::Branch;
use guards::GuardFindings;
use hooks_common::decision::{
    ALLOWANCE, NeededRequirements, PausedBy, Situation, Stage, StageError, WeighedFinding, Weight,
};
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::pause::is_paused_by_person;
use hooks_common::project::Project;
use hooks_common::runtime::{Hook, fenced};
use hooks_common::session_id::SessionId;
use hooks_common::tool_use::ToolUse;
use platform::budget::{self, Counting};
use platform::time::Moment;

/// The known data of a tool use before the decision.
#[derive(Debug, Clone, Copy)]
pub struct ToolEvent<'a> {
    /// The root folders of all files on disk.
    pub paths: &'a Paths,
    /// The project of the event.
    pub project: &'a Project,
    /// The branch of that project.
    pub branch: &'a Branch,
    /// The host's payload, or a hypothetical one.
    pub payload: &'a Payload,
    /// The session. Without one only satisfactions of the branch count.
    pub session: Option<&'a SessionId>,
    /// The time.
    pub now: Moment,
    /// Whether the environment switches the gates off for this process.
    pub is_skipped: bool,
    /// Whether the tool is about to run. Only then do refusals count towards limits.
    pub is_real: bool,
}

/// The findings of the stages, for the texts and the record.
#[derive(Debug, Default)]
pub struct Findings {
    /// The reason why `strict_preflight` refuses the tool.
    pub strict: Option<String>,
    /// The gate that the tool use would change.
    pub violation: Option<String>,
    /// The findings of guards.
    pub guards: GuardFindings,
    /// The project's requirements, if it has a configuration.
    pub gates: Option<Gates>,
    /// The requirements that the tool needs.
    pub needs: Option<ToolNeeds>,
    /// The reason why a nearly full context refuses the tool.
    pub pressure: Option<PressureRefusal>,
}

/// The situation of a tool use.
#[derive(Debug)]
pub struct ToolSituation<'a> {
    event: ToolEvent<'a>,
    tool_use: ToolUse<'a>,
    /// The budget of this decision, whoever makes it.
    _counting: Counting,
    policy: Option<Policy>,
    /// The findings so far.
    pub findings: Findings,
}

impl<'a> ToolSituation<'a> {
    /// The situation of an event under a policy.
    pub fn new(event: ToolEvent<'a>, policy: Option<Policy>) -> Self {
        let tool_use = ToolUse::of(event.payload);
        let gates = policy.clone().map(|policy| {
            let session = event.session.map(|session| session.key().clone());
            Gates::with_policy(policy, event.project, event.branch.clone(), session, event.now.epoch())
        });
        Self {
            event,
            tool_use,
            _counting: budget::begin(ALLOWANCE),
            policy,
            findings: Findings { gates, ..Findings::default() },
        }
    }

    /// The situation of a hook's event.
    pub fn of_hook(hook: &'a Hook) -> Self {
        let event = ToolEvent {
            paths: &hook.paths,
            project: hook.project(),
            branch: hook.branch(),
            payload: &hook.payload,
            session: hook.session.as_ref(),
            now: hook.entered,
            // Without a session id there is no session to gate.
            is_skipped: hook.is_skipped() || hook.session.is_none(),
            is_real: true,
        };
        Self::new(event, hook.policy())
    }
}

impl Situation for ToolSituation<'_> {
    fn is_skipped(&mut self) -> bool {
        self.event.is_skipped
    }

    fn is_configured(&mut self) -> bool {
        self.policy.is_some()
    }

    fn is_enabled(&mut self) -> bool {
        self.policy.as_ref().is_some_and(Policy::is_enabled)
    }

    fn paused_by(&mut self) -> Option<PausedBy> {
        let session = self.event.session?;
        if !self.findings.gates.as_ref().is_some_and(Gates::is_paused) {
            return None;
        }
        let mark = self.event.project.state().pause_mark(session.key());
        let is_person = is_paused_by_person(self.event.paths, &mark, session.key());
        Some(if is_person { PausedBy::Person } else { PausedBy::Agent })
    }

    fn is_strict(&mut self) -> Result<bool, StageError> {
        let ToolEvent { paths, project, .. } = self.event;
        let found =
            fenced(Stage::Strict, || strict::refusal(paths, project, self.policy.as_ref(), &self.tool_use))?;
        self.findings.strict = found;
        Ok(self.findings.strict.is_some())
    }

    fn is_protected(&mut self) -> Result<bool, StageError> {
        if !self.policy.as_ref().is_some_and(Policy::protects_cli) {
            return Ok(false);
        }
        let ToolEvent { paths, project, .. } = self.event;
        let look = || Ok::<_, StageError>(protect::violation(paths, project, &self.tool_use));
        self.findings.violation = fenced(Stage::Protection, look)?;
        Ok(self.findings.violation.is_some())
    }

    fn guards(&mut self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        let Some(policy) = &self.policy else { return (Vec::new(), Vec::new()) };
        let ToolEvent { paths, project, payload, now, .. } = self.event;
        let look = || Ok::<_, StageError>(GuardFindings::of(paths, project, policy, payload, now));
        match fenced(Stage::Guards, look) {
            Ok(found) => self.findings.guards = found,
            Err(error) => return (Vec::new(), vec![error]),
        }
        let (found, mut failures) = self.findings.guards.decisive();
        if policy.is_incomplete() && policy.closes_on_error() {
            failures.push(StageError::new(Stage::Requirements, "a file of the configuration cannot be read"));
        }
        (found, failures)
    }

    fn is_excepted(&mut self, _weights: &[Weight]) -> bool {
        let ToolEvent { paths, project, payload, session, now, .. } = self.event;
        let Some(session) = session else { return false };
        self.findings.guards.look_for_exception(paths, project, payload, session, now)
    }

    fn requirements(&mut self) -> Result<NeededRequirements, StageError> {
        let Some(gates) = &self.findings.gates else { return Ok(NeededRequirements::NotNeeded) };
        let ToolEvent { paths, project, .. } = self.event;
        let needs = fenced(Stage::Requirements, || gates.needs(paths, project, &self.tool_use))?;
        Ok(self.findings.needs.insert(needs).decisive())
    }

    fn closes_on_error(&mut self) -> bool {
        self.policy.as_ref().is_some_and(Policy::closes_on_error)
    }

    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        let ToolEvent { paths, project, payload, session, is_real, .. } = self.event;
        let Some(session) = session else { return Ok(false) };
        let look = || turn::refuses_tool(paths, project, session, payload, is_real);
        self.findings.pressure = fenced(Stage::Pressure, look)?;
        Ok(self.findings.pressure.is_some())
    }
}
