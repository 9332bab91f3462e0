//! Random histories in the older system and in ours: where the two differ, the difference has a name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use chrono::DateTime;
use hooks_common::session_log::Meta;
use migrate::capacitor::{
    ComparedProject, Improvement, OurProject, OurSession, StoresReader, UnheardFact, Via, compare,
};
use platform::process::Liveness;
use serde_json::json;
use sessions::derived::{DerivedSession, show};
use sessions::known::KnownSession;
use sessions::machine::{Machine, StateRule};
use sessions::projects::Boundaries;
use sessions::record::{Boots, read};

use crate::dice::{Dice, for_every};
use crate::hook_table::{Event, HookTable};
use crate::parting::Parting;
use crate::sent::{Sent, name};
use crate::support::log::{EPOCH, millis, moment};
use crate::trace::trace;
use crate::world::{PROJECTS, World, by_session};

#[path = "../../domains/sessions/tests/model/dice.rs"]
mod dice;
#[path = "../../domains/migrate/tests/support/hook_table.rs"]
mod hook_table;
#[path = "../src/commands/sessions/parting.rs"]
mod parting;
#[path = "../../domains/sessions/tests/model/sent.rs"]
mod sent;
#[path = "../../domains/sessions/tests/support/mod.rs"]
mod support;
#[path = "../../domains/sessions/tests/model/trace.rs"]
mod trace;
#[path = "../../domains/sessions/tests/model/turn.rs"]
mod turn;
#[path = "../../domains/sessions/tests/model/world.rs"]
mod world;

/// When all clients started, in seconds since 1970; their raw starts tell them apart.
const STARTED: u64 = 1_769_530_000;

/// A session on our side.
struct Ours {
    name: String,
    log: String,
    meta: Meta,
    machine: Machine,
    parting: Parting,
    /// Whether one of several clients left it.
    was_left: bool,
    /// Whether a client that was only guessed was in it beside another.
    was_guessed: bool,
}

fn ours(world: &World) -> Vec<Ours> {
    let sessions = by_session(&world.sent).into_iter().map(|(session, events)| {
        let log: String = events.iter().map(|sent| sent.line()).collect();
        let (mut machine, mut parting) = (Machine::default(), Parting::default());
        let (mut rules, mut clients) = (BTreeSet::new(), BTreeSet::new());
        for event in &read(log.as_bytes(), &mut Boots::default()).events {
            let rule = machine.apply(&event.record);
            parting.apply(&event.record, rule, &machine);
            rules.insert(rule);
            clients.extend(event.record.owner.as_ref().map(|owner| (owner.guessed, owner.start_raw.clone())));
        }
        let meta = json!({
            "v": 1, "session_id": name(session), "created_at": moment(0),
            "project_dir": world.sessions[session],
        });
        Ours {
            name: name(session),
            log,
            meta: serde_json::from_value(meta).unwrap(),
            machine,
            parting,
            was_left: rules.contains(&StateRule::ClientLeft),
            was_guessed: clients.len() > 1 && clients.last().is_some_and(|(guessed, _)| *guessed),
        }
    });
    sessions.collect()
}

fn our_session(session: &DerivedSession, parting: &Parting) -> OurSession {
    let superseded = session.why.contains(&"superseded").then_some(UnheardFact::Superseded);
    OurSession {
        id: session.session_id.clone(),
        project: session.project_dir.to_str().unwrap().to_owned(),
        state: session.display_state,
        liveness: match session.liveness {
            "live" => Liveness::Live,
            "unknown" => Liveness::Unknown,
            _ => Liveness::Dead,
        },
        ended: session.ended.is_some(),
        owner_pid: session.owner.as_ref().map(|owner| owner.pid),
        subagents: u32::try_from(session.subagents_active).unwrap(),
        written_at: parting.written_at(),
        facts: parting.facts().chain(superseded).collect(),
    }
}

/// Where the two differ at the end of a history.
struct Difference {
    project: ComparedProject,
    /// Whether it is one of the few that no fact at the end can tell.
    is_beyond_telling: bool,
    why: String,
}

