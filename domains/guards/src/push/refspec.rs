//! Parses refspecs: what is pushed, and where.

/// The prefix of branches among references.
pub(super) const HEADS: &str = "refs/heads/";

/// A parsed refspec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refspec<'a> {
    /// `:`: every branch that is on both sides.
    Matching,
    /// `^x`: excluded.
    Without(&'a str),
    /// `x`: the configuration determines the destination.
    Source(&'a str),
    /// `:x`: removed.
    Removed(&'a str),
    /// `x:y`.
    To(&'a str, &'a str),
}

impl<'a> Refspec<'a> {
    /// Parses a text; `None` if git refuses it.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if let Some(without) = text.strip_prefix('^') {
            return Some(Self::Without(without));
        }
        let text = text.strip_prefix('+').unwrap_or(text);
        // Like git, this splits at the last colon.
        match text.rsplit_once(':') {
            Some(("", "")) => Some(Self::Matching),
            Some((_, "")) => None,
            Some(("", destination)) => Some(Self::Removed(destination)),
            Some((source, destination)) => Some(Self::To(source, destination)),
            None if text.is_empty() => None,
            None => Some(Self::Source(text)),
        }
    }
}

/// The branch that a reference may name, in full or abbreviated; `None` if it is not a branch.
pub(super) fn branch_of(reference: &str) -> Option<&str> {
    if let Some(branch) = reference.strip_prefix(HEADS).or_else(|| reference.strip_prefix("heads/")) {
        return Some(branch);
    }
    let is_other = ["refs/", "tags/", "remotes/"].iter().any(|prefix| reference.starts_with(prefix));
    (!is_other).then_some(reference)
}

/// Whether a name is an alias of HEAD.
pub(super) fn is_head(name: &str) -> bool {
    matches!(name, "HEAD" | "@")
}

/// The part of a name that the `*` of a pattern matches; empty for a pattern without `*`.
pub(super) fn star<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    match pattern.split_once('*') {
        Some((start, end)) => name.strip_prefix(start)?.strip_suffix(end),
        None => (pattern == name).then_some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refspecs_are_read_as_git_reads_them() {
        for (text, expected) in [
            ("main", Some(Refspec::Source("main"))),
            ("+main", Some(Refspec::Source("main"))),
            ("a:main", Some(Refspec::To("a", "main"))),
            ("+HEAD:refs/heads/main", Some(Refspec::To("HEAD", "refs/heads/main"))),
            (":main", Some(Refspec::Removed("main"))),
            (":", Some(Refspec::Matching)),
            ("+:", Some(Refspec::Matching)),
            ("^refs/heads/main", Some(Refspec::Without("refs/heads/main"))),
            ("main:", None),
            ("", None),
        ] {
            assert_eq!(Refspec::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn branches_are_told_from_other_references() {
        for (reference, expected) in [
            ("main", Some("main")),
            ("refs/heads/a/b", Some("a/b")),
            ("heads/main", Some("main")),
            ("origin/main", Some("origin/main")),
            ("refs/tags/main", None),
            ("refs/for/main", None),
            ("tags/main", None),
        ] {
            assert_eq!(branch_of(reference), expected, "{reference}");
        }
        assert_eq!(star("refs/heads/*", "refs/heads/a/b"), Some("a/b"));
        assert_eq!(star("refs/*/x", "refs/heads/x"), Some("heads"));
        assert_eq!((star("ab*bc", "abc"), star("*", "a"), star("a", "b")), (None, Some("a"), None));
    }
}
