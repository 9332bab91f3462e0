//! What can be checked of a checkpoint without understanding it. A finding is always a reason to look; that there is
//! none proves nothing more than that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use platform::text;

use super::blocks::{self, Block, BlockShape};
use super::claims;
use super::document::CheckpointDocument;
use super::length::Lengths;
use super::lens::{Lens, LensFinding};
use super::removal::tells_removal;
use super::structure::{self, ProblemKind, StructureProblem};
use super::{folder, phase};
use crate::ContinuityPlace;
use crate::error::CheckpointError;

/// The most findings that are told.
const MOST_FINDINGS: usize = 200;

/// What was found in a checkpoint.
#[derive(Debug)]
pub struct VerificationReport {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in the order of lines.
    pub findings: Vec<LensFinding>,
    /// Whether what was learned is kept.
    pub is_captured: bool,
}

impl VerificationReport {
    /// Whether nothing was found.
    pub fn is_supported(&self) -> bool {
        self.findings.is_empty()
    }

    /// The verdict, as the cycle has it.
    pub fn verdict(&self) -> &'static str {
        if self.is_supported() { "SUPPORTED" } else { "UNSUPPORTED" }
    }
}

/// Looks at a checkpoint through every lens.
///
/// # Errors
/// When it cannot be read.
pub fn verify(place: &ContinuityPlace, path: &Path) -> Result<VerificationReport, CheckpointError> {
    let text = folder::read(place.root(), path)?;
    let document = CheckpointDocument::of(&text);
    let mut findings: Vec<_> =
        structure::validate(&text).into_iter().map(|problem| of_problem(&document, problem)).collect();
    let is_captured = phase::is_captured(&document);
    if document.scalar("template") == "checkpoint" {
        boxes(&document, &mut findings);
        evidence(&document, &mut findings);
        hedges(&document, &mut findings);
        missing_files(&document, place.root(), &mut findings);
        answers(&document, &mut findings);
        // A mark in WHY Captured has said so.
        if !is_captured && !findings.iter().any(|finding| finding.lens == Lens::GenerateOverRetrieve) {
            findings.push(uncaptured(&document));
        }
    }
    findings.sort_by_key(|finding| finding.line);
    findings.truncate(MOST_FINDINGS);
    Ok(VerificationReport { path: path.to_owned(), findings, is_captured })
}

fn of_problem(document: &CheckpointDocument<'_>, problem: StructureProblem) -> LensFinding {
    let why = document.section(structure::WHY);
    let is_why = why.is_some_and(|section| section.lines.iter().any(|line| line.number == problem.line));
    let lens = match problem.kind {
        ProblemKind::Placeholder if is_why => Lens::GenerateOverRetrieve,
        ProblemKind::Placeholder => Lens::CeremonialCompletion,
        ProblemKind::Section | ProblemKind::Field | ProblemKind::References => Lens::MoveFast,
    };
    LensFinding { line: problem.line, lens, what: problem.text, advice: problem.kind.advice() }
}

fn boxes(document: &CheckpointDocument<'_>, findings: &mut Vec<LensFinding>) {
    let sections = document.sections(structure::COMPLETED);
    for block in sections.flat_map(|section| blocks::blocks(&section.lines)) {
        // A box with a mark in it is told as that.
        if block.shape == BlockShape::Item(Some(false)) && !block.text.contains("[fill:") {
            findings.push(LensFinding {
                line: block.line(),
                lens: Lens::CeremonialCompletion,
                what: format!("{} is under Completed Work and not ticked", shown(&block.text)),
                advice: "tick it with its evidence, or move it to Pending Work",
            });
        }
    }
}

fn evidence(document: &CheckpointDocument<'_>, findings: &mut Vec<LensFinding>) {
    const LEAST_REPEATED: usize = 10;
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let completed = document.sections(structure::COMPLETED).map(|section| (section, false));
    for (section, plain) in completed.chain(document.sections(structure::FINDINGS).map(|it| (it, true))) {
        let blocks = blocks::blocks(&section.lines);
        let is_prose = plain && structure::skipped(section).is_none();
        let prose = if is_prose { claims::prose(&blocks) } else { Vec::new() };
        for claim in claims::claims(&blocks, plain).into_iter().chain(prose) {
            if claim.text.contains("[fill:") {
                continue;
            }
            if !claims::has_evidence(&claim.text) {
                findings.push(LensFinding {
                    line: claim.line,
                    lens: Lens::AssumeOverVerify,
                    what: format!("{} names no evidence", shown(&claim.text)),
                    advice: "add path:line, an id or a commit that shows it",
                });
            }
            let words: Vec<_> = claims::words(&claim.text).map(str::to_lowercase).collect();
            let words = words.join(" ");
            match known.get(&words) {
                Some(first) => findings.push(LensFinding {
                    line: claim.line,
                    lens: Lens::PatternMatch,
                    what: format!("{} says word for word what line {first} says", shown(&claim.text)),
                    advice: "say what is true of this case, or drop it",
                }),
                None if words.len() >= LEAST_REPEATED => {
                    known.insert(words, claim.line);
                }
                None => {}
            }
        }
    }
}

