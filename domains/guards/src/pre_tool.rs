//! PreToolUse: is there anything against this use of a tool?

use config::Policy;
use config::types::guards::GuardName;
use hooks_common::answer::Decision;
use hooks_common::runtime::Hook;
use hooks_common::session_log::{GateRecord, GuardRecord};

use crate::grants::{self, Grant, Grants};
use crate::objection::{Raised, Verdict, kept};
use crate::sight::Sight;
pub use crate::table::raise;
use crate::{overrides, refusal};

/// How much of the session's log is looked at for what was told already, in bytes.
const RECENT: u64 = 64 * 1024;

/// Grants that let the use of the tool through, each by its digest, to be spent once nothing else is against it.
#[derive(Debug)]
pub struct Held {
    grants: Grants,
    used: Vec<(String, Grant)>,
}

impl Held {
    fn of(hook: &Hook, used: Vec<(String, Grant)>) -> Option<Self> {
        (!used.is_empty()).then(|| Self { grants: Grants::of(hook.project()), used })
    }
}

/// Refuses the tool, asks, or tells, as the guards that are on say. Grants that let it through are returned, unspent.
///
/// # Errors
/// When a guard that closes on errors failed, or the policy is damaged.
pub fn decide(hook: &mut Hook, policy: Option<&Policy>) -> Result<Option<Held>, String> {
    let Some(policy) = policy.filter(|policy| policy.is_enabled() && policy.guards().next().is_some()) else {
        return Ok(None);
    };
    let Some(session) = hook.session.clone().filter(|_| !hook.is_skipped()) else { return Ok(None) };
    let (raised, failures, mut used) = {
        let sight = Sight::new(&hook.paths, hook.project(), policy, &hook.payload, hook.entered);
        let (raised, failures) = raise(&sight);
        (raised, failures, sight.into_permits())
    };
    for failure in &failures {
        hook.report(failure);
    }
    if raised.is_empty() {
        return if failures.is_empty() || !policy.closes_on_error() {
            Ok(Held::of(hook, used))
        } else {
            Err(failures.join("; "))
        };
    }
    let mark = hook.project().state().pause_mark(session.key());
    if overrides::is_paused_by_person(&hook.paths, &mark, session.key()) {
        record(hook, &raised, "paused", "", "");
        return Ok(None);
    }
    let worst = raised.iter().map(|one| one.verdict).max().unwrap_or(Verdict::Observe);
    if worst < Verdict::Ask {
        tell(hook, &raised);
        record(hook, &raised, "", "", "");
        return Ok(Held::of(hook, used));
    }
    // What is only warned of is told beside the rest: it counts as told from now on.
    tell(hook, &raised);
    let digest = grants::digest_of(&hook.payload);
    let grants = Grants::of(hook.project());
    let held = grants.held(&hook.paths, &digest, session.key(), hook.entered.epoch());
    let covers = |grant: &Grant| {
        let mut stopping = raised.iter().filter(|one| one.verdict >= Verdict::Ask);
        stopping
            .all(|one| grant.reasons.contains(&grants::reason(one.guard.name(), &kept(&one.objection.what))))
    };
    let uncovered = match held {
        Some(grant) if covers(&grant) => {
            record(hook, &raised, "allowed", "", "");
            used.insert(0, (digest, grant));
            return Ok(Some(Held { grants, used }));
        }
        held => held,
    };
    let code = grants::code(session.full(), &digest);
    let text = refusal::text(hook, &raised, worst, &code, uncovered.as_ref());
    record(hook, &raised, "", &digest, &code);
    match worst {
        Verdict::Deny => {
            hook.gates = Some(GateRecord {
                outcome: "guard".to_owned(),
                policy: policy.hash().to_owned(),
                branch: hook.branch().name().to_owned(),
                ..GateRecord::default()
            });
            hook.answer.decide(Decision::Refuse(text));
        }
        _ => hook.answer.decide(Decision::Ask(text)),
    }
    Ok(None)
}

/// Uses up the grants that let the tool through, unless something else refused it. Two uses at once do not both pass.
///
/// # Errors
/// Never; what cannot be used up is refused.
pub fn spend(hook: &mut Hook, held: Option<Held>) -> Result<(), String> {
    let Some(Held { grants, used }) = held else { return Ok(()) };
    if matches!(hook.answer.decision(), Decision::Refuse(_)) {
        return Ok(());
    }
    for (digest, grant) in used {
        if !grants.spend(&hook.paths, &digest, &grant) {
            refuse_second(hook, &grant);
            return Ok(());
        }
        if grant.is_of_command() {
            let Grant { what, reason, .. } = grant;
            let (guard, verdict) = (GuardName::Paths.name().to_owned(), "allowed".to_owned());
            hook.guards.push(GuardRecord { guard, verdict, what, reason, ..GuardRecord::default() });
            continue;
        }
        for record in &mut hook.guards {
            record.reason.clone_from(&grant.reason);
            record.code.clone_from(&grant.code);
        }
        let tool = &hook.payload.tool_name;
        hook.answer.tell_user(format!(
            "{tool} was let through once, as allowed with {}: {}",
            grant.code,
            grant.reasons.join("; ")
        ));
    }
    Ok(())
}

/// Refuses a use of the tool that was let through, where another has just used up the same grant.
fn refuse_second(hook: &mut Hook, grant: &Grant) {
    let way_out = if grant.is_of_command() {
        format!("run {} again", grant.reason)
    } else {
        "ask the user to let it through again".to_owned()
    };
    let text = format!(
        "This was let through once, and another use of {} has just used that up.\nTo go on: {way_out}",
        hook.payload.tool_name
    );
    hook.gates.get_or_insert_default().outcome = "guard".to_owned();
    hook.answer.decide(Decision::Refuse(text));
}

/// Tells the model and the user what is only warned of, the first time that the session meets it.
fn tell(hook: &mut Hook, raised: &[Raised]) {
    let warned: Vec<_> = raised.iter().filter(|one| one.verdict == Verdict::Warn).collect();
    if warned.is_empty() {
        return;
    }
    let recent = hook.session_dir().and_then(|dir| dir.read_tail(RECENT).ok()).unwrap_or_default();
    let is_known = |one: &Raised| {
        let what = kept(&one.objection.what);
        let is_told = |known: &GuardRecord| known.verdict == Verdict::Warn.name();
        let same =
            |known: &GuardRecord| is_told(known) && known.guard == one.guard.name() && known.what == what;
        recent.iter().any(|event| event.guards.iter().any(same))
    };
    let lines: Vec<String> = warned.into_iter().filter(|one| !is_known(one)).map(refusal::warning).collect();
    if !lines.is_empty() {
        let text = lines.join("\n");
        hook.answer.add_context(text.clone());
        hook.answer.tell_user(text);
    }
}

/// What the log keeps.
fn record(hook: &mut Hook, raised: &[Raised], verdict: &str, digest: &str, code: &str) {
    hook.guards.extend(raised.iter().map(|one| GuardRecord {
        guard: one.guard.name().to_owned(),
        verdict: if verdict.is_empty() { one.verdict.name() } else { verdict }.to_owned(),
        what: kept(&one.objection.what),
        digest: digest.to_owned(),
        code: if one.verdict >= Verdict::Ask { code.to_owned() } else { String::new() },
        reason: String::new(),
    }));
}
