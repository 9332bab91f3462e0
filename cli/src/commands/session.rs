//! `req session`: the number, start and end of sessions.

use std::io::Write;

use continuity::ledger::Ledger;
use continuity::{journal, number, recovery};
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::text::fact;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::{SessionNumberArgs, SessionNumberCommand};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context};
use crate::session;

/// The session that a command is about, and its project.
pub struct Subject {
    /// Where its project keeps continuity.
    pub continuity: continuity::ContinuityPlace,
    /// The session and its directory, if one was found.
    pub session: Option<(SessionId, SessionDir)>,
}

impl Subject {
    /// The named session, else the session found automatically, if any.
    pub fn find(place: &CurrentProject, named: Option<&str>) -> CliResult<Self> {
        let key = session::find_if_any(place, named)?;
        let mut found = key.as_ref().map(|key| session::full_ids(place, key)).unwrap_or_default();
        if found.len() > 1 {
            let ids: Vec<_> = found.iter().map(|(id, _)| id.full()).collect();
            return Err(CliError::user("several sessions have this short id")
                .next(format!("name one in full: {}", ids.join(", "))));
        }
        let session = found.pop();
        let meta = session.as_ref().and_then(|(_, dir)| dir.meta());
        let project = match meta.filter(|meta| meta.project_dir != place.project.root()) {
            Some(meta) => {
                let project = hooks_common::project::Project::of_event(&place.paths, None, &meta.project_dir);
                project.rooted_at(meta.project_dir)
            }
            None => place.project.clone(),
        };
        let root = project.root().to_owned();
        let Some(continuity) =
            continuity::ContinuityPlace::of(project, &place.paths).map_err(CliError::system)?
        else {
            let problem = format!("{} has no configuration, or `context.enabled` is off", root.display());
            return Err(CliError::user(problem).next("run `req init` to write a configuration"));
        };
        Ok(Self { continuity, session })
    }

    /// The session's number.
    pub fn number(&self) -> Option<u64> {
        self.session.as_ref().and_then(|(_, dir)| journal::number_of(dir))
    }
}

/// Shows, starts or ends.
pub fn run(arguments: &SessionNumberArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    match &arguments.command {
        None | Some(SessionNumberCommand::Show) => show(&place, arguments.json, out),
        Some(SessionNumberCommand::Start { number, force, session }) => {
            let subject = Subject::find(&place, session.session.as_deref())?;
            start(&place, &subject, *number, *force, arguments.json, out)
        }
        Some(SessionNumberCommand::End { number, session }) => {
            let subject = Subject::find(&place, session.session.as_deref())?;
            end(&place, &subject, *number, arguments.json, out)
        }
    }
}

fn start(
    place: &CurrentProject,
    subject: &Subject,
    number: Option<u64>,
    force: bool,
    as_json: bool,
    out: &mut impl Write,
) -> CliResult {
    let owner = subject.session.as_ref().map(|(session, dir)| (session, dir));
    let (number, is_news) = number::begin_as(&subject.continuity, owner, number, force, place.now)?;
    if as_json {
        return print_json(out, &json!({"session": number, "started": is_news}));
    }
    let what = if is_news { "started" } else { "was started already; nothing was changed" };
    writeln!(out, "Session {number} {what}.")?;
    Ok(())
}

fn end(
    place: &CurrentProject,
    subject: &Subject,
    number: Option<u64>,
    as_json: bool,
    out: &mut impl Write,
) -> CliResult {
    let Some(number) = number.or_else(|| subject.number()) else {
        return Err(CliError::user("no session was found here").next("name its number"));
    };
    let id = subject.session.as_ref().filter(|_| subject.number() == Some(number));
    let id = id.map_or("", |(session, _)| session.full());
    let is_news = number::end(&subject.continuity, number, id, "command", place.now)?;
    if as_json {
        return print_json(out, &json!({"session": number, "ended": is_news}));
    }
    let what = if is_news { "ended" } else { "is not open; nothing was changed" };
    writeln!(out, "Session {number} {what}.")?;
    Ok(())
}

fn show(place: &CurrentProject, as_json: bool, out: &mut impl Write) -> CliResult {
    let subject = Subject::find(place, None)?;
    let ledger = Ledger::read(&subject.continuity).context("the ledger of sessions cannot be read")?;
    let own = subject.number();
    let session_id = subject.session.as_ref().map_or("", |(session, _)| session.full());
    let asking = recovery::Asking {
        paths: &place.paths,
        root: subject.continuity.root(),
        session_id,
        owner: None,
        now: place.now,
    };
    let orphans = recovery::orphans(&ledger, &asking);
    let open: Vec<u64> =
        ledger.sessions.iter().filter(|(_, session)| session.is_open).map(|(number, _)| *number).collect();
    let problems = ledger.problems();
    let next = number::next(&subject.continuity, &ledger)?;
    if as_json {
        let orphans: Vec<_> = orphans
            .iter()
            .map(|orphan| json!({"session": orphan.number, "session_id": orphan.session_id, "last_seen": orphan.last_seen, "reason": orphan.reason}))
            .collect();
        return print_json(
            out,
            &json!({"session": own, "next": next, "open": open, "orphans": orphans, "problems": problems}),
        );
    }
    match own {
        Some(number) => writeln!(out, "This is session {number}.")?,
        None => writeln!(out, "The next session is {next}.")?,
    }
    for number in open.iter().filter(|number| Some(**number) != own) {
        match orphans.iter().find(|orphan| orphan.number == *number) {
            Some(orphan) => {
                let seen = orphan.last_seen.map_or_else(String::new, |seen| {
                    format!(", last seen {} ago", age((place.now.wall - seen).num_seconds()))
                });
                writeln!(
                    out,
                    "Session {number} has no end: {}{seen}. The next start of a session ends it and saves its hand-off.",
                    orphan.reason
                )?;
            }
            None => writeln!(out, "Session {number} is open.")?,
        }
    }
    for problem in problems {
        writeln!(out, "Ledger: {problem}.")?;
    }
    let recovered = ledger.sessions.iter().filter(|(_, session)| session.is_recovered);
    for (number, session) in recovered.rev().take(5) {
        let whose = if session.session_id.is_empty() {
            String::new()
        } else {
            format!(" ({})", fact(&session.session_id))
        };
        writeln!(out, "Session {number}{whose} was recovered.")?;
    }
    Ok(())
}
