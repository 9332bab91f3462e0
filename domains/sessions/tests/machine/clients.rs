//! Several clients in one session, and one client in several.

use platform::process::Liveness;
use sessions::SessionState::{Idle, Ready, Working};
use sessions::machine::{Machine, StateRule};

use crate::support::log::{Line, Table, after, at, client, fold, guess, text, verdict, verdicts};

#[test]
fn a_session_lives_on_with_its_other_client() {
    let (first, second) = (client(7), client(8));
    let lines = [
        at(1, "SessionStart").by(&first),
        at(2, "SessionStart").with("source", "resume").by(&second),
        at(3, "SessionEnd").by(&first),
    ];
    let machine = after(&lines);
    assert_eq!((machine.state, machine.ended.as_ref()), (Ready, None));
    let live = verdict(&machine, &Table::of(&[7, 8]), 60);
    assert_eq!((live.liveness, live.client.unwrap()), (Some(Liveness::Live), second.clone()));
    let dead = verdict(&machine, &Table::of(&[7]), 60);
    assert_eq!((dead.state, dead.liveness), (Idle, Some(Liveness::Dead)));
    assert_eq!(dead.ended.unwrap().1, "pid_dead");
    let ended = after(&[&lines[..], &[at(4, "SessionEnd").by(&second)]].concat());
    assert!(ended.ended.is_some());
    assert_eq!(verdict(&ended, &Table::of(&[7, 8]), 60).liveness, None);
}

#[test]
fn the_client_that_leaves_takes_its_turn_along() {
    let (first, second) = (client(7), client(8));
    let both = [at(1, "SessionStart").by(&first), at(2, "SessionStart").by(&second)];
    let then = |more: &[Line]| fold(&text(&[&both[..], more].concat()));
    let (machine, rules) = then(&[at(3, "UserPromptSubmit").by(&first), at(4, "SessionEnd").by(&first)]);
    assert_eq!((machine.state, rules[3]), (Ready, StateRule::ClientLeft));
    let (machine, rules) = then(&[at(3, "UserPromptSubmit").by(&second), at(4, "SessionEnd").by(&first)]);
    assert_eq!((machine.state, rules[3]), (Working, StateRule::ClientLeft));
    let (machine, rules) = then(&[
        at(4, "SessionEnd").by(&first),
        at(5, "UserPromptSubmit").by(&first),
        at(6, "PreToolUse").tool("Bash", "t", "1").by(&first),
        at(7, "SessionEnd").by(&first),
    ]);
    assert_eq!(machine.state, Ready);
    assert_eq!(rules[3..], [StateRule::LateAfterEnd, StateRule::LateAfterEnd, StateRule::EndedAgain]);
}

#[test]
fn an_end_by_a_stranger_ends_nothing() {
    let lines = [at(1, "SessionStart").by(&client(7)), at(2, "SessionEnd").by(&client(9))];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.ended, rules[1]), (None, StateRule::Recorded));
}

#[test]
fn a_number_that_comes_again_is_another_client() {
    let old = client(7);
    let new = hooks_common::owner::LoggedOwner { start_raw: "9".into(), ..client(7) };
    let lines = [
        at(1, "SessionStart").by(&client(8)),
        at(2, "SessionStart").by(&old),
        at(3, "SessionEnd").by(&old),
        at(4, "SessionStart").by(&new),
        at(5, "PreToolUse").tool("Bash", "t", "1").by(&new),
    ];
    assert_eq!(after(&lines).state, Working);
    let guessed = hooks_common::owner::LoggedOwner { guessed: true, ..new };
    let lines = [&lines[..3], &[at(4, "UserPromptSubmit").by(&guessed)], &lines[4..]].concat();
    assert_eq!(fold(&text(&lines)).1[4], StateRule::ToolStarted);
}

