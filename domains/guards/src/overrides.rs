//! What lets things through, and who may use it: a person in a terminal of their own, never the agent by a command it
//! runs or a file it writes.

use std::io;
use std::path::{Path, PathBuf};

use config::types::guards::GuardName;
use hooks_common::executables::{COMMAND_LINE, is_command_line};
use hooks_common::paths::Paths;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;
use platform::path::resolve;
use platform::store;
use platform::text::fact;
use platform::time::Moment;
use serde::{Deserialize, Serialize};
use shell::{Command, Folder, Input, Word, Write};

use crate::objection::{Objection, Raised, Verdict};
use crate::sight::Sight;
use crate::{ended, seal, touched};

/// The calls of `req` that set guards aside.
const CALLS: [&str; 2] = ["allow-once", "pause"];

/// Who paused a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Somebody who typed it in a terminal of their own. Guards stand aside as well.
    Person,
    /// An agent, or a script; requirement gates stand aside, guards do not.
    #[default]
    Agent,
}

/// What the mark of a paused session holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pause {
    /// When, RFC 3339.
    pub paused_at: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: By,
    /// What shows that a person did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Pause {
    /// A pause by somebody, sealed where it is a person.
    ///
    /// # Errors
    /// When the key of seals can neither be read nor be made.
    pub fn new(paths: &Paths, session: &SessionKey, by: By, reason: &str, now: Moment) -> io::Result<Self> {
        let paused_at = now.rfc3339();
        let seal = match by {
            By::Person => seal::seal(paths, &["pause", session.as_str(), &paused_at])?,
            By::Agent => String::new(),
        };
        Ok(Self { paused_at, reason: reason.to_owned(), by, seal })
    }
}

/// Whether the mark is there and a person made it.
pub fn is_paused_by_person(paths: &Paths, mark: &Path, session: &SessionKey) -> bool {
    let Ok(Some(bytes)) = store::read(mark) else { return false };
    let Ok(pause) = serde_json::from_slice::<Pause>(&bytes) else { return false };
    pause.by == By::Person
        && seal::holds(paths, &["pause", session.as_str(), &pause.paused_at], &pause.seal)
        && !ended::is_ended(paths, &pause.seal)
        && !ended::is_pause_ended(paths, session.as_str(), &pause.paused_at)
}

/// Ends every pause of a session for good: no mark of one counts again, wherever it lies.
///
/// # Errors
/// When that cannot be noted.
pub fn end_pauses(paths: &Paths, session: &SessionKey, now: Moment) -> io::Result<()> {
    ended::end_pauses(paths, session.as_str(), &now.rfc3339())
}

/// The same when a session ends.
///
/// # Errors
/// As [`end_pauses`].
pub fn end_pauses_of(hook: &mut Hook) -> io::Result<()> {
    let Some(session) = &hook.session else { return Ok(()) };
    end_pauses(&hook.paths, session.key(), hook.entered)
}

/// An override that the agent tries to give itself: it is refused whatever mode the guards are in.
pub(crate) fn examine(sight: &Sight<'_>) -> Option<Raised> {
    let what = call(sight).or_else(|| written(sight)).or_else(|| key_named(sight))?;
    // Where the guardian of settings is on it is its place, else that of any guard: all of them would be set aside.
    let place_of = |guard| sight.policy.guard_place(guard).ok().flatten();
    let place = sight
        .policy
        .guards()
        .find(|(guard, _)| *guard == GuardName::Settings)
        .or_else(|| sight.policy.guards().next())
        .and_then(|(guard, _)| place_of(guard))?;
    Some(Raised {
        guard: GuardName::Settings,
        verdict: Verdict::Deny,
        objection: Objection::sure(what, "ask the user, who does this in a terminal of their own"),
        message: None,
        place: (place.file, place.line),
    })
}

/// A call of `req` in the command line that sets guards aside, or that it has another program type or run.
fn call(sight: &Sight<'_>) -> Option<String> {
    if !sight.is_bash() {
        return None;
    }
    let script = sight.script();
    let verb = script.commands.iter().find_map(|command| called(command).or_else(|| handed_on(command)));
    let verb = verb.or_else(|| {
        let line = sight.tool_use.command;
        let may = script.doubt.is_some() && COMMAND_LINE.iter().any(|name| line.contains(name));
        may.then(|| CALLS.into_iter().find(|call| line.contains(call)))?
    })?;
    Some(format!("`req {verb}` sets guards aside, and an agent must not do that itself"))
}

