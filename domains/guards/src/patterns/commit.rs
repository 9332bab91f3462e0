//! PreToolUse of a command line that commits: checks what the commit would add.

use std::collections::{BTreeMap, BTreeSet};

use config::types::Mode;
use config::types::guards::{GuardSettings, Patterns};
use git::Repository;

use super::graduation::Step;
use super::inspect::{Inspector, PatternFinding, book, graduate, inside, record, rules, terms};
use super::scan::Sheet;
use super::store;
use super::words;
use crate::error::GuardsError;
use crate::examined::{ExaminedUse, text_of};
use crate::objection::Objection;
use crate::staged::{self, AddedFile};

/// How many files are read from git's index; each starts a child process.
const MOST_ASKED: usize = 20;

/// The findings over the lines that the commits on a line would add.
///
/// # Errors
/// If git fails, the policy is damaged, or a regular expression exceeds its step limit.
pub fn examine(settings: &Patterns, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let root = examined.root();
    let files: Vec<(String, &AddedFile)> = staged::added(examined)?
        .iter()
        .filter_map(|file| Some((inside(root, &file.top.join(&file.path))?, file)))
        .collect();
    let mut known = store::known(root);
    known.retain(|path, _| files.iter().any(|(committed, _)| committed == path));
    let lower: String = files.iter().map(|(_, file)| lower(file)).collect();
    let named = known.values().flatten().cloned().collect();
    let rules = rules(examined.policy, &lower, &named)?;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let inspector = Inspector::new(examined.project, examined.paths, settings, rules, examined.now.wall);
    let looked = look(&inspector, &mut known, &files)?;
    if looked.findings.is_empty() && looked.gone.is_empty() {
        return Ok(Vec::new());
    }
    let terms = terms(examined, settings);
    let (book, mut notes) = book(examined, settings.mode());
    let judged = graduate(book.as_ref(), &terms, looked.findings);
    let is_refused = settings.mode() == Mode::Enforce && judged.iter().any(|(step, _)| *step == Step::Refuse);
    if let Some(mut book) = book {
        looked.gone.iter().for_each(|(file, rule)| book.forget(file, rule));
        // Warnings beside a refusal are overlooked, so they are given and recorded with the commit that
        // passes.
        if !is_refused {
            record(&mut book, &terms, &judged);
        }
        notes.extend(book.close(settings.most, &terms).unwrap_or_else(|error| vec![error.to_string()]));
    }
    Ok(objections(judged, notes))
}

fn objections(judged: Vec<(Step, PatternFinding<'_>)>, notes: Vec<String>) -> Vec<Objection> {
    let (refused, warned): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(step, _)| *step == Step::Refuse);
    let told = |judged: Vec<(Step, PatternFinding<'_>)>, certainty: fn(String, String) -> Objection| {
        let findings: Vec<_> = judged.into_iter().map(|(_, finding)| finding).collect();
        let objection = || {
            let what = format!("this commits what patterns forbid: {}", words::what(&findings));
            certainty(what, words::way_out(&findings))
        };
        (!findings.is_empty()).then(objection)
    };
    let notes = notes.into_iter().map(|note| Objection::advice(note, ""));
    let told = [told(refused, Objection::sure), told(warned, Objection::advice)];
    told.into_iter().flatten().chain(notes).collect()
}

/// The findings over the committed files.
#[derive(Default)]
struct CommitFindings<'i> {
    /// The findings over added lines.
    findings: Vec<PatternFinding<'i>>,
    /// Files and rules with an earlier warning and no violation now.
    gone: Vec<(String, String)>,
}

fn look<'i>(
    inspector: &'i Inspector<'_>,
    known: &mut BTreeMap<String, BTreeSet<String>>,
    files: &[(String, &AddedFile)],
) -> Result<CommitFindings<'i>, GuardsError> {
    let mut looked = CommitFindings::default();
    let mut asked = 0;
    for (path, file) in files {
        let known = known.remove(path).unwrap_or_default();
        if known.is_empty() && !inspector.may_concern(&lower(file)) {
            continue;
        }
        let whole = whole(file, asked < MOST_ASKED);
        asked += 1;
        let is_whole = whole.is_some();
        let text = whole.unwrap_or_else(|| alone(file));
        let sheet = Sheet::of(&text);
        let found = inspector.look(path, &sheet)?.findings;
        if is_whole {
            let is_broken = |id: &str| found.iter().any(|finding| finding.rule.id == id);
            let gone = known.into_iter().filter(|id| inspector.has(id) && !is_broken(id));
            looked.gone.extend(gone.map(|id| (path.clone(), id)));
        }
        let lines: BTreeSet<usize> = file.lines.iter().map(|(number, _)| *number).collect();
        looked.findings.extend(found.into_iter().filter(|one| lines.contains(&one.violation.line)));
    }
    Ok(looked)
}

/// The added lines in ASCII lower case.
fn lower(file: &AddedFile) -> String {
    file.lines.iter().map(|(_, line)| line.to_ascii_lowercase() + "\n").collect()
}

/// The text that would be committed: staged, or from the work tree. `None` if neither contains the lines.
fn whole(file: &AddedFile, may_ask: bool) -> Option<String> {
    let staged = || {
        let name = format!(":0:{}", file.path.to_str().filter(|_| may_ask)?);
        Repository::at(&file.top)?.ask(&["cat-file", "blob", &name])
    };
    let holds = |text: &String| {
        let sheet = Sheet::of(text);
        file.lines.iter().all(|(number, line)| sheet.line(*number).trim_end() == line.trim_end())
    };
    staged().filter(holds).or_else(|| text_of(&file.top.join(&file.path)).filter(holds))
}

/// Only the added lines, each at its line number.
fn alone(file: &AddedFile) -> String {
    let mut text = String::new();
    let mut next = 1;
    for (number, line) in &file.lines {
        text.extend(std::iter::repeat_n('\n', number.saturating_sub(next)));
        text.push_str(line);
        text.push('\n');
        next = number + 1;
    }
    text
}
