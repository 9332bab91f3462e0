//! Applies an edit in memory: the text that a file will hold after an edit.

use hooks_common::event::{Payload, TextEdit};

/// The largest text that an edit is applied to, in bytes. A few edits that each double a text, or
/// one that replaces every letter with a long text, reach any size.
const LARGEST: usize = 32 * 1024 * 1024;

/// Returns the content after the edit that a payload announces, given the content before it.
///
/// `None` if the tool is not an edit, the file is not text, or the edit would fail.
pub fn after<'a>(payload: &Payload, before: impl FnOnce() -> Option<&'a str>) -> Option<String> {
    match payload.tool_name.as_str() {
        "Write" => payload.tool_input.content.clone(),
        "Edit" | "MultiEdit" => {
            let (before, edits) = (before()?, &payload.tool_input.edits);
            applied(before.to_owned(), edits, str::to_owned).or_else(|| applied(plain(before), edits, plain))
        }
        _ => None,
    }
}

/// Applies the edits in order; `None` if one would fail.
fn applied(mut text: String, edits: &[TextEdit], searched: impl Fn(&str) -> String) -> Option<String> {
    for edit in edits {
        let old = searched(&edit.old);
        if old.is_empty() {
            // The client creates a file with an empty `old_string`, and only if the file is missing
            // or empty.
            if !text.is_empty() {
                return None;
            }
            text.clone_from(&edit.new);
        } else if !text.contains(&old) {
            return None;
        } else if edit.all {
            let grown = text.matches(&old).count().saturating_mul(edit.new.len());
            if text.len().saturating_add(grown) > LARGEST {
                return None;
            }
            text = text.replace(&old, &edit.new);
        } else {
            text = text.replacen(&old, &edit.new, 1);
        }
    }
    Some(text)
}

/// Normalises a text as the client does when it does not find the text to replace: straight quotes,
/// `\n` line ends.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.replace(['\u{2018}', '\u{2019}'], "'").replace(['\u{201c}', '\u{201d}'], "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_of(input: &str, before: &str) -> Option<String> {
        let payload = Payload::parse(input.as_bytes()).unwrap();
        after(&payload, || Some(before))
    }

    #[test]
    fn a_text_that_grows_without_bound_is_not_followed() {
        let double = r#"{"old_string":"a","new_string":"aa","replace_all":true}"#;
        let doubled = |times: usize| {
            let edits = vec![double; times].join(",");
            let input = format!(r#"{{"tool_name":"MultiEdit","tool_input":{{"edits":[{edits}]}}}}"#);
            after_of(&input, "a").map(|text| text.len())
        };
        assert_eq!(doubled(10), Some(1 << 10));
        assert_eq!(doubled(60), None);
        let long = "x".repeat(1 << 20);
        let input = format!(
            r#"{{"tool_name":"Edit","tool_input":{{"old_string":"a","new_string":"{long}","replace_all":true}}}}"#
        );
        assert_eq!(after_of(&input, &"a".repeat(1 << 20)), None, "a terabyte");
        assert_eq!(after_of(&input, "aba").map(|text| text.len()), Some((2 << 20) + 1));
    }

    #[test]
    fn edits_are_applied_in_their_order() {
        let edit =
            r#"{"tool_name":"Edit","tool_input":{"file_path":"/a","old_string":"b","new_string":"x"}}"#;
        assert_eq!(after_of(edit, "abab").unwrap(), "axab");
        assert_eq!(after_of(edit, "aaaa"), None, "the edit would fail");
        let quotes = r#"{"tool_name":"Edit","tool_input":{"old_string":"“a”,\n","new_string":"x"}}"#;
        assert_eq!(after_of(quotes, "[\"a\",\r\n1]").unwrap(), "[x1]", "as the client finds it");
        let all =
            r#"{"tool_name":"Edit","tool_input":{"old_string":"b","new_string":"","replace_all":true}}"#;
        assert_eq!(after_of(all, "abab").unwrap(), "aa");
        let many = r#"{"tool_name":"MultiEdit","tool_input":{"edits":[{"old_string":"a","new_string":"b"},{"old_string":"bb","new_string":"c"}]}}"#;
        assert_eq!(after_of(many, "ab").unwrap(), "c");
        let write = r#"{"tool_name":"Write","tool_input":{"content":"new"}}"#;
        assert_eq!(after_of(write, "old").unwrap(), "new");
        let make = r#"{"tool_name":"Edit","tool_input":{"old_string":"","new_string":"x"}}"#;
        assert_eq!(after_of(make, "").unwrap(), "x");
        assert_eq!(after_of(r#"{"tool_name":"NotebookEdit","tool_input":{"new_source":"x"}}"#, ""), None);
    }
}
