//! One decision, asked for three ways: the hook takes it, `why` foretells it, `replay` finds it again in the log.

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, SESSION, last, printed};

use crate::support::{on_file, one, run};

const PUSH: &str = "git push origin main";

/// A use of a tool, and what becomes of it.
struct Row {
    name: &'static str,
    config: String,
    /// Makes the world as it is before the tool is used.
    before: fn(&mut World),
    used: fn(&World) -> Value,
    /// The host's verdict and the log's word.
    becomes: (&'static str, &'static str),
}

fn row(
    name: &'static str,
    config: impl Into<String>,
    before: fn(&mut World),
    used: fn(&World) -> Value,
    becomes: (&'static str, &'static str),
) -> Row {
    Row { name, config: config.into(), before, used, becomes }
}

fn nothing(_: &mut World) {}

fn edit(world: &World) -> Value {
    world.edit()
}

fn push(world: &World) -> Value {
    run(world, PUSH)
}

/// A push of which nobody knows where it goes.
fn doubtful(world: &World) -> Value {
    run(world, "git push origin $BRANCH")
}

fn paused(world: &mut World) {
    world.req_ok(&["pause", "--session", SESSION]);
}

fn paused_by_a_person(world: &mut World) {
    assert!(world.typed(&format!("pause --session {SESSION} --reason release")).status.success());
}

fn satisfied(world: &mut World) {
    world.satisfy("commit_plan");
}

/// The context of the session is 95 % full, and the hooks have seen it.
fn nearly_full(world: &mut World) {
    world.hook(&world.recorded("SessionStart-startup"));
    let prompt = world.recorded("UserPromptSubmit-plain");
    let path = std::path::PathBuf::from(prompt["transcript_path"].as_str().unwrap());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let usage = json!({"input_tokens": 190_000});
    let answer = json!({"type": "assistant", "message": {"model": "claude-opus", "usage": usage}});
    std::fs::write(path, format!("{answer}\n")).unwrap();
    world.hook(&prompt);
}

