//! The text that a command line writes into files, as far as the line contains it: the arguments of `echo`
//! and `printf`, here-documents, and the scripts of editors such as `sed -i`.

use std::path::PathBuf;

use memchr::memmem;
use platform::budget;
use shell::programs::{self, Roles};
use shell::{Command, Input};

use crate::examined::ExaminedUse;

/// Programs that write a file without a redirection.
const WRITERS: [&str; 8] = ["tee", "sponge", "dd", "sed", "perl", "awk", "patch", "apply"];

/// A text and the files that it is written to.
#[derive(Debug)]
pub(super) struct WrittenText {
    /// The text.
    pub text: String,
    /// The files; `None` for a file that the line does not determine.
    pub files: Vec<Option<PathBuf>>,
}

/// Whether a line can write anything: a cheap check.
pub(super) fn may_write(line: &str) -> bool {
    line.bytes().any(|byte| matches!(byte, b'>' | b'\'' | b'"' | b'\\' | b'$'))
        || WRITERS.iter().any(|name| memmem::find(line.as_bytes(), name.as_bytes()).is_some())
}

/// The texts that a line writes.
pub(super) fn written(examined: &ExaminedUse<'_>) -> Vec<WrittenText> {
    let commands = &examined.script().commands;
    let files_of = |command: &Command| -> Vec<Option<PathBuf>> {
        command.writes().iter().flat_map(|write| examined.tool_use.targets(write, examined.home())).collect()
    };
    // `{ echo a; echo b; } > file` and `sudo echo a > file`: the output inside goes where the group's output
    // goes.
    let is_around =
        |command: &&Command| command.words.is_empty() || command.program().is_some_and(programs::passes_on);
    let in_time = |_: &&Command| !budget::is_spent();
    let around: Vec<_> = commands.iter().take_while(in_time).filter(is_around).flat_map(files_of).collect();
    let of_command = |command: &Command| {
        let mut files = files_of(command);
        if files.is_empty() && command.output().is_some_and(|said| !said.is_empty()) {
            files.clone_from(&around);
        }
        let text = if files.is_empty() { None } else { text_of(command) };
        text.filter(|text| !text.is_empty()).map(|text| WrittenText { text, files })
    };
    commands.iter().take_while(in_time).filter_map(of_command).collect()
}

/// The text that a command writes into its files.
fn text_of(command: &Command) -> Option<String> {
    let read = if let Input::Text(text) = &command.input { text.as_str() } else { "" };
    match command.program()? {
        // A patch writes the lines that it adds.
        "patch" | "git" => {
            Some(read.lines().filter(|line| line.starts_with('+')).collect::<Vec<_>>().join("\n"))
        }
        // Unknown parts of the words remain as written.
        "echo" | "printf" => Some(command.output().unwrap_or_else(|| words(command))),
        program if programs::is(program, Roles::FILTERS) => {
            Some(command.output().unwrap_or_else(|| read.to_owned()))
        }
        program if programs::is(program, Roles::EDITS_STREAM) => Some(format!("{read}\n{}", words(command))),
        _ => None,
    }
}

fn words(command: &Command) -> String {
    command.arguments().iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}
