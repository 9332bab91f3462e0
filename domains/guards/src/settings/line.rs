//! Command lines that change the files: the result is known only after they run.

use std::path::Path;

use hooks_common::plugins::PluginPart;
use platform::budget;
use platform::text::fact;
use shell::{Command, Word};

use super::files::{self, SettingsFileKind, SettingsFiles};
use super::reach::{LEAVE_IT, USE_EDIT, is_likely, is_temporary};
use super::{calls, programs, texts};
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use crate::touched::{self, Touched, Way};

/// What to do instead of removing a file.
const LEAVE_IN_PLACE: &str = "leave it where it is, or ask the user to take it away";
/// Whether the guard applies to a line: it writes, weakens rules, or names the files in a part that cannot be
/// parsed.
pub(super) fn is_possible(examined: &ExaminedUse<'_>) -> bool {
    let is_possible = |command: &Command| {
        calls::weakening(command).is_some()
            || programs::may_change(command)
            || texts::speaking(command, examined).is_some()
    };
    touched::is_any(examined) || examined.tool_use.commands().any(is_possible) || blind(examined).is_some()
}

/// The findings over a command line.
pub(super) fn examine(examined: &ExaminedUse<'_>) -> Vec<Objection> {
    let files = SettingsFiles::of(examined);
    let mut found: Vec<Objection> = Vec::new();
    let mut add = |objection: Option<Objection>| {
        if let Some(objection) = objection.filter(|objection| !found.contains(objection)) {
            found.push(objection);
        }
    };
    for touched in touched::by(examined).iter().take_while(|_| !budget::is_spent()) {
        add(known(touched, &files, examined).or_else(|| unknown(touched, &files, examined)));
    }
    for command in examined.tool_use.commands() {
        add(calls::weakening(command));
        add(programs::changing(command, &files, examined));
        add(texts::speaking(command, examined));
    }
    if found.is_empty() {
        found.extend(blind(examined));
    }
    found
}

/// The finding over a file that the line certainly changes.
fn known(touched: &Touched<'_>, files: &SettingsFiles, examined: &ExaminedUse<'_>) -> Option<Objection> {
    let path = touched.path.as_deref()?;
    let by = fact(touched.by());
    if files.is_state(path) {
        let what = format!("{by} would change {}, which is Stanchion's own", fact(&examined.shown(path)));
        return Some(Objection::sure(what, LEAVE_IT));
    }
    if touched.way == Way::Written && puts_plugin(touched, files, path) {
        return Some(files::plugin(&format!("{by} would put {} in place", fact(&examined.shown(path)))));
    }
    let is_reached = |file: &Path, kind: SettingsFileKind| match touched.way {
        Way::Written => touched.reaches(file, examined) || files.is_folder(path),
        // Removing the opt-out mark makes the configuration stricter.
        Way::Removed | Way::Moved => {
            kind != SettingsFileKind::OptOut && file.exists() && touched.reaches(file, examined)
        }
    };
    if let Some((file, _)) = files.iter().find(|(file, kind)| is_reached(file, *kind)) {
        let file = if files.is_folder(path) { path } else { file };
        let file = fact(&examined.shown(file));
        let what = match touched.way {
            Way::Written => format!("{by} would change {file}, and its new content is not known in advance"),
            Way::Removed => format!("{by} would remove {file}, which decides about hooks and gates"),
            Way::Moved => format!("{by} would move {file} away, which decides about hooks and gates"),
        };
        let way_out = if touched.way == Way::Written { USE_EDIT } else { LEAVE_IN_PLACE };
        return Some(Objection::doubtful(what, way_out));
    }
    let goes =
        |folder: &&Path| touched.way != Way::Written && folder.exists() && touched.reaches(folder, examined);
    let folder = files.state().find(goes)?;
    let what = format!("{by} would take {} along, which is Stanchion's own", fact(&examined.shown(folder)));
    Some(Objection::doubtful(what, LEAVE_IT))
}

