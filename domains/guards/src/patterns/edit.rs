//! PostToolUse of an edit: checks what it added to the file.

use std::collections::BTreeSet;

use crate::error::GuardsError;
use crate::record::{GuardRecord, GuardRecords};
use config::Policy;
use config::types::Mode;
use config::types::guards::{GuardName, GuardSettings, PatternSeverity, Patterns, Placed};
use hooks_common::answer::HostDecision;
use hooks_common::decision::GuardVerdict;
use hooks_common::event::{Payload, TextEdit};
use hooks_common::runtime::Hook;
use memchr::memmem;

use super::graduation::Step;
use super::inspect::{Inspector, PatternFinding, book, graduate, inside, is_paused, record, rules, terms};
use super::scan::Sheet;
use super::store;
use super::words;
use crate::examined::{ExaminedUse, text_of};
use crate::objection::{Objection, Raised, Weight};
use crate::refusal;

/// How many occurrences of an added text are searched for in a file.
const MOST_PLACES: usize = 1_000;

/// The findings after an edit.
#[derive(Debug, Default)]
pub struct EditFindings {
    /// The findings.
    pub raised: Vec<Raised>,
    /// Notes about the file in which warnings are stored.
    pub notes: Vec<String>,
    mode: Mode,
    /// Whether what warns now is refused later.
    is_refused_later: bool,
    /// Whether a person paused the guards: then findings are only recorded.
    is_paused: bool,
}

/// Checks a file after an edit. Warnings are shown. Refusals are sent back to the model; the edit remains.
///
/// # Errors
/// If the policy is damaged or a regular expression exceeds its step limit.
pub fn look(hook: &mut Hook, policy: &Policy) -> Result<(), GuardsError> {
    let said = examine(&ExaminedUse::new(&hook.paths, hook.project(), policy, &hook.payload, hook.entered))?;
    for one in &said.raised {
        let verdict = if said.is_paused { GuardVerdict::Paused } else { one.weight.into() };
        hook.records.get_mut::<GuardRecords>().0.push(GuardRecord::of(one, verdict));
        if !said.is_paused {
            tell(hook, one, &said);
        }
    }
    for note in said.notes {
        hook.answer.add_context(note.clone());
        hook.answer.tell_user(note);
    }
    Ok(())
}

/// The violations that an edit added.
///
/// # Errors
/// As [`look`].
pub fn examine(examined: &ExaminedUse<'_>) -> Result<EditFindings, GuardsError> {
    let is_text = examined.is_edit() && examined.tool_use.tool != "NotebookEdit";
    let path = examined.file().filter(|_| is_text);
    let Some((path, file)) = path.and_then(|path| inside(examined.root(), path).map(|file| (path, file)))
    else {
        return Ok(EditFindings::default());
    };
    let known = store::known_of(examined.root(), &file);
    let rules = rules(examined.policy, &examined.added().join("\n").to_ascii_lowercase(), &known)?;
    if rules.is_empty() {
        return Ok(EditFindings::default());
    }
    let placed = examined.policy.guard::<Patterns>()?;
    let (Some(Placed { place, settings, .. }), Some(text)) = (placed, text_of(path)) else {
        return Ok(EditFindings::default());
    };
    let text = text.replace("\r\n", "\n");
    let sheet = Sheet::of(&text);
    let inspector = Inspector::new(examined.project, examined.paths, &settings, rules, examined.now.wall);
    let found = inspector.look(&file, &sheet)?.findings;
    let is_broken = |id: &str| found.iter().any(|finding| finding.rule.id == id);
    let gone: Vec<_> = known.iter().filter(|id| inspector.has(id) && !is_broken(id)).collect();
    let lines = brought_lines(examined.payload, &sheet);
    let found: Vec<_> = found.iter().filter(|one| lines.holds(one.violation.line)).cloned().collect();
    if found.is_empty() && gone.is_empty() {
        return Ok(EditFindings::default());
    }
    let terms = terms(examined, &settings);
    let (book, mut notes) = book(examined, settings.mode());
    let judged = graduate(book.as_ref(), &terms, found);
    if let Some(mut book) = book {
        gone.into_iter().for_each(|rule| book.forget(&file, rule));
        record(&mut book, &terms, &judged);
        notes.extend(book.close(settings.most, &terms).unwrap_or_else(|error| vec![error.to_string()]));
    }
    let (refused, warned): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(step, _)| *step == Step::Refuse);
    // A rule of low severity never refuses.
    let is_refused_later = warned.iter().any(|(_, finding)| finding.rule.severity != PatternSeverity::Low);
    let raise = |findings: Vec<(Step, PatternFinding<'_>)>, certainty: fn(String, String) -> Objection| {
        let findings: Vec<_> = findings.into_iter().map(|(_, finding)| finding).collect();
        (!findings.is_empty()).then(|| {
            let objection = certainty(words::what(&findings), words::way_out(&findings));
            Raised {
                guard: GuardName::Patterns,
                weight: objection.weight(settings.mode()),
                message: settings.message().map(str::to_owned),
                place: (place.file.clone(), place.line),
                objection,
            }
        })
    };
    let raised = [raise(refused, Objection::sure), raise(warned, Objection::advice)];
    let raised: Vec<_> = raised.into_iter().flatten().collect();
    Ok(EditFindings {
        is_paused: !raised.is_empty() && is_paused(examined),
        raised,
        notes,
        mode: settings.mode(),
        is_refused_later,
    })
}

