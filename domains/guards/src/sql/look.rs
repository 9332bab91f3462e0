//! The inputs that a command gives to a database: arguments, standard input, files.

use std::cell::Cell;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::types::guards::Sql;
use platform::budget;
use platform::path::{expand, resolve};
use platform::store;
use platform::text::{cut_bytes, fact};
use shell::programs::Dialect;
use shell::{Command, Folder, Input, Operator, Word};

use super::client::{self, ClientCall, ClientInput};
use super::lexer::statements;
use super::meta::{MetaEffect, effect};
use super::statement::{self, Class};
use super::{remote, source};
use crate::examined::ExaminedUse;

/// How many bytes of a statement are shown.
const LONGEST_SHOWN: usize = 100;

/// How many bytes of a file are read.
const MOST_READ: u64 = 1024 * 1024;
/// How deeply files may include files.
const DEEPEST: u32 = 3;
/// How deep lines that run somewhere else may lie within each other: `ssh a ssh b docker exec db psql` is three.
const DEEPEST_REMOTE: u32 = 8;
/// How many files are read for one line.
const MOST_FILES: u32 = 16;

/// The worst finding over the inputs of a command.
#[derive(Debug, Clone)]
pub struct SqlFinding {
    /// What the statement does.
    pub class: Class,
    /// The statement, or why it is unknown, for people.
    what: String,
    /// The file that contains it.
    file: Option<String>,
}

impl SqlFinding {
    fn new(class: Class, what: String) -> Self {
        Self { class, what, file: None }
    }

    /// The finding for people.
    pub fn shown(&self) -> String {
        match &self.file {
            Some(file) => format!("{} in {}", self.what, fact(file)),
            None => self.what.clone(),
        }
    }
}

/// Examines one line.
pub struct SqlReader<'l> {
    /// The guard's settings.
    settings: &'l Sql,
    /// The line.
    examined: &'l ExaminedUse<'l>,
    /// How many files were read for the line.
    files: Cell<u32>,
    /// How many lines that run somewhere else are around the one that is looked at.
    depth: Cell<u32>,
}

impl<'l> SqlReader<'l> {
    /// Creates the reader of a line.
    pub fn new(settings: &'l Sql, examined: &'l ExaminedUse<'l>) -> Self {
        Self { settings, examined, files: Cell::new(0), depth: Cell::new(0) }
    }

    /// The client with the worst input in a command of the line, and the finding.
    pub fn command(&self, commands: &[Command], at: usize) -> Option<(String, SqlFinding)> {
        let command = &commands[at];
        let Some(name) = command.program() else { return Self::unknown_program(command) };
        if let Some(line) = remote::line(command) {
            if self.depth.get() == DEEPEST_REMOTE {
                let what = "a command that runs in too many containers and machines within each other";
                return Some((name.to_owned(), SqlFinding::new(Class::Unknown, what.to_owned())));
            }
            self.depth.set(self.depth.get() + 1);
            let found = self.remote(&line, commands, at);
            self.depth.set(self.depth.get() - 1);
            return found;
        }
        let (name, words) = match source::module(name, &command.words) {
            Some(words) => ("sqlite3", words),
            None => (name, &*command.words),
        };
        if let Some((class, text)) = source::worst(name, command) {
            return Some((name.to_owned(), SqlFinding::new(class, shown(&text))));
        }
        let is_configured = |name: &str| self.settings.programs.iter().any(|known| known == name);
        let call = client::call(name, words, is_configured)?;
        if call.is_in_memory && call.given.iter().all(|given| stays_in_memory(given, &command.input)) {
            return None;
        }
        let found = call.given.iter().filter_map(|given| self.given(&call, given, commands, at));
        Some((call.name.to_owned(), self.worst(found)?))
    }

    /// The same for a line that the command runs elsewhere, with the input of the command. Files there are
    /// unknown.
    fn remote(&self, line: &str, commands: &[Command], at: usize) -> Option<(String, SqlFinding)> {
        let mut script = shell::parse(line);
        let input = self.input(commands, at);
        for command in &mut script.commands {
            command.folder = Folder::Unknown;
            if command.input == Input::Inherited {
                command.input = input.clone();
            }
        }
        let in_time = (0..script.commands.len()).take_while(|_| !budget::is_spent());
        let found = in_time.filter_map(|at| self.command(&script.commands, at));
        found.max_by_key(|(_, finding)| self.rank(finding.class))
    }

