//! PreToolUse: the findings of guards over a use of a tool, the text of refusals and warnings, and
//! exceptions.

use config::Policy;
use config::types::guards::GuardName;
use hooks_common::answer::HostDecision;
use hooks_common::decision::{Decision, GuardVerdict, Stage, StageError, Verdict, WeighedFinding, Weight};
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionId;
use platform::time::Moment;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::grants::{self, Grant, Grants};
use crate::objection::Raised;
use crate::record::{GuardRecord, GuardRecords, kept};
use crate::refusal;
pub use crate::table::raise;

/// How many bytes at the end of the session's log are searched for earlier warnings.
const RECENT: u64 = 64 * 1024;

/// The findings of guards over a use of a tool, and the exceptions for it.
#[derive(Debug, Default)]
pub struct GuardFindings {
    /// The findings.
    pub raised: Vec<Raised>,
    /// Why guards failed.
    pub failures: Vec<GuardsError>,
    /// The permits of Stanchion's commands that were used, each with its digest.
    permits: Vec<(String, Grant)>,
    /// The exception for this use, with its digest.
    exception: Option<(String, Grant)>,
    /// An exception for this use that does not cover all findings.
    uncovered: Option<Grant>,
}

impl GuardFindings {
    /// Runs every enabled guard.
    pub fn of(paths: &Paths, project: &Project, policy: &Policy, payload: &Payload, now: Moment) -> Self {
        if policy.guards().next().is_none() {
            return Self::default();
        }
        let examined = ExaminedUse::new(paths, project, policy, payload, now);
        let (raised, failures) = raise(&examined);
        Self { raised, failures, permits: examined.into_permits(), ..Self::default() }
    }

    /// The findings and failures in the form that the decision needs.
    pub fn decisive(&self) -> (Vec<WeighedFinding>, Vec<StageError>) {
        let found = self.raised.iter().map(|one| WeighedFinding { guard: one.guard, weight: one.weight });
        let failures = self.failures.iter().map(|reason| StageError::new(Stage::Guards, reason));
        (found.collect(), failures.collect())
    }

    /// Looks for an exception that covers every finding that stops the tool. A match is kept and
    /// spent later.
    pub fn look_for_exception(
        &mut self,
        paths: &Paths,
        project: &Project,
        payload: &Payload,
        session: &SessionId,
        now: Moment,
    ) -> bool {
        let digest = grants::digest_of(payload);
        let held = Grants::of(project).held(paths, &digest, session.key(), now.epoch());
        let covers = |grant: &Grant| {
            let mut stopping = self.raised.iter().filter(|one| one.weight >= Weight::Ask);
            stopping.all(|one| {
                grant.reasons.contains(&grants::reason(one.guard.name(), &kept(&one.objection.what)))
            })
        };
        match held {
            Some(grant) if covers(&grant) => self.exception = Some((digest, grant)),
            held => self.uncovered = held,
        }
        self.exception.is_some()
    }
}

/// Writes the refusal, the question or the warnings that the session has not had yet, and records
/// the findings.
pub fn tell(hook: &mut Hook, findings: &GuardFindings, decision: &Decision) {
    let is_paused = decision.guards.iter().any(|(_, verdict)| *verdict == GuardVerdict::Paused);
    if findings.raised.is_empty() {
        return;
    }
    let is_stopped = decision.is_by(Stage::Guards);
    let (mut digest, mut code) = (String::new(), String::new());
    if is_stopped {
        digest = grants::digest_of(&hook.payload);
        code = grants::code(hook.session.as_ref().map_or("", SessionId::full), &digest);
    }
    if !is_paused && !decision.is_excepted {
        // Warnings are shown beside a refusal too, and count as shown from now on.
        warn(hook, &findings.raised);
    }
    let records = findings.raised.iter().zip(&decision.guards).map(|(one, (weight, verdict))| GuardRecord {
        digest: digest.clone(),
        code: if *weight >= Weight::Ask { code.clone() } else { String::new() },
        ..GuardRecord::of(one, *verdict)
    });
    let records: Vec<GuardRecord> = records.collect();
    hook.records.get_mut::<GuardRecords>().0.extend(records);
    if is_stopped {
        let worst = findings.raised.iter().map(|one| one.weight).max().unwrap_or(Weight::Ask);
        let text = refusal::text(hook, &findings.raised, worst, &code, findings.uncovered.as_ref());
        hook.answer.decide(match worst {
            Weight::Refuse => HostDecision::Refuse(text),
            _ => HostDecision::Ask(text),
        });
    }
}

/// Spends the exceptions that allow the tool, unless something else refused it. Returns false if
/// one was spent already: of two concurrent uses, the second is refused.
pub fn spend(hook: &mut Hook, findings: GuardFindings, decision: &Decision) -> bool {
    let is_paused = decision.guards.iter().any(|(_, verdict)| *verdict == GuardVerdict::Paused);
    if decision.verdict == Verdict::Refuse || decision.is_by(Stage::Guards) || is_paused {
        return true;
    }
    let grants = Grants::of(hook.project());
    for (digest, grant) in findings.exception.into_iter().chain(findings.permits) {
        if !grants.spend(&hook.paths, &digest, &grant) {
            refuse_second(hook, &grant);
            return false;
        }
        if grant.is_of_command() {
            let Grant { what, reason, .. } = grant;
            let (guard, verdict) = (GuardName::Paths.name().to_owned(), GuardVerdict::Allowed);
            let record = GuardRecord { guard, verdict, what, reason, ..GuardRecord::default() };
            hook.records.get_mut::<GuardRecords>().0.push(record);
            continue;
        }
        for record in &mut hook.records.get_mut::<GuardRecords>().0 {
            record.reason.clone_from(&grant.reason);
            record.code.clone_from(&grant.code);
        }
        let tool = &hook.payload.tool_name;
        hook.answer.tell_user(format!(
            "{tool} was allowed once with {}: {}",
            grant.code,
            grant.reasons.join("; ")
        ));
    }
    true
}

/// Refuses a use whose exception another use has just spent.
fn refuse_second(hook: &mut Hook, grant: &Grant) {
    let way_out = if grant.is_of_command() {
        format!("run {} again", grant.reason)
    } else {
        "ask the user to let it through again".to_owned()
    };
    let text = format!(
        "This was allowed once, and another use of {} has just used the exception.\nNext: {way_out}",
        hook.payload.tool_name
    );
    hook.answer.decide(HostDecision::Refuse(text));
}

/// Warns the model and the user the first time that the session has such a finding.
fn warn(hook: &mut Hook, raised: &[Raised]) {
    let warned: Vec<_> = raised.iter().filter(|one| one.weight == Weight::Warn).collect();
    if warned.is_empty() {
        return;
    }
    let recent = hook.session_dir().and_then(|dir| dir.read_tail(RECENT).ok()).unwrap_or_default();
    let known: Vec<GuardRecord> = recent
        .iter()
        .filter_map(|event| event.record::<GuardRecords>())
        .flat_map(|records| records.0)
        .collect();
    let is_known = |one: &Raised| {
        let what = kept(&one.objection.what);
        known.iter().any(|known| {
            known.verdict == GuardVerdict::Warn && known.guard == one.guard.name() && known.what == what
        })
    };
    let lines: Vec<String> = warned.into_iter().filter(|one| !is_known(one)).map(refusal::warning).collect();
    if !lines.is_empty() {
        let text = lines.join("\n");
        hook.answer.add_context(text.clone());
        hook.answer.tell_user(text);
    }
}
