//! Reads and merges the levels of the configuration.
//!
//! The order is global, project, local. A project file with `inherit: false` replaces the global one. Otherwise its
//! keys are merged over the global ones. The local file is always merged over the result.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use platform::path::leads_out;
use platform::store;

use crate::finding::{Finding, Place, Severity};
use crate::sources::{ConfigFile, Level};

use crate::check;
use crate::older;
use crate::read;
use crate::types::{Configuration, GuardName};
use crate::yaml::{self, Mark, YamlNode, YamlProblem, YamlValue};

mod foreign;

/// Keys of later versions, or of tools that share the file. Each is ignored with a note; none is an error.
const LATER: [&str; 20] = [
    "console",
    "debug",
    "budgets",
    "scopes",
    "alerts",
    "memory",
    "lazy_dev",
    "session_learning",
    "diff_scope",
    "obsidian",
    "qdrant",
    "retrieval",
    "brainstorm_nudge",
    "brainstorm_on_enter",
    "pre_compact",
    "branches",
    "max_teammates",
    "fallback_to_subagents",
    "message_files",
    "on_config_error",
];

/// The consequence of a wrong item in a guard's list.
const LEFT_OUT: &str = "this item is ignored until you fix it; the others count";

/// The most wrong items that are dropped before the whole configuration is ignored.
const MOST_REPAIRS: usize = 256;

/// A file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its level.
    pub level: Level,
    /// Its path.
    pub path: PathBuf,
    /// Its text.
    text: String,
}

impl SourceFile {
    /// Whether a file of the project is a link to somewhere else.
    fn is_elsewhere(&self) -> bool {
        // `.claude/requirements.yaml`
        let root = self.path.parent().and_then(Path::parent);
        self.level != Level::Global && root.is_some_and(|root| leads_out(&self.path, root).is_some())
    }

    /// A place in the file, with the text of its line.
    fn place(&self, mark: Mark) -> Place {
        const LONGEST: usize = 80;
        let line = self.text.lines().nth(mark.line.saturating_sub(1)).unwrap_or_default().trim();
        let mut excerpt: String = line.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
        if line.chars().nth(LONGEST).is_some() {
            excerpt.push('…');
        }
        Place { file: self.path.clone(), line: mark.line.max(1), column: mark.column.max(1), excerpt }
    }
}

/// A cascade, merged and checked.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration, without the items that were wrong.
    pub configuration: Configuration,
    /// The position of each requirement of the configuration, in the same order.
    pub places: Vec<Place>,
    /// The errors, warnings and notes.
    pub findings: Vec<Finding>,
    /// The levels whose file is not valid YAML.
    pub unreadable: Vec<Level>,
    /// The position of each configured guard.
    pub guard_places: BTreeMap<GuardName, Place>,
    /// The position of `protect_cli`, if it is set: file and line.
    pub protect_cli_at: Option<(PathBuf, usize)>,
    /// The position of `strict_preflight`, if it is set: file and line.
    pub strict_at: Option<(PathBuf, usize)>,
}

/// Reads the files of a cascade and merges them.
pub fn load(files: &[ConfigFile]) -> Loaded {
    merge(files, Cascade::default())
}

/// [`load`] with `text` as the content of the file at `path`, which must be one of `files`. It shows the effect of a
/// change.
pub fn load_as_if(files: &[ConfigFile], path: &Path, text: &str) -> Loaded {
    merge(files, Cascade { instead: Some((path, text)), ..Cascade::default() })
}

fn merge(files: &[ConfigFile], mut reader: Cascade<'_>) -> Loaded {
    let is_there = |reader: &Cascade<'_>, file: &ConfigFile| {
        file.is_present() || reader.instead.is_some_and(|(path, _)| path == file.path)
    };
    let mut trees = Vec::new();
    for file in files {
        if is_there(&reader, file) {
            trees.push((file.level, reader.read(file)));
        }
    }
    let mut merged = YamlNode { value: YamlValue::Mapping(Vec::new()), mark: Mark::default() };
    for (level, tree) in trees {
        let Some(tree) = tree else { continue };
        let inherits = tree.get("inherit").and_then(YamlNode::as_bool) != Some(false);
        if level == Level::Project && !inherits {
            merged = tree;
        } else {
            merged.merge(tree);
        }
    }
    reader.finish(merged)
}

