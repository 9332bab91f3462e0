//! Changing a configuration file: read, changed in place, tried, shown, agreed to, written whole.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::check::nearest;
use config::finding::{Finding, Severity};
use config::sources::Level;
use config::{cascade, yaml};
use platform::store;

use crate::cli::Target;
use crate::place::Place;

/// A configuration file about to be changed. Nothing is written before [`Change::write`].
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// Its level.
    pub level: Level,
    before: Option<String>,
    after: String,
}

impl Target {
    /// The level that was named, the local one if none was.
    pub fn level(&self) -> Level {
        match (self.global, self.project) {
            (true, _) => Level::Global,
            (_, true) => Level::Project,
            _ => Level::Local,
        }
    }
}

impl Change {
    /// The file of a level as it is. In a linked work tree that is the file in force, which may be borrowed.
    pub fn open(place: &Place, level: Level) -> anyhow::Result<Self> {
        let file = place.project.config_files().iter().find(|file| file.level == level);
        let path = file.context("no such level")?.path.clone();
        Self::open_file(path, level)
    }

    /// Any file, as one of a level.
    pub fn open_file(path: PathBuf, level: Level) -> anyhow::Result<Self> {
        let bytes = store::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let before = bytes.map(String::from_utf8).transpose();
        let before = before.with_context(|| format!("{} is not UTF-8", path.display()))?;
        let is_new = before.as_ref().is_none_or(|text| text.is_empty());
        let after = match level {
            Level::Project if is_new => "version: \"1.0\"\n".to_owned(),
            _ => before.clone().unwrap_or_default(),
        };
        Ok(Self { path, level, before, after })
    }

    /// Sets one value; see [`config_edit::set`].
    pub fn set(&mut self, path: &[&str], value: &str) -> anyhow::Result<()> {
        self.after = config_edit::set(&self.after, path, value)
            .with_context(|| format!("{} is as it was", self.path.display()))?;
        Ok(())
    }

    /// Whether anything differs from what is on disk.
    pub fn is_any(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }

    /// Loads the cascade as if the change were made. Returns what is new and no error.
    ///
    /// # Errors
    /// When the change would make something an error that was none.
    pub fn tried(&self, place: &Place) -> anyhow::Result<Vec<Finding>> {
        let all = place.project.config_files();
        // A project that starts afresh hides what is wrong in the global file.
        let alone = all.iter().filter(|file| self.level == Level::Global && file.path == self.path);
        let alone: Vec<_> = alone.cloned().collect();
        let mut new: Vec<Finding> = Vec::new();
        for files in [all, &alone] {
            let before = cascade::load(files).findings;
            for finding in cascade::load_as_if(files, &self.path, &self.after).findings {
                let is_old = |old: &Finding| old.subject == finding.subject && old.message == finding.message;
                if !before.iter().chain(&new).any(is_old) {
                    new.push(finding);
                }
            }
        }
        match new.iter().find(|finding| finding.severity == Severity::Error) {
            Some(error) => bail!("nothing was changed, because that would be wrong: {error}"),
            None => Ok(new),
        }
    }

    /// Shows the lines that differ: those that go with `-`, those that come with `+`.
    pub fn preview(&self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(out, "{}, before (-) and after (+):", self.path.display())?;
        for (sign, line) in difference(self.before.as_deref().unwrap_or_default(), &self.after) {
            writeln!(out, "  {sign} {line}")?;
        }
        Ok(())
    }

    /// Asks for leave, unless `yes` gives it.
    ///
    /// # Errors
    /// When the answer is no, or there is nobody to ask.
    pub fn confirm(&self, yes: bool, out: &mut impl Write) -> anyhow::Result<()> {
        if yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            bail!("this would change {}; add --yes", self.path.display());
        }
        write!(out, "Write this? [y/N] ")?;
        out.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            bail!("nothing was changed");
        }
        Ok(())
    }

    /// Replaces the file, if anything differs.
    pub fn write(&self) -> anyhow::Result<()> {
        if !self.is_any() {
            return Ok(());
        }
        self.check_writable()?;
        config_edit::write(&self.path, &self.after)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// An error when the file is protected: a rename would replace it all the same.
    pub fn check_writable(&self) -> anyhow::Result<()> {
        if std::fs::metadata(&self.path).is_ok_and(|meta| meta.permissions().readonly()) {
            bail!("{} is read-only; nothing was changed", self.path.display());
        }
        Ok(())
    }
}

/// Keeps a file beside itself as `.yaml.bak`; where, if there is one.
///
/// # Errors
/// When it cannot be kept; then it must not be changed.
pub fn keep_copy(path: &Path) -> anyhow::Result<Option<PathBuf>> {
    let Some(bytes) = store::read(path).with_context(|| format!("{} cannot be read", path.display()))? else {
        return Ok(None);
    };
    let copy = path.with_extension("yaml.bak");
    store::replace(&copy, &bytes, store::Durability::Durable, 0o644)
        .with_context(|| format!("{} cannot be written, so nothing was changed", copy.display()))?;
    Ok(Some(copy))
}

/// The requirements that the configuration names, those that are wrong too; the global ones do not count where
/// the project starts afresh.
pub fn requirement_names(place: &Place) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for file in place.project.config_files() {
        let text = store::read(&file.path).ok().flatten().unwrap_or_default();
        let Ok((tree, _)) = yaml::parse(&String::from_utf8_lossy(&text), 0) else { continue };
        let afresh = tree.get("inherit").and_then(yaml::YamlNode::as_bool) == Some(false);
        if file.level == Level::Project && afresh {
            names.clear();
        }
        if let Some(yaml::YamlValue::Mapping(entries)) = tree.get("requirements").map(|node| &node.value) {
            names.extend(entries.iter().filter_map(|(name, _)| name.text()).map(str::to_owned));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Nothing when a requirement of this name is configured, else an error with the name that was meant.
pub fn known(name: &str, names: &[String]) -> anyhow::Result<()> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => bail!("no requirement is called `{name}`; did you mean `{near}`?"),
        None if names.is_empty() => bail!("no requirement is called `{name}`; there are none here"),
        None => bail!("no requirement is called `{name}`; there are: {}", names.join(", ")),
    }
}

/// An error where the project has no configuration of its own.
pub fn configured(place: &Place) -> anyhow::Result<()> {
    if place.project.is_configured() {
        return Ok(());
    }
    bail!("{} has no requirements; `req init` writes a first configuration", place.project.root().display())
}

fn difference<'t>(before: &'t str, after: &'t str) -> Vec<(char, &'t str)> {
    const MOST: usize = 1_000_000;
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    if old.len() * new.len() > MOST {
        let gone = old.iter().map(|line| ('-', *line));
        return gone.chain(new.iter().map(|line| ('+', *line))).collect();
    }
    // `common[i][j]`: the most lines that `old[i..]` and `new[j..]` share in order.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_shown() {
        let shown = difference("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
        assert_eq!(shown, [('-', "b"), ('+', "B"), ('+', "e")]);
        assert_eq!(difference("", "a\n"), [('+', "a")]);
        assert_eq!(difference("a\n", "a\n"), []);
    }
}
