//! Reads and merges the levels of the configuration.
//!
//! The order is global, project, local. A project file with `inherit: false` replaces the global one. Otherwise its
//! keys are merged over the global ones. The local file is always merged over the result.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Place, Severity};
use crate::sources::{ConfigFile, Level};

use crate::types::{Configuration, GuardName};
use crate::yaml::{Mark, YamlNode, YamlValue};

mod assemble;
mod foreign;
mod source;
#[cfg(test)]
mod tests;

pub use source::SourceFile;

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

#[derive(Default)]
struct Cascade<'i> {
    /// A file whose text is given instead of read from the disk.
    instead: Option<(&'i Path, &'i str)>,
    sources: Vec<SourceFile>,
    findings: Vec<Finding>,
    unreadable: Vec<Level>,
}

impl Cascade<'_> {
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
}
