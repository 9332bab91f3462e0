//! Our configuration: what an edit of it would take away.
//!
//! The whole cascade is read as it is and as it would be, so that it does not matter in which file something stands, or
//! how it is written.

use std::collections::BTreeSet;
use std::path::Path;

use config::cascade::{self, Loaded};
use config::sources::{ConfigFile, Level};
use config::types::guards::COMMON_KEYS;
use config::types::{Configuration, GuardName, OnError, Requirement, Stricter, Trigger};
use platform::text::fact;
use serde_json::{Map, Value};

use super::strictness::{Loss, Strictness, effect, mode_rank};
use crate::objection::Objection;

/// What is weaker in the configuration when `text` stands in the file at `path`.
pub(super) fn weakened(files: &[ConfigFile], path: &Path, level: Level, text: &str) -> Vec<Objection> {
    let before = cascade::load(files);
    // A linked work tree borrows a file of the main one until it has its own.
    let here = |file: &ConfigFile| match file.level == level {
        true => ConfigFile { path: path.to_owned(), ..file.clone() },
        false => file.clone(),
    };
    let files: Vec<ConfigFile> = files.iter().map(here).collect();
    let after = cascade::load_as_if(&files, path, text);
    let mut found = Weakenings::default();
    if after.unreadable.contains(&level) && !before.unreadable.contains(&level) {
        let why = after.findings.iter().find(|finding| finding.subject == "yaml");
        let why = why.map_or_else(String::new, |finding| format!(": {}", fact(&finding.message)));
        return vec![Objection::sure(
            format!("the configuration would not be valid YAML, and the file would be ignored{why}"),
            "leave valid YAML in the file",
        )];
    }
    compare(&before, &after, &mut found);
    found.0
}

#[derive(Debug, Default)]
struct Weakenings(Vec<Objection>);

impl Weakenings {
    fn sure(&mut self, what: impl Into<String>) {
        self.0.push(Objection::sure(what, "ask the user, who changes this by hand"));
    }
}

fn compare(before: &Loaded, after: &Loaded, found: &mut Weakenings) {
    let (was, is) = (&before.configuration, &after.configuration);
    // What is off as a whole protects nothing.
    if !was.enabled {
        return;
    }
    let switches = [
        ("enabled", was.enabled, is.enabled),
        ("protect_cli", was.protect_cli, is.protect_cli),
        ("strict_preflight", was.strict_preflight, is.strict_preflight),
        ("on_error: deny", was.on_error == OnError::Deny, is.on_error == OnError::Deny),
        ("hooks.stop.verify_requirements", verifies(was), verifies(is)),
        ("hooks.permission_request.auto_deny_dangerous", denies_dangerous(was), denies_dangerous(is)),
    ];
    for (name, was, is) in switches {
        if was && !is {
            found.sure(format!("`{name}` would be switched off"));
        }
    }
    requirements(was, is, found);
    guards(was, is, found);
}

fn verifies(configuration: &Configuration) -> bool {
    configuration.hooks.stop.verify_requirements
}

fn denies_dangerous(configuration: &Configuration) -> bool {
    configuration.hooks.permission_request.auto_deny_dangerous
}

fn requirements(was: &Configuration, is: &Configuration, found: &mut Weakenings) {
    for (name, old) in was.requirements.0.iter().filter(|(_, requirement)| requirement.enabled) {
        let new =
            is.requirements.0.iter().find(|(other, _)| other == name).map(|(_, requirement)| requirement);
        match new {
            None => found.sure(format!("the requirement {} would be gone", fact(name))),
            Some(new) if !new.enabled => found.sure(format!("the requirement {} would be off", fact(name))),
            Some(new) => requirement(&fact(name), old, new, is.on_error, found),
        }
    }
}

fn requirement(name: &str, old: &Requirement, new: &Requirement, on_error: OnError, found: &mut Weakenings) {
    if mode_rank(new.mode.name()) < mode_rank(old.mode.name()) {
        found.sure(lowered(&format!("the requirement {name}"), old.mode.name(), new.mode.name()));
    }
    if new.stop_only && !old.stop_only {
        found.sure(format!("the requirement {name} would refuse no tool any more (`stop_only`)"));
    }
    if old.on_error == Some(OnError::Deny) && new.on_error.unwrap_or(on_error) != OnError::Deny {
        found.sure(format!("the requirement {name} would let tools through when it fails itself"));
    }
    let lost = |old: &[String], new: &[String]| old.iter().find(|one| !new.contains(one)).cloned();
    let names = |names: &Option<Vec<String>>| {
        names.clone().unwrap_or_else(|| git::TRUNKS.map(str::to_owned).to_vec())
    };
    if let Some(branch) = lost(&names(&old.protected_branches), &names(&new.protected_branches)) {
        found.sure(format!("the requirement {name} would no longer protect {}", fact(&branch)));
    }
    if let (Some(old), new) = (&old.paths, new.paths.clone().unwrap_or_default())
        && let Some(path) = lost(&old.0, &new.0)
    {
        found.sure(format!("the requirement {name} would no longer keep {}", fact(&path)));
    }
    let (was, is) = (old.triggers(), new.triggers());
    if !was.is_empty() && is.is_empty() {
        found.sure(format!("nothing would trigger the requirement {name} any more"));
    } else if was.iter().any(|trigger| !is.iter().any(|other| holds(other, trigger)))
        || old.counts_bash_writes() && !new.counts_bash_writes()
    {
        let what = format!("this changes what triggers the requirement {name}");
        found.0.push(Objection::advice(what, "tell the user"));
    }
}

