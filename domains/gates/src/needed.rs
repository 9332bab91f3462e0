//! Which requirements an event needs, and their states: the one answer for every hook and for the command line.

use config::{ConfigError, Gate, Rule};
use hooks_common::decision::{Needed, NeededRequirements, RecordedState, RequirementState, Weight};
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::tool_use::ToolUse;
use platform::budget;

use crate::context::Gates;
use crate::judge::{EvalContext, Judged, judge};
use crate::record::GateRecord;
use crate::trigger::{self, GateExemption, Triggers};

/// A requirement that a tool needs.
#[derive(Debug, Clone)]
pub struct NeededGate {
    /// Its gate.
    pub gate: Gate,
    /// What was found about it.
    pub judged: Judged,
    /// Whether the session triggered it before.
    pub was_triggered: bool,
}

impl NeededGate {
    /// What it does to the tool.
    pub fn weight(&self) -> Weight {
        self.judged.state.weight(self.gate.mode, self.gate.closes_on_error)
    }

    /// Its state, in the word that logs keep.
    pub fn recorded(&self) -> RecordedState {
        self.judged.state.recorded(self.gate.mode)
    }
}

/// What a tool needs.
#[derive(Debug, Clone)]
pub enum ToolNeeds {
    /// No requirement.
    Nothing,
    /// It may run whatever is open.
    Exempt(GateExemption),
    /// These requirements.
    Gates(Vec<NeededGate>),
}

impl ToolNeeds {
    /// The requirements that the tool needs.
    pub fn gates(&self) -> &[NeededGate] {
        match self {
            Self::Gates(gates) => gates,
            Self::Nothing | Self::Exempt(_) => &[],
        }
    }

    /// What of them decides.
    pub fn decisive(&self) -> NeededRequirements {
        let needed = |one: &NeededGate| Needed {
            name: one.gate.name.clone(),
            state: one.judged.state,
            mode: one.gate.mode,
            closes_on_error: one.gate.closes_on_error,
        };
        match self {
            Self::Nothing => NeededRequirements::NotNeeded,
            Self::Exempt(_) => NeededRequirements::Exempt,
            Self::Gates(gates) => NeededRequirements::Needed(gates.iter().map(needed).collect()),
        }
    }

    /// Adds the facts that decided to what the log keeps.
    pub fn note_facts(&self, record: &mut GateRecord) {
        for one in self.gates().iter().filter(|one| !one.judged.facts.is_empty()) {
            record.facts.insert(one.gate.name.clone(), one.judged.facts.clone().into());
        }
    }
}

impl Gates {
    /// What a tool needs, in the order of the configuration. A requirement that cannot be evaluated is failed and costs
    /// no other.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn needs(
        &self,
        paths: &Paths,
        project: &Project,
        tool_use: &ToolUse<'_>,
    ) -> Result<ToolNeeds, ConfigError> {
        let mut triggers = Triggers::new(tool_use, project.root(), paths);
        let gates = triggers.gates(&self.policy)?;
        if gates.is_empty() {
            return Ok(ToolNeeds::Nothing);
        }
        if let Some(reason) = trigger::exemption(paths, project.root(), tool_use) {
            return Ok(ToolNeeds::Exempt(reason));
        }
        let context = EvalContext { paths, project, tool_use: Some(tool_use), may_compute: true };
        let mut needed = Vec::new();
        for gate in gates {
            let judged = match triggers.ask(&gate) {
                // If the time ran out, "not triggered" cannot be relied on, so the gate is judged.
                Ok(false) if !budget::is_spent() => continue,
                Ok(false) => self.judge_gate(&gate, &context),
                Ok(true) => self.judge_gate(&gate, &context),
                Err(error) => Judged::failed(error.to_string()),
            };
            let was_triggered = self.state.view(&gate.name, self.session.as_ref()).is_triggered();
            needed.push(NeededGate { gate, judged, was_triggered });
        }
        Ok(if needed.is_empty() { ToolNeeds::Nothing } else { ToolNeeds::Gates(needed) })
    }

    /// State alone decides about most gates; the whole rule is read for the others.
    fn judge_gate(&self, gate: &Gate, context: &EvalContext<'_>) -> Judged {
        if gate.stop_only {
            return Judged { state: RequirementState::Armed, ..Judged::plain(false) };
        }
        if !gate.is_judged {
            let view = self.view(&gate.name);
            return Judged::plain(view.is_satisfied(gate.scope, self.now));
        }
        match self.policy.rule(gate) {
            Ok(rule) => judge(self, &rule, context),
            Err(error) => Judged::failed(error.to_string()),
        }
    }

    /// Every requirement in force and its state, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn survey(&self, context: &EvalContext<'_>) -> Result<Vec<(Rule, Judged)>, ConfigError> {
        let judged = |rule: Rule| {
            let judged = judge(self, &rule, context);
            (rule, judged)
        };
        Ok(self.policy.rules()?.into_iter().map(judged).collect())
    }

    /// The requirements that are open and that a session has to know of: those that are only observed would be
    /// changed by being told.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn open(&self, context: &EvalContext<'_>) -> Result<Vec<Rule>, ConfigError> {
        let all = self.survey(context)?.into_iter();
        Ok(all.filter(|(rule, judged)| is_told(rule, judged)).map(|(rule, _)| rule).collect())
    }
}

