//! Globs over a project's files and over agents, for `file_pattern`, `paths` and `agent_type`.

use std::path::Path;

use platform::path::{expand, resolve};

use crate::types::Names;

/// Whether the globs include a file, given by its absolute path. A glob starts at the project's root. One without `/`
/// is compared with the name in any folder, and `~/` starts at home. The last matching glob decides; a leading `!`
/// excludes.
pub fn matches(globs: &Names, file: &Path, root: &Path, home: &Path) -> bool {
    matches_real(globs, &resolve(file), root, home)
}

/// As `matches`, for a path without symbolic links and `..`. The file system is not read.
pub fn matches_real(globs: &Names, file: &Path, root: &Path, home: &Path) -> bool {
    let inside = file.strip_prefix(root).ok().and_then(Path::to_str);
    let whole = file.to_str();
    decide(globs, |glob| {
        if glob.starts_with("~/") {
            let glob = expand(home, Path::new(glob));
            return glob.to_str().zip(whole).is_some_and(|(glob, file)| is_match(glob, file));
        }
        let Some(inside) = inside else { return false };
        match glob.strip_prefix('/') {
            Some(anchored) => is_match(anchored, inside),
            None if glob.trim_end_matches('/').contains('/') => is_match(glob, inside),
            None => is_match(&format!("**/{glob}"), inside),
        }
    })
}

/// Whether the removal of a folder removes files that the globs include. This is the folder's content, or a folder
/// below it in which a glob starts.
pub fn reaches_below(globs: &Names, folder: &Path, root: &Path, home: &Path) -> bool {
    let folder = resolve(folder);
    let begins_below = |glob: &str| {
        let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{']);
        let beginning: Vec<&str> = glob.trim_start_matches('/').split('/').take_while(is_literal).collect();
        !beginning.is_empty() && root.join(beginning.join("/")).starts_with(&folder)
    };
    // `_` is any file directly in the folder.
    matches(globs, &folder.join("_"), root, home)
        || globs.iter().any(|glob| glob.contains('/') && !glob.starts_with(['!', '~']) && begins_below(glob))
}

/// Whether the globs include an agent: the type of a subagent, or `main` for the session itself.
pub fn matches_agent(globs: &Names, agent: Option<&str>) -> bool {
    let name = agent.unwrap_or("main");
    // Globs only match subagents. The session itself must be named as `main`.
    decide(globs, |glob| glob == name || (agent.is_some() && fast_glob::glob_match(glob, name)))
}

/// Whether the globs include a branch. `*` does not match `/`, and `**` does. The last matching glob decides; a
/// leading `!` excludes.
pub fn matches_branch(globs: &Names, branch: &str) -> bool {
    globs.iter().any(|glob| !glob.starts_with('!'))
        && decide(globs, |glob| glob == branch || fast_glob::glob_match(glob, branch))
}

/// The result of the last matching glob. If all globs exclude, everything else is included.
fn decide(globs: &Names, is_match: impl Fn(&str) -> bool) -> bool {
    let mut decided = globs.iter().all(|glob| glob.starts_with('!'));
    for glob in globs.iter() {
        match glob.strip_prefix('!') {
            Some(out) if is_match(out) => decided = false,
            None if is_match(glob) => decided = true,
            _ => {}
        }
    }
    decided
}

/// Whether a glob matches a file. A glob with `/` at its end includes all files in the folder.
fn is_match(glob: &str, file: &str) -> bool {
    match glob.strip_suffix('/') {
        Some(folder) => fast_glob::glob_match(format!("{folder}/**"), file),
        None => fast_glob::glob_match(glob, file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_name_files_of_the_project() {
        let (root, home) = (Path::new("/nowhere/p"), Path::new("/nowhere/h"));
        let is = |globs: &[&str], file: &str| matches(&Names::of(globs), Path::new(file), root, home);
        for (globs, file, expected) in [
            (&["src/**/*.rs"][..], "/nowhere/p/src/a/b.rs", true),
            (&["src/**/*.rs"], "/nowhere/p/src/b.rs", true),
            (&["src/*.rs"], "/nowhere/p/src/a/b.rs", false),
            (&["*.rs"], "/nowhere/p/src/a/b.rs", true),
            (&["/*.rs"], "/nowhere/p/src/b.rs", false),
            (&["/*.rs"], "/nowhere/p/b.rs", true),
            (&["migrations/"], "/nowhere/p/db/migrations/1/a.sql", true),
            (&["db/**"], "/nowhere/p/../p/db/a", true),
            (&["db/**"], "/elsewhere/db/a", false),
            (&["~/secrets/**"], "/nowhere/h/secrets/a", true),
            (&["**", "!docs/**"], "/nowhere/p/docs/a.md", false),
            (&["!docs/**"], "/nowhere/p/src/a.md", true),
            (&["!docs/**", "docs/api/**"], "/nowhere/p/docs/api/a.md", true),
            (&["*.{yml,yaml}"], "/nowhere/p/a/b.yaml", true),
            (&["[ab].txt"], "/nowhere/p/c.txt", false),
        ] {
            assert_eq!(is(globs, file), expected, "{globs:?} {file}");
        }
    }

    #[test]
    fn a_folder_goes_with_what_lies_in_it() {
        let (root, home) = (Path::new("/nowhere/p"), Path::new("/nowhere/h"));
        let is =
            |globs: &[&str], folder: &str| reaches_below(&Names::of(globs), Path::new(folder), root, home);
        for (globs, folder, expected) in [
            (&["db/migrations/**"][..], "/nowhere/p/db/migrations", true),
            (&["db/migrations/**"], "/nowhere/p/db", true),
            (&["db/migrations/**"], "/nowhere/p", true),
            (&["db/migrations/**"], "/nowhere/p/db/other", false),
            (&["db/migrations/**"], "/nowhere/p/d", false),
            (&["db/**", "!db/new/**"], "/nowhere/p/db/new", false),
            (&["db/keep.sql"], "/nowhere/p/db", true),
            (&["*.lock"], "/nowhere/p/src", false),
            (&["vendor/"], "/nowhere/p/vendor", true),
        ] {
            assert_eq!(is(globs, folder), expected, "{globs:?} {folder}");
        }
    }

    #[test]
    fn branches_are_named_by_globs() {
        let is = |globs: &[&str], branch: &str| matches_branch(&Names::of(globs), branch);
        assert!(is(&["release/*"], "release/1.2") && !is(&["release/*"], "release/1.2/fix"));
        assert!(is(&["release/**"], "release/1.2/fix") && !is(&["release/*"], "releases"));
        assert!(is(&["prod"], "prod") && !is(&["prod"], "Prod") && !is(&["prod"], "a/prod"));
        assert!(!is(&["release/*", "!release/test"], "release/test"));
        assert!(!is(&[], "main") && !is(&["!x"], "main"), "nothing named is nothing meant");
        assert!(is(&["a[b"], "a[b"), "a name that is no glob stands for itself");
    }

    #[test]
    fn agents_are_named_by_type() {
        let is = |globs: &[&str], agent: Option<&str>| matches_agent(&Names::of(globs), agent);
        assert!(is(&["Explore"], Some("Explore")) && !is(&["Explore"], None));
        assert!(is(&["main"], None) && !is(&["main"], Some("Explore")));
        assert!(is(&["*"], Some("code-reviewer")) && !is(&["*"], None), "`*` is any subagent");
        assert!(
            is(&["!Explore"], None) && is(&["!Explore"], Some("Plan")) && !is(&["!Explore"], Some("Explore"))
        );
        assert!(is(&["*review*", "main"], None));
    }
}
