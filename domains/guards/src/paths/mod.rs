//! Guard `paths`: files that a command of ours makes, and nobody by hand.

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

/// How many files are named.
const MOST: usize = 5;

/// Whether a command line has anything for the guard: whether it writes any file at all. The line is parsed once for all
/// guards, in a few microseconds; a search for names would miss `c\p`.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    !examined.script().writes().is_empty()
}

/// What the guard finds in a command line. A file that the line does not tell is not looked for.
///
/// # Errors
/// Never.
pub fn examine_line(settings: &Paths, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let mut looked = PathSearch::new(settings, examined);
    for mut write in examined.script().writes() {
        // What git brings back was made before.
        if matches!(write.by, "git checkout" | "git restore") {
            continue;
        }
        // Of what is unpacked the folder may be known.
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

/// What the guard finds in an edit.
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
    /// What was looked at and is governed: a line may name it twice.
    seen: BTreeSet<PathBuf>,
    found: Vec<Objection>,
}

impl<'a> PathSearch<'a> {
    fn new(settings: &'a Paths, examined: &'a ExaminedUse<'a>) -> Self {
        let governed = Governed { rules: &settings.rules, root: examined.root(), home: examined.home() };
        Self { governed, examined, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Looks at a file, free of symbolic links; whether it is governed.
    fn at_file(&mut self, file: &Path) -> bool {
        let Some(rule) = self.governed.rule_of(file) else { return false };
        if self.seen.insert(file.to_owned()) && !self.examined.is_permitted(file) {
            self.found.push(made_by(rule, &self.examined.shown(file)));
        }
        true
    }

    /// Looks at where a write goes. A folder stands for the files in it: for the one that the line names, or for any.
    fn at_write(&mut self, write: &Write, target: &Path) {
        // The folder may be one that the line itself makes first.
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
        // `cp -r x to/` makes `to` of `x` where there is none; `rsync x/ to` empties `x` into it.
        if let Some(parent) = target.parent().filter(|_| takes_folders)
            && (write.by == "rsync" || !parent.is_dir())
        {
            self.at_folder(parent);
        }
    }

    /// Looks at a folder in which anything may be written.
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
    // The built-in rules name commands that a project may lack.
    let lacking = if rule.command.starts_with('/') {
        "; where there is none, say under `guards.paths.rules` what makes these files"
    } else {
        ""
    };
    format!("run {}{then}{lacking}", rule.command)
}

#[cfg(test)]
mod tests;
