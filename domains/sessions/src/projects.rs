//! What belongs together: the project or package that a file is part of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// How far up is looked.
const HIGHEST: usize = 20;
/// What makes a folder a project or a package; all count the same, the nearest wins.
const MARKERS: [&str; 11] = [
    "CLAUDE.md",
    ".git",
    "package.json",
    "Cargo.toml",
    "pyproject.toml",
    "go.mod",
    "pubspec.yaml",
    "Project.toml",
    "deno.json",
    "Makefile",
    "CMakeLists.txt",
];
/// Folders of what was fetched or built: nothing in them is a package of the project they lie in.
const PASSED_OVER: [&str; 14] = [
    "node_modules",
    "vendor",
    ".git",
    "__pycache__",
    "target",
    "dist",
    "build",
    ".next",
    ".output",
    "venv",
    ".venv",
    "env",
    ".turbo",
    ".cache",
];

/// Finds the project or package of files, and remembers it by folder.
#[derive(Debug, Default)]
pub struct Boundaries {
    tracked: Vec<PathBuf>,
    home: PathBuf,
    known: HashMap<PathBuf, Option<PathBuf>>,
}

impl Boundaries {
    /// With the projects that are known by name; `home` itself is never a project.
    pub fn new(home: &Path, tracked: Vec<PathBuf>) -> Self {
        Self { tracked, home: home.to_owned(), known: HashMap::new() }
    }

    /// The project or package that a file is part of: the longest known project it lies in, or a package nearer
    /// than that. A file that is gone belongs where it was.
    pub fn of(&mut self, file: &Path) -> Option<PathBuf> {
        let folder = file.parent()?.to_owned();
        if let Some(known) = self.known.get(&folder) {
            return known.clone();
        }
        let found = self.find(&folder);
        self.known.insert(folder, found.clone());
        found
    }

    fn find(&self, folder: &Path) -> Option<PathBuf> {
        let tracked = self.tracked.iter().filter(|dir| folder.starts_with(dir));
        let tracked = tracked.max_by_key(|dir| dir.as_os_str().len());
        let is_project = |dir: &&Path| **dir != self.home && dir.parent().is_some();
        let ancestors: Vec<&Path> = folder.ancestors().take(HIGHEST).take_while(is_project).collect();
        let is_root = |dir: &Path| tracked.is_some_and(|root| root == dir) || is_repository(dir);
        // What lies around the outermost repository or known project says nothing about what is in it.
        let root = ancestors.iter().rev().find(|dir| is_root(dir));
        let is_fetched = |dir: &Path| {
            let below = root.and_then(|root| dir.strip_prefix(root).ok());
            below.is_some_and(|below| below.components().any(|part| is_passed_over(part.as_os_str())))
        };
        let is_marked = |dir: &Path| MARKERS.iter().any(|marker| dir.join(marker).exists());
        let up_to_root = ancestors.iter().take_while(|dir| root.is_none_or(|root| dir.starts_with(root)));
        let nearest = up_to_root.copied().find(|dir| !is_fetched(dir) && (is_root(dir) || is_marked(dir)));
        nearest.map(Path::to_path_buf).or_else(|| tracked.cloned())
    }
}

/// A folder with a `.git`, be it a folder or the file of a linked work tree.
fn is_repository(dir: &Path) -> bool {
    dir.join(".git").exists()
}

fn is_passed_over(name: &std::ffi::OsStr) -> bool {
    PASSED_OVER.iter().any(|passed| name == *passed)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    fn make(root: &Path, files: &[&str]) {
        for file in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
    }

    #[test]
    fn the_nearest_marker_wins_and_what_was_fetched_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        make(
            &root,
            &[
                "mono/.git/HEAD",
                "mono/packages/auth/package.json",
                "mono/packages/auth/node_modules/dep/CLAUDE.md",
                "mono/build/gen/package.json",
                "build/proj/.git/HEAD",
                "work/.git",
                "plain/notes/a.txt",
            ],
        );
        let mut found = Boundaries::new(Path::new("/home/nobody"), vec![root.join("plain")]);
        for (file, expected) in [
            ("mono/packages/auth/src/a.ts", Some("mono/packages/auth")),
            ("mono/packages/other/a.ts", Some("mono")),
            ("mono/packages/auth/node_modules/dep/x.js", Some("mono/packages/auth")),
            ("mono/build/gen/a.js", Some("mono")),
            ("build/proj/src/a.rs", Some("build/proj")),
            ("work/src/a.rs", Some("work")),
            ("mono/packages/auth/gone/for/ever.ts", Some("mono/packages/auth")),
            ("plain/notes/a.txt", Some("plain")),
        ] {
            assert_eq!(found.of(&root.join(file)), expected.map(|dir| root.join(dir)), "{file}");
        }
    }

    #[test]
    fn the_home_folder_is_no_project() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        make(&home, &["CLAUDE.md", "notes/a.txt"]);
        assert_eq!(Boundaries::new(&home, Vec::new()).of(&home.join("notes/a.txt")), None);
    }
}