/// What a command calls: `req allow-once`, also behind a program that runs it, and by a copy of `req`.
fn called(command: &Command) -> Option<&'static str> {
    let verb_of = |text: &str| CALLS.into_iter().find(|call| *call == text);
    if matches!(command.program(), Some("echo" | "printf" | "grep" | "rg" | "git" | "gh" | "man")) {
        return None;
    }
    if let Some(at) = command.words.iter().position(|word| is_req(&word.text)) {
        let rest = &command.words[at + 1..];
        let mut operands = rest.iter().filter(|word| !word.text.starts_with('-'));
        let verb = operands.next().and_then(|verb| verb_of(&verb.text));
        let is_help = rest.iter().any(|word| matches!(&*word.text, "--help" | "-h"));
        // Without a code it lists.
        let does = verb.filter(|verb| !is_help && (*verb != CALLS[0] || operands.next().is_some()));
        if verb.is_some() {
            return does;
        }
    }
    // No other program has a subcommand of this name.
    let first = command.arguments().iter().find(|word| !word.text.starts_with('-'));
    first.filter(|word| word.text == CALLS[0]).map(|_| CALLS[0])
}

/// What a command has typed into another terminal, or run by a program of another language.
fn handed_on(command: &Command) -> Option<&'static str> {
    const HANDING: [&str; 50] = [
        "pypy",
        "ipython",
        "php",
        "lua",
        "deno",
        "bun",
        "awk",
        "gawk",
        "sed",
        "vim",
        "nvim",
        "crontab",
        "lxterminal",
        "mate-terminal",
        "make",
        "tmux",
        "screen",
        "zellij",
        "byobu",
        "dtach",
        "abduco",
        "xterm",
        "uxterm",
        "urxvt",
        "st",
        "alacritty",
        "kitty",
        "kitten",
        "wezterm",
        "foot",
        "konsole",
        "gnome-terminal",
        "xfce4-terminal",
        "terminator",
        "tilix",
        "osascript",
        "xdotool",
        "ydotool",
        "wtype",
        "expect",
        "unbuffer",
        "script",
        "socat",
        "at",
        "batch",
        "python",
        "python3",
        "perl",
        "ruby",
        "node",
    ];
    /// How many beginnings of what is typed are tried.
    const MOST_WORDS: usize = 16;
    let is_handing = |program: &str| {
        let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        HANDING.contains(&program) || HANDING.contains(&plain)
    };
    if !command.program().is_some_and(is_handing) {
        return None;
    }
    // What a window is called, and where it opens, is not typed.
    let is_named = |at: usize| {
        let before = at.checked_sub(1).map_or("", |at| command.arguments()[at].text.as_str());
        command.program() == Some("tmux") && matches!(before, "-n" | "-t" | "-s" | "-c")
    };
    let words = command.arguments().iter().enumerate().filter(|(at, _)| !is_named(*at));
    let words = words.map(|(_, word)| match word.text.as_str() {
        "Space" => " ",
        "Enter" | "C-m" | "KPEnter" => "\n",
        text => text,
    });
    let words: Vec<&str> = words.collect();
    let input = match &command.input {
        Input::Text(text) => text.as_str(),
        _ => "",
    };
    // tmux types its arguments one behind the other.
    let typed = (0..words.len().min(MOST_WORDS)).map(|from| words[from..].concat());
    [words.join(" "), input.to_owned()].into_iter().chain(typed).find_map(|text| speaks(&text))
}

/// The call that a text speaks of, if it does: `req` and right behind it the verb, as words of a shell or of a list.
fn speaks(text: &str) -> Option<&'static str> {
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

