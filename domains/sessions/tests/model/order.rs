//! The order of events is their own: how their lines lie in the log changes nothing. And what time and the process
//! table may decide.

use std::collections::BTreeMap;

use platform::process::Liveness;
use sessions::SessionState;
use sessions::known::KnownSession;
use sessions::machine::{Machine, StateRule};
use sessions::reconcile::{SessionVerdict, reconcile};
use sessions::record::{Boots, read};

use crate::Dice;
use crate::for_every;
use crate::sent::{Sent, name};
use crate::support::log::millis;
use crate::trace::trace;
use crate::world::{World, by_session};

/// What is shuffled together: all events of a boot, or only those that follow each other closely.
#[derive(Debug, Clone, Copy)]
pub enum Disorder {
    OfBoot,
    Of(usize),
}

/// The lines of one session's log in another order than they were sent in. Boots follow each other, and each begins
/// with an event that names it.
pub fn disorder(events: &[&Sent], how: Disorder, dice: &mut Dice) -> Vec<String> {
    let mut lines = Vec::new();
    for boot in events.chunk_by(|a, b| a.boot == b.boot) {
        let mut boot = boot.to_vec();
        match how {
            Disorder::OfBoot => dice.shuffle(&mut boot),
            Disorder::Of(few) => boot.chunks_mut(few).for_each(|few| dice.shuffle(few)),
        }
        if boot[0].boot > 0 {
            let named = boot.iter().position(|sent| sent.is_named).unwrap();
            boot[..=named].rotate_right(1);
        }
        lines.extend(boot.iter().map(|sent| sent.line()));
    }
    lines
}

/// Puts lines between these that cost nothing: torn ones, empty ones, and doubles of one that is near.
pub fn spoil(lines: &mut Vec<String>, dice: &mut Dice) {
    for _ in 0..dice.below(4) {
        let at = dice.below(lines.len());
        let line = lines[at].clone();
        match dice.below(3) {
            0 => lines.insert(at + 1, line),
            1 => lines.insert(at, format!("{}\n", &line[..line.len() / 2])),
            _ => lines.insert(at, "\n\0\0\n".to_owned()),
        }
    }
}

/// The session after all lines, and what each event meant.
pub fn fold(log: &str) -> (Machine, Vec<StateRule>) {
    let mut machine = Machine::default();
    let stretch = read(log.as_bytes(), &mut Boots::default());
    let rules = stretch.events.iter().map(|event| machine.apply(&event.record)).collect();
    (machine, rules)
}

/// Each session's log as it was sent, and what it leads to.
pub fn logs(world: &World) -> BTreeMap<String, (String, Machine)> {
    let folded = by_session(&world.sent).into_iter().map(|(session, events)| {
        let log: String = events.iter().map(|sent| sent.line()).collect();
        let machine = fold(&log).0;
        (name(session), (log, machine))
    });
    folded.collect()
}

#[test]
fn any_order_of_lines_leads_to_the_same() {
    for_every(1, |seed| {
        let world = World::rough(seed, 45, 5);
        let mut dice = world.dice.clone();
        for (session, events) in by_session(&world.sent) {
            let (machine, rules) = fold(&events.iter().map(|sent| sent.line()).collect::<String>());
            check(&machine, || trace(seed, &events.iter().map(|sent| sent.line()).collect::<String>()));
            let mut lines = disorder(&events, Disorder::OfBoot, &mut dice);
            spoil(&mut lines, &mut dice);
            let log = lines.concat();
            let found = fold(&log);
            assert_eq!((&found.0, &found.1), (&machine, &rules), "{session}\n{}", trace(seed, &log));
        }
    });
}

#[test]
fn lines_that_stand_twice_lead_to_the_same() {
    for_every(10, |seed| {
        let world = World::rough(seed, 45, 5);
        for events in by_session(&world.sent).values() {
            let once: String = events.iter().map(|sent| sent.line()).collect();
            let boots = events.chunk_by(|a, b| a.boot == b.boot);
            let twice: String = boots.flat_map(|boot| [boot, boot].concat()).map(Sent::line).collect();
            assert_eq!(fold(&twice), fold(&once), "{}", trace(seed, &once));
        }
    });
}

