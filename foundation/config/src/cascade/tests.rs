//! The rules by which levels merge, and what a wrong item costs.
#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use super::*;
use crate::types::{Condition, Kind};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn load(&self, levels: &[(Level, &str)]) -> Loaded {
        let files: Vec<_> = levels
            .iter()
            .map(|(level, text)| {
                let path = self.0.path().join(format!("{level:?}.yaml"));
                std::fs::write(&path, text).unwrap();
                ConfigFile::at(*level, path)
            })
            .collect();
        load(&files)
    }
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.configuration.requirements.0.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn levels_merge_and_inherit_false_replaces() {
    let global = "requirements:\n  g: {enabled: true, description: kept, trigger_tools: [Edit, Write]}\n";
    let project = "requirements:\n  g: {trigger_tools: [Write]}\n  p: {enabled: yes}\n";
    let local = "requirements:\n  p: {enabled: off}\n";
    let all = [(Level::Global, global), (Level::Project, project), (Level::Local, local)];
    let loaded = Files::new().load(&all);
    assert_eq!(names(&loaded), ["g", "p"]);
    let g = &loaded.configuration.requirements.0[0].1;
    assert_eq!((g.triggers().len(), g.description.as_deref()), (1, Some("kept")));
    assert!(
        g.enabled && !loaded.configuration.requirements.0[1].1.enabled,
        "off without `enabled`, local wins"
    );
    assert_eq!((loaded.places[0].line, loaded.findings.len()), (2, 0));
    let alone = format!("inherit: false\n{project}");
    let loaded = Files::new().load(&[(Level::Global, global), (Level::Project, &alone)]);
    let g = &loaded.configuration.requirements.0[0].1;
    assert!(g.description.is_none() && !g.enabled);
}

#[test]
fn a_bad_item_costs_only_itself() {
    for bad in [
        "bad: true",
        "bad: {enabled: true, scope: weekly}",
        "bad: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '('}]}",
        "bad: {enabled: true, trigger_tools: [{tool: Bash, comand_pattern: 'x'}]}",
        "bad: {enabled: true, type: limit, thresholds: 5}",
        "bad: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {warn: 1}}",
        "bad: {enabled: maybe}",
        "bad: {enabled: true, satisfied_by_skill: ' '}",
        "bad: [1]",
        "bad: {enabled: true, type: webhook}",
        "'bad name; rm': {enabled: true}",
    ] {
        let text = format!("enabled: true\nrequirements:\n  {bad}\n  good: {{enabled: true}}\n");
        let loaded = Files::new().load(&[(Level::Project, &text)]);
        assert_eq!(names(&loaded), ["good"], "{bad}");
        let finding = &loaded.findings[0];
        assert_eq!(finding.place.as_ref().unwrap().line, 3, "{bad}: {finding}");
        assert!(finding.to_string().contains("bad"), "{finding}");
        assert_eq!(finding.severity, Severity::Error);
    }
}

#[test]
fn a_bad_key_of_a_section_costs_only_itself() {
    let text = "hooks:\n  stop: {verify_scopes: [session, bogus], verify_requirements: off}\n  sesion_end: {}\nlogging: {level: loud}\n";
    let loaded = Files::new().load(&[(Level::Project, text)]);
    let stop = &loaded.configuration.hooks.stop;
    assert_eq!((stop.verify_requirements, stop.verify_scopes.len()), (false, 1));
    let told: Vec<_> = loaded.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(told, ["hooks.stop.verify_scopes", "logging.level", "hooks.sesion_end"]);
    assert_eq!(loaded.findings[2].help.as_deref(), Some("did you mean `session_end`?"));
}

#[test]
fn a_wrong_rule_of_a_guard_costs_only_itself() {
    for bad in [
        "{id: b, pattern: '('}",
        "{id: b, pattern: x, severity: huge}",
        "{id: b, pattern: x, files: {a: b}}",
        "{id: b, pattern: x, unless_within: {pattern: y, before: many}}",
        "{id: a, pattern: y}",
        "{pattern: y}",
        "5",
    ] {
        let text = format!(
            "enabled: false\nguards:\n  push: {{}}\n  patterns:\n    rules:\n    - {{id: a, pattern: x}}\n    - {bad}\n    - {{id: c, pattern: x}}\n"
        );
        let loaded = Files::new().load(&[(Level::Project, &text)]);
        let rules = loaded.configuration.guards.patterns.unwrap().rules;
        let ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["a", "c"], "{bad}: {:?}", loaded.findings);
        assert!(!loaded.configuration.enabled && loaded.configuration.guards.push.is_some(), "{bad}");
        let [finding] = &loaded.findings[..] else { panic!("{bad}: {:?}", loaded.findings) };
        assert_eq!((finding.severity, finding.place.as_ref().unwrap().line), (Severity::Error, 7), "{bad}");
        assert!(finding.subject.starts_with("guards.patterns.rules"), "{finding}");
    }
    // Nothing of the rest is lost in a list of another section either.
    let phases = "enabled: false\nworkflow: {ship_phase: b, phases: [{name: [1]}, {name: b}]}\n";
    assert!(!Files::new().load(&[(Level::Project, phases)]).configuration.enabled);
}

