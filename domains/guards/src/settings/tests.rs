//! Edits of a file on every path to it, and command lines. The tests of what each settings file loses are
//! beside its comparison.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

#[path = "../../tests/rows/settings.rs"]
mod rows;

use std::path::{Path, PathBuf};

use config::Policy;
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::time::Moment;
use rows::{AT_HOME, FILES, LINKS, ROWS};
use serde_json::{Value, json};

use crate::examined::ExaminedUse;
use crate::testing::{Bench, edit, worst, write};

/// A project with the files that the rows name.
fn bench() -> Bench {
    let bench = Bench::new("  settings: {}");
    FILES.iter().for_each(|(name, text)| bench.write(name, text));
    AT_HOME.iter().for_each(|(name, text)| bench.write(&format!("../{name}"), text));
    for (link, target) in LINKS {
        std::os::unix::fs::symlink(target, bench.root().join(link)).unwrap();
    }
    bench
}

fn weakens(bench: &Bench, path: impl AsRef<Path>) -> &'static str {
    worst(&bench.raised(write(path.as_ref(), r#"{"disableAllHooks": true}"#)))
}

#[test]
fn rows_hold() {
    bench().check(ROWS);
}

#[test]
fn every_name_of_a_file_is_known() {
    let bench = bench();
    let (root, home) = (bench.root(), bench.home());
    let denied = [
        root.join(".claude/settings.json"),
        root.join(".claude/settings.local.json"),
        home.join(".claude/settings.json"),
        root.join("src/../.claude/./settings.json"),
        root.join("linked/settings.json"),
        root.join(".claude/SETTINGS.json"),
        PathBuf::from(".claude/settings.json"),
    ];
    for path in denied {
        assert_eq!(weakens(&bench, &path), "deny", "{}", path.display());
    }
    for path in
        [".vscode/settings.json", "settings.json", "tests/fixtures/.claude/settings.json", "link.txt.json"]
    {
        assert_eq!(weakens(&bench, root.join(path)), "pass", "{path}");
    }
}

#[test]
fn a_link_with_another_name_leads_to_the_file() {
    let bench = bench();
    assert_eq!(weakens(&bench, bench.root().join("link.txt")), "deny");
    std::fs::rename(bench.root().join(".claude/settings.json"), bench.root().join("ours.json")).unwrap();
    std::os::unix::fs::symlink("../ours.json", bench.root().join(".claude/settings.json")).unwrap();
    assert_eq!(weakens(&bench, bench.root().join("ours.json")), "deny", "where the settings lie really");
    assert_eq!(weakens(&bench, bench.root().join("other.json")), "pass");
    assert_eq!(bench.verdict("rm -f ours.json"), "ask");
    assert_eq!(bench.verdict("rm -f \"$X\""), "pass", "the folder it leads to is like any other");
}

#[test]
fn the_folder_that_the_client_was_launched_in_has_settings_of_its_own() {
    let bench = bench();
    bench.write("app/src/a.rs", "");
    let settings = bench.root().join("app/.claude/settings.json");
    let mut payload = write(&settings, r#"{"disableAllHooks": true}"#);
    assert_eq!(worst(&bench.raised(payload.clone())), "pass", "nobody reads it");
    payload["cwd"] = json!(bench.root().join("app/src"));
    assert_eq!(worst(&bench.raised(payload)), "deny");
}

#[test]
fn a_linked_work_tree_has_files_of_its_own() {
    let bench = bench();
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "files"]);
    bench.git(&["worktree", "add", "-q", "../tree"]);
    let tree = bench.home().join("tree");
    let at = |mut payload: Value| {
        payload["cwd"] = json!(tree);
        worst(&bench.raised(payload))
    };
    assert_eq!(bench.verdict("rm ../tree/.claude/settings.json"), "pass", "another work tree's");
    let line = |command: &str| at(json!({"tool_name": "Bash", "tool_input": {"command": command}}));
    assert_eq!(at(write(&tree.join(".claude/settings.json"), "{}")), "deny", "its rule for `.env` goes");
    assert_eq!(
        at(write(&tree.join(".claude/requirements.yaml"), "guards: {settings: {enabled: false}}")),
        "deny"
    );
    assert_eq!(
        at(write(&tree.join(".claude/requirements.yaml"), "guards: {settings: {}, push: {}}")),
        "pass"
    );
    assert_eq!(line("echo '{}' > ../project/.claude/settings.json"), "ask");
    assert_eq!(line("rm ../project/.git/worktrees/tree/stanchion/policy.json"), "deny");
    assert_eq!(line("cat ../project/.claude/settings.json"), "pass");
}

#[test]
fn a_borrowed_configuration_is_replaced_by_an_own_one() {
    let bench = Bench::new("  settings: {}\n  push: {}");
    bench.write(".gitignore", ".claude/\n");
    bench.git(&["rm", "-q", "--cached", "-r", ".claude"]);
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "unshared"]);
    bench.git(&["worktree", "add", "-q", "../tree"]);
    let path = bench.home().join("tree/.claude/requirements.yaml");
    let at = |text: &str| {
        let mut payload = write(&path, text);
        payload["cwd"] = json!(bench.home().join("tree"));
        worst(&bench.raised(payload))
    };
    assert_eq!(at("guards: {settings: {}}"), "deny", "the guard `push` goes");
    assert_eq!(at("guards: {settings: {}, push: {}, sql: {}}"), "pass");
}

