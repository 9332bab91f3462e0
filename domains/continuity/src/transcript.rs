//! The client's transcript, read from its end: JSON lines, the last of which may be torn. It is the client's file,
//! never written; its texts are the user's and the model's, so what leaves this module is redacted and cut.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use memchr::memmem;
use platform::store;
use platform::text::{cut_bytes, one_line};
use redact::redact;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::task::Task;

/// How much is read at first, in bytes; what is not found there is looked for in ever larger pieces.
const FIRST: u64 = 64 * 1024;
/// How much is read at most.
const MOST: u64 = 8 * 1024 * 1024;
/// The longest prompt or answer that is kept, in characters.
const LONGEST: usize = 400;
/// How much of the beginning is searched for the first prompt, in bytes.
const HEAD: usize = 256 * 1024;
/// How many edited files are told.
const MOST_EDITED: usize = 100;
/// How many failed tools are told.
const MOST_FAILED: usize = 5;

/// Shows whole lines of the file, the last one first, until `look` has seen enough or `most` bytes were read.
///
/// # Errors
/// When the file cannot be read.
pub fn backwards(path: &Path, most: u64, mut look: impl FnMut(&[u8]) -> Seen) -> io::Result<()> {
    let (file, about) = store::open_regular(path)?;
    let end = about.len();
    let stop = end.saturating_sub(most);
    let (mut start, mut size) = (end, FIRST);
    // What is left of the piece before: the end of a line whose beginning lies further ahead.
    let mut rest = Vec::new();
    while start > stop {
        let from = start.saturating_sub(size).max(stop);
        let mut piece = read_range(&file, from, start)?;
        piece.append(&mut rest);
        start = from;
        size *= 4;
        let mut line_end = piece.len();
        while let Some(newline) = memchr::memrchr(b'\n', &piece[..line_end]) {
            let line = piece[newline + 1..line_end].trim_ascii();
            if !line.is_empty() && look(line) == Seen::Enough {
                return Ok(());
            }
            line_end = newline;
        }
        piece.truncate(line_end);
        rest = piece;
    }
    if start == 0 && !rest.trim_ascii().is_empty() {
        look(rest.trim_ascii());
    }
    Ok(())
}

fn read_range(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to - from).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

/// Whether a reader wants more lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Go on.
    More,
    /// Stop.
    Enough,
}

/// How many tokens the context holds, as the transcript tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The tokens.
    pub tokens: u64,
    /// The model that counted them; empty after a compaction.
    pub model: String,
}

/// A line, read leniently: a value of another type, or null, counts as none and costs nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct TranscriptLine {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    subtype: String,
    #[serde(deserialize_with = "lenient")]
    is_sidechain: bool,
    #[serde(deserialize_with = "lenient")]
    is_api_error_message: bool,
    #[serde(deserialize_with = "lenient")]
    message: Option<Answered>,
    #[serde(deserialize_with = "lenient")]
    compact_metadata: Option<Compaction>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answered {
    #[serde(deserialize_with = "lenient")]
    model: String,
    #[serde(deserialize_with = "lenient")]
    usage: Option<Tokens>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    #[serde(deserialize_with = "count")]
    input_tokens: u64,
    #[serde(deserialize_with = "count")]
    cache_creation_input_tokens: u64,
    #[serde(deserialize_with = "count")]
    cache_read_input_tokens: u64,
    #[serde(deserialize_with = "count")]
    output_tokens: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Compaction {
    #[serde(deserialize_with = "lenient")]
    post_tokens: Option<f64>,
}

fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value: &RawValue = Deserialize::deserialize(deserializer)?;
    Ok(serde_json::from_str(value.get()).unwrap_or_default())
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    lenient::<D, f64>(deserializer).map(whole)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn whole(tokens: f64) -> u64 {
    tokens as u64
}

/// The context's size after the model's last answer. `None` when it is unknown: there was no answer yet, or none since
/// a compaction that does not say how much it left.
///
/// # Errors
/// When the transcript cannot be read.
pub fn usage(path: &Path) -> io::Result<Option<Usage>> {
    let mut found = None;
    backwards(path, MOST, |line| {
        let may_tell = memmem::find(line, b"\"usage\"").is_some()
            || memmem::find(line, b"\"compact_boundary\"").is_some();
        let Some(line) = may_tell.then(|| serde_json::from_slice::<TranscriptLine>(line).ok()).flatten()
        else {
            return Seen::More;
        };
        if line.is_sidechain || line.is_api_error_message {
            return Seen::More;
        }
        if line.kind == "system" && line.subtype == "compact_boundary" {
            let left = line.compact_metadata.and_then(|compaction| compaction.post_tokens);
            found = left.map(|tokens| Usage { tokens: whole(tokens), model: String::new() });
            return Seen::Enough;
        }
        let Some(message) = line.message.filter(|_| line.kind == "assistant") else { return Seen::More };
        let Some(tokens) = message.usage else { return Seen::More };
        let before = tokens
            .input_tokens
            .saturating_add(tokens.cache_creation_input_tokens)
            .saturating_add(tokens.cache_read_input_tokens);
        if before == 0 {
            return Seen::More;
        }
        // What was answered is in the context of the next turn.
        found = Some(Usage { tokens: before.saturating_add(tokens.output_tokens), model: message.model });
        Seen::Enough
    })?;
    Ok(found)
}

/// What a transcript tells of a session that can no longer be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The user's first prompt.
    pub first_prompt: String,
    /// The last one.
    pub last_prompt: String,
    /// The end of the model's last answer.
    pub last_answer: String,
    /// Files that were edited or written, absolute as the model named them, with how often.
    pub edited: Vec<(String, u32)>,
    /// Tools that failed, the latest first.
    pub failed: Vec<String>,
}

