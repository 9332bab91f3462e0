//! Calls of `req` and `stanchion` that remove or weaken rules.

use hooks_common::executables::is_command_line;
use shell::{Command, Word};

use crate::objection::Objection;

/// Values that disable something, or make it less strict.
const OFF: [&str; 7] = ["false", "no", "off", "null", "observe", "warn", "allow"];
/// Values that enable something.
const ON: [&str; 3] = ["true", "yes", "on"];
/// Keys that make the guard less strict when they are on.
const LETTING: [&str; 2] = ["stop_only", "allow_select"];
/// Keys whose value is only text.
const WORDS: [&str; 2] = ["message", "description"];

/// The finding over a call that removes or weakens rules.
pub(super) fn weakening(command: &Command) -> Option<Objection> {
    let program = command.program().filter(|program| is_command_line(program))?;
    let words = command.arguments();
    let has = |name: &str| words.iter().any(|word| word.text == name);
    if has("--help") || has("-h") || has("--dry-run") {
        return None;
    }
    let verb = words.iter().find(|word| !word.text.starts_with('-'))?;
    let weakens = match verb.text.as_str() {
        "uninstall" | "disable" => true,
        "config" => has("--disable") || settings(words).any(|(set, is_literal)| !is_literal || loosens(set)),
        "init" => replaces(words),
        // `req $(cat verb)`
        _ => !verb.is_literal,
    };
    weakens.then(|| {
        let what = format!(
            "`{program} {}` takes away rules that this session is under",
            verb.text.replace('`', "'")
        );
        Objection::doubtful(what, "ask the user, who does this in a terminal of their own")
    })
}

/// Whether `req init` replaces or overrides an existing configuration. An existing file is kept without
/// `--force`; the local file of this clone takes precedence over the team's.
fn replaces(words: &[Word]) -> bool {
    let is_short =
        |text: &str, letter| text.starts_with('-') && !text.starts_with("--") && text.contains(letter);
    let has = |name: &str| words.iter().any(|word| word.text == name);
    // `-p` takes the following text as its value.
    let forces = |word: &Word| {
        let letters = word.text.split('p').next().unwrap_or_default();
        matches!(&*word.text, "--force" | "--local") || is_short(letters, 'f')
    };
    let may_force = |pair: &[Word]| {
        let is_value = matches!(&*pair[0].text, "--preset" | "-p");
        !pair[1].is_literal && !is_value && !pair[1].text.starts_with('-')
    };
    !has("--preview") && (words.iter().any(forces) || words.windows(2).any(may_force))
}

/// The values of `--set`, each with whether the line determines it.
fn settings(words: &[Word]) -> impl Iterator<Item = (&str, bool)> {
    let apart = words
        .windows(2)
        .filter(|pair| pair[0].text == "--set")
        .map(|pair| (&*pair[1].text, pair[1].is_literal));
    let joined = words.iter().filter_map(|word| Some((word.text.strip_prefix("--set=")?, word.is_literal)));
    apart.chain(joined)
}

/// Whether `KEY=VALUE` makes a guard less strict. A list or map is read word by word.
fn loosens(set: &str) -> bool {
    let (key, value) = set.split_once('=').unwrap_or((set, ""));
    let value = value.to_ascii_lowercase();
    let says =
        |list: &[&str]| value.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| list.contains(&word));
    if WORDS.iter().any(|name| key.ends_with(name)) {
        return false;
    }
    let is_empty = !value.contains(|c: char| c.is_ascii_alphanumeric());
    match LETTING.iter().any(|name| key.ends_with(name)) {
        true => says(&ON),
        false => is_empty || says(&OFF) || LETTING.iter().any(|name| value.contains(name)),
    }
}
