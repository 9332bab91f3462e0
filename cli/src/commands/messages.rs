//! `req messages`: the files that override the text of refusals.

use std::io::Write;

use config::cascade;
use config::finding::Severity;
use config::messages::MessageDirs;
use serde_json::json;

use super::{counted, json as print_json};
use crate::cli::{MessagesArgs, MessagesCommand};
use crate::current_project::CurrentProject;
use crate::error::{CliResult, bail};

/// Lists message files, or validates them.
pub fn run(arguments: &MessagesArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let dirs = place.paths.message_dirs(place.project.root());
    match arguments.command {
        MessagesCommand::List => list(&place, &dirs, arguments.json, out),
        MessagesCommand::Validate => validate(&place, &dirs, arguments.json, out),
    }
}

fn list(place: &CurrentProject, dirs: &MessageDirs, as_json: bool, out: &mut impl Write) -> CliResult {
    let files = dirs.files();
    // The first file of a name overrides the others.
    let counts = |at: usize| !files[..at].iter().any(|other| other.file_name() == files[at].file_name());
    if as_json {
        let files: Vec<_> =
            (0..files.len()).map(|at| json!({"file": files[at], "counts": counts(at)})).collect();
        return print_json(out, &json!({"files": files}));
    }
    if files.is_empty() {
        writeln!(
            out,
            "There are no message files. Refusals use `message` of the configuration, or the built-in text."
        )?;
    }
    for (at, file) in files.iter().enumerate() {
        let note = if counts(at) { "" } else { "  (overridden by another file of this name)" };
        writeln!(out, "{}{note}", place.shown(file).display())?;
    }
    Ok(())
}

fn validate(place: &CurrentProject, dirs: &MessageDirs, as_json: bool, out: &mut impl Write) -> CliResult {
    let configuration = cascade::load(place.project.config_files()).configuration;
    let names: Vec<&str> = configuration.requirements.0.iter().map(|(name, _)| name.as_str()).collect();
    let findings = dirs.check(&names);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if as_json {
        print_json(out, &json!({"files": dirs.files().len(), "findings": findings}))?;
    } else {
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
        if findings.is_empty() {
            writeln!(out, "{} checked, no problem found.", counted(dirs.files().len(), "message file"))?;
        }
    }
    if errors > 0 {
        let errors = counted(errors, "message");
        bail!("{errors} cannot be shown, see above");
    }
    Ok(())
}
