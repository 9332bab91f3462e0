//! The situation at the end of a turn. Each fact is computed when the decision asks for it.

use std::collections::BTreeSet;

use continuity::turn;
use gates::refusal::Refused;
use gates::{EvalContext, Gates, stop, tracking};
use hooks_common::decision::{ALLOWANCE, NeededRequirements, PausedBy, Situation, Stage, StageError};
use hooks_common::pause::is_paused_by_person;
use hooks_common::runtime::{Hook, fenced};
use platform::budget::{self, Counting};

/// The situation at the end of a turn.
#[derive(Debug)]
pub struct TurnSituation<'a> {
    hook: &'a Hook,
    /// What the session triggered and the state does not hold.
    unmarked: BTreeSet<String>,
    /// The budget of this decision.
    _counting: Counting,
    /// The project's requirements, where it has a configuration.
    pub gates: Option<Gates>,
    /// The requirements that the session triggered.
    pub triggered: Vec<Refused>,
    /// The question about the progress of the work.
    pub question: Option<String>,
    /// The reason why a nearly full context blocks the end of the turn.
    pub pressure: Option<String>,
}

impl<'a> TurnSituation<'a> {
    /// The situation of a hook's event, where the session triggered `unmarked` besides what the state holds.
    pub fn of_hook(hook: &'a Hook, gates: Option<Gates>, unmarked: BTreeSet<String>) -> Self {
        Self {
            hook,
            unmarked,
            _counting: budget::begin(ALLOWANCE),
            gates,
            triggered: Vec::new(),
            question: None,
            pressure: None,
        }
    }
}

impl Situation for TurnSituation<'_> {
    fn ends_turn(&self) -> bool {
        true
    }

    fn is_skipped(&mut self) -> bool {
        self.hook.is_skipped()
    }

    fn is_configured(&mut self) -> bool {
        self.gates.is_some()
    }

    fn is_enabled(&mut self) -> bool {
        self.gates.as_ref().is_some_and(|gates| gates.policy.is_enabled())
    }

    fn paused_by(&mut self) -> Option<PausedBy> {
        let gates = self.gates.as_ref().filter(|gates| gates.is_paused())?;
        let session = gates.session.as_ref()?;
        let is_person = is_paused_by_person(&self.hook.paths, &gates.dir.pause_mark(session), session);
        Some(if is_person { PausedBy::Person } else { PausedBy::Agent })
    }

    fn requirements(&mut self) -> Result<NeededRequirements, StageError> {
        let Some(gates) = &self.gates else { return Ok(NeededRequirements::NotNeeded) };
        let context = EvalContext::of_project(&self.hook.paths, self.hook.project());
        self.triggered = fenced(Stage::Requirements, || {
            let settings = gates.policy.settings()?;
            stop::triggered(gates, &settings.stop, &self.unmarked, &context)
        })?;
        Ok(stop::decisive(&self.triggered))
    }

    fn has_question(&mut self) -> Result<bool, StageError> {
        self.question = fenced(Stage::Work, || tracking::question(self.hook))?;
        Ok(self.question.is_some())
    }

    fn closes_on_error(&mut self) -> bool {
        // An unverified turn is allowed to end, because the error would block it again and again.
        false
    }

    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        self.pressure = fenced(Stage::Pressure, || turn::holds_turn(self.hook))?;
        Ok(self.pressure.is_some())
    }
}

/// The findings of the stages, without the hook.
#[derive(Debug)]
pub struct TurnFindings {
    /// See [`TurnSituation::gates`].
    pub gates: Option<Gates>,
    /// See [`TurnSituation::triggered`].
    pub triggered: Vec<Refused>,
    /// The other texts that block the end of the turn.
    pub texts: Vec<String>,
}

impl From<TurnSituation<'_>> for TurnFindings {
    fn from(situation: TurnSituation<'_>) -> Self {
        let texts = situation.question.into_iter().chain(situation.pressure).collect();
        Self { gates: situation.gates, triggered: situation.triggered, texts }
    }
}
