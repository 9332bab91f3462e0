//! The names of all environment variables that Stanchion reads, and the only way it reads them.

use std::ffi::OsString;

/// The user's home folder.
pub const HOME: &str = "HOME";
/// Claude Code's configuration folder, default `~/.claude`.
pub const CLAUDE_CONFIG_DIR: &str = "CLAUDE_CONFIG_DIR";
/// The folder Claude Code was launched in; set for hooks.
pub const CLAUDE_PROJECT_DIR: &str = "CLAUDE_PROJECT_DIR";
/// The session id, set for hooks and for the Bash tool since 2.1.132.
pub const CLAUDE_CODE_SESSION_ID: &str = "CLAUDE_CODE_SESSION_ID";
/// The session id as older tools name it.
pub const CLAUDE_SESSION_ID: &str = "CLAUDE_SESSION_ID";
/// Switches the gates off for the process that carries it: see [`is_on`].
pub const CLAUDE_SKIP_REQUIREMENTS: &str = "CLAUDE_SKIP_REQUIREMENTS";
/// `true` switches `strict_preflight` off for a process.
pub const RF_STRICT_OFF: &str = "RF_STRICT_OFF";
/// Set by Claude Code in every process that it starts.
pub const CLAUDECODE: &str = "CLAUDECODE";
/// Stanchion's own folder, default `~/.stanchion`.
pub const STANCHION_HOME: &str = "STANCHION_HOME";
/// The folder of the older system whose stores are read for a migration, default `~/.capacitor`.
pub const STANCHION_LEGACY_HOME: &str = "STANCHION_LEGACY_HOME";
/// git's own variables, honoured when a hook runs inside one of git's commands.
pub const GIT_DIR: &str = "GIT_DIR";
/// The work tree that belongs to [`GIT_DIR`].
pub const GIT_WORK_TREE: &str = "GIT_WORK_TREE";
/// Where the user's configuration lies, default `~/.config`.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// Set where git leaves the machine's configuration out.
pub const GIT_CONFIG_NOSYSTEM: &str = "GIT_CONFIG_NOSYSTEM";
/// The file that git reads instead of the machine's configuration.
pub const GIT_CONFIG_SYSTEM: &str = "GIT_CONFIG_SYSTEM";
/// The file that git reads instead of the user's configuration.
pub const GIT_CONFIG_GLOBAL: &str = "GIT_CONFIG_GLOBAL";
/// Where a refusal looks for `req` before it names an absolute path.
pub const PATH: &str = "PATH";
/// tmux's socket; set in its panes.
pub const TMUX: &str = "TMUX";
/// The tmux pane.
pub const TMUX_PANE: &str = "TMUX_PANE";
/// The terminal's own name, as many set it.
pub const TERM_PROGRAM: &str = "TERM_PROGRAM";
/// The version that belongs to [`TERM_PROGRAM`].
pub const TERM_PROGRAM_VERSION: &str = "TERM_PROGRAM_VERSION";
/// The login name.
pub const USER: &str = "USER";
/// Switches colours off in what people read.
pub const NO_COLOR: &str = "NO_COLOR";

/// The variable's value; unset and empty are the same.
pub fn get_os(name: &str) -> Option<OsString> {
    #[allow(clippy::disallowed_methods, reason = "this is the wrapper")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The variable's value when it is text; unset, empty and undecodable are the same.
pub fn get(name: &str) -> Option<String> {
    get_os(name).and_then(|value| value.into_string().ok())
}

/// Whether a switch is on: its variable is set to anything but a word for off.
pub fn is_on(name: &str) -> bool {
    get_os(name).is_some_and(|value| value.to_str().is_none_or(means_on))
}

/// Whether a value of a switch means on.
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
