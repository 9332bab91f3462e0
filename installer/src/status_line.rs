//! Our status line in the settings: how its command looks, and how it is recognised.
//!
//! Claude Code has one status line and runs its command through a shell. Ours chains an existing command: it gets the
//! command as one word, runs it, and adds to its output. Uninstalling restores the command from that word.

use std::path::{Path, PathBuf};

use hooks_common::executables::STATUS_LINE;
use jsonc_parser::cst::{CstObject, CstRootNode, CstStringLit};

use crate::entry::{EntryForm, guarded, shown};
use platform::shell_word;

/// The key of the status line in the settings.
pub const KEY: &str = "statusLine";

/// What a settings file has for a status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusLine {
    /// Nothing.
    Absent,
    /// Our executable, in one of our forms.
    Ours(OurStatusLine),
    /// A command of the user's.
    Theirs(String),
    /// A command of the user's that runs our executable in a form of its own.
    Wrapped(String),
    /// Not a command object, with the reason.
    Broken(&'static str),
}

/// Our status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurStatusLine {
    /// The executable.
    pub path: PathBuf,
    /// How it is started.
    pub form: EntryForm,
    /// The command that ours runs too.
    pub chained: Option<String>,
}

impl OurStatusLine {
    /// The command for the settings. Where the executable is missing, the guarded form runs the chained command, so
    /// that everyone who shares the file keeps a status line.
    pub fn command(&self, home: &Path) -> String {
        let chained = self.chained.as_deref().map(shell_word::single);
        match (self.form, chained) {
            (EntryForm::Exec, None) => shell_word::plain(&self.path.to_string_lossy()),
            (EntryForm::Exec, Some(chained)) => {
                format!("{} --chain {chained}", shell_word::plain(&self.path.to_string_lossy()))
            }
            (EntryForm::Shell, None) => {
                let path = shown(&self.path, home);
                format!(r#"if [ -x "{path}" ]; then exec "{path}"; fi"#)
            }
            (EntryForm::Shell, Some(chained)) => {
                let path = shown(&self.path, home);
                format!(
                    r#"if [ -x "{path}" ]; then exec "{path}" --chain {chained}; else eval {chained}; fi"#
                )
            }
        }
    }

    /// Reads a command of one of our forms, from any folder: chaining an older installation of ours would show everything
    /// twice.
    pub fn read(command: &str, home: &Path) -> Option<Self> {
        let (path, form, rest) = match guarded(command, home) {
            Some((path, rest)) => (path, EntryForm::Shell, rest.strip_suffix("; fi")?),
            None => {
                let from_home = command.strip_prefix("~/").or_else(|| command.strip_prefix("$HOME/"));
                let (path, rest) = shell_word::read(from_home.unwrap_or(command))?;
                let path = if from_home.is_some() { home.join(path) } else { PathBuf::from(path) };
                (path, EntryForm::Exec, rest)
            }
        };
        if path.file_name()? != STATUS_LINE {
            return None;
        }
        if rest.is_empty() {
            return Some(Self { path, form, chained: None });
        }
        let (chained, rest) = shell_word::read(rest.strip_prefix(" --chain ")?)?;
        let is_whole = rest.is_empty() || (form == EntryForm::Shell && rest.starts_with("; else eval "));
        is_whole.then_some(Self { path, form, chained: Some(chained) })
    }
}

/// The status line of parsed settings.
pub fn of(root: &CstRootNode, home: &Path) -> StatusLine {
    let Some(top) = root.object_value() else { return StatusLine::Absent };
    let named = |property: &jsonc_parser::cst::CstObjectProp| property.decoded_name().as_deref() == Some(KEY);
    match top.properties().iter().filter(|property| named(property)).count() {
        0 => return StatusLine::Absent,
        1 => {}
        _ => return StatusLine::Broken("`statusLine` is set more than once"),
    }
    let Some(line) = top.object_value(KEY) else {
        return StatusLine::Broken("`statusLine` is not an object");
    };
    let is_command =
        line.get("type").and_then(|kind| kind.to_serde_value()?.as_str().map(|kind| kind == "command"));
    if is_command != Some(true) {
        return StatusLine::Broken("`statusLine.type` is not `command`");
    }
    let Some(command) = command_of(&line).and_then(|command| command.decoded_value().ok()) else {
        return StatusLine::Broken("`statusLine.command` is not a string");
    };
    match OurStatusLine::read(&command, home) {
        Some(ours) => StatusLine::Ours(ours),
        None if names_ours(&command) => StatusLine::Wrapped(command),
        None => StatusLine::Theirs(command),
    }
}

/// Whether a line has the name of our executable for the last part of a path, or by itself.
fn names_ours(line: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.split(|c| !is_of_name(c)).any(|word| word == STATUS_LINE)
}

/// The text of a status line's command, to be read or replaced where it stands.
pub fn command_of(line: &CstObject) -> Option<CstStringLit> {
    line.get("command")?.value()?.as_string_lit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::parse;

    const HOME: &str = "/home/dev";

    fn found(settings: &str) -> StatusLine {
        of(&parse(settings).unwrap().1, Path::new(HOME))
    }

    #[test]
    fn every_form_is_read_back_as_it_was_written() {
        for folder in ["/home/dev/.stanchion/bin", "/opt/my 'bin' \"$x", "/home/dev/with space"] {
            for form in [EntryForm::Exec, EntryForm::Shell] {
                for chained in
                    [None, Some(""), Some("ccline --x"), Some("printf '%s' \"$(date)\" # it's\nx; fi")]
                {
                    let ours = OurStatusLine {
                        path: Path::new(folder).join(STATUS_LINE),
                        form,
                        chained: chained.map(str::to_owned),
                    };
                    let command = ours.command(Path::new(HOME));
                    assert_eq!(OurStatusLine::read(&command, Path::new(HOME)), Some(ours), "{command}");
                }
            }
        }
    }

    #[test]
    fn a_team_gets_nobodys_home_and_keeps_its_own_line_where_we_are_missing() {
        let path = Path::new("/home/dev/.stanchion/bin").join(STATUS_LINE);
        let ours = OurStatusLine { path, form: EntryForm::Shell, chained: Some("printf '%s' theirs".into()) };
        let command = ours.command(Path::new(HOME));
        assert!(command.contains("$HOME/.stanchion") && !command.contains("/home/dev"), "{command}");
        let mut shell = std::process::Command::new("/bin/sh");
        let output = shell.args(["-c", &command]).env("HOME", "/nowhere").output().unwrap();
        assert_eq!(output.stdout, b"theirs");
    }

    #[test]
    fn only_a_line_that_runs_us_alone_is_ours() {
        let line = |command: &str| {
            let command = serde_json::to_string(command).unwrap();
            found(&format!("{{\"statusLine\": {{\"type\": \"command\", \"command\": {command}}}}}"))
        };
        for command in [
            "~/.stanchion/bin/hook-status-line",
            "$HOME/.stanchion/bin/hook-status-line",
            "/opt/x/hook-status-line",
        ] {
            assert!(matches!(line(command), StatusLine::Ours(_)), "{command}");
        }
        for command in
            ["cd /x; hook-status-line", "/x/hook-status-line --other", "/x/hook-status-line --chain 'a' b"]
        {
            assert!(matches!(line(command), StatusLine::Wrapped(_)), "{command}");
        }
        for command in ["ccline", "/opt/my-hook-status-line.sh"] {
            assert_eq!(line(command), StatusLine::Theirs(command.into()));
        }
    }

    #[test]
    fn what_is_no_command_is_broken() {
        assert_eq!(found("{}"), StatusLine::Absent);
        for settings in [
            "{\"statusLine\": null}",
            "{\"statusLine\": \"x\"}",
            "{\"statusLine\": {\"command\": \"x\"}}",
            "{\"statusLine\": {\"type\": \"command\"}}",
            "{\"statusLine\": {\"type\": \"command\", \"command\": 5}}",
            "{\"statusLine\": {\"type\": \"static\", \"command\": \"x\"}}",
            "{\"statusLine\": {\"type\": \"command\", \"command\": \"x\"}, \"statusLine\": {}}",
        ] {
            assert!(matches!(found(settings), StatusLine::Broken(_)), "{settings}");
        }
    }
}