/// Reads the story from the transcript's beginning and its last `most` bytes.
///
/// # Errors
/// When the transcript cannot be read.
pub fn story(path: &Path, most: u64) -> io::Result<Story> {
    let mut story = Story { first_prompt: first_prompt(path)?, ..Story::default() };
    let mut calls: Vec<(String, String)> = Vec::new();
    let mut failed_ids: Vec<String> = Vec::new();
    backwards(path, most, |line| {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { return Seen::More };
        if line["isSidechain"] == true {
            return Seen::More;
        }
        match line["type"].as_str() {
            Some("user") => {
                if story.last_prompt.is_empty()
                    && let Some(prompt) = prompt_of(&line)
                {
                    story.last_prompt = prompt;
                }
                for block in blocks(&line).filter(|block| block["is_error"] == true) {
                    failed_ids.extend(block["tool_use_id"].as_str().map(str::to_owned));
                }
            }
            Some("assistant") => {
                let mut text = String::new();
                for block in blocks(&line) {
                    match block["type"].as_str() {
                        Some("text") => text.push_str(block["text"].as_str().unwrap_or_default()),
                        Some("tool_use") => called(block, &mut story.edited, &mut calls),
                        _ => {}
                    }
                }
                if story.last_answer.is_empty() && !text.trim().is_empty() {
                    story.last_answer = ending(&text);
                }
            }
            _ => {}
        }
        Seen::More
    })?;
    let named = |id: &String| calls.iter().find(|(known, _)| known == id).map(|(_, what)| what.clone());
    story.failed = failed_ids.iter().filter_map(named).take(MOST_FAILED).collect();
    Ok(story)
}

/// The user's last prompt.
///
/// # Errors
/// When the transcript cannot be read.
pub fn last_prompt(path: &Path) -> io::Result<String> {
    let mut found = String::new();
    backwards(path, MOST, |line| {
        if memmem::find(line, b"\"user\"").is_none() {
            return Seen::More;
        }
        match serde_json::from_slice::<Value>(line).ok().as_ref().and_then(prompt_of) {
            Some(prompt) => {
                found = prompt;
                Seen::Enough
            }
            None => Seen::More,
        }
    })?;
    Ok(found)
}

/// The list of todos that was written last, in the transcript's last 2 MiB: for a session whose hooks did not see it.
///
/// # Errors
/// When the transcript cannot be read.
pub fn todos(path: &Path) -> io::Result<Vec<Task>> {
    const MOST_READ: u64 = 2 * 1024 * 1024;
    let mut found = Vec::new();
    backwards(path, MOST_READ, |line| {
        if memmem::find(line, b"\"TodoWrite\"").is_none() {
            return Seen::More;
        }
        let Ok(line) = serde_json::from_slice::<Value>(line) else { return Seen::More };
        let call =
            blocks(&line).filter(|block| block["type"] == "tool_use" && block["name"] == "TodoWrite").last();
        let Some(list) = call.and_then(|call| call["input"]["todos"].as_array()) else { return Seen::More };
        found = list
            .iter()
            .filter_map(|todo| {
                let subject = beginning(todo["content"].as_str()?).chars().take(100).collect();
                let status = todo["status"].as_str().unwrap_or("pending").to_owned();
                Some(Task { id: String::new(), subject, status })
            })
            .collect();
        Seen::Enough
    })?;
    Ok(found)
}

