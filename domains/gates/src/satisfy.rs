//! How requirements become satisfied: by a skill, a slash command, a subagent that finished, by `req`.

use std::path::Path;
use std::time::Duration;

use config::Rule;
use config::types::Scope;
use config::types::{Kind, SatisfiedWhen};
use git::Branch;
use hooks_common::decision::Outcome;
use hooks_common::event::Event;
use hooks_common::paths::StateDir;
use hooks_common::requirements::{Satisfaction, StateError, transaction};
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionKey;
use hooks_common::session_log::LoggedEvent;
use platform::store::lock;
use serde_json::{Map, Value};

use crate::context::Gates;
use crate::error::GatesError;
use crate::record::GateRecord;
use config::globs;

/// For whom requirements are satisfied.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The folder of requirement state.
    pub dir: &'a StateDir,
    /// The branch.
    pub branch: &'a Branch,
    /// The project, named in a state file that is made.
    pub project: &'a Path,
    /// The session; `None` satisfies at the branch, for every session.
    pub session: Option<&'a SessionKey>,
    /// Seconds since 1970.
    pub now: i64,
    /// How long the branch's lock is waited for.
    pub wait: Duration,
}

/// Satisfies requirements, all of them or none. `ttl` in seconds overrides what is configured. A condition
/// or a limit is approved, whatever `by` says.
///
/// # Errors
/// When the state cannot be changed; then nothing was.
pub fn satisfy(
    target: Target<'_>,
    rules: &[&Rule],
    by: &str,
    metadata: &Map<String, Value>,
    ttl: Option<u32>,
) -> Result<(), StateError> {
    transaction(target.dir, target.branch, target.project, target.now, target.wait, |changes| {
        for rule in rules {
            let requirement = &rule.requirement;
            let scope = match target.session {
                None if requirement.scope.is_per_session() => Scope::Branch,
                _ => requirement.scope,
            };
            let lasts = ttl.or(requirement.lasts()).filter(|ttl| *ttl > 0);
            let how = Satisfaction {
                by: if requirement.kind == Kind::Blocking { by } else { "approval" },
                metadata: metadata.clone(),
                expires_at: lasts.map(|ttl| target.now + i64::from(ttl)),
            };
            changes.satisfy(&rule.name, scope, target.session, &how);
        }
    })
}

/// Satisfies what a skill that was loaded stands for.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn by_skill(hook: &mut Hook) -> Result<(), GatesError> {
    if hook.event != Event::PostToolUse
        || hook.payload.tool_name != "Skill"
        || hook.payload.tool_response.has_failed
    {
        return Ok(());
    }
    let skill = hook.payload.tool_input.skill.clone();
    skill_was_used(hook, &skill)
}

/// Satisfies what a slash command stands for that the user typed: such a command loads its skill without any
/// tool. Only the name of a command that a requirement knows reaches the log.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn by_slash_command(hook: &mut Hook) -> Result<(), GatesError> {
    // Prompts of the client itself do not count; older clients do not say whose a prompt is.
    if !matches!(hook.payload.source.as_str(), "" | "user" | "sdk") {
        return Ok(());
    }
    let skill = match hook.event {
        Event::UserPromptExpansion => hook.payload.command_name.trim_start_matches('/').to_owned(),
        _ => match slash_command(&hook.payload.prompt) {
            Some(name) => name.to_owned(),
            None => return Ok(()),
        },
    };
    hook.payload.command_name.clear();
    skill_was_used(hook, &skill)
}

/// The command that a prompt begins with.
fn slash_command(prompt: &str) -> Option<&str> {
    let name = prompt.strip_prefix('/')?.split_whitespace().next()?;
    // A path is no command.
    (!name.contains('/')).then_some(name)
}

fn skill_was_used(hook: &mut Hook, skill: &str) -> Result<(), GatesError> {
    let stands_for = |rule: &Rule| {
        let configured = rule.requirement.satisfied_by_skill.as_deref();
        configured.is_some_and(|configured| is_same_skill(configured, skill))
    };
    let is_known = satisfied_by(hook, "skill", skill, stands_for)?;
    if is_known && hook.payload.tool_input.skill.is_empty() {
        hook.payload.tool_input.skill = skill.to_owned();
    }
    Ok(())
}

