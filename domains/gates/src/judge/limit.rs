//! Limits: requirements over a number. Computing the number starts processes, so a value is reused for a while.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use config::Rule;
use config::types::Requirement;
use platform::child;
use platform::hash::short_hash;
use platform::store::{self, Durability};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::branch_size;
use super::judged::{Computed, EvalContext, Judged};
use crate::context::Gates;
use crate::error::GatesError;

/// How long a value is used again when the configuration does not say, in seconds.
const CACHE_TTL: u32 = 60;
/// How long a configured command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(5);
/// Values older than this are dropped, in seconds.
const FORGET_AFTER: i64 = 86_400;

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    at: i64,
    computed: Option<Computed>,
}

/// `values.json`: what was computed lately, by branch, requirement and definition. Losing it costs time only.
type Values = BTreeMap<String, Stored>;

/// Satisfied while the value is below `thresholds.block`, and where there is nothing to compute.
pub fn judge(gates: &Gates, rule: &Rule, situation: &EvalContext<'_>) -> Result<Judged, GatesError> {
    let computed = value(gates, rule, situation)?;
    let Some(computed) = computed else { return Ok(Judged::plain(true)) };
    Ok(compare(&rule.requirement, &computed))
}

/// The verdict on a value.
pub fn compare(requirement: &Requirement, computed: &Computed) -> Judged {
    let limit = |name: &str| requirement.thresholds.as_ref().and_then(|limits| limits.get(name)).copied();
    let block = limit("block").unwrap_or(f64::INFINITY);
    let mut facts = computed.facts.clone();
    facts.insert("value".into(), number(computed.value));
    facts.insert("summary".into(), computed.summary.clone().into());
    facts.insert("block_threshold".into(), number(block));
    if let Some(warn) = limit("warn") {
        facts.insert("warn_threshold".into(), number(warn));
        facts.insert("warns".into(), (computed.value >= warn).into());
    }
    facts.entry("total").or_insert_with(|| number(computed.value));
    if computed.value < block {
        return Judged::satisfied(facts);
    }
    let mut text = format!("The value is {}, the limit {}", number(computed.value), number(block));
    if let Some(base) = computed.facts.get("base_branch").and_then(Value::as_str) {
        text.push_str(&format!(", counted from {}", platform::text::fact(base)));
    }
    text.push('.');
    if !computed.summary.is_empty() {
        text.push_str(&format!(" {}", platform::text::fact(&computed.summary)));
    }
    Judged::open(text, facts)
}

/// A whole number where it is one.
#[allow(clippy::cast_possible_truncation, reason = "whole numbers of ordinary size only")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

fn value(gates: &Gates, rule: &Rule, situation: &EvalContext<'_>) -> Result<Option<Computed>, GatesError> {
    let requirement = &rule.requirement;
    let path = situation.project.values();
    let key = key(gates.branch.name(), rule);
    let ttl = i64::from(requirement.cache_ttl.unwrap_or(CACHE_TTL));
    let mut values = read(&path);
    if let Some(stored) = values.get(&key)
        // A clock that went back makes nothing fresh.
        && ((0..ttl).contains(&(gates.now - stored.at)) || !situation.may_compute)
    {
        return Ok(stored.computed.clone());
    }
    if !situation.may_compute {
        return Ok(None);
    }
    let root = situation.project.root();
    let computed = match &requirement.command {
        Some(command) => Some(run(command, root, gates)?),
        None => branch_size::compute(root, gates.branch.name(), requirement.base.as_deref())?,
    };
    values.retain(|_, stored| (0..FORGET_AFTER).contains(&(gates.now - stored.at)));
    values.insert(key, Stored { at: gates.now, computed: computed.clone() });
    if let (Ok(text), Some(folder)) = (serde_json::to_vec(&values), path.parent())
        && store::create_dir(folder).is_ok()
    {
        let _ = store::replace(&path, &text, Durability::Rebuildable, 0o644);
    }
    Ok(computed)
}

/// Another definition is another value.
fn key(branch: &str, rule: &Rule) -> String {
    let requirement = &rule.requirement;
    let definition = format!("{:?}{:?}{:?}", requirement.calculator, requirement.command, requirement.base);
    format!("{branch}:{}:{}", rule.name, short_hash(definition.as_bytes(), 8))
}

