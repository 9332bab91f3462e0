//! PermissionRequest: some commands are not even asked for.

use config::types::LogLevel;
use hooks_common::answer::Decision;
use hooks_common::runtime::Hook;
use platform::text::fact;

use crate::view::Gates;
use hooks_common::tool_use::ToolUse;

/// Denies a command that destroys what cannot be brought back, before anybody clicks it through. `find` says why one
/// does.
///
/// # Errors
/// When the gates cannot be read; the user is asked then, as without us.
pub fn deny_dangerous(
    hook: &mut Hook,
    find: impl Fn(&Hook, &ToolUse<'_>) -> Option<String>,
) -> Result<(), String> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings().map_err(|error| error.to_string())?.permission_request;
    if !settings.auto_deny_dangerous {
        return Ok(());
    }
    let tool_use = ToolUse::of(&hook.payload);
    let Some(reason) = find(hook, &tool_use).filter(|_| tool_use.is_bash()) else { return Ok(()) };
    let text = format!(
        "{} was denied without asking: {reason}.\nTo run it all the same, a person does so in a terminal of their own.\nTo be asked instead: req config --set hooks.permission_request.auto_deny_dangerous=false",
        fact(tool_use.command),
    );
    hook.gates.get_or_insert_default().outcome = "deny".to_owned();
    hook.log.add(LogLevel::Info, format!("denied a permission request: {reason}"));
    hook.answer.decide(Decision::Refuse(text));
    Ok(())
}
