//! Decisions taken again: the events of a session's log against a configuration, which may be another one than
//! the hooks had.
//!
//! What was true then is taken from the log: whether a requirement was satisfied when a tool asked, the value of
//! a limit, the evidence that was found. What the log does not say is followed from event to event:
//! satisfactions, approvals, spent ones, what was triggered. With the configuration unchanged the answers are
//! those that the hooks gave.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use config::types::Scope;
use config::types::{GuardName, Hooks, Kind, SatisfiedWhen};
use config::{ConfigError, Gate, Policy, Rule};
use git::Branch;
use hooks_common::decision::{
    Needed, NeededRequirements, Outcome, PausedBy, RecordedState, RequirementState, Situation, Stage,
    StageError, WeighedFinding, Weight, decide,
};
use hooks_common::event::Event as EventName;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::requirements::BranchState;
use hooks_common::session_log::LoggedEvent;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::Gates;
use crate::judge::limit::compare;
use crate::judge::{Computed, EvalContext, is_about_the_tool, judge};
use crate::protect;
use crate::record::GateRecord;
use crate::satisfy::is_same_skill;
use crate::trigger::{self, Triggers};
use config::globs;
use hooks_common::tool_use::ToolUse;

/// One decision, as it was taken and as it would be taken.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayedDecision {
    /// When, RFC 3339.
    pub at: String,
    /// The session.
    pub session: String,
    /// The event.
    pub event: String,
    /// The tool, if one asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool: String,
    /// What it would do: the command or the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// What became of it then.
    pub then: Outcome,
    /// What would become of it.
    pub now: Outcome,
    /// The requirements that refused then.
    pub refused_then: Vec<String>,
    /// The requirements that would refuse.
    pub refused_now: Vec<String>,
    /// The requirements that decided on something that the log does not hold; the answer is the likeliest then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

impl ReplayedDecision {
    /// Whether the answer would be another.
    pub fn differs(&self) -> bool {
        self.then != self.now || self.refused_then != self.refused_now
    }

    /// Whether something decided that the log does not hold.
    pub fn is_uncertain(&self) -> bool {
        !self.unknown.is_empty()
    }
}

/// What is known about one requirement of a session, from what was replayed so far.
#[derive(Debug, Clone, Copy, Default)]
struct Memory {
    is_satisfied: bool,
    expires_at: Option<i64>,
    is_triggered: bool,
    /// Whether the log tells of a satisfaction: then it did not come from elsewhere.
    is_from_log: bool,
}

/// A session being replayed.
#[derive(Debug)]
pub struct Replay<'a> {
    gates: Gates,
    rules: Vec<Rule>,
    settings: Hooks,
    paths: &'a Paths,
    project: &'a Project,
    memory: BTreeMap<(String, String), Memory>,
    by_tool: BTreeMap<String, Vec<Gate>>,
    /// The requirements that become satisfied in another way than under the policy in force.
    changed: BTreeSet<String>,
    /// Whether the event at hand was decided by this very policy.
    is_same_policy: bool,
}

impl<'a> Replay<'a> {
    /// Replays against `policy`. `in_force` is the one that the hooks have, if they have any: what it says of a
    /// requirement as well was as the log has it.
    ///
    /// # Errors
    /// When the policy is damaged.
    pub fn new(
        policy: Policy,
        in_force: Option<&Policy>,
        paths: &'a Paths,
        project: &'a Project,
    ) -> Result<Self, ConfigError> {
        let (rules, settings) = (policy.rules()?, policy.settings()?);
        let before = in_force.map(Policy::rules).transpose()?.unwrap_or_default();
        let is_changed = |rule: &&Rule| {
            let known = before.iter().find(|known| known.name == rule.name);
            known.is_some_and(|known| satisfying(known) != satisfying(rule))
        };
        let changed = rules.iter().filter(is_changed).map(|rule| rule.name.clone()).collect();
        let gates = Gates {
            policy,
            state: BranchState::empty_of(&Branch::outside_git()).into(),
            dir: project.state(),
            // Events that name none, from before there was a configuration, most likely happened here.
            branch: project.branch(),
            session: None,
            now: 0,
        };
        Ok(Self {
            gates,
            rules,
            settings,
            paths,
            project,
            memory: BTreeMap::new(),
            by_tool: BTreeMap::new(),
            changed,
            is_same_policy: false,
        })
    }