    /// The input of a command, with the text of a file in place of the file.
    fn input(&self, commands: &[Command], at: usize) -> Input {
        match &commands[at].input {
            Input::File => {
                let place = self.place(&commands[at]);
                let word = redirected(commands, at).filter(|word| word.is_literal);
                let path = place.zip(word).map(|(place, word)| self.path(&place, &word.text));
                match path.filter(|path| !self.is_written(path)).and_then(|path| read(&path)) {
                    Some((text, true)) => Input::Text(text),
                    _ => Input::Unknown,
                }
            }
            input => input.clone(),
        }
    }

    /// The finding over an unknown program: its arguments may be those of a client.
    fn unknown_program(command: &Command) -> Option<(String, SqlFinding)> {
        let word = command.arguments().iter().find(|word| source::holds_write(&word.text))?;
        let name = command.words.first()?.text.clone();
        Some((name, SqlFinding::new(Class::Unknown, shown(&word.text))))
    }

    fn given(
        &self,
        call: &ClientCall<'_>,
        given: &ClientInput,
        commands: &[Command],
        at: usize,
    ) -> Option<SqlFinding> {
        let unknown = |what: &str| Some(SqlFinding::new(Class::Unknown, what.to_owned()));
        let command = &commands[at];
        let place = self.place(command);
        match given {
            ClientInput::Sql(word) => self.text(&word.text, call.dialects, place.as_ref()),
            ClientInput::Perhaps(word) => {
                let found = self.text(&word.text, call.dialects, place.as_ref());
                found.filter(|found| found.class != Class::Unknown || !word.is_literal)
            }
            ClientInput::File(word) => self.file_of(word, call.dialects, place.as_ref()),
            ClientInput::Input => match &command.input {
                Input::Inherited => None,
                Input::Text(text) => self.text(text, call.dialects, place.as_ref()),
                Input::File => match redirected(commands, at) {
                    Some(word) => self.file_of(word, call.dialects, place.as_ref()),
                    None => unknown("what it reads from a file"),
                },
                Input::Unknown => unknown("what comes through a pipe"),
            },
        }
    }

    /// The worst finding over a text in all its dialects: a write in any of them, or else the most harmless class,
    /// because a statement that is unknown in one dialect may be known in another.
    fn text(&self, text: &str, dialects: &[Dialect], place: Option<&FileSearch>) -> Option<SqlFinding> {
        let each = |dialect: &Dialect| {
            let statements = statements(text, *dialect);
            let found = statements.iter().map(|statement| {
                if !statement.tokens.is_empty() {
                    return Some(SqlFinding::new(
                        statement::class(statement, *dialect),
                        shown(statement.text),
                    ));
                }
                match effect(statement.text, *dialect) {
                    MetaEffect::Like(class) => Some(SqlFinding::new(class, shown(statement.text))),
                    MetaEffect::Shell | MetaEffect::Result => {
                        Some(SqlFinding::new(Class::Unknown, shown(statement.text)))
                    }
                    MetaEffect::File(name) => {
                        let is_literal = !name.contains(['$', '`']);
                        let word = Word { text: name.to_owned(), is_literal, ..Word::default() };
                        self.file_of(&word, &[*dialect], place)
                    }
                }
            });
            self.worst(found.flatten())
        };
        let found: Vec<SqlFinding> = dialects.iter().filter_map(each).collect();
        let is_worst = |finding: &&SqlFinding| self.rank(finding.class) == Class::Write;
        found.iter().find(is_worst).or(found.iter().min_by_key(|finding| finding.class)).cloned()
    }

    /// The worst statement of a file.
    fn file_of(&self, word: &Word, dialects: &[Dialect], place: Option<&FileSearch>) -> Option<SqlFinding> {
        let unknown = |why: &str| {
            Some(SqlFinding::new(Class::Unknown, format!("the file {}, {why}", fact(&word.text))))
        };
        let Some(place) = place else { return unknown("whose place is not known") };
        if !word.is_literal {
            return unknown("whose name is known only when it runs");
        }
        if word.text == "/dev/null" {
            return None;
        }
        let path = self.path(place, &word.text);
        self.files.set(self.files.get() + 1);
        if self.files.get() > MOST_FILES || place.depth == DEEPEST {
            return unknown("which is one too many to be looked at");
        }
        if self.is_written(&path) {
            return unknown("which this line writes itself");
        }
        let Some((text, is_whole)) = read(&path) else {
            return unknown("which is not there to be looked at");
        };
        let inner = FileSearch { folder: place.folder.clone(), depth: place.depth + 1 };
        let found = self.text(&text, dialects, Some(&inner));
        let found = found.map(|found| SqlFinding {
            file: Some(found.file.unwrap_or_else(|| self.examined.shown(&path).into_owned())),
            ..found
        });
        match found {
            Some(found) if is_whole || found.class == Class::Write => Some(found),
            None if is_whole => None,
            _ => unknown("which is too long to be looked at"),
        }
    }

