//! Finding configured projects on disk.

use std::path::{Path, PathBuf};

use hooks_common::paths::{Paths, in_project};

/// Where people keep projects.
const ROOTS: [&str; 6] = ["Projects", "Work", "Code", "Developer", "dev", "Tools"];
/// Folders that hold no projects of their own.
const PASSED_OVER: [&str; 6] = ["node_modules", "venv", "build", "dist", "vendor", "target"];
/// How many folders deep is looked.
const DEEPEST: usize = 4;

/// The folders that are searched when none are named, those that exist.
pub fn usual(paths: &Paths) -> Vec<PathBuf> {
    ROOTS.iter().map(|name| paths.home().join(name)).filter(|folder| folder.is_dir()).collect()
}

/// The configured projects at and below folders, each once. A project is not searched for more.
pub fn projects(paths: &Paths, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        search(paths, folder, 0, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

/// Whether a folder has a configuration of its own.
pub fn is_configured(paths: &Paths, folder: &Path) -> bool {
    let own = [in_project::config(folder), in_project::local_config(folder)];
    own.iter().any(|file| file.is_file() && *file != paths.global_config())
}

fn search(paths: &Paths, folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if is_configured(paths, folder) {
        found.push(folder.to_owned());
        return;
    }
    if depth == DEEPEST {
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Links are not followed: they may lead round in circles.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !name.starts_with('.') && !PASSED_OVER.contains(&name.as_ref()) {
            search(paths, &entry.path(), depth + 1, found);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn projects_are_found_four_folders_deep_and_not_among_packages() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        for project in
            ["a", "a/inner", "x/y/z/deep", "x/y/z/too/deep", "node_modules/p", ".hidden/p", "x/target/p"]
        {
            std::fs::create_dir_all(root.join(project).join(".claude")).unwrap();
            std::fs::write(in_project::config(&root.join(project)), "").unwrap();
        }
        std::os::unix::fs::symlink(&root, root.join("x/round")).unwrap();
        let found = projects(&Paths::from_env(), &[root.clone(), root.join("a")]);
        assert_eq!(found, [root.join("a"), root.join("x/y/z/deep")]);
    }
}
