//! `req patterns`: what code must not have, in the files that are asked for.

use std::fmt;
use std::io::Write;

use anyhow::{Context, anyhow};
use guards::patterns::check::{self, Report, Scope, Violation};
use platform::text::one_line;

use super::doctor::Reported;
use super::json as print_json;
use crate::cli::{Patterns, PatternsCheck, PatternsCommand};
use crate::place::Place;

/// Nothing could be checked, which is neither right nor wrong.
#[derive(Debug)]
pub struct Unchecked(anyhow::Error);

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for Unchecked {}

/// Checks files, and tells what was found.
pub fn run(arguments: &Patterns, out: &mut impl Write) -> anyhow::Result<()> {
    let PatternsCommand::Check(arguments) = &arguments.command;
    let report = checked(arguments).map_err(Unchecked)?;
    if arguments.json.json {
        print_json(out, &report)?;
    } else {
        tell(&report, out)?;
    }
    if report.blocks == 0 { Ok(()) } else { Err(Reported.into()) }
}

fn checked(arguments: &PatternsCheck) -> anyhow::Result<Report> {
    let place = Place::here()?;
    let root = place.project.root().display();
    let policy = place.project.policy(&place.paths).filter(|_| place.project.is_configured());
    let policy =
        policy.with_context(|| format!("{root} has no configuration; `req init` writes a first one"))?;
    let scope = if arguments.all {
        Scope::All
    } else if arguments.staged {
        Scope::Staged
    } else if arguments.files.is_empty() {
        Scope::Changed
    } else {
        let folder = std::env::current_dir().context("the current folder is gone")?;
        Scope::Files(folder, arguments.files.clone())
    };
    check::check(&place.project, &place.paths, &policy, &scope, !arguments.no_record, place.now)
        .map_err(|error| anyhow!(error))
}

fn tell(report: &Report, out: &mut impl Write) -> anyhow::Result<()> {
    for of_file in report.violations.chunk_by(|a, b| a.file == b.file) {
        writeln!(out, "{}", one_line(&of_file[0].file))?;
        for violation in of_file {
            tell_one(violation, out)?;
        }
        writeln!(out)?;
    }
    let counts = report.severity_counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
    let found = match report.violations.len() {
        0 => "nothing found".to_owned(),
        _ => format!("{} refused, {} warned of ({})", report.blocks, report.warnings, counts.join(", ")),
    };
    let files = counted(report.files_checked, "file");
    writeln!(out, "{files}, {}: {found}.", counted(report.patterns_checked, "pattern"))?;
    for note in &report.notes {
        writeln!(out, "Note: {}.", one_line(note))?;
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn tell_one(violation: &Violation, out: &mut impl Write) -> anyhow::Result<()> {
    let Violation { line, id, severity, message, fix, matched, blocks, .. } = violation;
    let verdict = if *blocks { "refused" } else { "warning" };
    let (message, matched) = (one_line(message), one_line(matched));
    writeln!(out, "  {line:>5}  {verdict}  {severity:8}  {id}: {message}  `{matched}`")?;
    if !fix.is_empty() {
        writeln!(out, "         to mend it: {}", one_line(fix))?;
    }
    Ok(())
}
