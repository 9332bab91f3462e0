//! Teams of agents: what they finished, and whether they may rest.

use hooks_common::answer::Decision;
use hooks_common::event::Event;
use hooks_common::runtime::Hook;
use platform::store::{append, lock};

use crate::judge::Situation;
use crate::refusal;
use crate::view::Gates;
use hooks_common::req::Req;

/// The longest subject that is kept, in characters.
const LONGEST_SUBJECT: usize = 43;

/// Adds a line to the team's progress and, where the configuration asks for it, sends a teammate back that goes
/// idle while requirements are open, or does not accept a task without a subject.
///
/// # Errors
/// When the gates cannot be read or the progress not be written.
pub fn follow(hook: &mut Hook) -> Result<(), String> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings().map_err(|error| error.to_string())?.agent_teams;
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
        hook.gates.get_or_insert_default().outcome = "block".to_owned();
        hook.answer.decide(Decision::Refuse(complaint));
    }
    let time = hook.entered.wall.format("%H:%M:%S");
    let team = one_line(&hook.payload.team_name);
    let path = gates.dir.team_progress();
    std::fs::create_dir_all(gates.dir.path()).map_err(|error| error.to_string())?;
    let line = format!("[{time}] {line}  [{team}]");
    append::append_line(&path, &path.with_extension("lock"), line.as_bytes(), lock::HOT)
        .map_err(|error| error.to_string())
}

fn still_open(hook: &Hook, gates: &Gates) -> Result<Option<String>, String> {
    let situation = Situation::of_project(&hook.paths, hook.project());
    let open = gates.open(&situation).map_err(|error| error.to_string())?;
    if open.is_empty() {
        return Ok(None);
    }
    let root = hook.project().root();
    let named: Vec<_> =
        open.iter().map(|rule| format!("{} ({})", rule.name, refusal::place(rule, root))).collect();
    let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
    let ways = refusal::ways_on(&open.iter().collect::<Vec<_>>(), &session);
    let calls: Vec<_> = ways.iter().map(|way| Req::find(&hook.paths).call(way)).collect();
    Ok(Some(format!("These requirements are open: {}.\nTo go on: {}", named.join(", "), calls.join("; "))))
}

/// Text from outside on one line, bounded.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SUBJECT).collect()
}
