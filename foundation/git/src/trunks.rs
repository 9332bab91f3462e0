//! The names of branches that others grow from.

/// What the default branch of a repository is called where nothing else is known.
pub const TRUNKS: [&str; 2] = ["main", "master"];
/// The trunks, and where work is gathered before it reaches one: they are never finished.
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
