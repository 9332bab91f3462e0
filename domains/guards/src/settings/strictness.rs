//! What a change of one key of a guard's configuration does to the guard.

use config::types::{Mode, Stricter};
use serde_json::Value;

/// How a change of one key changes what the guard prevents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The guard prevents as much as before, or more.
    None,
    /// It prevents less.
    Weaker(Loss),
    /// This cannot be decided.
    Unclear,
}

/// What a key loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// A switch, a mode or a behaviour has a weaker value.
    Value,
    /// A number is larger.
    Raised,
    /// A number is smaller.
    Lowered,
    /// A list has fewer entries.
    Entries,
    /// A list of exemptions has more entries.
    Exemptions,
}

/// The effect of a change from one value of a key to another.
pub(super) fn effect(direction: Stricter, was: &Value, is: &Value) -> Strictness {
    if was == is {
        return Strictness::None;
    }
    match (direction, was, is) {
        (Stricter::Neutral, ..) => Strictness::None,
        (Stricter::On, Value::Bool(_), Value::Bool(is)) => weaker(!is, Loss::Value),
        (Stricter::Off, Value::Bool(_), Value::Bool(is)) => weaker(*is, Loss::Value),
        (Stricter::Larger, Value::Number(was), Value::Number(is)) => {
            weaker(is.as_f64() < was.as_f64(), Loss::Lowered)
        }
        (Stricter::Smaller, Value::Number(was), Value::Number(is)) => {
            weaker(is.as_f64() > was.as_f64(), Loss::Raised)
        }
        (Stricter::MoreEntries, Value::Array(was), Value::Array(is)) => {
            weaker(missing(was, is) > 0, Loss::Entries)
        }
        (Stricter::FewerEntries, Value::Array(was), Value::Array(is)) => {
            weaker(missing(is, was) > 0, Loss::Exemptions)
        }
        (Stricter::Rules { wording, .. }, Value::Array(was), Value::Array(is)) => rules(was, is, wording),
        (Stricter::Mode, Value::String(was), Value::String(is)) => {
            weaker(mode_rank(is) < mode_rank(was), Loss::Value)
        }
        (Stricter::OnError, was, _) => weaker(was == "deny", Loss::Value),
        _ => Strictness::Unclear,
    }
}

fn weaker(is_weaker: bool, loss: Loss) -> Strictness {
    if is_weaker { Strictness::Weaker(loss) } else { Strictness::None }
}

/// Lists of rules without their words. A rule that was rewritten is one lost and one gained.
fn rules(was: &[Value], is: &[Value], wording: &[&str]) -> Strictness {
    let decisive = |rules: &[Value]| -> Vec<Value> {
        let mut rules = rules.to_vec();
        for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
            rule.retain(|key, _| !wording.contains(&key.as_str()));
        }
        rules
    };
    let (was, is) = (decisive(was), decisive(is));
    let (lost, gained) = (missing(&was, &is), missing(&is, &was));
    match lost {
        0 => Strictness::None,
        _ if lost > gained => Strictness::Weaker(Loss::Entries),
        _ => Strictness::Unclear,
    }
}

/// How many entries of a list another one does not have.
fn missing(from: &[Value], list: &[Value]) -> usize {
    from.iter().filter(|one| !list.contains(one)).count()
}

/// The rank of a mode by strictness. An unknown name counts as the default, the strictest mode.
pub(super) fn mode_rank(name: &str) -> usize {
    const ORDER: [Mode; 3] = [Mode::Observe, Mode::Warn, Mode::Enforce];
    ORDER.iter().position(|mode| mode.name() == name).unwrap_or(ORDER.len() - 1)
}