    fn path(&self, place: &FileSearch, name: &str) -> PathBuf {
        place.folder.join(at_home(name, self.examined.home()))
    }

    /// Whether the line changes a file before it is read.
    fn is_written(&self, path: &Path) -> bool {
        let path = resolve(path);
        let written = self.examined.tool_use.written_files(self.examined.home());
        written.iter().flatten().any(|written| resolve(written) == path)
    }

    /// The first of the worst findings.
    fn worst(&self, found: impl Iterator<Item = SqlFinding>) -> Option<SqlFinding> {
        found.reduce(|worst, next| if self.rank(next.class) > self.rank(worst.class) { next } else { worst })
    }

    /// The rank of a class: reading counts as writing if it is not allowed.
    fn rank(&self, class: Class) -> Class {
        if class == Class::Read && !self.settings.allow_select { Class::Write } else { class }
    }

    /// The place in which a command looks for files.
    fn place(&self, command: &Command) -> Option<FileSearch> {
        let start = &self.examined.tool_use.folder;
        let folder = match &command.folder {
            Folder::Start => start.clone(),
            Folder::In(folder) => start.join(at_home(folder, self.examined.home())),
            Folder::Unknown => return None,
        };
        Some(FileSearch { folder, depth: 0 })
    }
}

/// Whether the inputs of a client are known and contain nothing with which an in-memory database reaches a
/// file or a program.
fn stays_in_memory(given: &ClientInput, input: &Input) -> bool {
    const REACHING: [&str; 18] = [
        "attach",
        ".open",
        ".restore",
        ".backup",
        ".save",
        ".clone",
        ".output",
        ".once",
        ".excel",
        ".shell",
        ".system",
        ".read",
        ".load",
        ".archive",
        "copy",
        "export",
        "vacuum",
        "load_extension",
    ];
    const CALLED: [&str; 3] = ["writefile", "edit(", "install"];
    let text = match (given, input) {
        (ClientInput::Sql(word), _) if word.is_literal => &word.text,
        (ClientInput::Input, Input::Text(text)) => text,
        (ClientInput::Input, Input::Inherited) => return true,
        _ => return false,
    };
    let text = text.to_ascii_lowercase();
    !REACHING.iter().chain(&CALLED).any(|word| text.contains(word))
}

/// A folder for files, and the depth of the includes so far.
struct FileSearch {
    folder: PathBuf,
    depth: u32,
}

/// The file that is a command's standard input. The redirection may be on the command or on its wrapper.
fn redirected(commands: &[Command], at: usize) -> Option<&Word> {
    let own = read_by(&commands[at]);
    own.or_else(|| {
        let wrapper = commands.get(at.checked_sub(1)?)?;
        wrapper.words.ends_with(&commands[at].words).then(|| read_by(wrapper))?
    })
}

fn read_by(command: &Command) -> Option<&Word> {
    let mut redirections = command.redirections.iter().rev();
    let read = redirections.find(|one| one.fd.unwrap_or(0) == 0 && one.operator == Operator::Read);
    read.map(|redirection| &redirection.target)
}

fn at_home(path: &str, home: &Path) -> PathBuf {
    if path == "~" || path.starts_with("~/") { expand(home, Path::new(path)) } else { PathBuf::from(path) }
}

/// The start of a file, and whether that is all of it; `None` if the file is missing.
fn read(path: &Path) -> Option<(String, bool)> {
    let (file, _) = store::open_regular(path).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_READ + 1).read_to_end(&mut bytes).ok()?;
    let is_whole = bytes.len() as u64 <= MOST_READ;
    Some((String::from_utf8_lossy(&bytes).into_owned(), is_whole))
}

/// A statement for display: on one line, shortened.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_ascii_whitespace().take(40).collect();
    let line = words.join(" ");
    let cut = cut_bytes(&line, LONGEST_SHOWN);
    if cut.len() < line.len() { fact(&format!("{cut} …")) } else { fact(cut) }
}
