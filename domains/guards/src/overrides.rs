//! Overrides: exceptions and pauses. A person gives them in their own terminal. The agent is
//! refused the commands that would give one, and writes to the files that hold them.

use std::io;
use std::path::{Path, PathBuf};

use config::types::guards::GuardName;
use hooks_common::ended;
use hooks_common::executables::{COMMAND_LINE, is_command_line};
use hooks_common::paths::Paths;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;
use platform::path::resolve;
use platform::text::fact;
use platform::time::Moment;
use shell::programs::{self, Roles, interpreter_of};
use shell::{Command, Word, Write};

use crate::examined::ExaminedUse;
use crate::objection::{Objection, Raised, Weight};
use crate::touched;

/// The verbs of `req` that disable guards.
const CALLS: [&str; 2] = ["allow-once", "pause"];

/// Ends every pause of a session for good: a copy of its mark does not count again.
///
/// # Errors
/// If this cannot be recorded.
pub fn end_pauses(paths: &Paths, session: &SessionKey, now: Moment) -> io::Result<()> {
    ended::end_pauses(paths, session.as_str(), &now.rfc3339())
}

/// Ends every pause of the event's session, which ends.
///
/// # Errors
/// As [`end_pauses`].
pub fn end_pauses_of(hook: &mut Hook) -> io::Result<()> {
    let Some(session) = &hook.session else { return Ok(()) };
    end_pauses(&hook.paths, session.key(), hook.entered)
}

/// Finds an override that the agent tries to give itself. It is refused in any mode of the guards.
pub(crate) fn examine(examined: &ExaminedUse<'_>) -> Option<Raised> {
    let what = call(examined).or_else(|| written(examined)).or_else(|| key_named(examined))?;
    // An override disables all guards, so the refusal names where guard `settings` is configured,
    // or else any guard.
    let place_of = |guard| examined.policy.guard_place(guard).ok().flatten();
    let place = examined
        .policy
        .guards()
        .find(|(guard, _)| *guard == GuardName::Settings)
        .or_else(|| examined.policy.guards().next())
        .and_then(|(guard, _)| place_of(guard))?;
    Some(Raised {
        guard: GuardName::Settings,
        weight: Weight::Refuse,
        objection: Objection::sure(what, "ask the user, who does this in a terminal of their own"),
        message: None,
        place: (place.file, place.line),
    })
}

/// Finds a call of `req` that disables guards, in the command line or in text that another program
/// types or runs.
fn call(examined: &ExaminedUse<'_>) -> Option<String> {
    if !examined.is_bash() {
        return None;
    }
    let script = examined.script();
    let verb = examined.tool_use.commands().find_map(|command| called(command).or_else(|| typed(command)));
    // A line that cannot be followed is searched as text.
    let verb = verb.or_else(|| {
        let line = examined.tool_use.command;
        let may = script.doubt.is_some() && COMMAND_LINE.iter().any(|name| line.contains(name));
        may.then(|| CALLS.into_iter().find(|call| line.contains(call)))?
    })?;
    Some(format!("`req {verb}` sets guards aside, and an agent must not do that itself"))
}

/// The call that a command makes: `req allow-once`, also through a wrapper program, and through a
/// copy of `req`.
fn called(command: &Command) -> Option<&'static str> {
    if command.program().is_some_and(|program| programs::is(program, Roles::TAKES_PROSE)) {
        return None;
    }
    if let Some(at) = command.words.iter().position(|word| is_req(&word.text)) {
        let rest = &command.words[at + 1..];
        let mut operands = rest.iter().filter(|word| !word.text.starts_with('-'));
        let verb = operands.next().and_then(|word| CALLS.into_iter().find(|call| *call == word.text));
        let is_help = rest.iter().any(|word| matches!(&*word.text, "--help" | "-h"));
        // `allow-once` without a code only lists exceptions.
        let does = verb.filter(|verb| !is_help && (*verb != CALLS[0] || operands.next().is_some()));
        if verb.is_some() {
            return does;
        }
    }
    // No other program has a subcommand of this name, so the program is a copy of `req`.
    let first = command.arguments().iter().find(|word| !word.text.starts_with('-'));
    first.filter(|word| word.text == CALLS[0]).map(|_| CALLS[0])
}

/// The call in text that a command types into another terminal, or gives to an interpreter.
fn typed(command: &Command) -> Option<&'static str> {
    /// How many arguments are tried as the first one that is typed.
    const MOST_STARTS: usize = 16;
    let program = command.program()?;
    if !programs::is(program, Roles::TERMINAL) && interpreter_of(program).is_none() {
        return None;
    }
    let words: Vec<&str> = command
        .arguments()
        .iter()
        .map(|word| match word.text.as_str() {
            // `tmux send-keys` has these names for keys.
            "Space" => " ",
            "Enter" => "\n",
            text => text,
        })
        .collect();
    // tmux types its arguments without spaces between them. Which one is typed first depends on its
    // options, so all starts are tried.
    let keys = (0..words.len().min(MOST_STARTS)).map(|from| words[from..].concat());
    [words.join(" ")].into_iter().chain(keys).find_map(|text| call_in(&text))
}

