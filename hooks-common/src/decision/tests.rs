//! The decision as a table: every stage, every outcome, and what each keeps the later ones from.

use config::types::{GuardName, Mode};

use super::*;

/// A situation by its facts, and the stages that were asked.
#[derive(Clone)]
struct Told {
    ends_turn: bool,
    is_skipped: bool,
    is_configured: bool,
    is_enabled: bool,
    paused_by: Option<PausedBy>,
    strict: Result<bool, StageError>,
    protected: Result<bool, StageError>,
    guards: Vec<Weight>,
    guard_failure: bool,
    is_excepted: bool,
    requirements: Result<NeededRequirements, StageError>,
    question: Result<bool, StageError>,
    closes_on_error: bool,
    pressure: Result<bool, StageError>,
    asked: Vec<Stage>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            ends_turn: false,
            is_skipped: false,
            is_configured: true,
            is_enabled: true,
            paused_by: None,
            strict: Ok(false),
            protected: Ok(false),
            guards: Vec::new(),
            guard_failure: false,
            is_excepted: false,
            requirements: Ok(NeededRequirements::NotNeeded),
            question: Ok(false),
            closes_on_error: false,
            pressure: Ok(false),
            asked: Vec::new(),
        }
    }
}

impl Situation for Told {
    fn ends_turn(&self) -> bool {
        self.ends_turn
    }
    fn is_skipped(&mut self) -> bool {
        self.is_skipped
    }
    fn is_configured(&mut self) -> bool {
        self.is_configured
    }
    fn is_enabled(&mut self) -> bool {
        self.is_enabled
    }
    fn paused_by(&mut self) -> Option<PausedBy> {
        self.paused_by
    }
    fn is_strict(&mut self) -> Result<bool, StageError> {
        self.asked.push(Stage::Strict);
        self.strict.clone()
    }
    fn is_protected(&mut self) -> Result<bool, StageError> {
        self.asked.push(Stage::Protection);
        self.protected.clone()
    }
    fn guards(&mut self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        self.asked.push(Stage::Guards);
        let found = |weight: &Weight| WeighedFinding { guard: GuardName::Push, weight: *weight };
        let failures = if self.guard_failure { vec![failed(Stage::Guards)] } else { Vec::new() };
        (self.guards.iter().map(found).collect(), failures)
    }
    fn is_excepted(&mut self, _: &[Weight]) -> bool {
        self.is_excepted
    }
    fn requirements(&mut self) -> Result<NeededRequirements, StageError> {
        self.asked.push(Stage::Requirements);
        self.requirements.clone()
    }
    fn has_question(&mut self) -> Result<bool, StageError> {
        self.asked.push(Stage::Work);
        self.question.clone()
    }
    fn closes_on_error(&mut self) -> bool {
        self.closes_on_error
    }
    fn is_under_pressure(&mut self) -> Result<bool, StageError> {
        self.asked.push(Stage::Pressure);
        self.pressure.clone()
    }
}

fn failed(stage: Stage) -> StageError {
    StageError::new(stage, "it broke")
}

fn needed(states: &[(RequirementState, Mode)]) -> Result<NeededRequirements, StageError> {
    let needed = states.iter().enumerate().map(|(at, (state, mode))| Needed {
        name: format!("r{at}"),
        state: *state,
        mode: *mode,
        closes_on_error: false,
    });
    Ok(NeededRequirements::Needed(needed.collect()))
}

fn open() -> Result<NeededRequirements, StageError> {
    needed(&[(RequirementState::Open, Mode::Enforce)])
}

/// Everything that could refuse does: what comes first decides, and nothing behind it is asked.
fn all_refuse() -> Told {
    Told {
        strict: Ok(true),
        protected: Ok(true),
        guards: vec![Weight::Refuse],
        requirements: open(),
        question: Ok(true),
        pressure: Ok(true),
        ..Told::default()
    }
}

