//! The names of all environment variables that Stanchion reads, and the only functions that read them.

use std::ffi::OsString;

/// The user's home folder.
pub const HOME: &str = "HOME";
/// Claude Code's configuration folder, default `~/.claude`.
pub const CLAUDE_CONFIG_DIR: &str = "CLAUDE_CONFIG_DIR";
/// The folder in which Claude Code was started. Claude Code sets it for hooks.
pub const CLAUDE_PROJECT_DIR: &str = "CLAUDE_PROJECT_DIR";
/// The session id. Claude Code sets it for hooks and, since 2.1.132, for the Bash tool.
pub const CLAUDE_CODE_SESSION_ID: &str = "CLAUDE_CODE_SESSION_ID";
/// The session id under the name that older tools use.
pub const CLAUDE_SESSION_ID: &str = "CLAUDE_SESSION_ID";
/// Switches the gates off for the process that has it set: see [`is_on`].
pub const CLAUDE_SKIP_REQUIREMENTS: &str = "CLAUDE_SKIP_REQUIREMENTS";
/// `true` switches `strict_preflight` off for a process.
pub const RF_STRICT_OFF: &str = "RF_STRICT_OFF";
/// Claude Code sets it in every process that it starts.
pub const CLAUDECODE: &str = "CLAUDECODE";
/// Stanchion's own folder, default `~/.stanchion`.
pub const STANCHION_HOME: &str = "STANCHION_HOME";
/// The folder of Capacitor, the older system whose files are migrated. Default `~/.capacitor`.
pub const STANCHION_LEGACY_HOME: &str = "STANCHION_LEGACY_HOME";
/// git's own variable for the repository. git sets it when a hook runs inside a git command.
pub const GIT_DIR: &str = "GIT_DIR";
/// The work tree that belongs to [`GIT_DIR`].
pub const GIT_WORK_TREE: &str = "GIT_WORK_TREE";
/// The folder of the user's configuration, default `~/.config`.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// If set, git ignores the machine's configuration.
pub const GIT_CONFIG_NOSYSTEM: &str = "GIT_CONFIG_NOSYSTEM";
/// The file that git reads instead of the machine's configuration.
pub const GIT_CONFIG_SYSTEM: &str = "GIT_CONFIG_SYSTEM";
/// The file that git reads instead of the user's configuration.
pub const GIT_CONFIG_GLOBAL: &str = "GIT_CONFIG_GLOBAL";
/// The search path. If it contains `req`, a refusal names `req` instead of an absolute path.
pub const PATH: &str = "PATH";
/// tmux's socket. tmux sets it in its panes.
pub const TMUX: &str = "TMUX";
/// The tmux pane's id.
pub const TMUX_PANE: &str = "TMUX_PANE";
/// The terminal's name, set by many terminals.
pub const TERM_PROGRAM: &str = "TERM_PROGRAM";
/// The version that belongs to [`TERM_PROGRAM`].
pub const TERM_PROGRAM_VERSION: &str = "TERM_PROGRAM_VERSION";
/// The login name.
pub const USER: &str = "USER";
/// Switches colours off in output for people.
pub const NO_COLOR: &str = "NO_COLOR";

/// The variable's value. An empty variable counts as unset.
pub fn get_os(name: &str) -> Option<OsString> {
    #[allow(clippy::disallowed_methods, reason = "this is the wrapper")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The variable's value as text. An empty variable and one that is not UTF-8 count as unset.
pub fn get(name: &str) -> Option<String> {
    get_os(name).and_then(|value| value.into_string().ok())
}

/// Whether a switch is on: its variable is set, and not to a word for off.
pub fn is_on(name: &str) -> bool {
    get_os(name).is_some_and(|value| value.to_str().is_none_or(means_on))
}

/// Whether a switch's value means on.
pub fn means_on(value: &str) -> bool {
    !["", "0", "false", "no", "off"].iter().any(|off| value.trim().eq_ignore_ascii_case(off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_set_to_off_is_off() {
        for off in ["", " ", "0", "false", "False", "no", "OFF"] {
            assert!(!means_on(off), "{off:?}");
        }
        for on in ["1", "true", "yes", "on", "2", "anything"] {
            assert!(means_on(on), "{on:?}");
        }
    }
}
