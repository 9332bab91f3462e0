//! What every checkpoint must have.

use std::collections::BTreeMap;

use documents::UNFINISHED_MARKS;

use super::blocks::{self, BlockShape};
use super::claims;
use super::document::{CheckpointDocument, CheckpointSection, DocumentLine, LineKind};
use super::marks;

/// The sections, in their order.
pub const SECTIONS: [&str; 8] = [
    "Session Summary",
    COMPLETED,
    FILES,
    FINDINGS,
    WHY,
    VERIFICATION,
    "Pending Work",
    "Continuation Instructions",
];
/// Boxes of what is done.
pub const COMPLETED: &str = "Completed Work";
/// Which files changed.
pub const FILES: &str = "Files Modified";
/// What was found out.
pub const FINDINGS: &str = "Key Findings";
/// What was learned, and where it is kept.
pub const WHY: &str = "WHY Captured";
/// Questions to be answered with Yes or No.
pub const VERIFICATION: &str = "Session Verification";

/// The fields of the front matter that must say something.
const REQUIRED: [&str; 6] = ["template", "status", "date", "version", "author", "project_phase"];
const STATUSES: [&str; 4] = ["draft", "active", "complete", "archived"];
/// Fewer letters than these in a section say nothing, unless they are evidence or an answer. A short sentence has more.
const LEAST_LETTERS: usize = 10;
/// How many files a checkpoint must refer to.
const LEAST_REFERENCES: usize = 2;

/// What is wrong with the structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructureProblem {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub kind: ProblemKind,
    /// The same in words.
    pub text: String,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The front matter is missing, another template's, or lacks a field.
    Field,
    /// A section is missing.
    Section,
    /// Somebody must still write here.
    Placeholder,
    /// Too few files are referred to.
    References,
}

impl ProblemKind {
    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Field => "complete the front matter",
            Self::Section => "add the section; `**SKIPPED:**` with a reason will do",
            Self::Placeholder => "write it, or `**SKIPPED:**` with a reason on a line of its own",
            Self::References => "name the files that the next session should read, as `@path`",
        }
    }
}

/// What is wrong with the structure of a checkpoint, in the order of its lines; nothing of a sound one.
pub fn validate(text: &str) -> Vec<StructureProblem> {
    validate_document(&CheckpointDocument::of(text), text.trim_start_matches('\u{feff}').trim().is_empty())
}

/// See [`validate`].
pub fn validate_document(document: &CheckpointDocument<'_>, is_empty: bool) -> Vec<StructureProblem> {
    let problem = |line, kind, text: String| StructureProblem { line, kind, text };
    if is_empty {
        return vec![problem(1, ProblemKind::Field, "the file is empty".to_owned())];
    }
    if document.fields.is_none() {
        let text = "there is no front matter: a checkpoint begins with `---`, fields, `---`";
        return vec![problem(1, ProblemKind::Field, text.to_owned())];
    }
    let line_of = |key: &str| document.field(key).map_or(1, |field| field.line);
    let template = document.scalar("template");
    if template != "checkpoint" {
        let text = format!("`template` must be `checkpoint`, not {template:?}");
        return vec![problem(line_of("template"), ProblemKind::Field, text)];
    }
    let mut problems = Vec::new();
    for key in REQUIRED.into_iter().filter(|key| document.list(key).is_empty()) {
        problems.push(problem(line_of(key), ProblemKind::Field, format!("`{key}` is missing or empty")));
    }
    let status = document.scalar("status");
    if !status.is_empty() && !STATUSES.contains(&status) {
        let text = format!("`status` must be one of {}, not {status:?}", STATUSES.join(", "));
        problems.push(problem(line_of("status"), ProblemKind::Field, text));
    }
    for (line, mark) in marks::in_front(document) {
        problems.push(problem(line, ProblemKind::Placeholder, format!("the front matter still has {mark}")));
    }
    let marked = |line: &DocumentLine<'_>, section: &str| {
        let mark = marks::in_line(line)?;
        Some(problem(line.number, ProblemKind::Placeholder, format!("{section} still has {mark}")))
    };
    problems.extend(document.preamble.iter().filter_map(|line| marked(line, "the beginning")));
    let expected = SECTIONS.map(|name| document.section(name).map(|section| section.line));
    for section in &document.sections {
        let marks: Vec<_> = section.lines.iter().filter_map(|line| marked(line, section.title)).collect();
        if expected.contains(&Some(section.line)) && skipped(section).is_none() && says_nothing(section) {
            let text = format!("{} says nothing yet", section.title);
            let line = marks.first().map_or(section.line, |mark| mark.line);
            problems.push(problem(line, ProblemKind::Placeholder, text));
        } else {
            problems.extend(marks);
        }
    }
    let end = document.sections.last().map_or(1, |section| section.line);
    for (name, _) in SECTIONS.into_iter().zip(expected).filter(|(_, found)| found.is_none()) {
        problems.push(problem(end, ProblemKind::Section, format!("the section {name:?} is missing")));
    }
    let count = references(document).len();
    if count < LEAST_REFERENCES {
        let text = format!("{count} files are referred to as `@path`, not {LEAST_REFERENCES}");
        problems.push(problem(1, ProblemKind::References, text));
    }
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// The files that the body refers to as `@path`, each once, with its first line.
pub fn references(document: &CheckpointDocument<'_>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for line in document.lines().filter(|line| matches!(line.kind, LineKind::Text | LineKind::Quote)) {
        let text = claims::without_code(line.text);
        for path in claims::words(&text).filter_map(claims::referenced) {
            found.entry(path.to_owned()).or_insert(line.number);
        }
    }
    found
}

