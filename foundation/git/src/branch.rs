//! A branch and the name of its state file.

use std::fmt;

use platform::hash::short_hash;

/// The branch that requirement state belongs to. A pseudo-branch is used where git has none, so that gates also work
/// there. It is `detached-<first 8 of the commit>` on a detached HEAD, and `no-git` outside a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch(String);

impl Branch {
    /// A branch by its short name, such as `feature/auth`.
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The pseudo-branch of a detached HEAD.
    pub fn detached(commit: &str) -> Self {
        let start = commit.get(..8).unwrap_or(commit);
        Self(format!("detached-{}", if start.is_empty() { "unknown" } else { start }))
    }

    /// The pseudo-branch outside git.
    pub fn outside_git() -> Self {
        Self("no-git".to_owned())
    }

    /// The short name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The stem of the state file's name. `/` and `\` become `-`, and any other character that is not alphanumeric,
    /// `-` or `_` becomes `_`. Different branches may share a stem; see [`Branch::distinct_stem`].
    pub fn file_stem(&self) -> String {
        let stem: String = self
            .0
            .chars()
            .map(|c| match c {
                '/' | '\\' => '-',
                c if c.is_alphanumeric() || c == '-' || c == '_' => c,
                _ => '_',
            })
            .collect();
        // A file name has at most 255 bytes, and `.json`, `.lock` and a temporary suffix need room.
        if stem.len() <= 200 {
            stem
        } else {
            format!("{}~{}", cut(&stem, 180), short_hash(self.0.as_bytes(), 8))
        }
    }

    /// The stem that is used if the plain one belongs to another branch.
    pub fn distinct_stem(&self) -> String {
        format!("{}~{}", cut(&self.file_stem(), 180), short_hash(self.0.as_bytes(), 8))
    }
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stems_match_the_documented_rule() {
        assert_eq!(Branch::named("feature/auth").file_stem(), "feature-auth");
        assert_eq!(Branch::named("feature/a.b").file_stem(), "feature-a_b");
        assert_eq!(Branch::named("fix\\x y").file_stem(), "fix-x_y");
        assert_eq!(Branch::named("größe").file_stem(), "größe");
    }

    proptest! {
        #[test]
        fn a_stem_is_a_file_name(name in "\\PC{1,300}") {
            for stem in [Branch::named(&name).file_stem(), Branch::named(&name).distinct_stem()] {
                prop_assert!(stem.len() <= 210 && !stem.contains(['/', '\\', '.', '\0']));
            }
        }

        #[test]
        fn branches_that_share_a_stem_differ_in_the_distinct_one(a in "[a-z/._-]{1,12}", b in "[a-z/._-]{1,12}") {
            prop_assume!(a != b);
            prop_assert_ne!(Branch::named(a).distinct_stem(), Branch::named(b).distinct_stem());
        }
    }
}