/// Whether a write puts a part of a plugin in its place. Creating a text file below a skills folder, or the folder
/// itself, does not. Copying, moving, linking or unpacking a whole folder may. Files that git restores belong to the
/// repository.
fn puts_plugin(touched: &Touched<'_>, files: &SettingsFiles, path: &Path) -> bool {
    match files.plugin_part(path) {
        Some(PluginPart::File) => true,
        Some(PluginPart::Folder) => {
            !matches!(touched.by(), "touch" | "mkdir" | ">" | ">>" | "git checkout" | "git restore")
        }
        None => false,
    }
}

/// The finding over an undetermined target, if the line suggests that it is one of the files.
fn unknown(touched: &Touched<'_>, files: &SettingsFiles, examined: &ExaminedUse<'_>) -> Option<Objection> {
    if touched.path.is_some() {
        return None;
    }
    let command = touched.command;
    let is_redirection = touched.by().contains('>');
    let targets =
        command.redirections.iter().map(|redirection| &redirection.target).filter(|_| is_redirection);
    let words = command.arguments().iter().filter(|_| !is_redirection);
    let is_named = |word: &Word| {
        // A temporary folder of the line itself does not contain the files.
        if is_temporary(&word.text, examined.tool_use.command) {
            return false;
        }
        names_any(&word.text)
            || comes_from(word, examined.tool_use.command) && names_any(examined.tool_use.command)
    };
    let is_patch =
        || matches!(touched.by(), "patch" | "git apply") && files::speaks_of_one(examined.tool_use.command);
    let is_inside = || touched.folder(examined).is_some_and(|folder| files.is_folder(&folder));
    let is_meant = targets.chain(words).filter(|word| !word.is_literal).any(is_named)
        || is_patch()
        || is_inside()
        || is_likely(&touched.write, command, examined);
    is_meant.then(|| {
        let what = format!(
            "{} changes files that only the run tells, where others decide about hooks and gates",
            fact(touched.by())
        );
        Objection::doubtful(what, USE_EDIT)
    })
}

/// Whether a word gets its value from elsewhere in the line: from `xargs`, `find`, a loop or `read`.
fn comes_from(word: &Word, line: &str) -> bool {
    let name = word.text.trim_start_matches(['$', '{']).trim_end_matches('}');
    let mut words = line.split(|c: char| c.is_whitespace() || c == ';');
    let is_given = name == "@" || name == "*" || name.parse::<u8>().is_ok();
    word.text == "{}"
        || word.text.starts_with('$') && is_given
        || word.text.starts_with('$') && words.any(|other| other == name)
}

/// Whether any word of a line names one of the files.
fn names_any(line: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || "\"';><()=|&".contains(c);
    if !line.split(is_between).any(files::names_one) {
        return false;
    }
    // Files that a line excludes are not changed: `--exclude-dir=.claude`, `-not -path './.claude/*'`, `-E
    // .claude`.
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_left_out = |at: usize| {
        let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at]);
        let is_test = matches!(before(1), "-path" | "-ipath" | "-wholename" | "-name" | "-iname" | "-regex");
        let is_pruned = words.get(at + 1..).unwrap_or_default().iter().take(2).any(|word| *word == "-prune");
        words[at].starts_with("--exclude")
            || words[at].trim_start_matches(['"', '\'']).starts_with('!')
            || matches!(before(1), "-E" | "--exclude" | "--exclude-dir" | "--ignore" | "--ignore-dir")
            || is_test && (is_pruned || matches!(before(2), "-not" | "!" | "\\!"))
    };
    let names = |at: usize| words[at].split(is_between).any(files::names_one);
    (0..words.len()).any(|at| names(at) && !is_left_out(at))
}

/// The finding over a line that cannot be parsed to its end and names one of the files.
fn blind(examined: &ExaminedUse<'_>) -> Option<Objection> {
    let line = examined.tool_use.command;
    let doubt = examined.script().doubt.as_ref()?;
    (names_any(line) || files::speaks_of_one(line)).then(|| {
        let what = format!("the line {doubt}, and names what decides about hooks and gates");
        Objection::doubtful(what, USE_EDIT)
    })
}