/// Whether one trigger meets whatever the other does.
fn holds(trigger: &Trigger, other: &Trigger) -> bool {
    trigger == other || *trigger == Trigger::tool(&other.tool)
}

/// Guards are compared as data: each key declares the direction in which it is stricter.
fn guards(was: &Configuration, is: &Configuration, found: &mut Weakenings) {
    let data =
        |configuration: &Configuration| serde_json::to_value(&configuration.guards).unwrap_or_default();
    let closes = |configuration: &Configuration| configuration.on_error == OnError::Deny;
    let (old, new) = (data(was), data(is));
    for (name, old) in old.as_object().into_iter().flatten() {
        let Some(old) = old.as_object().filter(|old| is_on(old)) else { continue };
        match new.get(name).and_then(Value::as_object) {
            None => found.sure(format!("the guard `{name}` would be gone")),
            Some(new) if !is_on(new) => found.sure(format!("the guard `{name}` would be off")),
            Some(new) => guard(name, (old, closes(was)), (new, closes(is)), found),
        }
    }
}

fn is_on(guard: &Map<String, Value>) -> bool {
    guard.get("enabled") != Some(&Value::Bool(false))
}

/// Compares the keys of a guard, each with whether a guard without `on_error` closes on an error.
fn guard(
    name: &str,
    was: (&Map<String, Value>, bool),
    is: (&Map<String, Value>, bool),
    found: &mut Weakenings,
) {
    let own = GuardName::ALL.iter().find(|guard| guard.name() == name).map_or(&[][..], |guard| guard.keys());
    let keys: BTreeSet<&String> = was.0.keys().chain(is.0.keys()).collect();
    for key in keys {
        let direction = own.iter().chain(COMMON_KEYS).find(|(known, _)| known == key);
        let direction = direction.map_or(Stricter::Undecided, |(_, direction)| *direction);
        let value = |(guard, closes): (&Map<String, Value>, bool)| match guard.get(key) {
            Some(value) => value.clone(),
            // The change of the top level is reported by itself.
            None if direction == Stricter::OnError && (was.0.contains_key(key) || is.0.contains_key(key)) => {
                Value::from(if closes { "deny" } else { "allow" })
            }
            None => Value::Null,
        };
        let (was, is) = (value(was), value(is));
        match effect(direction, &was, &is) {
            Strictness::None => {}
            Strictness::Weaker(loss) => {
                found.sure(loses(&format!("the guard `{name}`"), key, loss, (&was, &is)));
            }
            Strictness::Unclear => {
                let what = format!(
                    "this changes `{key}` of the guard `{name}`, and whether it still finds as much cannot be decided"
                );
                found.0.push(Objection::doubtful(what, "add an entry instead, or ask the user"));
            }
        }
    }
}

fn loses(guard: &str, key: &str, loss: Loss, (was, is): (&Value, &Value)) -> String {
    match loss {
        Loss::Value => match (key, was, is) {
            ("mode", Value::String(was), Value::String(is)) => lowered(guard, was, is),
            ("on_error", ..) => format!("{guard} would let tools through when it fails itself"),
            _ => format!("`{key}` of {guard} would become {is}"),
        },
        Loss::Raised => format!("`{key}` of {guard} would rise from {was} to {is}"),
        Loss::Lowered => format!("`{key}` of {guard} would fall from {was} to {is}"),
        Loss::Entries => format!("{guard} would lose entries of `{key}`"),
        Loss::Exemptions => format!("{guard} would overlook more (`{key}`)"),
    }
}

fn lowered(whose: &str, was: &str, is: &str) -> String {
    format!("{whose} would go from `{was}` to `{is}`")
}

#[cfg(test)]
mod tests {
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

    /// What is found when `old` becomes `new` in the project's file.
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
            (
                "  plan:\n    enabled: true",
                "  plan:\n    enabled: false",
                "the requirement `plan` would be off",
            ),
            ("  plan:\n", "  plans:\n", "the requirement `plan` would be gone"),
            ("    message: Plan first.", "    scope: nowhere", "the requirement `plan` would be gone"),
            ("    message: Plan first.", "    mode: observe", "from `enforce` to `observe`"),
            ("    message: Plan first.", "    stop_only: true", "`stop_only`"),
            (
                "    message: Plan first.",
                "    trigger_tools: []",
                "nothing would trigger the requirement `plan`",
            ),
            ("    mode: warn", "    mode: observe", "from `warn` to `observe`"),
            (
                "    mode: warn\n    on_error: deny",
                "    mode: warn\n    on_error: allow",
                "when it fails itself",
            ),
            ("[main, release]", "[main]", "no longer protect `release`"),
            ("  settings: {}\n", "", "the guard `settings` would be gone"),
            ("settings: {}", "settings: {enabled: false}", "the guard `settings` would be off"),
            (
                "settings: {}",
                "settings: {mode: warn}",
                "the guard `settings` would go from `enforce` to `warn`",
            ),
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

    /// Each key of each guard: a stricter value, a weaker one, and what becomes of the change to the weaker one.
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

    /// What the change of one key of a guard is to the guard `settings`.
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
            let pairs = pairs
                .map(|(key, value)| format!("{key}: {value}{}", if key == changed { changed } else { "" }));
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
        // What the local file keeps may go from the project's.
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
}
