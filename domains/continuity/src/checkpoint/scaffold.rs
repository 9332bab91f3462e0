//! A checkpoint made of facts: complete where they suffice, with marks to fill in elsewhere.

use std::path::{Path, PathBuf};

use platform::env_vars;
use platform::store::lock;
use platform::time::Moment;

use super::data::{heading, plain, quoted, quoted_cell, reference, scalar, work_ids};
use super::marks::fill;
use super::{data, entry};
use crate::ContinuityPlace;
use crate::error::CheckpointError;
use crate::facts::Facts;
use crate::task::Task;

/// The most entries of one kind that are listed.
const MOST_LISTED: usize = 60;
/// The most files that a checkpoint refers to by itself.
const MOST_REFERENCES: usize = 4;

/// Writes the next checkpoint of the day, with marks to fill in; its path.
///
/// # Errors
/// When the folder lies outside the project, cannot be written, or stays locked.
pub fn scaffold(
    place: &ContinuityPlace,
    facts: &Facts,
    title: &str,
    now: Moment,
) -> Result<PathBuf, CheckpointError> {
    let _lock = entry::lock(place, lock::PATIENT)?;
    let author = author(place);
    let name = (now.wall.date_naive(), facts.number, &*entry::slug(&plain(title)));
    entry::create(place.root(), &place.checkpoints(), name, |path| {
        let front = Front { title, author: &author, status: "draft", phase: "scaffold", more: Vec::new() };
        text(place, facts, &front, None, path, now)
    })
}

/// What the front matter says besides what facts tell.
pub struct Front<'a> {
    pub title: &'a str,
    pub author: &'a str,
    pub status: &'a str,
    pub phase: &'a str,
    /// Lines of its own.
    pub more: Vec<String>,
}

/// The whole text. With a `reason` it is unattended, and unknown parts are marked as left out.
pub fn text(
    place: &ContinuityPlace,
    facts: &Facts,
    front: &Front<'_>,
    reason: Option<&str>,
    path: &Path,
    now: Moment,
) -> String {
    let root = place.root();
    let mut out = front_matter(facts, front, now);
    out.push_str(&format!("\n# Session {}: {}\n\n", facts.number, heading(front.title)));
    out.push_str(&format!("Read with: {}\n", references(place, facts, path).join(" ")));
    let unknown = |what: &str, mark: String| match reason {
        Some(_) => vec![format!("**SKIPPED:** {what}")],
        None => vec![mark],
    };
    let or = |lines: Vec<String>, otherwise: Vec<String>| if lines.is_empty() { otherwise } else { lines };
    let sections = [
        summary(facts, reason),
        or(
            completed(facts, reason.is_some()),
            unknown(
                "no commit of the session is known, and no task was completed.",
                format!("- [ ] {}", fill("what was done, with path:line, an id or a commit")),
            ),
        ),
        or(files(root, facts), vec!["**SKIPPED:** no file is known to have changed.".to_owned()]),
        or(
            findings(facts, reason.is_some()),
            vec!["**SKIPPED:** nobody was left to say what was found.".to_owned()],
        ),
        unknown(
            "nobody was left to say what was learned.",
            format!(
                "| Learning | Memory id | Source |\n|---|---|---|\n| {} | | |",
                fill("what the next session must know, and why")
            ),
        ),
        questions(facts, reason),
        or(
            pending(facts),
            unknown(
                "no task is open, and nothing lies uncommitted.",
                format!(
                    "- {}",
                    fill("what is left to do; if nothing is, SKIPPED with the reason, in place of this line")
                ),
            ),
        ),
        continuation(facts, reason.is_some()),
    ];
    for (title, lines) in super::SECTIONS.iter().zip(sections) {
        out.push_str(&format!("\n## {title}\n\n{}\n", lines.join("\n")));
    }
    out
}

