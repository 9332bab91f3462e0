//! The projects known on this machine: `~/.claude/project_registry.json`, in the shape that other tools share,
//! `{"version": "1.0", "updated_at": 1, "projects": {"<root>": {…}}}`. Unknown keys are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hooks_common::paths::Paths;
use serde_json::{Map, Value, json};

use crate::document::{DocumentError, SharedDocument};

/// What is known about a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProject {
    /// Its root.
    pub root: PathBuf,
    /// Whether it builds on the global configuration.
    pub inherits: bool,
    /// The features its configuration uses.
    pub features: Vec<String>,
}

/// The registered projects by root.
///
/// # Errors
/// When the file cannot be read or is something else.
pub fn all(paths: &Paths) -> Result<Vec<KnownProject>, DocumentError> {
    let of_item = |(root, value): (String, Value)| {
        let features = value.get("configured_features").and_then(Value::as_array);
        let names = features.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        KnownProject {
            inherits: value.get("has_global_inherit").and_then(Value::as_bool).unwrap_or(true),
            features: names.collect(),
            root: root.into(),
        }
    };
    Ok(document(paths).items()?.into_iter().map(of_item).collect())
}

/// Registers projects that were found, and forgets those below `searched` that `is_gone`; how many of each were
/// new, and forgotten. `now` is in seconds since 1970.
///
/// # Errors
/// When the lock stays busy for `wait` or the file cannot be changed; then nothing was.
pub fn record(
    paths: &Paths,
    found: &[KnownProject],
    searched: &[PathBuf],
    is_gone: impl Fn(&Path) -> bool,
    now: i64,
    wait: Duration,
) -> Result<(usize, usize), DocumentError> {
    document(paths).change(wait, |projects, whole| {
        let before = projects.len();
        projects.retain(|root, _| {
            let root = Path::new(root);
            !(searched.iter().any(|folder| root.starts_with(folder)) && is_gone(root))
        });
        let kept = projects.len();
        for known in found {
            let entry =
                projects.entry(known.root.to_string_lossy()).or_insert_with(|| json!({"discovered_at": now}));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            entry["last_seen"] = now.into();
            entry["has_global_inherit"] = known.inherits.into();
            entry["configured_features"] = json!(known.features);
        }
        whole.insert("updated_at".to_owned(), now.into());
        (projects.len() - kept, before - kept)
    })
}

fn document(paths: &Paths) -> SharedDocument {
    SharedDocument::new(paths.project_registry(), "projects")
}
