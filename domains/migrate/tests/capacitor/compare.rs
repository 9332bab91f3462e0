//! The comparison: each known difference is found where it arises, and nothing is explained that is not known.

use hooks_common::session_state::SessionState::{self, Idle, Ready, Waiting, Working};
use migrate::capacitor::{
    Comparison, Improvement, OurProject, OurSession, Stores, StoresReader, UnheardFact, Via, compare,
    is_written_there,
};
use platform::process::Liveness;
use proptest::prelude::*;

use crate::support::hook_table::{Event, HookTable};
use crate::{STARTED, at};

/// The client of every session, unless a test says otherwise.
const CLIENT: u32 = 100;

fn event(name: &str, seconds: i64) -> Event {
    Event {
        name: name.to_owned(),
        session: "s1".to_owned(),
        pid: CLIENT,
        proc_started: Some(STARTED),
        cwd: Some("/repo".to_owned()),
        at: at(seconds),
        ..Event::default()
    }
}

fn edit(tool: &str, file: &str, seconds: i64) -> Event {
    Event { tool: Some(tool.to_owned()), file: Some(file.to_owned()), ..event("PostToolUse", seconds) }
}

fn stores(events: &[Event]) -> Stores {
    table(events).stores
}

fn table(events: &[Event]) -> HookTable {
    let mut table = HookTable { projects: vec!["/repo/auth".to_owned()], ..HookTable::default() };
    for event in events {
        table.apply(event, &|_, _| true);
    }
    table
}

fn live(id: &str, state: SessionState) -> OurSession {
    OurSession { owner_pid: Some(CLIENT), ..OurSession::new(id, "/repo", state, Liveness::Live) }
}

fn with(fact: UnheardFact, session: OurSession) -> OurSession {
    OurSession { facts: vec![fact], ..session }
}

/// The project of the first session, which is shown; the others are known.
fn ours(sessions: &[OurSession]) -> OurProject {
    let shown = &sessions[0];
    OurProject {
        state: shown.state,
        session_id: Some(shown.id.clone()),
        live: shown.liveness == Liveness::Live,
        via: "session".to_owned(),
        sessions: sessions.to_vec(),
        ..OurProject::idle("/repo")
    }
}

/// The same project while nobody is there; the sessions are known.
fn nobody(sessions: &[OurSession]) -> OurProject {
    OurProject { sessions: sessions.to_vec(), ..OurProject::idle("/repo") }
}

fn with_client(stores: &Stores, ours: &[OurProject]) -> Comparison {
    compare(&StoresReader::new(stores, at(0), &|pid, _| pid == CLIENT), ours)
}

#[track_caller]
fn differs(expected: Improvement, stores: &Stores, ours: &[OurProject]) {
    let comparison = with_client(stores, ours);
    let differing: Vec<_> = comparison.projects.iter().filter(|project| !project.agree).collect();
    assert_eq!(differing.len(), 1, "{comparison:#?}");
    assert_eq!(differing[0].because, Some(expected), "{comparison:#?}");
    assert_eq!(differing[0].explanation, Some(expected.line()));
    assert_eq!(comparison.totals.by_reason[&expected], 1);
}

