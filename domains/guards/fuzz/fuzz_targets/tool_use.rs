//! No use of a tool panics a guard, hangs it, or makes it say more than a refusal holds.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use config::Policy;
use guards::{ExaminedUse, pre_tool};
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::time::Moment;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// Every guard, none of which starts git.
const GUARDS: &str = "guards:\n  push: {}\n  destructive: {uncommitted: false}\n  settings: {}\n  sql: {allow_select: false}\n  \
    powershell: {}\n  paths: {}\n  references: {}\n  secrets: {}\n  large_read: {}\n  protected_content: {rules: [{files: '*', content: x}]}\n";

fn home() -> &'static PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = tempfile::tempdir().expect("a folder").keep();
        std::fs::create_dir_all(home.join("project/.claude")).expect("a folder");
        std::fs::write(home.join("project/.claude/requirements.yaml"), GUARDS).expect("a configuration");
        home
    })
}

thread_local! {
    /// Compiled once: the tools are what varies.
    static POLICY: Policy = {
        let paths = Paths::below(home());
        Policy::compiled_now(&Project::of_event(&paths, None, &home().join("project")).sources(&paths))
    };
}

fuzz_target!(|input: (u8, &str, &str)| {
    let (kind, text, other) = input;
    let (home, paths) = (home(), Paths::below(home()));
    let root = home.join("project");
    let payload = match kind % 5 {
        0 | 1 => json!({"tool_name": "Bash", "tool_input": {"command": text}}),
        2 => json!({"tool_name": "Write", "tool_input": {"file_path": other, "content": text}}),
        3 => json!({"tool_name": "Edit", "tool_input": {"file_path": ".claude/requirements.yaml", "old_string": "push", "new_string": text}}),
        _ => json!({"tool_name": "Read", "tool_input": {"file_path": other}}),
    };
    let mut payload = payload;
    payload["cwd"] = json!(root);
    let Ok(payload) = Payload::parse(payload.to_string().as_bytes()) else { return };
    let project = Project::of_event(&paths, payload.edited_file(), &payload.folder());
    POLICY.with(|policy| {
        let examined = ExaminedUse::new(&paths, &project, policy, &payload, Moment::now());
        let (raised, _) = pre_tool::raise(&examined);
        for one in raised {
            assert!(one.objection.what.len() < 4_000, "{}", one.objection.what);
        }
    });
});
