//! `derived-state.json`: what it says, and who writes it.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::stand_in::StandIn;
use tests::world::{ONE, SESSION, of};

fn start(world: &World, client: &mut StandIn) {
    client.hook(&world.recorded("SessionStart-startup"));
    client.hook(&world.recorded("UserPromptSubmit-plain"));
}

/// A writer of the derived state. It ends when it is dropped.
struct Server(Child);

impl Server {
    /// Starts one and waits until it has said which part it has.
    fn start(world: &World) -> Self {
        let mut command = world.command(tests::executables().join("req"));
        let mut child = command.arg("serve").stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stderr = child.stderr.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stderr), &mut line).unwrap();
        Self(child)
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn derived(world: &World) -> Value {
    world.json(&world.home.join(".stanchion/derived-state.json"))
}

/// Waits until the derived state is as it should be.
#[track_caller]
fn until(world: &World, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let state = derived(world);
        if holds(&state) {
            return state;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{what}: {state:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn cases_9_and_10_edits_light_up_the_package_they_are_in() {
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    world.write("packages/auth/package.json", "{}");
    world.write("packages/other/package.json", "{}");
    let auth = world.repo.join("packages/auth");
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let edit = world.payload("PostToolUse-Edit", json!({"tool_input": {"file_path": auth.join("src/a.ts")}}));
    client.hook(&edit);
    let server = Server::start(&world);
    let (auth_key, root_key) =
        (auth.to_string_lossy().into_owned(), world.repo.to_string_lossy().into_owned());
    let state = until(&world, "the edit counts", |state| state["projects"][&auth_key]["state"] == "working");
    let package = &state["projects"][&auth_key];
    assert_eq!((&package["via"], &package["session_id"]), (&json!("activity"), &json!(SESSION)));
    assert_eq!(state["projects"][&root_key]["via"], "session");
    assert!(state["projects"].get(world.repo.join("packages/other").to_string_lossy().as_ref()).is_none());
    assert_eq!(state["sessions"][0]["recent_activity"][0]["project_path"], auth_key.as_str());
    // A session of the package's own says more than another one's edits.
    let other = "0badcafe-2222-4333-8444-555566667777";
    let mut second = StandIn::new(&world);
    let own = world.payload("SessionStart-startup", json!({"cwd": auth}));
    second.run(
        &format!(
            "CLAUDE_PROJECT_DIR='{auth_key}' '{}'",
            tests::executables().join("hook-session-start").display()
        ),
        of(other, own).to_string().as_bytes(),
    );
    until(&world, "the own session counts", |state| {
        let package = &state["projects"][&auth_key];
        package["via"] == "session" && package["state"] == "ready"
    });
    second.kill();
    client.hook(&world.recorded("Stop-first"));
    until(&world, "the turn is over", |state| {
        state["projects"][&root_key]["state"] == "ready" && state["projects"][&auth_key]["state"] != "working"
    });
    client.hook(&world.recorded("UserPromptSubmit-plain"));
    world.age(SESSION, 301);
    until(&world, "the edit is too long ago", |state| {
        state["projects"][&root_key]["state"] == "working"
            && state["projects"][&auth_key]["state"] != "working"
    });
    drop(server);
}

#[test]
fn case_11_hooks_leave_the_derived_state_alone() {
    let world = World::with(ONE);
    let path = world.home.join(".stanchion/derived-state.json");
    let every_hook = |world: &World| {
        for name in tests::world::recorded_names() {
            if !name.starts_with("StatusLine")
                && !name.starts_with("Worktree")
                && !name.starts_with("MessageDisplay")
            {
                world.hook(&world.recorded(&name));
            }
        }
        world.status_line(&world.recorded("StatusLine-with-usage").to_string(), &[]);
    };
    every_hook(&world);
    assert!(!path.exists());
    std::fs::write(&path, "{corrupt").unwrap();
    let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
    every_hook(&world);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{corrupt");
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), changed);
    let lasting = |mut state: Value| {
        state["generated_at"] = Value::Null;
        state["writer"] = Value::Null;
        state["diagnostics"]["heartbeat_age_secs"] = Value::Null;
        state["sessions"][0]["quiet_secs"] = Value::Null;
        state
    };
    drop(Server::start(&world));
    let first = lasting(derived(&world));
    assert_eq!(first["sessions"][0]["session_id"], SESSION);
    for odd in ["", "[]", "3", "{\"v\":1,\"diagnostics\":3,\"sessions\":[3]}"] {
        std::fs::write(&path, odd).unwrap();
        drop(Server::start(&world));
        assert_eq!(lasting(derived(&world)), first, "{odd}");
    }
    std::fs::remove_file(&path).unwrap();
    drop(Server::start(&world));
    assert_eq!(lasting(derived(&world)), first);
}

#[test]
fn case_12_one_process_writes_and_another_takes_over_when_it_is_killed() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let first = Server::start(&world);
    let second = Server::start(&world);
    assert_eq!(derived(&world)["writer"]["pid"], first.id());
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let started = Instant::now();
            // `derived` panics on anything but a whole document.
            while started.elapsed() < Duration::from_secs(2) {
                assert!(derived(&world).is_object());
            }
        });
        for at in 0..40 {
            client.hook(&world.bash(if at % 2 == 0 { "PreToolUse" } else { "PostToolUse" }, "ls"));
        }
        reader.join().unwrap();
    });
    assert_eq!(derived(&world)["writer"]["pid"], first.id());
    // A document that somebody deletes comes back, and tells nobody who writes it.
    std::fs::remove_file(world.home.join(".stanchion/derived-state.json")).unwrap();
    until(&world, "it is made again", |state| state["writer"]["pid"] == first.id());
    drop(first);
    until(&world, "the other one takes over", |state| state["writer"]["pid"] == second.id());
    client.hook(&world.recorded("Stop-first"));
    until(&world, "and goes on", |state| state["sessions"][0]["state"] == "ready");
    // Nothing happens: nothing is written.
    let path = world.home.join(".stanchion/derived-state.json");
    std::thread::sleep(Duration::from_millis(300));
    let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), changed);
    drop(second);
}

