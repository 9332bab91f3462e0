//! Message files: texts of refusals and briefings, beside the configuration.
//!
//! The first existing file is used: `.claude/messages.local/<requirement>.yaml`,
//! `.claude/messages/<requirement>.yaml`, `~/.claude/messages/<requirement>.yaml`. Missing keys come from the section
//! of the requirement's type in `_templates.yaml`, merged over the same folders. `_status.yaml` contains whole
//! briefings by format. The files are read at a refusal, so an edit takes effect immediately.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Place, Severity};
use platform::path::leads_out;
use platform::store;
use serde::{Deserialize, Serialize};

use crate::check::nearest;
use crate::older;
use crate::read;
use crate::types::Kind;
use crate::yaml::{self, Mark, YamlNode};

/// The file of templates by type.
const TEMPLATES: &str = "_templates";
/// The file of briefings.
const STATUS: &str = "_status";
/// Sections of `_templates.yaml` that are not a type's messages.
const OTHER_SECTIONS: [&str; 2] = ["version", "structural"];

/// The texts of one requirement. `{name}` and other placeholders are replaced when a refusal is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequirementMessages {
    /// The version of the file format; not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The text of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking_message: Option<String>,
    /// The text of a refusal that repeats one of a few seconds ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_message: Option<String>,
    /// The text when the requirement becomes satisfied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_message: Option<String>,
    /// The line above a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The action that a briefing suggests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_label: Option<String>,
    /// The command that a refusal names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_text: Option<String>,
}

impl RequirementMessages {
    /// These texts, with missing ones taken from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            version: self.version.or(other.version),
            blocking_message: self.blocking_message.or(other.blocking_message),
            short_message: self.short_message.or(other.short_message),
            success_message: self.success_message.or(other.success_message),
            header: self.header.or(other.header),
            action_label: self.action_label.or(other.action_label),
            fallback_text: self.fallback_text.or(other.fallback_text),
        }
    }
}

/// The place of the user's own folder among the three.
const USERS: usize = 2;

/// The folders of a project's message files, the one that wins first.
#[derive(Debug, Clone)]
pub struct MessageDirs([PathBuf; 3]);

impl MessageDirs {
    /// These folders, highest priority first: the clone's, the project's, the user's.
    pub fn new(folders: [PathBuf; 3]) -> Self {
        Self(folders)
    }

    /// The texts of a requirement. A file that cannot be read counts as missing; [`MessageDirs::check`] reports it.
    pub fn messages(&self, name: &str, kind: Kind) -> RequirementMessages {
        let own = self.0.iter().enumerate().find_map(|(at, dir)| document_in(at, dir, name));
        let own = own.and_then(|node| read::read(&node, &RefCell::default()).ok()).unwrap_or_default();
        let templates = self.0.iter().enumerate().filter_map(|(at, dir)| {
            let node = document_in(at, dir, TEMPLATES)?;
            let section = node.get(kind.name()).or_else(|| node.get(older::word(kind.name())?))?;
            read::read(section, &RefCell::default()).ok()
        });
        templates.fold(own, RequirementMessages::or)
    }

    /// The briefing of a format, if `_status.yaml` contains it: a text, or a map with `format`.
    pub fn briefing(&self, format: &str) -> Option<String> {
        self.0.iter().enumerate().find_map(|(at, dir)| {
            let node = document_in(at, dir, STATUS)?;
            let entry = node.get(format)?;
            entry.text().or_else(|| entry.get("format")?.text()).map(str::to_owned)
        })
    }

    /// All message files, ordered by the priority of their folder and then by name.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for dir in &self.0 {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
            let mut here: Vec<_> = entries
                .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
                .collect();
            here.sort();
            files.extend(here);
        }
        files
    }

    /// Problems of the files: not valid YAML, unknown keys, wrong types, names without a requirement.
    pub fn check(&self, names: &[&str]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for file in self.files() {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            check_file(&file, stem, names, &mut findings);
        }
        findings
    }
}

/// The document of a folder. The user's own folder, the last, may be a link to anywhere; a project's may not lead out of
/// the project, because what is in it is said to the model.
fn document_in(at: usize, dir: &Path, name: &str) -> Option<YamlNode> {
    let path = dir.join(format!("{name}.yaml"));
    let root = dir.parent().and_then(Path::parent)?;
    // Most projects have no such file, and following a path's links costs a system call for each of its parts.
    let document = document(&path)?;
    (at >= USERS || leads_out(&path, root).is_none()).then_some(document)
}

