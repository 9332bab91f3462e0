//! `req done`: a session satisfies requirements whose skill it used.

use std::io::Write;

use gates::GateRecord;
use gates::satisfy::{Target, satisfy, used_skill};
use platform::store::lock;
use serde_json::{Map, json};

use super::json as print_json;
use super::satisfy::success_message;
use crate::cli::DoneArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, bail, unknown_name};
use crate::session;

/// Satisfies requirements whose skill this session used; all names or none.
pub fn run(arguments: &DoneArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let session = session::find(&place, arguments.session.session.as_deref())?;
    let branch = place.branch(None);
    let gates = place.gates(branch.clone(), Some(session.clone()))?;
    let rules = CurrentProject::rules(&gates.policy)?;
    let mut events = Vec::new();
    for (_, dir) in session::full_ids(&place, &session) {
        events.extend(dir.read_events()?.0);
    }
    let mut chosen = Vec::new();
    let mut skills = Vec::new();
    for name in &arguments.names {
        let Some(rule) = rules.iter().find(|rule| rule.name == *name) else {
            return Err(unknown_name(
                "enabled requirement",
                name,
                rules.iter().map(|rule| rule.name.as_str()),
            ));
        };
        let Some(configured) = rule.requirement.satisfied_by_skill.as_deref() else {
            return Err(CliError::user(format_args!(
                "no skill satisfies {name} (`satisfied_by_skill` is not set)"
            ))
            .next(format!("ask a person to run `req satisfy {name}`")));
        };
        let Some(used) = used_skill(rule, &events) else {
            bail!(
                "session {session} has not used /{}, which satisfies {name}",
                configured.trim_start_matches('/')
            );
        };
        chosen.push(rule);
        skills.push(used);
    }
    let state = place.state();
    let target = Target {
        dir: &state,
        branch: &branch,
        project: place.project.root(),
        session: Some(&session),
        now: place.now.epoch(),
        wait: lock::PATIENT,
    };
    for (rule, skill) in chosen.iter().zip(&skills) {
        let metadata =
            Map::from_iter([("skill".to_owned(), skill.clone().into()), ("done".to_owned(), true.into())]);
        satisfy(target, &[*rule], "skill", &metadata, None)?;
        let record = GateRecord {
            branch: branch.name().to_owned(),
            policy: gates.policy.hash().to_owned(),
            satisfied: vec![rule.name.clone()],
            satisfied_by: format!("done:{skill}"),
            expires_at: rule.requirement.lasts().map(|ttl| place.now.epoch() + i64::from(ttl)),
            ..GateRecord::default()
        };
        session::record(&place, &session, "done", "", |records| records.put(&record));
    }
    if arguments.json.json {
        return print_json(out, &json!({"satisfied": arguments.names, "session": session.as_str()}));
    }
    writeln!(out, "Satisfied for session {session} on {branch}: {}", arguments.names.join(", "))?;
    for rule in chosen {
        if let Some(text) = success_message(&place, rule, &gates) {
            writeln!(out, "{text}")?;
        }
    }
    Ok(())
}