#[test]
fn what_stanchion_keeps_is_its_own() {
    let bench = bench();
    for path in
        [".git/requirements/sessions/a.json", ".git/stanchion/new.json", "../.stanchion/bin/hook-stop"]
    {
        assert_eq!(worst(&bench.raised(write(&bench.root().join(path), "{}"))), "deny", "{path}");
    }
    for path in
        [".git/info/exclude", "stanchion/a.json", "src/requirements/a.json", "../.stanchion-notes/a.json"]
    {
        assert_eq!(worst(&bench.raised(write(&bench.root().join(path), "{}"))), "pass", "{path}");
    }
}

#[test]
fn stanchions_folder_is_where_the_environment_says() {
    let bench = bench();
    let paths = Paths::below(&bench.home().join("elsewhere"));
    let found = |command: &str| {
        let payload = json!({"cwd": bench.root(), "tool_name": "Bash", "tool_input": {"command": command}});
        let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
        let project = Project::of_event(&paths, None, &bench.root());
        let policy = Policy::compiled_now(&project.sources(&paths));
        super::line::examine(&ExaminedUse::new(&paths, &project, &policy, &payload, Moment::now())).len()
    };
    assert_eq!(found("rm ../elsewhere/.stanchion/bin/hook-stop"), 1);
    assert_eq!(found("rm ../.stanchion/bin/hook-pre-tool"), 0, "nobody's");
}

#[test]
fn size_is_no_way_around() {
    let bench = bench();
    let path = bench.root().join(".claude/settings.json");
    let padding = " ".repeat(9 * 1024 * 1024);
    let kept = r#"{"permissions": {"deny": ["Read(.env)"]}}"#;
    assert_eq!(worst(&bench.raised(write(&path, &format!("{{}}{padding}")))), "deny");
    assert_eq!(worst(&bench.raised(write(&path, &format!("{kept}{padding}")))), "pass");
    std::fs::write(&path, format!("{kept}{padding}")).unwrap();
    assert_eq!(worst(&bench.raised(edit(&path, r#""Read(.env)""#, ""))), "ask", "nobody knows what it takes");
}

#[test]
fn an_edit_that_would_fail_changes_nothing_and_one_that_the_client_bends_does() {
    let bench = bench();
    let path = bench.root().join(".claude/settings.json");
    assert_eq!(worst(&bench.raised(edit(&path, "\"Write(.env)\"", ""))), "pass");
    // The client treats curly quotes as straight ones and ignores differences of line ends.
    assert_eq!(worst(&bench.raised(edit(&path, "\u{201c}Read(.env)\u{201d}", ""))), "deny");
    std::fs::write(&path, "{\"permissions\":\r\n{\"deny\": [\"Read(.env)\"]}}").unwrap();
    assert_eq!(
        worst(&bench.raised(edit(&path, "\"permissions\":\n{\"deny\"", "\"permissions\":\n{\"allow\""))),
        "deny"
    );
    let many = json!({"tool_name": "MultiEdit", "tool_input": {"file_path": path, "edits": [
        {"old_string": "deny", "new_string": "x"}, {"old_string": "x", "new_string": "allow"}]}});
    assert_eq!(worst(&bench.raised(many)), "deny");
}

#[test]
fn the_mark_that_leaves_a_project_out_is_for_the_user_to_make() {
    let bench = bench();
    let mark = bench.root().join(".claude/.rf-optout");
    assert_eq!(worst(&bench.raised(write(&mark, ""))), "ask");
    std::fs::write(&mark, "").unwrap();
    assert_eq!(worst(&bench.raised(write(&mark, "again"))), "pass");
}

#[test]
fn reads_pass() {
    let bench = bench();
    for path in [".claude/settings.json", ".git/stanchion/policy.json"] {
        let payload = json!({"tool_name": "Read", "tool_input": {"file_path": bench.root().join(path)}});
        assert_eq!(worst(&bench.raised(payload)), "pass", "{path}");
    }
}