/// The key of seals, named by a line, an edit or a read.
fn key_named(sight: &Sight<'_>) -> Option<String> {
    let is_named = if sight.is_bash() {
        let line = sight.tool_use.command;
        let may =
            line.contains("key") || [".s", "/.*", "/.?", "/.["].iter().any(|begin| line.contains(begin));
        if may && takes_all(sight) {
            return Some("this reads all that is in `~/.stanchion`, with the key that tells a person's allowances from others".to_owned());
        }
        may && names_key(sight)
    } else {
        let is_key = |file: &&Path| file.file_name().is_some_and(|name| name == "key");
        let file = sight.tool_use.file.as_deref().filter(is_key);
        file.is_some_and(|file| resolve(file) == resolve(&sight.paths.seal_key()))
    };
    is_named.then(|| "this names the key that tells a person's allowances from others".to_owned())
}

/// Whether a word of a line is a path of the key, or a pattern that meets it.
fn names_key(sight: &Sight<'_>) -> bool {
    let key = resolve(&sight.paths.seal_key());
    let may = |word: &Word| word.text.contains("key") || word.text.contains(['*', '?', '[']);
    let is_key = |word: &Word, folder: &Folder| {
        let write = Write::tree(word, folder, "");
        let paths = sight.tool_use.targets(&write, sight.home());
        paths.into_iter().flatten().any(|path| resolve(&path) == key)
    };
    sight.script().commands.iter().any(|command| {
        let targets = command.redirections.iter().map(|redirection| &redirection.target);
        let program = command.program().unwrap_or_default();
        // Another language's text may open it.
        let within = !SPEAKERS.contains(&program) && !LISTING.contains(&program);
        let is_within = |word: &Word| within && word.text.contains(".stanchion/key");
        let is_listed = |word: &Word| !word.is_literal && LISTING.contains(&program);
        let mut words = command.words.iter().chain(targets).filter(|word| may(word) && !is_listed(word));
        words.any(|word| is_within(word) || is_key(word, &command.folder))
    })
}

/// Programs that tell of files and show nothing in them.
const LISTING: [&str; 12] =
    ["ls", "cd", "du", "stat", "tree", "test", "[", "mkdir", "echo", "wc", "find", "file"];
/// Programs that take prose.
const SPEAKERS: [&str; 9] = ["git", "gh", "glab", "rg", "grep", "echo", "printf", "req", "stanchion"];

/// Whether a line reads all that lies beside the key: `cp -r ~/.stanchion`, `cat ~/.stanchion/*`. Names may be listed.
fn takes_all(sight: &Sight<'_>) -> bool {
    let folder = resolve(sight.paths.stanchion_dir());
    let is_all = |word: &Word, place: &Folder| {
        let write = Write::tree(word, place, "");
        let paths = sight.tool_use.targets(&write, sight.home());
        paths.into_iter().flatten().any(|path| resolve(&path) == folder)
    };
    sight.script().commands.iter().any(|command| {
        let is_left_out = || command.arguments().iter().any(|word| word.text == "--exclude=key");
        command.program().is_some_and(|program| !LISTING.contains(&program))
            && !is_left_out()
            && command
                .arguments()
                .iter()
                .filter(|word| word.text.contains(".s"))
                .any(|word| is_all(word, &command.folder))
    })
}

/// A file that is written or removed and lets things through.
fn written(sight: &Sight<'_>) -> Option<String> {
    let is_told = |file: &Path| {
        let file = resolve(file);
        let kept = [sight.project.allowed(), sight.project.state().metrics_dir()];
        let is_mark = file.extension().is_some_and(|extension| extension == "paused");
        file == resolve(&sight.paths.ended_seals())
            || file.starts_with(resolve(&kept[0]))
            || (is_mark && file.starts_with(resolve(&kept[1])))
    };
    let names = |text: &str| ["allowed", "paused", "ended-seals"].iter().any(|name| text.contains(name));
    let files: Vec<PathBuf> = if sight.is_bash() {
        if !names(sight.tool_use.command) {
            return None;
        }
        touched::by(sight).into_iter().filter_map(|touched| touched.path).collect()
    } else if sight.is_edit() {
        // Free of symbolic links, so its name tells.
        sight.file().filter(|file| names(&file.to_string_lossy())).map(Path::to_owned).into_iter().collect()
    } else {
        Vec::new()
    };
    let file = files.iter().find(|file| is_told(file))?;
    Some(format!(
        "{} is where a person's allowances lie, and an agent must not write them",
        fact(&sight.shown(file))
    ))
}