/// Satisfies what a subagent stands for that has finished. Compaction ends a subagent without a type.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn by_agent(hook: &mut Hook) -> Result<(), GatesError> {
    if hook.event != Event::SubagentStop || hook.payload.agent_type.is_empty() {
        return Ok(());
    }
    let agent = hook.payload.agent_type.clone();
    let stands_for = |rule: &Rule| {
        let configured = rule.requirement.satisfied_by_agent.as_ref();
        configured.is_some_and(|agents| globs::matches_agent(agents, Some(&agent)))
    };
    satisfied_by(hook, "agent", &agent, stands_for).map(drop)
}

/// Satisfies what `stands_for` says; whether any requirement knows `name` at all.
fn satisfied_by(
    hook: &mut Hook,
    by: &str,
    name: &str,
    stands_for: impl Fn(&Rule) -> bool,
) -> Result<bool, GatesError> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(false) };
    let mut rules = gates.policy.rules()?;
    rules.retain(&stands_for);
    let is_known = !rules.is_empty();
    rules.retain(|rule| by != "skill" || rule.requirement.satisfied_when == SatisfiedWhen::Loaded);
    if rules.is_empty() {
        return Ok(is_known);
    }
    let target = Target {
        dir: &gates.dir,
        branch: &gates.branch,
        project: hook.project().root(),
        session: gates.session.as_ref(),
        now: gates.now,
        // Nobody says it again: a satisfaction that is lost leaves the gate closed.
        wait: lock::PATIENT,
    };
    let metadata = Map::from_iter([(by.to_owned(), name.into())]);
    let satisfied: Vec<&Rule> = rules.iter().collect();
    satisfy(target, &satisfied, by, &metadata, None)?;
    let record = hook.records.get_mut::<GateRecord>();
    record.outcome = Outcome::Pass;
    record.satisfied = rules.iter().map(|rule| rule.name.clone()).collect();
    record.satisfied_by = format!("{by}:{name}");
    Ok(true)
}

/// Whether a skill, as the host or a person names it, is the one configured: `/acme:plan`, `acme:plan` and
/// `plan` are the same, unless both name a namespace and these differ.
pub fn is_same_skill(configured: &str, used: &str) -> bool {
    let parts = |skill: &str| {
        let skill = skill.trim().trim_start_matches('/').to_owned();
        match skill.split_once(':') {
            Some((space, name)) => (Some(space.to_owned()), name.to_owned()),
            None => (None, skill),
        }
    };
    let ((space_a, name_a), (space_b, name_b)) = (parts(configured), parts(used));
    let one_space = match (space_a, space_b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    one_space && name_a == name_b && !name_a.is_empty()
}

/// The skill of a requirement that a session used, as its log tells; `None` when it never did. The last
/// satisfaction or clearing does not matter: a skill that did its work once may say so again.
pub fn used_skill(rule: &Rule, events: &[LoggedEvent]) -> Option<String> {
    let configured = rule.requirement.satisfied_by_skill.as_deref()?;
    let of_skill = |event: &&LoggedEvent| {
        !event.skill.is_empty()
            && matches!(event.event.as_str(), "PostToolUse" | "UserPromptExpansion" | "UserPromptSubmit")
            && is_same_skill(configured, &event.skill)
    };
    events.iter().rev().find(of_skill).map(|event| event.skill.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_has_three_names() {
        for used in ["acme:plan", "/acme:plan", "plan", "/plan"] {
            assert!(is_same_skill("acme:plan", used) && is_same_skill("plan", used), "{used}");
        }
        assert!(!is_same_skill("acme:plan", "other:plan"));
        assert!(!is_same_skill("acme:plan", "replan") && !is_same_skill("", ""));
    }

    #[test]
    fn a_prompt_may_begin_with_a_command() {
        assert_eq!(slash_command("/acme:plan the feature"), Some("acme:plan"));
        for prompt in ["plan /acme:plan", "/", "/etc/passwd is a file", "", "<task> /x"] {
            assert_eq!(slash_command(prompt), None, "{prompt}");
        }
    }
}