/// The number of days that the record of an ended session is kept.
pub fn retention_days(global: PathBuf) -> u32 {
    load(&[ConfigFile::at(Level::Global, global)]).configuration.sessions.retention_days.get().into()
}

/// One level only, for `req config show --sources`.
pub fn load_one(path: &Path, level: Level) -> Loaded {
    load(&[ConfigFile::at(level, path.to_owned())])
}

/// Expands short forms of guards. A guard without a value, or with `true`, is on with all defaults. One with `false`
/// is off.
fn name_guards(tree: &mut YamlNode) {
    let YamlValue::Mapping(entries) = &mut tree.value else { return };
    let guards = entries.iter_mut().find(|(key, _)| key.text() == Some("guards"));
    let Some((_, YamlNode { value: YamlValue::Mapping(guards), .. })) = guards else { return };
    for (_, guard) in guards {
        match guard.as_bool() {
            Some(true) => guard.value = YamlValue::Mapping(Vec::new()),
            Some(false) => {
                let mut key = guard.clone();
                key.value = YamlValue::Scalar { text: "enabled".to_owned(), plain: true };
                guard.value = YamlValue::Mapping(vec![(key, guard.clone())]);
            }
            None if guard.is_null() => guard.value = YamlValue::Mapping(Vec::new()),
            None => {}
        }
    }
}

#[derive(Default)]
struct Cascade<'i> {
    /// A file whose text is given instead of read from the disk.
    instead: Option<(&'i Path, &'i str)>,
    sources: Vec<SourceFile>,
    findings: Vec<Finding>,
    unreadable: Vec<Level>,
}

