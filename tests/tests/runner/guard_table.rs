//! Every row of the guards' tables through the shipped executable: what a command line does, and what becomes of it.

use std::path::Path;

use serde_json::json;
use tests::World;

#[path = "../../../domains/guards/tests/rows/destructive.rs"]
mod destructive;
#[path = "../../../domains/guards/tests/rows/paths.rs"]
mod paths;
#[path = "../../../domains/guards/tests/rows/patterns.rs"]
mod patterns;
#[path = "../../../domains/guards/tests/rows/powershell.rs"]
mod powershell;
#[path = "../../../domains/guards/tests/rows/protected_content.rs"]
mod protected_content;
#[path = "../../../domains/guards/tests/rows/push.rs"]
mod push;
#[path = "../../../domains/guards/tests/rows/secrets.rs"]
#[allow(dead_code, reason = "the single lines are the guard's own tests")]
mod secrets;
#[path = "../../../domains/guards/tests/rows/settings.rs"]
mod settings;
#[path = "../../../domains/guards/tests/rows/sql.rs"]
mod sql;

/// A repository on `main` with one commit, as the tables want it: a text, and folders that git does not see.
fn world(guards: &str) -> World {
    let world = World::new();
    world.git(&["rm", "-qr", "src"]);
    put(&world.repo, &[("README.md", "text\n"), (".gitignore", "target/\nnode_modules/\n")]);
    world.git(&["add", "-A"]);
    world.git(&["commit", "-q", "--amend", "-m", "first"]);
    world.configure(&format!("guards:\n{guards}\n"));
    world
}

/// What the hook answers to a line, in one word. Each line has a session of its own: a warning is told once.
fn verdict(world: &World, at: usize, line: &str) -> String {
    let mut payload = world.bash("PreToolUse", line);
    payload["session_id"] = json!(format!("{at:08x}-0000-4000-8000-000000000000"));
    let answer = world.hook(&payload);
    let Some(json) = answer.json else { return "pass".to_owned() };
    match json["hookSpecificOutput"]["permissionDecision"].as_str() {
        Some(decision) => decision.to_owned(),
        None => "warn".to_owned(),
    }
}

/// Whether all rows hold; tells all that do not.
fn check(world: &World, rows: &[(&str, &str)]) {
    let asked =
        rows.iter().enumerate().map(|(at, (line, expected))| (line, *expected, verdict(world, at, line)));
    let wrong: Vec<_> = asked
        .filter(|(_, expected, found)| found != expected)
        .map(|(line, expected, found)| format!("{line}\n   is {found}, not {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert!(world.log().is_empty(), "{:?}", world.log());
}

fn put(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn pushes() {
    let world = world(push::SETTINGS);
    push::fixture(|arguments| {
        world.git(arguments);
    });
    check(&world, push::ROWS);
}

#[test]
fn what_destroys() {
    let world = world("  destructive: {}");
    destructive::fixture(&world.repo, |arguments| {
        world.git(arguments);
    });
    check(&world, destructive::ROWS);
}

#[test]
fn sql_statements() {
    let world = world("  sql: {}");
    put(&world.repo, sql::FILES);
    check(&world, sql::ROWS);
}

#[test]
fn powershell_calls() {
    check(&world("  powershell: {}"), powershell::ROWS);
}

#[test]
fn governed_paths() {
    check(&world("  paths: {}"), paths::ROWS);
}

#[test]
fn settings_that_decide() {
    let world = world("  settings: {}");
    put(&world.repo, settings::FILES);
    put(&world.home, settings::AT_HOME);
    for (link, target) in settings::LINKS {
        std::os::unix::fs::symlink(target, world.repo.join(link)).unwrap();
    }
    check(&world, settings::ROWS);
}

#[test]
fn content_that_stays() {
    let world = world(protected_content::GUARD);
    put(&world.repo, protected_content::FILES);
    check(&world, protected_content::ROWS);
}

#[test]
fn patterns_in_commits() {
    let world = world(patterns::GUARD);
    patterns::fixture(
        |name, text| put(&world.repo, &[(name, text)]),
        |arguments| {
            world.git(arguments);
        },
    );
    check(&world, patterns::ROWS);
}

#[test]
fn secrets_that_are_written() {
    check(&world("  secrets: {}"), secrets::ROWS);
}

/// As many rows as a table is worth, bypasses and innocents in equal parts.
#[test]
fn the_tables_are_large_and_even() {
    let tables = [
        destructive::ROWS,
        paths::ROWS,
        patterns::ROWS,
        powershell::ROWS,
        protected_content::ROWS,
        push::ROWS,
        secrets::ROWS,
        settings::ROWS,
        sql::ROWS,
    ];
    let all: Vec<_> = tables.concat();
    let innocent = all.iter().filter(|(_, verdict)| *verdict == "pass").count();
    assert!(all.len() >= 300, "{}", all.len());
    assert!(innocent.abs_diff(all.len() - innocent) <= all.len() / 10, "{innocent} of {} pass", all.len());
}
