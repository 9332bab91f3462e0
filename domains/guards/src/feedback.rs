//! PostToolUse and PostToolUseFailure: records how the tool ended. It warns the model about
//! repeated failures, or repeats what fixed the same failure earlier.

use std::path::PathBuf;

use config::Policy;
use config::types::Mode;
use config::types::guards::{Errors, GuardName, GuardSettings, Loops, Placed, Tests};
use hooks_common::event::Event;
use hooks_common::runtime::Hook;
use serde::de::DeserializeOwned;

use crate::error::GuardsError;
use crate::objection::{Objection, Raised, Weight};
use crate::outcome::{self, FailedTool, is_failure};
use crate::record::{GuardRecord, GuardRecords};
use crate::{errors, loops, projection, refusal};

/// Records how a tool ended. Warns the model about repeated failures, or repeats what fixed the
/// same failure earlier.
///
/// # Errors
/// If the policy, the session's log or the known failures cannot be read.
pub fn look(hook: &mut Hook, policy: Option<&Policy>) -> Result<(), GuardsError> {
    let has_failed = hook.event == Event::PostToolUseFailure;
    let is_concerned = has_failed || hook.payload.tool_name == "Bash";
    if !is_concerned || hook.payload.is_interrupt || hook.session.is_none() || hook.is_skipped() {
        return Ok(());
    }
    let Some(policy) = policy.filter(|policy| policy.is_enabled()) else { return Ok(()) };
    let names = [GuardName::Tests, GuardName::Loops, GuardName::Errors];
    if !names.into_iter().any(|name| policy.has_guard(name)) {
        return Ok(());
    }
    let custom = placed::<Tests>(policy)?.map(|tests| tests.settings.runners).unwrap_or_default();
    let Some(outcome) = outcome::of(&hook.payload, has_failed, &custom) else { return Ok(()) };
    let is_asked = policy.has_guard(GuardName::Loops) || policy.has_guard(GuardName::Errors);
    let found = match hook.session_dir().filter(|_| is_asked && is_failure(has_failed, &outcome)) {
        Some(dir) => FailedTool::of(&hook.payload, &outcome, &dir, hook.entered)
            .and_then(|failure| examine(policy, &failure, || projection::root_of(hook))),
        None => Ok(Vec::new()),
    };
    *hook.records.get_mut() = outcome;
    for (raised, mode) in found? {
        tell(hook, &raised, mode);
    }
    Ok(())
}

/// What the enabled guards find about a failure in a project with this root.
pub(crate) fn examine(
    policy: &Policy,
    failure: &FailedTool<'_>,
    root: impl FnOnce() -> PathBuf,
) -> Result<Vec<(Raised, Mode)>, GuardsError> {
    let mut found = Vec::new();
    if let Some(guard) = placed::<Loops>(policy)? {
        found.extend(loops::examine(&guard.settings, failure).map(|objection| raised(guard, objection)));
    }
    if let Some(guard) = placed::<Errors>(policy)? {
        let objection = errors::examine(&guard.settings, failure, root)?;
        found.extend(objection.map(|objection| raised(guard, objection)));
    }
    Ok(found)
}

/// A guard's settings, if it is on.
fn placed<T: GuardSettings + DeserializeOwned>(policy: &Policy) -> Result<Option<Placed<T>>, GuardsError> {
    Ok(policy.guard()?)
}

fn raised<T: GuardSettings>(guard: Placed<T>, objection: Objection) -> (Raised, Mode) {
    let mode = guard.settings.mode();
    let raised = Raised {
        guard: T::NAME,
        weight: objection.weight(mode),
        message: guard.settings.message().map(str::to_owned),
        place: (guard.place.file, guard.place.line),
        objection,
    };
    (raised, mode)
}

/// A tool that ran cannot be refused any more, so `enforce` means that the user is told too.
fn tell(hook: &mut Hook, raised: &Raised, mode: Mode) {
    if raised.weight == Weight::Warn {
        let text = refusal::warning(raised);
        if mode == Mode::Enforce {
            hook.answer.tell_user(text.clone());
        }
        hook.answer.add_context(text);
    }
    hook.records.get_mut::<GuardRecords>().0.push(GuardRecord::of(raised, raised.weight.into()));
}