    /// Follows one event of the log, in order; the decision, if the event was one of this project.
    pub fn follow(&mut self, event: &LoggedEvent) -> Option<ReplayedDecision> {
        let record = event.record::<GateRecord>().unwrap_or_default();
        if !record.branch.is_empty() && record.branch != self.gates.branch.name() {
            self.gates.branch = Branch::named(&record.branch);
        }
        self.gates.now = event.epoch();
        self.is_same_policy = record.policy == self.gates.policy.hash();
        let ends_turn = event.event == EventName::Stop.name() && !event.stop_hook_active;
        if !ends_turn && event.event != EventName::PreToolUse.name() {
            self.remember(event, &record);
            return None;
        }
        // A hook that failed decided nothing; one without a configuration let everything pass.
        if record.outcome.is_undecided() && !record.policy.is_empty() {
            return None;
        }
        let is_refusal = matches!(record.outcome, Outcome::Deny | Outcome::Block);
        let refuses = |state: RecordedState| matches!(state, RecordedState::Open | RecordedState::Failed);
        let refused_then = record.asked.iter().filter(|(_, state)| is_refusal && refuses(*state));
        let refused_then = refused_then.map(|(name, _)| name.clone()).collect();
        let then = if record.outcome.is_undecided() { Outcome::Pass } else { record.outcome };
        let mut recorded =
            RecordedSituation { replay: self, event, record: &record, ends_turn, unknown: Vec::new() };
        let decision = decide(&mut recorded);
        let unknown = std::mem::take(&mut recorded.unknown);
        if !ends_turn && !decision.refuses() {
            for (name, ..) in &decision.requirements {
                self.entry(name).is_triggered = true;
            }
        }
        Some(ReplayedDecision {
            at: event.recorded_at.clone(),
            session: event.session_id.clone(),
            event: event.event.clone(),
            tool: event.tool_name.clone(),
            what: if event.command.is_empty() { event.file_path.clone() } else { event.command.clone() },
            then,
            now: decision.outcome,
            refused_then,
            refused_now: decision.requirements_of(Weight::Refuse).map(str::to_owned).collect(),
            unknown,
        })
    }

    /// What a recorded use of a tool needs.
    fn tool_needs(
        &mut self,
        event: &LoggedEvent,
        record: &GateRecord,
        tool_use: &ToolUse<'_>,
        unknown: &mut Vec<String>,
    ) -> NeededRequirements {
        let root = self.project.root();
        let gates = self.gates_of(&event.tool_name);
        if gates.is_empty() {
            return NeededRequirements::NotNeeded;
        }
        if trigger::exemption(self.paths, root, tool_use).is_some() {
            return NeededRequirements::Exempt;
        }
        let mut triggers = Triggers::new(tool_use, root, self.paths);
        let mut needed = Vec::new();
        for gate in gates {
            let recorded = recorded_state(record, &gate.name);
            // A command that was cut triggers at least what it triggered then.
            let is_known = event.truncated && recorded.is_some();
            if !is_known && !triggers.ask(&gate).unwrap_or(recorded == Some(RecordedState::Failed)) {
                continue;
            }
            let mut is_uncertain = event.truncated && recorded.is_none();
            let rule = self.rules.iter().find(|rule| rule.name == gate.name);
            let facts = record.facts.get(&gate.name);
            let state = match rule {
                _ if gate.stop_only => RequirementState::Armed,
                Some(rule) => self.state(rule, recorded, facts, Some(tool_use), &mut is_uncertain),
                None => RequirementState::Satisfied,
            };
            if is_uncertain {
                unknown.push(gate.name.clone());
            }
            let (mode, closes_on_error) = (gate.mode, gate.closes_on_error);
            needed.push(Needed { name: gate.name, state, mode, closes_on_error });
        }
        if needed.is_empty() { NeededRequirements::NotNeeded } else { NeededRequirements::Needed(needed) }
    }