#[test]
fn a_value_that_means_nothing_costs_only_itself() {
    for (section, subjects) in [
        ("checkpoints: {dir: ../out, emergency: false}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: a/../../b}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: .}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: ''}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: .git/x}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: sub/.GIT/x}", vec!["checkpoints.dir"]),
        ("checkpoints: {dir: ~/x}", vec!["checkpoints.dir"]),
        ("checkpoints: {commit_paths: [docs, /etc]}", vec!["checkpoints.commit_paths"]),
        ("checkpoints: {commit_paths: ..}", vec!["checkpoints.commit_paths"]),
        ("commits: {rotate_above: 100, rotate_to: 101}", vec!["commits.rotate_to"]),
        ("commits: {rotate_to: 49}", vec!["commits.rotate_to"]),
        ("commits: {rotate_above: 49}", vec!["commits.rotate_above"]),
        (
            "context: {warn_percent: 200, force_percent: 10}",
            vec!["context.warn_percent", "context.force_percent"],
        ),
        ("context: {critical_percent: 0}", vec!["context.critical_percent"]),
        ("context: {warn_percent: 91}", vec!["context.warn_percent"]),
        ("context: {window: 0}", vec!["context.window"]),
        ("context: {windows: {a: 999}}", vec!["context.windows.a"]),
        ("context: {inactivity_minutes: 0}", vec!["context.inactivity_minutes"]),
        ("context: {counter_file: ../x}", vec!["context.counter_file"]),
        ("handoff: {max_age_minutes: 0}", vec!["handoff.max_age_minutes"]),
    ] {
        let loaded = Files::new().load(&[(Level::Project, &format!("enabled: false\n{section}\n"))]);
        let told: Vec<_> = loaded.findings.iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(told, subjects, "{section}");
        for finding in &loaded.findings {
            let place = finding.place.as_ref().unwrap();
            assert_eq!((finding.severity, place.line), (Severity::Error, 2), "{section}");
            assert!(place.column > 5, "the key's place: {finding}");
        }
        let (read, default) = (loaded.configuration, Configuration::default());
        assert!(!read.enabled, "the rest counts: {section}");
        assert_eq!(read.checkpoints.dir, default.checkpoints.dir, "{section}");
        assert_eq!(read.checkpoints.commit_paths, default.checkpoints.commit_paths, "{section}");
        assert_eq!(read.commits.rotate_to, default.commits.rotate_to, "{section}");
        assert_eq!(read.context.warn_percent, default.context.warn_percent, "{section}");
        assert_eq!(read.context.force_percent, default.context.force_percent, "{section}");
        assert_eq!(read.context.critical_percent, default.context.critical_percent, "{section}");
        assert_eq!(read.context.window, default.context.window, "{section}");
        assert!(read.context.windows.is_empty(), "{section}");
        assert_eq!(read.context.counter_file, default.context.counter_file, "{section}");
    }
    for right in [
        "checkpoints: {dir: .claude/../.github/x, commit_paths: [], emergency: false}",
        "commits: {rotate_above: 50, rotate_to: 50}",
        // Shorter than what is left by default: nobody wrote that.
        "commits: {rotate_above: 100}",
        "context: {warn_percent: 1, force_percent: 1, critical_percent: 100, window: 1000, counter_file: ''}",
    ] {
        assert_eq!(Files::new().load(&[(Level::Project, right)]).findings, [], "{right}");
    }
}

#[test]
fn a_file_that_is_no_yaml_costs_itself_and_says_where() {
    let loaded = Files::new().load(&[
        (Level::Global, "requirements:\n  g: {enabled: true}\n"),
        (Level::Project, "requirements:\n  p: {enabled: true\n"),
    ]);
    assert_eq!((names(&loaded), loaded.unreadable.as_slice()), (vec!["g"], [Level::Project].as_slice()));
    let place = loaded.findings[0].place.as_ref().unwrap();
    assert!(place.line >= 2 && place.file.ends_with("Project.yaml"));
}

