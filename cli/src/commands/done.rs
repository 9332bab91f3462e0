//! `req done`: a skill says that its work is done.

use std::io::Write;

use anyhow::bail;
use config::check::nearest;
use gates::satisfy::{Target, satisfy, used_skill};
use hooks_common::session_log::GateRecord;
use platform::store::lock;
use serde_json::{Map, json};

use super::json as print_json;
use super::satisfy::success_message;
use crate::cli::Done;
use crate::place::Place;
use crate::session;

/// Satisfies requirements whose skill this session used; nobody else can say that it is done.
pub fn run(arguments: &Done, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let session = session::find(&place, arguments.session.session.as_deref())?;
    let branch = place.branch(None);
    let gates = place.gates(branch.clone(), Some(session.clone()))?;
    let rules = Place::rules(&gates.policy)?;
    let mut events = Vec::new();
    for (_, dir) in session::full_ids(&place, &session) {
        events.extend(dir.read_events()?.0);
    }
    let mut chosen = Vec::new();
    let mut skills = Vec::new();
    for name in &arguments.names {
        let Some(rule) = rules.iter().find(|rule| rule.name == *name) else {
            let near = nearest(name, rules.iter().map(|rule| rule.name.as_str()));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            bail!("no enabled requirement is called `{name}`{hint}");
        };
        let Some(configured) = rule.requirement.satisfied_by_skill.as_deref() else {
            bail!("no skill satisfies {name} (`satisfied_by_skill`); a person says: req satisfy {name}");
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
        session::record(&place, &session, "done", &record);
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
