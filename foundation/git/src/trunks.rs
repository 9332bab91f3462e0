//! The names of branches from which other branches start.

/// The usual names of a repository's default branch.
pub const TRUNKS: [&str; 2] = ["main", "master"];
/// The trunks, and branches that collect work for them. They are never finished.
pub const LONG_LIVED: [&str; 3] = ["main", "master", "develop"];

/// Whether a branch has the name of a default branch.
pub fn is_trunk(branch: &str) -> bool {
    TRUNKS.contains(&branch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trunk_is_known_everywhere() {
        for trunk in ["main", "master"] {
            assert!(is_trunk(trunk) && LONG_LIVED.contains(&trunk), "{trunk}");
        }
        assert!(LONG_LIVED.contains(&"develop") && !is_trunk("develop"));
        for other in ["origin/main", "fork/main", "origin", "develop", "Main"] {
            assert!(!is_trunk(other), "{other}");
        }
    }
}