#[test]
fn rules_that_ours_has_and_theirs_has_not() {
    let long_ago = [event("UserPromptSubmit", -600), event("Stop", -500)];
    let late = [&long_ago[..], &[event("PostToolUse", -499)]].concat();
    let of = |fact, state| ours(&[with(fact, live("s1", state))]);
    differs(Improvement::LateToolAfterStop, &stores(&late), &[of(UnheardFact::LateTool, Ready)]);

    let prolonged = Event { stop_hook_active: true, ..event("Stop", -50) };
    let prolonged = stores(&[event("UserPromptSubmit", -60), prolonged]);
    differs(
        Improvement::FinalStopWithHookActive,
        &prolonged,
        &[of(UnheardFact::FinalStopWithHookActive, Ready)],
    );

    let compact = Event { source: Some("compact".to_owned()), ..event("SessionStart", -50) };
    let compacted = stores(&[event("SessionStart", -70), event("PreCompact", -60), compact]);
    differs(Improvement::CompactingStuck, &compacted, &[of(UnheardFact::CompactionOver, Ready)]);

    let asked = [event("UserPromptSubmit", -60), event("PermissionRequest", -50), event("PostToolUse", -49)];
    differs(Improvement::WaitHiddenByParallelTool, &stores(&asked), &[of(UnheardFact::WaitHeld, Waiting)]);

    let working = stores(&[event("UserPromptSubmit", -60), event("PreToolUse", -50)]);
    differs(Improvement::WaitNotHeard, &working, &[of(UnheardFact::WaitNotHeard, Waiting)]);
    differs(Improvement::TurnEndNotHeard, &working, &[of(UnheardFact::TurnEndNotHeard, Ready)]);
    differs(Improvement::Subagents, &working, &[of(UnheardFact::SubagentTool, Ready)]);
    differs(Improvement::StartedAnew, &working, &[of(UnheardFact::StartedAnew, Ready)]);
    differs(Improvement::LateEventAfterEnd, &working, &[of(UnheardFact::LateAfterEnd, Ready)]);
    let sent_back = stores(&[event("UserPromptSubmit", -60), event("Stop", -50)]);
    differs(Improvement::TurnSentBack, &sent_back, &[of(UnheardFact::TurnSentBack, Working)]);
    let background = OurSession { subagents: 2, ..live("s1", Working) };
    differs(Improvement::Subagents, &stores(&long_ago), &[ours(&[background])]);
}

#[test]
fn a_lock_for_the_wrong_process_lets_a_living_session_fade() {
    let through_a_shell = Event { pid: 7, ..event("UserPromptSubmit", -60) };
    let of_shell = stores(&[through_a_shell.clone(), event("PreToolUse", -40)]);
    differs(Improvement::WrongClientPid, &of_shell, &[ours(&[live("s1", Working)])]);
    let old = stores(&[Event { at: at(-400), ..through_a_shell }]);
    differs(Improvement::WrongClientPid, &old, &[ours(&[live("s1", Working)])]);

    // The lock names a process that outlives the client.
    let working = stores(&[event("UserPromptSubmit", -60)]);
    let gone = OurSession { liveness: Liveness::Dead, owner_pid: Some(8), ..live("s1", Idle) };
    differs(Improvement::WrongClientPid, &working, &[nobody(&[gone])]);
}

#[test]
fn without_a_lock_age_decides() {
    let mut lost = table(&[event("UserPromptSubmit", -60), event("PreToolUse", -31)]);
    lost.reap(&|_, _| false);
    differs(Improvement::StaleWorkingWithoutLock, &lost.stores, &[ours(&[live("s1", Working)])]);
    let resumed = stores(&[event("PreToolUse", -301)]);
    differs(Improvement::StaleWorkingWithoutLock, &resumed, &[ours(&[live("s1", Working)])]);
}

#[test]
fn who_lives_is_judged_differently() {
    let fresh = stores(&[event("PreToolUse", -20)]);
    let gone = OurSession { liveness: Liveness::Dead, ..live("s1", Idle) };
    differs(Improvement::DeadProcessNotNoticed, &fresh, &[nobody(std::slice::from_ref(&gone))]);

    let working = stores(&[event("UserPromptSubmit", -60)]);
    differs(Improvement::DeadPidBelieved, &working, &[nobody(&[gone])]);

    let far = OurSession { liveness: Liveness::Unknown, ..live("s1", Ready) };
    differs(Improvement::UnknownLivenessDecay, &working, &[ours(&[far])]);

    let old = stores(&[event("SessionStart", -400), event("UserPromptSubmit", -301)]);
    let far = OurSession { liveness: Liveness::Unknown, ..with(UnheardFact::OtherAges, live("s1", Ready)) };
    let without_lock = Stores { locks: Vec::new(), ..old };
    differs(Improvement::OtherAges, &without_lock, &[ours(std::slice::from_ref(&far))]);
    differs(Improvement::Unexplained, &without_lock, &[ours(&[OurSession { facts: Vec::new(), ..far }])]);
}

