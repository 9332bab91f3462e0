//! Finds the rule that governs a path.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use config::globs::matches_real;
use config::types::Names;
use config::types::guards::PathRule;
use platform::store::is_absent;

/// The rules of a project.
pub struct Governed<'a> {
    pub rules: &'a [PathRule],
    pub root: &'a Path,
    pub home: &'a Path,
}

impl<'a> Governed<'a> {
    /// The rule that forbids writing a file by hand; symbolic links of the path are resolved.
    pub fn rule_of(&self, file: &Path) -> Option<&'a PathRule> {
        let is_new = is_new(file);
        let mut rules = self.rules.iter().filter(|rule| is_new || rule.existing);
        rules.find(|rule| self.names(&rule.files, file))
    }

    /// The rule that may govern a file of which only the folder is known: it names files directly in the
    /// folder, and also new ones.
    pub fn rule_in(&self, folder: &Path) -> Option<&'a PathRule> {
        self.rules.iter().find(|rule| {
            let in_folder = |(parent, name): (&str, &str)| {
                let is_pattern = name.is_empty() || name.contains(['*', '?', '[', '{']);
                self.names(&Names(vec![format!("/{parent}")]), folder)
                    && (is_pattern || rule.existing || is_new(&folder.join(name)))
            };
            rule.files.iter().filter_map(parent_and_name).any(in_folder)
        })
    }

    /// Whether globs name a file. Case is ignored if the file system ignores it.
    fn names(&self, globs: &Names, file: &Path) -> bool {
        if matches_real(globs, file, self.root, self.home) {
            return true;
        }
        let Some(inside) = file.strip_prefix(self.root).ok().and_then(Path::to_str) else { return false };
        let lower = Names(globs.iter().map(str::to_lowercase).collect());
        let file_lower = self.root.join(inside.to_lowercase());
        (lower != *globs || file_lower != file)
            && matches_real(&lower, &file_lower, self.root, self.home)
            && file.ancestors().skip(1).find(|folder| folder.exists()).is_some_and(folds_case)
    }
}

/// Splits a glob into its folder and the names in it; `None` if it names no folder of the project, or only
/// the root.
fn parent_and_name(glob: &str) -> Option<(&str, &str)> {
    let (parent, name) = glob.rsplit_once('/').filter(|_| !glob.starts_with(['!', '~']))?;
    let parent = parent.trim_start_matches('/').trim_end_matches("**").trim_end_matches('/');
    (!parent.is_empty()).then_some((parent, name))
}

fn is_new(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_err_and(|error| is_absent(&error))
}

/// Whether the folder is also found under its name in the other case.
fn folds_case(folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { return false };
    let flip = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let flipped: String = name.chars().map(flip).collect();
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    flipped != name
        && identity(folder).is_some_and(|id| identity(&folder.with_file_name(flipped)) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fall_apart_into_a_folder_and_names() {
        for (glob, expected) in [
            ("docs/checkpoints/*.md", Some(("docs/checkpoints", "*.md"))),
            ("/docs/a.md", Some(("docs", "a.md"))),
            ("docs/handoff/", Some(("docs/handoff", ""))),
            ("docs/**/*.md", Some(("docs", "*.md"))),
            ("*.md", None),
            ("/*.md", None),
            ("**/*.md", None),
            ("!docs/*.md", None),
            ("~/docs/*.md", None),
        ] {
            assert_eq!(parent_and_name(glob), expected, "{glob}");
        }
    }

    /// The guard distinguishes `Docs` from `docs` if and only if the file system does.
    #[test]
    fn case_counts_as_the_file_system_counts_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("docs/checkpoints")).unwrap();
        let folds = root.join("DOCS").exists();
        assert_eq!(folds_case(&root.join("docs")), folds);
        let rules = [PathRule { files: Names::of(&["docs/checkpoints/*.md"]), ..PathRule::default() }];
        let governed = Governed { rules: &rules, root: &root, home: &root };
        assert!(governed.rule_of(&root.join("docs/checkpoints/x.md")).is_some());
        for other in ["docs/Checkpoints/x.md", "docs/checkpoints/x.MD"] {
            assert_eq!(governed.rule_of(&root.join(other)).is_some(), folds, "{other}");
        }
        // Simulates a file system that ignores case: another name for the same folder.
        std::fs::create_dir(root.join("FOLDED")).unwrap();
        assert!(!folds_case(&root.join("FOLDED")));
        std::os::unix::fs::symlink("FOLDED", root.join("folded")).unwrap();
        assert!(folds_case(&root.join("FOLDED")));
    }
}
