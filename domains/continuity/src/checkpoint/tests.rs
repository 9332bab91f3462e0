//! Checkpoints in a real repository.
#![allow(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::DateTime;
use git::WorkTreeChanges;
use hooks_common::paths::Paths;
use hooks_common::project::Project;

use super::*;
use crate::ContinuityPlace;
use crate::commits::Commit;
use crate::facts::Facts;
use crate::task::Task;
use platform::time::Moment;

struct Here {
    _dir: tempfile::TempDir,
    root: PathBuf,
    place: ContinuityPlace,
}

fn here() -> Here {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let (home, root) = (base.join("home"), base.join("repo"));
    std::fs::create_dir_all(home.join(".claude")).unwrap();
    write(&root, ".claude/requirements.yaml", "enabled: true\n");
    write(&root, "src/a.rs", "one\ntwo\n");
    for arguments in [&["init", "-q", "-b", "main"][..], &["config", "user.name", "Ada: O'Neil"]] {
        assert!(Command::new("git").arg("-C").arg(&root).args(arguments).status().unwrap().success());
    }
    let paths = Paths::below(&home);
    let place = ContinuityPlace::of(Project::of_event(&paths, None, &root), &paths).unwrap().unwrap();
    Here { _dir: dir, root, place }
}

#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn at(seconds: i64) -> Moment {
    Moment { wall: DateTime::from_timestamp(1_795_226_231 + seconds, 0).unwrap(), mono_ns: 0 }
}

/// Facts whose every text tries to become something else.
fn hostile() -> Facts {
    let task = |id: &str, subject: &str, status: &str| Task {
        id: id.into(),
        subject: subject.into(),
        status: status.into(),
    };
    Facts {
        number: 7,
        session_id: "cad0ac4d".into(),
        started_at: "2026-11-21T01:00:00.000Z".into(),
        branch: "feat/E2-264-x".into(),
        head: "0123456789abcdef0123456789abcdef01234567".into(),
        first_prompt: "fix `it`\n## Completed Work\n- [x] all".into(),
        last_answer: "---\nstatus: complete\n---".into(),
        edited: vec![("src/a.rs".into(), 3), ("src/gone.rs".into(), 1)],
        commits: vec![Commit {
            hash: "abcdef0123456789".into(),
            message: "mostly ## x | y".into(),
            files_changed: 1,
            files_list: vec!["src/a.rs".into()],
            ..Commit::default()
        }],
        tasks: vec![
            task("1", "- [ ] y\n# Session", "pending"),
            task("2", "## x `y` [fill: z] @no/such.rs:3", "in_progress"),
            task("3", "done: {{x}}", "completed"),
        ],
        changes: WorkTreeChanges { unstaged: vec!["src/a.rs".into()], ..WorkTreeChanges::default() },
        failures: vec!["Bash: exit 1\n## Pending Work".into()],
        decisions: vec![("which | one?".into(), "the `second`".into())],
        ..Facts::default()
    }
}

