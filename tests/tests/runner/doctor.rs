//! The doctor and its sister `req verify`: what keeps hooks from working is named, and nothing is touched.

use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, printed};

use crate::install::{bin, ok, read, settings, stand_in};

#[test]
fn the_doctor_says_which_status_line_counts() {
    let world = World::with(ONE);
    let bin = bin(&world);
    stand_in(&world, &bin);
    let says = |needle: &str| {
        let output = world.stanchion(&["doctor", "--verbose"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(needle), "{needle}: {text}");
    };
    ok(&world.stanchion(&["install", "--no-status-line"]));
    says("note: status line: ours is not set");
    ok(&world.stanchion(&["install"]));
    says("ok: status line: ours in ");
    says("hook-status-line: answers in ");
    let theirs = "{\"statusLine\": {\"type\": \"command\", \"command\": \"true\"}}";
    std::fs::write(world.home.join(".claude/settings.json"), theirs).unwrap();
    says("note: status line: ours in ");
    world.write(".claude/settings.local.json", theirs);
    says("warning: status line: the one in ");
    std::fs::remove_file(bin.join("hook-status-line")).unwrap();
    says("hook-status-line: the executable is missing");
}

#[test]
fn the_doctor_names_what_keeps_hooks_from_running() {
    let world = World::with(ONE);
    let bin = bin(&world);
    let report = |world: &World| {
        let output = world.stanchion(&["doctor", "--json"]);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let says = |report: &Value, needle: &str| report["checks"].to_string().contains(needle);
    let (code, found) = report(&world);
    assert!(code == Some(1) && says(&found, "no hook of ours is installed"));
    ok(&world.stanchion(&["install"]));
    let (code, found) = report(&world);
    assert_eq!((&found["exit_code"], &found["summary"]["critical"]), (&json!(0), &json!(0)), "{found}");
    assert_eq!((code, found["executables"].as_array().unwrap().len()), (Some(0), 9), "{found}");
    assert!(found["executables"][0]["median_ms"].as_f64().unwrap() < 100.0);
    let good = read(&settings(&world));
    for (bad, needle) in [
        (good.replacen('{', "{\n  \"disableAllHooks\": true,", 1), "disableAllHooks"),
        (good.replacen("\"timeout\": 10", "\"timeout\": 0", 1), "switches off every hook"),
        (good.replacen("\"command\"", "\"comand\"", 1), "switches off every hook"),
        (format!("// comment\n{good}"), "not strict JSON"),
        (
            good.replacen('{', "{\n  \"env\": {\"CLAUDE_SKIP_REQUIREMENTS\": \"1\"},", 1),
            "switches every gate off",
        ),
        (good.replacen("\"hooks\": [", "\"matcher\": \"Nope\", \"hooks\": [", 1), "only where the matcher"),
        (good.replacen("\"timeout\": 10", "\"async\": true, \"timeout\": 10", 1), "async"),
        (good.replacen("\"timeout\": 10", "\"if\": \"Bash(x)\", \"timeout\": 10", 1), "its `if` matches"),
        (good.replacen(".stanchion/bin", "elsewhere", 1), "which is missing"),
    ] {
        std::fs::write(settings(&world), bad).unwrap();
        let (code, found) = report(&world);
        assert!(code == Some(1) && says(&found, needle), "{needle}: {found}");
    }
    std::fs::write(settings(&world), &good).unwrap();
    tests::copy_executable("/bin/true", bin.join("hook-stop"));
    let (code, found) = report(&world);
    assert!(code == Some(1) && says(&found, "does not do what our executable does"), "{found}");
    std::fs::remove_file(bin.join("hook-stop")).unwrap();
    let (code, found) = report(&world);
    assert!(code == Some(1) && says(&found, "is missing"), "{found}");
    assert_eq!(
        printed(&world.req(&["sessions", "--json"]))["sessions"],
        json!([]),
        "the doctor forged no session"
    );
}

#[test]
fn both_doctors_give_one_report() {
    let world = World::with(ONE);
    bin(&world);
    ok(&world.stanchion(&["install"]));
    let report = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let (req, stanchion) = (world.req(&["doctor", "--json"]), world.stanchion(&["doctor", "--json"]));
    let kinds = |report: &Value| -> Vec<(Value, Value)> {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().map(|check| (check["id"].clone(), check["status"].clone())).collect()
    };
    assert_eq!(kinds(&report(&req)), kinds(&report(&stanchion)));
    assert_eq!((req.status.code(), stanchion.status.code()), (Some(0), Some(0)));
    let found = report(&req);
    let summary = &found["summary"];
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(count("total"), count("passed") + count("warnings") + count("critical"), "{found}");
    for key in ["id", "category", "status", "severity", "message", "fix"] {
        assert!(found["checks"][0].get(key).is_some(), "{key}: {found}");
    }
    assert!(ok(&world.req(&["doctor", "-v"])).contains("answers in"));
    assert!(!ok(&world.req(&["doctor"])).contains("answers in"));
    std::fs::remove_file(settings(&world)).unwrap();
    let unwired = world.req(&["doctor"]);
    assert_eq!((unwired.status.code(), unwired.stderr.len()), (Some(1), 0), "the report says it all");
}

#[test]
fn the_doctor_reads_what_is_kept() {
    let world = World::with(
        "requirements:\n  review: {enabled: true, scope: branch, stop_only: true, trigger_tools: [Edit]}\n",
    );
    let says = |needle: &str| {
        let output = world.req(&["doctor"]);
        String::from_utf8_lossy(&output.stdout).contains(needle)
    };
    assert!(!says("no turn-end is blocked"), "nothing triggered it yet");
    world.hook(&world.edit()).silent();
    assert!(says("review: it is open in 1 session, and no turn-end is blocked"));
    world.req_ok(&["satisfy", "review", "--branch"]);
    assert!(!says("no turn-end is blocked"));
    std::fs::write(world.repo.join(".git/requirements/torn.json"), "{").unwrap();
    assert!(says("torn.json: it is not JSON"));
    world.write(".claude/settings.json", "{\"permissions\": {\"allow\": [\"Edit(*)\"]}}");
    assert!(says("note: ") && says("`Edit(*)`"));
}

#[test]
fn verify_looks_at_the_repository_alone() {
    let world = World::with(ONE);
    std::fs::write(world.home.join(".claude/requirements.yaml"), "requirements: [\n").unwrap();
    assert_eq!(printed(&world.req(&["verify", "--ci", "--json"]))["status"], "ok");
    assert!(!world.home.join(".stanchion").exists(), "it leaves nothing behind");
    world.configure("requirements:\n  plan: {enabled: true, stop_only: true, trigger_tools: []}\n");
    assert_eq!(world.req(&["verify"]).status.code(), Some(0));
    let strict = world.req(&["verify", "--ci"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&strict.stdout).contains("requirements.yaml:2:"), "{strict:?}");
    world.configure("requirements:\n  plan: {enabled: true, scope: weekly}\n");
    assert_eq!(world.req(&["verify"]).status.code(), Some(1));
    assert_eq!(world.req_in(&world.home, &["verify", "--ci"]).status.code(), Some(0), "nothing to verify");
}
#[test]
fn hooks_that_do_not_fire_are_told_from_a_quiet_machine() {
    let world = World::with(ONE);
    let bin = world.root().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for name in setup::EXECUTABLES {
        tests::copy_executable(tests::executables().join(name), bin.join(name));
    }
    world.stanchion(&["install", "--bin-dir", &bin.to_string_lossy()]);
    let told = |world: &World| {
        let report = printed_whatever(&world.req(&["doctor", "--json", "--verbose"]));
        let checks = report["checks"].as_array().unwrap().clone();
        let check = checks.into_iter().find(|check| check["subject"] == "heartbeat").unwrap();
        format!("{}: {}", check["status"].as_str().unwrap(), check["message"].as_str().unwrap())
    };
    assert_eq!(told(&world), "note: no hook has run yet");
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.recorded("SessionEnd-other"));
    assert_eq!(told(&world), "pass: hooks fire");
    let beat = world.home.join(".stanchion/hud-hook-heartbeat");
    let long_ago = SystemTime::now() - Duration::from_secs(600);
    std::fs::File::options().append(true).open(&beat).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(told(&world), "pass: no session is live, so no hook fires");
    // A transcript grew meanwhile, and no hook has recorded its session.
    let name: String = world
        .repo
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let transcripts = world.home.join(".claude/projects").join(name);
    std::fs::create_dir_all(&transcripts).unwrap();
    std::fs::write(transcripts.join("f00dfeed-0000-4000-8000-000000000000.jsonl"), "{}\n").unwrap();
    assert!(told(&world).starts_with("fail: hooks do not fire"), "{}", told(&world));
    let mut server = world.command(tests::executables().join("req"));
    let mut server = server.arg("serve").stderr(Stdio::null()).spawn().unwrap();
    let status = || {
        world.json(&world.home.join(".stanchion/derived-state.json"))["diagnostics"]["hook_health"]["status"]
            .clone()
    };
    let started = std::time::Instant::now();
    while status() != "not_firing" && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(status(), "not_firing", "the HUD says the same");
    // Nobody's heartbeat is forged by asking.
    assert_eq!(std::fs::metadata(&beat).unwrap().modified().unwrap(), long_ago);
}

fn printed_whatever(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A plugin's module stands above every hook but a managed one, and loads by lying below a skills folder.
#[test]
fn modules_of_plugins_that_decide_about_tools_are_listed() {
    let world = World::new();
    world.write(".claude/skills/x/.claude-plugin/plugin.json", "{\"name\": \"x\"}\n");
    world.write(".claude/skills/x/hooks/hooks.json", "{\"modules\": [\"./register.js\"]}\n");
    world.write(".claude/skills/x/register.js", "export default on => on('turn.end', () => {})\n");
    let doctor = || String::from_utf8(world.req(&["doctor", "--verbose"]).stdout).unwrap();
    assert!(!doctor().contains("register.js"));
    world.write(".claude/skills/x/register.js", "export default on => on('tool.check', () => 'allow')\n");
    let said = doctor();
    assert!(said.contains("skills/x/register.js") && said.contains("`tool.check`"), "{said}");
}
