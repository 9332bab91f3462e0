//! Checkpoints from the first line to the commit.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, SESSION, printed};

const DAY: &str = "20";

/// A configured repository with everything committed but one line of `src/a.txt`.
pub fn started() -> World {
    let world = World::with(ONE);
    world.write(".gitignore", ".claude/haios-events.jsonl\n.claude/state/\n");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configured"]);
    world.write("src/a.txt", "alpha\nbeta\ngamma\n");
    world
}

/// A new checkpoint's path.
#[track_caller]
fn new(world: &World, arguments: &[&str]) -> PathBuf {
    let told = printed(&world.req(&[&["checkpoint", "new", "--json"], arguments].concat()));
    PathBuf::from(told["path"].as_str().unwrap())
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Writes in every place that a scaffold left.
pub fn fill(path: &Path) {
    let text = read(path);
    let mut filled = String::new();
    let mut rest = text.as_str();
    let mut count = 0;
    while let Some(open) = rest.find("[fill: ") {
        let end = open + rest[open..].find(']').unwrap() + 1;
        let answer = rest[open..end].contains("Yes or No");
        count += 1;
        filled.push_str(&rest[..open]);
        filled.push_str(&if answer {
            "Yes".to_owned()
        } else {
            format!("Point {count}: the third letter was added (src/a.txt:3)")
        });
        rest = &rest[end..];
    }
    filled.push_str(rest);
    std::fs::write(path, filled.replace("- [ ] Point", "- [x] Point")).unwrap();
}

fn phase(path: &Path) -> String {
    let text = read(path);
    let line = text.lines().find_map(|line| line.strip_prefix("phase: "));
    line.unwrap_or("none").to_owned()
}

#[track_caller]
pub fn failed(output: &Output) -> (String, String) {
    let [out, error] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(output.status.code(), Some(1), "{out}{error}");
    (out, error)
}

fn events(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/haios-events.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
}

#[test]
fn the_cycle_goes_from_scaffold_to_commit() {
    let world = started();
    world.write("docs/work/WORK-12.md", "work\n");
    world.write("foreign.txt", "somebody's\n");
    world.git(&["add", "foreign.txt"]);
    let told = world.req_ok(&["checkpoint", "new", "Third letter", "--session", "12"]);
    let path = world.repo.join(told.lines().next().unwrap());
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(DAY) && name.ends_with("-01-SESSION-12-third-letter.md"), "{name}");
    assert!(told.contains("Continuation Instructions still has [fill: "), "{told}");
    let text = read(&path);
    assert!(text.contains("author: 'dev'"), "as the environment tells git: {text}");
    assert!(
        text.contains("- `src/a.txt` (not committed)") && text.contains("on `main` at commit `"),
        "{text}"
    );

    let (found, _) = failed(&world.req(&["checkpoint", "verify"]));
    assert!(found.contains("UNSUPPORTED") && found.contains("ceremonial_completion"), "{found}");
    assert_eq!((phase(&path).as_str(), read(&path)), ("scaffold", text), "nothing is written into it");
    let (found, _) = failed(&world.req(&["checkpoint", "commit"]));
    assert!(found.contains("Nothing was committed"), "{found}");
    assert_eq!(world.git(&["log", "--format=%s", "-1"]), "configured\n");

    fill(&path);
    let listed = printed(&world.req(&["checkpoint", "list", "--json"]));
    assert_eq!(
        (&listed["checkpoints"][0]["phase"], &listed["checkpoints"][0]["session"]),
        (&json!("fill"), &json!(12))
    );
    let told = world.req_ok(&["checkpoint", "verify"]);
    assert!(told.contains("SUPPORTED") && told.contains("req checkpoint commit"), "{told}");
    assert_eq!(phase(&path), "verify");
    assert!(world.req_ok(&["checkpoint", "list"]).contains("capture"), "what was learned is there");

    world.req_ok(&["checkpoint", "commit"]);
    assert_eq!(phase(&path), "commit");
    assert_eq!(world.git(&["log", "--format=%s", "-1"]), "Session 12: Third letter\n");
    let relative = path.strip_prefix(&world.repo).unwrap().to_str().unwrap();
    let committed = world.git(&["show", "--format=", "--name-only", "HEAD"]);
    assert_eq!(committed.lines().collect::<Vec<_>>(), [relative, "docs/work/WORK-12.md"]);
    assert_eq!(world.git(&["status", "--porcelain"]), "A  foreign.txt\n M src/a.txt\n");
    let text = world.git(&["show", &format!("HEAD:{relative}")]);
    assert!(text.contains("\nphase: commit\n"));

    let told: Vec<_> = events(&world);
    let actions: Vec<_> = told.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["new", "verified", "committed"]);
    for event in &told {
        assert_eq!(
            (&event["type"], &event["session"], &event["file"]),
            (&json!("checkpoint"), &json!(12), &json!(relative))
        );
        assert!(event["ts"].as_str().unwrap().ends_with('Z'));
    }
    world.req_ok(&["checkpoint", "verify"]);
    assert_eq!(phase(&path), "commit", "who looks again takes nothing back");
    let before = (read(&path), world.git(&["rev-parse", "HEAD"]));
    assert!(world.req_ok(&["checkpoint", "commit"]).contains("nothing changed since"));
    assert_eq!((read(&path), world.git(&["rev-parse", "HEAD"])), before, "once is enough");
    world.write("docs/work/WORK-12.md", "more work\n");
    world.req_ok(&["checkpoint", "commit"]);
    assert_eq!(world.git(&["show", "--format=", "--name-only", "HEAD"]), "docs/work/WORK-12.md\n");
    assert_eq!(read(&path), before.0, "what is committed stays as it is");
}

