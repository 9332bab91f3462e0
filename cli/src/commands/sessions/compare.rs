//! `req sessions --compare-legacy`: whether Capacitor's stores and ours agree, as a check before a migration.

use std::io::Write;

use chrono::{DateTime, Utc};
use hooks_common::paths::Paths;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use migrate::capacitor::{
    Comparison, OurProject, OurSession, Stores, StoresReader, UnheardFact, compare as compare_stores,
};
use platform::process::Liveness;
use platform::store;
use platform::time::Moment;
use sessions::derived::{DerivedSession, DerivedState};
use sessions::machine::{Machine, StateRule};
use sessions::projects::Boundaries;
use sessions::record::{self, Boots};

use super::parting::Parting;
use crate::commands::json as print_json;
use crate::commands::timeline::shortened;
use crate::error::{CliResult, bail};
use crate::overview::Overview;

/// Compares, and prints the differences.
pub fn compare(as_json: bool, out: &mut impl Write) -> CliResult {
    let (paths, now) = (Paths::from_env(), Moment::now());
    let root = paths.legacy_dir().to_owned();
    if !root.is_dir() {
        bail!("{} does not exist, so there is nothing to compare with", root.display());
    }
    let boundaries = std::cell::RefCell::new(Boundaries::new(paths.home(), Vec::new()));
    let project_of = |file: &str| {
        let found = boundaries.borrow_mut().of(std::path::Path::new(file))?;
        Some(found.to_string_lossy().into_owned())
    };
    let stores = Stores::read_with(&root, &project_of);
    let state = Overview::new(paths.clone()).derive(now);
    let comparison = compare_stores(&StoresReader::here(&stores, now.wall), &our_projects(&paths, &state));
    if as_json {
        return print_json(out, &comparison);
    }
    print(&comparison, out)
}

fn our_projects(paths: &Paths, state: &DerivedState) -> Vec<OurProject> {
    let sessions: Vec<OurSession> =
        state.sessions.iter().map(|session| our_session(paths, session)).collect();
    let projects = state.projects.iter().map(|(path, project)| {
        let decides = project.session_id.as_ref();
        let why = state.sessions.iter().find(|session| Some(&session.session_id) == decides);
        OurProject {
            path: path.clone(),
            state: project.state,
            session_id: project.session_id.clone(),
            live: project.live,
            via: project.via.to_owned(),
            why: why
                .map(|session| session.why.iter().map(|&rule| rule.to_owned()).collect())
                .unwrap_or_default(),
            sessions: sessions.clone(),
        }
    });
    projects.collect()
}

fn our_session(paths: &Paths, session: &DerivedSession) -> OurSession {
    let (facts, written_at) = facts(paths, session);
    OurSession {
        id: session.session_id.clone(),
        project: session.project_dir.to_string_lossy().into_owned(),
        state: session.display_state,
        liveness: match session.liveness {
            "live" => Liveness::Live,
            "dead" | "ended" => Liveness::Dead,
            _ => Liveness::Unknown,
        },
        ended: session.ended.is_some(),
        owner_pid: session.owner.as_ref().map(|owner| owner.pid),
        subagents: u32::try_from(session.subagents_active).unwrap_or(u32::MAX),
        written_at,
        facts,
    }
}

/// What makes the session's state differ from the older system's, and when that system last saw it.
fn facts(paths: &Paths, session: &DerivedSession) -> (Vec<UnheardFact>, Option<DateTime<Utc>>) {
    let Some(id) = SessionId::new(&session.session_id) else { return (Vec::new(), None) };
    let bytes = store::read(&SessionDir::new(paths, &id).events()).ok().flatten().unwrap_or_default();
    let (mut machine, mut parting) = (Machine::default(), Parting::default());
    for event in &record::read(&bytes, &mut Boots::default()).events {
        let rule = machine.apply(&event.record);
        parting.apply(&event.record, rule, &machine);
    }
    let is_superseded = session.why.contains(&StateRule::Superseded.name());
    let facts = parting.facts().chain(is_superseded.then_some(UnheardFact::Superseded)).collect();
    (facts, parting.written_at())
}

fn print(comparison: &Comparison, out: &mut impl Write) -> CliResult {
    for project in &comparison.projects {
        let mark = if project.agree { "=" } else { "≠" };
        writeln!(
            out,
            "{mark} {:<10} {:<10} {}",
            project.legacy.state.name(),
            project.ours.state.name(),
            shortened(&project.path, 100)
        )?;
        if let (Some(because), Some(explanation)) = (project.because, project.explanation) {
            writeln!(out, "    {because}: {explanation}")?;
        }
    }
    for problem in &comparison.problems {
        writeln!(out, "! {problem}")?;
    }
    let totals = &comparison.totals;
    writeln!(
        out,
        "{} projects (Capacitor, then ours): {} agree, {} differ for a known reason, {} for an unknown one.",
        totals.projects, totals.agreeing, totals.explained, totals.unexplained
    )?;
    Ok(())
}
