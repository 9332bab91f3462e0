//! Properties of git's subcommands, by name.

/// Whether a subcommand never pushes and is built into git. An alias cannot replace a built-in subcommand.
pub fn pushes_nothing(subcommand: &str) -> bool {
    leaves_files_alone(subcommand)
        || matches!(
            subcommand,
            "am" | "annotate"
                | "apply"
                | "archive"
                | "bisect"
                | "branch"
                | "bundle"
                | "cat-file"
                | "check-attr"
                | "checkout"
                | "checkout-index"
                | "cherry"
                | "cherry-pick"
                | "clean"
                | "clone"
                | "commit-tree"
                | "config"
                | "count-objects"
                | "describe"
                | "diff-files"
                | "diff-index"
                | "diff-tree"
                | "difftool"
                | "fast-export"
                | "fetch"
                | "for-each-ref"
                | "format-patch"
                | "fsck"
                | "gc"
                | "hash-object"
                | "help"
                | "init"
                | "ls-remote"
                | "maintenance"
                | "merge"
                | "merge-base"
                | "merge-file"
                | "merge-tree"
                | "mergetool"
                | "mv"
                | "name-rev"
                | "notes"
                | "pack-refs"
                | "prune"
                | "pull"
                | "range-diff"
                | "read-tree"
                | "rebase"
                | "reflog"
                | "remote"
                | "replace"
                | "rerere"
                | "reset"
                | "restore"
                | "rev-list"
                | "revert"
                | "rm"
                | "shortlog"
                | "show-branch"
                | "show-ref"
                | "sparse-checkout"
                | "stash"
                | "submodule"
                | "switch"
                | "symbolic-ref"
                | "tag"
                | "update-index"
                | "update-ref"
                | "var"
                | "verify-commit"
                | "version"
                | "whatchanged"
                | "worktree"
                | "write-tree"
        )
}

/// Whether a subcommand of git does not change the files of the work tree.
pub fn leaves_files_alone(subcommand: &str) -> bool {
    matches!(
        subcommand,
        "status"
            | "diff"
            | "log"
            | "show"
            | "blame"
            | "add"
            | "commit"
            | "ls-files"
            | "ls-tree"
            | "check-ignore"
            | "grep"
            | "rev-parse"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommands_are_known_by_what_they_do() {
        let expected = "add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore checkout checkout-index cherry cherry-pick clean clone commit commit-tree config count-objects describe diff diff-files diff-index diff-tree difftool fast-export fetch for-each-ref format-patch fsck gc grep hash-object help init log ls-files ls-remote ls-tree maintenance merge merge-base merge-file merge-tree mergetool mv name-rev notes pack-refs prune pull range-diff read-tree rebase reflog remote replace rerere reset restore rev-list rev-parse revert rm shortlog show show-branch show-ref sparse-checkout stash status submodule switch symbolic-ref tag update-index update-ref var verify-commit version whatchanged worktree write-tree";
        for name in expected.split(' ') {
            assert!(pushes_nothing(name), "{name}");
        }
        for name in
            "status diff log show blame add commit ls-files ls-tree check-ignore grep rev-parse".split(' ')
        {
            assert!(leaves_files_alone(name), "{name}");
        }
        for name in ["push", "send-pack", "subtree", "svn", "lfs", "p", ""] {
            assert!(!pushes_nothing(name), "{name}");
        }
        for name in ["checkout", "restore", "rm", "stash", "clean", "reset", "apply", "mv"] {
            assert!(!leaves_files_alone(name), "{name}");
        }
    }
}