    /// What a recorded end of a turn is verified for.
    fn turn_needs(&self, record: &GateRecord, unknown: &mut Vec<String>) -> NeededRequirements {
        let settings = &self.settings.stop;
        let mut needed = Vec::new();
        for rule in &self.rules {
            let recorded = recorded_state(record, &rule.name);
            let is_triggered = recorded.is_some() || self.memory_of(&rule.name).is_triggered;
            let is_verified = settings.verify_requirements
                && settings.verify_scopes.contains(&rule.requirement.scope)
                && !is_about_the_tool(rule);
            if !is_triggered || !is_verified {
                continue;
            }
            let mut is_uncertain = false;
            let facts = record.facts.get(&rule.name);
            let state = self.state(rule, recorded, facts, None, &mut is_uncertain);
            if is_uncertain {
                unknown.push(rule.name.clone());
            }
            let (mode, closes_on_error) = (rule.requirement.mode, rule.closes_on_error);
            needed.push(Needed { name: rule.name.clone(), state, mode, closes_on_error });
        }
        if needed.is_empty() { NeededRequirements::NotNeeded } else { NeededRequirements::Needed(needed) }
    }

    fn gates_of(&mut self, tool: &str) -> Vec<Gate> {
        if !self.by_tool.contains_key(tool) {
            self.by_tool.insert(tool.to_owned(), self.gates.policy.gates(tool).unwrap_or_default());
        }
        self.by_tool[tool].clone()
    }

    /// Whether what the log says of a requirement is still what would be.
    fn trusts(&self, name: &str) -> bool {
        self.is_same_policy || !self.changed.contains(name)
    }

    fn memory_of(&self, name: &str) -> Memory {
        let key = (self.gates.branch.name().to_owned(), name.to_owned());
        self.memory.get(&key).copied().unwrap_or_default()
    }

    fn entry(&mut self, name: &str) -> &mut Memory {
        self.memory.entry((self.gates.branch.name().to_owned(), name.to_owned())).or_default()
    }

    /// The state of a requirement: by the log where it says so, else by what was followed.
    fn state(
        &self,
        rule: &Rule,
        recorded: Option<RecordedState>,
        facts: Option<&Value>,
        tool_use: Option<&ToolUse<'_>>,
        is_uncertain: &mut bool,
    ) -> RequirementState {
        let facts = facts.and_then(Value::as_object);
        let is_approved = facts.is_some_and(|facts| facts.get("approved") == Some(&true.into()));
        let now = self.gates.now;
        let memory = self.memory_of(&rule.name);
        let is_followed = memory.is_satisfied && memory.expires_at.is_none_or(|expires| now <= expires);
        // What was true then counts, unless the log itself tells how it came about: another scope, skill or
        // time to live would have made something else of that.
        let given_then = facts
            .and_then(|facts| facts.get("given"))
            .and_then(Value::as_bool)
            .or(recorded.and_then(RecordedState::is_satisfied));
        let is_given =
            given_then.filter(|_| self.trusts(&rule.name) || !memory.is_from_log).unwrap_or(is_followed);
        let open = |is_open: bool| if is_open { RequirementState::Open } else { RequirementState::Satisfied };
        match rule.requirement.kind {
            Kind::Blocking => match (&rule.requirement.evidence, recorded) {
                (_, Some(RecordedState::Failed)) => RequirementState::Failed,
                (None, _) => open(!is_given),
                (Some(evidence), _) => {
                    if !is_given && !evidence.satisfies {
                        return RequirementState::Open;
                    }
                    let found = facts.and_then(|facts| facts.get("evidence"));
                    *is_uncertain |= found.is_none();
                    open(found.is_some_and(Value::is_null))
                }
            },
            Kind::Condition | Kind::Limit if is_approved || is_followed => RequirementState::Satisfied,
            Kind::Condition => self.condition(rule, recorded, facts, tool_use, is_uncertain),
            Kind::Limit => match facts.and_then(|facts| facts.get("value")).and_then(Value::as_f64) {
                Some(value) => {
                    let computed = Computed { value, summary: String::new(), facts: Map::new() };
                    compare(&rule.requirement, &computed).state
                }
                None => by_record(recorded.filter(|_| self.trusts(&rule.name)), is_uncertain),
            },
        }
    }

