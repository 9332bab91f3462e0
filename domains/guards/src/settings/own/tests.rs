//! What a change to the configuration loosens.

use serde_json::json;

use super::*;
use crate::Certainty;
use crate::testing::{Bench, edit, worst, write};

const LOCAL: &str = ".claude/requirements.local.yaml";
const CONFIGURATION: &str = "\
protect_cli: true
strict_preflight: true
on_error: deny
requirements:
  plan:
    enabled: true
    message: Plan first.
  review:
    enabled: true
    mode: warn
    on_error: deny
    trigger_tools:
      - tool: Bash
        command_pattern: git\\s+push
      - Write
  branch:
    enabled: true
    type: condition
    condition: protected_branch
    protected_branches: [main, release]
  off:
    enabled: false
guards:
  settings: {}
  push:
    branches: [release/*]
    on_error: deny
  sql: {allow_select: false}
  destructive:
    rules:
      - {pattern: terraform destroy, message: Never.}
      - {pattern: kubectl delete, message: Never.}
  large_read: {refuse_above_kib: 100}
  secrets:
    exemptions:
      - {files: fixtures/**, reason: made up for tests}
  powershell: {mode: warn}
  loops: {enabled: false}
";

fn bench() -> Bench {
    let bench = Bench::new("  settings: {}");
    bench.write(".claude/requirements.yaml", CONFIGURATION);
    bench
}

fn found(bench: &Bench, path: &Path, text: &str) -> Vec<Objection> {
    bench.raised(write(path, text)).into_iter().map(|raised| raised.objection).collect()
}

/// The findings if `old` becomes `new` in the project's file.
fn with(old: &str, new: &str) -> Vec<Objection> {
    assert!(CONFIGURATION.contains(old), "{old}");
    let bench = bench();
    let path = bench.root().join(".claude/requirements.yaml");
    bench.raised(edit(&path, old, new)).into_iter().map(|raised| raised.objection).collect()
}

#[test]
fn what_weakens_is_told() {
    for (old, new, told) in [
        ("protect_cli: true", "enabled: false", "`enabled` would be switched off"),
        ("protect_cli: true", "", "`protect_cli` would be switched off"),
        ("strict_preflight: true", "strict_preflight: no", "`strict_preflight`"),
        ("on_error: deny\nreq", "req", "`on_error: deny`"),
        ("  plan:\n    enabled: true", "  plan:\n    enabled: false", "the requirement `plan` would be off"),
        ("  plan:\n", "  plans:\n", "the requirement `plan` would be gone"),
        ("    message: Plan first.", "    scope: nowhere", "the requirement `plan` would be gone"),
        ("    message: Plan first.", "    mode: observe", "from `enforce` to `observe`"),
        ("    message: Plan first.", "    stop_only: true", "`stop_only`"),
        ("    message: Plan first.", "    trigger_tools: []", "nothing would trigger the requirement `plan`"),
        ("    mode: warn", "    mode: observe", "from `warn` to `observe`"),
        ("    mode: warn\n    on_error: deny", "    mode: warn\n    on_error: allow", "when it fails itself"),
        ("[main, release]", "[main]", "no longer protect `release`"),
        ("  settings: {}\n", "", "the guard `settings` would be gone"),
        ("settings: {}", "settings: {enabled: false}", "the guard `settings` would be off"),
        ("settings: {}", "settings: {mode: warn}", "the guard `settings` would go from `enforce` to `warn`"),
        ("powershell: {mode: warn}", "powershell: {mode: observe}", "from `warn` to `observe`"),
        ("branches: [release/*]", "branches: []", "would lose entries of `branches`"),
        (
            "    on_error: deny\n  sql",
            "    on_error: allow\n  sql",
            "the guard `push` would let tools through",
        ),
        ("{allow_select: false}", "{}", "`allow_select` of the guard `sql` would become true"),
        ("      - {pattern: terraform destroy, message: Never.}\n", "", "would lose entries of `rules`"),
        (
            "refuse_above_kib: 100",
            "refuse_above_kib: 99999",
            "`refuse_above_kib` of the guard `large_read` would rise",
        ),
        ("fixtures/**", "'**'", "would overlook more"),
        ("  secrets:", "  secrets:\n    entropy: false", "`entropy` of the guard `secrets`"),
        (
            "requirements:\n",
            "hooks: {stop: {verify_requirements: off}}\nrequirements:\n",
            "`hooks.stop.verify_requirements`",
        ),
        ("requirements:\n", "requirements: [\n", "would not be valid YAML"),
    ] {
        let found = with(old, new);
        let is_told = |one: &Objection| one.what.contains(told) && one.certainty == Certainty::Sure;
        assert!(found.iter().any(is_told), "{old} -> {new}: {found:?}");
    }
}

#[test]
fn what_adds_or_tightens_passes() {
    for (old, new) in [
        ("protect_cli: true", "protect_cli: yes"),
        ("protect_cli: true", "# The agent keeps its gates.\nprotect_cli: true"),
        ("protect_cli: true", "protect_cli: true\nlogging: {level: debug}"),
        ("    message: Plan first.", "    message: Plan it, please."),
        ("    message: Plan first.", "    checklist: [a, b]"),
        ("    message: Plan first.", "    trigger_tools: [Edit, Write, MultiEdit, NotebookEdit]"),
        ("    mode: warn", "    mode: enforce"),
        ("      - tool: Bash\n        command_pattern: git\\s+push\n", "      - Bash\n"),
        ("[main, release]", "[release, main, stable]"),
        ("  off:\n    enabled: false\n", ""),
        ("  off:\n    enabled: false", "  off:\n    enabled: true"),
        ("  settings: {}", "  settings: {mode: enforce, message: No.}"),
        ("  settings: {}", "  settings:\n    enabled: true"),
        ("powershell: {mode: warn}", "powershell: {}"),
        ("branches: [release/*]", "branches: [release/*, stable]"),
        ("{allow_select: false}", "{allow_select: false, programs: [mydb]}"),
        ("message: Never.}\n      - {pattern: k", "message: Ask first.}\n      - {pattern: k"),
        (
            "      - {pattern: kubectl delete, message: Never.}",
            "      - {pattern: kubectl delete, message: Never.}\n      - {pattern: helm uninstall, message: No.}",
        ),
        ("refuse_above_kib: 100", "refuse_above_kib: 50"),
        ("      - {files: fixtures/**, reason: made up for tests}", "      []"),
        ("  loops: {enabled: false}\n", ""),
        ("  loops: {enabled: false}\n", "  loops: {}\n  errors: {}\n"),
    ] {
        assert_eq!(with(old, new), [], "{old} -> {new}");
    }
}

#[test]
fn what_cannot_be_judged_is_asked_or_told() {
    for (old, new, certainty) in [
        ("terraform destroy", "terraform (destroy|apply)", Certainty::Doubtful),
        ("terraform destroy", "never matches", Certainty::Doubtful),
        ("git\\s+push", "git\\s+pushx", Certainty::Advice),
        ("    message: Plan first.", "    trigger_tools: [Edit]", Certainty::Advice),
    ] {
        let found = with(old, new);
        assert_eq!(found.len(), 1, "{old} -> {new}: {found:?}");
        assert_eq!(found[0].certainty, certainty, "{old} -> {new}");
    }
}

/// For each key of each guard: a stricter value, a weaker one, and the finding over the change to the weaker one.
const DIRECTIONS: &[(GuardName, &str, &str, &str, Option<Certainty>)] = &[
    (GuardName::Sql, "allow_select", "false", "true", Some(Certainty::Sure)),
    (GuardName::Sql, "programs", "[a, b]", "[b]", Some(Certainty::Sure)),
    (GuardName::Paths, "rules", "[{files: a, command: c}]", "[]", Some(Certainty::Sure)),
    (GuardName::References, "plans", "[a, b]", "[b]", Some(Certainty::Sure)),
    (GuardName::References, "work", "[a, b]", "[b]", Some(Certainty::Sure)),
    (GuardName::References, "documents", "[a, b]", "[b]", Some(Certainty::Sure)),
    (GuardName::Push, "branches", "[a, b]", "[b]", Some(Certainty::Sure)),
    (GuardName::Destructive, "uncommitted", "true", "false", Some(Certainty::Sure)),
    (GuardName::Destructive, "rules", "[{pattern: a, message: m}]", "[]", Some(Certainty::Sure)),
    (GuardName::LargeRead, "warn_above_kib", "100", "200", Some(Certainty::Sure)),
    (GuardName::LargeRead, "refuse_above_kib", "100", "200", Some(Certainty::Sure)),
    (GuardName::LargeRead, "most_lines", "100", "200", Some(Certainty::Sure)),
    (GuardName::Secrets, "entropy", "true", "false", Some(Certainty::Sure)),
    (GuardName::Secrets, "rules", "[{id: a, pattern: b}]", "[]", Some(Certainty::Sure)),
    (
        GuardName::Secrets,
        "exemptions",
        "[]",
        "[{files: a, reason: made up for tests}]",
        Some(Certainty::Sure),
    ),
    (
        GuardName::ProtectedContent,
        "rules",
        "[{files: a, content: b, message: m}]",
        "[]",
        Some(Certainty::Sure),
    ),
    (GuardName::Loops, "times", "3", "30", Some(Certainty::Sure)),
    (GuardName::Loops, "minutes", "20", "1", Some(Certainty::Sure)),
    (GuardName::Tests, "runners", "[a]", "[b]", Some(Certainty::Doubtful)),
    (GuardName::Errors, "most", "500", "1", Some(Certainty::Sure)),
    (GuardName::Errors, "repeated", "3", "30", Some(Certainty::Sure)),
    (GuardName::Patterns, "rules", "[{id: a, pattern: b, message: m}]", "[]", Some(Certainty::Sure)),
    (GuardName::Patterns, "grace_hours", "4", "400", Some(Certainty::Sure)),
    (GuardName::Patterns, "expire_days", "30", "1", Some(Certainty::Sure)),
    (GuardName::Patterns, "most", "200", "1", Some(Certainty::Sure)),
    (
        GuardName::Patterns,
        "exemptions",
        "[]",
        "[{files: a, reason: made up for tests}]",
        Some(Certainty::Sure),
    ),
];

/// The certainty of guard `settings` over the change of one key of a guard.
fn certainty_of(guard: GuardName, key: &str, was: &str, is: &str) -> Option<Certainty> {
    let with = |value: &str| -> Configuration {
        let path = Path::new("/project/.claude/requirements.yaml");
        let files = [ConfigFile::at(Level::Project, path.to_owned())];
        let text = format!("guards: {{{}: {{{key}: {value}}}}}\n", guard.name());
        let loaded = cascade::load_as_if(&files, path, &text);
        assert_eq!(loaded.findings, [], "{text}");
        loaded.configuration
    };
    let mut found = Weakenings::default();
    super::guards(&with(was), &with(is), &mut found);
    assert!(found.0.len() <= 1, "{found:?}");
    found.0.first().map(|objection| objection.certainty)
}

#[test]
fn each_key_weakens_in_one_direction() {
    for guard in GuardName::ALL {
        for (key, direction) in guard.keys() {
            let rows = DIRECTIONS.iter().filter(|(name, known, ..)| name == guard && known == key);
            assert_eq!(rows.clone().count(), 1, "{guard}.{key}");
            for (_, _, strict, weak, expected) in rows {
                assert_eq!(certainty_of(*guard, key, strict, weak), *expected, "{guard}.{key}");
                let back = (*direction == Stricter::Undecided).then_some(Certainty::Doubtful);
                assert_eq!(certainty_of(*guard, key, weak, strict), back, "{guard}.{key} back");
            }
        }
        for (key, strict, weak, expected) in [
            ("enabled", "true", "false", Some(Certainty::Sure)),
            ("mode", "enforce", "warn", Some(Certainty::Sure)),
            ("mode", "warn", "observe", Some(Certainty::Sure)),
            ("on_error", "deny", "allow", Some(Certainty::Sure)),
            ("message", "a", "b", None),
        ] {
            assert_eq!(certainty_of(*guard, key, strict, weak), expected, "{guard}.{key}");
            assert_eq!(certainty_of(*guard, key, weak, strict), None, "{guard}.{key} back");
        }
    }
}

#[test]
fn the_words_of_a_rule_are_free_and_the_rest_is_asked_about() {
    let rule = |changed: &str| {
        let pairs = [
            ("id", "a"),
            ("severity", "high"),
            ("pattern", "b"),
            ("message", "m"),
            ("files", "f"),
            ("fix", "x"),
            ("exclude", "e"),
        ];
        let pairs =
            pairs.map(|(key, value)| format!("{key}: {value}{}", if key == changed { changed } else { "" }));
        format!("[{{{}}}]", pairs.join(", ")).replace("highseverity", "low")
    };
    for (key, expected) in [
        ("message", None),
        ("fix", None),
        ("id", Some(Certainty::Doubtful)),
        ("severity", Some(Certainty::Doubtful)),
        ("pattern", Some(Certainty::Doubtful)),
        ("files", Some(Certainty::Doubtful)),
        ("exclude", Some(Certainty::Doubtful)),
    ] {
        assert_eq!(certainty_of(GuardName::Patterns, "rules", &rule(""), &rule(key)), expected, "{key}");
    }
}

#[test]
fn an_error_of_a_guard_counts_as_the_top_level_says() {
    for (old, new) in [
        ("  push:\n    branches: [release/*]\n    on_error: deny", "  push:\n    branches: [release/*]"),
        ("  sql: {allow_select: false}", "  sql: {allow_select: false, on_error: deny}"),
    ] {
        assert_eq!(with(old, new), [], "{old} -> {new}");
    }
    let found = with("  sql: {allow_select: false}", "  sql: {allow_select: false, on_error: allow}");
    assert_eq!(found[0].what, "the guard `sql` would let tools through when it fails itself");
}

#[test]
fn the_cascade_counts_and_not_the_file() {
    let bench = bench();
    let (local, project) = (bench.root().join(LOCAL), bench.root().join(".claude/requirements.yaml"));
    let global = bench.home().join(".claude/requirements.yaml");
    assert!(!found(&bench, &local, "enabled: false\n").is_empty());
    assert!(!found(&bench, &local, "requirements: {plan: {enabled: false}}\n").is_empty());
    assert!(!found(&bench, &local, "requirements: [\n").is_empty(), "it would not count");
    assert_eq!(found(&bench, &local, "requirements: {mine: {enabled: true}}\n"), []);
    assert_eq!(found(&bench, &global, "guards: {push: {enabled: false}, sql: {}}\n").len(), 1);
    assert_eq!(found(&bench, &global, "guards: {sql: {}}\n"), []);
    bench.write("../.claude/requirements.yaml", "guards: {errors: {}}\n");
    assert_eq!(found(&bench, &global, "{}\n")[0].what, "the guard `errors` would be gone");
    let cut = format!("inherit: false\n{CONFIGURATION}");
    assert_eq!(found(&bench, &project, &cut)[0].what, "the guard `errors` would be gone");
    assert_eq!(found(&bench, &project, CONFIGURATION), []);
    // A setting that the local file has may be removed from the project's file.
    bench.write(LOCAL, "protect_cli: true\n");
    assert_eq!(found(&bench, &project, &CONFIGURATION.replace("protect_cli: true\n", "")), []);
}

#[test]
fn a_configuration_that_is_off_or_broken_has_nothing_to_lose() {
    let bench = bench();
    let path = bench.root().join(LOCAL);
    bench.write(LOCAL, "requirements: {plan: {enabled: false}}\n");
    assert_eq!(found(&bench, &path, "requirements: {plan: {enabled: false, mode: warn}}\n"), []);
    assert_eq!(found(&bench, &path, "{}\n"), [], "it is on again");
}

#[test]
fn a_notebook_is_no_configuration() {
    let bench = bench();
    let path = bench.root().join(".claude/requirements.yaml");
    let payload =
        json!({"tool_name": "NotebookEdit", "tool_input": {"notebook_path": path, "new_source": ""}});
    assert_eq!(worst(&bench.raised(payload)), "pass");
}