/// Lives through a history in both systems; how many projects agree, and how the others differ.
fn compared(seed: u64) -> (usize, Vec<Difference>) {
    let mut world = World::empty(seed);
    // It knows fewer packages where they have no file of the kind that it goes by.
    let known = if world.dice.percent(80) { &PROJECTS[..] } else { &PROJECTS[..2] };
    let projects = known.iter().map(|project| (*project).to_owned()).collect();
    let mut table = HookTable { projects, ..HookTable::default() };
    for _ in 0..40 {
        let before = world.sent.len();
        world.step();
        for sent in &world.sent[before..] {
            table.apply(&heard(sent), &|pid, _| world.is_running(pid));
        }
        table.reap(&|pid, _| world.is_running(pid));
    }
    let now = world.now + world.dice.pick(&[3, 3, 10, 29, 30, 31, 299, 300, 301, 899, 901, 5_000]);
    let ours = ours(&world);
    let known: Vec<_> = ours
        .iter()
        .map(|session| KnownSession {
            name: &session.name,
            meta: Some(&session.meta),
            machine: &session.machine,
        })
        .collect();
    let tracked: Vec<_> = PROJECTS.iter().map(Into::into).collect();
    let mut boundaries = Boundaries::new("/home/nobody".as_ref(), tracked.clone());
    let (sessions, projects) = show(&known, &mut &world, &mut boundaries, &tracked, millis(now));
    let our_sessions: Vec<_> =
        sessions.iter().zip(&ours).map(|(session, ours)| our_session(session, &ours.parting)).collect();
    let our_project = |(path, project): (&String, &sessions::derived::DerivedProject)| OurProject {
        path: path.clone(),
        state: project.state,
        session_id: project.session_id.clone(),
        live: project.live,
        via: project.via.to_owned(),
        why: Vec::new(),
        sessions: our_sessions.clone(),
    };
    let our_projects: Vec<_> = projects.iter().map(our_project).collect();
    let running = |pid, _| world.is_running(pid);
    let reader =
        StoresReader::new(&table.stores, DateTime::from_timestamp(EPOCH + now, 0).unwrap(), &running);
    let comparison = compare(&reader, &our_projects);
    let agreeing = comparison.totals.agreeing;
    let why = || {
        let traces: String =
            ours.iter().map(|ours| format!("{} {}", ours.name, trace(seed, &ours.log))).collect();
        format!("{traces}{our_sessions:#?}\n{:#?}\n{:#?}", table.stores, world.clients)
    };
    let differing = comparison.projects.into_iter().filter(|project| !project.agree);
    let differences = differing.map(|project| Difference {
        is_beyond_telling: is_beyond_telling(&project, &ours),
        why: if project.because == Some(Improvement::Unexplained) { why() } else { String::new() },
        project,
    });
    (agreeing, differences.collect())
}

/// What several clients in one session can do to the older system's stores, and nothing in these tells later:
/// - One leaves: the older system forgets the session with its files, and the next start takes the tombstone away;
///   or it counts what the one that left still edits.
/// - One was only guessed: for us it may be the other one, so that one end is the end of both.
fn is_beyond_telling(project: &ComparedProject, ours: &[Ours]) -> bool {
    let by_files = project.legacy.via == Via::Activity || project.ours.via == "activity";
    let is_shown = |session: &Ours| project.legacy.session_id.as_ref() == Some(&session.name);
    ours.iter().any(|session| (by_files || is_shown(session)) && (session.was_left || session.was_guessed))
}

#[test]
fn every_difference_from_the_older_system_has_a_name() {
    let counts: Mutex<BTreeMap<Improvement, usize>> = Mutex::default();
    let totals: Mutex<(usize, usize)> = Mutex::default();
    let unexplained: Mutex<Vec<String>> = Mutex::default();
    for_every(1, |seed| {
        let (agreeing, differences) = compared(seed);
        totals.lock().unwrap().0 += agreeing;
        for Difference { project, is_beyond_telling, why } in differences {
            let because = project.because.unwrap();
            match because {
                Improvement::Unexplained if is_beyond_telling => totals.lock().unwrap().1 += 1,
                Improvement::Unexplained => {
                    unexplained.lock().unwrap().push(format!("seed {seed}: {project:#?}\n{why}"));
                }
                because => *counts.lock().unwrap().entry(because).or_default() += 1,
            }
        }
    });
    let ((agreeing, beyond), counts) = (totals.into_inner().unwrap(), counts.into_inner().unwrap());
    let unexplained = unexplained.into_inner().unwrap();
    let told =
        format!("{agreeing} agree, {counts:?}, {beyond} beyond telling, {} unexplained", unexplained.len());
    assert!(unexplained.is_empty(), "{told}\n{}", unexplained[0]);
    assert!(beyond <= 20, "{told}");
    // Each way to differ that events alone can bring about was taken.
    let never: Vec<_> = Improvement::ALL.iter().filter(|because| !counts.contains_key(because)).collect();
    assert_eq!(
        never,
        [
            &Improvement::LostUpdate,
            &Improvement::StoreUnreadable,
            &Improvement::RecordOfAnotherSession,
            &Improvement::CwdMoved,
            &Improvement::Unexplained,
        ]
    );
    #[allow(clippy::print_stdout, reason = "shown with --nocapture")]
    {
        println!("{told}");
    }
}

/// The event as the older system's hook gets it.
fn heard(sent: &Sent) -> Event {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Event {
        name: sent.event.to_owned(),
        session: name(sent.session),
        pid: sent.ppid,
        proc_started: (sent.ppid == sent.owner.pid).then_some(STARTED),
        cwd: text(sent.cwd),
        at: DateTime::from_timestamp(EPOCH + sent.at, 0).unwrap(),
        source: text(sent.source),
        notification_type: text(sent.notification),
        stop_hook_active: sent.stop_hook_active,
        tool: text(sent.tool),
        file: text(sent.file),
    }
}
