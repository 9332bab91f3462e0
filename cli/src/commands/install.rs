//! `stanchion install` and `stanchion uninstall`.

use std::io::Write;

use installer::install::{self, InstallNote, SettingsChange};

use crate::change::difference;
use crate::cli::{InstallArgs, UninstallArgs};
use crate::error::{CliResult, Context};

/// Adds our entries, and prints what changed.
pub fn install(arguments: &InstallArgs, out: &mut impl Write) -> CliResult {
    let report = install::install(&arguments.wanted())?;
    print_change(&report.change, out)?;
    for note in &report.notes {
        writeln!(out, "{}", text(note, &report.change))?;
    }
    Ok(())
}

/// Removes our entries, and what sessions added to the repository's git exclusions.
pub fn uninstall(arguments: &UninstallArgs, out: &mut impl Write) -> CliResult {
    let report = install::uninstall(&arguments.wanted())?;
    print_change(&report.change, out)?;
    let Some(repository) = report.unwired.filter(continuity::exclude::is_there) else { return Ok(()) };
    let file = repository.common_dir().join("info/exclude");
    continuity::exclude::remove(&repository)
        .with_context(|| format!("{} cannot be changed", file.display()))?;
    writeln!(
        out,
        "Removed our block from {}.\nFiles of sessions stay below .claude/, and git shows them now; `req paths` lists them.",
        file.display()
    )?;
    Ok(())
}

fn print_change(change: &SettingsChange, out: &mut impl Write) -> CliResult {
    let file = change.file.display();
    if !change.is_any() {
        writeln!(out, "{file}: nothing to change.")?;
    } else if change.is_dry_run {
        writeln!(out, "Would change {file}:")?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        for (sign, line) in difference(&text(&change.before), &text(&change.after)) {
            writeln!(out, "{sign} {line}")?;
        }
    } else {
        let verb = match (&change.before, &change.after) {
            (None, _) => "Created",
            (_, None) => "Removed",
            _ => "Changed",
        };
        writeln!(out, "{verb} {file}.")?;
    }
    Ok(())
}

fn text(note: &InstallNote, change: &SettingsChange) -> String {
    match note {
        InstallNote::NotStrictJson(error) => format!(
            "Warning: {} is not strict JSON ({error}).\nA client that reads strict JSON runs none of its hooks.",
            change.file.display()
        ),
        InstallNote::StatusLineIsBroken(problem) => {
            format!("Warning: {problem}; the status line is not changed.")
        }
        InstallNote::InsideRepository(top) => format!(
            "Note: this folder is inside the repository {}.\nA client that is launched there does not load these settings.",
            top.display()
        ),
        InstallNote::StatusLineIsChained => {
            "The existing status line is still shown: ours runs it (--no-status-line: leave it alone).".to_owned()
        }
        InstallNote::StatusLineRunsOurs => {
            "The existing status line already runs ours; it is not changed.".to_owned()
        }
        InstallNote::OriginalIsKept(copy) => format!("The original file is kept in {}.", copy.display()),
        InstallNote::StartsDirectly(folder) => format!(
            "Claude Code starts the executables in {} directly (exec form, the fastest).",
            folder.display()
        ),
        InstallNote::StartsDirectlyForAll(folder) => format!(
            "Warning: git tracks this file, and it names executables in {}.\nWhere they are missing, each event shows an error; `--form shell` avoids that.",
            folder.display()
        ),
        InstallNote::StartsThroughShell => {
            "Claude Code starts the executables through a guarded shell line: it does nothing where they are missing.\nEach start takes about 1 ms longer; if you do not share this file, use `--form exec`.".to_owned()
        }
        InstallNote::RunsEverywhere => "The hooks run in every folder.".to_owned(),
        InstallNote::RunsIn(folder) => format!(
            "The hooks run when Claude Code is launched in {} itself, not in a folder below it.\n`--scope user` covers every folder.",
            folder.display()
        ),
    }
}
