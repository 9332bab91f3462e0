//! `req status`.

use std::io::Write;

use config::Rule;
use gates::Gates;
use hooks_common::finding::Severity;
use hooks_common::registry::Registry;
use hooks_common::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::Status;
use crate::place::Place;
use crate::session;

/// Shows what is required, what is open, and what is wrong with the configuration.
pub fn run(arguments: &Status, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let session = session::find_if_any(&place, arguments.session.session.as_deref())?;
    let branch = place.branch(arguments.branch.as_deref());
    if !place.project.is_configured() {
        let root = place.project.root().display();
        if arguments.json.json {
            return print_json(out, &json!({"project": place.project.root(), "configured": false}));
        }
        writeln!(out, "{root} has no requirements; `req init` writes a first configuration.")?;
        return Ok(());
    }
    let gates = place.gates(branch, session.clone())?;
    let rules = Place::rules(&gates.policy)?;
    let findings = gates.policy.findings()?;
    let paused = session.as_ref().is_some_and(|session| gates.dir.pause_mark(session).exists());
    if arguments.json.json {
        let rules: Vec<_> = rules.iter().map(|rule| rule_json(&gates, rule)).collect();
        return print_json(
            out,
            &json!({
                "project": place.project.root(), "configured": true, "enabled": gates.policy.is_enabled(),
                "branch": gates.branch.name(), "session": session.as_ref().map(ToString::to_string),
                "paused": paused, "policy": gates.policy.hash(), "requirements": rules, "findings": findings,
            }),
        );
    }
    let open: Vec<&Rule> = rules.iter().filter(|rule| !gates.is_satisfied(rule)).collect();
    let satisfied = rules.len() - open.len();
    if arguments.summary {
        let names: Vec<_> = open.iter().map(|rule| rule.name.as_str()).collect();
        let needed = if names.is_empty() { String::new() } else { format!(" ({} needed)", names.join(", ")) };
        writeln!(out, "{satisfied}/{} requirements satisfied{needed}", rules.len())?;
        return Ok(());
    }
    let who = session.as_ref().map_or("no session".to_owned(), |session| format!("session {session}"));
    writeln!(out, "{} on {}, {who}", place.project.root().display(), gates.branch)?;
    if !gates.policy.is_enabled() {
        writeln!(out, "The gates are off (`enabled: false`).")?;
    }
    if paused {
        writeln!(out, "The gates are paused for this session; `req resume` ends that.")?;
    }
    for rule in &rules {
        let is_open = open.iter().any(|other| other.name == rule.name);
        if is_open || arguments.verbose {
            writeln!(out, "{}", line(&place, &gates, rule))?;
        }
    }
    match (rules.len(), open.len()) {
        (0, _) => writeln!(out, "No requirement is enabled.")?,
        (all, 0) => writeln!(out, "All {all} requirements are satisfied.")?,
        _ => {
            let names: Vec<_> = open.iter().map(|rule| rule.name.as_str()).collect();
            let flag = session.as_ref().map_or(String::new(), |session| format!(" --session {session}"));
            writeln!(
                out,
                "{satisfied} of {} satisfied. To satisfy: req satisfy {}{flag}",
                rules.len(),
                names.join(" ")
            )?;
        }
    }
    for finding in &findings {
        if finding.severity > Severity::Note || arguments.verbose {
            writeln!(out, "{finding}")?;
        }
    }
    if arguments.verbose {
        for (key, entry) in Registry::new(&place.paths).live(Some(place.project.root())) {
            let active = age(place.now.epoch() - session::last_activity(&place, &key, &entry));
            writeln!(
                out,
                "live session {key}: client {}, on {}, active {active} ago",
                entry.ppid, entry.branch
            )?;
        }
    }
    Ok(())
}

fn line(place: &Place, gates: &Gates, rule: &Rule) -> String {
    let view = gates.state.view(&rule.name, gates.session.as_ref());
    let mark = if gates.is_satisfied(rule) { "satisfied" } else { "open     " };
    let mut detail = format!(
        "{} scope, {}:{}",
        rule.requirement.scope,
        place.shown(&rule.place.file).display(),
        rule.place.line
    );
    if let (true, Some((by, at, expires))) = (gates.is_satisfied(rule), view.satisfaction()) {
        detail.push_str(&format!(", by {by} {} ago", age(gates.now - at)));
        if let Some(expires) = expires {
            detail.push_str(&format!(", for {} more", age(expires - gates.now)));
        }
    } else if gates.is_triggered(rule) {
        detail.push_str(", triggered in this session");
    }
    format!("  {mark}  {}  ({detail})", rule.name)
}

fn rule_json(gates: &Gates, rule: &Rule) -> serde_json::Value {
    let view = gates.state.view(&rule.name, gates.session.as_ref());
    let satisfaction = view.satisfaction().filter(|_| gates.is_satisfied(rule));
    json!({
        "name": rule.name, "scope": rule.requirement.scope, "type": rule.requirement.kind,
        "satisfied": gates.is_satisfied(rule), "triggered": gates.is_triggered(rule),
        "satisfied_by": satisfaction.map(|(by, _, _)| by), "satisfied_at": satisfaction.map(|(_, at, _)| at),
        "expires_at": satisfaction.and_then(|(_, _, expires)| expires),
        "stop_only": rule.requirement.stop_only, "place": rule.place,
        "description": rule.requirement.description,
    })
}
