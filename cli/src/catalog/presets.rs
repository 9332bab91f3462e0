//! The configurations that `init` writes.

use std::sync::LazyLock;

use serde::Deserialize;

use super::read;

/// A starting point.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// What it is for, one line.
    pub about: String,
    /// Its requirements, by name.
    #[serde(default)]
    pub requirements: Vec<String>,
    #[serde(default)]
    head: String,
    /// Whether the guards of a first configuration are part of it.
    #[serde(default)]
    guards: bool,
    #[serde(default)]
    tail: String,
}

/// A requirement that presets are made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetRequirement {
    /// What it is called.
    pub name: String,
    /// What it is for, one line.
    pub about: String,
    /// The comment above it, without indentation and `#`.
    #[serde(default)]
    comment: String,
    /// The lines below its name, without indentation.
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    presets: Vec<Preset>,
    guards: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFile {
    requirements: Vec<PresetRequirement>,
}

static PRESETS: LazyLock<PresetFile> = LazyLock::new(|| read(include_str!("../../catalog/presets.yaml")));
static REQUIREMENTS: LazyLock<RequirementFile> =
    LazyLock::new(|| read(include_str!("../../catalog/requirements.yaml")));

/// All presets, the default first.
pub fn presets() -> &'static [Preset] {
    &PRESETS.presets
}

/// The requirements that presets are made of, in the order they are written.
pub fn requirements() -> &'static [PresetRequirement] {
    &REQUIREMENTS.requirements
}

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        presets().iter().find(|preset| preset.name == name)
    }

    /// The whole file: the schema for editors, a comment on its purpose, and the preset.
    pub fn file(&self) -> String {
        let guards = if self.guards { PRESETS.guards.as_str() } else { "" };
        let names: Vec<&str> = self.requirements.iter().map(String::as_str).collect();
        file(&self.head, &names, &format!("{guards}{}", self.tail))
    }
}

/// The file with just these requirements, by name.
pub fn custom(names: &[&str]) -> String {
    file("", names, if names.is_empty() { "" } else { &PRESETS.guards })
}

/// A requirement of a preset as the lines below its name.
pub fn snippet(name: &str) -> Option<String> {
    let found = requirements().iter().find(|requirement| requirement.name == name)?;
    let comment: String = found.comment.lines().map(|line| format!("# {line}\n")).collect();
    Some(format!("{comment}enabled: true\n{}", found.body))
}

fn file(head: &str, names: &[&str], tail: &str) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema=./{schema}\n\
         # What must be true before Claude Code edits files, runs commands or ends a turn: see `req status`, `req why`.\n\
         version: \"1.0\"\n\
         enabled: true\n{head}\nrequirements:",
        schema = config::SCHEMA_FILE,
    );
    let chosen: Vec<_> =
        requirements().iter().filter(|requirement| names.contains(&requirement.name.as_str())).collect();
    text.push_str(if chosen.is_empty() { " {}\n" } else { "\n" });
    for (at, requirement) in chosen.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        requirement.comment.lines().for_each(|line| text.push_str(&format!("  # {line}\n")));
        text.push_str(&format!("  {}:\n    enabled: true\n", requirement.name));
        requirement.body.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    text + tail
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use config::finding::Finding;
    use config::sources::Level;

    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("requirements.yaml");
        std::fs::write(&path, text).unwrap();
        config::cascade::load_one(&path, Level::Project).findings
    }

    #[test]
    fn every_preset_is_free_of_findings() {
        for preset in presets() {
            assert_eq!(findings(&preset.file()), [], "{}", preset.name);
            let known = requirements().iter().filter(|known| preset.requirements.contains(&known.name));
            assert_eq!(known.count(), preset.requirements.len(), "{}", preset.name);
        }
    }

    #[test]
    fn any_choice_of_requirements_is_a_file() {
        assert!(custom(&[]).ends_with("\nrequirements: {}\n"));
        for requirement in requirements() {
            let text = custom(&[&requirement.name]);
            assert_eq!(findings(&text), []);
            let (tree, _) = config::yaml::parse(&text, 0).unwrap();
            let all = tree.get("requirements").unwrap();
            assert_eq!(all.get(&requirement.name).unwrap().get("enabled").unwrap().as_bool(), Some(true));
        }
    }
}
