//! `req handoff`: shows or saves the hand-off of a session.

use std::io::Write;

use continuity::facts::{Facts, FactsDepth};
use continuity::handoff::{self, Occasion, Restored};
use continuity::mirror;
use hooks_common::paths::in_project;
use hooks_common::session_id::SessionId;
use serde_json::json;

use super::json as print_json;
use super::session::Subject;
use crate::cli::{HandoffArgs, HandoffCommand};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, bail};

/// How much is shown, in characters: as much as a new session gets.
const ROOM: usize = 9_000;

/// Shows or saves.
pub fn run(arguments: &HandoffArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    match &arguments.command {
        Some(HandoffCommand::Save { session }) => {
            let subject = Subject::find(&place, session.session.as_deref())?;
            save(&place, &subject, arguments.json, out)
        }
        Some(HandoffCommand::Show { session }) => {
            show(&place, session.session.as_deref(), arguments.json, out)
        }
        None => show(&place, None, arguments.json, out),
    }
}

fn show(place: &CurrentProject, named: Option<&str>, as_json: bool, out: &mut impl Write) -> CliResult {
    let subject = Subject::find(place, named)?;
    let shared = in_project::handoff(subject.continuity.root());
    let file = match (&subject.session, named) {
        (Some((_, dir)), Some(_)) => dir.file(continuity::handoff::HANDOFF),
        _ => shared,
    };
    let Some(document) = handoff::read_loose(&file) else {
        if file.exists() {
            bail!("{} is not a hand-off", file.display());
        }
        return Err(CliError::user("no hand-off is saved yet").next("run `req handoff save`"));
    };
    if as_json {
        return print_json(out, &document);
    }
    let whose = document.get("hostSessionId").and_then(serde_json::Value::as_str).unwrap_or("none");
    let session =
        SessionId::new(whose).or_else(|| SessionId::new("none")).context("the hand-off names no session")?;
    let shown = file.display().to_string();
    // People may look at old hand-offs, so age does not matter here.
    match handoff::restore(&[(file.as_path(), &shown)], &session, u16::MAX, ROOM, place.now) {
        Restored::Text { text, .. } => writeln!(out, "{text}")?,
        Restored::Skipped(reason) => bail!("{shown}: {reason}"),
        Restored::Nothing => bail!("no hand-off is saved yet"),
    }
    Ok(())
}

fn save(place: &CurrentProject, subject: &Subject, as_json: bool, out: &mut impl Write) -> CliResult {
    let Some((session, dir)) = &subject.session else {
        return Err(CliError::user("no session was found here").next("name one with --session"));
    };
    let continuity = &subject.continuity;
    let (journal, shown) = mirror::refresh(continuity, dir, session.full());
    shown.map_err(CliError::system)?;
    let transcript = continuity::facts::transcript_of(dir);
    let facts =
        Facts::gather(continuity, &journal, session.full(), transcript.as_deref(), FactsDepth::Prompt);
    let occasion = Occasion { trigger: "command", custom_instructions: "", now: place.now };
    handoff::save(continuity, dir, &handoff::compose(continuity, &journal, &facts, &occasion))
        .context("the hand-off cannot be written")?;
    let file = in_project::handoff(continuity.root());
    if as_json {
        return print_json(out, &json!({"session": journal.number, "file": file}));
    }
    writeln!(out, "Saved the hand-off of session {} in {}.", session.key(), place.shown(&file).display())?;
    Ok(())
}
