//! Whether a tool use needs a requirement.

use crate::error::GatesError;
use std::path::Path;

use config::policy::When;
use config::tools::is_edit;
use config::{ConfigError, Gate, Policy, pattern::Pattern};
use hooks_common::paths::Paths;
use platform::budget;
use platform::path::resolve;
use shell::{Doubt, Script};

use config::globs;
use hooks_common::executables::is_command_line;
use hooks_common::tool_use::ToolUse;
use shell::Word;

/// A line's commands as patterns are searched in them, made once for all gates.
#[derive(Debug)]
pub struct Commands {
    /// Each text, and the same in ASCII lower case.
    texts: Vec<(String, String)>,
    /// The whole line and the same in ASCII lower case.
    raw: (String, String),
    /// The programs whose subcommand the line does not tell: `git` for `git $X`.
    open_ended: Vec<String>,
    /// Whether the line may run more than was found; then the whole of it is searched as well.
    is_doubtful: bool,
    /// Whether the line goes beyond what is followed. Nothing real does, so it may run anything.
    is_beyond: bool,
}

impl Commands {
    /// What a script of this line runs.
    pub fn of(line: &str, script: &Script) -> Self {
        let with_lower = |text: String| {
            let lower = text.to_ascii_lowercase();
            (text, lower)
        };
        let open_ended = |command: &shell::Command| {
            let words = command.without_global_options();
            // `git $FLAGS log` tells its subcommand all the same.
            let tells = |word: Option<&shell::Word>| {
                word.is_none_or(|word| word.is_literal && !word.text.starts_with('-'))
            };
            let is_open = match command.words.get(1) {
                Some(first) if !first.is_literal => !tells(command.words.get(2)) || command.words.len() == 2,
                _ => words.get(1).is_some_and(|word| !word.is_literal),
            };
            command.program().filter(|_| is_open).map(str::to_owned)
        };
        // `git-commit` is where git keeps `git commit`.
        let texts = script.commands.iter().flat_map(shell::Command::texts).flat_map(|text| {
            let dashed = text.strip_prefix("git-").map(|rest| format!("git {rest}"));
            [Some(text), dashed].into_iter().flatten()
        });
        Self {
            texts: texts.map(with_lower).collect(),
            open_ended: script.commands.iter().filter_map(open_ended).collect(),
            is_beyond: is_beyond(script),
            raw: with_lower(line.to_owned()),
            is_doubtful: script.doubt.is_some(),
        }
    }

    /// Everything that patterns are searched in, in ASCII lower case; `None` where more may run than was found.
    fn searched(&self) -> Option<String> {
        if self.is_beyond || !self.open_ended.is_empty() {
            return None;
        }
        let mut all = self.raw.1.clone();
        for (_, lower) in &self.texts {
            all.push('\n');
            all.push_str(lower);
        }
        Some(all)
    }

    /// Whether one of the commands matches.
    ///
    /// # Errors
    /// When the pattern gives up.
    pub fn match_pattern(&self, pattern: &Pattern, raw: bool) -> Result<bool, GatesError> {
        if self.is_beyond || (!raw && self.open_ended.iter().any(|program| pattern.names_program(program))) {
            return Ok(true);
        }
        if !raw {
            for (text, lower) in &self.texts {
                if pattern.is_command(text, lower)? {
                    return Ok(true);
                }
            }
        }
        if raw || self.is_doubtful {
            return Ok(pattern.is_match(&self.raw.0, &self.raw.1)?);
        }
        Ok(false)
    }
}

/// Whether a line goes beyond what is followed: too long for any shell, too deep or too much for any person.
pub fn is_beyond(script: &Script) -> bool {
    matches!(script.doubt, Some(Doubt::TooLong | Doubt::TooDeep | Doubt::TooMuch))
}

/// Answers for one tool use which gates it needs.
#[derive(Debug)]
pub struct Triggers<'a> {
    tool_use: &'a ToolUse<'a>,
    root: &'a Path,
    paths: &'a Paths,
    commands: Option<Commands>,
}

impl<'a> Triggers<'a> {
    /// For a tool use in the project at `root`.
    pub fn new(tool_use: &'a ToolUse<'a>, root: &'a Path, paths: &'a Paths) -> Self {
        Self { tool_use, root, paths, commands: None }
    }

