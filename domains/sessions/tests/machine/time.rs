//! What time does: nothing while the client lives, everything when it is gone, and something when nobody knows.

use platform::process::Liveness::{Dead, Live, Unknown};
use sessions::SessionState::{self, Compacting, Idle, Ready, Waiting, Working};
use sessions::known::KnownSession;
use sessions::machine::Machine;
use sessions::reconcile::reconcile;

use crate::support::log::{Line, Table, after, at, client, millis, verdict};

fn table(liveness: platform::process::Liveness) -> Table {
    Table([(7, liveness)].into())
}

fn working() -> Machine {
    after(&[at(1, "SessionStart").by(&client(7)), at(2, "UserPromptSubmit").by(&client(7))])
}

/// The state so many milliseconds after the session's last event.
fn state(machine: &Machine, liveness: platform::process::Liveness, quiet: i64) -> SessionState {
    let known = KnownSession { name: "s", meta: None, machine };
    reconcile(&[known], &mut table(liveness), machine.updated_at + quiet).remove(0).state
}

#[test]
fn who_lives_never_tires() {
    for quiet in [0, 31_000, 45 * 60_000, 100 * 3_600_000] {
        assert_eq!(state(&working(), Live, quiet), Working);
    }
}

#[test]
fn who_cannot_be_asked_is_believed_for_a_while() {
    let me = client(7);
    let then = |line: Line| after(&[at(1, "UserPromptSubmit").by(&me), line]);
    let waiting = then(at(2, "PermissionRequest").tool("Bash", "", "1"));
    let compacting = then(at(2, "PreCompact").with("trigger", "auto"));
    let ready = then(at(2, "Stop"));
    for (machine, at_30, after_30) in [
        (&working(), Working, Ready),
        (&waiting, Waiting, Ready),
        (&compacting, Compacting, Compacting),
        (&ready, Ready, Ready),
    ] {
        assert_eq!(state(machine, Unknown, 30_000), at_30);
        assert_eq!(state(machine, Unknown, 30_001), after_30);
        assert_eq!(state(machine, Unknown, 300_000), after_30);
        assert_eq!(state(machine, Unknown, 300_001), Idle);
    }
    let without_client = after(&[at(2, "UserPromptSubmit")]);
    assert_eq!(state(&without_client, Live, 30_001), Ready, "nobody is there to be asked");
}

#[test]
fn a_session_that_rests_for_900_seconds_is_idle_though_events_come() {
    let ready = after(&[at(2, "SessionStart").by(&client(7)), at(800, "CwdChanged")]);
    for (second, expected) in [(902_000, Ready), (902_001, Idle)] {
        assert_eq!(state(&ready, Unknown, second - 800_000), expected);
    }
    let tired =
        after(&[at(1, "UserPromptSubmit").by(&client(7)), at(1_000, "PreToolUse").tool("Bash", "t", "1")]);
    assert_eq!(state(&tired, Unknown, 30_000), Working);
    assert_eq!(state(&tired, Unknown, 30_001), Idle, "as the older system: it works too long for ready");
    assert_eq!(state(&tired, Live, 30_001), Working);
}

#[test]
fn who_is_gone_is_idle_after_a_moment_for_what_may_still_arrive() {
    for (quiet, expected) in [(0, Working), (2_000, Working), (2_001, Idle), (-1, Idle)] {
        assert_eq!(state(&working(), Dead, quiet), expected, "{quiet}");
    }
    let gone = verdict(&working(), &table(Dead), 60);
    assert_eq!(gone.ended, Some((millis(2), "pid_dead".to_owned())));
    assert_eq!((gone.liveness, gone.display_state, gone.agents), (Some(Dead), Idle, 0));
}

#[test]
fn the_next_change_is_where_the_verdict_changes() {
    let agent = at(3, "SubagentStart").with("agent_id", "a");
    let agents =
        after(&[at(1, "UserPromptSubmit").by(&client(7)), at(2, "Stop").with("background_tasks", 1), agent]);
    for machine in [&working(), &agents] {
        for liveness in [Live, Dead, Unknown] {
            let mut now = machine.updated_at;
            let known = KnownSession { name: "s", meta: None, machine };
            for _ in 0..8 {
                let verdict = reconcile(&[known], &mut table(liveness), now).remove(0);
                let next = verdict.next_change(machine, now).unwrap_or(now + 10_000_000);
                let before = reconcile(&[known], &mut table(liveness), next - 1).remove(0);
                assert_eq!(
                    (verdict.state, verdict.display_state, verdict.agents),
                    (before.state, before.display_state, before.agents)
                );
                now = next;
            }
        }
    }
}

#[test]
fn a_clock_that_was_set_back_is_followed() {
    let me = client(7);
    let lines = [
        at(1, "UserPromptSubmit").by(&me).with("recorded_at", crate::support::log::moment(90_000)),
        at(2, "PreToolUse").tool("Bash", "t", "1"),
    ];
    let machine = after(&lines);
    assert_eq!(machine.updated_at, millis(2));
    assert_eq!(verdict(&machine, &table(Unknown), 400).state, Idle);
    let ahead = after(&lines[..1]);
    assert_eq!(verdict(&ahead, &table(Dead), 400).state, Idle, "nobody waits for a wrong clock");
}
