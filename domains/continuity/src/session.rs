//! SessionStart and SessionEnd: what begins with a session, what is given back to it, what is saved when it ends.

use hooks_common::answer::SESSION_START_LIMIT;
use hooks_common::owner::Owner;
use hooks_common::paths::in_project;
use hooks_common::runtime::Hook;
use platform::store::lock;
use std::path::Path;

use crate::delta::Delta;
use crate::error::ContinuityError;
use crate::facts::FactsDepth;
use crate::failures::Failures;
use crate::handoff::{self, Restored};
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::number::{self, Beginning};
use crate::place::ContinuityPlace;
use crate::pressure;
use crate::recovery::{self, Asking};
use crate::{checkpoint, commits, exclude, journal, save, turn, vitals};

/// For how many minutes the model is told of a hand-off that no session has restored.
const HINTED: u16 = 240;
/// How much of a session's last answers is looked at when it ends, in bytes.
const STORY: u64 = 1024 * 1024;

/// Gives the session its number. A compaction leaves room in its context.
///
/// # Errors
/// When the project's files can be neither read nor written.
pub fn begin(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    let mut failures = Failures::default();
    if hook.payload.source == "compact" {
        failures.note("context", pressure::clear(&dir).and_then(|()| dir.forget_context()));
    } else {
        failures.note("context", turn::note_context(hook, &place, &dir));
    }
    let source = hook.payload.source.clone();
    let beginning = Beginning { session: &session, source: &source, now: hook.entered };
    if let Some(begun) = failures.note("session number", number::begin(&place, &dir, &beginning)) {
        failures.note("session state", number::show(&place, &dir, &beginning, &begun));
    }
    failures.into()
}

/// Ends the sessions that ended without SessionEnd, and reports what they knew. `owner` is the session's client.
///
/// # Errors
/// When the ledger can be neither read nor written.
pub fn recover(hook: &mut Hook, owner: Option<&Owner>) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    if hook.payload.source == "compact" {
        return Ok(());
    }
    let by = journal::number_of(&dir).unwrap_or(0);
    let asking = Asking {
        paths: &hook.paths,
        root: place.root(),
        session_id: session.full(),
        owner,
        now: hook.entered,
    };
    let (recovered, failed) = recovery::recover(&place, &asking, by)?;
    let told = recovery::told(&place, &recovered, hook.entered);
    if !told.is_empty() {
        hook.answer.add_context(told);
    }
    let mut orphans = Vec::new();
    if !recovered.is_empty() {
        let numbers: Vec<_> = recovered.iter().map(|one| format!("session {}", one.number)).collect();
        orphans.push(format!("recovered at the start: {}", vitals::listed(&numbers)));
    }
    if !failed.is_empty() {
        orphans.push(format!(
            "ended without SessionEnd, and cannot be recovered now: {} (req session)",
            failed.len()
        ));
    }
    if !orphans.is_empty() {
        let note = |journal: &mut Journal| journal.orphans = orphans;
        journal::update(&dir, place.root(), &place.settings.context, note)?;
    }
    if failed.is_empty() { Ok(()) } else { Err(ContinuityError::Several(failed)) }
}

/// Restores after a compaction what was saved before it, within the room that is left; mentions the hand-off of
/// another session.
///
/// # Errors
/// When a restored hand-off cannot be marked as restored.
pub fn restore(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    if !place.settings.handoff.enabled {
        return Ok(());
    }
    let (own, shared) = (dir.file(crate::handoff::HANDOFF), in_project::handoff(place.root()));
    let shown = shared.strip_prefix(place.root()).unwrap_or(&shared).to_string_lossy().into_owned();
    if hook.payload.source != "compact" {
        hint(hook, &shared);
        return Ok(());
    }
    let room = SESSION_START_LIMIT.saturating_sub(hook.answer.context_length() + 2);
    let own_shown = own.to_string_lossy().into_owned();
    let files = [(own.as_path(), own_shown.as_str()), (shared.as_path(), shown.as_str())];
    let newest = place.settings.handoff.max_age_minutes;
    match handoff::restore(&files, &session, newest, room, hook.entered) {
        Restored::Nothing => {}
        Restored::Skipped(reason) => {
            hook.answer
                .add_context(format!("The hand-off from before the compaction is not restored: {reason}."));
        }
        Restored::Text { text, timestamp } => {
            hook.answer.add_context(text);
            handoff::mark_restored(&place, &dir, &timestamp, hook.entered)?;
        }
    }
    Ok(())
}