#[test]
fn the_first_stage_that_refuses_decides_and_no_later_one_is_asked() {
    use Stage::{Guards, Pressure, Protection, Requirements as Needs, Strict, Work};
    let steps: [(&str, Told, Outcome, &[Stage]); 6] = [
        ("strict", all_refuse(), Outcome::Strict, &[Strict]),
        ("protected", Told { strict: Ok(false), ..all_refuse() }, Outcome::Protected, &[Strict, Protection]),
        (
            "guards",
            Told { strict: Ok(false), protected: Ok(false), ..all_refuse() },
            Outcome::Guard,
            &[Strict, Protection, Guards],
        ),
        (
            "requirements",
            Told { strict: Ok(false), protected: Ok(false), guards: vec![], ..all_refuse() },
            Outcome::Deny,
            &[Strict, Protection, Guards, Needs],
        ),
        (
            "work",
            Told { question: Ok(true), pressure: Ok(true), ..Told::default() },
            Outcome::Block,
            &[Strict, Protection, Guards, Needs, Work],
        ),
        (
            "pressure",
            Told { pressure: Ok(true), ..Told::default() },
            Outcome::Context,
            &[Strict, Protection, Guards, Needs, Work, Pressure],
        ),
    ];
    for (name, mut told, outcome, asked) in steps {
        let decision = decide(&mut told);
        assert_eq!((decision.verdict, decision.outcome), (Verdict::Refuse, outcome), "{name}");
        assert_eq!(told.asked, asked, "{name}");
        assert_eq!(decision.by.len(), 1, "{name}");
    }
}

#[test]
fn switches_stand_before_what_they_switch_off() {
    let rows = [
        // Skipped comes first: nothing at all is asked.
        (Told { is_skipped: true, ..all_refuse() }, Outcome::Skipped, 0),
        (Told { is_skipped: true, is_configured: false, ..all_refuse() }, Outcome::Undecided, 0),
        // Strict preflight comes before the configuration's own switches, and without one.
        (Told { is_enabled: false, ..all_refuse() }, Outcome::Strict, 1),
        (Told { is_configured: false, ..all_refuse() }, Outcome::Strict, 1),
        (Told { paused_by: Some(PausedBy::Person), ..all_refuse() }, Outcome::Strict, 1),
        (Told { is_configured: false, strict: Ok(false), ..all_refuse() }, Outcome::Undecided, 1),
        (Told { is_enabled: false, strict: Ok(false), ..all_refuse() }, Outcome::Disabled, 1),
        // A pause ends protection; who paused decides about guards.
        (Told { paused_by: Some(PausedBy::Person), strict: Ok(false), ..all_refuse() }, Outcome::Paused, 2),
        (Told { paused_by: Some(PausedBy::Agent), strict: Ok(false), ..all_refuse() }, Outcome::Guard, 2),
        (
            Told { paused_by: Some(PausedBy::Agent), strict: Ok(false), guards: vec![], ..all_refuse() },
            Outcome::Paused,
            2,
        ),
    ];
    for (at, (mut told, outcome, stages)) in rows.into_iter().enumerate() {
        let decision = decide(&mut told);
        assert_eq!((decision.outcome, told.asked.len()), (outcome, stages), "row {at}: {:?}", told.asked);
        assert_eq!(decision.refuses(), outcome.is_refusal(), "row {at}");
        let off = switched_off(told.is_skipped, told.is_enabled, told.paused_by.is_some());
        if outcome.is_switched_off() {
            assert_eq!(off, Some(outcome), "row {at}");
        }
    }
    assert_eq!(switched_off(true, false, true), Some(Outcome::Skipped));
    assert_eq!(switched_off(false, false, true), Some(Outcome::Disabled));
    assert_eq!(switched_off(false, true, false), None);
}