impl Cascade<'_> {
    fn read(&mut self, file: &ConfigFile) -> Option<YamlNode> {
        let index = self.sources.len();
        let bytes = match self.instead {
            Some((path, text)) if path == file.path => Ok(text.as_bytes().to_vec()),
            _ => read_regular(&file.path),
        };
        let (text, problem) = match bytes {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    let before = &error.as_bytes()[..good];
                    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
                    let mark = Mark { source: index, line, column };
                    let complaint =
                        YamlProblem { mark, message: "the file is not UTF-8 from here on".into() };
                    (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(complaint))
                }
            },
            Err(error) => {
                let mark = Mark { source: index, line: 1, column: 1 };
                (
                    String::new(),
                    Some(YamlProblem { mark, message: format!("the file cannot be read: {error}") }),
                )
            }
        };
        let parsed = match problem {
            Some(problem) => Err(problem),
            None => yaml::parse(&text, index),
        };
        self.sources.push(SourceFile { level: file.level, path: file.path.clone(), text });
        match parsed {
            Ok((mut tree, complaints)) => {
                for complaint in complaints.into_iter().chain(older::renew(&mut tree)) {
                    self.find(Severity::Warning, "yaml", complaint.message, complaint.mark, None);
                }
                Some(tree)
            }
            Err(complaint) => {
                let help = "this file is ignored until you fix it";
                self.find(Severity::Error, "yaml", complaint.message, complaint.mark, Some(help.into()));
                self.unreadable.push(file.level);
                None
            }
        }
    }

    fn place(&self, mark: Mark) -> Option<Place> {
        Some(self.sources.get(mark.source)?.place(mark))
    }

    fn find(&mut self, severity: Severity, subject: &str, message: String, mark: Mark, help: Option<String>) {
        let mut finding =
            Finding { severity, subject: subject.to_owned(), message, place: self.place(mark), help };
        // A link may lead to any file of the user's, and its text must not reach a model through what is wrong with it.
        if let (Some(place), Some(source)) = (&mut finding.place, self.sources.get(mark.source))
            && source.is_elsewhere()
        {
            place.excerpt.clear();
            (place.line, place.column) = (1, 1);
            finding.subject = "yaml".to_owned();
            finding.message = "this file is a link that leads out of the project, and something in it is not valid; it is not quoted".to_owned();
        }
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Converts the merged tree into a configuration. A wrong value removes the smallest item that can be omitted: a
    /// requirement, or one key of a section.
    fn finish(mut self, mut tree: YamlNode) -> Loaded {
        name_guards(&mut tree);
        let mut configuration = None;
        let unknown = RefCell::new(Vec::new());
        // Reading stops at the first wrong value, so each iteration removes that value and reads again.
        for _ in 0..MOST_REPAIRS {
            unknown.borrow_mut().clear();
            match read::read::<Configuration>(&tree, &unknown) {
                Ok(read) => {
                    let wrong = check::continuity::wrong_values(&read, |path| entry(&tree, path).is_some());
                    configuration = Some(read);
                    if wrong.is_empty() {
                        break;
                    }
                    for wrong in wrong {
                        let mark = entry(&tree, &wrong.path).map_or_else(Mark::default, |(key, _)| key.mark);
                        let help = "the default applies until you fix it";
                        let subject = wrong.path.join(".");
                        self.find(Severity::Error, &subject, wrong.message, mark, Some(help.into()));
                        tree.remove_path(&wrong.path);
                    }
                }
                Err(wrong) => {
                    let depth = if wrong.path.first().is_some_and(|key| key == "requirements") {
                        2
                    } else {
                        usize::MAX
                    };
                    let item: Vec<String> = wrong.path.iter().take(depth).cloned().collect();
                    let subject = item.join(".");
                    let within = wrong.path[item.len()..].join(".");
                    let message = if within.is_empty() {
                        wrong.message
                    } else {
                        format!("`{within}`: {}", wrong.message)
                    };
                    // A wrong rule is removed from its list. Any other wrong value is replaced by the default.
                    let is_of_list = wrong.path.first().is_some_and(|key| key == "guards")
                        && tree.remove_item(&item, wrong.mark);
                    let help = if depth == 2 && item.len() == 2 {
                        "this requirement is off until you fix it"
                    } else if is_of_list {
                        LEFT_OUT
                    } else {
                        "the default applies until you fix it"
                    };
                    self.find(Severity::Error, &subject, message, wrong.mark, Some(help.into()));
                    if !is_of_list && !tree.remove_path(&item) && !tree.remove_item(&item, wrong.mark) {
                        break;
                    }
                }
            }
        }
        for remark in unknown.into_inner() {
            self.remark(&remark);
        }
        let mut configuration = configuration.unwrap_or_default();
        if let Some(message) = configuration.workflow.as_ref().and_then(check::workflow) {
            let mark = tree.entry("workflow").map_or_else(Mark::default, |(key, _)| key.mark);
            let help = "there are no phases until you fix it";
            self.find(Severity::Error, "workflow", message, mark, Some(help.into()));
            configuration.workflow = None;
        }
        for wrong in check::guards::take_wrong(&mut configuration.guards) {
            let path = ["guards", wrong.guard.name(), wrong.list];
            let mark = item_mark(&tree, &path, wrong.at);
            self.find(Severity::Error, &path.join("."), wrong.message, mark, Some(LEFT_OUT.into()));
        }
        let mut places = Vec::new();
        let requirements = std::mem::take(&mut configuration.requirements.0);
        for (name, requirement) in requirements {
            let mark = requirement_mark(&tree, &name);
            let place = self.place(mark);
            let mut verdict = check::requirement(&name, &requirement, &configuration.hooks);
            if let Some(level) = self.level_of(&tree, &["requirements", &name, "command"])
                && level != Level::Global
            {
                verdict.push(check::foreign_command(&name));
            }
            let dropped = verdict.iter().any(|finding| finding.severity == Severity::Error);
            for finding in verdict {
                let place = place.clone();
                self.findings.push(Finding { place, ..finding });
            }
            if let (false, Some(place)) = (dropped, place) {
                configuration.requirements.0.push((name, requirement));
                places.push(place);
            }
        }
        self.missing_gates(&configuration, &tree);
        self.foreign_sessions(&mut configuration, &tree);
        self.foreign_log_file(&mut configuration, &tree);
        self.owners_of_evidence(&mut configuration, &tree);
        let at = |key: &str| {
            let place = tree.entry(key).and_then(|(key, _)| self.place(key.mark));
            place.map(|place| (place.file, place.line))
        };
        let guard_place = |name: GuardName| {
            let (key, _) = tree.get("guards")?.entry(name.name())?;
            Some((name, self.place(key.mark)?))
        };
        let guard_places = GuardName::ALL.iter().filter_map(|name| guard_place(*name)).collect();
        let (protect_cli_at, strict_at) = (at("protect_cli"), at("strict_preflight"));
        Loaded {
            configuration,
            places,
            guard_places,
            findings: self.findings,
            unreadable: self.unreadable,
            protect_cli_at,
            strict_at,
        }
    }

    /// A phase whose gate no requirement is would never end.
    fn missing_gates(&mut self, configuration: &Configuration, tree: &YamlNode) {
        let gates = configuration.workflow.iter().flat_map(|workflow| &workflow.phases);
        let known = |gate: &str| configuration.requirements.0.iter().any(|(name, _)| name == gate);
        let missing: Vec<_> =
            gates.filter_map(|phase| phase.gate.clone()).filter(|gate| !known(gate)).collect();
        let mark = tree.entry("workflow").map_or_else(Mark::default, |(key, _)| key.mark);
        for gate in missing {
            let message = format!("no requirement is called `{gate}`, so its phase is skipped");
            self.find(Severity::Warning, "workflow", message, mark, None);
        }
    }

    fn remark(&mut self, remark: &read::UnknownKey) {
        let full: Vec<&str> = remark.within.iter().map(String::as_str).chain([remark.key.as_str()]).collect();
        let subject = full.join(".");
        if LATER.contains(&remark.key.as_str()) {
            let message = "this key is not supported and is ignored".to_owned();
            self.find(Severity::Note, &subject, message, remark.mark, None);
            return;
        }
        let near = check::nearest(&remark.key, remark.known.iter().copied());
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.find(Severity::Warning, &subject, "unknown key, it has no effect".to_owned(), remark.mark, help);
    }
}

