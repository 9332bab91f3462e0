//! What a commit would add.

use super::*;
use crate::testing::worst;

const COMMIT: &str = "git commit -m x";

#[test]
fn lines_that_commit_are_told_from_lines_that_do_not() {
    let bench = Bench::new(rows::GUARD);
    rows::fixture(
        |name, text| bench.write(name, text),
        |arguments| {
            bench.git(arguments);
        },
    );
    let denied = rows::ROWS.iter().filter(|(_, verdict)| *verdict == "deny").count();
    assert_eq!(denied * 2, rows::ROWS.len(), "as many look-alikes as bypasses");
    bench.check(rows::ROWS);
}

#[test]
fn a_warning_graduates() {
    let bench = Bench::new(RULES);
    bench.write("src/a.js", "med(1)\n");
    bench.git(&["add", "-A"]);
    let raised = bench.line(COMMIT);
    assert_eq!(worst(&raised), "warn");
    let told = &raised[0].objection;
    assert!(told.what.contains("`src/a.js:1` breaks `med` (medium): Rather not (`med(`)"), "{told:?}");
    assert!(told.way_out.contains("`pattern-ok: med <10 characters or more>`"), "{told:?}");
    assert!(is_recent(&bench.warned()["src/a.js::med"]));
    assert_eq!(bench.verdict(COMMIT), "warn", "the grace has just begun");
    for (age, expected) in [(3, "warn"), (5, "deny"), (24 * 29, "deny"), (24 * 31, "warn")] {
        bench.warned_ago("src/a.js::med", hours(age));
        assert_eq!(bench.verdict(COMMIT), expected, "{age} h");
    }
    assert!(is_recent(&bench.warned()["src/a.js::med"]), "what is forgotten is recorded anew");
}

#[test]
fn the_sessions_own_warning_does_not_refuse() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "high(1)\n");
    bench.git(&["add", "-A"]);
    bench.warned_ago("a.js::high", hours(5));
    bench.session_began(hours(6));
    assert_eq!(bench.verdict(COMMIT), "warn");
    bench.session_began(hours(4));
    assert_eq!(bench.verdict(COMMIT), "deny");
}

#[test]
fn severity_decides() {
    for (call, first, later) in [("crit", "deny", "deny"), ("high", "warn", "deny"), ("low", "warn", "warn")]
    {
        let bench = Bench::new(RULES);
        bench.write("a.js", &format!("{call}(1)\n"));
        bench.git(&["add", "-A"]);
        assert_eq!(bench.verdict(COMMIT), first, "{call}");
        assert_eq!(bench.warned().is_null(), call != "high", "{call}");
        bench.warned_ago(&format!("a.js::{call}"), hours(5));
        assert_eq!(bench.verdict(COMMIT), later, "{call}");
    }
}

#[test]
fn only_lines_of_the_commit_count() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "crit(1)\nx\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "second"]);
    bench.write("a.js", "crit(1)\nx\ny\n");
    bench.git(&["add", "-A"]);
    assert_eq!(bench.verdict(COMMIT), "pass");
    bench.write("a.js", "crit(1)\nx\ny\ncrit(2)\n");
    assert_eq!(bench.verdict(COMMIT), "pass", "it is not staged");
    let raised = bench.line("git commit -am x");
    assert!(raised[0].objection.what.contains("`a.js:4`") && !raised[0].objection.what.contains("a.js:1"));
    bench.write("a.md", "crit(1)\n");
    bench.git(&["checkout", "-q", "a.js"]);
    bench.git(&["add", "-A"]);
    assert_eq!(bench.verdict(COMMIT), "pass", "other files");
}

#[test]
fn what_is_mended_is_forgotten() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "fine(1)\n");
    bench.git(&["add", "a.js"]);
    for key in ["a.js::med", "b.js::med"] {
        bench.warned_ago(key, hours(5));
    }
    assert_eq!(bench.verdict(COMMIT), "pass");
    let warned = bench.warned();
    assert!(warned["a.js::med"].is_null() && !warned["b.js::med"].is_null(), "{warned}");
}

