//! The names of branches that others grow from.

/// What the default branch of a repository is called where nothing else is known.
pub const TRUNKS: [&str; 2] = ["main", "master"];
/// The trunks, and where work is gathered before it reaches one: they are never finished.
pub const LONG_LIVED: [&str; 3] = ["main", "master", "develop"];
/// The remotes that a clone and a fork have by custom.
const REMOTES: [&str; 2] = ["origin", "upstream"];

/// Whether a branch has the name of a default branch.
pub fn is_trunk(branch: &str) -> bool {
    TRUNKS.contains(&branch)
}

/// Whether a name is that of a trunk at a usual remote, as `origin/main`.
pub fn is_remote_trunk(name: &str) -> bool {
    name.split_once('/').is_some_and(|(remote, branch)| REMOTES.contains(&remote) && is_trunk(branch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trunk_is_known_everywhere() {
        for trunk in ["main", "master"] {
            assert!(is_trunk(trunk) && LONG_LIVED.contains(&trunk), "{trunk}");
            for remote in ["origin", "upstream"] {
                assert!(is_remote_trunk(&format!("{remote}/{trunk}")), "{remote}/{trunk}");
            }
        }
        assert!(LONG_LIVED.contains(&"develop") && !is_trunk("develop"));
        for other in ["origin/develop", "fork/main", "origin", "main", "Main"] {
            assert!(!is_remote_trunk(other), "{other}");
        }
    }
}
