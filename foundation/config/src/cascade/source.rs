//! The files of a cascade, as they are on the disk.

use std::io::Read;
use std::path::{Path, PathBuf};

use platform::path::leads_out;
use platform::store;

use super::Cascade;
use crate::finding::{Place, Severity};
use crate::older;
use crate::sources::{ConfigFile, Level};
use crate::yaml::{self, Mark, YamlNode, YamlProblem};

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
    pub(super) fn is_elsewhere(&self) -> bool {
        // `.claude/requirements.yaml`
        let root = self.path.parent().and_then(Path::parent);
        self.level != Level::Global && root.is_some_and(|root| leads_out(&self.path, root).is_some())
    }

    /// A place in the file, with the text of its line.
    pub(super) fn place(&self, mark: Mark) -> Place {
        const LONGEST: usize = 80;
        let line = self.text.lines().nth(mark.line.saturating_sub(1)).unwrap_or_default().trim();
        let mut excerpt: String = line.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
        if line.chars().nth(LONGEST).is_some() {
            excerpt.push('…');
        }
        Place { file: self.path.clone(), line: mark.line.max(1), column: mark.column.max(1), excerpt }
    }
}

impl Cascade<'_> {
    /// Reads and parses one file. A file that is not valid is a finding and a level that is unreadable.
    pub(super) fn read(&mut self, file: &ConfigFile) -> Option<YamlNode> {
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
}

/// Reads a file up to the largest size, plus one byte.
fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    // The additional byte shows that the file is too large.
    let mut bytes = Vec::new();
    store::open_regular(path)?.0.take(yaml::LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