fn hedges(document: &CheckpointDocument<'_>, findings: &mut Vec<LensFinding>) {
    let names = ["Session Summary", structure::COMPLETED, structure::FINDINGS, structure::WHY];
    for section in names.into_iter().flat_map(|name| document.sections(name)) {
        for block in blocks::blocks(&section.lines) {
            let text = without_quotations(&claims::without_code(&block.text));
            for (start, sentence) in sentences(&text) {
                let Some((at, word)) = hedge(sentence).filter(|_| !has_number(sentence)) else { continue };
                findings.push(LensFinding {
                    line: block.line_at(start + at),
                    lens: Lens::OptimisticConfidence,
                    what: format!("{word:?} in {} without a number", shown(&block.text)),
                    advice: "say how much: 12 of 14, 90 %; or what is missing",
                });
            }
        }
    }
}

/// The first word that softens a sentence, with its place.
fn hedge(sentence: &str) -> Option<(usize, &'static str)> {
    const HEDGES: [&str; 6] = ["essentially", "mostly", "almost", "basically", "should work", "probably"];
    let lower = sentence.to_ascii_lowercase();
    let found = |word: &'static str| {
        let is_whole = |at: &usize| {
            let is_letter =
                |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
            !is_letter(lower[..*at].chars().next_back())
                && !is_letter(lower[at + word.len()..].chars().next())
        };
        Some((lower.match_indices(word).map(|(at, _)| at).find(is_whole)?, word))
    };
    HEDGES.into_iter().filter_map(found).min()
}

/// A number that measures: not a line of a file, not an id, not a commit.
fn has_number(sentence: &str) -> bool {
    // Not "one", which stands for anything.
    const NUMERALS: [&str; 10] =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "half"];
    claims::words(sentence).any(|word| {
        let measures = word.starts_with(|c: char| c.is_ascii_digit()) && !claims::has_evidence(word);
        measures || NUMERALS.contains(&word.to_ascii_lowercase().as_str())
    })
}

/// The sentences of a text, each with its place.
fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(['.', '!', '?']) {
        if text[at + 1..].starts_with(char::is_whitespace) {
            sentences.push((start, &text[start..=at]));
            start = at + 1;
        }
    }
    sentences.push((start, &text[start..]));
    sentences
}

/// Quotations, blanked; every other byte keeps its place.
fn without_quotations(text: &str) -> String {
    let mut out = text.to_owned();
    for (open, close) in [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»')] {
        let mut from = 0;
        while let Some(start) = out[from..].find(open).map(|at| from + at) {
            let inside = start + open.len_utf8();
            let Some(end) = out[inside..].find(close).map(|at| inside + at + close.len_utf8()) else { break };
            out.replace_range(start..end, &" ".repeat(end - start));
            from = end;
        }
    }
    out
}

fn missing_files(document: &CheckpointDocument<'_>, root: &Path, findings: &mut Vec<LensFinding>) {
    // What is still to be done may be about files that are still to be made.
    let lines = |name: &str| document.sections(name).map(|section| section.line).collect::<Vec<_>>();
    let ahead = [lines("Pending Work"), lines("Continuation Instructions")].concat();
    let files = lines(structure::FILES);
    let mut lengths = Lengths::of(root);
    let mut told = BTreeSet::new();
    let mut tell = |findings: &mut Vec<LensFinding>, line: usize, path: &str| {
        if !told.contains(&(line, path.to_owned())) && is_missing(root, path) {
            told.insert((line, path.to_owned()));
            findings.push(LensFinding {
                line,
                lens: Lens::AssumeOverVerify,
                what: format!("{} does not exist", text::fact(path)),
                advice: "correct the path, or say that the file was deleted or moved",
            });
            return true;
        }
        false
    };
    let mut silent = BTreeSet::new();
    for section in &document.sections {
        if ahead.contains(&section.line) {
            silent.extend(section.lines.iter().map(|line| line.number));
            continue;
        }
        for block in blocks::blocks(&section.lines).iter().filter(|block| !tells_removal(&block.text)) {
            for (at, path, last) in pointed(block) {
                let line = block.line_at(at);
                if !tell(findings, line, path)
                    && let Some(length) = lengths.shorter_than(path, last)
                {
                    let path = text::fact(path);
                    findings.push(LensFinding {
                        line,
                        lens: Lens::AssumeOverVerify,
                        what: format!("{path} has {length} lines, and no line {last}"),
                        advice: "correct the line",
                    });
                }
            }
            if files.contains(&section.line)
                && let Some(path) = listed(block)
            {
                tell(findings, block.line(), path);
            }
        }
    }
    silent.extend(document.lines().filter(|line| tells_removal(line.text)).map(|line| line.number));
    for (path, line) in structure::references(document) {
        if !silent.contains(&line) && (path.ends_with('/') || has_extension(&path)) {
            tell(findings, line, &path);
        }
    }
}

