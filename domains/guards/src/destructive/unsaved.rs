//! Unsaved work: changes and files that neither a commit nor the index has.

use platform::text::fact;

use super::work_tree::WorkTree;
use crate::error::GuardsError;

/// Folders that tools generate. Their content is not work, ignored or not.
const MADE_AGAIN: [&str; 20] = [
    "node_modules",
    "target",
    "dist",
    "build",
    "out",
    "coverage",
    "htmlcov",
    "tmp",
    "temp",
    "venv",
    ".venv",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".tox",
    ".cache",
    ".next",
    ".nuxt",
    ".gradle",
];
/// How many files a finding names.
const NAMED: usize = 3;

/// Where a file can be restored from after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoverableFrom {
    /// The index and the commits.
    Index,
    /// Only the commits.
    Commits,
}

/// Files with content that exists nowhere else, relative to the work tree's root.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UnsavedWork {
    /// Tracked files with changes.
    pub changed: Vec<String>,
    /// Files that are not tracked, not ignored and not generated. A nested repository ends with `/`.
    pub new: Vec<String>,
}

impl UnsavedWork {
    /// Asks git about these pathspecs, or about all files if there are none. They are relative to the folder
    /// of the work tree.
    ///
    /// # Errors
    /// If git fails.
    pub fn of<'p>(
        tree: &WorkTree,
        paths: impl IntoIterator<Item = &'p str>,
        left: RecoverableFrom,
        with_new: bool,
    ) -> Result<Self, GuardsError> {
        let untracked = if with_new { "--untracked-files=all" } else { "--untracked-files=no" };
        let status = ["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all", untracked];
        let asked = status.into_iter().chain(["--"]).chain(paths);
        let told = tree.ask(asked)?.ok_or(GuardsError::UnsavedUnknown)?;
        let mut unsaved = Self::default();
        for entry in told.split('\0') {
            let (Some(state), Some(path)) = (entry.get(..2), entry.get(3..)) else { continue };
            if state == "??" {
                if !is_made_again(path) {
                    unsaved.new.push(path.to_owned());
                }
            } else if is_lost(state.as_bytes(), left) {
                unsaved.changed.push(path.to_owned());
            }
        }
        Ok(unsaved)
    }

    /// Whether nothing would be lost.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.new.is_empty()
    }

    /// The lost work as the object of a sentence.
    pub fn told(&self) -> String {
        let changed =
            (!self.changed.is_empty()).then(|| format!("uncommitted changes in {}", named(&self.changed)));
        let new = (!self.new.is_empty()).then(|| format!("{}, which no commit has", named(&self.new)));
        changed.into_iter().chain(new).collect::<Vec<_>>().join(", and ")
    }
}

/// Whether the two-letter git status of a file says that its content is in neither of the remaining places.
fn is_lost(state: &[u8], left: RecoverableFrom) -> bool {
    let holds = |state: u8| !matches!(state, b' ' | b'D' | b'?' | b'!');
    holds(state[1]) || (left == RecoverableFrom::Commits && holds(state[0]))
}

/// Whether a path lies in a folder that a tool generates.
pub fn is_made_again(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    // The files that hooks keep in a project are generated too.
    let is_ours =
        path.starts_with(".claude/state/") || path == ".claude/state" || path.contains("/.claude/state/");
    is_ours || path.split('/').any(|part| MADE_AGAIN.contains(&part)) || path.ends_with(".pyc")
}

/// Names the first files and counts the others.
pub fn named(files: &[String]) -> String {
    let mut names: Vec<String> = files.iter().take(NAMED).map(|file| fact(file)).collect();
    match files.len().saturating_sub(NAMED) {
        0 => {}
        1 => names.push(fact(&files[NAMED])),
        more => names.push(format!("{more} more")),
    }
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_index_has_survives_what_leaves_the_index() {
        for (state, index, commits) in [
            (" M", true, true),
            ("M ", false, true),
            ("MM", true, true),
            ("A ", false, true),
            ("AM", true, true),
            (" A", true, true),
            (" D", false, false),
            ("D ", false, false),
            ("UU", true, true),
        ] {
            assert_eq!(is_lost(state.as_bytes(), RecoverableFrom::Index), index, "{state}");
            assert_eq!(is_lost(state.as_bytes(), RecoverableFrom::Commits), commits, "{state}");
        }
    }

    #[test]
    fn what_tools_make_is_no_work() {
        assert!(
            is_made_again("web/node_modules/x/a.js") && is_made_again("target/") && is_made_again("a.pyc")
        );
        assert!(!is_made_again("src/targets.rs") && !is_made_again("rebuild/a") && !is_made_again("a/b"));
    }

    #[test]
    fn many_files_are_counted() {
        let files = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        assert_eq!(named(&files(1)), "`0`");
        assert_eq!(named(&files(2)), "`0` and `1`");
        assert_eq!(named(&files(4)), "`0`, `1`, `2` and `3`");
        assert_eq!(named(&files(9)), "`0`, `1`, `2` and 6 more");
    }
}
