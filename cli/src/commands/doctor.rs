//! `doctor` and `verify`.

use std::io::Write;

use hooks_common::paths::Paths;
use installer::{CheckReport, doctor as examination, verify as verification};

use super::json as print_json;
use crate::cli::{DoctorArgs, VerifyArgs};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context};

/// Examines the installation for a client that is launched in a folder.
pub fn doctor(arguments: &DoctorArgs, out: &mut impl Write) -> CliResult {
    let folder = arguments
        .repo
        .canonicalize()
        .with_context(|| format!("{} cannot be found", arguments.repo.display()))?;
    let report = examination::examine(&Paths::from_env(), &folder);
    print(&report, arguments.verbose, arguments.json, arguments.ci, out)
}

/// Verifies the configuration that the repository holds.
pub fn verify(arguments: &VerifyArgs, out: &mut impl Write) -> CliResult {
    let report = verification::examine(&CurrentProject::here()?.project);
    print(&report, true, arguments.json.json, arguments.ci, out)
}

fn print(report: &CheckReport, verbose: bool, json: bool, strict: bool, out: &mut impl Write) -> CliResult {
    if json {
        print_json(out, &report.json(strict))?;
    } else {
        write!(out, "{}", report.text(verbose))?;
    }
    if report.exit_code(strict) == 0 { Ok(()) } else { Err(CliError::Reported) }
}