/// The files that words of a block point into, with the words' places and the last lines that are pointed at. Where somebody leaves the folder out, or names
/// something else that looks alike, nothing is said.
fn pointed(block: &Block) -> Vec<(usize, &str, u64)> {
    let mut found = Vec::new();
    let mut from = 0;
    for word in claims::words(&block.text) {
        let at = block.text[from..].find(word).map_or(from, |at| from + at);
        from = at + word.len();
        let Some((path, last)) = claims::pointed(word) else { continue };
        if path.contains('/') && has_extension(path) && !path.contains(':') {
            found.push((at, path, last));
        }
    }
    found
}

/// The file that an entry of Files Modified is about: its first code, else its first word.
fn listed(block: &Block) -> Option<&str> {
    let text = match block.shape {
        BlockShape::Item(_) => block.text.as_str(),
        BlockShape::Row => block.text.trim_start_matches('|').split('|').next()?,
        BlockShape::Paragraph => return None,
    };
    let code = claims::codes(text).first().copied();
    let path = match code {
        Some(code) => code,
        None => text.split_whitespace().next()?.trim_matches(|c| "*_[](),;:@".contains(c)),
    };
    let is_path = path.contains('/') || code.is_some() && has_extension(path) && !path.contains(' ');
    let is_plain = !path.contains(['*', '{', '<', '…', '[', '\'']) && !path.contains("...");
    // A line behind it is looked at with the others.
    (is_path && is_plain && claims::pointed(path).is_none()).then_some(path)
}

fn has_extension(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    !stem.is_empty()
        && (1..=8).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Only what lies in the project is looked for.
fn is_missing(root: &Path, path: &str) -> bool {
    let is_ours = !path.starts_with(['/', '~']) && !path.split('/').any(|part| part == "..");
    is_ours
        && std::fs::symlink_metadata(root.join(path)).is_err_and(|error| platform::store::is_absent(&error))
}

/// Each question of Session Verification wants a Yes or a No.
fn answers(document: &CheckpointDocument<'_>, findings: &mut Vec<LensFinding>) {
    let Some(section) = document.section(structure::VERIFICATION) else { return };
    if structure::skipped(section).is_some() {
        return;
    }
    let blocks = blocks::blocks(&section.lines);
    let told: BTreeSet<_> = findings.iter().map(|finding| finding.line).collect();
    let mut finding = |line: usize, what: String| {
        if !told.contains(&line) {
            let advice = "answer with Yes or No";
            findings.push(LensFinding { line, lens: Lens::CeremonialCompletion, what, advice });
        }
    };
    let (mut answered, mut asked) = (0, 0);
    for row in blocks::rows(&blocks) {
        asked += 1;
        if row.cells.iter().skip(1).any(|cell| structure::is_answer(cell)) {
            answered += 1;
        } else {
            let question = row.cells.first().copied().unwrap_or_default();
            finding(row.line, format!("{} is not answered", shown(question)));
        }
    }
    for block in blocks.iter().filter(|block| block.shape != BlockShape::Row) {
        answered +=
            usize::from(structure::is_answer(&block.text) || block.shape == BlockShape::Item(Some(true)));
    }
    if answered + asked == 0 {
        finding(section.line, "Session Verification answers nothing".to_owned());
    }
}

fn uncaptured(document: &CheckpointDocument<'_>) -> LensFinding {
    let section = document.section(structure::WHY).map(|section| section.line);
    let line = document.field("memory_refs").map(|field| field.line).or(section).unwrap_or(1);
    LensFinding {
        line,
        lens: Lens::GenerateOverRetrieve,
        what: "`memory_refs` is empty, and WHY Captured has no row".to_owned(),
        advice: "write down what was learned, or `**SKIPPED:**` with the reason",
    }
}

/// The beginning of a text, quoted.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = text.chars().take(LONGEST).collect();
    let mark = if short.len() < text.len() { "…" } else { "" };
    text::fact(&format!("{}{mark}", text::one_line(&short)))
}