/// The stored policy says `new` where it said `old`: sound up to the end of its header, and of the same length.
fn damaged(world: &World, old: &str, new: &str) {
    world.hook(&world.recorded("SessionStart-startup"));
    let path = world.repo.join(".git/stanchion/policy.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let changed = body.replace(old, new);
    assert_ne!(body, changed);
    std::fs::write(path, format!("{header}\n{changed}")).unwrap();
}

fn guard(keys: &str) -> String {
    format!("guards:\n  push: {{{keys}}}\n")
}

/// Every stage with each of its answers, and those pairs of stages whose order shows.
fn rows() -> Vec<Row> {
    let armed = one("plan", "stop_only: true");
    let costly = "trigger_tools: [{tool: Bash, command_pattern: '(?:(?=a)a+)+b'}]";
    let costly_line: fn(&World) -> Value = |world| run(world, &format!("echo {}", "a".repeat(2_000)));
    let plan_file: fn(&World) -> Value = |world| {
        let mut payload = world.edit();
        payload["tool_input"]["file_path"] =
            world.home.join(".claude/plans/next.md").to_string_lossy().into();
        payload
    };
    vec![
        row("a tool that nothing asks about", ONE, nothing, |world| run(world, "ls"), ("pass", "pass")),
        row("strict preflight", "strict_preflight: true\n", nothing, edit, ("deny", "strict")),
        row(
            "strict preflight is before what is switched off",
            "strict_preflight: true\nenabled: false\n",
            nothing,
            edit,
            ("deny", "strict"),
        ),
        row(
            "switched off",
            ONE.replace("enabled: true\n", "enabled: false\n"),
            nothing,
            edit,
            ("pass", "disabled"),
        ),
        row(
            "switched off, guards too",
            format!("enabled: false\n{}", guard("")),
            nothing,
            push,
            ("pass", "disabled"),
        ),
        row("paused by an agent", ONE, paused, edit, ("pass", "paused")),
        row("paused by an agent, guards stay", guard(""), paused, push, ("deny", "guard")),
        row("paused by a person", ONE, paused_by_a_person, edit, ("pass", "paused")),
        row("paused by a person, guards too", guard(""), paused_by_a_person, push, ("pass", "paused")),
        row(
            "protected",
            format!("protect_cli: true\n{ONE}"),
            nothing,
            |world| run(world, "req satisfy all"),
            ("deny", "protected"),
        ),
        row(
            "protected, but paused",
            format!("protect_cli: true\n{ONE}"),
            paused_by_a_person,
            |world| run(world, "req satisfy all"),
            ("pass", "paused"),
        ),
        row("a guard refuses", guard(""), nothing, push, ("deny", "guard")),
        row("a guard asks", guard(""), nothing, doubtful, ("ask", "pass")),
        row("a guard warns", guard("mode: warn"), nothing, push, ("pass", "pass")),
        row("a guard observes", guard("mode: observe"), nothing, push, ("pass", "pass")),
        row(
            "a guard refuses before a requirement",
            format!("{}{}", one("plan", "trigger_tools: [Bash]"), guard("")),
            nothing,
            push,
            ("deny", "guard"),
        ),
        row(
            "a guard asks and a requirement refuses",
            format!("{}{}", one("plan", "trigger_tools: [Bash]"), guard("")),
            nothing,
            doubtful,
            ("deny", "deny"),
        ),
        row(
            "a guard that fails",
            guard(""),
            |world| damaged(world, "\"branches\":[]", "\"branches\":77"),
            push,
            ("pass", "pass"),
        ),
        row(
            "a guard that fails and closes",
            guard("on_error: deny"),
            |world| damaged(world, "\"branches\":[]", "\"branches\":77"),
            push,
            ("deny", "closed"),
        ),
        row("a requirement refuses", ONE, nothing, edit, ("deny", "deny")),
        row("a requirement is satisfied", ONE, satisfied, edit, ("pass", "pass")),
        row("a requirement warns", one("plan", "mode: warn"), nothing, edit, ("pass", "pass")),
        row("a requirement observes", one("plan", "mode: observe"), nothing, edit, ("pass", "pass")),
        row("a requirement is armed for the end", armed, nothing, edit, ("pass", "pass")),
        row("a file that no requirement holds back", ONE, nothing, plan_file, ("pass", "exempt")),
        row(
            "the command line itself",
            one("plan", "trigger_tools: [Bash]"),
            nothing,
            |world| run(world, &format!("req satisfy plan --session {SESSION}")),
            ("pass", "exempt"),
        ),
        row("a requirement that fails", one("costly", costly), nothing, costly_line, ("pass", "pass")),
        row(
            "a requirement that fails and closes",
            one("costly", &format!("{costly}, on_error: deny")),
            nothing,
            costly_line,
            ("deny", "deny"),
        ),
        row(
            "requirements that cannot be read",
            ONE,
            |world| damaged(world, "\"name\"", "\"name!"),
            edit,
            ("pass", ""),
        ),
        row(
            "requirements that cannot be read and close",
            format!("on_error: deny\n{ONE}"),
            |world| damaged(world, "\"name\"", "\"name!"),
            edit,
            ("deny", "closed"),
        ),
        row(
            "a full context",
            ONE,
            |world| {
                nearly_full(world);
                satisfied(world);
            },
            |world| on_file(world, "Write", "src/a.rs"),
            ("deny", "context"),
        ),
        row("a requirement refuses in a full context", ONE, nearly_full, edit, ("deny", "deny")),
        row(
            "a pause in a full context",
            ONE,
            |world| {
                nearly_full(world);
                paused(world);
            },
            edit,
            ("pass", "paused"),
        ),
    ]
}

/// What the host makes of an answer.
fn verdict(answer: &tests::Answer) -> &str {
    let json = answer.json.as_ref();
    if json.is_some_and(|json| json["decision"] == "block") {
        return "block";
    }
    json.and_then(|json| json["hookSpecificOutput"]["permissionDecision"].as_str()).unwrap_or("pass")
}

#[test]
fn the_hook_why_and_replay_say_the_same_of_every_stage() {
    let mut wrong = Vec::new();
    for row in rows() {
        let mut world = World::with(&row.config);
        (row.before)(&mut world);
        let used = (row.used)(&world);
        let input = used["tool_input"].to_string();
        let tool = used["tool_name"].as_str().unwrap();
        let why = printed(&world.req(&["why", tool, &input, "--session", SESSION, "--json"]));
        let answer = world.hook(&used);
        let event = last(&world.events(SESSION), "PreToolUse").clone();
        let recorded = event["gates"]["outcome"].as_str().unwrap_or_default();
        // A damaged policy is compiled again for the commands that explain the past.
        let _ = std::fs::remove_file(world.repo.join(".git/stanchion/policy.json"));
        let replayed = printed(&world.req(&["replay", "--session", SESSION, "--json"]));
        let mut expect = |what: &str, found: Value, expected: Value| {
            if found != expected {
                wrong.push(format!("{}: {what} says {found}, not {expected}", row.name));
            }
        };
        expect("the hook", json!(verdict(&answer)), json!(row.becomes.0));
        expect("the log", json!(recorded), json!(row.becomes.1));
        expect("why", why["outcome"].clone(), json!(row.becomes.0));
        expect("replay", replayed["differences"].clone(), json!([]));
        if row.becomes.0 == "deny" {
            let told = printed(&world.req(&["why", "--last", "--session", SESSION, "--json"]));
            expect("why --last", told["outcome"].clone(), json!(row.becomes.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_hook_why_and_replay_say_the_same_of_the_end_of_a_turn() {
    fn edited(world: &mut World) {
        world.hook(&world.edit());
    }
    let armed = || one("plan", "stop_only: true");
    let rows = [
        row("nothing was triggered", armed(), nothing, edit, ("pass", "pass")),
        row("a requirement sends the turn back", armed(), edited, edit, ("block", "block")),
        row(
            "a requirement only warns",
            one("plan", "stop_only: true, mode: warn"),
            edited,
            edit,
            ("pass", "pass"),
        ),
        row("switched off", format!("enabled: false\n{}", armed()), edited, edit, ("pass", "disabled")),
        row(
            "paused",
            armed(),
            |world| {
                edited(world);
                paused(world);
            },
            edit,
            ("pass", "paused"),
        ),
        row(
            "a full context at the end of a turn",
            one("plan", "enabled: false"),
            nearly_full,
            edit,
            ("block", "context"),
        ),
    ];
    let mut wrong = Vec::new();
    for row in rows {
        let mut world = World::with(&row.config);
        (row.before)(&mut world);
        let answer = world.hook(&world.recorded("Stop-first"));
        let recorded = last(&world.events(SESSION), "Stop")["gates"]["outcome"].clone();
        let replayed = printed(&world.req(&["replay", "--session", SESSION, "--json"]));
        let found = (verdict(&answer), recorded.as_str().unwrap_or_default(), &replayed["differences"]);
        if found != (row.becomes.0, row.becomes.1, &json!([])) {
            wrong.push(format!("{}: {found:?}", row.name));
        }
        if row.becomes.0 == "block" {
            let told = printed(&world.req(&["why", "--last", "--session", SESSION, "--json"]));
            if told["outcome"] != row.becomes.1 {
                wrong.push(format!("{}: why --last says {}", row.name, told["outcome"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
