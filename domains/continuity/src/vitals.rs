//! What a session is told at a prompt: a line or two, and only when they changed.

use config::types::Force;
use hooks_common::registry::Registry;
use hooks_common::runtime::Hook;
use platform::text::fact;

use crate::error::ContinuityError;
use crate::journal::{self, Journal};
use crate::place::ContinuityPlace;
use crate::pressure::{self, Band};

/// How many other sessions and requirements are named.
const MOST_NAMED: usize = 4;

/// Notes which open requirements the model was told of, by somebody else.
///
/// # Errors
/// When the session's journal can be neither read nor written.
pub fn note_open(hook: &Hook, open: &[String]) -> Result<(), ContinuityError> {
    let (Some(place), Some(dir)) = (ContinuityPlace::of_hook(hook)?, hook.session_dir()) else {
        return Ok(());
    };
    if journal::read(&dir).told_open == open {
        return Ok(());
    }
    let note = |journal: &mut Journal| journal.told_open = open.to_vec();
    journal::update(&dir, place.root(), &place.settings.context, note)?;
    Ok(())
}

/// Tells the vitals unless they were told before: the session's number, how full its context is, what is open, and who
/// else is at work in the same tree. `open` are the open requirements; `is_told` says that this very answer names them.
///
/// # Errors
/// When the session's journal can be neither read nor written.
pub fn tell(hook: &mut Hook, open: &[String], is_told: bool) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let known = journal::read(&dir);
    let is_news = known.told_open != open;
    let mut facts = known.orphans.clone();
    if !known.since.is_empty() {
        facts.push(known.since.clone());
    }
    // The advice to write a checkpoint contains the figure itself.
    if let Some(pressure) = pressure::read(&dir).filter(|pressure| pressure.band >= Band::Warn) {
        let force = place.settings.context.force;
        let need = if pressure.is_demanding() { ", a checkpoint is needed" } else { "" };
        if force != Force::Off {
            facts.push(format!("context nearly full{need}"));
        }
    }
    let others = others(hook, &place);
    if !others.is_empty() {
        facts.push(format!("also at work in this tree: {}", listed(&others)));
    }
    if facts == known.vitals && !is_news {
        return Ok(());
    }
    let mut parts: Vec<String> = facts.iter().filter(|fact| !known.vitals.contains(fact)).cloned().collect();
    if is_news && !is_told && !open.is_empty() {
        parts.insert(0, format!("open requirements: {}", listed(open)));
    }
    if !parts.is_empty() {
        let whose = known.number.map_or_else(String::new, |number| format!("Session {number}: "));
        hook.answer.add_context(format!("{whose}{}.", parts.join("; ")));
    }
    let note = |journal: &mut Journal| {
        journal.vitals = facts;
        journal.told_open = open.to_vec();
    };
    journal::update(&dir, place.root(), &place.settings.context, note)?;
    Ok(())
}

/// The other live sessions of the project, by the short form of their ids.
fn others(hook: &Hook, place: &ContinuityPlace) -> Vec<String> {
    let Some(session) = &hook.session else { return Vec::new() };
    let live = Registry::new(&hook.paths).live(Some(place.root()));
    let foreign = live.into_iter().filter(|(key, _)| key != session.key());
    foreign.map(|(key, entry)| format!("session {key} on {}", fact(&entry.branch))).collect()
}

pub(crate) fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let named = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}
