//! Changing a configuration file: read, edited in place, validated, shown, confirmed, written whole.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use config::finding::{Finding, Severity};
use config::sources::Level;
use config::{cascade, yaml};
use platform::path::leads_out;
use platform::store;

use crate::cli::TargetArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, bail, unknown_name};

/// A configuration file to be changed. Nothing is written before [`ConfigFileChange::write`].
pub struct ConfigFileChange {
    /// The file.
    pub path: PathBuf,
    /// Its level.
    pub level: Level,
    before: Option<String>,
    after: String,
}

impl TargetArgs {
    /// The level that was named, the local one if none was.
    pub fn level(&self) -> Level {
        match (self.global, self.project) {
            (true, _) => Level::Global,
            (_, true) => Level::Project,
            _ => Level::Local,
        }
    }
}

impl ConfigFileChange {
    /// The file of a level as it is. In a linked work tree that is the file in force, which may be borrowed.
    pub fn open(place: &CurrentProject, level: Level) -> CliResult<Self> {
        let file = place.project.config_files().iter().find(|file| file.level == level);
        let path = file.context("this project has no such configuration file")?.path.clone();
        Self::open_file(path, level)
    }

    /// Any file, as one of a level.
    pub fn open_file(path: PathBuf, level: Level) -> CliResult<Self> {
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
    pub fn set(&mut self, path: &[&str], value: &str) -> CliResult {
        self.after = config_edit::set(&self.after, path, value)
            .with_context(|| format!("{} stays as it is", self.path.display()))?;
        Ok(())
    }

    /// Whether anything differs from what is on disk.
    pub fn is_any(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }

    /// Loads the cascade as if the change were made. Returns the new findings, none of which is an error.
    ///
    /// # Errors
    /// When the change would add an error.
    pub fn tried(&self, place: &CurrentProject) -> CliResult<Vec<Finding>> {
        let all = place.project.config_files();
        // A project with `inherit: false` hides the errors of the global file, so that file is loaded alone as well.
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
            Some(error) => bail!("nothing was changed, because the result would not be valid:\n  {error}"),
            None => Ok(new),
        }
    }

    /// Prints the lines that differ: removed ones with `-`, added ones with `+`.
    pub fn preview(&self, out: &mut impl Write) -> CliResult {
        writeln!(out, "{}, before (-) and after (+):", self.path.display())?;
        for (sign, line) in difference(self.before.as_deref().unwrap_or_default(), &self.after) {
            writeln!(out, "  {sign} {line}")?;
        }
        Ok(())
    }

    /// Asks for confirmation, unless `yes` gives it.
    ///
    /// # Errors
    /// When the answer is no, or there is no terminal.
    pub fn confirm(&self, yes: bool, out: &mut impl Write) -> CliResult {
        if yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            let problem = CliError::user(format_args!("{} was not changed", self.path.display()));
            return Err(problem.next("add --yes, or run this in a terminal to confirm"));
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
    pub fn write(&self) -> CliResult {
        if !self.is_any() {
            return Ok(());
        }
        self.check_writable()?;
        config_edit::write(&self.path, &self.after)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// An error when the file is a link that leads out of the project, or is read-only. Replacing a file by rename needs only a writable folder, so the system does
    /// not refuse it.
    pub fn check_writable(&self) -> CliResult {
        let root = self.path.parent().and_then(Path::parent);
        if let Some(real) =
            root.filter(|_| self.level != Level::Global).and_then(|root| leads_out(&self.path, root))
        {
            let problem = CliError::user(format_args!(
                "{} is a link to {}, outside the project, so nothing was changed",
                self.path.display(),
                real.display()
            ));
            return Err(problem.next("edit that file by hand, or replace the link with a file"));
        }
        if std::fs::metadata(&self.path).is_ok_and(|meta| meta.permissions().readonly()) {
            bail!("{} is read-only, so nothing was changed", self.path.display());
        }
        Ok(())
    }
}

/// Copies a file to `.yaml.bak` beside it. Returns the copy's path, or `None` when there is no file.
///
/// # Errors
/// When it cannot be copied; then it must not be changed.
pub fn keep_copy(path: &Path) -> CliResult<Option<PathBuf>> {
    let Some(bytes) = store::read(path).with_context(|| format!("{} cannot be read", path.display()))? else {
        return Ok(None);
    };
    let copy = path.with_extension("yaml.bak");
    store::replace(&copy, &bytes, store::Durability::Durable, 0o644)
        .with_context(|| format!("the copy {} cannot be written, so nothing was changed", copy.display()))?;
    Ok(Some(copy))
}

/// The requirements that the configuration names, including invalid ones; without the global ones where the project says
/// `inherit: false`.
pub fn requirement_names(place: &CurrentProject) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for file in place.project.config_files() {
        let text = store::read(&file.path).ok().flatten().unwrap_or_default();
        let Ok((tree, _)) = yaml::parse(&String::from_utf8_lossy(&text), 0) else { continue };
        let starts_anew = tree.get("inherit").and_then(yaml::YamlNode::as_bool) == Some(false);
        if file.level == Level::Project && starts_anew {
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

/// An error with the closest name unless a requirement of this name is configured.
pub fn known(name: &str, names: &[String]) -> CliResult {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(unknown_name("requirement", name, names.iter().map(String::as_str)))
}

/// An error where the project has no configuration of its own.
pub fn configured(place: &CurrentProject) -> CliResult {
    if place.project.is_configured() {
        return Ok(());
    }
    Err(place.not_configured())
}

/// The lines that differ, in order: `-` for those only in `before`, `+` for those only in `after`.
pub fn difference<'t>(before: &'t str, after: &'t str) -> Vec<(char, &'t str)> {
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
