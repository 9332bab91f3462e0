//! The fields of an entry in the state file, as any of the tools that share it may have written them.

use serde_json::{Map, Value};

pub(super) fn is_true(entry: &Map<String, Value>, key: &str) -> bool {
    entry.get(key).and_then(Value::as_bool) == Some(true)
}

pub(super) fn time(entry: &Map<String, Value>, key: &str) -> i64 {
    entry.get(key).map_or(0, seconds)
}

/// Whole seconds; other tools also write fractions.
#[allow(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
fn seconds(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)).unwrap_or(0)
}

pub(super) fn expiry(entry: &Map<String, Value>) -> Option<i64> {
    Some(time(entry, "expires_at")).filter(|at| *at != 0)
}

pub(super) fn is_fresh(entry: &Map<String, Value>, now: i64) -> bool {
    expiry(entry).is_none_or(|expires| now <= expires)
}