fn document(path: &Path) -> Option<YamlNode> {
    let bytes = store::read_regular(path, yaml::LARGEST as u64).ok()??;
    yaml::parse(std::str::from_utf8(&bytes).ok()?, 0).ok().map(|(node, _)| node)
}

fn check_file(file: &Path, stem: &str, names: &[&str], findings: &mut Vec<Finding>) {
    let place = |mark: Mark| Place {
        file: file.to_owned(),
        line: mark.line.max(1),
        column: mark.column.max(1),
        excerpt: String::new(),
    };
    let mut find = |severity, message: String, mark: Mark| {
        findings.push(Finding::new(severity, format!("messages.{stem}"), message).at(place(mark)));
    };
    let start = Mark { source: 0, line: 1, column: 1 };
    let bytes = store::read_regular(file, yaml::LARGEST as u64).map(Option::unwrap_or_default);
    let text = match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return find(Severity::Error, "the file is not UTF-8".into(), start),
        Err(error) => return find(Severity::Error, format!("the file cannot be read: {error}"), start),
    };
    let node = match yaml::parse(&text, 0) {
        Ok((node, _)) => node,
        Err(complaint) => return find(Severity::Error, complaint.message, complaint.mark),
    };
    let check = |node: &YamlNode, find: &mut dyn FnMut(Severity, String, Mark)| {
        let unknown = RefCell::new(Vec::new());
        if let Err(wrong) = read::read::<RequirementMessages>(node, &unknown) {
            find(Severity::Error, format!("`{}`: {}", wrong.path.join("."), wrong.message), wrong.mark);
        }
        for remark in unknown.into_inner() {
            let near = nearest(&remark.key, remark.known.iter().copied());
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            find(
                Severity::Warning,
                format!("unknown key `{}`, it has no effect{hint}", remark.key),
                remark.mark,
            );
        }
    };
    match stem {
        STATUS => {}
        TEMPLATES => {
            let yaml::YamlValue::Mapping(sections) = &node.value else { return };
            for (key, section) in sections {
                match older::kind(key.text().unwrap_or_default()) {
                    name if OTHER_SECTIONS.contains(&name) => {}
                    "blocking" | "condition" | "limit" => check(section, &mut find),
                    name => find(Severity::Warning, format!("no type is called `{name}`"), key.mark),
                }
            }
        }
        _ => {
            if !names.contains(&stem) {
                find(Severity::Warning, format!("no requirement is called `{stem}`"), start);
            }
            check(&node, &mut find);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_wins_and_templates_fill_in() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = MessageDirs(["local", "project", "global"].map(|name| dir.path().join(name)));
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(dirs.messages("plan", Kind::Blocking), RequirementMessages::default());
        write("global/plan.yaml", "header: global\nblocking_message: g\n");
        write("project/plan.yaml", "blocking_message: p\n");
        write(
            "global/_templates.yaml",
            "blocking: {header: H, short_message: S}\nguard: {header: G}\nlimit: {header: L}\n",
        );
        write("local/_templates.yaml", "blocking: {short_message: L}\n");
        let messages = dirs.messages("plan", Kind::Blocking);
        let shown = [&messages.blocking_message, &messages.header, &messages.short_message];
        assert_eq!(shown.map(|text| text.as_deref()), [Some("p"), Some("H"), Some("L")]);
        // `guard` is the older word for `condition`.
        let headers = [Kind::Condition, Kind::Limit].map(|kind| dirs.messages("other", kind).header);
        assert_eq!(headers, [Some("G".to_owned()), Some("L".to_owned())]);
        write("local/_status.yaml", "compact: 'a {branch}'\nstandard: {format: b}\n");
        assert_eq!((dirs.briefing("standard").as_deref(), dirs.briefing("rich")), (Some("b"), None));
        assert_eq!(dirs.check(&["plan"]), []);
        write("local/other.yaml", "heder: x\nheader: [1]\n");
        write("local/broken.yaml", "a: [\n");
        let told: Vec<_> = dirs.check(&["plan"]).iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told.iter().any(|text| text.contains("did you mean `header`?")), "{told:#?}");
    }
}
