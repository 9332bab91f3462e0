//! What history costs: the hot path with ten thousand recorded sessions and a log of nearly 5 MB, against the same
//! hooks in a world where nothing has happened yet.

use std::path::PathBuf;

use tests::World;
use tests::world::SESSION;

use super::times::{clock, quantile};
use super::{Case, command, count, instructions};

/// How much dearer a hook may be.
const MOST: f64 = 1.1;
/// System calls and instructions that looking at the end of a full log takes: about a hundredth of a millisecond.
const LOOK: u64 = 8;
const LOOK_INSTRUCTIONS: u64 = 100_000;
/// How many sessions are recorded.
const SESSIONS: usize = 10_000;
/// The log's sizes in bytes: below and above that at which heartbeats are no longer kept.
const LOGS: [usize; 2] = [4_500_000, 5_500_000];
/// From this size on a log is full.
const FULL: usize = 5 * 1024 * 1024;

/// Lets many sessions have been.
pub fn grow(world: &World) {
    let meta = std::fs::read(world.session_dir(SESSION).join("meta.json")).expect("a session");
    let log = std::fs::read(world.session_dir(SESSION).join("events.jsonl")).expect("a log");
    for at in 0..SESSIONS {
        let dir = world.session_dir(&format!("{at:08x}-0000-4000-8000-000000000000"));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join("meta.json"), &meta).expect("a file");
        std::fs::write(dir.join("events.jsonl"), &log).expect("a file");
    }
}

/// Makes the session's log so long.
fn lengthen(world: &World, length: usize) {
    let path = world.session_dir(SESSION).join("events.jsonl");
    let line = format!("{}\n", world.events(SESSION).pop().expect("an event"));
    std::fs::write(path, line.repeat(length / line.len())).expect("a log");
}

/// The payload of a case, moved from the world it was made for into another.
fn own_payload(from: &World, to: &World, case: &Case) -> PathBuf {
    let text = case.payload.to_string();
    let text = text.replace(from.root().to_str().expect("UTF-8"), to.root().to_str().expect("UTF-8"));
    let path = to.root().join("payload.json");
    std::fs::write(&path, text).expect("the payload");
    path
}

/// Whether the figures that do not depend on the clock stay the same.
pub fn check(small: &World, large: &World, cases: &[Case]) -> bool {
    LOGS.iter().all(|length| check_with(small, large, cases, *length))
}

fn check_with(small: &World, large: &World, cases: &[Case], length: usize) -> bool {
    lengthen(large, length);
    let mut holds = true;
    for case in cases {
        let of = |world: &World| {
            let payload = own_payload(small, world, case);
            (count(world, case, &payload).syscalls, instructions(world, case, &payload).unwrap_or(0))
        };
        let ((few, light), (many, heavy)) = (of(small), of(large));
        let most = (light as f64 * MOST) as u64;
        let most = if length > FULL { most.max(light + LOOK_INSTRUCTIONS) } else { most };
        let over = many > few + LOOK || heavy > most;
        holds &= !over;
        let verdict = if over { "  OVER" } else { "" };
        println!("grown: {:28} syscalls {few} → {many}, instructions {light} → {heavy}{verdict}", case.name);
    }
    holds
}

/// Whether the times stay within a tenth.
pub fn time(small: &World, large: &World, cases: &[Case], runs: usize) -> bool {
    let all = LOGS.map(|length| time_with(small, large, cases, runs, length));
    all.iter().all(|holds| *holds)
}

fn time_with(small: &World, large: &World, cases: &[Case], runs: usize, length: usize) -> bool {
    lengthen(large, length);
    println!(
        "\nwith {SESSIONS} sessions and a log of {} KB\n{:28} {:>7} {:>7} {:>6}",
        length / 1_000,
        "case",
        "small",
        "grown",
        "ratio"
    );
    let mut holds = true;
    for case in cases {
        let of = |world: &World, times: &mut Vec<f64>| {
            let payload = own_payload(small, world, case);
            times.push(clock(command(world, &tests::executables().join(case.executable), &payload)));
        };
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            of(small, &mut few);
            of(large, &mut many);
        }
        let (few, many) = (quantile(&mut few, 0.5), quantile(&mut many, 0.5));
        let verdict = if many <= few * MOST { "" } else { "  OVER" };
        holds &= verdict.is_empty();
        println!("{:28} {few:>7.3} {many:>7.3} {:>6.2}{verdict}", case.name, many / few);
    }
    holds
}