fn read(path: &Path) -> Values {
    let bytes = store::read(path).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// A number on the first line, or a JSON object with `value`.
fn run(command: &str, root: &Path, gates: &Gates) -> Result<Computed, GatesError> {
    let mut sh = Command::new("sh");
    sh.arg("-c").arg(command).current_dir(root).env("STANCHION_BRANCH", gates.branch.name());
    let (status, output) =
        child::output(&mut sh, COMMAND_LIMIT).map_err(|error| format!("`command`: {error}"))?;
    if !status.success() {
        return Err(format!("`command` ended with {status}").into());
    }
    let text = String::from_utf8_lossy(&output);
    let text = text.trim();
    if let Ok(value) = text.lines().next().unwrap_or_default().trim().parse::<f64>()
        && value.is_finite()
    {
        let summary = text.lines().nth(1).unwrap_or_default().trim().to_owned();
        return Ok(Computed { value, summary, facts: Map::new() });
    }
    let wrong = || "`command` printed neither a number nor JSON with `value`".to_owned();
    let mut facts: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    let value = facts.remove("value").and_then(|value| value.as_f64()).ok_or_else(wrong)?;
    let summary = facts.remove("summary").and_then(|summary| summary.as_str().map(str::to_owned));
    Ok(Computed { value, summary: summary.unwrap_or_default(), facts })
}

#[cfg(test)]
mod tests {
    use hooks_common::decision::RequirementState;
    use serde_json::json;

    use super::*;
    use crate::testing::Bench;

    /// What the limit `lines` of a bench is worth; its command counts how often it ran.
    fn computed(bench: &Bench, may_compute: bool) -> Option<f64> {
        let gates = bench.gates();
        let rule = gates.policy.rules().unwrap().into_iter().next().unwrap();
        let context = EvalContext { may_compute, ..bench.context() };
        value(&gates, &rule, &context).unwrap().map(|computed| computed.value)
    }

    /// With a command that prints how often it ran.
    fn counting(more: &str) -> Bench {
        Bench::new(&format!(
            "  lines: {{enabled: true, type: limit, command: 'echo >> ran; wc -l < ran', thresholds: {{block: 5}}{more}}}"
        ))
    }

    #[test]
    fn a_value_is_used_again_until_it_is_too_old() {
        let bench = counting("");
        assert_eq!(computed(&bench, false), None, "nothing is at hand");
        assert_eq!(computed(&bench, true), Some(1.0));
        let bench = bench.after(59);
        assert_eq!(computed(&bench, true), Some(1.0));
        let bench = bench.after(1);
        assert_eq!(computed(&bench, false), Some(1.0), "an old value is better than a command's time");
        assert_eq!(computed(&bench, true), Some(2.0));
        let bench = bench.after(-1);
        assert_eq!(computed(&bench, true), Some(3.0), "the clock went back");
    }

    #[test]
    fn the_configuration_says_how_long_a_value_is_used() {
        let bench = counting(", cache_ttl: 2");
        assert_eq!(computed(&bench, true), Some(1.0));
        let bench = bench.after(1);
        assert_eq!(computed(&bench, true), Some(1.0));
        let bench = bench.after(1);
        assert_eq!(computed(&bench, true), Some(2.0));
    }

    #[test]
    fn an_old_value_is_forgotten() {
        let bench = counting("");
        computed(&bench, true);
        let other = read(&bench.project.values()).into_iter().next().unwrap().1;
        let stored = |at: i64| Stored { at, computed: other.computed.clone() };
        let at = other.at;
        let values = Values::from([
            ("yesterday".to_owned(), stored(at - FORGET_AFTER + 61)),
            ("before".to_owned(), stored(at - FORGET_AFTER + 60)),
        ]);
        let text = serde_json::to_vec(&values).unwrap();
        store::replace(&bench.project.values(), &text, Durability::Rebuildable, 0o644).unwrap();
        let bench = bench.after(60);
        computed(&bench, true);
        let kept = read(&bench.project.values());
        assert!(kept.contains_key("yesterday") && !kept.contains_key("before") && kept.len() == 2);
    }

    #[test]
    fn a_command_prints_a_number_or_json() {
        let run = |command: &str| {
            let bench = Bench::new("  plan: {enabled: true}");
            run(command, &bench.root(), &bench.gates())
                .map(|found| (found.value, found.summary, found.facts.len()))
        };
        assert_eq!(run("printf '7\\nseven\\n'").unwrap(), (7.0, "seven".to_owned(), 0));
        assert_eq!(
            run("echo '{\"value\": 2.5, \"summary\": \"x\", \"files\": 3}'").unwrap(),
            (2.5, "x".to_owned(), 1)
        );
        for wrong in ["echo NaN", "echo inf", "echo seven", "echo '{}'", "true", "echo 7; exit 1"] {
            assert!(run(wrong).is_err(), "{wrong}");
        }
        assert_eq!(run("test -n \"$STANCHION_BRANCH\" && echo 1").unwrap().0, 1.0);
    }

    fn judged(value: f64, thresholds: &[(&str, f64)]) -> Judged {
        let mut requirement = Requirement::default();
        let thresholds = thresholds.iter().map(|(name, limit)| ((*name).to_owned(), *limit));
        requirement.thresholds = Some(thresholds.collect());
        let facts = Map::from_iter([("base_branch".to_owned(), json!("main"))]);
        compare(&requirement, &Computed { value, summary: "12 lines".to_owned(), facts })
    }

    #[test]
    fn a_value_is_open_from_its_limit_on() {
        use RequirementState::{Open, Satisfied};
        for (value, state) in [(9.0, Satisfied), (9.5, Satisfied), (10.0, Open), (11.0, Open)] {
            assert_eq!(judged(value, &[("block", 10.0)]).state, state, "{value}");
        }
        assert_eq!(judged(1e9, &[]).state, Satisfied, "nothing limits it");
        let detail = judged(10.0, &[("block", 10.0)]).detail.unwrap();
        assert_eq!(detail, "The value is 10, the limit 10, counted from `main`. `12 lines`");
    }

    #[test]
    fn a_value_warns_from_its_own_limit_on() {
        for (value, warns) in [(4.0, false), (5.0, true), (6.0, true)] {
            let facts = judged(value, &[("warn", 5.0), ("block", 10.0)]).facts;
            assert_eq!((&facts["warns"], &facts["warn_threshold"]), (&json!(warns), &json!(5)), "{value}");
            assert_eq!((&facts["value"], &facts["total"]), (&facts["value"], &facts["value"]));
        }
        assert!(!judged(6.0, &[("block", 10.0)]).facts.contains_key("warns"));
    }

    #[test]
    fn numbers_are_whole_where_they_are() {
        for (value, shown) in
            [(7.0, "7"), (-7.0, "-7"), (4.5, "4.5"), (0.0, "0"), (1e15, "1000000000000000.0")]
        {
            assert_eq!(number(value).to_string(), shown);
        }
        assert_eq!(number(f64::INFINITY), Value::Null);
    }
}
