//! `req handoff`: what was saved, and saving now.

use std::io::Write;

use anyhow::{Context, bail};
use continuity::facts::{Depth, Facts};
use continuity::handoff::{self, Occasion, Restored};
use continuity::mirror;
use hooks_common::paths::in_project;
use hooks_common::session_id::SessionId;
use serde_json::json;

use super::json as print_json;
use super::session::Subject;
use crate::cli::{Handoff, HandoffCommand};
use crate::place::Place;

/// How much is shown, in characters: as much as a session gets back.
const ROOM: usize = 9_000;

/// Shows or saves.
pub fn run(arguments: &Handoff, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
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

fn show(place: &Place, named: Option<&str>, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let subject = Subject::find(place, named)?;
    let shared = in_project::handoff(subject.continuity.root());
    let file = match (&subject.session, named) {
        (Some((_, dir)), Some(_)) => dir.handoff(),
        _ => shared,
    };
    let Some(document) = handoff::read_loose(&file) else {
        if file.exists() {
            bail!("{} is no hand-off", file.display());
        }
        bail!("nothing was saved yet; `req handoff save` does it now");
    };
    if as_json {
        return print_json(out, &document);
    }
    let whose = document.get("hostSessionId").and_then(serde_json::Value::as_str).unwrap_or("none");
    let session = SessionId::new(whose).or_else(|| SessionId::new("none")).context("a session id")?;
    let shown = file.display().to_string();
    // A person may look at an old one.
    match handoff::restore(&[(file.as_path(), &shown)], &session, u16::MAX, ROOM, place.now) {
        Restored::Text { text, .. } => writeln!(out, "{text}")?,
        Restored::Skipped(reason) => bail!("{shown}: {reason}"),
        Restored::Nothing => bail!("nothing was saved yet"),
    }
    Ok(())
}

fn save(place: &Place, subject: &Subject, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let Some((session, dir)) = &subject.session else {
        bail!("no session was found here; name one with --session");
    };
    let continuity = &subject.continuity;
    let (journal, shown) = mirror::refresh(continuity, dir, session.full());
    shown.map_err(anyhow::Error::msg)?;
    let transcript = continuity::facts::transcript_of(dir);
    let facts = Facts::gather(continuity, &journal, session.full(), transcript.as_deref(), Depth::Prompt);
    let occasion = Occasion { trigger: "command", custom_instructions: "", now: place.now };
    handoff::save(continuity, dir, &handoff::compose(continuity, &journal, &facts, &occasion))
        .context("the hand-off cannot be written")?;
    let file = in_project::handoff(continuity.root());
    if as_json {
        return print_json(out, &json!({"session": journal.number, "file": file}));
    }
    writeln!(out, "Saved what session {} knows in {}.", session.key(), place.shown(&file).display())?;
    Ok(())
}