/// What holds of every session, whatever happened.
fn check(machine: &Machine, why: impl Fn() -> String) {
    let waits = machine.waits.iter().any(|wait| wait.agent.is_none());
    let holds = match machine.state {
        SessionState::Working => machine.turn_open && !waits,
        SessionState::Waiting => machine.turn_open && waits,
        SessionState::Ready => !machine.turn_open && !waits,
        SessionState::Idle => machine.ended.is_some() || machine.clients.is_empty(),
        SessionState::Compacting => true,
    };
    assert!(holds, "{machine:?}\n{}", why());
    let ended = machine.ended.is_some();
    assert!(!ended || machine.state == SessionState::Idle && machine.agents.is_empty(), "{}", why());
    assert!(!ended || machine.clients.iter().all(|client| client.has_ended), "{}", why());
    assert!(machine.clients.len() <= 8 && machine.generation >= 1, "{}", why());
}

#[test]
fn the_process_table_decides_what_it_may() {
    for_every(1, |seed| {
        let mut world = World::rough(seed, 40, 5);
        let logs = logs(&world);
        let known: Vec<_> =
            logs.iter().map(|(name, (_, machine))| KnownSession { name, meta: None, machine }).collect();
        let wait = world.dice.pick(&[0, 1, 2, 3, 30, 31, 300, 301, 600, 901, 90_000]);
        let now = millis(world.now + wait);
        let verdicts = reconcile(&known, &mut &world, now);
        assert_eq!(verdicts, reconcile(&known, &mut &world, now), "seed {seed}");
        let why = || logs.values().map(|(log, _)| trace(seed, log)).collect::<String>();
        for (known, verdict) in known.iter().zip(&verdicts) {
            judged(&world, known.machine, verdict, now, &why);
        }
        for client in world.clients.iter().filter(|client| !client.owner.guessed) {
            let has = |verdict: &&SessionVerdict| {
                let is_its = verdict.client.as_ref() == Some(&client.owner);
                is_its && verdict.liveness == Some(Liveness::Live)
            };
            assert!(verdicts.iter().filter(has).count() <= 1, "{client:?} is in one session\n{}", why());
        }
        assert!(now > 0 && !verdicts.is_empty() || world.sent.is_empty());
    });
}

fn judged(world: &World, machine: &Machine, verdict: &SessionVerdict, now: i64, why: &dyn Fn() -> String) {
    let there = || machine.clients.iter().filter(|client| !client.has_ended);
    let any = |liveness| there().any(|client| world.liveness(&client.owner) == liveness);
    let all_dead = !machine.clients.is_empty() && !any(Liveness::Live) && !any(Liveness::Unknown);
    let quiet = now - machine.updated_at;
    let holds = match verdict.liveness {
        Some(Liveness::Live) => any(Liveness::Live) && verdict.state == machine.state,
        Some(Liveness::Unknown) => {
            (any(Liveness::Unknown) || machine.clients.is_empty()) && faded(machine, now) == verdict.state
        }
        Some(Liveness::Dead) => verdict.ended.is_some() || (0..=2_000).contains(&quiet),
        None => verdict.ended.is_some(),
    };
    assert!(holds, "{verdict:?} of {machine:?}\n{}", why());
    if verdict.liveness == Some(Liveness::Unknown) && quiet > 30_000 {
        assert_eq!(verdict.display_state, verdict.state, "{}", why());
    }
    if verdict.ended.is_some() {
        assert_eq!(
            (verdict.state, verdict.display_state, verdict.agents),
            (SessionState::Idle, SessionState::Idle, 0)
        );
    }
    if all_dead && !(0..=2_000).contains(&quiet) || machine.ended.is_some() {
        assert!(verdict.ended.is_some(), "{verdict:?}\n{}", why());
    }
    let shown = verdict.display_state == verdict.state
        || verdict.display_state == SessionState::Waiting
            && machine.waits.iter().any(|wait| wait.agent.is_some())
        || verdict.display_state == SessionState::Working
            && verdict.state == SessionState::Ready
            && verdict.agents > 0;
    assert!(shown, "{verdict:?}\n{}", why());
}

/// What becomes of a state that nobody can confirm.
fn faded(machine: &Machine, now: i64) -> SessionState {
    let (quiet, same) = (now - machine.updated_at, now - machine.state_changed_at);
    match machine.state {
        _ if quiet > 300_000 => SessionState::Idle,
        SessionState::Working | SessionState::Waiting if quiet > 30_000 && same > 900_000 => {
            SessionState::Idle
        }
        SessionState::Working | SessionState::Waiting if quiet > 30_000 => SessionState::Ready,
        SessionState::Ready if same > 900_000 => SessionState::Idle,
        state => state,
    }
}
