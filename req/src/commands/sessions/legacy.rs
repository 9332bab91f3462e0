//! `req sessions --compare-legacy`: what a migration from Capacitor must know before anybody trusts it.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use chrono::{DateTime, Utc};
use hooks_common::paths::Paths;
use hooks_common::process::Liveness;
use hooks_common::session_log::{LoggedEvent, SessionDir};
use hooks_common::store;
use hooks_common::time::Moment;
use sessions::derived::{DerivedState, Session};
use sessions::legacy::{
    Comparison, Fact, OurProject, OurSession, Reader, Stores, compare as compare_stores, is_written_there,
};
use sessions::machine::{Machine, Rule};
use sessions::projects::Boundaries;
use sessions::record::{self, Boots};

use super::{print_json, shortened};
use crate::overview::Overview;

/// Compares and reports.
pub fn compare(as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let (paths, now) = (Paths::from_env(), Moment::now());
    let root = paths.legacy_dir().to_owned();
    anyhow::ensure!(root.is_dir(), "there is no {}; nothing to compare with", root.display());
    let boundaries = std::cell::RefCell::new(Boundaries::new(paths.home(), Vec::new()));
    let project_of = |file: &str| {
        let found = boundaries.borrow_mut().of(std::path::Path::new(file))?;
        Some(found.to_string_lossy().into_owned())
    };
    let stores = Stores::read_with(&root, &project_of);
    let state = Overview::new(paths.clone()).derive(now);
    let comparison = compare_stores(&Reader::here(&stores, now.wall), &our_projects(&paths, &state));
    if as_json {
        return print_json(out, &comparison);
    }
    tell(&comparison, out)
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

fn our_session(paths: &Paths, session: &Session) -> OurSession {
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

/// What shaped the session's present state and would not have shaped it there: what happened since its turn
/// began.
fn facts(paths: &Paths, session: &Session) -> (Vec<Fact>, Option<DateTime<Utc>>) {
    let mut facts = BTreeSet::new();
    let mut written_at = None;
    let Some(id) = hooks_common::session_id::SessionId::new(&session.session_id) else {
        return (Vec::new(), None);
    };
    let dir = SessionDir::new(paths, &id);
    let bytes = store::read(&dir.events()).ok().flatten().unwrap_or_default();
    let logged = dir.read_events().map(|(events, _)| events).unwrap_or_default();
    let logged: HashMap<&str, &LoggedEvent> =
        logged.iter().map(|event| (event.event_id.as_str(), event)).collect();
    let mut machine = Machine::default();
    for event in &record::read(&bytes, &mut Boots::default()).events {
        let rule = machine.apply(&event.record);
        let whole = logged.get(&*event.record.event_id);
        let is_final = whole.is_some_and(|event| event.stop_hook_active);
        if matches!(rule, Rule::Prompt | Rule::Started | Rule::NewLife) {
            facts.clear();
        }
        facts.extend(fact(rule, is_final));
        let kind = Some(&*event.record.notification_type).filter(|kind| !kind.is_empty());
        if is_written_there(&event.record.event, kind, is_final) {
            written_at = DateTime::from_timestamp_millis(event.record.at());
        }
    }
    if session.why.contains(&Rule::Superseded.name()) {
        facts.insert(Fact::Superseded);
    }
    (facts.into_iter().collect(), written_at)
}

fn fact(rule: Rule, is_final_stop: bool) -> Option<Fact> {
    Some(match rule {
        Rule::LateTool => Fact::LateTool,
        Rule::TurnEnded if is_final_stop => Fact::FinalStopWithHookActive,
        Rule::CompactionEnded => Fact::CompactionOver,
        Rule::WaitGoesOn => Fact::WaitHeld,
        Rule::QuestionAsked | Rule::FormAsked | Rule::WaitNotified => Fact::WaitNotHeard,
        Rule::TurnFailed
        | Rule::Interrupted
        | Rule::PermissionDenied
        | Rule::FormAnswered
        | Rule::BatchFinished => Fact::TurnEndNotHeard,
        Rule::AgentStarted | Rule::AgentEvent | Rule::AgentWaits | Rule::AgentEnded => Fact::SubagentTool,
        Rule::LateAfterEnd => Fact::LateAfterEnd,
        _ => return None,
    })
}

fn tell(comparison: &Comparison, out: &mut impl Write) -> anyhow::Result<()> {
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
        "{} projects (Capacitor, then ours): {} agree, {} differ for a known reason, {} for none.",
        totals.projects, totals.agreeing, totals.explained, totals.unexplained
    )?;
    Ok(())
}
