//! Evidence: Markdown files that bear a satisfaction out.

use crate::error::GatesError;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use config::types::Evidence;
use platform::budget;
use platform::path::{expand, leads_out};
use platform::store;
use serde_json::{Map, Value};

use super::judged::{EvalContext, Judged};

/// The most files that are looked at.
const MOST_FILES: usize = 10_000;
/// How deep folders are searched.
const DEEPEST: usize = 12;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Satisfied if somebody satisfied it (or the evidence does by itself) and a file bears it out.
pub fn judge(
    evidence: &Evidence,
    is_given: bool,
    now: i64,
    situation: &EvalContext<'_>,
) -> Result<Judged, GatesError> {
    let fact = |key: &str, value: Value| (key.to_owned(), value);
    if !is_given && !evidence.satisfies {
        return Ok(Judged::open(wanted(evidence), Map::from_iter([fact("given", false.into())])));
    }
    let found = search(evidence, situation.project.root(), situation.paths.home(), now)?;
    let given = fact("given", is_given.into());
    Ok(match found {
        EvidenceFound::File(file) => {
            let shown = file.strip_prefix(situation.project.root()).unwrap_or(&file);
            Judged::satisfied(Map::from_iter([given, fact("evidence", shown.to_string_lossy().into())]))
        }
        EvidenceFound::Nothing(reason) => {
            Judged::open(reason, Map::from_iter([given, fact("evidence", Value::Null)]))
        }
    })
}

/// What has to be there, in words.
fn wanted(evidence: &Evidence) -> String {
    let list = |names: &config::types::Names| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
    };
    let mut text = format!("It needs evidence as well: a Markdown file below {}", list(&evidence.dirs));
    if !evidence.require_markers.is_empty() {
        text.push_str(&format!(" with {}", list(&evidence.require_markers)));
    }
    if let Some(verdict) = &evidence.require_verdict {
        text.push_str(&format!(", {verdict} below a heading `## Verdict`"));
    }
    if let Some(age) = evidence.max_age_seconds {
        text.push_str(&format!(", not older than {age} s"));
    }
    text.push('.');
    text
}

enum EvidenceFound {
    File(PathBuf),
    /// Why no file qualifies.
    Nothing(String),
}

fn search(evidence: &Evidence, root: &Path, home: &Path, now: i64) -> Result<EvidenceFound, GatesError> {
    let mut files = Vec::new();
    let mut nearest = None;
    for name in evidence.dirs.iter() {
        let dir = if name.starts_with('~') { expand(home, Path::new(name)) } else { root.join(name) };
        // A repository's own files, or a link of it, must not make a file of the user's their evidence.
        let inside = if evidence.is_users { dir.clone() } else { root.to_owned() };
        if !evidence.is_users && leads_out(&dir, root).is_some() {
            let reason =
                format!("Evidence is missing: `{name}` is outside the project, so it is not searched.");
            nearest.get_or_insert(reason);
            continue;
        }
        collect(&dir, &inside, DEEPEST, &mut files);
    }
    // The newest file is the one that people mean.
    files.sort_by_key(|(changed, _)| std::cmp::Reverse(*changed));
    let dirs: Vec<&str> = evidence.dirs.iter().collect();
    for (changed, file) in files.iter().take_while(|_| !budget::is_spent()) {
        match lack(evidence, file, *changed, now) {
            None => return Ok(EvidenceFound::File(file.clone())),
            Some(lack) => {
                let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
                nearest.get_or_insert_with(|| format!("Evidence is missing: {shown} {lack}."));
            }
        }
    }
    let none = || format!("Evidence is missing: no Markdown file below {}.", dirs.join(", "));
    Ok(EvidenceFound::Nothing(nearest.unwrap_or_else(none)))
}

fn collect(dir: &Path, inside: &Path, depth: usize, files: &mut Vec<(SystemTime, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if files.len() >= MOST_FILES || budget::is_spent() {
            return;
        }
        let (Ok(kind), path) = (entry.file_type(), entry.path()) else { continue };
        if kind.is_dir() {
            if depth > 0 {
                collect(&path, inside, depth - 1, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "md")
            && let Ok(meta) = std::fs::metadata(&path)
            && meta.is_file()
            && meta.len() <= LARGEST
            && !(kind.is_symlink() && leads_out(&path, inside).is_some())
        {
            files.push((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
}

/// What a file lacks to qualify; `None` when it qualifies.
fn lack(evidence: &Evidence, file: &Path, changed: SystemTime, now: i64) -> Option<String> {
    if let Some(most) = evidence.max_age_seconds {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
        // A file from the future, after the clock jumped, is young.
        let age = now.duration_since(changed).unwrap_or_default().as_secs();
        if age > most {
            return Some(format!("is {age} s old, at most {most} s count"));
        }
    }
    let Ok(Some(bytes)) = store::read_regular(file, LARGEST) else {
        return Some("cannot be read".to_owned());
    };
    let text = String::from_utf8_lossy(&bytes);
    if let Some(marker) = evidence.require_markers.iter().find(|marker| !text.contains(*marker)) {
        return Some(format!("does not contain `{marker}`"));
    }
    let verdict = evidence.require_verdict.as_deref()?;
    (!has_verdict(&text, verdict)).then(|| format!("has no section `## Verdict` that says {verdict}"))
}

/// Whether the verdict stands as a word in a section whose heading begins with `## Verdict`.
fn has_verdict(text: &str, verdict: &str) -> bool {
    let verdict = verdict.to_lowercase();
    let mut is_inside = false;
    text.lines().any(|line| {
        if line.starts_with("## ") || line.trim_end() == "##" {
            is_inside = line.to_lowercase().starts_with("## verdict");
        }
        is_inside && holds_word(&line.to_lowercase(), &verdict)
    })
}

fn holds_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_denied = ["not", "never", "no"]
            .iter()
            .any(|no| before.rsplit(|c: char| !c.is_alphanumeric()).next() == Some(no));
        !is_denied
            && !line[..at].chars().next_back().is_some_and(is_part)
            && !line[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_a_word_in_its_own_section() {
        for text in [
            "## Verdict\n\nAPPROVED\n",
            "# x\n## Verdict: approved\n## Next\n",
            "## Verdict (2)\n- **Approved**",
        ] {
            assert!(has_verdict(text, "APPROVED"), "{text}");
        }
        for text in [
            "## Verdict\nBLOCKED\n",
            "APPROVED\n",
            "## Verdict\nunapproved\n",
            "## Verdict\nNot **approved** yet\n",
            "## Verdict\nx\n## Other\nAPPROVED\n",
            "### Verdict\nAPPROVED\n",
        ] {
            assert!(!has_verdict(text, "APPROVED"), "{text}");
        }
    }
}