/// The reason why a section was left out, if it says one.
pub fn skipped<'a>(section: &CheckpointSection<'a>) -> Option<&'a str> {
    const LEAST_REASON: usize = 3;
    let reason = |line: &DocumentLine<'a>| {
        let reason = line.text.trim().strip_prefix("**SKIPPED:**")?.trim();
        let is_reason = reason.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_REASON;
        (line.kind == LineKind::Text && is_reason && marks::in_line(line).is_none()).then_some(reason)
    };
    section.lines.iter().find_map(reason)
}

/// Whether a section has a row of a table, below its head, or a list item that says something.
pub fn has_rows(section: &CheckpointSection<'_>) -> bool {
    let blocks = blocks::blocks(&section.lines);
    let rows = blocks::rows(&blocks);
    let items = blocks.iter().filter(|block| matches!(block.shape, BlockShape::Item(_)));
    let mut texts = rows.iter().filter_map(|row| row.cells.first().copied());
    let says = |text: &str| letters(text) >= 3;
    texts.any(says) || items.map(|block| block.text.as_str()).any(says)
}

/// Yes or No as a word, but for the choice between them.
pub fn is_answer(text: &str) -> bool {
    let mut text = text.to_lowercase();
    for choice in ["yes/no", "yes / no", "yes or no", "yes|no"] {
        text = text.replace(choice, "");
    }
    text.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "yes" | "no"))
}

/// Whether nothing in a section is worth reading: too few letters, and neither a file, other evidence nor an answer.
fn says_nothing(section: &CheckpointSection<'_>) -> bool {
    let texts = section.lines.iter().filter(|line| line.kind != LineKind::Comment);
    let mut count = 0;
    for line in texts {
        if line.kind == LineKind::Text {
            let says_all = is_answer(line.text)
                || claims::has_evidence(line.text)
                || claims::words(line.text)
                    .any(|word| word.contains(['/', '.']) && word.contains(char::is_alphabetic));
            if says_all && marks::in_line(line).is_none() {
                return false;
            }
        }
        count += letters(line.text);
        if count >= LEAST_LETTERS {
            return false;
        }
    }
    true
}

/// How many letters and digits a line says, without text in brackets and without what follows one of
/// [`UNFINISHED_MARKS`].
fn letters(text: &str) -> usize {
    let end = UNFINISHED_MARKS.into_iter().filter_map(|mark| text.find(mark)).min();
    let mut depth = 0_usize;
    let mut count = 0;
    for c in text[..end.unwrap_or(text.len())].chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 && c.is_alphanumeric() => count += 1,
            _ => {}
        }
    }
    count
}
