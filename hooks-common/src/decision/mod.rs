//! The gate: decides over a tool use or the end of a turn.
//!
//! [`decide`] is a pure function over a [`Situation`]. Only this module defines the order of the stages, their
//! possible verdicts and the logged outcome. A hook passes the current situation, `why` a hypothetical one, `replay`
//! one from a log, and a test one from a table.
//!
//! A fact is only computed if no earlier stage has decided, because facts are costly. A guard may read a repository,
//! and a requirement may compute a value.

mod outcome;
#[cfg(test)]
mod tests;

use std::time::Duration;

use config::types::{GuardName, Mode};
use platform::budget::Allowance;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use outcome::{Certainty, GuardVerdict, Outcome, PART, RecordedState, RequirementState, Weight};

/// The stages that can decide, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `strict_preflight`: no edit in a project without an enabled requirement.
    Strict,
    /// `protect_cli`: the agent must not change its own gates.
    Protection,
    /// Guards: the effects of a tool use.
    Guards,
    /// Requirements that the event needs.
    Requirements,
    /// A question about the work, once per session.
    Work,
    /// A fact could not be evaluated, and `on_error: deny` is set.
    Closing,
    /// The context is nearly full.
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

/// A stage that failed. The other stages run without it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {reason}", stage.name())]
pub struct StageError {
    /// The stage.
    pub stage: Stage,
    /// The reason, for people.
    pub reason: String,
}

impl StageError {
    /// An error of a stage.
    pub fn new(stage: Stage, reason: impl std::fmt::Display) -> Self {
        Self { stage, reason: reason.to_string() }
    }
}

/// Who paused the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PausedBy {
    /// A person, in their own terminal: requirements and guards are off.
    Person,
    /// An agent or a script: requirements stand aside, guards do not.
    #[default]
    Agent,
}

/// A guard's finding, with the fields that the decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeighedFinding {
    /// The guard.
    pub guard: GuardName,
    /// The effect on the tool use: see [`Certainty::weight`].
    pub weight: Weight,
}

/// A requirement that the event needs, with the fields that the decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: RequirementState,
    /// Its mode.
    pub mode: Mode,
    /// Whether it refuses if it cannot be evaluated.
    pub closes_on_error: bool,
}

/// The requirements of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeededRequirements {
    /// The event needs no requirement.
    NotNeeded,
    /// No requirement applies to this tool.
    Exempt,
    /// The requirements in the order of the configuration.
    Needed(Vec<Needed>),
}

/// What one decision may take. An ordinary one takes less than a thousandth of it. A use of a tool whose check takes more
/// is not passed: guards ask the user about it, and requirements count as open.
pub const ALLOWANCE: Allowance =
    Allowance { processor: Duration::from_millis(500), wall: Duration::from_secs(5) };

/// The facts that decide. Each is asked for at most once, and only while nothing has decided yet.
///
/// The default methods are for events that do not have the stage.
pub trait Situation {
    /// Whether the event is the end of a turn and not a tool use.
    fn ends_turn(&self) -> bool {
        false
    }

    /// Whether the environment switches the gates off for this process, or the payload names no session.
    fn is_skipped(&mut self) -> bool;

    /// Whether the project has a configuration.
    fn is_configured(&mut self) -> bool;

    /// Whether the configuration switches the gates on.
    fn is_enabled(&mut self) -> bool;

    /// The party that paused the session, if it is paused.
    fn paused_by(&mut self) -> Option<PausedBy>;

    /// Whether `strict_preflight` refuses the tool.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_strict(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// Whether the tool use would change the session's gates, and `protect_cli` is set.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_protected(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// The findings of guards, and the errors of guards that failed.
    fn guards(&mut self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        (Vec::new(), Vec::new())
    }

    /// Whether an exception of the user covers all findings that would refuse or ask.
    fn is_excepted(&mut self, _weights: &[Weight]) -> bool {
        false
    }

    /// The requirements of the event.
    ///
    /// # Errors
    /// When the compiled policy is damaged.
    fn requirements(&mut self) -> Result<NeededRequirements, StageError>;

    /// Whether the end of the turn must wait for an answer about the work.
    ///
    /// # Errors
    /// When this cannot be determined, or the question cannot be recorded as asked.
    fn has_question(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }

    /// Whether the configuration refuses an event if a fact could not be evaluated.
    fn closes_on_error(&mut self) -> bool;

    /// Whether the event is refused because the context is nearly full.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        Ok(false)
    }
}

/// The verdict for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Verdict {
    /// The event proceeds.
    #[default]
    Pass,
    /// The user is asked.
    Ask,
    /// The event is refused.
    Refuse,
}

impl Verdict {
    /// The word for programs. It is the host's word, or `pass` if the host gets no decision.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Ask => "ask",
            Self::Refuse => "deny",
        }
    }
}

/// The verdict, the stages behind it, and the data for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The stages that ask or refuse. The strongest one decides.
    pub by: Vec<Stage>,
    /// The outcome in the log.
    pub outcome: Outcome,
    /// The weight of each guard's finding and its verdict in the log, in the order of the findings.
    pub guards: Vec<(Weight, GuardVerdict)>,
    /// Each requirement that the event needs, with its weight and its state in the log, in order.
    pub requirements: Vec<(String, Weight, RecordedState)>,
    /// Whether a user's exception allows the tool use.
    pub is_excepted: bool,
    /// The errors of the stages that failed.
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

    /// The requirements of one weight, in order.
    pub fn requirements_of(&self, weight: Weight) -> impl Iterator<Item = &str> {
        self.requirements.iter().filter(move |(_, known, _)| *known == weight).map(|(name, ..)| name.as_str())
    }

    fn refuse(&mut self, stage: Stage, outcome: Outcome) {
        (self.verdict, self.outcome) = (Verdict::Refuse, outcome);
        self.by.push(stage);
    }

    /// A stage's result. An error is noted, and the stage then has no result.
    fn answer<T>(&mut self, said: Result<T, StageError>) -> Option<T> {
        said.map_err(|error| self.failures.push(error)).ok()
    }
}

/// Decides. The order is: strict preflight, switched off or paused, `protect_cli`, guards, requirements, errors with
/// `on_error: deny`, the question about the work, context pressure.
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
    // Guards come before requirements: a tool use that a guard refuses must not trigger a requirement.
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
    // A blocked turn end also reports that a checkpoint is needed. A refused tool reports one reason only.
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

/// The reason why the gates are off at an event without a decision, if they are. The order is that of [`decide`].
pub fn switched_off(is_skipped: bool, is_enabled: bool, is_paused: bool) -> Option<Outcome> {
    if is_skipped {
        Some(Outcome::Skipped)
    } else if !is_enabled {
        Some(Outcome::Disabled)
    } else {
        is_paused.then_some(Outcome::Paused)
    }
}
