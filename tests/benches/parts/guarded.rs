//! What guards cost: all of them on, and three hundred rules, none of which concerns what the tools do.

use serde_json::Value;
use tests::World;
use tests::world::SESSION;

use super::{Case, keep};

/// Rules of each kind.
const EACH: usize = 100;

/// A hundred requirements that look for commands, a hundred commands of one's own, a hundred patterns in code, and
/// every guard.
pub fn world() -> World {
    let mut text = "requirements:\n".to_owned();
    for at in 0..EACH {
        text += &format!(
            "  rule{at}: {{enabled: true, message: 'Ask first.', trigger_tools: [{{tool: Bash, command_pattern: 'deploy{at}\\s+now'}}]}}\n"
        );
    }
    text += "guards:\n  push: {}\n  settings: {}\n  sql: {}\n  powershell: {}\n  paths: {}\n  references: {}\n  secrets: {}\n  large_read: {}\n  loops: {}\n  tests: {}\n  errors: {}\n";
    text += "  protected_content: {rules: [{files: LICENSE, content: Copyright, message: It stays.}]}\n";
    text += "  destructive:\n    rules:\n";
    for at in 0..EACH {
        text += &format!("      - {{pattern: 'service{at}\\s+destroy', message: Never unasked.}}\n");
    }
    text += "  patterns:\n    rules:\n";
    for at in 0..EACH {
        text += &format!(
            "      - {{id: rule-{at}, pattern: 'forbidden_{at}\\(', message: Not here., files: '*.txt'}}\n"
        );
    }
    let mut world = World::with(&text);
    world.env.push(("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()));
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit()).silent();
    world
}

/// The hot path in that world.
pub fn cases(world: &World) -> Vec<Case> {
    let case = |name, executable, payload: Value| Case {
        name,
        executable,
        payload,
        budget: 1.6,
        replaced: 0,
        is_steady: true,
        with_git: None,
        prepare: keep,
    };
    assert!(world.session_dir(SESSION).exists(), "the session began");
    vec![
        case(
            "300 rules: PreToolUse Bash",
            "hook-pre-tool",
            world.bash("PreToolUse", "cargo test --workspace"),
        ),
        case(
            "300 rules: PreToolUse Bash, git",
            "hook-pre-tool",
            world.bash("PreToolUse", "cd x && git push origin topic"),
        ),
        case("300 rules: PreToolUse Edit", "hook-pre-tool", world.edit()),
        case("300 rules: PreToolUse Read", "hook-pre-tool", read(world)),
        case("300 rules: PostToolUse Edit", "hook-post-tool", world.recorded("PostToolUse-Edit")),
        case("300 rules: PostToolUse Bash", "hook-post-tool", world.recorded("PostToolUse-Bash")),
    ]
}

fn read(world: &World) -> Value {
    let mut payload = world.edit();
    payload["tool_name"] = "Read".into();
    payload
}
