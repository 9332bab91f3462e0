//! What a repository's files may not say, because it reaches beyond the repository.

use super::Cascade;
use super::assemble::entry;
use crate::finding::Severity;
use crate::sources::Level;
use crate::types::{Configuration, Sessions};
use crate::yaml::{Mark, YamlNode};

impl Cascade<'_> {
    /// The level whose file says what stands at a path of the merged tree.
    pub(super) fn level_of(&self, tree: &YamlNode, path: &[&str]) -> Option<Level> {
        let node = path.iter().try_fold(tree, |node, key| node.get(key))?;
        Some(self.sources.get(node.mark.source)?.level)
    }

    /// What a project says about records that all projects share.
    pub(super) fn foreign_sessions(&mut self, configuration: &mut Configuration, tree: &YamlNode) {
        if self.level_of(tree, &["sessions"]).is_some_and(|level| level != Level::Global) {
            let mark = tree.entry("sessions").map_or_else(Mark::default, |(key, _)| key.mark);
            let message = "only the global file's `sessions` counts: all projects share these records";
            self.find(Severity::Warning, "sessions", message.to_owned(), mark, None);
            configuration.sessions = Sessions::default();
        }
    }

    /// Notes who names the folders of evidence. What a repository names stays in the repository.
    pub(super) fn owners_of_evidence(&mut self, configuration: &mut Configuration, tree: &YamlNode) {
        for (name, requirement) in &mut configuration.requirements.0 {
            let Some(evidence) = &mut requirement.evidence else { continue };
            let path = ["requirements", name.as_str(), "evidence", "dirs"];
            evidence.is_users = self.level_of(tree, &path) == Some(Level::Global);
            let leaves = |dir: &str| dir.starts_with(['/', '~']) || dir.split('/').any(|part| part == "..");
            if !evidence.is_users && evidence.dirs.iter().any(leaves) {
                let mark = entry(tree, &path).map_or_else(Mark::default, |(key, _)| key.mark);
                let message = "evidence outside the project is allowed in the global file only";
                let help = "name folders of the project; until then such a folder holds no evidence";
                let subject = path.join(".");
                self.find(Severity::Error, &subject, message.to_owned(), mark, Some(help.to_owned()));
            }
        }
    }

    /// A repository does not choose a file outside itself that hooks write to: a line of the log in a shell's start-up file
    /// would be run.
    pub(super) fn foreign_log_file(&mut self, configuration: &mut Configuration, tree: &YamlNode) {
        if self.level_of(tree, &["logging", "file"]).is_some_and(|level| level != Level::Global) {
            let logging = tree.get("logging").and_then(|logging| logging.entry("file"));
            let mark = logging.map_or_else(Mark::default, |(key, _)| key.mark);
            let message =
                "`file` is allowed in the global file only: a repository must not choose where hooks write";
            let help = "move it to ~/.claude/requirements.yaml; until then the default file is used";
            self.find(Severity::Warning, "logging.file", message.to_owned(), mark, Some(help.to_owned()));
            configuration.logging.file = None;
        }
    }
}