/// The call in a text: `req` followed directly by the verb, as words of a shell or of a list.
fn call_in(text: &str) -> Option<&'static str> {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let names = COMMAND_LINE.into_iter().flat_map(|name| text.match_indices(name));
    names.into_iter().find_map(|(at, name)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + name.len()..];
        let verb = rest.trim_start_matches(|c: char| !is_of_word(c) && c != '\n');
        let between: String =
            rest[..rest.len() - verb.len()].chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
        let is_joined = !between.is_empty() && between.trim().is_empty()
            || between.trim() == "," && rest.starts_with(['"', '\'']);
        let end = verb.find(|c| !is_of_word(c)).unwrap_or(verb.len());
        let is_start = before.is_none_or(|c| !is_of_word(c) || c == '/');
        (is_start && is_joined).then(|| CALLS.into_iter().find(|call| *call == &verb[..end]))?
    })
}

fn is_req(word: &str) -> bool {
    word.rsplit('/').next().is_some_and(is_command_line)
}

/// Finds the key of seals named by a command line, an edit or a read.
fn key_named(examined: &ExaminedUse<'_>) -> Option<String> {
    let is_named = if examined.is_bash() {
        let line = examined.tool_use.command;
        // Most lines contain none of these, and resolving paths costs system calls.
        let may =
            line.contains("key") || [".s", "/.*", "/.?", "/.["].iter().any(|begin| line.contains(begin));
        if may && takes_all(examined) {
            return Some(
                "this reads all of `~/.stanchion`, with the key that marks a person's exceptions".to_owned(),
            );
        }
        may && names_key(examined)
    } else {
        let is_key = |file: &&Path| file.file_name().is_some_and(|name| name == "key");
        let file = examined.tool_use.file.as_deref().filter(is_key);
        file.is_some_and(|file| resolve(file) == resolve(&examined.paths.seal_key()))
    };
    is_named.then(|| "this names the key that marks a person's exceptions".to_owned())
}

/// Whether a word of a line is the path of the key, or a pattern that matches it.
fn names_key(examined: &ExaminedUse<'_>) -> bool {
    let key = resolve(&examined.paths.seal_key());
    let may = |word: &Word| word.text.contains("key") || word.text.contains(['*', '?', '[']);
    examined.tool_use.commands().any(|command| {
        let program = command.program().unwrap_or_default();
        let lists = programs::is(program, Roles::LISTS);
        let targets = command.redirections.iter().map(|redirection| &redirection.target);
        // Names that a pattern matches may be listed.
        let words = command.words.iter().chain(targets);
        let mut words = words.filter(|word| may(word) && (word.is_literal || !lists));
        words.any(|word| {
            interpreter_of(program).is_some() && word.text.contains(".stanchion/key")
                || places(word, command, examined).any(|path| path == key)
        })
    })
}

/// Whether a line reads everything in the folder of the key: `cp -r ~/.stanchion`. Listing its
/// names is allowed.
fn takes_all(examined: &ExaminedUse<'_>) -> bool {
    let folder = resolve(examined.paths.stanchion_dir());
    examined.tool_use.commands().any(|command| {
        let mut words = command.arguments().iter().filter(|word| word.text.contains(".s"));
        command.program().is_some_and(|program| !programs::is(program, Roles::LISTS))
            && words.any(|word| places(word, command, examined).any(|path| path == folder))
    })
}

/// The files that a word of a command may name.
fn places(word: &Word, command: &Command, examined: &ExaminedUse<'_>) -> impl Iterator<Item = PathBuf> {
    let named = Write::tree(word, &command.folder, "");
    examined.tool_use.targets(&named, examined.home()).into_iter().flatten().map(|path| resolve(&path))
}

/// Finds a write to, or the removal of, a file of overrides.
fn written(examined: &ExaminedUse<'_>) -> Option<String> {
    let is_override = |file: &Path| {
        let file = resolve(file);
        let kept = [examined.project.allowed(), examined.project.state().metrics_dir()];
        let is_mark = file.extension().is_some_and(|extension| extension == "paused");
        file == resolve(&examined.paths.ended_seals())
            || file.starts_with(resolve(&kept[0]))
            || (is_mark && file.starts_with(resolve(&kept[1])))
    };
    let names = |text: &str| ["allowed", "paused", "ended-seals"].iter().any(|name| text.contains(name));
    let files: Vec<PathBuf> = if examined.is_bash() {
        if !names(examined.tool_use.command) {
            return None;
        }
        touched::by(examined).into_iter().filter_map(|touched| touched.path).collect()
    } else if examined.is_edit() {
        // Its symbolic links are resolved, so the name alone decides.
        examined
            .file()
            .filter(|file| names(&file.to_string_lossy()))
            .map(Path::to_owned)
            .into_iter()
            .collect()
    } else {
        Vec::new()
    };
    let file = files.iter().find(|file| is_override(file))?;
    Some(format!(
        "{} holds a person's exceptions, and an agent must not write it",
        fact(&examined.shown(file))
    ))
}