/// Whether a requirement is open and a session has to know of it.
pub fn is_told(rule: &Rule, judged: &Judged) -> bool {
    let weight = judged.state.weight(rule.requirement.mode, rule.closes_on_error);
    judged.state == RequirementState::Open && weight >= Weight::Warn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    const REQUIREMENTS: &str = "  plan: {enabled: true}
  told: {enabled: true, mode: warn}
  seen: {enabled: true, mode: observe}
  later: {enabled: true, stop_only: true}
  branch: {enabled: true, type: condition, condition: protected_branch, protected_branches: [main]}
  broken: {enabled: true, type: limit, command: 'exit 3', thresholds: {block: 1}, on_error: deny}
  pushed: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+push'}]}";

    fn states(needs: &ToolNeeds) -> Vec<(&str, RequirementState, Weight)> {
        needs.gates().iter().map(|one| (&*one.gate.name, one.judged.state, one.weight())).collect()
    }

    #[test]
    fn a_tool_needs_what_it_triggers_in_the_order_of_the_configuration() {
        use RequirementState::{Armed, Failed, Open, Satisfied};
        let bench = Bench::new(REQUIREMENTS);
        assert_eq!(
            states(&bench.edit("a.txt")),
            [
                ("plan", Open, Weight::Refuse),
                ("told", Open, Weight::Warn),
                ("seen", Open, Weight::Observe),
                ("later", Armed, Weight::Nothing),
                ("branch", Satisfied, Weight::Nothing),
                ("broken", Failed, Weight::Refuse),
            ]
        );
        assert_eq!(states(&bench.line("git push")), [("pushed", Open, Weight::Refuse)]);
        assert!(matches!(bench.line("git status"), ToolNeeds::Nothing));
        assert_eq!(bench.line("git status").decisive(), NeededRequirements::NotNeeded);
        let NeededRequirements::Needed(needed) = bench.edit("a.txt").decisive() else { panic!() };
        assert!(needed.last().is_some_and(|last| last.closes_on_error) && !needed[0].closes_on_error);
    }

    /// Plans are written where the client keeps them, whatever is open.
    #[test]
    fn a_plan_is_exempt() {
        let bench = Bench::new(REQUIREMENTS);
        let plan = bench.paths.plans().join("a.md");
        let needs = bench.edit(plan.to_str().unwrap());
        assert!(matches!(needs, ToolNeeds::Exempt(_)) && needs.gates().is_empty());
        assert_eq!(needs.decisive(), NeededRequirements::Exempt);
    }

    #[test]
    fn what_a_session_does_not_have_to_know_of_is_not_told() {
        let bench = Bench::new(REQUIREMENTS);
        let open: Vec<String> =
            bench.gates().open(&bench.context()).unwrap().into_iter().map(|rule| rule.name).collect();
        assert_eq!(open, ["plan", "told", "later", "pushed"]);
        let survey = bench.gates().survey(&bench.context()).unwrap();
        assert_eq!(survey.len(), 7);
        let failed = survey.iter().find(|(rule, _)| rule.name == "broken").unwrap();
        assert_eq!(failed.1.state, RequirementState::Failed);
    }

    #[test]
    fn the_facts_of_what_decided_are_kept() {
        let bench = Bench::new(
            "  plan: {enabled: true}\n  size: {enabled: true, type: limit, command: 'echo 7', thresholds: {block: 5}}",
        );
        let mut record = GateRecord::default();
        bench.edit("a.txt").note_facts(&mut record);
        assert_eq!(record.facts.keys().collect::<Vec<_>>(), ["size"]);
        assert_eq!(record.facts["size"]["value"], 7);
    }
}
