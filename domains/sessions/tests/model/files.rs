//! The same on real files: read bit by bit, and compacted.
#![allow(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::sync::atomic::{AtomicUsize, Ordering};

use platform::time::Moment;
use serde_json::Value;
use sessions::catalog::{SessionCatalog, SessionHistory};
use sessions::compaction::compact_beyond;
use sessions::derived::derive;
use sessions::projects::Boundaries;

use crate::Dice;
use crate::for_every;
use crate::order::{Disorder, disorder, spoil};
use crate::sent::name;
use crate::support::home::{Home, append, put_meta};
use crate::support::log::{EPOCH, millis};
use crate::trace::trace;
use crate::world::{PROJECTS, World, by_session};

/// What a book says at the end of a history, without what depends on the files themselves.
fn shown(book: &SessionCatalog, world: &World) -> Value {
    let tracked: Vec<_> = PROJECTS.iter().map(Into::into).collect();
    let mut boundaries = Boundaries::new("/home/nobody".as_ref(), tracked.clone());
    let state = derive(book, &mut &*world, &mut boundaries, &tracked, millis(world.now + 1));
    let mut shown = serde_json::to_value(state).unwrap();
    shown["generated_at"] = Value::Null;
    shown["inputs"] = Value::Null;
    shown["diagnostics"] = Value::Null;
    shown
}

fn now() -> i64 {
    Moment::now().wall.timestamp_millis()
}

#[test]
fn what_is_read_bit_by_bit_is_what_is_read_at_once() {
    for_every(20, |seed| {
        let mut world = World::rough(seed, 60, 5);
        let mut dice = world.dice.clone();
        // Some logs are longer than what is kept apart of them.
        let padding = dice.pick(&[0, 300, 5_000]);
        world.sent.iter_mut().for_each(|sent| sent.padding = padding);
        let (home, reference) = (Home::new(), Home::new());
        let (mut book, mut whole) = (SessionCatalog::default(), SessionCatalog::default());
        for (session, events) in by_session(&world.sent) {
            let (dir, same) = (home.session(&name(session)), reference.session(&name(session)));
            if dice.percent(70) {
                let owner = Some(&events[0].owner).filter(|owner| owner.pid != 0);
                put_meta(&dir, world.sessions[session], owner);
                put_meta(&same, world.sessions[session], owner);
            }
            let how = dice.pick(&[Disorder::OfBoot, Disorder::Of(4), Disorder::Of(1)]);
            let mut lines = disorder(&events, how, &mut dice);
            spoil(&mut lines, &mut dice);
            let text = lines.concat();
            append(&same, &text);
            read_in_pieces(&text, &mut dice, |piece| {
                append(&dir, piece);
                book.refresh_one(&home.paths, &name(session), now());
            });
            let (_, read) = book.sessions().find(|(found, _)| *found == name(session)).unwrap();
            let mut fresh = SessionHistory::default();
            fresh.refresh(&dir).unwrap();
            assert_eq!(read.log.machine(), fresh.machine(), "{}", trace(seed, &text));
            assert_eq!(read.log.input, fresh.input, "{}", trace(seed, &text));
        }
        whole.refresh(&reference.paths, now());
        assert_eq!(shown(&book, &world), shown(&whole, &world), "seed {seed}");
    });
}

fn read_in_pieces(text: &str, dice: &mut Dice, mut read: impl FnMut(&[u8])) {
    let mut rest = text.as_bytes();
    let longest = dice.pick(&[400, 4_000, 200_000]);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + dice.below(longest)).min(rest.len()));
        read(piece);
        rest = after;
    }
}

#[test]
fn a_compaction_at_any_moment_changes_nothing() {
    let compacted = AtomicUsize::new(0);
    for_every(20, |seed| {
        let world = World::rough(seed, 400, 1);
        let mut dice = world.dice.clone();
        let (home, reference) = (Home::new(), Home::new());
        for (session, events) in by_session(&world.sent) {
            let (dir, same) = (home.session(&name(session)), reference.session(&name(session)));
            let lines = disorder(&events, Disorder::Of(6), &mut dice);
            append(&same, lines.concat());
            let before = lines.len() - dice.below(lines.len() / 2);
            append(&dir, lines[..before].concat());
            let mut log = SessionHistory::default();
            log.refresh(&dir).unwrap();
            let wall = chrono::DateTime::from_timestamp(EPOCH + world.now + 100_000, 0).unwrap();
            let done = compact_beyond(0, &dir, Moment { wall, mono_ns: 1 }).unwrap();
            compacted.fetch_add(usize::from(done.is_some()), Ordering::Relaxed);
            for line in &lines[before..] {
                append(&dir, line);
            }
            let text = std::fs::read_to_string(dir.events()).unwrap();
            let kept = lines.len().saturating_sub(lines.len() - before + 200);
            assert!(lines[kept.min(before)..].iter().all(|line| text.contains(line)), "seed {seed}");
            let (mut fresh, mut uncompacted) = (SessionHistory::default(), SessionHistory::default());
            log.refresh(&dir).unwrap();
            fresh.refresh(&dir).unwrap();
            uncompacted.refresh(&same).unwrap();
            let told = || trace(seed, &lines.concat());
            assert_eq!(fresh.machine(), uncompacted.machine(), "{}", told());
            assert_eq!(log.machine(), uncompacted.machine(), "{}", told());
        }
    });
    assert!(compacted.into_inner() > 100);
}
