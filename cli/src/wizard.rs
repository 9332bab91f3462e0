//! The questions that `req init` asks on a terminal.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dialoguer::console::Term;
use dialoguer::{Confirm, MultiSelect, Select};

use crate::catalog::presets::{self, presets, requirements};
use crate::error::{CliError, CliResult, Context, bail};

/// What was chosen.
pub struct Answers {
    /// The file.
    pub path: PathBuf,
    /// What to write there.
    pub text: String,
}

/// Asks what to write, and where unless `chosen` says so. An existing file is offered only when it may be replaced.
///
/// # Errors
/// When the person leaves with Escape or Ctrl-C.
pub fn ask(chosen: Option<PathBuf>, files: &[(PathBuf, &str)], may_replace: bool) -> CliResult<Answers> {
    let term = terminal()?;
    let mut starts: Vec<String> =
        presets().iter().map(|preset| format!("{:9} {}", preset.name, preset.about)).collect();
    starts.push("custom    choose requirements one by one".to_owned());
    let prompt = "Which requirements must be satisfied before Claude Code edits, commits or finishes";
    let start = Select::new().with_prompt(prompt).items(&starts).default(0);
    let start = answer(&term, start.interact_on_opt(&term))?;
    let text = match presets().get(start) {
        Some(preset) => preset.file(),
        None => {
            let items: Vec<_> =
                requirements().iter().map(|item| format!("{:16} {}", item.name, item.about)).collect();
            let list =
                MultiSelect::new().with_prompt("Requirements (space: select, enter: continue)").items(&items);
            let marked = answer(&term, list.interact_on_opt(&term))?;
            presets::custom(&marked.iter().map(|at| requirements()[*at].name.as_str()).collect::<Vec<_>>())
        }
    };
    let path = match chosen {
        Some(path) => path,
        None => place(&term, files, may_replace)?,
    };
    Ok(Answers { path, text })
}

fn place(term: &Term, files: &[(PathBuf, &str)], may_replace: bool) -> CliResult<PathBuf> {
    let is_free = |path: &PathBuf| may_replace || std::fs::symlink_metadata(path).is_err();
    let free: Vec<_> = files.iter().filter(|(path, _)| is_free(path)).collect();
    if free.is_empty() {
        return Err(CliError::user("every configuration file exists")
            .next("add --force to replace one; a copy is kept"));
    }
    let shown: Vec<_> = free.iter().map(|(path, about)| format!("{about}  ({})", path.display())).collect();
    let select = Select::new().with_prompt("Where").items(&shown).default(0);
    let at = answer(term, select.interact_on_opt(term))?;
    Ok(free[at].0.clone())
}

/// Shows the file and asks whether to write it.
///
/// # Errors
/// As [`ask`].
pub fn agrees(answers: &Answers) -> CliResult<bool> {
    let term = terminal()?;
    term.write_line("")?;
    for line in answers.text.lines() {
        term.write_line(&format!("  {line}"))?;
    }
    term.write_line("")?;
    let question = format!("Write this to {}?", answers.path.display());
    let confirm = Confirm::new().with_prompt(question).default(true);
    answer(&term, confirm.interact_on_opt(&term))
}

/// The terminal, with Ctrl-C as an answer: the default action would leave the shell without a cursor.
fn terminal() -> CliResult<Term> {
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false)))
        .context("Ctrl-C cannot be caught (`req init --yes` asks no questions)")?;
    Ok(Term::stderr())
}

fn answer<T>(term: &Term, given: dialoguer::Result<Option<T>>) -> CliResult<T> {
    if !matches!(given, Ok(Some(_))) {
        let _ = term.show_cursor();
    }
    match given {
        Ok(Some(given)) => Ok(given),
        Ok(None) => bail!("nothing was written"),
        Err(dialoguer::Error::IO(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
            bail!("nothing was written")
        }
        Err(error) => Err(error).context("the terminal cannot be read (`req init --yes` asks no questions)"),
    }
}
