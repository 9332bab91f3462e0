//! Guard `paths`: files that only a command of Stanchion may create.

mod governed;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use config::types::guards::{PathRule, Paths};
use platform::path::resolve;
use platform::text::fact;
use shell::Write;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use governed::Governed;

/// How many files a finding names.
const MOST: usize = 5;

/// Whether the guard applies to a command line: whether it writes any file. The line is parsed once for all
/// guards, in microseconds; a text search would miss `c\p`.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    !examined.script().writes().is_empty()
}

/// Returns the findings over a command line. A file that the line does not determine is not searched for.
///
/// # Errors
/// Never.
pub fn examine_line(settings: &Paths, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let mut looked = PathSearch::new(settings, examined);
    for mut write in examined.script().writes() {
        // git restores a file that existed before.
        if matches!(write.by, "git checkout" | "git restore") {
            continue;
        }
        // For an unpacked archive only the target folder may be known.
        if write.target.is_none() && write.pattern.is_none() && write.may_be_folder {
            write.target = Some(".".to_owned());
        }
        for target in examined.tool_use.targets(&write, examined.home()).into_iter().flatten() {
            looked.at_write(&write, &resolve(&target));
        }
        if looked.found.len() >= MOST {
            break;
        }
    }
    Ok(looked.found)
}

/// Returns the findings over an edit.
///
/// # Errors
/// Never.
pub fn examine_edit(settings: &Paths, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let mut looked = PathSearch::new(settings, examined);
    if let Some(file) = examined.file() {
        looked.at_file(file);
    }
    Ok(looked.found)
}

struct PathSearch<'a> {
    governed: Governed<'a>,
    examined: &'a ExaminedUse<'a>,
    /// Governed files that were reported already: a line may name one twice.
    seen: BTreeSet<PathBuf>,
    found: Vec<Objection>,
}

impl<'a> PathSearch<'a> {
    fn new(settings: &'a Paths, examined: &'a ExaminedUse<'a>) -> Self {
        let governed = Governed { rules: &settings.rules, root: examined.root(), home: examined.home() };
        Self { governed, examined, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Examines a file, whose symbolic links are resolved; returns whether it is governed.
    fn at_file(&mut self, file: &Path) -> bool {
        let Some(rule) = self.governed.rule_of(file) else { return false };
        if self.seen.insert(file.to_owned()) && !self.examined.is_permitted(file) {
            self.found.push(made_by(rule, &self.examined.shown(file)));
        }
        true
    }

    /// Examines the target of a write. A folder represents the file in it that the line names, or any file.
    fn at_write(&mut self, write: &Write, target: &Path) {
        // The line itself may create the folder first.
        let inside = write.inside.as_deref().filter(|name| !target.ends_with(name));
        let inside = inside.map(|name| target.join(name));
        if self.at_file(target) || inside.as_deref().is_some_and(|inside| self.at_file(inside)) {
            return;
        }
        let takes_folders = matches!(write.by, "cp" | "mv" | "git mv" | "rsync");
        if inside.as_deref().unwrap_or(target).extension().is_some() {
            return;
        }
        if takes_folders || write.may_be_folder {
            self.at_folder(target);
        }
        // `cp -r x to/` creates `to` from `x` if `to` is missing; `rsync x/ to` copies the content of `x`
        // into it.
        if let Some(parent) = target.parent().filter(|_| takes_folders)
            && (write.by == "rsync" || !parent.is_dir())
        {
            self.at_folder(parent);
        }
    }

    /// Examines a folder in which any file may be written.
    fn at_folder(&mut self, folder: &Path) {
        if let Some(rule) = self.governed.rule_in(folder)
            && self.seen.insert(folder.to_owned())
        {
            self.found.push(may_be_made_by(rule, &self.examined.shown(folder)));
        }
    }
}

fn made_by(rule: &PathRule, file: &str) -> Objection {
    let made = if rule.existing { "made and changed" } else { "made" };
    Objection::sure(format!("{} is {made} by {}, not by hand", fact(file), rule.command), way_out(rule))
}

fn may_be_made_by(rule: &PathRule, folder: &str) -> Objection {
    let what = format!("this may put files into {} that are not made by hand", fact(folder));
    Objection::doubtful(what, format!("name each file; or {}", way_out(rule)))
}

fn way_out(rule: &PathRule) -> String {
    let then = if rule.existing { "" } else { ", then edit the file that it makes" };
    // The built-in rules name commands that a project may not have.
    let lacking = if rule.command.starts_with('/') {
        "; where there is none, say under `guards.paths.rules` what makes these files"
    } else {
        ""
    };
    format!("run {}{then}{lacking}", rule.command)
}

#[cfg(test)]
mod tests;
