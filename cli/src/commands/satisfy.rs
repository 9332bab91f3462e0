//! `req satisfy`, also `req approve`.

use std::io::Write;

use config::finding::Place as FilePlace;
use config::{Requirement, Rule};
use gates::GateRecord;
use gates::message::Placeholders;
use gates::satisfy::{Target, satisfy};
use platform::store::lock;
use platform::time::age;
use serde_json::{Map, Value, json};

use super::json as print_json;
use crate::cli::SatisfyArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, unknown_name};
use crate::session;

/// Satisfies all names or none.
pub fn run(arguments: &SatisfyArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let metadata: Map<String, Value> = match &arguments.metadata {
        Some(text) => serde_json::from_str(text).context("--metadata needs a JSON object")?,
        None => Map::new(),
    };
    let branch = place.branch(arguments.branch.as_deref());
    let gates = place.gates(branch.clone(), None)?;
    let rules = CurrentProject::rules(&gates.policy)?;
    let chosen = choose(&arguments.names, &rules, arguments.force)?;
    // A satisfaction for the whole branch needs no session, and neither does a requirement with that scope.
    let needs_session =
        arguments.branch.is_none() && chosen.iter().any(|rule| rule.requirement.scope.is_per_session());
    let session = if needs_session {
        Some(session::find(&place, arguments.session.session.as_deref())?)
    } else {
        session::find_if_any(&place, arguments.session.session.as_deref())?
    };
    let state = place.state();
    let target = Target {
        dir: &state,
        branch: &branch,
        project: place.project.root(),
        session: session.as_ref().filter(|_| arguments.branch.is_none()),
        now: place.now.epoch(),
        wait: lock::PATIENT,
    };
    let rules: Vec<&Rule> = chosen.iter().collect();
    satisfy(target, &rules, "cli", &metadata, arguments.ttl).context("nothing was satisfied")?;
    let names: Vec<String> = chosen.iter().map(|rule| rule.name.clone()).collect();
    if let Some(session) = &session {
        let record = GateRecord {
            branch: branch.name().to_owned(),
            policy: gates.policy.hash().to_owned(),
            satisfied: names.clone(),
            satisfied_by: "cli".to_owned(),
            // One record has one end. The earliest is taken, so that a replay shows a requirement as open rather than satisfied.
            expires_at: chosen
                .iter()
                .filter_map(|rule| arguments.ttl.or(rule.requirement.lasts()))
                .min()
                .map(|ttl| place.now.epoch() + i64::from(ttl)),
            ..GateRecord::default()
        };
        session::record(&place, session, "satisfy", "", |records| records.put(&record));
    }
    if let (Some(session), Some(_)) = (&session, &arguments.session.session) {
        session::warn_if_unknown(&place, session);
    }
    let whom = match target.session {
        Some(session) if needs_session => format!("session {session} on {branch}"),
        _ => format!("every session on {branch}"),
    };
    if arguments.json.json {
        let session = target.session.map(ToString::to_string);
        return print_json(out, &json!({"satisfied": names, "branch": branch.name(), "session": session}));
    }
    writeln!(out, "Satisfied for {whom}: {}", names.join(", "))?;
    for rule in &chosen {
        if let Some(ttl) = arguments.ttl.or(rule.requirement.lasts()) {
            writeln!(out, "{} lasts {}.", rule.name, age(i64::from(ttl)))?;
        }
        if rule.requirement.evidence.is_some() {
            writeln!(out, "{} also needs its evidence; `req status` shows whether it exists.", rule.name)?;
        }
        if let Some(text) = success_message(&place, rule, &gates) {
            writeln!(out, "{text}")?;
        }
    }
    Ok(())
}

/// The configured message for a requirement that becomes satisfied.
pub fn success_message(place: &CurrentProject, rule: &Rule, gates: &gates::Gates) -> Option<String> {
    let messages = place.paths.message_dirs(place.project.root()).messages(&rule.name, rule.requirement.kind);
    let text = messages.success_message.or_else(|| rule.requirement.success_message.clone())?;
    let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(Placeholders::of(rule, &Map::new(), &session, gates.branch.name()).fill(text.trim()))
}

/// The rules of these names. An unknown name is an error, or with `force` a requirement of session scope.
fn choose(names: &[String], rules: &[Rule], force: bool) -> CliResult<Vec<Rule>> {
    let mut chosen: Vec<Rule> = Vec::new();
    for name in names {
        if chosen.iter().any(|rule| rule.name == *name) {
            continue;
        }
        match rules.iter().find(|rule| rule.name == *name) {
            Some(rule) => chosen.push(rule.clone()),
            None if force => chosen.push(Rule {
                name: name.clone(),
                place: FilePlace { file: "(forced)".into(), line: 1, column: 1, excerpt: String::new() },
                closes_on_error: false,
                requirement: Requirement::default(),
            }),
            None => {
                return Err(unknown_name(
                    "enabled requirement",
                    name,
                    rules.iter().map(|rule| rule.name.as_str()),
                ));
            }
        }
    }
    Ok(chosen)
}
