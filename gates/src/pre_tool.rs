//! PreToolUse: may this tool run?

use hooks_common::answer::Decision;
use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use hooks_common::store::lock;

use crate::refusal::{self, Req};
use crate::view::{Gates, Standing, ToolUse, Verdict};

/// Refuses the tool if a requirement that it triggers is open; otherwise marks what it triggers, so that Stop
/// verifies it. A refused tool wrote nothing, so it triggers nothing.
///
/// # Errors
/// When the gates cannot be read; the tool passes then.
pub fn decide(hook: &mut Hook) -> Result<(), String> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let file = hook.payload.file().map(|file| hook.payload.folder().join(file));
    let tool_use = ToolUse {
        tool: &hook.payload.tool_name,
        command: &hook.payload.tool_input.command,
        file: file.as_deref(),
    };
    let verdict = gates.verdict(&hook.paths, hook.project().root(), &tool_use)?;
    let mut record = hook.gates.take().unwrap_or_default();
    let open = verdict.open();
    record.outcome = match &verdict {
        Verdict::NotAsked => "pass".to_owned(),
        Verdict::Exempt(_) => "exempt".to_owned(),
        Verdict::Asked(_) if open.is_empty() => "pass".to_owned(),
        Verdict::Asked(_) => "deny".to_owned(),
    };
    if let Verdict::Asked(asked) = &verdict {
        record.asked =
            asked.iter().map(|asked| (asked.gate.name.clone(), asked.standing.name().to_owned())).collect();
    }
    hook.gates = Some(record);
    if !open.is_empty() {
        let text = refusal::tool(&gates, &open, hook.project().root(), &tool_use, &Req::find(&hook.paths))?;
        hook.answer.decide(Decision::Refuse(text));
        return Ok(());
    }
    if let Verdict::Asked(asked) = &verdict {
        let fresh: Vec<_> =
            asked.iter().filter(|asked| !asked.was_triggered).map(|asked| &asked.gate).collect();
        if let (false, Some(session)) = (fresh.is_empty(), &gates.session) {
            let marked = transaction(
                &gates.dir,
                &gates.branch,
                hook.project().root(),
                gates.now,
                lock::HOT,
                |changes| {
                    for gate in &fresh {
                        changes.mark_triggered(&gate.name, gate.scope, session);
                    }
                },
            );
            marked.map_err(|error| format!("marking what was triggered: {error}"))?;
            let names = fresh.iter().map(|gate| gate.name.clone()).collect();
            if let Some(record) = &mut hook.gates {
                record.triggered = names;
            }
        }
    }
    let armed = matches!(&verdict, Verdict::Asked(asked) if asked.iter().any(|asked| asked.standing == Standing::Armed));
    if armed {
        hook.log.debug("requirements armed for Stop");
    }
    Ok(())
}