#[test]
fn a_failing_hook_leaves_everything_as_it_was() {
    let world = started();
    let path = new(&world, &["x", "--session", "3"]);
    fill(&path);
    world.req_ok(&["checkpoint", "verify"]);
    world.write("staged.txt", "one\n");
    world.git(&["add", "staged.txt"]);
    world.write("docs/work/new.md", "work\n");
    let before = (read(&path), world.git(&["status", "--porcelain", "-uall"]));
    let hook = world.repo.join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'the linter says no'\necho 'and why' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (_, error) = failed(&world.req(&["checkpoint", "commit"]));
    assert!(error.contains("the linter says no") && error.contains("and why"), "{error}");
    assert_eq!((read(&path), world.git(&["status", "--porcelain", "-uall"])), before);
    assert_eq!(world.git(&["log", "--format=%s", "-1"]), "configured\n");
    assert!(events(&world).iter().all(|event| event["action"] != "committed"));
    std::fs::write(&hook, "#!/bin/sh\ngit diff --cached --name-only > .git/seen\n").unwrap();
    world.req_ok(&["checkpoint", "commit", "--title", "$(touch pwned) `x`\n\"q\" # 'y'", "--session", "3"]);
    assert_eq!(
        world.git(&["log", "--format=%B", "-1"]).trim_end(),
        "Session 3: $(touch pwned) `x` \"q\" # 'y'"
    );
    assert!(
        !read(&world.repo.join(".git/seen")).contains("staged.txt"),
        "the hook saw only what is committed"
    );
    assert_eq!(world.git(&["status", "--porcelain", "-uall"]), " M src/a.txt\nA  staged.txt\n");
}

/// A `pre-commit` hook.
fn hook(world: &World, script: &str) -> PathBuf {
    let hook = world.repo.join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    hook
}

