//! The one decision: what becomes of a use of a tool, or of the end of a turn.
//!
//! [`decide`] is a pure function over a [`Situation`]: it alone knows the order of the stages, what each may refuse, and
//! what the log keeps. A hook hands it the situation as it is, `why` as it would be, `replay` as a log tells it was, a
//! test as a table says. A situation is asked for a fact only when no earlier stage has decided, because facts cost:
//! a guard may look at a repository, a requirement may compute a value.

mod outcome;
#[cfg(test)]
mod tests;

use std::time::Duration;

use config::types::{GuardName, Mode};
use platform::budget::Allowance;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use outcome::{Certainty, GuardVerdict, Outcome, PART, RecordedState, RequirementState, Weight};

/// What may decide, in the order of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `strict_preflight`: no edit in a project without an enabled requirement.
    Strict,
    /// `protect_cli`: the agent does not change what gates it.
    Protection,
    /// Guards: what a tool is about to do.
    Guards,
    /// Requirements that the event needs.
    Requirements,
    /// A question about the work, once a session.
    Work,
    /// Something could not be evaluated, and `on_error: deny` is set.
    Closing,
    /// A context that is nearly full.
    Pressure,
}

impl Stage {
    /// The name of the stage for logs and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict preflight",
            Self::Protection => "protect_cli",
            Self::Guards => "guards",
            Self::Requirements => "requirement gates",
            Self::Work => "work in progress",
            Self::Closing => "on_error",
            Self::Pressure => "context",
        }
    }
}

/// A stage that could not look. The others go on without it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {reason}", stage.name())]
pub struct StageError {
    /// Which.
    pub stage: Stage,
    /// Why, for people.
    pub reason: String,
}

impl StageError {
    /// A stage that failed for a reason.
    pub fn new(stage: Stage, reason: impl std::fmt::Display) -> Self {
        Self { stage, reason: reason.to_string() }
    }
}

/// Who paused the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PausedBy {
    /// A person, in a terminal of their own: guards stand aside as well.
    Person,
    /// An agent or a script: requirements stand aside, guards do not.
    #[default]
    Agent,
}

/// A guard's finding, as far as it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeighedFinding {
    /// Whose.
    pub guard: GuardName,
    /// What it does to the tool: see [`Certainty::weight`].
    pub weight: Weight,
}

/// A requirement that the event needs, as far as it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: RequirementState,
    /// Its mode.
    pub mode: Mode,
    /// Whether it refuses where it could not be evaluated.
    pub closes_on_error: bool,
}

/// What the requirements say to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeededRequirements {
    /// The event needs none.
    NotNeeded,
    /// The tool is one that no requirement holds back.
    Exempt,
    /// What it needs, in the order of the configuration.
    Needed(Vec<Needed>),
}

/// What one decision may take. An ordinary one takes less than a thousandth of it. A use of a tool whose check takes more
/// is not passed: guards ask the user about it, and requirements count as open.
pub const ALLOWANCE: Allowance =
    Allowance { processor: Duration::from_millis(500), wall: Duration::from_secs(5) };

/// The facts that decide. Each is asked for at most once, and only while nothing has decided yet.
///
/// The defaults are those of an event without the stage.
pub trait Situation {
    /// Whether a turn is about to end, rather than a tool to run.
    fn ends_turn(&self) -> bool {
        false
    }

    /// Whether the environment switches everything off for this process, or the host named no session.
    fn is_skipped(&mut self) -> bool;

    /// Whether the project has a configuration.
    fn is_configured(&mut self) -> bool;

    /// Whether the configuration has the gates on.
    fn is_enabled(&mut self) -> bool;

    /// Who paused the session, if it is paused.
    fn paused_by(&mut self) -> Option<PausedBy>;

    /// Whether `strict_preflight` refuses the tool.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_strict(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// Whether the tool would change what gates the session, and `protect_cli` is set.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_protected(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// What guards find, those that could not look apart.
    fn guards(&mut self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        (Vec::new(), Vec::new())
    }

    /// Whether a person let through once all that guards would refuse or ask.
    fn is_excepted(&mut self, _weights: &[Weight]) -> bool {
        false
    }

    /// What requirements say.
    ///
    /// # Errors
    /// When the compiled policy is damaged.
    fn requirements(&mut self) -> Result<NeededRequirements, StageError>;

    /// Whether the end of the turn waits for an answer about the work.
    ///
    /// # Errors
    /// When that cannot be determined, or cannot be recorded as asked.
    fn has_question(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// Whether the configuration refuses what could not be evaluated.
    fn closes_on_error(&mut self) -> bool;

    /// Whether the context is so full that the event is refused.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }
}

/// What becomes of the event for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Verdict {
    /// It goes on.
    #[default]
    Pass,
    /// The user is asked.
    Ask,
    /// It is refused.
    Refuse,
}

impl Verdict {
    /// The word for programs: the host's, and `pass` where the host hears nothing.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Ask => "ask",
            Self::Refuse => "deny",
        }
    }
}

/// What was decided, why, and what the log keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the event.
    pub verdict: Verdict,
    /// The stages that ask or refuse; the strongest decides.
    pub by: Vec<Stage>,
    /// What the log keeps.
    pub outcome: Outcome,
    /// How each guard's finding weighs, and what the log keeps of it, in the order found.
    pub guards: Vec<(Weight, GuardVerdict)>,
    /// How each requirement that the event needs weighs, and what the log keeps of it, in their order.
    pub requirements: Vec<(String, Weight, RecordedState)>,
    /// Whether a person's exception lets the tool through.
    pub is_excepted: bool,
    /// The stages that could not look.
    pub failures: Vec<StageError>,
}