/// Reads a file up to the largest size, plus one byte.
fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    // The additional byte shows that the file is too large.
    let mut bytes = Vec::new();
    store::open_regular(path)?.0.take(yaml::LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The key and the value at a path of keys.
fn entry<'t>(tree: &'t YamlNode, path: &[impl AsRef<str>]) -> Option<(&'t YamlNode, &'t YamlNode)> {
    let (last, before) = path.split_last()?;
    before.iter().try_fold(tree, |node, key| node.get(key.as_ref()))?.entry(last.as_ref())
}

/// The position of an item in a list.
fn item_mark(tree: &YamlNode, path: &[&str], at: usize) -> Mark {
    let Some((_, list)) = entry(tree, path) else { return Mark::default() };
    match &list.value {
        YamlValue::Sequence(items) => items.get(at).map_or(list.mark, |item| item.mark),
        _ => list.mark,
    }
}

fn requirement_mark(tree: &YamlNode, name: &str) -> Mark {
    let entry = tree.get("requirements").and_then(|all| all.entry(name));
    entry.map_or_else(Mark::default, |(key, _)| key.mark)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
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
            assert_eq!(
                (finding.severity, finding.place.as_ref().unwrap().line),
                (Severity::Error, 7),
                "{bad}"
            );
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
        let text =
            "requirements:\n  g: {enabled: true, type: condition, condition: full_moon}\nobsidian: {}\n";
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
}