/// Begins to commit, and sends a signal to everything that runs for it while the user's hook does.
fn interrupted(world: &World, signal: &str) -> Output {
    let begun = world.root().join(format!("begun.{signal}"));
    hook(world, &format!("touch '{}'\nsleep 30", begun.display()));
    let mut command = world.command(tests::executables().join("req"));
    command.args(["checkpoint", "commit"]).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let started = Instant::now();
    while !begun.exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the hook does not run");
        std::thread::sleep(Duration::from_millis(10));
    }
    let group = format!("-{}", child.id());
    assert!(world.command("kill").args(["-s", signal, "--", &group]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[test]
fn an_interrupted_commit_leaves_no_lie() {
    let world = started();
    let path = new(&world, &["x", "--session", "3"]);
    fill(&path);
    world.req_ok(&["checkpoint", "verify"]);
    world.write("docs/work/new.md", "work\n");
    let before = (read(&path), world.git(&["status", "--porcelain", "-uall"]));
    for signal in ["INT", "TERM"] {
        let (_, error) = failed(&interrupted(&world, signal));
        assert!(error.contains("interrupted"), "{error}");
        assert_eq!((read(&path), world.git(&["status", "--porcelain", "-uall"])), before, "{signal}");
    }
    interrupted(&world, "KILL");
    assert_eq!(phase(&path), "commit", "nobody was left to take it back");
    let listed = || printed(&world.req(&["checkpoint", "list", "--json"]))["checkpoints"][0]["phase"].clone();
    assert_eq!(listed(), "fill", "git does not hold it");
    world.req_ok(&["checkpoint", "verify"]);
    assert_eq!((phase(&path).as_str(), listed()), ("verify", json!("capture")));
    let _ = std::fs::remove_file(world.repo.join(".git/index.lock"));
    std::fs::remove_file(world.repo.join(".git/hooks/pre-commit")).unwrap();
    world.req_ok(&["checkpoint", "commit"]);
    assert_eq!((phase(&path).as_str(), listed()), ("commit", json!("commit")));
    assert_eq!(world.git(&["status", "--porcelain", "-uall"]), " M src/a.txt\n");
    std::fs::write(&path, format!("{}\nMore.\n", read(&path))).unwrap();
    assert_eq!(listed(), "fill", "what was changed since is to be verified again");
}

#[test]
fn a_checkpoint_can_be_the_first_commit_or_be_forced() {
    let world = World::with(ONE);
    std::fs::remove_dir_all(world.repo.join(".git")).unwrap();
    let path = new(&world, &["outside git"]);
    let (_, error) = failed(&world.req(&["checkpoint", "commit", "--force"]));
    assert!(error.contains("is not in a git repository"), "{error}");
    world.git(&["init", "-q", "-b", "main"]);
    let hook = world.repo.join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = read(&path);
    failed(&world.req(&["checkpoint", "commit", "--force"]));
    assert_eq!((read(&path), world.git(&["ls-files"])), (before, String::new()));
    std::fs::remove_file(hook).unwrap();
    world.req_ok(&["checkpoint", "commit", "--force"]);
    assert_eq!(world.git(&["log", "--format=%s"]), "Session 1: outside git\n");
    assert_eq!(world.git(&["show", "--format=", "--name-only"]).lines().count(), 1);

    world.write(".gitignore", "docs/\n");
    let ignored = new(&world, &["ignored", "--session", "2"]);
    let before = read(&ignored);
    let (_, error) = failed(&world.req(&["checkpoint", "commit", "--force"]));
    assert!(error.contains("git ignores docs/checkpoints/"), "{error}");
    assert_eq!(read(&ignored), before);
}

#[test]
fn two_at_once_get_two_numbers() {
    let world = started();
    let start = |title: &str| {
        let mut command = world.command(tests::executables().join("req"));
        let command = command.args(["checkpoint", "new", title, "--session", "5", "--json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = ["a", "a", "b", "c"].into_iter().map(start).collect();
    let mut names: Vec<_> = children
        .into_iter()
        .map(|child| printed(&child.wait_with_output().unwrap())["path"].as_str().unwrap().to_owned())
        .map(|path| Path::new(&path).file_name().unwrap().to_str().unwrap()[11..13].to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["01", "02", "03", "04"]);
    assert_eq!(events(&world).len(), 4);
}

#[test]
fn the_session_is_the_one_that_started_last() {
    let world = started();
    assert!(failed(&world.req(&["checkpoint", "verify"])).1.contains("req checkpoint new"));
    assert!(failed(&world.req(&["checkpoint", "list", "--latest"])).1.contains("no checkpoint"));
    world.write("docs/checkpoints/2025-12-29-01-SESSION-40-old.md", "old\n");
    let number = |arguments: &[&str]| {
        printed(&world.req(&[&["checkpoint", "new", "x", "--json"], arguments].concat()))["session"].clone()
    };
    assert_eq!(number(&[]), 41, "after those that have one");
    world.write(
        ".claude/haios-events.jsonl",
        "{\"type\":\"session\",\"action\":\"start\",\"session\":7}\n{\"type\": \"session\", \"action\": \"start\", \"session\": 9}\n{\"torn\n{\"type\":\"session\",\"action\":\"end\",\"session\":99}\n",
    );
    assert_eq!(number(&[]), 9);
    assert_eq!(number(&["--session", "8"]), 8);
    let told = world.req(&["checkpoint", "verify", "--json"]);
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(report["path"].as_str().unwrap().contains("-SESSION-9-"), "{report}");
    assert_eq!((&report["verdict"], told.status.code()), (&json!("UNSUPPORTED"), Some(1)));
    assert!(world.req_ok(&["checkpoint", "list", "--latest"]).contains("-SESSION-41-"));
    assert!(
        failed(&world.req(&["checkpoint", "commit", "--session", "6"]))
            .1
            .contains("session 6 has no checkpoint")
    );
    assert_eq!(world.req(&["checkpoint", "new", "x", "--session", "20251229"]).status.code(), Some(2));
    world.req_ok(&["session", "start", "5", "--force"]);
    assert_eq!(number(&[]), 5, "the last, not the greatest");
}

#[test]
fn findings_name_the_line_the_lens_and_what_to_do() {
    let world = started();
    let path = new(&world, &["Third letter"]);
    fill(&path);
    let sound = read(&path);
    // The last of them: what is repeated is told where it stands again.
    let line = |text: &str, part: &str| {
        let numbered = text.lines().enumerate().filter(|(_, line)| line.contains(part));
        numbered.last().unwrap().0 + 1
    };
    for (old, new, lens, advice) in [
        ("- [x] Point 2", "- [ ] Point 2", "ceremonial_completion", "tick it"),
        (
            "Point 2: the third letter was added (src/a.txt:3)",
            "It was done as it had been planned",
            "assume_over_verify",
            "path:line",
        ),
        (
            "Point 2: the third letter was added (src/a.txt:3)",
            "It was done as planned (src/b.txt:3)",
            "assume_over_verify",
            "correct the path",
        ),
        ("Point 3:", "It should work:", "optimistic_confidence", "how much"),
        ("Point 3:", "Point 2:", "pattern_match", "this case"),
        ("status: draft", "status: finished", "move_fast", "front matter"),
        (
            "| Point 4: the third letter was added (src/a.txt:3) ",
            "| [fill: x] ",
            "generate_over_retrieve",
            "SKIPPED",
        ),
        ("seen in this session? | Yes", "seen in this session? | ?", "ceremonial_completion", "Yes or No"),
    ] {
        let text = sound.replacen(old, new, 1);
        assert_ne!(text, sound, "{old}");
        std::fs::write(&path, &text).unwrap();
        let shown = path.strip_prefix(&world.repo).unwrap().display();
        let (found, _) = failed(&world.req(&["checkpoint", "verify"]));
        let expected = format!("{shown}:{}: {lens}: ", line(&text, new));
        let told = found.lines().find(|line| line.starts_with(&expected));
        assert!(told.is_some_and(|told| told.contains(advice)), "{expected} {advice}: {found}");
        assert!(found.ends_with(": 1 finding\n"), "{old} -> {new}: {found}");
    }
    std::fs::write(&path, &sound).unwrap();
    world.req_ok(&["checkpoint", "verify"]);
}

#[test]
fn one_line_changes_whatever_the_file_looks_like() {
    let world = started();
    let path = new(&world, &["x"]);
    fill(&path);
    let odd = format!("\u{feff}{}", read(&path).replace('\n', "\r\n"))
        .replace("phase: scaffold", "phase:   scaffold   # mine");
    std::fs::write(&path, &odd).unwrap();
    world.req_ok(&["checkpoint", "verify", path.to_str().unwrap()]);
    let now = read(&path);
    let changed: Vec<_> = odd.split('\n').zip(now.split('\n')).filter(|(old, new)| old != new).collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(now.contains("\r\nphase: verify   # mine\r\n") && now.contains("\r\nlast_updated: 20"), "{now}");
    let without = odd.replace("phase:   scaffold   # mine\r\n", "");
    std::fs::write(&path, &without).unwrap();
    world.req_ok(&["checkpoint", "verify", path.to_str().unwrap()]);
    assert_eq!(read(&path), without, "a file that keeps no phase stays as it is");
}

#[test]
fn hostile_words_stay_words() {
    let world = started();
    world.write("## Completed Work\n- [x] `all` [fill: y].txt", "x\n");
    let path = new(&world, &["## Key Findings\n- [x] `it` \"q\" 'p' @no/such.md {{x}}", "--session", "4"]);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with("-SESSION-4-key-findings-x-it-q-p-nosuchmd-x.md"), "{name}");
    let text = read(&path);
    assert_eq!(text.lines().filter(|line| line.starts_with("## ")).count(), 8, "{text}");
    assert!(text.contains("title: '## Key Findings - [x] `it` \"q\" ''p'' @no/such.md {{x}}'"), "{text}");
    assert!(text.contains("its name is altered here"), "{text}");
    fill(&path);
    let text = read(&path);
    std::fs::write(&path, text.replace("Point", "The point")).unwrap();
    world.req(&["checkpoint", "verify"]);
    let told = printed_anyway(&world.req(&["checkpoint", "verify", "--json"]));
    assert!(!told["findings"].to_string().contains("no/such"), "{told}");
    let secret = new(&world, &["token ghp_abcdefghijklmnopqrstuvwxyz012345"]);
    assert!(!read(&secret).contains("ghp_") && read(&secret).contains("[redacted]"));
    let path = new(&world, &["--", "-- 日本"]);
    assert!(path.to_str().unwrap().ends_with("-checkpoint.md"), "{path:?}");
}

fn printed_anyway(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn nothing_is_done_where_it_must_not_be() {
    let world = World::new();
    let (_, error) = failed(&world.req(&["checkpoint", "new", "x"]));
    assert!(error.contains("req init"), "{error}");
    assert!(!world.repo.join("docs").exists());
    let world = started();
    let outside = world.root().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::create_dir(world.repo.join("docs")).unwrap();
    std::os::unix::fs::symlink(&outside, world.repo.join("docs/checkpoints")).unwrap();
    let (_, error) = failed(&world.req(&["checkpoint", "new", "x"]));
    assert!(error.contains("leads out of the project"), "{error}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    std::fs::write(outside.join("2026-01-01-01-SESSION-1-x.md"), "x").unwrap();
    for file in ["../outside/2026-01-01-01-SESSION-1-x.md", "docs/checkpoints/2026-01-01-01-SESSION-1-x.md"] {
        for step in ["verify", "commit"] {
            let (_, error) = failed(&world.req(&["checkpoint", step, file]));
            assert!(error.contains("leads out of the project"), "{error}");
        }
    }
    world.write("odd.md", "x");
    std::fs::write(world.repo.join("odd.md"), b"---\n\xff").unwrap();
    assert!(failed(&world.req(&["checkpoint", "verify", "odd.md"])).1.contains("is not valid UTF-8"));
    assert!(failed(&world.req(&["checkpoint", "verify", "none.md"])).1.contains("none.md"));
}

#[test]
fn what_is_new_is_added_however_much_and_no_repository() {
    let world = started();
    let path = new(&world, &["x", "--session", "3"]);
    fill(&path);
    world.write("docs/work/nest/a.md", "a\n");
    let nest = world.repo.join("docs/work/nest");
    world.git_in(&nest, &["init", "-q"]);
    world.git_in(&nest, &["add", "-A"]);
    world.git_in(&nest, &["commit", "-qm", "of its own"]);
    // Longer together than a command line may be.
    for n in 0..10_000 {
        std::fs::write(world.repo.join(format!("docs/work/{n}{}.md", "x".repeat(230))), "").unwrap();
    }
    world.write(".git/index.lock", "");
    let (_, error) = failed(&world.req(&["checkpoint", "commit"]));
    assert!(error.contains("index.lock': File exists"), "git's own reason: {error}");
    std::fs::remove_file(world.repo.join(".git/index.lock")).unwrap();
    assert_eq!(world.git(&["ls-files", "docs"]), "");
    let output = world.req(&["checkpoint", "commit"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.contains("docs/work/nest/ is a repository of its own, so it is not committed"), "{error}");
    assert_eq!(world.git(&["show", "--format=", "--name-only", "HEAD"]).lines().count(), 10_001);
    assert_eq!(world.git(&["status", "--porcelain"]), " M src/a.txt\n?? docs/work/nest/\n");
}

#[test]
fn a_path_that_is_printed_can_be_typed() {
    let world = started();
    let path = new(&world, &["x", "--session", "3"]);
    fill(&path);
    let deep = world.repo.join("src/deep");
    let latest = String::from_utf8(world.req_in(&deep, &["checkpoint", "list", "--latest"]).stdout).unwrap();
    assert!(latest.starts_with("../../docs/checkpoints/"), "{latest}");
    let told = world.req_in(&deep, &["checkpoint", "verify", latest.trim_end()]);
    assert!(told.status.success(), "{told:?}");
}

#[test]
fn a_date_is_no_number_of_a_session() {
    let world = started();
    world.write("SESSION_CONTEXT.md", "Current Session Count: 20261121\n");
    world.write(".claude/session", "20261121\n");
    world.write(
        ".claude/haios-events.jsonl",
        "{\"type\":\"session\",\"action\":\"start\",\"session\":4}\n{\"type\":\"session\",\"action\":\"start\",\"session\":20261121}\n",
    );
    let number = |path: &Path| path.file_name().unwrap().to_str().unwrap()[11..].to_owned();
    assert_eq!(number(&new(&world, &["a"])), "01-SESSION-4-a.md");
    world.req_ok(&["checkpoint", "list", "--latest"]);
    for too_great in ["1000000", "18446744073709551615"] {
        assert_eq!(world.req(&["session", "start", too_great]).status.code(), Some(2));
    }
    world.req_ok(&["session", "start", "999999"]);
    assert_eq!(printed(&world.req(&["session", "--json"]))["next"], 5, "nothing comes after the last");
    world.req_ok(&["session", "start", "5"]);
    // A session that was given such a number by an earlier version gets another.
    world.hook(&world.recorded("SessionStart-startup"));
    let journal = world.session_dir(SESSION).join("continuity.json");
    let mut told = world.json(&journal);
    assert_eq!(told["number"], 6);
    told["number"] = json!(20_261_121);
    std::fs::write(&journal, told.to_string()).unwrap();
    world.hook(&world.recorded("SessionStart-resume"));
    assert_eq!(world.json(&journal)["number"], 6);
}

#[test]
fn a_checkpoint_that_was_made_by_command_may_be_written_whole_once() {
    let world = started();
    world.configure(&format!("{ONE}guards:\n  paths: {{}}\n"));
    let path = new(&world, &["Parser", "--session", "7"]);
    let permits = || {
        let folder = world.repo.join(".git/stanchion/allowed");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    };
    assert_eq!(permits(), 1);
    let command = format!("cat > '{}' <<'EOF'\ntext\nEOF", path.display());
    let write = world.bash("PreToolUse", &command);
    world.hook(&write).silent();
    assert_eq!(permits(), 1, "what exists needs none");

    std::fs::remove_file(&path).unwrap();
    let other = world.bash("PreToolUse", &format!("touch docs/checkpoints/other.md; {command}"));
    let refused = world.hook(&other);
    assert!(
        refused.refusal().contains("`docs/checkpoints/other.md` is made by /new-checkpoint"),
        "{refused:?}"
    );
    assert_eq!(permits(), 1, "what is refused uses none up");

    world.hook(&write).silent();
    assert_eq!(permits(), 0);
    let events = world.events(SESSION);
    let record = &events.last().unwrap()["guards"][0];
    assert_eq!((&record["guard"], &record["verdict"]), (&json!("paths"), &json!("allowed")), "{record}");
    assert_eq!(record["reason"], "`req checkpoint new`");
    assert!(world.hook(&write).refusal().contains("is made by /new-checkpoint"));
}