#[test]
fn files_count_for_whom_they_should() {
    let edited = |tool| stores(&[Event { cwd: Some("/mono".into()), ..edit(tool, "/repo/auth/a.rs", -60) }]);
    let session = |state| OurSession { project: "/mono".to_owned(), ..live("s1", state) };
    let mono = |state| OurProject { path: "/mono".to_owned(), ..ours(&[session(state)]) };
    let auth = OurProject::idle("/repo/auth");

    let mut stopped = edited("Edit");
    stopped.records.get_mut("s1").unwrap().state = Ready;
    differs(Improvement::ActivityAfterStop, &stopped, &[mono(Ready), auth.clone()]);

    let mut read = edited("Read");
    read.records.get_mut("s1").unwrap().updated_at = at(-10);
    differs(Improvement::ReadCountedAsWork, &read, &[mono(Working), auth.clone()]);
    let mut busy = edited("Edit");
    busy.records.get_mut("s1").unwrap().updated_at = at(-10);
    differs(Improvement::Unexplained, &busy, &[mono(Working), auth]);

    let deep = OurProject {
        path: "/repo/auth/core".to_owned(),
        state: Working,
        session_id: Some("s1".to_owned()),
        via: "activity".to_owned(),
        ..OurProject::idle("")
    };
    let mut counted =
        stores(&[Event { cwd: Some("/mono".into()), ..edit("Edit", "/repo/auth/core/a.rs", -10) }]);
    counted.activity.get_mut("s1").unwrap().entries[0].project_path = "/repo/auth".to_owned();
    let comparison = with_client(&counted, &[mono(Working), deep]);
    let reasons: Vec<_> = comparison.projects.iter().map(|project| project.because).collect();
    assert_eq!(reasons, [None, Some(Improvement::PackageAttribution), Some(Improvement::PackageAttribution)]);
}

#[test]
fn what_shared_files_lose_is_found_by_what_they_keep() {
    let mut raced = stores(&[event("UserPromptSubmit", -60)]);
    raced.records.clear();
    differs(Improvement::LostUpdate, &raced, &[ours(&[live("s1", Working)])]);

    let mut noted = stores(&[edit("Edit", "/repo/a.rs", -600)]);
    noted.records.clear();
    differs(Improvement::LostUpdate, &noted, &[ours(&[live("s1", Working)])]);

    let behind = stores(&[event("UserPromptSubmit", -60)]);
    let ahead = |seconds| OurSession { written_at: Some(at(seconds)), ..live("s1", Ready) };
    differs(Improvement::LostUpdate, &behind, &[ours(&[ahead(-54)])]);
    differs(Improvement::Unexplained, &behind, &[ours(&[ahead(-55)])]);

    let mut back = stores(&[event("SessionEnd", -60)]);
    back.records = stores(&[event("PreToolUse", -61), event("Stop", -60)]).records;
    let ended = OurSession { ended: true, ..live("s1", Idle) };
    differs(Improvement::LostUpdate, &back, &[nobody(&[ended])]);

    let mut wiped = stores(&[event("UserPromptSubmit", -60)]);
    wiped.records.clear();
    wiped.records_unreadable = true;
    differs(Improvement::StoreUnreadable, &wiped, &[ours(&[live("s1", Working)])]);

    differs(Improvement::Unexplained, &Stores::default(), &[ours(&[live("s1", Working)])]);
}