#[test]
fn the_weightiest_finding_of_guards_decides() {
    use GuardVerdict as Kept;
    use Weight::{Ask, Observe, Refuse, Warn};
    type Row<'a> = (&'a [Weight], bool, Option<PausedBy>, Verdict, Outcome, &'a [Kept]);
    let rows: [Row<'_>; 8] = [
        (&[], false, None, Verdict::Pass, Outcome::Pass, &[]),
        (&[Observe], false, None, Verdict::Pass, Outcome::Pass, &[Kept::Observe]),
        (&[Warn, Observe], false, None, Verdict::Pass, Outcome::Pass, &[Kept::Warn, Kept::Observe]),
        (&[Warn, Ask], false, None, Verdict::Ask, Outcome::Pass, &[Kept::Warn, Kept::Ask]),
        (&[Ask, Refuse], false, None, Verdict::Refuse, Outcome::Guard, &[Kept::Ask, Kept::Deny]),
        (&[Ask, Refuse], true, None, Verdict::Pass, Outcome::Pass, &[Kept::Allowed, Kept::Allowed]),
        // Where nothing stops the tool there is nothing to except.
        (&[Warn], true, None, Verdict::Pass, Outcome::Pass, &[Kept::Warn]),
        (&[Refuse], true, Some(PausedBy::Person), Verdict::Pass, Outcome::Paused, &[Kept::Paused]),
    ];
    for (at, (guards, is_excepted, paused_by, verdict, outcome, kept)) in rows.into_iter().enumerate() {
        let mut told = Told { guards: guards.to_vec(), is_excepted, paused_by, ..Told::default() };
        let decision = decide(&mut told);
        let recorded: Vec<_> = decision.guards.iter().map(|(_, verdict)| *verdict).collect();
        assert_eq!((decision.verdict, decision.outcome), (verdict, outcome), "row {at}");
        assert_eq!(recorded, kept, "row {at}");
        assert_eq!(decision.is_excepted, kept.contains(&Kept::Allowed), "row {at}");
    }
}

#[test]
fn a_question_of_guards_gives_way_to_a_refusal() {
    let mut told = Told { guards: vec![Weight::Ask], requirements: open(), ..Told::default() };
    let decision = decide(&mut told);
    assert_eq!((decision.verdict, decision.outcome), (Verdict::Refuse, Outcome::Deny));
    assert_eq!(decision.by, [Stage::Guards, Stage::Requirements]);
    let mut told = Told { guards: vec![Weight::Ask], pressure: Ok(true), ..Told::default() };
    assert_eq!(decide(&mut told).outcome, Outcome::Context);
}

#[test]
fn a_requirement_weighs_by_its_state_and_mode() {
    use Mode::{Enforce, Observe, Warn};
    use RecordedState as Kept;
    use RequirementState::{Armed, Failed, Open, Satisfied};
    let rows = [
        (Open, Enforce, false, Weight::Refuse, Kept::Open),
        (Open, Warn, true, Weight::Warn, Kept::Warned),
        (Open, Observe, true, Weight::Observe, Kept::Observed),
        (Satisfied, Enforce, true, Weight::Nothing, Kept::Satisfied),
        (Armed, Enforce, true, Weight::Nothing, Kept::Armed),
        (Failed, Enforce, false, Weight::Nothing, Kept::Failed),
        (Failed, Enforce, true, Weight::Refuse, Kept::Failed),
        (Failed, Observe, true, Weight::Refuse, Kept::Failed),
    ];
    for (state, mode, closes, weight, kept) in rows {
        assert_eq!((state.weight(mode, closes), state.recorded(mode)), (weight, kept), "{state:?} {mode:?}");
        for ends_turn in [false, true] {
            let one = Needed { name: "r".into(), state, mode, closes_on_error: closes };
            let requirements = Ok(NeededRequirements::Needed(vec![one]));
            let decision = decide(&mut Told { ends_turn, requirements, ..Told::default() });
            let refused = if ends_turn { Outcome::Block } else { Outcome::Deny };
            let outcome = if weight == Weight::Refuse { refused } else { Outcome::Pass };
            assert_eq!(decision.outcome, outcome, "{state:?} {mode:?}");
            assert_eq!(decision.requirements, [("r".to_owned(), weight, kept)]);
        }
    }
    let certain = [
        (Certainty::Sure, Enforce, Weight::Refuse),
        (Certainty::Doubtful, Enforce, Weight::Ask),
        (Certainty::Advice, Enforce, Weight::Warn),
        (Certainty::Sure, Warn, Weight::Warn),
        (Certainty::Doubtful, Warn, Weight::Warn),
        (Certainty::Sure, Observe, Weight::Observe),
        (Certainty::Advice, Observe, Weight::Observe),
    ];
    for (certainty, mode, weight) in certain {
        assert_eq!(certainty.weight(mode), weight, "{certainty:?} {mode:?}");
    }
}

