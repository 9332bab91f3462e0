//! What a person asks for.

use std::path::PathBuf;

use super::*;
use crate::error::GuardsError;
use crate::patterns::check::{PatternsReport, PatternsScope, check};

fn run(bench: &Bench, scope: &PatternsScope, records: bool) -> Result<PatternsReport, GuardsError> {
    let (paths, project) = bench.project();
    let policy = Policy::compiled_now(&project.sources(&paths));
    check(&project, &paths, &policy, scope, records, Moment::now())
}

fn checked(bench: &Bench, scope: &PatternsScope) -> PatternsReport {
    run(bench, scope, true).unwrap()
}

/// `file:line:rule`, with `!` where it is refused.
fn found(report: &PatternsReport) -> String {
    let one = |violation: &crate::patterns::check::PatternViolation| {
        let mark = if violation.blocks { "!" } else { "" };
        format!("{}:{}:{}{mark}", violation.file, violation.line, violation.id)
    };
    report.violations.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_warning_graduates() {
    let bench = Bench::new(RULES);
    bench.write("f.js", "med(1)\n");
    for _ in 0..2 {
        assert_eq!(found(&checked(&bench, &PatternsScope::All)), "f.js:1:med");
        assert!(is_recent(&bench.warned()["f.js::med"]));
    }
    bench.warned_ago("f.js::med", hours(5));
    let report = checked(&bench, &PatternsScope::All);
    assert_eq!((found(&report).as_str(), report.blocks, report.warnings), ("f.js:1:med!", 1, 0));
    bench.write("f.js", "fine(1)\n");
    assert_eq!(found(&checked(&bench, &PatternsScope::All)), "");
    assert_eq!(bench.warned(), json!({}));
    bench.write("f.js", "crit(1)\n");
    assert_eq!(found(&checked(&bench, &PatternsScope::All)), "f.js:1:crit!", "at once");
    bench.write("f.js", "med(1)\n");
    bench.warned_ago("f.js::med", hours(24 * 31));
    assert_eq!(found(&checked(&bench, &PatternsScope::All)), "f.js:1:med");
    assert!(is_recent(&bench.warned()["f.js::med"]));
}

#[test]
fn a_corrupt_record_only_warns_and_is_kept() {
    let bench = Bench::new(RULES);
    bench.write("f.js", "med(1)\nhigh(1)\n");
    bench.write(".claude/state/warned-files.json", "{bad");
    let report = checked(&bench, &PatternsScope::All);
    assert_eq!(report.blocks, 0);
    assert!(report.notes[0].contains("could not be read"), "{:?}", report.notes);
    assert_eq!(bench.kept_aside(), [b"{bad".to_vec()]);
    assert_eq!(bench.warned().as_object().unwrap().len(), 2, "no empty overwrite");
}

#[test]
fn a_check_that_does_not_record_changes_nothing() {
    let bench = Bench::new(RULES);
    bench.write("f.js", "med(1)\n");
    assert_eq!(found(&run(&bench, &PatternsScope::All, false).unwrap()), "f.js:1:med");
    assert!(bench.warned().is_null());
    bench.warned_ago("gone.js::med", hours(5));
    run(&bench, &PatternsScope::All, false).unwrap();
    assert!(!bench.warned()["gone.js::med"].is_null());
    checked(&bench, &PatternsScope::All);
    assert!(bench.warned()["gone.js::med"].is_null(), "the file is gone");
}

#[test]
fn the_scope_names_the_files() {
    let bench = Bench::new(RULES);
    bench.write("old.js", "low(1)\n");
    bench.write("sub/mine.js", "low(1)\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "second"]);
    bench.write("sub/mine.js", "low(1)\nlow(2)\n");
    bench.git(&["add", "-A"]);
    bench.write("sub/mine.js", "low(1)\nlow(2)\nlow(3)\n");
    bench.write("new.js", "low(1)\n");
    bench.write("target/built.js", "low(1)\n");
    let of = |scope: &PatternsScope| found(&checked(&bench, scope));
    let mine = "sub/mine.js:1:low sub/mine.js:2:low";
    assert_eq!(of(&PatternsScope::Staged), mine);
    assert_eq!(of(&PatternsScope::Changed), format!("new.js:1:low {mine} sub/mine.js:3:low"));
    assert_eq!(of(&PatternsScope::All), format!("new.js:1:low old.js:1:low {mine} sub/mine.js:3:low"));
    let files = |names: &[&str]| {
        PatternsScope::Files(bench.root().join("sub"), names.iter().map(PathBuf::from).collect())
    };
    assert_eq!(of(&files(&["../old.js", "../target/built.js"])), "old.js:1:low target/built.js:1:low");
    std::os::unix::fs::symlink("/etc", bench.root().join("sub/link")).unwrap();
    for outside in ["/etc/passwd", "../../x.js", "link/passwd", "none.js", "."] {
        let refused = run(&bench, &files(&[outside]), true);
        assert!(refused.is_err(), "{outside}");
    }
}

#[test]
fn before_the_first_commit_every_file_is_new() {
    let bench = Bench::new(RULES);
    bench.git(&["checkout", "-q", "--orphan", "other"]);
    bench.write("a.js", "low(1)\n");
    assert_eq!(found(&checked(&bench, &PatternsScope::Changed)), "a.js:1:low");
    bench.git(&["add", "a.js"]);
    assert_eq!(found(&checked(&bench, &PatternsScope::Staged)), "a.js:1:low");
}

#[test]
fn of_what_is_staged_only_new_lines_are_refused() {
    let bench = Bench::new(RULES);
    bench.write("a.js", "crit(1)\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "second"]);
    bench.write("a.js", "crit(1)\ncrit(2)\n");
    bench.git(&["add", "-A"]);
    bench.warned_ago("a.js::crit", hours(5));
    assert_eq!(found(&checked(&bench, &PatternsScope::Staged)), "a.js:1:crit a.js:2:crit!");
    assert!(!bench.warned()["a.js::crit"].is_null(), "it is still broken");
}

#[test]
fn a_report_has_the_older_systems_shape() {
    let bench = Bench::new(RULES);
    bench.write("a.js", &format!("crit(1)\nlow(1) crit({})\n", "x".repeat(90)));
    let report = serde_json::to_value(checked(&bench, &PatternsScope::All)).unwrap();
    assert_eq!(report["severityCounts"], json!({"critical": 2, "high": 0, "medium": 0, "low": 1}));
    assert_eq!((&report["blocks"], &report["warnings"]), (&json!(2), &json!(1)));
    assert_eq!((&report["patternsChecked"], &report["filesChecked"]), (&json!(4), &json!(4)));
    let expected = json!({
        "file": "a.js", "line": 1, "id": "crit", "severity": "critical", "message": "Never this.",
        "fix": "take that", "match": "crit(", "blocks": true,
    });
    assert_eq!(report["violations"][0], expected);
}

#[test]
fn exemptions_let_stand_until_their_day_and_are_told() {
    let exemptions = "    exemptions:
    - {files: src/old/, rules: crit, reason: generated by a tool}
    - {files: b.js, rules: crit, reason: until the rewrite, until: '2020-01-31'}
    - {files: none.js, reason: nobody knows any more}";
    let bench = Bench::new(&rules(exemptions));
    bench.write("src/old/a.js", "crit(1)\ncrit(2)\nlow(1)\n");
    bench.write("old/a.js", "crit(1)\n");
    bench.write("b.js", "crit(1)\n");
    let report = checked(&bench, &PatternsScope::All);
    assert_eq!(found(&report), "b.js:1:crit! old/a.js:1:crit! src/old/a.js:3:low");
    let used: Vec<_> = report.exemptions.iter().map(|one| (one.used, one.expired)).collect();
    assert_eq!(used, [(2, false), (0, true), (0, false)]);
    let notes = report.notes.join("\n");
    assert!(
        notes.contains("b.js ended on 2020-01-31") && notes.contains("none.js matches no violation"),
        "{notes}"
    );
    assert!(!notes.contains("src/old"), "{notes}");
    assert!(
        !checked(&bench, &PatternsScope::Changed).notes.join("\n").contains("none.js"),
        "not all was looked at"
    );
}

#[test]
fn an_unfit_rule_is_told_and_goes_on_looking() {
    let files: Vec<String> = (0..25).map(|at| format!("gen{at}.js")).collect();
    let exemption = format!(
        "    exemptions: [{{files: [{}], rules: [low, crit], reason: generated by a tool}}]",
        files.join(", ")
    );
    let bench = Bench::new(&rules(&exemption));
    bench.write("a.js", "crit(1)\nlow(1) // pattern-ok: low this is how it looks\n");
    let report = checked(&bench, &PatternsScope::All);
    assert_eq!(found(&report), "a.js:1:crit!");
    let unfit: Vec<_> = report.notes.iter().filter(|note| note.contains("rewrite this rule")).collect();
    assert!(unfit.len() == 1 && unfit[0].contains("`low` has 26"), "{:?}", report.notes);
}

#[test]
fn a_wrong_rule_is_told_and_the_others_look() {
    let bench = Bench::new(&RULES.replace("'\\bhigh\\('", "'('"));
    bench.write("a.js", "high(1)\ncrit(1)\n");
    let report = checked(&bench, &PatternsScope::All);
    assert_eq!((found(&report).as_str(), report.patterns_checked), ("a.js:2:crit!", 3));
    assert!(
        report.notes[0].contains("`high`") && report.notes[0].contains("requirements.yaml:5"),
        "{:?}",
        report.notes
    );
}

#[test]
fn modes_refuse_nothing_or_record_nothing() {
    for (mode, is_recorded) in [("warn", true), ("observe", false)] {
        let bench = Bench::new(&rules(&format!("    mode: {mode}")));
        bench.write("a.js", "crit(1)\nmed(1)\n");
        assert_eq!(checked(&bench, &PatternsScope::All).blocks, 0);
        assert_eq!(!bench.warned().is_null(), is_recorded, "{mode}");
    }
    let bench = Bench::new("  sql: {}");
    assert!(run(&bench, &PatternsScope::All, true).unwrap_err().to_string().contains("is off"));
}

#[test]
fn many_rules_over_a_large_file_are_quick() {
    let rules: String =
        (0..300).map(|at| format!("    - {{id: r{at}, pattern: '(?i)forbidden_{at}x\\s*\\('}}\n")).collect();
    let bench = Bench::new(&format!("  patterns:\n    rules:\n{rules}"));
    let line = "    let value = compute_some_thing(input, 42); // and what it is good for\n";
    let mut text = line.repeat(1024 * 1024 / line.len());
    text.push_str("Forbidden_77x (1)\n");
    bench.write("large.js", &text);
    let started = std::time::Instant::now();
    assert_eq!(found(&checked(&bench, &PatternsScope::Changed)).split(':').nth(2), Some("r77"));
    // Unoptimised; it is some milliseconds in a release.
    assert!(started.elapsed() < std::time::Duration::from_secs(9), "{:?}", started.elapsed());
}