fn front_matter(facts: &Facts, front: &Front<'_>, now: Moment) -> String {
    let subjects = facts.tasks.iter().map(|task| task.subject.as_str());
    let texts = subjects.chain(facts.commits.iter().map(|commit| commit.message.as_str()));
    let mut ids: Vec<_> = [facts.branch.as_str()].into_iter().chain(texts).flat_map(work_ids).collect();
    ids.sort_unstable();
    ids.dedup();
    let date = now.wall.format("%Y-%m-%d");
    let Front { title, author, status, phase, more } = front;
    let mut lines = vec![
        "---".to_owned(),
        "template: checkpoint".to_owned(),
        format!("status: {status}"),
        format!("date: {date}"),
        format!("title: {}", scalar(title)),
        format!("author: {}", scalar(author)),
        format!("session: {}", facts.number),
        format!("prior_session: {}", facts.number.saturating_sub(1)),
        format!("backlog_ids: [{}]", ids.join(", ")),
        "memory_refs: []".to_owned(),
        "project_phase: unspecified".to_owned(),
        "lifecycle_phase: capture".to_owned(),
        "milestone: unspecified".to_owned(),
        "version: '1.3'".to_owned(),
        format!("generated: {date}"),
        format!("last_updated: {}", now.rfc3339()),
        format!("session_id: {}", scalar(&facts.session_id)),
        format!("phase: {phase}"),
    ];
    lines.extend_from_slice(more);
    lines.push("---\n".to_owned());
    lines.join("\n")
}

/// What the next session should read: what changed, what came before, what explains the project. The folders that
/// the checkpoint itself lies in make up the number.
fn references(place: &ContinuityPlace, facts: &Facts, path: &Path) -> Vec<String> {
    let root = place.root();
    let edited = facts.edited.iter().map(|(file, _)| file);
    let edited = edited.chain(&facts.changes.staged).chain(&facts.changes.unstaged).take(2).cloned();
    let before = entry::latest(place).map(|entry| data::relative(root, &entry.path).into_owned());
    let known = ["CLAUDE.md", "README.md", "docs/README.md", ".claude/requirements.yaml"].map(str::to_owned);
    let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let folders = folders.map(|folder| format!("{}/", data::relative(root, folder)));
    let folders = folders.map(|folder| if folder == "/" { "./".to_owned() } else { folder });
    let mut found: Vec<String> = Vec::new();
    for file in edited.chain(before).chain(known).chain(folders) {
        if let Some(reference) = reference(root, &file).filter(|reference| !found.contains(reference)) {
            found.push(reference);
        }
        if found.len() == MOST_REFERENCES {
            break;
        }
    }
    found
}

fn summary(facts: &Facts, reason: Option<&str>) -> Vec<String> {
    let begun = if facts.started_at.is_empty() {
        String::new()
    } else {
        format!(", begun {}", quoted(&facts.started_at))
    };
    let mut lines = vec![format!("Session {}{}{begun}.", facts.number, whereabouts(facts))];
    match reason {
        Some(reason) => {
            lines.push(format!("Written without asking: {}.", quoted(reason)));
            for (what, text) in [
                ("It began with", &facts.first_prompt),
                ("It was last asked", &facts.last_prompt),
                ("It last answered", &facts.last_answer),
            ] {
                if !text.is_empty() {
                    lines.push(format!("- {what}: {}", quoted(text)));
                }
            }
        }
        None => lines.push(fill("what it was about, and how it ended")),
    }
    if let Some(percent) = facts.context_percent {
        lines.push(format!("- The context was {percent:.0} % full."));
    }
    let decided = |(question, answer): &(String, String)| {
        format!("- The user decided: {} → {}", quoted(question), quoted(answer))
    };
    lines.extend(bounded(facts.decisions.iter().map(decided).collect()));
    lines
}