#[test]
fn a_change_can_be_tried() {
    let files = Files::new();
    let path = files.0.path().join("requirements.yaml");
    let file = ConfigFile::absent(Level::Project, path.clone());
    assert_eq!(names(&load(std::slice::from_ref(&file))), [""; 0]);
    let tried = load_as_if(&[file], &path, "requirements:\n  a: {enabled: true}\n  b: {enabled: 5}\n");
    assert_eq!((names(&tried), tried.findings.len()), (vec!["a"], 1));
    assert!(!path.exists());
}

#[test]
fn what_is_not_enforced_is_said() {
    let text = "requirements:\n  g: {enabled: true, type: condition, condition: full_moon}\nobsidian: {}\n";
    let loaded = Files::new().load(&[(Level::Project, text)]);
    assert_eq!(names(&loaded), ["g"]);
    let told: Vec<_> = loaded.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(told, [Severity::Note, Severity::Warning]);
}

#[test]
fn the_older_words_of_requirements_are_read_for_ever() {
    let older = "requirements:\n  c: {enabled: true, type: guard, guard_type: paths, paths: '*.lock'}\n  \
                 l: {enabled: true, type: dynamic, calculator: branch_size_calculator, thresholds: {block: 1}}\n";
    let today = older
        .replace("type: guard,", "type: condition,")
        .replace("guard_type", "condition")
        .replace("type: dynamic", "type: limit");
    let read = |text: &str| {
        let loaded = Files::new().load(&[(Level::Project, text)]);
        assert_eq!(loaded.findings, [], "{text}");
        serde_json::to_value(&loaded.configuration).unwrap()
    };
    assert_eq!(read(older), read(&today));
    assert_eq!(read(older)["requirements"]["c"]["condition"], "paths");
    // The nearer file wins, whichever word it uses.
    let over = "requirements:\n  c: {condition: single_session}\n  l: {type: blocking}\n";
    let loaded = Files::new().load(&[(Level::Global, older), (Level::Project, over)]);
    let [(_, c), (_, l)] = &loaded.configuration.requirements.0[..] else { panic!() };
    assert_eq!((c.condition(), l.kind), (Some(Condition::SingleSession), Kind::Blocking));
    let over = "requirements:\n  c: {guard_type: single_session}\n";
    let loaded = Files::new().load(&[(Level::Global, &today), (Level::Project, over)]);
    assert_eq!(loaded.configuration.requirements.0[0].1.condition(), Some(Condition::SingleSession));
    let both = "requirements:\n  c: {type: guard, guard_type: paths, condition: single_session}\n";
    let loaded = Files::new().load(&[(Level::Project, both)]);
    assert_eq!(loaded.configuration.requirements.0[0].1.condition(), Some(Condition::SingleSession));
    assert_eq!((loaded.findings[0].severity, loaded.findings.len()), (Severity::Warning, 1));
}

#[test]
fn only_the_global_file_names_commands() {
    let rule =
        "requirements:\n  d: {enabled: true, type: limit, command: 'echo 1', thresholds: {block: 2}}\n";
    assert_eq!(Files::new().load(&[(Level::Global, rule)]).findings, []);
    let loaded = Files::new().load(&[(Level::Project, rule)]);
    assert!(names(&loaded).is_empty() && loaded.findings[0].message.contains("global"));
    let limit = "requirements:\n  d: {thresholds: {block: 9}}\n";
    let loaded = Files::new().load(&[(Level::Global, rule), (Level::Project, limit)]);
    assert_eq!((names(&loaded), loaded.findings.len()), (vec!["d"], 0));
}

#[test]
fn a_workflow_that_makes_no_sense_is_dropped_whole() {
    for bad in [
        "{phases: []}",
        "{phases: [{name: a}, {name: a}]}",
        "{phases: [{name: ''}]}",
        "{default_phase: z, phases: [{name: a}]}",
        "{ship_phase: '', phases: [{name: a}]}",
    ] {
        let loaded = Files::new().load(&[(Level::Project, &format!("workflow: {bad}\n"))]);
        assert!(loaded.configuration.workflow.is_none(), "{bad}");
        assert_eq!(loaded.findings[0].subject, "workflow", "{bad}");
    }
    let good = "workflow: {default_phase: a, phases: [{name: a, gate: r}]}\nrequirements: {r: {}}\n";
    let loaded = Files::new().load(&[(Level::Project, good)]);
    assert!(loaded.configuration.workflow.is_some() && loaded.findings.is_empty());
}