    /// Branch, time and file are in the log, so these conditions are looked at again.
    fn condition(
        &self,
        rule: &Rule,
        recorded: Option<RecordedState>,
        facts: Option<&Map<String, Value>>,
        tool_use: Option<&ToolUse<'_>>,
        is_uncertain: &mut bool,
    ) -> RequirementState {
        if rule.requirement.is_condition(config::types::Condition::SingleSession) {
            let others = facts.and_then(|facts| facts.get("others")).and_then(Value::as_array);
            return match others {
                Some(others) if others.is_empty() => RequirementState::Satisfied,
                Some(_) => RequirementState::Open,
                None => by_record(recorded.filter(|_| self.trusts(&rule.name)), is_uncertain),
            };
        }
        let context = EvalContext { paths: self.paths, project: self.project, tool_use, may_compute: false };
        judge(&self.gates, rule, &context).state
    }

    /// What an event that decides nothing satisfied, cleared and spent.
    fn remember(&mut self, event: &LoggedEvent, record: &GateRecord) {
        let mut satisfied: Vec<(String, Option<i64>)> = Vec::new();
        let lasts = |rule: &Rule, now: i64| rule.requirement.lasts().map(|ttl| now + i64::from(ttl));
        let now = self.gates.now;
        match event.event.as_str() {
            "PostToolUse" | "UserPromptExpansion" | "UserPromptSubmit" if !event.skill.is_empty() => {
                for rule in &self.rules {
                    let stands_for = rule.requirement.satisfied_by_skill.as_deref();
                    if rule.requirement.satisfied_when == SatisfiedWhen::Loaded
                        && stands_for.is_some_and(|skill| is_same_skill(skill, &event.skill))
                    {
                        satisfied.push((rule.name.clone(), lasts(rule, now)));
                    }
                }
            }
            "SubagentStop" if !event.agent_type.is_empty() => {
                for rule in &self.rules {
                    let agents = rule.requirement.satisfied_by_agent.as_ref();
                    if agents.is_some_and(|agents| globs::matches_agent(agents, Some(&event.agent_type))) {
                        satisfied.push((rule.name.clone(), lasts(rule, now)));
                    }
                }
            }
            _ => {
                for name in &record.satisfied {
                    let rule = self.rules.iter().find(|rule| rule.name == *name && !self.trusts(name));
                    let expires_at = rule.and_then(|rule| lasts(rule, now)).or(record.expires_at);
                    satisfied.push((name.clone(), expires_at));
                }
            }
        }
        for name in &record.satisfied {
            self.entry(name).is_from_log = true;
        }
        for (name, expires_at) in satisfied {
            let entry = self.entry(&name);
            (entry.is_satisfied, entry.expires_at) = (true, expires_at);
        }
        if event.event == "PostToolUse" && event.skill.is_empty() {
            self.spend(event);
            return;
        }
        for name in &record.cleared {
            self.entry(name).is_satisfied = false;
        }
    }

    fn spend(&mut self, event: &LoggedEvent) {
        let gates = self.gates_of(&event.tool_name);
        let single: Vec<Gate> = gates.into_iter().filter(|gate| gate.scope == Scope::SingleUse).collect();
        if single.is_empty() {
            return;
        }
        let file = (!event.file_path.is_empty()).then(|| Path::new(&event.file_path));
        let agent = (!event.agent_id.is_empty()).then_some(event.agent_type.as_str());
        let tool_use = ToolUse::new(&event.tool_name, &event.command, file, event.cwd.clone().into(), agent);
        let mut triggers = Triggers::new(&tool_use, self.project.root(), self.paths);
        for gate in single {
            if triggers.ask(&gate).unwrap_or(false) {
                let entry = self.entry(&gate.name);
                *entry = Memory { is_from_log: entry.is_from_log, ..Memory::default() };
            }
        }
    }
}

