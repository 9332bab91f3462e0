//! `req clear`.

use std::io::Write;

use gates::GateRecord;
use hooks_common::requirements::{BranchState, transaction};
use platform::store::lock;
use serde_json::json;

use super::json as print_json;
use crate::cli::ClearArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context};
use crate::session;

/// Takes satisfactions back, of one session or of everybody.
pub fn run(arguments: &ClearArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let branch = place.branch(arguments.branch.as_deref());
    let one = match &arguments.session {
        Some(named) => Some(session::find(&place, Some(named))?),
        None => None,
    };
    let state = place.state();
    let names = if arguments.all {
        BranchState::read(&state, &branch).names().map(str::to_owned).collect()
    } else {
        arguments.names.clone()
    };
    let now = place.now.epoch();
    let cleared = transaction(&state, &branch, place.project.root(), now, lock::PATIENT, |changes| {
        names.iter().filter(|name| changes.clear(name, one.as_ref())).cloned().collect::<Vec<_>>()
    });
    let cleared = cleared.context("nothing was cleared")?;
    let about = match &one {
        Some(session) => Some(session.clone()),
        None => session::find_if_any(&place, None)?,
    };
    if let (Some(session), false) = (about, cleared.is_empty()) {
        let record = GateRecord {
            branch: branch.name().to_owned(),
            cleared: cleared.clone(),
            ..GateRecord::default()
        };
        session::record(&place, &session, "clear", "", |records| records.put(&record));
    }
    if arguments.json.json {
        return print_json(out, &json!({"cleared": cleared, "branch": branch.name()}));
    }
    if cleared.is_empty() {
        writeln!(out, "Nothing was satisfied on {branch}, so nothing changed.")?;
    } else {
        writeln!(out, "Cleared on {branch}: {}", cleared.join(", "))?;
    }
    Ok(())
}