#[test]
fn another_session_is_shown() {
    let second = Event { session: "s2".to_owned(), ..event("SessionStart", -50) };
    let both = stores(&[event("UserPromptSubmit", -60), event("PermissionRequest", -55), second]);
    let known = [live("s1", Waiting), live("s2", Ready)];
    differs(Improvement::NewestLockNotMostUrgent, &both, &[ours(&known)]);

    let home = Event { session: "home".to_owned(), cwd: Some("/".to_owned()), ..event("PreToolUse", -5) };
    let mut mixed = stores(&[event("SessionStart", -60), home]);
    mixed.records.remove("s1");
    let at_home = OurSession { project: "/".to_owned(), ..live("home", Working) };
    let root = OurProject { path: "/".to_owned(), ..ours(&[at_home]) };
    differs(Improvement::RecordOfAnotherSession, &mixed, &[ours(&[live("s1", Ready)]), root]);

    let moved = stores(&[Event { cwd: Some("/repo/sub".to_owned()), ..event("PreToolUse", -20) }]);
    let comparison = with_client(&moved, &[ours(&[live("s1", Working)])]);
    let reasons: Vec<_> = comparison.projects.iter().map(|p| (p.path.as_str(), p.because)).collect();
    let moved = Some(Improvement::CwdMoved);
    assert_eq!(reasons, [("/repo", moved), ("/repo/sub", moved)]);
}

#[test]
fn what_is_over_is_over() {
    let exit = stores(&[event("UserPromptSubmit", -60)]);
    let ended = OurSession { ended: true, ..live("s1", Idle) };
    let of = |fact| [nobody(&[with(fact, ended.clone())])];
    differs(Improvement::LateEventAfterEnd, &exit, &of(UnheardFact::LateAfterEnd));
    differs(Improvement::SupersededSession, &exit, &of(UnheardFact::Superseded));
    differs(Improvement::Unexplained, &exit, &[nobody(std::slice::from_ref(&ended))]);

    let left = stores(&[event("UserPromptSubmit", -60), event("SessionEnd", -50)]);
    differs(Improvement::EndedForAllProcesses, &left, &[ours(&[live("s1", Working)])]);
    let far = OurSession { liveness: Liveness::Unknown, ..live("s1", Ready) };
    differs(Improvement::EndedForAllProcesses, &left, &[ours(&[far])]);
}

#[test]
fn facts_explain_only_what_follows_from_them() {
    let working = stores(&[event("UserPromptSubmit", -60)]);
    for fact in [
        UnheardFact::CompactionOver,
        UnheardFact::WaitHeld,
        UnheardFact::WaitNotHeard,
        UnheardFact::OtherAges,
        UnheardFact::TurnSentBack,
    ] {
        differs(Improvement::Unexplained, &working, &[ours(&[with(fact, live("s1", Ready))])]);
    }
    for fact in [
        UnheardFact::LateTool,
        UnheardFact::FinalStopWithHookActive,
        UnheardFact::TurnEndNotHeard,
        UnheardFact::CompactionOver,
    ] {
        differs(Improvement::Unexplained, &working, &[ours(&[with(fact, live("s1", Waiting))])]);
    }
    differs(Improvement::Unexplained, &working, &[OurProject::idle("/repo")]);
}

#[test]
fn the_sums_count_every_project_of_either_side() {
    let agreeing = Event { session: "s2".to_owned(), cwd: Some("/other".to_owned()), ..event("Stop", -5) };
    let mut stores = stores(&[event("UserPromptSubmit", -60), agreeing]);
    stores.problems.push("file-activity.json: not there".to_owned());
    let other = OurSession { project: "/other".to_owned(), ..live("s2", Ready) };
    let other = OurProject { path: "/other/".to_owned(), ..ours(&[other]) };
    let mine = OurProject { path: "/mine".to_owned(), state: Ready, ..OurProject::idle("") };
    let repo = ours(&[with(UnheardFact::TurnEndNotHeard, live("s1", Ready))]);
    let comparison = with_client(&stores, &[other, mine, repo]);
    let totals = &comparison.totals;
    assert_eq!((totals.projects, totals.agreeing, totals.explained, totals.unexplained), (3, 1, 1, 1));
    assert!((totals.rate - 1.0 / 3.0).abs() < 1e-9);
    assert_eq!(comparison.problems, stores.problems);
    let other = &comparison.projects[1];
    assert_eq!((other.path.as_str(), other.agree, other.same_session), ("/other/", true, true));
    assert!(!other.same_liveness, "no lock there");

    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["projects"][2]["because"], "turn_end_not_heard");
    assert_eq!(json["projects"][2]["legacy"]["via"], "lock");
    assert_eq!(json["projects"][2]["ours"]["state"], "ready");
    assert_eq!(json["totals"]["by_reason"]["unexplained"], 1);

    let empty = with_client(&Stores::default(), &[]);
    assert!((empty.totals.rate - 1.0).abs() < 1e-9 && empty.projects.is_empty());
}