fn tell(hook: &mut Hook, raised: &Raised, said: &EditFindings) {
    match raised.weight {
        Weight::Nothing | Weight::Observe => {}
        Weight::Refuse => hook.answer.decide(HostDecision::Refuse(refusal::after(hook, raised))),
        Weight::Ask | Weight::Warn => {
            let later = match said.mode {
                Mode::Enforce if said.is_refused_later => "a warning; what stays is refused later",
                _ => "which only warns",
            };
            let text = refusal::told(raised, later);
            hook.answer.add_context(text.clone());
            hook.answer.tell_user(text);
        }
    }
}

/// The lines of a file that an edit added.
#[derive(Debug, PartialEq, Eq)]
enum EditedLines {
    All,
    These(BTreeSet<usize>),
}

impl EditedLines {
    fn holds(&self, line: usize) -> bool {
        match self {
            Self::All => true,
            Self::These(lines) => lines.contains(&line),
        }
    }
}

fn brought_lines(payload: &Payload, sheet: &Sheet<'_>) -> EditedLines {
    if payload.tool_input.content.is_some() {
        return EditedLines::All;
    }
    let mut lines = BTreeSet::new();
    for edit in &payload.tool_input.edits {
        lines_of(edit, sheet, &mut lines);
    }
    EditedLines::These(lines)
}

/// The line numbers of the text that a replacement added. A formatter may have changed the file since; then
/// lines are matched by their words.
fn lines_of(edit: &TextEdit, sheet: &Sheet<'_>, lines: &mut BTreeSet<usize>) {
    let (old, new) = (edit.old.replace("\r\n", "\n"), edit.new.replace("\r\n", "\n"));
    let before: BTreeSet<&str> = old.split('\n').collect();
    let mut parts = Vec::new();
    let mut at = 0;
    for part in new.split('\n') {
        if !part.is_empty() && !before.contains(part) {
            parts.push((at, part));
        }
        at += part.len() + 1;
    }
    if parts.is_empty() {
        return;
    }
    let mut is_found = false;
    for place in memmem::find_iter(sheet.text().as_bytes(), &new).take(MOST_PLACES) {
        is_found = true;
        lines.extend(parts.iter().map(|(at, _)| sheet.number_at(place + at)));
    }
    if !is_found {
        let words: BTreeSet<String> = parts.iter().map(|(_, part)| squeezed(part)).collect();
        let count = sheet.text().lines().count();
        lines.extend((1..=count).filter(|line| words.contains(&squeezed(sheet.line(*line)))));
    }
}

/// A line without the characters that formatters change.
fn squeezed(line: &str) -> String {
    line.chars().filter(|c| !c.is_whitespace() && !matches!(c, ';' | ',' | '"' | '\'')).collect()
}
