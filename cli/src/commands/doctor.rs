//! `doctor` and `verify`.

use std::fmt;
use std::io::Write;

use anyhow::Context;
use hooks_common::paths::Paths;
use installer::{Report, doctor as examination, verify as verification};

use super::json as print_json;
use crate::cli::{Doctor, Verify};
use crate::place::Place;

/// The report has said what is wrong; there is only the exit code left to give.
#[derive(Debug)]
pub struct Reported;

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something is wrong, see above")
    }
}

impl std::error::Error for Reported {}

/// Examines the installation for a client that is launched in a folder.
pub fn doctor(arguments: &Doctor, out: &mut impl Write) -> anyhow::Result<()> {
    let folder = arguments.repo.canonicalize().with_context(|| arguments.repo.display().to_string())?;
    let report = examination::examine(&Paths::from_env(), &folder);
    tell(&report, arguments.verbose, arguments.json, arguments.ci, out)
}

/// Verifies what the repository holds.
pub fn verify(arguments: &Verify, out: &mut impl Write) -> anyhow::Result<()> {
    let report = verification::examine(&Place::here()?.project);
    tell(&report, true, arguments.json.json, arguments.ci, out)
}

fn tell(
    report: &Report,
    verbose: bool,
    json: bool,
    strict: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if json {
        print_json(out, &report.json(strict))?;
    } else {
        write!(out, "{}", report.text(verbose))?;
    }
    if report.exit_code(strict) == 0 { Ok(()) } else { Err(Reported.into()) }
}
