//! What a configuration can do, feature by feature: for `upgrade`, which lists the features in use and adds others.

use std::sync::LazyLock;

use config::older;
use config::yaml::{YamlNode, YamlValue};
use serde::Deserialize;

use super::{presets, read};

/// One feature.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// What it is called.
    pub name: String,
    /// What it is good for, one line.
    pub about: String,
    /// The keys below which its snippet belongs, from the root of a file.
    pub path: Vec<String>,
    /// What in a requirement shows that a file uses it; without one, a value at the path does.
    used_when: Option<Sign>,
    /// Its lines; without them, the requirement of that name of the presets.
    snippet: Option<String>,
}

/// How a requirement shows that it uses a feature. One of the two keys is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    /// The requirement has this key.
    key: Option<String>,
    /// The key has this value.
    value: Option<String>,
    /// A trigger of the requirement has this key.
    trigger_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureFile {
    features: Vec<Feature>,
}

static FEATURES: LazyLock<FeatureFile> = LazyLock::new(|| read(include_str!("../../catalog/features.yaml")));

/// All features, in the order they are shown.
pub fn features() -> &'static [Feature] {
    &FEATURES.features
}

impl Feature {
    /// The feature of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        features().iter().find(|feature| feature.name == older::kind(name))
    }

    /// The keys below which its snippet belongs.
    pub fn keys(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// What belongs below [`Feature::path`]: YAML with comments, in lines of its own.
    pub fn snippet(&self) -> String {
        match (&self.snippet, self.path.last()) {
            (Some(snippet), _) => snippet.clone(),
            (None, Some(name)) => presets::snippet(name).unwrap_or_default(),
            (None, None) => String::new(),
        }
    }

    /// Whether a file uses the feature, whatever for. Older words in it are [renewed](older::renew).
    pub fn is_used(&self, file: &YamlNode) -> bool {
        match &self.used_when {
            None => self.is_there(file),
            Some(sign) => requirements(file).any(|requirement| sign.is_in(requirement)),
        }
    }

    /// Whether a file has something at the feature's path.
    pub fn is_there(&self, file: &YamlNode) -> bool {
        self.path.iter().try_fold(file, |node, key| node.get(key)).is_some()
    }
}

impl Sign {
    fn is_in(&self, requirement: &YamlNode) -> bool {
        if let Some(key) = &self.trigger_key {
            let triggers = requirement.get("trigger_tools").map(|node| &node.value);
            return matches!(triggers, Some(YamlValue::Sequence(items)) if items.iter().any(|item| item.get(key).is_some()));
        }
        let found = self.key.as_ref().and_then(|key| requirement.get(key));
        found.is_some_and(|found| self.value.as_deref().is_none_or(|value| found.text() == Some(value)))
    }
}

fn requirements(file: &YamlNode) -> impl Iterator<Item = &YamlNode> {
    let entries = match file.get("requirements").map(|node| &node.value) {
        Some(YamlValue::Mapping(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(_, requirement)| requirement)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use config::sources::Level;

    use super::*;
    use config::yaml;

    const BASE: &str = "# ours\nrequirements:\n  # the plan\n  commit_plan: {enabled: true}\n";

    #[test]
    fn every_snippet_loads_without_findings_and_shows_as_used() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("requirements.yaml");
        for base in [BASE, "{\"requirements\": {\"commit_plan\": {\"enabled\": true}}}\n"] {
            let mut all = base.to_owned();
            for feature in features() {
                let text = config_edit::set(base, &feature.keys(), &feature.snippet()).unwrap();
                std::fs::write(&file, &text).unwrap();
                let loaded = config::cascade::load_one(&file, Level::Project);
                assert_eq!(loaded.findings, [], "{}:\n{text}", feature.name);
                let used = |text: &str| feature.is_used(&yaml::parse(text, 0).unwrap().0);
                assert!(used(&text) && !used(base), "{}", feature.name);
                all = config_edit::set(&all, &feature.keys(), &feature.snippet()).unwrap();
            }
            std::fs::write(&file, &all).unwrap();
            let loaded = config::cascade::load_one(&file, Level::Project);
            let told: Vec<_> = loaded.findings.iter().map(ToString::to_string).collect();
            assert!(told.is_empty(), "{told:?}\n{all}");
        }
    }

    #[test]
    fn every_path_begins_in_the_schema_and_every_name_is_one_feature() {
        let schema: serde_json::Value = serde_json::from_str(config::SCHEMA).unwrap();
        let hooks = &schema["$defs"]["Hooks"]["properties"];
        for (at, feature) in features().iter().enumerate() {
            assert!(schema["properties"][&feature.path[0]].is_object(), "{}", feature.name);
            if let ["hooks", hook, ..] = feature.keys()[..] {
                assert!(hooks[hook].is_object(), "{}", feature.name);
            }
            assert!(
                features()[..at].iter().all(|other| other.name != feature.name && other.path != feature.path)
            );
        }
    }
}