#[test]
fn what_is_exempt_or_needs_nothing_passes() {
    for (requirements, outcome) in
        [(NeededRequirements::NotNeeded, Outcome::Pass), (NeededRequirements::Exempt, Outcome::Exempt)]
    {
        let decision = decide(&mut Told { requirements: Ok(requirements), ..Told::default() });
        assert_eq!((decision.verdict, decision.outcome), (Verdict::Pass, outcome));
    }
}

#[test]
fn a_stage_that_fails_costs_no_other_and_closes_only_where_that_is_set() {
    let broken = |stage| match stage {
        Stage::Strict => Told { strict: Err(failed(stage)), ..Told::default() },
        Stage::Protection => Told { protected: Err(failed(stage)), ..Told::default() },
        Stage::Guards => Told { guard_failure: true, ..Told::default() },
        Stage::Requirements => Told { requirements: Err(failed(stage)), ..Told::default() },
        Stage::Work => Told { question: Err(failed(stage)), ..Told::default() },
        Stage::Pressure | Stage::Closing => Told { pressure: Err(failed(stage)), ..Told::default() },
    };
    for stage in [Stage::Strict, Stage::Protection, Stage::Guards, Stage::Requirements] {
        let mut told = broken(stage);
        let decision = decide(&mut told);
        assert_eq!((decision.verdict, decision.failures.len()), (Verdict::Pass, 1), "{stage:?}");
        assert_eq!(told.asked.len(), 6, "{stage:?}: the others were asked");
        let undecided = stage == Stage::Requirements;
        assert_eq!(decision.outcome.is_undecided(), undecided, "{stage:?}");
        let decision = decide(&mut Told { closes_on_error: true, ..broken(stage) });
        assert_eq!((decision.outcome, decision.by.as_slice()), (Outcome::Closed, &[Stage::Closing][..]));
        // A refusal that was found all the same is the better reason.
        if stage != Stage::Requirements {
            let told = &mut Told { closes_on_error: true, requirements: open(), ..broken(stage) };
            assert_eq!(decide(told).outcome, Outcome::Deny, "{stage:?}");
        }
    }
    for stage in [Stage::Work, Stage::Pressure] {
        let decision = decide(&mut Told { closes_on_error: true, ..broken(stage) });
        assert_eq!(
            (decision.verdict, decision.failures.len()),
            (Verdict::Pass, 1),
            "{stage:?}: behind the gates"
        );
    }
}

#[test]
fn a_turn_that_is_sent_back_still_learns_of_a_full_context() {
    let mut told = Told { ends_turn: true, requirements: open(), pressure: Ok(true), ..Told::default() };
    let decision = decide(&mut told);
    assert_eq!(decision.by, [Stage::Requirements, Stage::Pressure]);
    assert_eq!(decision.outcome, Outcome::Context);
    // What is open is asked about before how far the work is.
    let mut told = Told { ends_turn: true, requirements: open(), question: Ok(true), ..Told::default() };
    assert_eq!((decide(&mut told).by, told.asked.contains(&Stage::Work)), (vec![Stage::Requirements], false));
}

