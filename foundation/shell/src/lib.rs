//! Finds the commands that a Bash line runs.
//!
//! [`parse`] reads a line of Bash: quotes, variables, compound commands, wrappers such as `sudo` and `xargs`, and
//! nested shells. It lists every simple command that the line can run. A rule about `git commit` is searched in
//! [`Command::texts`]. `git -C . commit` and `bash -c 'git commit'` match there, and `echo "git commit"` does not.
//! [`Script::writes`] and [`Script::removes`] list the files that a line changes.
//!
//! The modules: `lexer`, `expansions`, `grammar`, `compound` and `redirects` parse the line into a `tree`. `walk` and
//! `run` process the tree as a shell does. `expand` fills in the known values of words. `wrappers`, `runners` and
//! `shells` find commands inside commands. Both branches of a condition count, and a function counts even if it is
//! never called: a hook needs all commands that may run.
//!
//! No command is executed, and no file is read. If a line cannot be followed, [`Script::doubt`] contains the reason,
//! and the commands found so far are kept. These commands are not found, and give no doubt:
//! - commands that run elsewhere, inside `ssh`, `docker exec`, `docker run` and `kubectl exec`;
//! - commands in files that the line itself did not write: scripts, `source`d files, `make` targets, package scripts,
//!   aliases and hooks of git;
//! - commands in other languages: `python -c`, `node -e`, `awk`, an editor's `!`;
//! - keys sent to a terminal: `tmux send-keys`, `screen -X stuff`.

mod ansi_c;
mod braces;
mod builtins;
mod command;
mod compound;
mod copies;
mod doubt;
mod downloads;
mod expand;
mod expansions;
mod feeds;
mod files;
mod git;
mod globals;
mod grammar;
mod inner;
mod lexer;
pub mod options;
mod output;
pub mod programs;
mod redirects;
mod removes;
mod run;
mod runners;
mod shells;
mod texts;
mod tree;
mod variables;
mod walk;
mod wrappers;
mod writes;

pub use command::{Command, Folder, Input, Operator, Redirection, Script, Word};
pub use doubt::{Doubt, LONGEST};
pub use files::Write;
pub use git::GitCall;

/// Parses a line of Bash: one command, several, or a whole script with here-documents.
///
/// It never fails: [`Script::doubt`] contains the reason why it stopped. An ordinary line costs a few microseconds.
/// Time, depth and memory are bounded for every line.
pub fn parse(line: &str) -> Script {
    walk::script(line)
}