/// What decides how a requirement becomes satisfied, and for how long.
fn satisfying(rule: &Rule) -> impl PartialEq + use<> {
    let it = rule.requirement.clone();
    let evidence =
        it.evidence.map(|evidence| (evidence.dirs, evidence.require_markers, evidence.require_verdict));
    (
        (it.kind, it.scope, it.condition, it.calculator, it.command, it.base),
        (
            it.satisfied_by_skill,
            it.satisfied_when,
            it.satisfied_by_agent,
            it.replan_ttl,
            it.approval_ttl,
            evidence,
        ),
    )
}

fn by_record(recorded: Option<RecordedState>, is_uncertain: &mut bool) -> RequirementState {
    match recorded {
        Some(RecordedState::Failed) => RequirementState::Failed,
        Some(RecordedState::Open | RecordedState::Observed | RecordedState::Warned) => RequirementState::Open,
        Some(RecordedState::Satisfied | RecordedState::Armed | RecordedState::Unknown) => {
            RequirementState::Satisfied
        }
        None => {
            *is_uncertain = true;
            RequirementState::Satisfied
        }
    }
}

fn recorded_state(record: &GateRecord, name: &str) -> Option<RecordedState> {
    record.asked.iter().find(|(known, _)| known == name).map(|(_, state)| *state)
}

/// An event of the log, with what the log says of it. A stage whose facts the log does not hold decides again as it did
/// then: the environment, a pause, a guard's finding, a full context, a failure.
struct RecordedSituation<'r, 'a> {
    replay: &'r mut Replay<'a>,
    event: &'r LoggedEvent,
    record: &'r GateRecord,
    ends_turn: bool,
    unknown: Vec<String>,
}

impl<'r> RecordedSituation<'r, '_> {
    fn was(&self, outcome: Outcome) -> bool {
        self.record.outcome == outcome
    }

    fn tool_use(&self) -> ToolUse<'r> {
        let event = self.event;
        let file = (!event.file_path.is_empty()).then(|| Path::new(&event.file_path));
        let agent = (!event.agent_id.is_empty()).then_some(event.agent_type.as_str());
        ToolUse::new(&event.tool_name, &event.command, file, event.cwd.clone().into(), agent)
    }
}

impl Situation for RecordedSituation<'_, '_> {
    fn ends_turn(&self) -> bool {
        self.ends_turn
    }

    fn is_skipped(&mut self) -> bool {
        self.was(Outcome::Skipped)
    }

    fn is_configured(&mut self) -> bool {
        true
    }

    fn is_enabled(&mut self) -> bool {
        self.replay.gates.policy.is_enabled()
    }

    fn paused_by(&mut self) -> Option<PausedBy> {
        // Whether a person paused decides about guards alone, and what these found is taken from the log.
        self.was(Outcome::Paused).then_some(PausedBy::Agent)
    }

    fn is_strict(&mut self) -> Result<bool, StageError> {
        Ok(self.was(Outcome::Strict))
    }

    fn is_protected(&mut self) -> Result<bool, StageError> {
        let replay = &self.replay;
        Ok(!self.ends_turn
            && replay.gates.policy.protects_cli()
            && protect::violation(replay.paths, replay.project, &self.tool_use()).is_some())
    }

    fn guards(&mut self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        // Which guard it was does not matter to what became of the event.
        let found = WeighedFinding { guard: GuardName::Push, weight: Weight::Refuse };
        (if self.was(Outcome::Guard) { vec![found] } else { Vec::new() }, Vec::new())
    }

    fn requirements(&mut self) -> Result<NeededRequirements, StageError> {
        if self.was(Outcome::Closed) {
            return Err(StageError::new(Stage::Requirements, "they could not be evaluated then"));
        }
        if self.ends_turn {
            return Ok(self.replay.turn_needs(self.record, &mut self.unknown));
        }
        let tool_use = self.tool_use();
        Ok(self.replay.tool_needs(self.event, self.record, &tool_use, &mut self.unknown))
    }

    fn closes_on_error(&mut self) -> bool {
        self.was(Outcome::Closed)
    }

    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        Ok(self.was(Outcome::Context))
    }
}
