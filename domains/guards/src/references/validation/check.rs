//! The errors of one document: in its fields, its status, its sections.

use documents::UNFINISHED_MARKS;
use platform::text::{cut_bytes, fact};

use super::super::document::PlanningDocument;
use super::templates::{TemplateRules, profile};

/// A section with fewer characters counts as empty.
const LEAST_SAID: usize = 20;
/// Marks a section as skipped, before the reason.
const SKIPPED: &str = "**SKIPPED:**";
/// The longest template name that is kept, in bytes.
const LONGEST_NAME: usize = 64;

/// A document's template and errors.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// The name of the template.
    pub template: String,
    /// The errors, as clauses; empty for a valid document.
    pub errors: Vec<String>,
}

/// Checks a text; `None` if its template is unknown.
pub fn check(text: &str) -> Option<Checked> {
    let document = PlanningDocument::of(text);
    let template = document.scalar("template");
    let profile = profile(template, document.scalar("version"), document.fields())?;
    let mut errors = fields(profile, &document);
    errors.extend(sections(profile, text, &document));
    Some(Checked { template: cut_bytes(template, LONGEST_NAME).to_owned(), errors })
}

fn fields(profile: &TemplateRules, document: &PlanningDocument) -> Vec<String> {
    let says = |key: &str| document.items(key).any(|item| !is_mark(item));
    let missing: Vec<&str> = profile.required.iter().filter(|key| !says(key)).copied().collect();
    let mut errors = Vec::new();
    if !missing.is_empty() {
        errors.push(format!("missing fields: {}", missing.join(", ")));
    }
    for (key, choices) in profile.choices.iter().filter(|(key, _)| !missing.contains(key)) {
        let value = document.scalar(key);
        if !choices.contains(&value) && document.items(key).next().is_some() {
            let value = if value.is_empty() { "a list".to_owned() } else { fact(value) };
            errors.push(format!("{key} is {value}, not one of {}", choices.join(", ")));
        }
    }
    errors
}

/// Whether a value is a placeholder, as a scaffold inserts it.
fn is_mark(value: &str) -> bool {
    value.starts_with("{{") || value.starts_with("[fill:")
}

fn sections(profile: &TemplateRules, text: &str, document: &PlanningDocument) -> Vec<String> {
    if profile.sections.is_empty() {
        return Vec::new();
    }
    let found = sections_of(text, document.body);
    let (mut missing, mut empty) = (Vec::new(), Vec::new());
    for title in profile.sections {
        let mut same = found.iter().filter(|section| section.is(title)).peekable();
        if same.peek().is_none() {
            missing.push(*title);
        } else if !same.any(DocumentSection::says_something) {
            empty.push(*title);
        }
    }
    let told = [("missing sections", missing), ("placeholder-only sections", empty)];
    let told = told.into_iter().filter(|(_, titles)| !titles.is_empty());
    told.map(|(what, titles)| format!("{what}: {}", titles.join(", "))).collect()
}

/// The text below a heading of the second level, including deeper headings.
#[derive(Debug)]
struct DocumentSection<'a> {
    title: &'a str,
    lines: Vec<&'a str>,
}

impl DocumentSection<'_> {
    /// Whether the heading matches a title. A number before it and a remark after it are ignored, and so is a
    /// remark in the title itself.
    fn is(&self, title: &str) -> bool {
        let found = self.title.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
        let plain = title.split(" (").next().unwrap_or(title).to_lowercase();
        found.strip_prefix(&*plain).is_some_and(|rest| {
            let rest = rest.trim();
            rest.is_empty() || rest.starts_with(|c: char| !c.is_alphanumeric())
        })
    }

    /// Whether the section has real content, or a reason for having none.
    fn says_something(&self) -> bool {
        let is_skipped = |line: &&str| line.split_once(SKIPPED).is_some_and(|(_, why)| !real(why).is_empty());
        let mut count = 0;
        self.lines.iter().any(|line| {
            // The lines count as one text, joined by spaces.
            let said = real(line).chars().count();
            count += if count > 0 && said > 0 { said + 1 } else { said };
            count >= LEAST_SAID || is_skipped(line)
        })
    }
}

/// The sections of a body that begins after `body` lines. Headings in code blocks and comments do not count;
/// comments are not content.
fn sections_of(text: &str, body: usize) -> Vec<DocumentSection<'_>> {
    let mut found: Vec<DocumentSection<'_>> = Vec::new();
    let mut fence = "";
    let mut is_comment = false;
    for line in text.lines().skip(body) {
        let line = line.trim_end();
        let words = line.trim_start();
        if is_comment {
            is_comment = !words.contains("-->");
            continue;
        }
        if !fence.is_empty() {
            if words.starts_with(fence) {
                fence = "";
                continue;
            }
        } else if let Some(opened) = ["```", "~~~"].into_iter().find(|mark| words.starts_with(mark)) {
            fence = opened;
            continue;
        } else if let Some(rest) = words.strip_prefix("<!--") {
            is_comment = !rest.contains("-->");
            continue;
        } else if let Some(title) = line.strip_prefix("## ") {
            found.push(DocumentSection {
                title: title.trim().trim_end_matches('#').trim_end(),
                lines: Vec::new(),
            });
            continue;
        }
        if let Some(section) = found.last_mut() {
            section.lines.push(line);
        }
    }
    found
}