#[test]
fn a_guess_stands_for_the_client_that_is_there() {
    // The recognised one takes the place of the guess.
    let lines = [at(1, "SessionStart").by(&guess(5)), at(2, "UserPromptSubmit").by(&client(7))];
    let machine = after(&lines);
    assert_eq!((machine.clients.len(), &machine.clients[0].owner), (1, &client(7)));
    // But it ends nobody who was recognised.
    let lines = [
        at(1, "SessionStart").by(&client(7)),
        at(2, "UserPromptSubmit").by(&guess(5)),
        at(3, "SessionEnd").by(&guess(5)),
    ];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.clients.len(), &machine.clients[0].owner), (1, &client(7)));
    assert_eq!((machine.ended, rules[2]), (None, StateRule::Recorded));
    let lines = [at(1, "SessionStart").by(&guess(5)), at(2, "SessionEnd").by(&guess(6))];
    assert!(after(&lines).ended.is_some());
    // Who is recognised is never taken for a guess beside it.
    let lines = [
        at(1, "SessionStart").by(&guess(5)),
        at(2, "SessionStart").by(&client(7)),
        at(3, "SessionEnd").by(&client(7)),
    ];
    assert!(after(&lines).ended.is_some());
}

#[test]
fn a_client_of_an_earlier_boot_is_not_taken_for_one_of_this() {
    let later = |line: Line| line.with("boot_id", "boot-2");
    let lines = [at(900, "SessionStart").by(&client(7)), later(at(1, "SessionStart").by(&client(7)))];
    let machine = after(&lines);
    assert_eq!((machine.generation, machine.clients.len()), (2, 2));
    assert_eq!(machine.clients[1].boot_id.as_deref(), Some("boot-2"));
    let guessed = [at(900, "SessionStart").by(&guess(7)), later(at(1, "SessionStart").by(&client(9)))];
    assert_eq!(after(&guessed).clients.len(), 2);
}

fn both(
    old: &Machine,
    new: &Machine,
    second: i64,
) -> Vec<(sessions::SessionState, Option<Liveness>, StateRule)> {
    let found = verdicts(&[("old", old), ("new", new)], &Table::of(&[7, 8]), second);
    found.iter().map(|verdict| (verdict.state, verdict.liveness, *verdict.why.last().unwrap())).collect()
}

#[test]
fn clear_leaves_exactly_one_live_session() {
    let me = client(7);
    let old = after(&[at(1, "SessionStart").by(&me), at(2, "UserPromptSubmit").by(&me)]);
    let new = after(&[at(3, "SessionStart").with("source", "clear").by(&me)]);
    let superseded = (Idle, None, StateRule::Superseded);
    assert_eq!(both(&old, &new, 3), [superseded, (Ready, Some(Liveness::Live), StateRule::Started)]);
    let found = &verdicts(&[("old", &old), ("new", &new)], &Table::of(&[7]), 3)[0];
    assert_eq!(found.ended.as_ref().unwrap().1, "superseded");
    // And back again by `/resume`.
    let back = after(&[
        at(1, "SessionStart").by(&me),
        at(2, "UserPromptSubmit").by(&me),
        at(9, "SessionStart").with("source", "resume").by(&me),
    ]);
    assert_eq!(both(&back, &new, 9), [(Ready, Some(Liveness::Live), StateRule::Started), superseded]);
}

#[test]
fn a_compaction_under_a_new_id_supersedes_the_old_one() {
    let me = client(7);
    let old = after(&[at(1, "UserPromptSubmit").by(&me), at(2, "PreCompact").with("trigger", "auto")]);
    let new = after(&[at(3, "SessionStart").with("source", "compact").by(&me)]);
    let found = both(&old, &new, 3);
    assert_eq!(found[0].2, StateRule::Superseded);
    assert_eq!((found[1].0, found[1].1), (Ready, Some(Liveness::Live)));
}

#[test]
fn guesses_supersede_nothing_and_neither_do_other_boots() {
    let old = after(&[at(1, "SessionStart").by(&guess(7))]);
    let new = after(&[at(3, "SessionStart").by(&guess(7))]);
    assert!(both(&old, &new, 4).iter().all(|(state, ..)| *state == Ready));
    let old = after(&[at(9, "SessionStart").by(&client(7)).with("boot_id", "boot-0")]);
    let new = after(&[at(3, "SessionStart").by(&client(7))]);
    assert!(both(&old, &new, 4).iter().all(|(.., rule)| *rule != StateRule::Superseded));
}
