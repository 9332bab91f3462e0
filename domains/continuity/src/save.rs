//! Saving what a session knows: the hand-off, and the unattended checkpoint.

use std::io;

use hooks_common::runtime::Hook;
use hooks_common::session_log::SessionDir;

use crate::error::ContinuityError;
use crate::facts::{Facts, FactsDepth};
use crate::failures::Failures;
use crate::handoff::{self, Occasion};
use crate::journal::{self, Journal};
use crate::place::ContinuityPlace;
use crate::{checkpoint, meter, mirror};

/// Saves the hand-off for a reason of ours.
///
/// # Errors
/// When a file can be neither read nor written.
pub fn hand_off(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    journal: &Journal,
    trigger: &str,
) -> io::Result<()> {
    let transcript = meter::transcript_of(hook, dir);
    let session = hook.session.as_ref().map_or("", |session| session.full());
    let facts = Facts::gather(place, journal, session, transcript.as_deref(), FactsDepth::Prompt);
    write(place, dir, journal, &facts, trigger, hook)
}

/// The checkpoint of a session whose context is nearly used up.
///
/// # Errors
/// When it cannot be written.
pub fn in_need(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    journal: &Journal,
    percent: f64,
) -> Result<(), ContinuityError> {
    let transcript = meter::transcript_of(hook, dir);
    let session = hook.session.as_ref().map_or("", |session| session.full());
    let mut facts = Facts::gather(place, journal, session, transcript.as_deref(), FactsDepth::Prompt);
    facts.context_percent = Some(percent);
    emergency(hook, place, &facts, "the context is nearly used up").map(drop)
}

fn write(
    place: &ContinuityPlace,
    dir: &SessionDir,
    journal: &Journal,
    facts: &Facts,
    trigger: &str,
    hook: &Hook,
) -> io::Result<()> {
    let occasion =
        Occasion { trigger, custom_instructions: &hook.payload.custom_instructions, now: hook.entered };
    handoff::save(place, dir, &handoff::compose(place, journal, facts, &occasion))?;
    let saved_at = hook.entered.wall.timestamp_millis();
    journal::update(dir, place.root(), &place.settings.context, |journal| journal.saved_at = saved_at)?;
    Ok(())
}

/// Before a compaction: the project's files, the hand-off, and a checkpoint if there is something to tell.
///
/// # Errors
/// When one of them fails.
pub fn before_compaction(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let trigger = if hook.payload.trigger.is_empty() { "compact" } else { &hook.payload.trigger };
    let trigger = trigger.to_owned();
    save(hook, &place, &dir, &trigger, FactsDepth::Prompt, "before a compaction")
}

/// When a session ends. See [`before_compaction`].
///
/// # Errors
/// When one of them fails.
pub fn at_end(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    depth: FactsDepth,
) -> Result<(), ContinuityError> {
    save(hook, place, dir, "session_end", depth, "the session ended")
}

fn save(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    trigger: &str,
    depth: FactsDepth,
    reason: &str,
) -> Result<(), ContinuityError> {
    let session = hook.session.as_ref().map_or("", |session| session.full());
    let mut failures = Failures::default();
    let (journal, shown) = mirror::refresh(place, dir, session);
    failures.take(shown);
    let transcript = meter::transcript_of(hook, dir);
    let mut facts = Facts::gather(place, &journal, session, transcript.as_deref(), depth);
    if place.settings.handoff.enabled {
        failures.note("the hand-off", write(place, dir, &journal, &facts, trigger, hook));
    }
    facts.context_percent = meter::of_hook(hook, &place.settings.context).map(|reading| reading.percent);
    failures.note("the checkpoint", emergency(hook, place, &facts, reason));
    failures.into()
}

/// Writes an unattended checkpoint if that is configured and there is anything to save; its path.
///
/// # Errors
/// When it cannot be written.
pub fn emergency(
    hook: &Hook,
    place: &ContinuityPlace,
    facts: &Facts,
    reason: &str,
) -> Result<Option<std::path::PathBuf>, ContinuityError> {
    if !place.settings.checkpoints.emergency || !facts.tell_something() || facts.number == 0 {
        return Ok(None);
    }
    let written = checkpoint::emergency(place, facts, hook.entered, reason)?;
    Ok(Some(written.path))
}