fn any_event() -> impl Strategy<Value = Event> {
    const NAMES: [&str; 10] = [
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PermissionRequest",
        "PreCompact",
        "Notification",
        "Stop",
        "SessionEnd",
        "SubagentStop",
    ];
    const KINDS: [&str; 2] = ["idle_prompt", "permission_prompt"];
    const CWDS: [&str; 4] = ["/repo", "/repo/sub/", "/", "/other"];
    let name = proptest::sample::select(&NAMES[..]);
    let kind = proptest::sample::select(&KINDS[..]);
    let cwd = proptest::sample::select(&CWDS[..]);
    (name, kind, cwd, any::<bool>(), 1..4u32, 100..103u32, -1000..1i64).prop_map(
        |(name, kind, cwd, flag, session, pid, seconds)| Event {
            session: format!("s{session}"),
            pid,
            cwd: Some(cwd.to_owned()),
            notification_type: Some(kind.to_owned()),
            stop_hook_active: flag,
            tool: Some(if flag { "Edit" } else { "Bash" }.to_owned()),
            file: Some("sub/a.rs".to_owned()),
            ..event(name, seconds)
        },
    )
}

proptest! {
    #[test]
    fn the_older_system_agrees_with_itself(
        mut events in proptest::collection::vec(any_event(), 0..40),
        dead in proptest::collection::btree_set(100..103u32, 0..3),
    ) {
        events.sort_by_key(|event| event.at);
        let stores = stores(&events);
        let reader = StoresReader::new(&stores, at(0), &|pid, _| !dead.contains(&pid));
        let ours: Vec<_> = reader.paths().values().map(|path| {
            let verdict = reader.resolve(path);
            let locked_here = stores.locks.iter().any(|lock| lock.path == *path && !dead.contains(&lock.pid));
            assert_eq!(verdict.is_locked, locked_here);
            assert_eq!(verdict.via == Via::Nothing, verdict.session_id.is_none() && verdict.state == Idle);
            OurProject { state: verdict.state, session_id: verdict.session_id, ..OurProject::idle(path) }
        }).collect();
        let comparison = compare(&reader, &ours);
        prop_assert_eq!(comparison.totals.agreeing, ours.len());
        prop_assert!(comparison.projects.iter().all(|project| project.same_session));
        // Beside a system that knows nothing, nothing can be explained but what the stores tell by themselves.
        for project in compare(&reader, &[]).projects {
            let told = [None, Some(Improvement::Unexplained), Some(Improvement::RecordOfAnotherSession)];
            prop_assert!(told.contains(&project.because));
            prop_assert_eq!(project.agree, project.legacy.state == Idle);
        }
    }

    #[test]
    fn what_is_said_to_be_written_is_written(
        before in proptest::collection::vec(any_event(), 0..10),
        next in any_event(),
    ) {
        let mut table = table(&before);
        let next = Event { at: at(10), ..next };
        let heard = !table.stores.ended.contains(&next.session);
        table.apply(&next, &|_, _| true);
        let written = table.stores.records.get(&next.session).is_some_and(|record| record.updated_at == at(10));
        let said = is_written_there(&next.name, next.notification_type.as_deref(), next.stop_hook_active);
        if next.name == "SessionStart" {
            prop_assert!(!said);
        } else {
            prop_assert_eq!(written, said && heard);
        }
    }
}
