//! Converts the merged tree into a configuration, without the items that are wrong.

use std::cell::RefCell;

use super::{Cascade, Loaded};
use crate::check;
use crate::finding::{Finding, Severity};
use crate::read;
use crate::sources::Level;
use crate::types::{Configuration, GuardName};
use crate::yaml::{Mark, YamlNode, YamlValue};

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

impl Cascade<'_> {
    /// Converts the merged tree into a configuration. A wrong value removes the smallest item that can be omitted: a
    /// requirement, or one key of a section.
    pub(super) fn finish(mut self, mut tree: YamlNode) -> Loaded {
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

/// The key and the value at a path of keys.
pub(super) fn entry<'t>(
    tree: &'t YamlNode,
    path: &[impl AsRef<str>],
) -> Option<(&'t YamlNode, &'t YamlNode)> {
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