impl Decision {
    /// Whether a stage asks or refuses.
    pub fn is_by(&self, stage: Stage) -> bool {
        self.by.contains(&stage)
    }

    /// Whether the event is refused.
    pub fn refuses(&self) -> bool {
        self.verdict == Verdict::Refuse
    }

    /// The requirements of a weight, in their order.
    pub fn requirements_of(&self, weight: Weight) -> impl Iterator<Item = &str> {
        self.requirements.iter().filter(move |(_, known, _)| *known == weight).map(|(name, ..)| name.as_str())
    }

    fn refuse(&mut self, stage: Stage, outcome: Outcome) {
        (self.verdict, self.outcome) = (Verdict::Refuse, outcome);
        self.by.push(stage);
    }

    /// What a stage says; one that could not look is noted, and says nothing.
    fn answer<T>(&mut self, said: Result<T, StageError>) -> Option<T> {
        said.map_err(|error| self.failures.push(error)).ok()
    }
}

/// Decides. Strict preflight comes first, then whether the gates are on and not paused, `protect_cli`, guards,
/// requirements, and last the pressure of a full context.
pub fn decide(situation: &mut impl Situation) -> Decision {
    let mut decision = Decision::default();
    if situation.is_skipped() {
        if situation.is_configured() {
            decision.outcome = Outcome::Skipped;
        }
        return decision;
    }
    let is_strict = situation.is_strict();
    if decision.answer(is_strict) == Some(true) {
        decision.refuse(Stage::Strict, Outcome::Strict);
        return decision;
    }
    if !situation.is_configured() {
        return decision;
    }
    if !situation.is_enabled() {
        decision.outcome = Outcome::Disabled;
        return decision;
    }
    let paused_by = situation.paused_by();
    if paused_by.is_none() {
        let is_protected = situation.is_protected();
        if decision.answer(is_protected) == Some(true) {
            decision.refuse(Stage::Protection, Outcome::Protected);
            return decision;
        }
    }
    weigh_guards(&mut decision, situation, paused_by);
    if decision.refuses() {
        return decision;
    }
    if paused_by.is_some() {
        decision.outcome = Outcome::Paused;
        return decision;
    }
    weigh_requirements(&mut decision, situation);
    if !decision.refuses() && !decision.failures.is_empty() && situation.closes_on_error() {
        decision.refuse(Stage::Closing, Outcome::Closed);
    }
    if !decision.refuses() {
        let has_question = situation.has_question();
        if decision.answer(has_question) == Some(true) {
            decision.refuse(Stage::Work, Outcome::Block);
        }
    }
    // A turn that is sent back anyway still learns that a checkpoint is needed; a refused tool learns one thing.
    if !decision.refuses() || situation.ends_turn() {
        let is_under_pressure = situation.is_under_pressure();
        if decision.answer(is_under_pressure) == Some(true) {
            decision.refuse(Stage::Pressure, Outcome::Context);
        }
    }
    decision
}

fn weigh_guards(decision: &mut Decision, situation: &mut impl Situation, paused_by: Option<PausedBy>) {
    let (found, failures) = situation.guards();
    decision.failures.extend(failures);
    let weights: Vec<Weight> = found.iter().map(|one| one.weight).collect();
    let worst = weights.iter().copied().max().unwrap_or(Weight::Nothing);
    let is_paused = paused_by == Some(PausedBy::Person);
    decision.is_excepted = !is_paused && worst >= Weight::Ask && situation.is_excepted(&weights);
    let recorded = |weight: Weight| match weight {
        _ if is_paused => GuardVerdict::Paused,
        _ if decision.is_excepted => GuardVerdict::Allowed,
        weight => weight.into(),
    };
    decision.guards = weights.iter().map(|weight| (*weight, recorded(*weight))).collect();
    if is_paused || decision.is_excepted {
        return;
    }
    match worst {
        Weight::Refuse => decision.refuse(Stage::Guards, Outcome::Guard),
        Weight::Ask => {
            decision.verdict = Verdict::Ask;
            decision.by.push(Stage::Guards);
        }
        Weight::Nothing | Weight::Observe | Weight::Warn => {}
    }
}

fn weigh_requirements(decision: &mut Decision, situation: &mut impl Situation) {
    let said = situation.requirements();
    let needed = match decision.answer(said) {
        None => return,
        Some(NeededRequirements::NotNeeded) => Vec::new(),
        Some(NeededRequirements::Exempt) => {
            decision.outcome = Outcome::Exempt;
            return;
        }
        Some(NeededRequirements::Needed(needed)) => needed,
    };
    let weighed = |one: Needed| {
        (one.name, one.state.weight(one.mode, one.closes_on_error), one.state.recorded(one.mode))
    };
    decision.requirements = needed.into_iter().map(weighed).collect();
    if decision.requirements_of(Weight::Refuse).next().is_some() {
        let outcome = if situation.ends_turn() { Outcome::Block } else { Outcome::Deny };
        decision.refuse(Stage::Requirements, outcome);
    } else {
        decision.outcome = Outcome::Pass;
    }
}

/// Why the gates stand aside at an event that decides nothing, if they do: in the order in which [`decide`] asks.
pub fn switched_off(is_skipped: bool, is_enabled: bool, is_paused: bool) -> Option<Outcome> {
    if is_skipped {
        Some(Outcome::Skipped)
    } else if !is_enabled {
        Some(Outcome::Disabled)
    } else {
        is_paused.then_some(Outcome::Paused)
    }
}
