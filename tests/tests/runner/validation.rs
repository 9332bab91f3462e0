//! Planning documents that do not say what their template asks for, from the edit to the mending.

use serde_json::{Value, json};
use tests::world::{ONE, SESSION, last, printed};
use tests::{Answer, World};

const PLAN: &str = "docs/plans/PLAN-E2-001.md";
const INVALID: &str = "---\ntemplate: implementation_plan\nstatus: begun\ndate: 2027-01-31\nbacklog_id: E2-001\n---\n\n## Goal\n\nTODO\n";
const SECTIONS: [&str; 8] = [
    "Goal",
    "Effort Estimation (Ground Truth)",
    "Current State vs Desired State",
    "Tests First (TDD)",
    "Detailed Design",
    "Implementation Steps",
    "Verification",
    "Ground Truth Verification (Before Closing)",
];

fn started(config: &str) -> World {
    let world = World::with(config);
    world.hook(&world.recorded("SessionStart-startup"));
    world
}

fn valid() -> String {
    let head = INVALID.split("\n## ").next().unwrap().replace("begun", "draft");
    let sections = SECTIONS.map(|title| format!("\n## {title}\n\nThe parser reads every line twice.\n"));
    format!("{head}{}", sections.concat())
}

/// The hook after a Write of a file of the repository, which is as it is on disk.
#[track_caller]
fn after_write(world: &World, name: &str) -> Answer {
    let file = world.repo.join(name);
    let content = std::fs::read_to_string(&file).unwrap();
    let input = json!({"file_path": file, "content": content});
    let answer = world.hook(&world.payload("PostToolUse-Write-create", json!({"tool_input": input})));
    assert_eq!(answer.code, Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), content, "the document's text is untouched");
    answer
}

/// What the model is told; nothing where the hook stayed silent.
fn told(answer: &Answer) -> String {
    answer.json.as_ref().map_or_else(String::new, |_| answer.context().to_owned())
}

fn prompted(world: &World) -> String {
    told(&world.hook(&world.recorded("UserPromptSubmit-plain")))
}

fn lines(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/validation.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
}

fn pending(world: &World) -> Value {
    world.json(&world.repo.join(".claude/pending-alerts.json"))
}

#[test]
fn an_invalid_plan_is_told_until_it_is_mended() {
    let world = started("guards:\n  references: {}\n");
    world.write(PLAN, INVALID);
    let text = told(&after_write(&world, PLAN));
    for part in [
        "`docs/plans/PLAN-E2-001.md` is not valid as `implementation_plan`: status is `begun`, not one of draft",
        "missing sections: Effort Estimation (Ground Truth), ",
        "placeholder-only sections: Goal",
        "**SKIPPED:** <reason>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let line = &lines(&world)[0];
    assert_eq!(
        (&line["file"], &line["valid"], &line["type"]),
        (&json!(PLAN), &json!(false), &json!("implementation_plan"))
    );
    assert_eq!(line["errors"].as_array().unwrap().len(), 3);
    let alerts = pending(&world)["validation_failures"].clone();
    assert_eq!(
        (alerts.as_array().unwrap().len(), &alerts[0]["file"]),
        (1, &json!(world.repo.join(PLAN).to_string_lossy()))
    );
    let events = world.events(SESSION);
    let record = &last(&events, "PostToolUse")["guards"][0];
    assert_eq!((&record["guard"], &record["verdict"]), (&json!("references"), &json!("warn")));

    let text = prompted(&world);
    assert!(
        text.contains("not valid by their template") && text.contains(&format!("- `{PLAN}`: ")),
        "{text}"
    );
    assert!(!prompted(&world).contains("not valid"), "nothing has changed since");

    world.write(PLAN, &valid());
    assert!(!told(&after_write(&world, PLAN)).contains("not valid"));
    assert!(!world.repo.join(".claude/pending-alerts.json").exists());
    let known: Vec<_> = lines(&world).iter().map(|line| line["valid"].clone()).collect();
    assert_eq!(known, [json!(false), json!(true)]);
    assert!(!prompted(&world).contains("not valid"));
}

#[test]
fn a_plan_that_is_mended_by_a_command_is_forgotten_at_the_prompt() {
    let world = started("guards:\n  references: {}\n");
    world.write(PLAN, INVALID);
    after_write(&world, PLAN);
    world.write(PLAN, &valid());
    assert!(!prompted(&world).contains("not valid"));
    assert!(pending(&world).is_null());
    assert_eq!(lines(&world).len(), 2);
}

#[test]
fn a_scaffolded_checkpoint_is_valid() {
    let world = started(&format!("{}\nguards:\n  references: {{}}\n", ONE.trim_end()));
    let new = printed(&world.req(&["checkpoint", "new", "Third letter", "--session", "12", "--json"]));
    let path = std::path::PathBuf::from(new["path"].as_str().unwrap());
    let name = path.strip_prefix(&world.repo).unwrap().to_str().unwrap().to_owned();
    assert!(!told(&after_write(&world, &name)).contains("not valid"));
    assert!(pending(&world).is_null() && lines(&world).is_empty());
    // It was looked at all the same.
    let text = std::fs::read_to_string(&path).unwrap();
    world.write(&name, &text.replace("\nproject_phase: unspecified\n", "\n"));
    let text = told(&after_write(&world, &name));
    assert!(text.contains("missing fields: project_phase"), "{text}");
}

#[test]
fn without_the_guard_nothing_is_looked_at() {
    let world = started(ONE);
    world.write(PLAN, INVALID);
    assert!(!told(&after_write(&world, PLAN)).contains("not valid"));
    assert!(pending(&world).is_null() && lines(&world).is_empty());
}