/// The text of a line without Markdown marks, without bracketed text, and without parts that are not written
/// yet.
fn real(line: &str) -> String {
    let line = &line[..unwritten_at(line)];
    let mut said = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        let Some(length) = rest[open..].find(']') else { break };
        said.push_str(&rest[..open]);
        rest = &rest[open + length + 1..];
    }
    said.push_str(rest);
    said.retain(|c| !matches!(c, '#' | '*' | '_' | '`' | '>' | '|' | '~' | '-'));
    said.trim().to_owned()
}

/// The position of the first mark that is a separate word, or else the end.
fn unwritten_at(line: &str) -> usize {
    let is_word = |at: usize, mark: &str| {
        let before = line[..at].chars().next_back();
        let after = line[at + mark.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let places = UNFINISHED_MARKS.iter().flat_map(|mark| line.match_indices(mark));
    places.filter(|(at, mark)| is_word(*at, mark)).map(|(at, _)| at).min().unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        check(text).unwrap().errors
    }

    fn work(body: &str) -> Vec<String> {
        errors(&format!(
            "---\ntemplate: work_item\nstatus: active\nid: E2-001\ntitle: x\ncurrent_node: plan\n---\n{body}"
        ))
    }

    const SAID: &str = "The parser reads every line twice.";

    #[test]
    fn what_names_no_known_template_is_not_checked() {
        for text in [
            "",
            "# Title\n",
            "---\ntitle: x\n---\n",
            "---\ntemplate: home.html\n---\n",
            "---\ntemplate: report\n",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn fields_and_status_are_those_of_the_template() {
        assert_eq!(errors("---\ntemplate: report\nstatus: final\ndate: 2027-01-31\n---\n"), [""; 0]);
        assert_eq!(
            errors("\u{feff}---\r\ntemplate: report\r\nstatus: wild\r\ndate:\r\n---\r\n"),
            [
                "missing fields: date",
                "status is `wild`, not one of draft, active, complete, archived, final, reviewed, disputed"
            ]
        );
        assert_eq!(
            errors(
                "---\ntemplate: investigation\nstatus: [draft]\ndate: '{{DATE}}'\nbacklog_id: [INV-1]\n---\n"
            )[0],
            "missing fields: date"
        );
        assert_eq!(errors("---\ntemplate: readme\n---\n"), ["missing fields: status, date, component"]);
    }

    #[test]
    fn sections_say_something_or_why_they_do_not() {
        let said = |context: &str| work(&format!("# T\n## Context\n{context}\n## Deliverables\n{SAID}\n"));
        for context in [
            SAID,
            "**SKIPPED:** trivial",
            "short,\nand more,\nand more",
            "### Deeper\n- [x] the third letter was added",
            "```rust\nfn main() { println!(\"a\"); }\n```",
            "Remove each TODOs, whatever it says",
            "[the log](docs/reports/2027-01-31.md)",
        ] {
            assert_eq!(said(context), [""; 0], "{context}");
        }
        for context in [
            "",
            "short",
            "[What this is about, in two or three sentences]",
            "TODO: say what this is about, in two sentences",
            "- FIXME write what this is about",
            "**SKIPPED:**",
            "**SKIPPED:** [reason]",
            "<!-- what this is about, in two or three sentences -->",
            "<!--\nwhat this is about, in two or three sentences\n-->",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ] {
            assert_eq!(said(context), ["placeholder-only sections: Context"], "{context}");
        }
        assert_eq!(work(""), ["missing sections: Context, Deliverables"]);
    }

    #[test]
    fn a_heading_is_a_line_of_its_own() {
        let found = |heading: &str| work(&format!("## Deliverables\n{SAID}\n{heading}\n{SAID}\n")).is_empty();
        for heading in ["## Context", "## 1. context (so far)", "## Context ##", "## Context: why"] {
            assert!(found(heading), "{heading}");
        }
        for heading in
            ["# Context", "### Context", "Context", "## Contexts", "> ## Context", "```\n## Context\n```"]
        {
            assert!(!found(heading), "{heading}");
        }
        let twice = format!("## Context\nTBD\n## Deliverables\n{SAID}\n## Context\n{SAID}\n");
        assert_eq!(work(&twice), [""; 0], "one of them says it");
    }

    #[test]
    fn a_remark_in_a_title_may_be_left_out() {
        let plan = |titles: [&str; 8]| {
            let body: String = titles.iter().map(|title| format!("## {title}\n{SAID}\n")).collect();
            errors(&format!(
                "---\ntemplate: implementation_plan\nstatus: draft\ndate: x\nbacklog_id: E2-1\n---\n{body}"
            ))
        };
        let titles = [
            "Goal",
            "Effort Estimation",
            "Current State vs Desired State",
            "Tests First (TDD)",
            "Detailed Design",
            "Implementation Steps",
            "Verification",
            "Ground Truth Verification",
        ];
        assert_eq!(plan(titles), [""; 0]);
        assert_eq!(plan(["Other"; 8])[0].matches(',').count(), 7);
    }

    #[test]
    fn no_text_is_too_strange() {
        for text in ["[", "]", "a[b", "é[ü]TODO", "TODOé", "**SKIPPED:**é", "## ", "~~~\n```", "<!--"] {
            work(text);
            work(&format!("## Context\n{text}"));
        }
    }
}
