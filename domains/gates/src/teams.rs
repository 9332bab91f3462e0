//! Teams of agents: what they finished, and whether they may rest.

use hooks_common::answer::HostDecision;
use hooks_common::decision::Outcome;
use hooks_common::event::Event;
use hooks_common::runtime::Hook;
use platform::store::{append, lock};

use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::EvalContext;
use crate::record::GateRecord;
use crate::refusal;
use hooks_common::req::Req;

/// The longest subject that is kept, in characters.
const LONGEST_SUBJECT: usize = 43;

/// Adds a line to the team's progress and, where the configuration asks for it, sends a teammate back that goes
/// idle while requirements are open, or does not accept a task without a subject.
///
/// # Errors
/// When the gates cannot be read or the progress not be written.
pub fn follow(hook: &mut Hook) -> Result<(), GatesError> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?.agent_teams;
    if !settings.enabled {
        return Ok(());
    }
    let payload = &hook.payload;
    let subject = one_line(&payload.task_subject);
    let (line, complaint) = match hook.event {
        Event::TeammateIdle => {
            let name = one_line(&payload.teammate_name);
            let complaint = if settings.keep_working_on_idle { still_open(hook, &gates)? } else { None };
            (format!("IDLE  {name} paused"), complaint)
        }
        Event::TaskCompleted => {
            let is_blank = settings.validate_task_completion && subject.is_empty();
            let complaint =
                is_blank.then(|| "A completed task needs a subject that says what was done.".to_owned());
            (format!("DONE  #{} completed: {subject}", one_line(&payload.task_id)), complaint)
        }
        _ => return Ok(()),
    };
    if let Some(complaint) = complaint {
        hook.records.get_mut::<GateRecord>().outcome = Outcome::Block;
        hook.answer.decide(HostDecision::Refuse(complaint));
    }
    let time = hook.entered.wall.format("%H:%M:%S");
    let team = one_line(&hook.payload.team_name);
    let path = gates.dir.team_progress();
    platform::store::create_dir(gates.dir.path())?;
    let line = format!("[{time}] {line}  [{team}]");
    append::append_line(&path, &path.with_extension("lock"), line.as_bytes(), lock::HOT)
        .map_err(GatesError::from)
}

fn still_open(hook: &Hook, gates: &Gates) -> Result<Option<String>, GatesError> {
    let situation = EvalContext::of_project(&hook.paths, hook.project());
    let open = gates.open(&situation)?;
    if open.is_empty() {
        return Ok(None);
    }
    let root = hook.project().root();
    let named: Vec<_> =
        open.iter().map(|rule| format!("{} ({})", rule.name, refusal::place(rule, root))).collect();
    let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
    let ways = refusal::ways_on(&open.iter().collect::<Vec<_>>(), &session);
    let calls: Vec<_> = ways.iter().map(|way| Req::find(&hook.paths).call(way)).collect();
    Ok(Some(format!("These requirements are open: {}.\nNext: {}", named.join(", "), calls.join("; "))))
}

/// Text from outside on one line, bounded.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SUBJECT).collect()
}
