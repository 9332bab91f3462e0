//! Which session a commit belongs to: the one whose tool ran, or none.

use shell::Script;

/// A tool that ran longer than so many seconds and never called git did not commit: whoever commits meanwhile is a
/// person, or another session.
const SHORT: i64 = 30;
/// How long a tool may have run whose duration the host does not tell, in seconds.
const UNTOLD: i64 = 600;
/// How far clocks and whole seconds may be apart.
const SLACK: i64 = 2;

/// The tool that a commit may come from.
#[derive(Debug, Clone, Copy)]
pub struct Attribution {
    session: Option<u64>,
    since: i64,
}

impl Attribution {
    /// Nobody's tool ran.
    pub const NOBODY: Self = Self { session: None, since: i64::MAX };

    /// The tool of a session that ended at `now`, seconds since 1970, and ran for `duration_ms`; 0 when the host does
    /// not say.
    pub fn of_tool(session: Option<u64>, script: &Script, now: i64, duration_ms: u64) -> Self {
        let ran = match duration_ms {
            0 => UNTOLD,
            told => i64::try_from(told.div_ceil(1_000)).unwrap_or(UNTOLD) + SLACK,
        };
        let calls_git = script.doubt.is_some()
            || script.commands.iter().any(|command| command.program().is_none_or(|name| name == "git"));
        let session = session.filter(|_| calls_git || ran <= SHORT);
        Self { session, since: now - ran }
    }

    /// When the tool began at the earliest, seconds since 1970.
    pub fn since(&self) -> i64 {
        self.since
    }

    /// Whether what happened at a time happened while the tool ran.
    pub fn covers(&self, at: i64) -> bool {
        at >= self.since
    }

    /// The session that a commit of that time belongs to.
    pub fn session(&self, at: i64) -> Option<u64> {
        self.session.filter(|_| self.covers(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_before_the_tool_began_is_not_its_own() {
        let tool = |line: &str, ran: u64| Attribution::of_tool(Some(7), &shell::parse(line), 10_000, ran);
        let commit = tool("git commit -m x", 1_500);
        assert_eq!((commit.session(9_996), commit.session(9_995)), (Some(7), None));
        let untold = tool("git commit -m x", 0);
        assert_eq!((untold.session(9_400), untold.session(9_399)), (Some(7), None));
        assert_eq!(tool("make release", 20_000).session(9_999), Some(7), "a script may commit");
        assert_eq!(tool("cargo test", 60_000).session(9_999), None, "somebody commits while tests run");
        assert_eq!(tool("cargo test && git -C . commit", 60_000).session(9_999), Some(7));
        assert_eq!(Attribution::NOBODY.session(i64::MAX), None);
    }
}