/// One line about a hand-off that no session was given.
fn hint(hook: &mut Hook, file: &std::path::Path) {
    let Some(document) = handoff::read_loose(file) else { return };
    let text =
        |key: &str| document.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let is_own = hook.session.as_ref().is_some_and(|session| text("hostSessionId") == session.full());
    let Ok(saved) = chrono::DateTime::parse_from_rfc3339(&text("timestamp")) else { return };
    let passed = hook.entered.wall.signed_duration_since(saved);
    let is_recent = (0..=i64::from(HINTED)).contains(&passed.num_minutes());
    if is_own && hook.payload.source == "startup" || !is_recent || document.contains_key("restoredAt") {
        return;
    }
    let number = document.get("session").and_then(serde_json::Value::as_u64);
    let of = number.map_or_else(String::new, |number| format!(" of session {number}"));
    let ago = platform::time::age(passed.num_seconds());
    hook.answer.add_context(format!("A hand-off{of} from {ago} ago can be read: `req handoff show`."));
}

/// What can wait until the answer is given: since when the project changed, and old checkpoints.
///
/// # Errors
/// When one of them fails; the others are done.
pub fn settle(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let mut failures = Failures::default();
    let since = Delta::of(&place).map(|delta| delta.told()).unwrap_or_default();
    let change = |journal: &mut Journal| journal.since = since;
    failures.note("journal", journal::update(&dir, place.root(), &place.settings.context, change));
    failures.note("old checkpoints", checkpoint::prune(&place));
    failures.into()
}

/// The log of commits, which a project may keep without the rest: git leaves its files alone, and unrecorded commits
/// are written down.
///
/// # Errors
/// When git fails, or a file can be neither read nor written.
pub fn catch_up_commits(hook: &mut Hook) -> Result<(), ContinuityError> {
    if hook.session.is_none() || hook.payload.source == "compact" {
        return Ok(());
    }
    let Some(policy) = hook.policy() else { return Ok(()) };
    let settings = policy.continuity()?;
    let Some(repository) = hook.project().repository() else { return Ok(()) };
    if settings.context.enabled || settings.commits.enabled {
        exclude::add(repository).map_err(ContinuityError::file(Path::new("info/exclude")))?;
    }
    if settings.commits.enabled {
        let depth = commits::CatchUpDepth::SinceSeen;
        commits::catch_up(hook.project(), &settings.commits, depth, lock::CHANGE, hook.entered)?;
    }
    Ok(())
}

/// Saves what the session knows, and notes its end. The host may kill the hook at any moment: the end comes first.
///
/// # Errors
/// When a file can be neither read nor written.
pub fn end(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    let known = || Ledger::read(&place).ok()?.number_of(session.full());
    // A session that was never begun has nothing to end.
    let Some(number) = journal::number_of(&dir).or_else(known) else { return Ok(()) };
    let mut failures = Failures::default();
    failures.note("the end", number::end(&place, number, session.full(), &hook.payload.reason, hook.entered));
    failures.note("saving", save::at_end(hook, &place, &dir, FactsDepth::Story(STORY)));
    let note = |journal: &mut Journal| journal.is_ended = true;
    failures.note("journal", journal::update(&dir, place.root(), &place.settings.context, note));
    failures.into()
}
