//! Globs over the files of a project and over agents, as `file_pattern`, `paths` and `agent_type` have them.

use std::path::Path;

use platform::path::{expand, resolve};

use crate::types::Names;

/// Whether a file, absolute, is one of those that the globs name. A glob counts from the project's root; without
/// a `/` it looks at the name in any folder; `~/` begins at home. Of several that match, the last decides: a
/// leading `!` takes out again.
pub fn matches(globs: &Names, file: &Path, root: &Path, home: &Path) -> bool {
    matches_real(globs, &resolve(file), root, home)
}

/// The same for a file whose path is free of symbolic links and `..`: nothing is looked up.
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

/// Whether a folder that goes away takes files along that the globs name: whatever lies in it, or a folder below it
/// that a glob begins with.
pub fn reaches_below(globs: &Names, folder: &Path, root: &Path, home: &Path) -> bool {
    let folder = resolve(folder);
    let begins_below = |glob: &str| {
        let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{']);
        let beginning: Vec<&str> = glob.trim_start_matches('/').split('/').take_while(is_literal).collect();
        !beginning.is_empty() && root.join(beginning.join("/")).starts_with(&folder)
    };
    matches(globs, &folder.join("_"), root, home)
        || globs.iter().any(|glob| glob.contains('/') && !glob.starts_with(['!', '~']) && begins_below(glob))
}

/// Whether an agent is one of those named: the type of a subagent, or `main` for the session itself.
pub fn matches_agent(globs: &Names, agent: Option<&str>) -> bool {
    let name = agent.unwrap_or("main");
    decide(globs, |glob| glob == name || (agent.is_some() && fast_glob::glob_match(glob, name)))
}

/// Whether a branch is one of those that the globs name. A `*` stops at a `/`, `**` does not; of several that match,
/// the last decides: a leading `!` takes out again.
pub fn matches_branch(globs: &Names, branch: &str) -> bool {
    globs.iter().any(|glob| !glob.starts_with('!'))
        && decide(globs, |glob| glob == branch || fast_glob::glob_match(glob, branch))
}

/// The last glob that matches decides. Where all take out, everything else is in.
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

/// A folder stands for everything in it.
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