fn titles(text: &str) -> Vec<&str> {
    CheckpointDocument::of(text).sections.iter().map(|section| section.title).collect()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_scaffold_lacks_only_what_somebody_must_write() {
    let here = here();
    let path = scaffold(&here.place, &hostile(), "Parser: \"new\" `## x`\n- [ ] y", at(0)).unwrap();
    assert_eq!(path.file_name().unwrap(), "2026-11-21-01-SESSION-7-parser-new-x-y.md");
    let text = text_of(&path);
    assert_eq!(titles(&text), SECTIONS, "{text}");
    let document = CheckpointDocument::of(&text);
    assert_eq!((document.scalar("author"), document.scalar("session")), ("Ada: O'Neil", "7"));
    assert_eq!(document.scalar("title"), "Parser: \"new\" `## x` - [ ] y");
    assert_eq!((document.scalar("prior_session"), document.scalar("version")), ("6", "1.3"));
    assert_eq!(document.list("backlog_ids"), ["E2-264"]);
    let problems = validate(&text);
    let lines: Vec<_> = text.lines().collect();
    for problem in &problems {
        assert_eq!(problem.kind, structure::ProblemKind::Placeholder, "{problem:?}");
        assert!(lines[problem.line - 1].contains("[fill: "), "{problem:?}");
    }
    assert_eq!(
        problems.len(),
        text.matches("[fill: ").count() - 2,
        "the task's own mark is none: {problems:?}"
    );
    assert!(text.contains("`src/a.rs` (3 edits; commit `abcdef012345`; not committed)"), "{text}");
    assert!(text.contains("`src/gone.rs` (1 edit; deleted since)"), "{text}");
    assert_eq!(reached(&text), Some(Phase::Scaffold));
}

#[test]
fn a_filled_scaffold_is_supported_and_each_mark_is_told() {
    let here = here();
    let path = scaffold(&here.place, &hostile(), "x", at(0)).unwrap();
    let text = text_of(&path);
    let report = verify(&here.place, &path).unwrap();
    assert!(!report.is_supported() && !report.is_captured);
    let mut filled = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find("[fill: ") {
        let end = open + rest[open..].find(']').unwrap() + 1;
        let mark = &rest[open..end];
        filled.push_str(&rest[..open]);
        filled.push_str(match mark {
            "[fill: z]" => mark,
            "[fill: Yes or No]" => "Yes",
            _ => "The parser reads both kinds of lists (src/a.rs:2)",
        });
        rest = &rest[end..];
    }
    filled.push_str(rest);
    let filled = filled.replace("- [ ] The parser", "- [x] The parser");
    write(&here.root, path.strip_prefix(&here.root).unwrap().to_str().unwrap(), &filled);
    let report = verify(&here.place, &path).unwrap();
    assert_eq!(report.findings, [], "{filled}");
    assert!(report.is_captured && reached(&filled) == Some(Phase::Fill));
    let written = enter(&here.root, &path, Phase::Verify, at(5)).unwrap();
    let changed: Vec<_> = filled.lines().zip(written.lines()).filter(|(old, new)| old != new).collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert_eq!(reached(&written), Some(Phase::Capture));
    leave(&here.root, &path, "something else", &filled).unwrap();
    assert_eq!(text_of(&path), written, "somebody changed it meanwhile");
    leave(&here.root, &path, &written, &filled).unwrap();
    assert_eq!(text_of(&path), filled);
}

#[test]
fn an_emergency_is_whole_and_takes_its_own_place_alone() {
    let here = here();
    let mut facts = hostile();
    let first = emergency(&here.place, &facts, at(0), "context 92 %").unwrap();
    assert!(
        first.path.starts_with(here.root.join(".claude/state/checkpoints")),
        "no folder of the project's"
    );
    let text = text_of(&first.path);
    assert_eq!(validate(&text), [], "{text}");
    assert_eq!(titles(&text), SECTIONS);
    assert!(text.contains("emergency: true") && text.contains("uncommitted: src/a.rs"));
    facts.tasks.clear();
    let second = emergency(&here.place, &facts, at(9), "again").unwrap();
    assert_eq!((&second.path, second.was_there), (&first.path, true));
    assert_ne!(text_of(&first.path), text);
    assert_eq!(validate(&text_of(&first.path)), []);
    let touched = format!("{}\nmine\n", text_of(&first.path));
    write(&here.root, first.path.strip_prefix(&here.root).unwrap().to_str().unwrap(), &touched);
    let third = emergency(&here.place, &facts, at(20), "again").unwrap();
    assert!(third.path != first.path && !third.was_there);
    assert_eq!(text_of(&first.path), touched, "a person's words stay");
    let other = Facts { session_id: "other".into(), ..facts };
    assert!(!emergency(&here.place, &other, at(30), "x").unwrap().was_there, "another session's stays");
    let events = text_of(&here.root.join(".claude/haios-events.jsonl"));
    assert_eq!(events.matches("\"action\":\"emergency\"").count(), 4, "{events}");
}

#[test]
fn an_empty_session_has_a_whole_emergency_too() {
    let here = here();
    std::fs::create_dir_all(here.root.join("docs/checkpoints")).unwrap();
    let written = emergency(&here.place, &Facts::default(), at(0), "").unwrap();
    assert!(written.path.starts_with(here.root.join("docs/checkpoints")), "with the others");
    assert_eq!(validate(&text_of(&written.path)), [], "{}", text_of(&written.path));
}

#[test]
fn a_recovery_names_its_evidence_and_happens_once() {
    let here = here();
    let facts = hostile();
    let written = recovery(&here.place, &facts, 9, at(0)).unwrap();
    assert_eq!(written.path.file_name().unwrap(), "2026-11-21-01-SESSION-7-recovery.md");
    let text = text_of(&written.path);
    assert_eq!(validate(&text), [], "{text}");
    let document = CheckpointDocument::of(&text);
    let field = |key| document.scalar(key);
    assert_eq!((field("status"), field("recovered"), field("recovered_by")), ("draft", "true", "9"));
    assert_eq!(
        document.list("pending"),
        ["- [ ] y # Session", "## x `y` [fill: z] @no/such.rs:3", "uncommitted: src/a.rs"]
    );
    for evidence in ["(commit `abcdef012345`, 1 file)", "`src/a.rs` (3 edits", "`2026-11-21T01:00:00.000Z`"] {
        assert!(text.contains(evidence), "{evidence}: {text}");
    }
    assert!(recovery(&here.place, &facts, 10, at(60)).unwrap().was_there);
    assert_eq!(text_of(&written.path), text);
}

#[test]
fn the_latest_is_told_by_number_day_and_place() {
    let here = here();
    for name in [
        "docs/checkpoints/2026-01-02-01-SESSION-9-a.md",
        "docs/checkpoints/2026-01-02-10-SESSION-10-b.md",
        ".claude/state/checkpoints/2026-01-03-02-SESSION-10-c.md",
        "docs/checkpoints/2026-01-02-09-SESSION-10-d.md",
        "docs/checkpoints/README.md",
        "docs/checkpoints/SESSION-99.txt",
    ] {
        write(&here.root, name, "x");
    }
    std::fs::create_dir_all(here.root.join("docs/checkpoints/2026-01-09-01-SESSION-77-folder.md")).unwrap();
    let outside = here.root.parent().unwrap().join("outside.md");
    std::os::unix::fs::symlink(&outside, here.root.join("docs/checkpoints/2026-01-09-01-SESSION-88-x.md"))
        .unwrap();
    assert_eq!(numbers(&here.place), [9, 10]);
    let latest = latest(&here.place).unwrap();
    assert_eq!((latest.number, latest.date.as_str(), latest.ordinal), (10, "2026-01-03", 2));
    assert_eq!(of_session(&here.place, 9).unwrap().ordinal, 1);
    for name in ["2026-01-02-9-SESSION-11-x.md", "2026-01-02-10-SESSION-11-x.md"] {
        write(&here.root, &format!("docs/checkpoints/{name}"), "x");
    }
    assert_eq!(super::latest(&here.place).unwrap().ordinal, 10, "numbers, not letters");
}

#[test]
fn nothing_is_read_or_written_outside_the_project() {
    let here = here();
    let outside = here.root.parent().unwrap().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(here.root.join("docs")).unwrap();
    std::os::unix::fs::symlink(&outside, here.root.join("docs/checkpoints")).unwrap();
    let error = scaffold(&here.place, &Facts::default(), "x", at(0)).unwrap_err();
    assert!(matches!(error, CheckpointError::Outside(_)), "{error}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    let written = emergency(&here.place, &Facts::default(), at(0), "x").unwrap();
    assert!(written.path.starts_with(here.root.join(".claude/state")));
    write(&outside, "2026-01-02-01-SESSION-9-a.md", "---\nphase: x\n---\n");
    assert_eq!(numbers(&here.place), [0]);
    let foreign = here.root.join("docs/checkpoints/2026-01-02-01-SESSION-9-a.md");
    assert!(matches!(verify(&here.place, &foreign), Err(CheckpointError::Outside(_))));
    assert!(enter(&here.root, &foreign, Phase::Verify, at(0)).is_err());
    let log = here.root.join(".claude/haios-events.jsonl");
    std::fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink(outside.join("log"), &log).unwrap();
    let appended = append_event(&here.place, Action::New, 1, &foreign, at(0));
    assert!(appended.is_err() && !outside.join("log").exists());
}

#[test]
fn what_is_no_text_or_too_large_is_said_to_be() {
    let here = here();
    write(&here.root, "large.md", &"x".repeat(1024 * 1024 + 1));
    let path = |name: &str| here.root.join(name);
    assert!(matches!(read(&here.root, &path("large.md")), Err(CheckpointError::TooLarge { .. })));
    assert!(matches!(
        read(&here.root, &path("src")),
        Err(CheckpointError::NoFile(_) | CheckpointError::Io { .. })
    ));
    std::os::unix::fs::symlink("/dev/zero", path("zero.md")).unwrap();
    assert!(matches!(read(&here.root, &path("zero.md")), Err(CheckpointError::Outside(_))));
    let name = std::ffi::CString::new(path("pipe.md").to_str().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(name.to_str().unwrap()).status().unwrap().success());
    assert!(matches!(read(&here.root, &path("pipe.md")), Err(CheckpointError::NoFile(_))));
    assert!(
        Command::new("sh")
            .arg("-c")
            .arg("printf 'a\\377' > \"$0\"")
            .arg(path("odd.md"))
            .status()
            .unwrap()
            .success()
    );
    assert!(matches!(read(&here.root, &path("odd.md")), Err(CheckpointError::NoText { at: 1, .. })));
}

#[test]
fn two_at_once_get_two_numbers() {
    let here = here();
    let paths: Vec<_> = std::thread::scope(|scope| {
        let one = |title: &'static str| {
            let place = &here.place;
            scope.spawn(move || scaffold(place, &Facts::default(), title, at(0)).unwrap())
        };
        let both: Vec<_> = ["a", "b", "c", "d"].map(one).into_iter().collect();
        both.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut ordinals: Vec<_> = paths.iter().map(|path| CheckpointEntry::of(path).unwrap().ordinal).collect();
    ordinals.sort_unstable();
    assert_eq!(ordinals, [1, 2, 3, 4]);
}

/// A sound checkpoint, and what becomes of it when a part is replaced: through which lens, at which line.
const SOUND: &str = "---
template: checkpoint
status: active
date: 2026-11-21
title: x
author: ada
session: 7
memory_refs: [80133]
project_phase: build
version: '1.3'
phase: fill
---
# Session 7

@src/a.rs @.claude/requirements.yaml

## Session Summary

The reader of lists was rewritten, and two tests were added for it.

## Completed Work

- [x] The reader takes blocks (src/a.rs:2)
- [x] One value is changed
  in place: commit abc1234

## Files Modified

- `src/a.rs` (rewritten)

## Key Findings

- Lists come in two kinds, see INV-052

## WHY Captured

| Learning | Memory id | Source |
|---|---|---|
| Lists come in two kinds | 80133 | src/a.rs:1 |

## Session Verification

| Question | Answer |
|---|---|
| Do the tests pass? | Yes |

## Pending Work

- [ ] write src/new.rs:1, then @src/later.rs

## Continuation Instructions

- Begin with src/new.rs, it should work basically as it is
";

#[test]
fn every_lens_shows_what_it_is_for_and_nothing_else() {
    let here = here();
    let found = |text: &str| {
        write(&here.root, "docs/checkpoints/2026-11-21-01-SESSION-7-x.md", text);
        let path = here.root.join("docs/checkpoints/2026-11-21-01-SESSION-7-x.md");
        let report = verify(&here.place, &path).unwrap();
        report.findings.iter().map(|finding| (finding.line, finding.lens.name())).collect::<Vec<_>>()
    };
    assert_eq!(found(SOUND), []);
    assert_eq!(found(&format!("\u{feff}{}", SOUND.replace('\n', "\r\n"))), [], "a mark and other line ends");
    let block = SOUND.replace("memory_refs: [80133]", "memory_refs:\n  - 80133");
    assert_eq!(found(&block), []);
    let (assume, generate, fast, hedge, pattern, ceremony) = (
        "assume_over_verify",
        "generate_over_retrieve",
        "move_fast",
        "optimistic_confidence",
        "pattern_match",
        "ceremonial_completion",
    );
    let mut wrong = Vec::new();
    let completed = "- [x] The reader takes blocks (src/a.rs:2)
- [x] One value is changed
  in place: commit abc1234";
    let finding = "- Lists come in two kinds, see INV-052";
    let summary = "The reader of lists was rewritten, and two tests were added for it.";
    let rows = "| Lists come in two kinds | 80133 | src/a.rs:1 |";
    for (old, new, expected) in [
        ("status: active", "status: done", &[(3, fast)][..]),
        ("author: ada", "author:", &[(6, fast)]),
        ("template: checkpoint", "template: plan", &[(2, fast)]),
        ("title: x", "title: '{{TITLE}}'", &[(5, ceremony)]),
        ("@src/a.rs @.claude/requirements.yaml", "ask @ada", &[(1, fast)]),
        ("## Key Findings", "## Findings", &[(51, fast)]),
        ("- [x] The reader takes", "- [ ] The reader takes", &[(23, ceremony)]),
        ("(src/a.rs:2)", "", &[(23, assume)]),
        ("(src/a.rs:2)", "(src/b.rs:2)", &[(23, assume)]),
        (" (src/a.rs:2)", "\n\t- src/a.rs:2", &[]),
        (" (src/a.rs:2)", "\n - src/a.rs:2", &[(23, assume)]),
        ("(src/a.rs:2)", "(src/a.rs:3)", &[(23, assume)]),
        ("(src/a.rs:2)", "(src/a.rs:1-99999)", &[(23, assume)]),
        ("(src/a.rs:2)", "(src/a.rs:99999, deleted)", &[]),
        ("(src/a.rs:2)", "(altered header, src/nope.rs:1)", &[(23, assume)]),
        ("(src/a.rs:2)", "(src/antigone.rs:1)", &[(23, assume)]),
        ("(src/a.rs:2)", "(see http://)", &[(23, assume)]),
        ("## Files", "## Completed Work\n- [ ] more\n\n## Files", &[(28, ceremony)]),
        ("## Files", "## Completed Work\n- [x] all of it\n\n## Files", &[(28, assume)]),
        ("## Files", "## Completed Work\nmostly as it was planned\n\n## Files", &[(28, hedge)]),
        ("## Files", "## Files Modified\n- `src/b.rs`\n\n## Files", &[(28, assume)]),
        ("## Files", "## Pending Work\n- write src/b.rs:1\n\n## Files", &[]),
        (finding, "It is 10 times faster\nand never fails.", &[(33, assume)]),
        (finding, "It is 10 times faster.\n\nAnd that was seen (src/a.rs:2).", &[]),
        (finding, "**SKIPPED:** nothing was found out", &[]),
        (finding, "Some were found:\n\n- it is 10 times faster (src/a.rs:2)", &[]),
        (finding, "| What |\n|---|\n| It is 10 times faster |\n| Fast (src/a.rs:1) |", &[(35, assume)]),
        (finding, "As src/a.rs:1 says:\n\n| What |\n|---|\n| It is 10 times faster |", &[]),
        (completed, "- [x] Fixed E2-264", &[]),
        (completed, "- [x] Fixed #12", &[]),
        (completed, "- [x] the parser works", &[(23, assume)]),
        (completed, "- [x] done", &[(21, ceremony), (23, assume)]),
        (summary, "Fixed the build.", &[]),
        (summary, "Fixed it.", &[(17, ceremony)]),
        ("(src/a.rs:2)", "(src/b.rs:2, deleted)", &[]),
        (": commit abc1234", "", &[(24, assume)]),
        ("The reader takes", "The reader mostly takes", &[(23, hedge)]),
        ("The reader takes", "The reader takes \"mostly\" and `almost`", &[]),
        ("The reader takes", "The reader takes 12 of 14, mostly", &[]),
        ("  in place", "  in place, probably", &[(25, hedge)]),
        ("two tests were added", "it should work now. Two tests were added", &[(19, hedge)]),
        ("two tests were added", "inbasically utmost almostness was added", &[]),
        ("- Lists come in two kinds, see INV-052", "- Lists come in two kinds, always", &[(33, assume)]),
        ("- Lists come in two kinds, see INV-052", "> basically nothing was found in all of this", &[]),
        (
            "- Lists come in two kinds, see INV-052",
            "```\n- [fill: x] mostly src/b.rs:1 or so, as it was printed\n```",
            &[],
        ),
        ("- Lists come in two kinds, see INV-052", "### basically a heading of its own", &[]),
        ("- Lists", "- One value is changed in place: commit abc1234\n- Lists", &[(33, pattern)]),
        ("- `src/a.rs` (rewritten)", "- `src/b.rs` (rewritten)", &[(29, assume)]),
        ("- `src/a.rs` (rewritten)", "- `src/b.rs` (deleted)", &[]),
        ("- `src/a.rs` (rewritten)", "**SKIPPED:** only read", &[]),
        ("- `src/a.rs` (rewritten)", "**SKIPPED:**", &[(27, ceremony)]),
        ("- `src/a.rs` (rewritten)", "**SKIPPED:** [fill: why]", &[(29, ceremony)]),
        ("- `src/a.rs` (rewritten)", "TBD", &[(29, ceremony)]),
        ("@src/a.rs @", "@docs/no.md @src/a.rs @", &[(15, assume)]),
        ("@src/a.rs @", "@types/node ask@example.org @src/a.rs @", &[]),
        ("| Yes |", "| Yes/No |", &[(45, ceremony)]),
        ("| Yes |", "| |", &[(45, ceremony)]),
        ("| Yes |", "| Yes, no failure |", &[]),
        (
            "| Question | Answer |\n|---|---|\n| Do the tests pass? | Yes |",
            "The tests are what they are.",
            &[(41, ceremony)],
        ),
        (
            "| Question | Answer |\n|---|---|\n| Do the tests pass? | Yes |",
            "Do the tests all pass? **No**",
            &[],
        ),
        (rows, "| [fill: x] | | |", &[(39, generate)]),
        ("- Begin with", "- [fill: x]\n- Begin with", &[(53, ceremony)]),
    ] {
        let text = SOUND.replacen(old, new, 1);
        assert_ne!(text, SOUND, "{old}");
        let found = found(&text);
        if found != expected {
            wrong.push(format!("{old} -> {new}: {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    let empty = SOUND.replace("[80133]", "[]");
    assert_eq!(found(&empty), [], "a row is enough");
    assert_eq!(found(&empty.replace(rows, "| [fill: x] | | |")), [(39, generate)], "told once");
    let nothing = empty.replace(rows, "");
    assert_eq!(found(&nothing), [(8, generate)]);
    assert_eq!(found(&nothing.replace("## WHY Captured\n", "## WHY Captured\n\n**SKIPPED:** a typo\n")), []);
    assert_eq!(found(""), [(1, fast)]);
    assert_eq!(found("# no front matter\n"), [(1, fast)]);
}

#[test]
fn a_huge_checkpoint_is_read_in_time() {
    let here = here();
    let path = here.root.join("docs/checkpoints/2026-11-21-01-SESSION-7-x.md");
    let many = |text: &str| text.repeat(300_000 / text.len());
    let counted = |line: &str| {
        (0..300_000 / (line.len() + 6)).map(|n| line.replace('#', &n.to_string())).collect::<String>()
    };
    for filler in [
        many("## a\n"),
        many("[fill: "),
        many("{{ "),
        many("` "),
        many("`` ` ``` "),
        many("it is mostly so. "),
        many("mostly\n"),
        counted("@docs/x#.md "),
        counted("- [x] point # is done\n"),
        counted("| row # |\n"),
        many("- [ ] \n"),
        many("\"a "),
        many("x:1 "),
    ] {
        let text = SOUND.replace("- Lists come", &format!("- x\n|a|\n|-|\n{filler}\n- Lists come"));
        write(&here.root, "docs/checkpoints/2026-11-21-01-SESSION-7-x.md", &text);
        let started = std::time::Instant::now();
        let report = verify(&here.place, &path).unwrap();
        let _ = reached(&text);
        assert!(report.findings.len() <= 200);
        let shown: String = filler.chars().take(20).collect();
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{shown}: {:?}", started.elapsed());
    }
}

#[test]
fn an_emergency_finds_a_place_where_the_usual_one_is_shut() {
    let here = here();
    for n in 1..=40 {
        // Folders have the names that would be next.
        let name = format!("docs/checkpoints/2026-11-21-{n:02}-SESSION-0-emergency.md");
        std::fs::create_dir_all(here.root.join(name)).unwrap();
    }
    let held = entry::lock(&here.place, std::time::Duration::ZERO).unwrap();
    let written = emergency(&here.place, &Facts::default(), at(0), "x").unwrap();
    drop(held);
    assert!(written.path.starts_with(here.root.join(".claude/state/checkpoints")), "{:?}", written.path);
}

#[test]
fn of_our_own_the_newest_hundred_stay_and_what_was_touched() {
    let here = here();
    for number in 1..=103 {
        emergency(&here.place, &Facts { number, ..Facts::default() }, at(0), "x").unwrap();
    }
    let touched = entries(&here.place)[0].path.clone();
    let text = std::fs::read_to_string(&touched).unwrap();
    write(touched.parent().unwrap(), touched.file_name().unwrap().to_str().unwrap(), &(text + "mine\n"));
    assert_eq!(prune(&here.place).unwrap(), 2);
    let left = entries(&here.place);
    assert_eq!((left.len(), left[0].number, left[1].number), (101, 1, 4));
}