#[test]
fn a_writer_that_is_gone_is_no_reason_to_spin() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    drop(Server::start(&world));
    // Somebody holds the lock and has not written: the document still names a writer that is gone.
    let lock = world.home.join(".stanchion/derived-state.lock");
    let mut holder = std::process::Command::new("flock").arg(&lock).args(["sleep", "60"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let server = Server::start(&world);
    std::thread::sleep(Duration::from_millis(500));
    let before = tests::switches(server.id());
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(tests::switches(server.id()), before);
    drop(server);
    let _ = holder.kill();
    let _ = holder.wait();
}

#[test]
fn a_directory_that_is_made_anew_is_followed() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let server = Server::start(&world);
    for (payload, expected) in
        [("Stop-first", "ready"), ("UserPromptSubmit-plain", "working"), ("Stop-first", "ready")]
    {
        std::fs::remove_dir_all(world.session_dir(SESSION)).unwrap();
        client.hook(&world.recorded("SessionStart-resume"));
        client.hook(&world.recorded("UserPromptSubmit-plain"));
        client.hook(&world.recorded(payload));
        until(&world, expected, |state| state["sessions"][0]["state"] == expected);
        client.hook(&world.recorded("PreCompact-auto"));
        until(&world, "it is still followed", |state| state["sessions"][0]["state"] == "compacting");
    }
    drop(server);
}

#[test]
fn whoever_lost_the_lock_with_its_folder_does_not_write_beside_another() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let first = Server::start(&world);
    std::fs::remove_dir_all(world.home.join(".stanchion")).unwrap();
    client.hook(&world.recorded("SessionStart-resume"));
    let second = Server::start(&world);
    let writer =
        until(&world, "somebody writes", |state| state["writer"]["pid"].is_u64())["writer"]["pid"].clone();
    for name in ["UserPromptSubmit-plain", "Stop-first", "UserPromptSubmit-plain"] {
        client.hook(&world.recorded(name));
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!(derived(&world)["writer"]["pid"], writer);
    }
    drop(first);
    drop(second);
}

#[test]
fn a_client_that_is_killed_is_seen_at_once() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    world.age(SESSION, 5);
    let server = Server::start(&world);
    until(&world, "it lives", |state| state["sessions"][0]["liveness"] == "live");
    client.kill();
    let started = Instant::now();
    until(&world, "it is dead", |state| state["sessions"][0]["ended"]["reason"] == "pid_dead");
    assert!(started.elapsed() < Duration::from_secs(2));
    drop(server);
}