    /// The gates of the policy that the tool use may need, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn gates(&mut self, policy: &Policy) -> Result<Vec<Gate>, ConfigError> {
        let tool_use = self.tool_use;
        let commands = &mut self.commands;
        policy.gates_met(tool_use.tool, || {
            if !tool_use.is_bash() {
                return None;
            }
            commands.get_or_insert_with(|| Commands::of(tool_use.command, tool_use.script())).searched()
        })
    }

    /// Whether the tool use needs the gate.
    ///
    /// # Errors
    /// When a pattern gives up; the message names it.
    pub fn ask(&mut self, gate: &Gate) -> Result<bool, GatesError> {
        if gate.when.is_empty() {
            return Ok(true);
        }
        let mut failed = None;
        for when in &gate.when {
            match self.holds(when) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(false), Err)
    }

    fn holds(&mut self, when: &When) -> Result<bool, GatesError> {
        if !when.agents.is_empty() && !globs::matches_agent(&when.agents, self.tool_use.agent) {
            return Ok(false);
        }
        if when.writes {
            return Ok(self.writes(when));
        }
        if let Some(pattern) = &when.command {
            let tool_use = self.tool_use;
            let commands =
                self.commands.get_or_insert_with(|| Commands::of(tool_use.command, tool_use.script()));
            if !commands.match_pattern(pattern, when.raw)? {
                return Ok(false);
            }
        }
        if when.files.is_empty() {
            return Ok(true);
        }
        let is_named = |file: &Path| globs::matches(&when.files, file, self.root, self.paths.home());
        if self.tool_use.is_bash() {
            let files = self.tool_use.written_files(self.paths.home());
            return Ok(files.iter().flatten().any(|file| is_named(file)));
        }
        Ok(self.tool_use.file.as_deref().is_some_and(is_named))
    }

    /// Whether the line writes a file of the project that the gate is about. What a line does not tell counts,
    /// unless the gate is about certain files. A plan is never gated.
    fn writes(&self, when: &When) -> bool {
        if is_beyond(self.tool_use.script()) {
            return true;
        }
        let home = self.paths.home();
        let removed = if when.removes { self.tool_use.removed_files(home) } else { &[] };
        self.tool_use.written_files(home).iter().chain(removed).any(|file| match file {
            // What was not looked at for lack of time counts as touched.
            _ if budget::is_spent() => true,
            None => when.files.is_empty(),
            Some(file) => {
                let is_ours = resolve(file).starts_with(self.root) && !is_plan(self.paths, self.root, file);
                if when.files.is_empty() {
                    is_ours
                } else {
                    globs::matches(&when.files, file, self.root, home)
                }
            }
        })
    }
}

/// Whether a file is a plan: Markdown where Claude Code or the project keeps plans. Writing one is how plans come
/// about, so nothing gates it.
pub fn is_plan(paths: &Paths, root: &Path, file: &Path) -> bool {
    if file.extension().is_none_or(|extension| extension != "md") {
        return false;
    }
    let file = resolve(file);
    let folders = [paths.plans(), root.join(".claude/plans"), root.join("docs/plans")];
    folders.iter().any(|plans| file.starts_with(resolve(plans)))
}

/// Why a tool passes whatever is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateExemption {
    /// It is a call of our own command line, which may be the way out.
    CommandLine,
    /// It writes a plan.
    Plan,
}

/// Why a tool use passes whatever is open, if it does.
pub fn exemption(paths: &Paths, root: &Path, tool_use: &ToolUse<'_>) -> Option<GateExemption> {
    if tool_use.is_bash() {
        return is_lone_req(tool_use.command, tool_use.script()).then_some(GateExemption::CommandLine);
    }
    let file = tool_use.file.as_deref()?;
    (is_edit(tool_use.tool) && is_plan(paths, root, file)).then_some(GateExemption::Plan)
}

/// Whether a line is one call of the command line and nothing else: the way out of a gate stays open even where every
/// Bash command is gated. Taking the hooks out is no way out of one gate.
fn is_lone_req(line: &str, script: &Script) -> bool {
    let [command] = script.commands.as_slice() else { return false };
    let rewires = |word: &Word| matches!(word.text.as_str(), "install" | "uninstall");
    command.program().is_some_and(is_command_line)
        && !command.arguments().iter().any(rewires)
        && script.doubt.is_none()
        && command.redirections.is_empty()
        && command.assignments.is_empty()
        && !line.contains(['$', '`'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lone_call_of_req_is_exempt() {
        let is_exempt = |line: &str| is_lone_req(line, &shell::parse(line));
        for line in [
            "req satisfy plan --session abc",
            "/x/.stanchion/bin/req pause",
            " req status ",
            "req why Edit 'a b'",
            "req satisfy ticket -m '{\"ticket\": \"A&B (1)\"}'",
        ] {
            assert!(is_exempt(line), "{line}");
        }
        for line in [
            "req pause && rm -rf x",
            "echo req pause",
            "req `x`",
            "req $(x)",
            "req pause\nrm x",
            "xreq pause",
            "req a > b",
            "PATH=/tmp req pause",
            "",
        ] {
            assert!(!is_exempt(line), "{line}");
        }
    }
}
