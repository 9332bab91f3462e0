//! `req messages`: what is said, and from which file.

use std::io::Write;

use anyhow::bail;
use config::cascade;
use config::finding::Severity;
use config::messages::MessageDirs;
use serde_json::json;

use super::json as print_json;
use crate::cli::{Messages, MessagesCommand};
use crate::place::Place;

/// Lists message files, or says what is wrong with them.
pub fn run(arguments: &Messages, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let dirs = place.paths.message_dirs(place.project.root());
    match arguments.command {
        MessagesCommand::List => list(&place, &dirs, arguments.json, out),
        MessagesCommand::Validate => validate(&place, &dirs, arguments.json, out),
    }
}

fn list(place: &Place, dirs: &MessageDirs, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let files = dirs.files();
    // The first file of a name counts.
    let counts = |at: usize| !files[..at].iter().any(|other| other.file_name() == files[at].file_name());
    if as_json {
        let files: Vec<_> =
            (0..files.len()).map(|at| json!({"file": files[at], "counts": counts(at)})).collect();
        return print_json(out, &json!({"files": files}));
    }
    if files.is_empty() {
        writeln!(
            out,
            "There are no message files. Refusals say what `message` in the configuration says, or our own words."
        )?;
    }
    for (at, file) in files.iter().enumerate() {
        let note = if counts(at) { "" } else { "  (another file of this name counts)" };
        writeln!(out, "{}{note}", place.shown(file).display())?;
    }
    Ok(())
}

fn validate(place: &Place, dirs: &MessageDirs, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
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
            writeln!(out, "{} message files, nothing wrong.", dirs.files().len())?;
        }
    }
    if errors > 0 {
        bail!("{errors} of the message files' problems keep a message from being said");
    }
    Ok(())
}
