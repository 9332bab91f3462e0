//! What tests of several subjects share.

use serde_json::{Value, json};
use tests::world::ONE;
use tests::{Answer, World};

pub const OTHER: &str = "0badcafe-1111-4222-8333-444455556666";

/// One requirement with these keys.
pub fn one(name: &str, keys: &str) -> String {
    format!("requirements:\n  {name}: {{enabled: true, {keys}}}\n")
}

/// A use of a tool on a file of the repository.
pub fn on_file(world: &World, tool: &str, file: &str) -> Value {
    let mut payload = world.edit();
    payload["tool_name"] = tool.into();
    payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
    payload
}

pub fn run(world: &World, command: &str) -> Value {
    world.bash("PreToolUse", command)
}

pub fn skill(world: &World, name: &str) -> Value {
    let mut payload = world.recorded("PostToolUse-Skill");
    payload["tool_input"]["skill"] = name.into();
    payload
}

pub fn commit_all(world: &World) {
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "all"]);
}

pub fn message(payload: &Value, world: &World) -> String {
    let answer = world.hook(payload);
    answer.json.map(|json| json["systemMessage"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

pub const OTHER_KEY: &str = "0badcafe";

/// `commit_plan` of each session, on the branch `feature/auth`.
pub fn plan() -> World {
    let world = World::with(ONE);
    world.git(&["checkout", "-qb", "feature/auth"]);
    world
}

pub fn start(world: &World, session: &str, source: &str) -> Answer {
    world.hook(&world.payload("SessionStart-startup", json!({"session_id": session, "source": source})))
}

pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

pub fn prompt(world: &World, text: &str) -> Value {
    world.payload("UserPromptSubmit-plain", json!({"prompt": text}))
}