#[test]
fn a_waiver_counts_where_it_is_committed() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "// pattern-ok: crit the input is our own\ncrit(1)\n");
    bench.git(&["add", "-A"]);
    assert_eq!(bench.verdict(COMMIT), "pass");
    bench.git(&["commit", "-q", "-m", "second"]);
    bench.write("a.js", "// pattern-ok: crit the input is our own\ncrit(2)\n");
    bench.git(&["add", "-A"]);
    assert_eq!(bench.verdict(COMMIT), "pass", "the waiver stands above the line, outside the diff");
    bench.write("b.js", "crit(1)\n");
    bench.git(&["add", "-A"]);
    bench.write("b.js", "crit(1) // pattern-ok: crit the input is our own\n");
    assert_eq!(bench.verdict(COMMIT), "deny", "the waiver is not staged");
    bench.write("c.js", "// x\n");
    bench.git(&["add", "c.js"]);
    bench.git(&["commit", "-q", "-m", "third", "c.js"]);
    bench.write("c.js", "// x\ncrit(1)\n");
    bench.git(&["add", "c.js"]);
    bench.git(&["reset", "-q", "b.js"]);
    bench.write("c.js", "// pattern-ok: crit the input is our own\ncrit(1)\n");
    assert_eq!(bench.verdict(COMMIT), "deny", "nor is this one, above the line");
    bench.git(&["reset", "-q", "c.js"]);
    bench.git(&["checkout", "-q", "c.js"]);
    bench.write("b.js", "crit(1) // pattern-ok: crit short\n");
    bench.git(&["add", "-A"]);
    let raised = bench.line(COMMIT);
    assert!(raised[0].objection.what.contains("its waiver gives no reason of 10 characters"), "{raised:?}");
}

#[test]
fn what_stands_near_is_read_from_the_file() {
    let near = "{id: w, severity: critical, pattern: 'write\\(', unless_within: {pattern: check, before: 2}}";
    let bench = Bench::new(&format!("  patterns:\n    rules:\n    - {near}"));
    bench.write("a.js", "check()\n\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "second"]);
    bench.write("a.js", "check()\n\nwrite(1)\n");
    assert_eq!(bench.verdict("git commit -am x"), "pass");
    bench.write("a.js", "check()\n\n\nwrite(1)\n");
    assert_eq!(bench.verdict("git commit -am x"), "deny");
}

#[test]
fn few_findings_are_told_and_the_rest_is_counted() {
    let bench = Bench::new(RULES);
    bench.write("a.js", &"crit(1)\n".repeat(9));
    bench.write("b.js", "med(1)\n");
    bench.git(&["add", "-A"]);
    let raised = bench.line(COMMIT);
    let what = &raised[0].objection.what;
    assert_eq!(what.matches("breaks").count(), 5, "{what}");
    assert!(what.ends_with("and 4 more, which `req patterns check` lists"), "{what}");
    assert!(raised[0].objection.way_out.starts_with("take that; "), "{raised:?}");
    assert_eq!(raised.len(), 2, "the other one is advice");
    assert!(bench.warned().is_null(), "nobody reads a warning beside a refusal");
}

#[test]
fn modes_refuse_warn_or_observe() {
    for (mode, expected, is_recorded) in [("warn", "warn", true), ("observe", "observe", false)] {
        let bench = Bench::new(&rules(&format!("    mode: {mode}")));
        bench.write("a.js", "crit(1)\nmed(1)\n");
        bench.git(&["add", "-A"]);
        assert_eq!(bench.verdict(COMMIT), expected);
        assert_eq!(!bench.warned().is_null(), is_recorded, "{mode}");
    }
}

#[test]
fn a_corrupt_record_only_warns_and_is_kept() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "med(1)\n");
    bench.git(&["add", "-A"]);
    bench.write(".claude/state/warned-files.json", "{bad");
    let raised = bench.line(COMMIT);
    assert_eq!(worst(&raised), "warn");
    let told = raised.iter().any(|one| one.objection.what.contains("could not be read"));
    assert!(told, "{raised:?}");
    assert_eq!(bench.kept_aside(), [b"{bad".to_vec()]);
    assert!(is_recent(&bench.warned()["a.js::med"]));
}

#[test]
fn a_record_behind_a_link_is_left_alone() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "med(1)\n");
    bench.git(&["add", "-A"]);
    let outside = bench.home().join("outside.json");
    let old = rfc3339(Utc::now() - hours(5));
    std::fs::write(&outside, format!("{{\"a.js::med\": \"{old}\"}}")).unwrap();
    let before = std::fs::read(&outside).unwrap();
    std::fs::create_dir_all(in_project::state(&bench.root())).unwrap();
    std::os::unix::fs::symlink(&outside, in_project::warned_files(&bench.root())).unwrap();
    let raised = bench.line(COMMIT);
    assert_eq!(worst(&raised), "warn");
    assert!(raised.iter().any(|one| one.objection.what.contains("symbolic link")), "{raised:?}");
    assert_eq!(std::fs::read(&outside).unwrap(), before);
}
