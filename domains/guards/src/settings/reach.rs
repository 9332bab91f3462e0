//! Decides whether a command changes the files although the line does not name their folder.

use shell::{Command, Folder, Word, Write};

use super::files;
use crate::examined::ExaminedUse;

/// What to do instead of writing a file from a command line.
pub(super) const USE_EDIT: &str = "use Edit, so that the change can be read first";
/// What to do instead of changing Stanchion's state.
pub(super) const LEAVE_IT: &str = "leave it to `req` and `stanchion`";

/// Whether a target in an undetermined folder has the path of one of the files. Its own words count, and the
/// words that lead to the folder. Temporary folders do not count.
pub(super) fn is_likely(write: &Write, command: &Command, examined: &ExaminedUse<'_>) -> bool {
    let target = write.target.as_ref().or(write.pattern.as_ref());
    let Some(target) = target.filter(|target| !target.starts_with(['/', '~'])) else { return false };
    let path = match &write.inside {
        Some(name) if !files::is_file(target) => format!("{}/{name}", target.trim_end_matches('/')),
        _ => target.clone(),
    };
    if write.folder != Folder::Unknown || !files::is_one_below(&path, true) {
        return false;
    }
    let ways = ways_to(command, examined);
    let mut unknown = ways.iter().filter(|word| !word.is_literal).peekable();
    if unknown.peek().is_some() && unknown.all(|word| is_temporary(&word.text, examined.tool_use.command)) {
        return false;
    }
    files::is_one_below(&path, ways.iter().any(|word| files::ends_in_folder(&word.text)))
}

/// Whether the words of a line before a command lead to a `.claude`.
pub(super) fn leads_inside(command: &Command, examined: &ExaminedUse<'_>) -> bool {
    ways_to(command, examined).iter().any(|word| files::ends_in_folder(&word.text))
}

/// The words that name the folder of a command, as far as the line has them.
fn ways_to<'s>(command: &'s Command, examined: &'s ExaminedUse<'_>) -> Vec<&'s Word> {
    /// How many earlier commands are searched.
    const MOST: usize = 256;
    let commands = &examined.script().commands;
    let end = commands.iter().position(|other| std::ptr::eq(other, command));
    let end = end.map_or(commands.len(), |end| end + 1);
    let before = &commands[end.saturating_sub(MOST)..end];
    let leads = |command: &&Command| matches!(command.program(), Some("cd" | "pushd" | "chdir"));
    let changed = before.iter().filter(leads).flat_map(|command| command.arguments());
    let is_option = |word: &Word| matches!(&*word.text, "-C" | "--chdir" | "-D" | "--directory");
    let given = before.iter().flat_map(|command| command.words.windows(2));
    changed.chain(given.filter(|pair| is_option(&pair[0])).map(|pair| &pair[1])).collect()
}

/// Whether a word begins with a folder that this line created with `mktemp`.
pub(super) fn is_temporary(word: &str, line: &str) -> bool {
    let Some(name) = word.strip_prefix('$') else { return false };
    if name.starts_with("(mktemp -d") {
        return true;
    }
    let name = name.trim_start_matches('{').split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let Some(name) = name.filter(|name| !name.is_empty()) else { return false };
    let is_between = |c: char| c.is_whitespace() || ";&|({".contains(c);
    let set = format!("{name}=");
    let values =
        line.match_indices(&set).filter(|(at, _)| line[..*at].chars().next_back().is_none_or(is_between));
    let mut values = values.map(|(at, set)| line[at + set.len()..].trim_start_matches('"')).peekable();
    values.peek().is_some() && values.all(|value| value.starts_with("$(mktemp"))
}
