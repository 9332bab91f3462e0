//! Composes the status line from segments.

use gates::needed::is_told;
use gates::{EvalContext, Gates, phase};
use hooks_common::decision::Outcome;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::session_id::SessionId;
use platform::env_vars;
use platform::text::one_line;
use platform::time::Moment;

use crate::status::Status;

/// The most names of open requirements that are shown.
const MOST_NAMES: usize = 3;
/// The percentages of context use from which it is shown as a warning and as an alarm.
const FULL: f64 = 85.0;
const VERY_FULL: f64 = 95.0;

/// The importance of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Warning,
    Alarm,
}

/// The whole line.
pub fn compose(status: &Status, paths: &Paths) -> String {
    let mut segments = of_gates(status, paths);
    if let Some(context) = status.context {
        let tone = match context {
            full if full >= VERY_FULL => Tone::Alarm,
            full if full >= FULL => Tone::Warning,
            _ => Tone::Plain,
        };
        segments.push((tone, format!("ctx {context:.0}%")));
    }
    if let Some(cost) = status.cost.filter(|cost| *cost > 0.0) {
        segments.push((Tone::Plain, format!("${cost:.2}")));
    }
    if !status.model.is_empty() {
        segments.push((Tone::Plain, status.model.chars().filter(|c| !c.is_control()).take(40).collect()));
    }
    let plain = env_vars::get_os(env_vars::NO_COLOR).is_some();
    let shown: Vec<String> = segments.into_iter().map(|(tone, text)| painted(tone, &text, plain)).collect();
    shown.join(" · ")
}

/// How long one part of the line may be, in characters.
const LONGEST_PART: usize = 120;

fn painted(tone: Tone, text: &str, plain: bool) -> String {
    let text: String = one_line(text).chars().take(LONGEST_PART).collect();
    match tone {
        Tone::Plain => text,
        _ if plain => text,
        Tone::Warning => format!("\x1b[33m{text}\x1b[0m"),
        Tone::Alarm => format!("\x1b[31m{text}\x1b[0m"),
    }
}

/// The segments of the gates: paused, the phase, the open requirements of this session. No limit is computed for
/// them.
fn of_gates(status: &Status, paths: &Paths) -> Vec<(Tone, String)> {
    let mut segments = Vec::new();
    let Some(folder) = &status.folder else { return segments };
    let project = Project::of_event(paths, None, folder);
    let session = SessionId::new(&status.session_id).map(|session| session.key().clone());
    let now = Moment::now().epoch();
    let Some(gates) = Gates::of(&project, paths, project.branch(), session, now) else { return segments };
    match gates.switched_off(false) {
        Some(Outcome::Paused) => segments.push((Tone::Warning, "⏸ paused".to_owned())),
        Some(_) => {
            segments.push((Tone::Warning, "gates off".to_owned()));
            return segments;
        }
        None => {}
    }
    let situation = EvalContext { may_compute: false, ..EvalContext::of_project(paths, &project) };
    let survey = gates.survey(&situation).ok();
    if let Ok(Some(workflow)) = gates.policy.workflow()
        && let Some(phase) = phase::name(&workflow, survey.as_deref())
    {
        segments.push((Tone::Plain, phase.to_owned()));
    }
    let open: Vec<String> = survey
        .into_iter()
        .flatten()
        .filter(|(rule, judged)| is_told(rule, judged))
        .map(|(rule, _)| rule.name)
        .collect();
    if !open.is_empty() {
        let names = open.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
        let more = if open.len() > MOST_NAMES { ", …" } else { "" };
        segments.push((Tone::Alarm, format!("{} open: {names}{more}", open.len())));
    }
    segments
}
