//! Plan mode: what a plan will meet, told when planning begins and when it ends.

use std::fmt::Write;

use hooks_common::event::Event;
use hooks_common::runtime::Hook;

use crate::briefing::way_out;
use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::EvalContext;
use crate::needed::is_told;
use crate::phase;
use crate::refusal;
use hooks_common::req::Req;

/// Tells the open requirements after EnterPlanMode and ExitPlanMode; nothing when none is open.
///
/// # Errors
/// When the gates cannot be read.
pub fn tell(hook: &mut Hook) -> Result<(), GatesError> {
    let is_entered = match (hook.event, hook.payload.tool_name.as_str()) {
        (Event::PostToolUse, "EnterPlanMode") => true,
        (Event::PostToolUse, "ExitPlanMode") => false,
        _ => return Ok(()),
    };
    let Some(gates) = Gates::of_later_stage(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?;
    let is_wanted =
        if is_entered { settings.plan_enter.inject_context } else { settings.plan_exit.inject_context };
    if !is_wanted {
        return Ok(());
    }
    let situation = EvalContext::of_project(&hook.paths, hook.project());
    let survey = gates.survey(&situation)?;
    let open: Vec<_> =
        survey.iter().filter(|(rule, judged)| is_told(rule, judged)).map(|(rule, _)| rule).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut text = if is_entered {
        "The plan will meet these open requirements:".to_owned()
    } else {
        "Before this plan can be carried out, these requirements are open:".to_owned()
    };
    for rule in &open {
        let _ = write!(text, "\n- {} ({})", rule.name, way_out(rule, None));
    }
    let workflow = gates.policy.workflow()?;
    if let Some(phase) = workflow.as_ref().and_then(|workflow| phase::current(workflow, &survey))
        && let (true, Some(skill)) = (is_entered, &phase.skill)
    {
        let _ =
            write!(text, "\nThe phase is {}; its skill is /{}.", phase.name, skill.trim_start_matches('/'));
    }
    if !is_entered {
        let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
        let req = Req::find(&hook.paths);
        for way in refusal::ways_on(&open, &session) {
            let _ = write!(text, "\nNext: {}", req.call(&way));
        }
    }
    hook.answer.add_context(text);
    Ok(())
}
