//! `req patterns check`: the rules under `guards.patterns`, applied to files.

use std::io::Write;

use guards::patterns::check::{self, PatternViolation, PatternsReport, PatternsScope};
use platform::text::one_line;

use super::{counted, json as print_json};
use crate::cli::{PatternsArgs, PatternsCheckArgs, PatternsCommand};
use crate::current_project::{CurrentProject, current_folder};
use crate::error::{CliError, CliResult};

/// Checks files, and prints what was found.
pub fn run(arguments: &PatternsArgs, out: &mut impl Write) -> CliResult {
    let PatternsCommand::Check(arguments) = &arguments.command;
    let report = checked(arguments).map_err(|error| CliError::Unchecked(Box::new(error)))?;
    if arguments.json.json {
        print_json(out, &report)?;
    } else {
        print(&report, out)?;
    }
    if report.blocks == 0 { Ok(()) } else { Err(CliError::Reported) }
}

fn checked(arguments: &PatternsCheckArgs) -> CliResult<PatternsReport> {
    let place = CurrentProject::here()?;
    let policy = place.project.policy(&place.paths).filter(|_| place.project.is_configured());
    let policy = policy.ok_or_else(|| place.not_configured())?;
    let scope = if arguments.all {
        PatternsScope::All
    } else if arguments.staged {
        PatternsScope::Staged
    } else if arguments.files.is_empty() {
        PatternsScope::Changed
    } else {
        let folder = current_folder()?;
        PatternsScope::Files(folder, arguments.files.clone())
    };
    Ok(check::check(&place.project, &place.paths, &policy, &scope, !arguments.no_record, place.now)?)
}

fn print(report: &PatternsReport, out: &mut impl Write) -> CliResult {
    for of_file in report.violations.chunk_by(|a, b| a.file == b.file) {
        writeln!(out, "{}", one_line(&of_file[0].file))?;
        for violation in of_file {
            print_one(violation, out)?;
        }
        writeln!(out)?;
    }
    let counts = report.severity_counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
    let found = match report.violations.len() {
        0 => "nothing found".to_owned(),
        _ => format!("{} refused, {} warned about ({})", report.blocks, report.warnings, counts.join(", ")),
    };
    let files = counted(report.files_checked, "file");
    writeln!(out, "{files}, {}: {found}.", counted(report.patterns_checked, "pattern"))?;
    for note in &report.notes {
        writeln!(out, "Note: {}.", one_line(note))?;
    }
    Ok(())
}

fn print_one(violation: &PatternViolation, out: &mut impl Write) -> CliResult {
    let PatternViolation { line, id, severity, message, fix, matched, blocks, .. } = violation;
    let verdict = if *blocks { "refused" } else { "warning" };
    let (message, matched) = (one_line(message), one_line(matched));
    writeln!(out, "  {line:>5}  {verdict}  {severity:8}  {id}: {message}  `{matched}`")?;
    if !fix.is_empty() {
        writeln!(out, "         fix: {}", one_line(fix))?;
    }
    Ok(())
}