fn first_prompt(path: &Path) -> io::Result<String> {
    let (file, about) = store::open_regular(path)?;
    let most = usize::try_from(about.len()).unwrap_or(HEAD).min(HEAD);
    let bytes = read_range(&file, 0, most as u64)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    let prompts = lines.filter_map(|line| prompt_of(&serde_json::from_slice::<Value>(line).ok()?));
    Ok(prompts.into_iter().next().unwrap_or_default())
}

fn blocks(line: &Value) -> impl Iterator<Item = &Value> {
    line["message"]["content"].as_array().into_iter().flatten()
}

/// What a person typed, if the line is that: no tool's result, no summary, no word of the client's own.
fn prompt_of(line: &Value) -> Option<String> {
    const MACHINE: [&str; 6] = [
        "<system-reminder>",
        "<task-notification>",
        "<local-command",
        "<command-message>",
        "Caveat:",
        "This session is being continued",
    ];
    let is_own = line["isMeta"] == true || line["isCompactSummary"] == true || line["isSidechain"] == true;
    if line["type"] != "user" || is_own {
        return None;
    }
    let text = match &line["message"]["content"] {
        Value::String(text) => text.clone(),
        Value::Array(_) => {
            let texts = blocks(line).filter(|block| block["type"] == "text");
            texts.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => return None,
    };
    let text = text.trim();
    if text.is_empty() || MACHINE.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    Some(beginning(text))
}

fn called(block: &Value, edited: &mut Vec<(String, u32)>, calls: &mut Vec<(String, String)>) {
    let (name, input) = (block["name"].as_str().unwrap_or_default(), &block["input"]);
    let target = ["file_path", "notebook_path", "command", "pattern", "url"];
    let target = target.into_iter().find_map(|key| input[key].as_str()).unwrap_or_default();
    let id = block["id"].as_str().unwrap_or_default();
    calls.push((id.to_owned(), beginning(&format!("{name} {target}")).chars().take(160).collect()));
    if !config::tools::is_edit(name) || target.is_empty() {
        return;
    }
    let is_full = edited.len() >= MOST_EDITED;
    match edited.iter_mut().find(|(known, _)| known == target) {
        Some((_, count)) => *count += 1,
        None if !is_full => edited.push((target.to_owned(), 1)),
        None => {}
    }
}

/// The first characters of a text, redacted, on one line.
pub fn beginning(text: &str) -> String {
    let text = redact(cut_bytes(text, 16 * LONGEST)).into_owned();
    one_line(text.trim()).chars().take(LONGEST).collect()
}

fn ending(text: &str) -> String {
    let text = one_line(&redact(text.trim()));
    let surplus = text.chars().count().saturating_sub(LONGEST);
    text.chars().skip(surplus).collect()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    fn file(lines: &[&str]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        file
    }

    const ANSWER: &str = r#"{"type":"assistant","message":{"model":"claude-x","usage":{"input_tokens":4,"cache_creation_input_tokens":1000,"cache_read_input_tokens":169000,"output_tokens":300}}}"#;

    fn tokens(lines: &[&str]) -> Option<u64> {
        usage(file(lines).path()).unwrap().map(|usage| usage.tokens)
    }

    #[test]
    fn the_last_answer_of_the_main_thread_counts() {
        let side = r#"{"type":"assistant","isSidechain":true,"message":{"usage":{"input_tokens":9}}}"#;
        let error = r#"{"type":"assistant","isApiErrorMessage":true,"message":{"usage":{"input_tokens":7}}}"#;
        let nothing = r#"{"type":"assistant","message":{"usage":{"input_tokens":0,"output_tokens":5}}}"#;
        let quoted = r#"{"type":"user","message":{"content":"\"usage\" of \"compact_boundary\""}}"#;
        let torn = r#"{"type":"assistant","message":{"usage":{"input_tok"#;
        assert_eq!(tokens(&[ANSWER, side, error, nothing, quoted, torn]), Some(170_304));
        for (usage, expected) in [
            (r#"{"input_tokens":196000,"cache_read_input_tokens":null,"output_tokens":"x"}"#, 196_000),
            (r#"{"input_tokens":190000.0,"server_tool_use":null}"#, 190_000),
        ] {
            let line = format!(
                r#"{{"type":"assistant","isSidechain":null,"message":{{"model":null,"usage":{usage}}}}}"#
            );
            assert_eq!(tokens(&[ANSWER, &line]), Some(expected));
        }
        let huge = r#"{"type":"assistant","message":{"usage":{"input_tokens":18446744073709551615,"output_tokens":5}}}"#;
        assert_eq!(tokens(&[huge]), Some(u64::MAX));
        assert_eq!(tokens(&[]), None);
        assert_eq!(tokens(&[side, quoted, torn]), None);
    }

    #[test]
    fn a_compaction_hides_what_was_before() {
        let known =
            r#"{"type":"system","subtype":"compact_boundary","compactMetadata":{"postTokens":30000}}"#;
        let unknown =
            r#"{"type":"system","subtype":"compact_boundary","compactMetadata":{"trigger":"auto"}}"#;
        assert_eq!(tokens(&[ANSWER, known]), Some(30_000));
        assert_eq!(tokens(&[ANSWER, unknown]), None);
        assert_eq!(tokens(&[unknown, ANSWER]), Some(170_304));
    }

    #[test]
    fn a_line_longer_than_any_piece_is_put_together() {
        let long = format!(r#"{{"type":"user","message":{{"content":"{}"}}}}"#, "x".repeat(1_500_000));
        let lines = [ANSWER, &*long, &*long];
        assert_eq!(tokens(&lines), Some(170_304));
        let file = file(&lines);
        let mut seen = Vec::new();
        backwards(file.path(), u64::MAX, |line| {
            seen.push(line.len());
            Seen::More
        })
        .unwrap();
        assert_eq!(seen, [long.len(), long.len(), ANSWER.len()]);
        let mut seen = 0;
        backwards(file.path(), 100_000, |_| {
            seen += 1;
            Seen::More
        })
        .unwrap();
        assert_eq!(seen, 0, "half a line is none");
    }

    #[test]
    fn a_story_tells_prompts_edits_and_failures() {
        let file = file(&[
            r#"{"type":"user","message":{"role":"user","content":"first, use token=hunter2"}}"#,
            r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"Edit","input":{"file_path":"/r/a.rs"}},{"type":"tool_use","id":"2","name":"Bash","input":{"command":"make"}}]}}"#,
            r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"2","is_error":true,"content":"no"}]}}"#,
            r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Done with a."}]}}"#,
            r#"{"type":"user","message":{"content":[{"type":"text","text":"and now\nb"}]}}"#,
            r#"{"type":"user","message":{"content":"<task-notification>x"}}"#,
            r#"{"type":"user","isCompactSummary":true,"message":{"content":"summary"}}"#,
            r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"3","name":"Write","input":{"file_path":"/r/a.rs"}}]}}"#,
            r#"{"torn"#,
        ]);
        let story = story(file.path(), MOST).unwrap();
        assert_eq!(story.first_prompt, "first, use token=[redacted]");
        assert_eq!((story.last_prompt.as_str(), story.last_answer.as_str()), ("and now b", "Done with a."));
        assert_eq!(story.edited, [("/r/a.rs".to_owned(), 2)]);
        assert_eq!(story.failed, ["Bash make"]);
        assert_eq!(last_prompt(file.path()).unwrap(), "and now b");
        assert_eq!(todos(file.path()).unwrap(), []);
        let todo = |name: &str| {
            format!(
                r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","name":"TodoWrite","input":{{"todos":[{{"content":"{name}","status":"pending"}}]}}}}]}}}}"#
            )
        };
        let file = self::file(&[
            &todo("old"),
            &todo("new"),
            r#"{"type":"user","message":{"content":"the \"TodoWrite\" tool"}}"#,
        ]);
        assert_eq!(todos(file.path()).unwrap()[0].subject, "new");
    }
}