#[test]
fn words_in_logs_are_what_they_were_and_unknown_ones_cost_nothing() {
    use Outcome as O;
    let words = [
        (O::Undecided, ""),
        (O::Pass, "pass"),
        (O::Deny, "deny"),
        (O::Block, "block"),
        (O::Protected, "protected"),
        (O::Strict, "strict"),
        (O::Closed, "closed"),
        (O::Context, "context"),
        (O::Guard, "guard"),
        (O::Paused, "paused"),
        (O::Skipped, "skipped"),
        (O::Disabled, "disabled"),
        (O::Exempt, "exempt"),
    ];
    for (outcome, word) in words {
        assert_eq!((outcome.name(), serde_json::to_value(outcome).unwrap()), (word, word.into()));
        assert_eq!(serde_json::from_value::<O>(word.into()).unwrap(), outcome);
        let refusals = [O::Deny, O::Block, O::Protected, O::Strict, O::Closed, O::Context, O::Guard];
        assert_eq!(outcome.is_refusal(), refusals.contains(&outcome), "{word}");
        let off = [O::Paused, O::Skipped, O::Disabled];
        assert_eq!(outcome.is_switched_off(), off.contains(&outcome), "{word}");
    }
    assert_eq!(serde_json::from_value::<O>("later".into()).unwrap(), O::Unknown);
    let states = [
        (RecordedState::Open, "open", Some(false)),
        (RecordedState::Satisfied, "satisfied", Some(true)),
        (RecordedState::Armed, "armed", None),
        (RecordedState::Observed, "observed", Some(false)),
        (RecordedState::Warned, "warned", Some(false)),
        (RecordedState::Failed, "failed", None),
    ];
    for (state, word, satisfied) in states {
        assert_eq!((state.name(), serde_json::to_value(state).unwrap()), (word, word.into()));
        assert_eq!(state.is_satisfied(), satisfied, "{word}");
    }
    assert_eq!(serde_json::from_value::<RecordedState>("x".into()).unwrap(), RecordedState::Unknown);
    for verdict in [
        GuardVerdict::Deny,
        GuardVerdict::Ask,
        GuardVerdict::Warn,
        GuardVerdict::Observe,
        GuardVerdict::Block,
        GuardVerdict::Allowed,
        GuardVerdict::Granted,
        GuardVerdict::Paused,
    ] {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
    }
    assert_eq!(
        [Weight::Refuse, Weight::Ask, Weight::Warn, Weight::Observe]
            .map(|one| GuardVerdict::from(one).name()),
        ["deny", "ask", "warn", "observe"]
    );
}

/// An event that has no stage but its requirements.
struct Bare;

impl Situation for Bare {
    fn is_skipped(&mut self) -> bool {
        false
    }
    fn is_configured(&mut self) -> bool {
        true
    }
    fn is_enabled(&mut self) -> bool {
        true
    }
    fn paused_by(&mut self) -> Option<PausedBy> {
        None
    }
    fn requirements(&mut self) -> Result<NeededRequirements, StageError> {
        open()
    }
    fn closes_on_error(&mut self) -> bool {
        true
    }
}

#[test]
fn a_stage_that_an_event_does_not_have_says_nothing() {
    assert!(!Bare.is_excepted(&[Weight::Refuse]));
    let decision = decide(&mut Bare);
    assert_eq!((decision.verdict, decision.outcome), (Verdict::Refuse, Outcome::Deny));
    assert_eq!((&decision.guards, &decision.failures), (&Vec::new(), &Vec::new()));
    assert!(decision.is_by(Stage::Requirements));
    for absent in
        [Stage::Strict, Stage::Protection, Stage::Guards, Stage::Work, Stage::Pressure, Stage::Closing]
    {
        assert!(!decision.is_by(absent), "{}", absent.name());
    }
}

#[test]
fn every_stage_and_verdict_has_a_name_of_its_own() {
    use Stage::{Closing, Guards, Pressure, Protection, Requirements, Strict, Work};
    let stages = [Strict, Protection, Guards, Requirements, Work, Closing, Pressure];
    let names = [
        "strict preflight",
        "protect_cli",
        "guards",
        "requirement gates",
        "work in progress",
        "on_error",
        "context",
    ];
    assert_eq!(stages.map(Stage::name), names);
    assert_eq!(failed(Guards).to_string(), "guards: it broke");
    assert_eq!([Verdict::Pass, Verdict::Ask, Verdict::Refuse].map(Verdict::name), ["pass", "ask", "deny"]);
}

#[test]
fn an_outcome_is_read_where_every_reader_of_a_log_looks() {
    for outcome in [Outcome::Pass, Outcome::Deny, Outcome::Guard] {
        let line = serde_json::json!({PART: {"outcome": outcome.name()}});
        assert_eq!(Outcome::of(&serde_json::from_value(line).unwrap()), outcome);
    }
    for odd in [serde_json::json!({}), serde_json::json!({PART: {"outcome": 5}})] {
        assert_eq!(Outcome::of(&serde_json::from_value(odd).unwrap()), Outcome::Undecided);
    }
    let newer = serde_json::json!({PART: {"outcome": "postponed"}});
    assert_eq!(Outcome::of(&serde_json::from_value(newer).unwrap()), Outcome::Unknown);
    use RequirementState::{Armed, Failed, Open, Satisfied};
    let names = [Open, Satisfied, Armed, Failed].map(RequirementState::name);
    assert_eq!(names, ["open", "satisfied", "armed", "failed"]);
}