fn whereabouts(facts: &Facts) -> String {
    let mut text = String::new();
    if !facts.branch.is_empty() {
        text.push_str(&format!(" on {}", quoted(&facts.branch)));
    }
    if !facts.head.is_empty() {
        text.push_str(&format!(" at commit {}", quoted(short(&facts.head))));
    }
    text
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn completed(facts: &Facts, unattended: bool) -> Vec<String> {
    let commits = facts.commits.iter().map(|commit| {
        let files = commit.files_changed;
        let s = if files == 1 { "" } else { "s" };
        format!("- [x] {} (commit {}, {files} file{s})", quoted(&commit.message), quoted(short(&commit.hash)))
    });
    let tasks = facts.tasks.iter().filter(|task| task.status == "completed").map(|task| {
        let subject = quoted(&task.subject);
        if unattended {
            return format!("- [x] {subject} (the session's list says so of {})", named(task));
        }
        format!("- [x] {subject} ({})", fill("path:line, an id or a commit that shows it"))
    });
    bounded(commits.chain(tasks).collect())
}

fn named(task: &Task) -> String {
    if task.id.is_empty() { "a task".to_owned() } else { format!("task {}", quoted(&task.id)) }
}

fn files(root: &Path, facts: &Facts) -> Vec<String> {
    let mut files: Vec<(&str, Vec<String>)> = Vec::new();
    let mut add = |path, what: String| match files.iter_mut().find(|(known, _)| *known == path) {
        Some((_, told)) => told.push(what),
        None => files.push((path, vec![what])),
    };
    for (path, count) in &facts.edited {
        add(path.as_str(), format!("{count} edit{}", if *count == 1 { "" } else { "s" }));
    }
    for commit in &facts.commits {
        for path in &commit.files_list {
            add(path, format!("commit {}", quoted(short(&commit.hash))));
        }
    }
    let changes = &facts.changes;
    for (paths, what) in [
        (&changes.staged, "staged, not committed"),
        (&changes.unstaged, "not committed"),
        (&changes.untracked, "unknown to git"),
    ] {
        for path in paths {
            add(path, what.to_owned());
        }
    }
    let line = |(path, mut told): (&str, Vec<String>)| {
        if std::fs::symlink_metadata(root.join(path)).is_err() {
            told.push("deleted since".to_owned());
        }
        let shown = quoted(path);
        if shown.trim_matches('`') != path {
            told.push("its name is altered here".to_owned());
        }
        format!("- {shown} ({})", told.join("; "))
    };
    let mut lines = bounded(files.into_iter().map(line).collect());
    if changes.truncated {
        lines.push("- more files lie uncommitted than are listed here".to_owned());
    }
    lines
}

fn findings(facts: &Facts, unattended: bool) -> Vec<String> {
    let failed = facts.failures.iter().map(|failure| quoted(failure));
    if unattended {
        return bounded(failed.map(|failure| format!("- failed: {failure} (the session's log)")).collect());
    }
    // What failed is no finding yet: as quotations they are there to be read.
    let mut lines = vec![format!("- {}", fill("what was found out, with path:line, an id or a commit"))];
    lines.extend(bounded(failed.map(|failure| format!("> failed: {failure}")).collect()));
    lines
}

fn questions(facts: &Facts, reason: Option<&str>) -> Vec<String> {
    let changes = &facts.changes;
    let count = changes.staged.len() + changes.unstaged.len() + changes.untracked.len();
    let committed = match count {
        0 => "Yes".to_owned(),
        1 => "No: 1 file".to_owned(),
        count => format!("No: {count}{} files", if changes.truncated { " or more" } else { "" }),
    };
    let mark = || reason.map_or_else(|| fill("Yes or No"), |_| "No: nobody was asked".to_owned());
    let row = |question: &str, answer: String| format!("| {question} | {answer} |");
    let mut rows = vec![
        "| Question | Answer |".to_owned(),
        "|---|---|".to_owned(),
        row("Do the tests pass, and was that seen in this session?", mark()),
        row("Is each claim above backed by a path, an id or a commit?", mark()),
        row("Is everything committed?", committed),
    ];
    if let Some(reason) = reason {
        rows.push(row("Did the session close itself?", format!("No: {}", quoted_cell(reason))));
    }
    rows
}

fn pending(facts: &Facts) -> Vec<String> {
    let tasks = facts.tasks.iter().filter(|task| task.is_open()).map(|task| {
        let status = plain(&task.status).replace('_', " ");
        format!("- [ ] {} ({}, {})", quoted(&task.subject), named(task), quoted(&status))
    });
    let changes = &facts.changes;
    let files = [&changes.staged, &changes.unstaged, &changes.untracked].into_iter().flatten();
    let files = files.map(|path| format!("- [ ] commit or drop {} (git status)", quoted(path)));
    let mut lines = bounded(tasks.collect());
    lines.extend(bounded(files.collect()));
    lines
}

fn continuation(facts: &Facts, unattended: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !facts.branch.is_empty() {
        lines.push(format!("- The work is{}.", whereabouts(facts)));
    }
    if let Some(task) = facts.tasks.iter().find(|task| task.status == "in_progress") {
        lines.push(format!("- The task in progress was {}.", quoted(&task.subject)));
    }
    if unattended {
        lines.push("- Look at what lies uncommitted before anything else; nobody has checked it.".to_owned());
    } else {
        lines.push(format!("- {}", fill("what to do first, and what to read for it")));
    }
    lines
}

/// At most so many lines, with the number of those left out.
fn bounded(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LISTED);
    if more > 0 {
        lines.truncate(MOST_LISTED);
        lines.push(format!("- {more} more are not listed here"));
    }
    lines
}

/// Who writes: whom git would name as the author of a commit, else the login name.
pub fn author(place: &ContinuityPlace) -> String {
    let configured = git::author(place.root()).map(|name| plain(&name)).filter(|name| !name.is_empty());
    configured.or_else(|| env_vars::get(env_vars::USER)).unwrap_or_else(|| "unknown".to_owned())
}
