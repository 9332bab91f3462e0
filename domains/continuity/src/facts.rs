//! What is known about a session without asking anybody: what hand-offs and checkpoints are made of. Every text in
//! it is redacted, one line, bounded.

use std::path::Path;

use git::{WorkTreeChanges, WorkTreeStatus};
use hooks_common::session_log::SessionDir;

use crate::commits::{self, Commit};
use crate::journal::Journal;
use crate::place::ContinuityPlace;
use crate::task::Task;
use crate::transcript::{self, Story};
use crate::work_tree;

/// How many commits are listed when the session's own are unknown.
const RECENT: usize = 15;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The session's number.
    pub number: u64,
    /// The host's id of the session; empty when it is unknown.
    pub session_id: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The branch; empty outside git.
    pub branch: String,
    /// The commit that HEAD is at; empty when there is none.
    pub head: String,
    /// The first prompt of the user.
    pub first_prompt: String,
    /// The last one.
    pub last_prompt: String,
    /// The end of the model's last answer.
    pub last_answer: String,
    /// Files that the session changed, from the project's root, with how often.
    pub edited: Vec<(String, u32)>,
    /// Files that it read.
    pub read: Vec<String>,
    /// What it committed, oldest first.
    pub commits: Vec<Commit>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// What lies uncommitted in the work tree, whoever changed it.
    pub changes: WorkTreeChanges,
    /// Tools that failed lately, one line each.
    pub failures: Vec<String>,
    /// What the user decided: question and answer.
    pub decisions: Vec<(String, String)>,
    /// How full the context was, in percent, if that is known.
    pub context_percent: Option<f64>,
    /// The last commits of the branch, newest first, whoever made them: hash and subject.
    pub recent: Vec<(String, String)>,
}

/// How much of a transcript is read for the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsDepth {
    /// Only the last prompt: while the session goes on.
    Prompt,
    /// What was said and done in its last part, in bytes.
    Story(u64),
}

impl Facts {
    /// Everything that is known about a session. What cannot be read is left out.
    pub fn gather(
        place: &ContinuityPlace,
        journal: &Journal,
        session_id: &str,
        transcript: Option<&Path>,
        depth: FactsDepth,
    ) -> Self {
        let tree = work_tree::look(place.root(), RECENT);
        Self::with_tree(place, journal, session_id, transcript, depth, tree)
    }

    /// The same with a work tree that was looked at already.
    pub fn with_tree(
        place: &ContinuityPlace,
        journal: &Journal,
        session_id: &str,
        transcript: Option<&Path>,
        depth: FactsDepth,
        tree: WorkTreeStatus,
    ) -> Self {
        let story = transcript.and_then(|path| match depth {
            FactsDepth::Prompt => {
                let last_prompt = transcript::last_prompt(path).ok()?;
                Some(Story { last_prompt, ..Story::default() })
            }
            FactsDepth::Story(most) => transcript::story(path, most).ok(),
        });
        let story = story.unwrap_or_default();
        let number = journal.number.unwrap_or(0);
        let mut tasks = journal.tasks.clone();
        if tasks.is_empty() {
            tasks = transcript.and_then(|path| transcript::todos(path).ok()).unwrap_or_default();
        }
        Self {
            number,
            session_id: session_id.to_owned(),
            started_at: journal.started_at.clone(),
            branch: tree.branch,
            head: tree.head,
            edited: edited(place.root(), journal, &story),
            read: journal.reads.files.clone(),
            commits: commits_of(place, journal.number),
            tasks,
            changes: tree.changes,
            failures: journal.failures.iter().cloned().chain(story.failed).collect(),
            decisions: journal.decisions.clone(),
            context_percent: None,
            first_prompt: story.first_prompt,
            last_prompt: story.last_prompt,
            last_answer: story.last_answer,
            recent: tree.recent,
        }
    }

    /// Whether the session did anything that a checkpoint could tell.
    pub fn tell_something(&self) -> bool {
        !self.edited.is_empty() || !self.commits.is_empty() || self.tasks.iter().any(Task::is_open)
    }
}

/// The commits of a session, from wherever its repository's are written down.
fn commits_of(place: &ContinuityPlace, number: Option<u64>) -> Vec<Commit> {
    let (Some(number), Some(ledger)) = (number, commits::CommitLedger::of(place.project())) else {
        return Vec::new();
    };
    commits::of_session(ledger.root(), number)
}

/// The edited files of the log, and those that only the transcript knows.
fn edited(root: &Path, journal: &Journal, story: &Story) -> Vec<(String, u32)> {
    let mut edited = journal.edited.clone();
    let real = platform::path::resolve(root);
    for (file, count) in &story.edited {
        let path = platform::path::normalise(Path::new(file));
        let inside = path.strip_prefix(root).or_else(|_| path.strip_prefix(&real));
        let Some(name) = inside.ok().and_then(Path::to_str).filter(|name| !name.is_empty()) else { continue };
        if !edited.iter().any(|(known, _)| known == name) {
            edited.push((name.to_owned(), *count));
        }
    }
    edited
}

/// The transcript of a session, as its directory tells.
pub fn transcript_of(dir: &SessionDir) -> Option<std::path::PathBuf> {
    dir.meta()?.transcript_path
}
