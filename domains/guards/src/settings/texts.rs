//! Texts in languages other than Bash. They are not parsed: only the names and words in them count.

use platform::budget;
use platform::text::fact;
use shell::programs::{Language, interpreter_of};
use shell::{Command, Folder, Input, Word, Write};

use super::reach::{USE_EDIT, leads_inside};
use super::{files, programs};
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// Texts that contain one of [`CHANGES`] and change nothing.
const READS: [&str; 13] = [
    "stdout.write",
    "stderr.write",
    "is_symlink",
    "islink",
    "readlink",
    "import shutil",
    "shutil.which",
    "shutil.get_terminal_size",
    "removeprefix",
    "removesuffix",
    "->",
    "=>",
    ">=",
];
/// Words of a text that changes files.
const CHANGES: [&str; 34] = [
    "write",
    "unlink",
    "remove",
    "rename",
    "rmtree",
    "rmSync",
    "rmdir",
    ".rm(",
    "shutil",
    "FileUtils",
    "copyfile",
    "copyFile",
    "copy_stream",
    "cpSync",
    ".cp(",
    "symlink",
    "linkSync",
    "os.link",
    "File.link",
    "link_to",
    "os.replace",
    "truncate",
    "appendFile",
    "createWriteStream",
    "file_put_contents",
    "fputs",
    "fputcsv",
    "File.delete",
    "io.output",
    "inplace",
    "O_WRONLY",
    "O_RDWR",
    "chmod",
    "chown",
];
/// Words of a text that starts a shell.
const SHELLS: [&str; 11] = [
    "system(",
    "popen",
    "subprocess",
    "child_process",
    "os.exec",
    "os.spawn",
    "spawn(",
    "shell_exec",
    "passthru",
    "do shell script",
    "os.execute",
];

/// The finding over a text in another language that names one of the files and changes files.
pub(super) fn speaking(command: &Command, examined: &ExaminedUse<'_>) -> Option<Objection> {
    let program = command.program()?;
    let language = interpreter_of(program)?.language;
    let is_inside = match &command.folder {
        Folder::Start => false,
        Folder::In(folder) => folder.contains(".claude"),
        Folder::Unknown => leads_inside(command, examined),
    };
    let words = command.arguments();
    let is_changing = |text: &str| {
        let is_named = || files::quotes_one(text, is_inside) || is_given(text, words);
        changes(language, text) && is_named() || shells(language, text, is_inside)
    };
    let is_code = |word: &&Word| word.text.contains(['(', ' ', ';', '{', '"', '\'']);
    let is_read = matches!(&command.input, Input::Text(text) if is_changing(text));
    (is_read || words.iter().filter(is_code).any(|word| is_changing(&word.text))).then(|| {
        let what = format!(
            "{} runs a text that changes files, and names what decides about hooks and gates",
            fact(program)
        );
        Objection::doubtful(what, USE_EDIT)
    })
}

/// Whether a text changes files by itself.
fn changes(language: Language, text: &str) -> bool {
    let text = READS.iter().fold(text.to_owned(), |text, read| text.replace(read, ""));
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let says_so = match language {
        Language::Perl => says(&["'>", "\">", "'+<", "\"+<"]),
        Language::Php => says(&["copy(", "touch("]),
        Language::Awk => says(&[">"]),
        _ => false,
    };
    says_so || says(&CHANGES) || opens(&text) || replaces(&text)
}

/// Whether a text opens a file in a mode that writes: `'w'`, `mode="a+"`.
fn opens(text: &str) -> bool {
    let is_mode = |mode: &str| {
        (1..=4).contains(&mode.len())
            && mode.chars().all(|c| "rwaxcbtU+".contains(c))
            && mode.contains(['w', 'a', 'x', 'c', '+'])
    };
    let is_place = |before: &str| {
        let before = before.trim_end();
        let is_keyword = || {
            before.strip_suffix(['=', ':']).is_some_and(|name| {
                let name = name.trim_end();
                name.ends_with("mode") || name.ends_with("flag") || name.ends_with("flags")
            })
        };
        before.ends_with(',') || before.ends_with("open(") || is_keyword()
    };
    let is_opened = |(at, quote): (usize, &str)| {
        let mode = text[at + 1..].split(quote).next().unwrap_or_default();
        is_mode(mode) && is_place(&text[..at])
    };
    let opens = ["open", "Open", "File.new"].iter().any(|word| text.contains(word));
    opens && text.match_indices(['"', '\'']).any(is_opened)
}

/// Whether a text replaces one file with another, as Python's `Path.replace` does. That takes one argument;
/// `str.replace` takes two.
fn replaces(text: &str) -> bool {
    text.split(".replace(").skip(1).any(|rest| {
        let argument = rest.split(')').next().unwrap_or_default();
        rest.len() > argument.len() && !argument.contains([',', '(', '\n'])
    })
}

/// Whether a text changes a file given as an argument, and the argument is one of the files.
fn is_given(text: &str, words: &[Word]) -> bool {
    let takes = ["argv", "ARGV", "shift"].iter().any(|word| text.contains(word));
    words.iter().filter(|word| word.text != text && !word.text.contains(char::is_whitespace)).any(|word| {
        let path = word.text.split_once('=').map(|(_, path)| path);
        let path = path.or_else(|| takes.then_some(&*word.text));
        path.is_some_and(|path| {
            path.contains(".claude") && files::names_one(path) || files::keeps_state(path)
        })
    })
}

/// Whether a text gives a shell a line that changes one of the files, as one string or word by word.
fn shells(language: Language, text: &str, is_inside: bool) -> bool {
    /// The longest command that is assembled word by word.
    const LONGEST: usize = 8;
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let is_shell = says(&SHELLS)
        || match language {
            Language::Perl => says(&["system ", "exec ", "exec(", "qx", "`"]),
            Language::Ruby => says(&["system ", "exec ", "exec(", "%x", "`"]),
            Language::Php => says(&["exec(", "`"]),
            _ => false,
        };
    if !is_shell || !(is_inside || files::speaks_at_all(text)) {
        return false;
    }
    let pieces: Vec<&str> = text.split(['"', '\'', '`', '{', '}', '(', ')']).collect();
    let is_word = |piece: &&str| !piece.is_empty() && !piece.contains(char::is_whitespace) && *piece != ",";
    let words: Vec<&str> = pieces.iter().copied().filter(is_word).collect();
    let ends = |end: usize| {
        let start = (end + 1).saturating_sub(LONGEST);
        (start..end).any(|start| harms(&words[start..=end].join(" ")))
    };
    let is_named = |word: &str| files::names_one(word) || files::keeps_state(word);
    pieces.iter().filter(|piece| piece.contains(char::is_whitespace)).any(|piece| harms(piece))
        || (0..words.len()).filter(|end| is_named(words[*end])).take_while(|_| !budget::is_spent()).any(ends)
}

/// Whether a line inside a text changes one of the files.
fn harms(line: &str) -> bool {
    if ![".claude", "stanchion", "settings", "requirements"].iter().any(|name| line.contains(name)) {
        return false;
    }
    let is_one = |path: &str| files::names_one(path) || files::keeps_state(path);
    let is_reached =
        |write: &Write| write.target.as_ref().or(write.pattern.as_ref()).is_some_and(|path| is_one(path));
    shell::parse(line).commands.iter().any(|command| {
        command.writes().iter().chain(&command.removes()).any(is_reached)
            || programs::is_changing(command) && command.arguments().iter().any(|word| is_one(&word.text))
    })
}
