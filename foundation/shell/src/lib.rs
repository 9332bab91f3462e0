//! What a Bash line really runs.
//!
//! [`parse`] follows a line of Bash through quotes, variables, compound commands, wrappers such as `sudo` and
//! `xargs`, and shells within shells, and lists every simple command that it would run. A rule that means
//! `git commit` is then searched in [`Command::texts`], where `git -C . commit` and `bash -c 'git commit'` show
//! it and `echo "git commit"` does not. [`Script::writes`] and [`Script::removes`] name the files a line
//! touches.
//!
//! The way of a line: `lexer`, `expansions`, `grammar`, `compound` and `redirects` read it into a `tree`; `walk` and
//! `run` follow that as a shell would; `expand` fills in what is known of its words; `wrappers`, `runners` and
//! `shells` find the commands inside commands. Both branches of a condition count, and so does a function that is
//! never called: a hook asks what may run.
//!
//! Nothing is executed and nothing is read but the line. Where it cannot be followed, [`Script::doubt`] says
//! why, and what was understood stays. Not seen at all, and no doubt either:
//! - what runs elsewhere: the command inside `ssh`, `docker exec`, `docker run` and `kubectl exec`;
//! - what files say that the line itself did not write: scripts, `source`d files, `make` targets, package scripts, aliases and hooks of git;
//! - what other languages do: `python -c`, `node -e`, `awk`, an editor's `!`;
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

/// Follows a line of Bash: one command, many, or a whole script with here-documents.
///
/// Never fails: what stops it is told in [`Script::doubt`]. Costs a few microseconds for an ordinary line and is
/// bounded in time, depth and memory for any other.
pub fn parse(line: &str) -> Script {
    walk::script(line)
}
