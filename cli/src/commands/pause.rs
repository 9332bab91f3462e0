//! `req pause` and `req resume`.

use std::io::Write;

use guards::overrides::end_pauses;
use hooks_common::decision::PausedBy;
use hooks_common::pause::Pause;
use platform::store::{self, Durability};
use platform::text::cut_bytes;
use serde_json::json;

use super::json as print_json;
use crate::cli;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context};
use crate::guarded::is_called_by_agent;
use crate::session;

/// Pauses the gates of a session, and its guards if a person asks.
pub fn pause(arguments: &cli::PauseArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let session = session::find(&place, arguments.session.session.as_deref())?;
    if arguments.session.session.is_some() {
        session::warn_if_unknown(&place, &session);
    }
    let mark = place.state().pause_mark(&session);
    if let Some(folder) = mark.parent() {
        store::create_dir(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    }
    let reason = redact::redact(&arguments.reason).into_owned();
    let by = if is_called_by_agent(&place.paths) { PausedBy::Agent } else { PausedBy::Person };
    let pause =
        Pause::new(&place.paths, &session, by, &reason, place.now).context("the pause cannot be sealed")?;
    let text = serde_json::to_string(&pause)?;
    store::replace(&mark, text.as_bytes(), Durability::Rebuildable, 0o644)
        .with_context(|| format!("{} cannot be written", mark.display()))?;
    let why = match by {
        PausedBy::Person => format!("by a person: {reason}"),
        PausedBy::Agent => reason,
    };
    session::record(&place, &session, "pause", cut_bytes(&why, 300), |_| {});
    if arguments.json.json {
        return print_json(out, &json!({"session": session.as_str(), "paused": true, "by": by}));
    }
    let (what, guards) = match by {
        PausedBy::Person => ("gates and the guards", ""),
        PausedBy::Agent => (
            "gates",
            "\nGuards stay in force: only a person can pause them, in a terminal that Claude Code did not start.",
        ),
    };
    writeln!(
        out,
        "Paused the {what} of session {session}; `req resume --session {session}` ends the pause.{guards}"
    )?;
    Ok(())
}

/// Ends a pause.
pub fn resume(arguments: &cli::ResumeArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let session = session::find(&place, arguments.session.session.as_deref())?;
    let mark = place.state().pause_mark(&session);
    end_pauses(&place.paths, &session, place.now).context("the pause cannot be ended")?;
    let was_paused = store::remove(&mark).with_context(|| format!("{} cannot be removed", mark.display()))?;
    if was_paused {
        session::record(&place, &session, "resume", "", |_| {});
    }
    if arguments.json.json {
        return print_json(
            out,
            &json!({"session": session.as_str(), "paused": false, "was_paused": was_paused}),
        );
    }
    writeln!(
        out,
        "{}",
        if was_paused {
            format!("Resumed the gates of session {session}.")
        } else {
            format!("Session {session} was not paused.")
        }
    )?;
    Ok(())
}
