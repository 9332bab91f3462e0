//! The parts of a planning document that others refer to: its front matter and its ids.

use documents::front_matter::{self, Field};
use platform::text::cut_bytes;

/// The longest front matter that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// A document.
#[derive(Debug, Default)]
pub struct PlanningDocument {
    fields: Vec<Field>,
    /// Whether there is no text, as before a file is created.
    pub is_empty: bool,
    /// How many lines precede the body.
    pub body: usize,
}

/// Identifies a document: no two documents share it.
#[derive(Debug, PartialEq, Eq)]
pub struct DocumentKey<'a> {
    pub template: &'a str,
    pub id: &'a str,
}

impl PlanningDocument {
    /// Parses a text. Without front matter the document has no fields.
    pub fn of(text: &str) -> Self {
        let (fields, body) = front_matter::read(cut_bytes(text, LONGEST)).unwrap_or_default();
        Self { fields, is_empty: text.is_empty(), body }
    }

    /// Parses the start of a text that may be cut anywhere.
    pub fn of_beginning(text: &str) -> Self {
        let whole_lines = text.rfind('\n').map_or("", |end| &text[..end]);
        Self::of(&format!("{whole_lines}\n---\n"))
    }

    /// The fields of the front matter, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The value of a key; empty if it is missing or a list.
    pub fn scalar(&self, key: &str) -> &str {
        front_matter::scalar(&self.fields, key)
    }

    /// The nonempty items of a key; a single value is a list of one.
    pub fn items(&self, key: &str) -> impl Iterator<Item = &str> {
        front_matter::items(&self.fields, key).into_iter().filter(|item| !item.is_empty())
    }

    /// The document's own id: the value of `id`, or else of `backlog_id`. In a document with both,
    /// `backlog_id` names the work that it belongs to.
    pub fn id(&self) -> Option<&str> {
        ["id", "backlog_id"].into_iter().map(|key| self.scalar(key)).find(|id| is_id(id))
    }

    /// Its key; `None` without a template or an id.
    pub fn key(&self) -> Option<DocumentKey<'_>> {
        let template = Some(self.scalar("template")).filter(|template| !template.is_empty())?;
        Some(DocumentKey { template, id: self.id()? })
    }
}

/// Whether a text is an id such as `E2-001`, `WORK-12`, `E2-ABC-001`: letters, digits and dashes. It starts
/// with a letter, ends with a digit, and contains a dash.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.contains('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_what_stands_in_for_them() {
        for id in ["E2-001", "WORK-12", "INV-003", "TD-001", "E2-ABC-001", "a-1"] {
            assert!(is_id(id), "{id}");
        }
        for other in
            ["", "E2", "12", "2-1", "E2-XXX", "-1", "TBD", "{{id}}", "E2-001 (old)", "E2_001", "É2-1"]
        {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn a_document_has_one_id() {
        let id = |text: &str| PlanningDocument::of(&format!("---\n{text}\n---\n")).id().map(str::to_owned);
        assert_eq!(id("backlog_id: E2-001").as_deref(), Some("E2-001"));
        assert_eq!(id("backlog_id: E2-001\nid: SPEC-1").as_deref(), Some("SPEC-1"));
        assert_eq!(id("id: TBD\nbacklog_id: 'E2-001' # work").as_deref(), Some("E2-001"));
        assert_eq!(id("title: E2-001"), None);
        assert_eq!(PlanningDocument::of("backlog_id: E2-001\n").id(), None, "there is no front matter");
    }

    #[test]
    fn a_beginning_says_what_its_whole_lines_say() {
        let cut = PlanningDocument::of_beginning("---\ntemplate: plan\nid: E2-001\nbacklog_id: E2-0");
        assert_eq!((cut.scalar("template"), cut.scalar("backlog_id")), ("plan", ""));
        let whole = PlanningDocument::of_beginning("\u{feff}---\r\nid: E2-001\r\n---\r\nid: E2-002\r\n");
        assert_eq!(whole.id(), Some("E2-001"));
        assert_eq!(PlanningDocument::of_beginning("# Title\nid: E2-001\n").id(), None);
    }
}
