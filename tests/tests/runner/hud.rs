//! `req watch` in a real terminal, and what it costs while nothing happens.

use std::time::Duration;

use serde_json::{Value, json};
use tests::World;
use tests::stand_in::StandIn;
use tests::tmux::Tmux;
use tests::world::{ONE, SESSION, of};

fn watch(world: &World, columns: u16, rows: u16) -> Option<Tmux> {
    let req = tests::executables().join("req");
    Tmux::start(world, columns, rows, &format!("exec '{}' watch", req.display()))
}

/// The line that names a session.
fn line<'a>(screen: &'a str, session: &str) -> &'a str {
    screen.lines().find(|line| line.contains(&session[..8])).unwrap_or_default()
}

#[test]
fn without_a_session_it_says_what_to_do() {
    for (columns, rows) in [(80, 24), (200, 50)] {
        let world = World::with(ONE);
        let Some(tmux) = watch(&world, columns, rows) else { return };
        let screen = tmux.until("it says so", |screen| screen.contains("No session is live"));
        assert!(screen.contains("0 sessions") && screen.contains("no hook has run yet"), "{screen}");
        assert!(screen.contains("stanchion doctor") && screen.contains("q quit"));
        tmux.press(&["q"]);
        while tmux.is_open() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn one_session_is_followed_through_its_day() {
    for (columns, rows) in [(80, 24), (200, 50)] {
        let world = World::with(ONE);
        let Some(tmux) = watch(&world, columns, rows) else { return };
        tmux.until("it is empty", |screen| screen.contains("No session is live"));
        let mut client = StandIn::new(&world);
        client.hook(&world.recorded("SessionStart-startup"));
        world.status_line(
            &world
                .payload("StatusLine-with-usage", json!({"context_window": {"used_percentage": 42.4}}))
                .to_string(),
            &[],
        );
        let screen =
            tmux.until("a session appears by itself", |screen| line(screen, SESSION).contains("42%"));
        let row = line(&screen, SESSION);
        for shown in ["ready", "main", "now"] {
            assert!(row.contains(shown), "{shown}: {row}");
        }
        assert!(screen.contains(&world.repo.to_string_lossy()[..60.min(world.repo.to_string_lossy().len())]));
        assert!(screen.contains("open: commit_plan"), "the details name what is open: {screen}");
        for (payload, expected) in [
            (world.recorded("UserPromptSubmit-plain"), "working"),
            (world.bash("PreToolUse", "rm x"), "working"),
            (permission(&world, "rm x"), "permission: Bash"),
            (world.bash("PostToolUse", "rm x"), "working"),
            (world.recorded("PreCompact-auto"), "compacting"),
            (world.recorded("SessionStart-compact"), "working"),
            (world.recorded("StopFailure-rate-limit"), "failed: rate_limit"),
        ] {
            client.hook(&payload);
            tmux.until(expected, |screen| line(screen, SESSION).contains(expected));
        }
        let pid = client.pid().to_string();
        let folder = world.repo.join("src").to_string_lossy().into_owned();
        let mut shell = world.command(tests::executables().join("shell-cwd"));
        assert!(shell.args([&folder, &pid, "/dev/pts/0"]).status().unwrap().success());
        tmux.until("the project of the last shell is marked", |screen| screen.contains("your shell"));
        world.satisfy("commit_plan");
        tmux.until("a satisfaction shows", |screen| screen.contains("nothing open"));
        world.git(&["switch", "-qc", "topic"]);
        tmux.until("the branch shows", |screen| line(screen, SESSION).contains("topic"));
        tmux.press(&["Enter"]);
        let screen = tmux.until("the timeline opens", |screen| screen.contains("session_started"));
        assert!(screen.contains("permission_asked") && screen.contains("turn_failed"), "{screen}");
        client.hook(&world.recorded("UserPromptSubmit-plain"));
        tmux.until("the timeline goes on", |screen| screen.matches("prompt").count() >= 2);
        tmux.press(&["Escape"]);
        tmux.until("back to the list", |screen| line(screen, SESSION).contains("working"));
        client.kill();
        world.age(SESSION, 5);
        tmux.until("the client is gone", |screen| screen.contains("No session is live"));
        tmux.press(&["a"]);
        tmux.until("it is still told of", |screen| line(screen, SESSION).contains("its client has"));
        tmux.press(&["q"]);
    }
}

fn permission(world: &World, command: &str) -> Value {
    let mut payload = world.bash("PreToolUse", command);
    payload["hook_event_name"] = "PermissionRequest".into();
    payload
}

#[test]
fn sixty_sessions_scroll_filter_and_jump() {
    let world = World::with(ONE);
    // Each with a client of its own, as many as one machine may have to bear.
    let mut clients: Vec<StandIn> = (0..60).map(|_| StandIn::new(&world)).collect();
    let id = |at: usize| format!("{at:08x}-0000-4000-8000-000000000000");
    for (at, client) in clients.iter_mut().enumerate() {
        client.hook(&of(&id(at), world.recorded("SessionStart-startup")));
        client.hook(&of(&id(at), world.recorded("UserPromptSubmit-plain")));
    }
    clients[57].hook(&of(&id(57), permission(&world, "rm x")));
    for (columns, rows) in [(80, 24), (200, 50)] {
        let Some(tmux) = watch(&world, columns, rows) else { return };
        let screen = tmux.until("all are counted", |screen| screen.contains("60 sessions"));
        assert!(screen.contains("1 waiting for you"), "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= usize::from(columns)), "{screen}");
        assert!(screen.contains("00000000 ") && !screen.contains("0000003b "), "{screen}");
        tmux.press(&["G"]);
        tmux.until("the end shows", |screen| screen.contains("0000003b "));
        tmux.press(&["g"]);
        tmux.until("the beginning shows", |screen| screen.contains("00000000 "));
        tmux.press(&["n"]);
        tmux.until("the one that waits is selected", |screen| screen.contains(&id(57)));
        tmux.press(&["/", "0", "0", "0", "0", "0", "0", "2", "a", "Enter"]);
        tmux.until("one is left", |screen| screen.contains("0000002a ") && !screen.contains("00000029 "));
        // The list is filtered while the filter is typed, so the screen may be drawn before Enter is read.
        tmux.until("the filter is kept", |screen| screen.contains("filter: 0000002a"));
        tmux.press(&["Escape"]);
        tmux.until("all are back", |screen| screen.contains("00000029 "));
        drop(tmux);
    }
}

#[test]
fn watching_costs_nothing_while_nothing_changes() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    client.hook(&world.recorded("SessionStart-startup"));
    let Some(tmux) = watch(&world, 80, 24) else { return };
    tmux.until("it shows", |screen| line(screen, SESSION).contains("ready"));
    std::thread::sleep(Duration::from_millis(1_500));
    let before = tests::switches(tmux.pid());
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(tests::switches(tmux.pid()), before, "no thread was woken");
    client.hook(&world.recorded("UserPromptSubmit-plain"));
    tmux.until("a change shows", |screen| line(screen, SESSION).contains("working"));
}

#[test]
fn a_terminal_that_vanishes_ends_it() {
    let world = World::with(ONE);
    // A terminal that is not the controlling one sends no signal when it goes.
    let script = "import os,pty,subprocess,sys,time\nm,s=pty.openpty()\np=subprocess.Popen(sys.argv[1:],stdin=s,stdout=s,stderr=s,start_new_session=True)\nos.close(s)\ntime.sleep(1)\nos.read(m,100000)\nos.close(m)\ntry:\n  sys.exit(0 if p.wait(10)==0 else 3)\nexcept subprocess.TimeoutExpired:\n  p.kill(); sys.exit(4)\n";
    let mut python = world.command("python3");
    python.args(["-c", script]).arg(tests::executables().join("req")).arg("watch");
    match python.status() {
        Ok(status) => assert_eq!(status.code(), Some(0)),
        Err(_) => eprintln!("SKIPPED: there is no python3 to take a terminal away"),
    }
}

#[test]
fn without_a_terminal_it_says_which_command_to_use() {
    let world = World::with(ONE);
    let output = world.req(&["watch"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("req sessions") && error.contains("req serve"),
        "{error}"
    );
}
