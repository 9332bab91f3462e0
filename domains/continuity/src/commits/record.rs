//! What is new in git goes into the log.

use std::collections::HashSet;

use chrono::DateTime;
use config::types::Commits;
use git::{ReflogEntry, reflog};
use platform::store::lock;
use platform::time::Moment;

use super::attribution::Attribution;
use super::candidate::{self, Candidate};
use super::details::{self, clean};
use super::ledger::CommitLedger;
use super::state::{SeenTree, State};
use super::tree::Tree;
use super::{Commit, log, rebase};
use crate::error::ContinuityError;

/// How many commits are taken where there is no journal.
const MOST: &str = "--max-count=50";
/// The longest branch name, in characters.
const LONGEST_BRANCH: usize = 300;

/// What was appended to the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppendedCommits {
    /// How many commits.
    pub commits: usize,
    /// How many commits were made while the tool ran, also such as wait for the end of a rebase.
    pub during_tool: usize,
}

/// Brings the log up to date with work trees of a repository. `None` when another process does it or has just done it.
///
/// `session_start`, seconds since 1970, is from when on commits count in a work tree that was never seen; none do
/// without it.
///
/// # Errors
/// When git fails, or a file cannot be read or written.
pub fn record(
    ledger: &CommitLedger,
    trees: &[Tree],
    settings: &Commits,
    attribution: &Attribution,
    session_start: Option<i64>,
    now: Moment,
) -> Result<Option<AppendedCommits>, ContinuityError> {
    ledger.prepare(&ledger.state())?;
    ledger.prepare(&ledger.log())?;
    let Some(_lock) = ledger.lock(lock::CHANGE)? else { return Ok(None) };
    let mut state = State::read_or_keep_aside(&ledger.state()).map_err(|error| failed(ledger, &error))?;
    // Another process may have done it while we waited.
    let trees: Vec<_> = trees.iter().filter_map(Tree::again).filter(|tree| !state.is_current(tree)).collect();
    if trees.is_empty() {
        return Ok(None);
    }
    let (mut candidates, mut held_back) = (Vec::new(), 0);
    for tree in &trees {
        let seen = state.seen(tree.key());
        let since = state.held(tree.key()).map(|held| held.since).or_else(|| seen.clone());
        let mut found = match (since, session_start) {
            (Some(since), _) => moved(tree, &since, seen_at(&state).unwrap_or(now.epoch())),
            // The journal knows whole seconds: what is as old as the session was there before it.
            (None, Some(start)) => candidate::of(tree, &entries_since(tree, start + 1)),
            (None, None) => Vec::new(),
        };
        held_back += rebase::hold(&mut state, tree, seen.as_ref(), &mut found, attribution);
        candidates.extend(found);
    }
    let logged = log::hashes(&ledger.log(), log::TAIL);
    let mut appended = append(ledger, &mut state, &trees, candidates, &logged, attribution, now)?;
    cut(ledger, appended, settings)?;
    appended.during_tool += held_back;
    Ok(Some(appended))
}

/// Appends what candidates turn out to be, but what is logged, then remembers how the work trees are; the caller holds
/// the lock.
pub fn append(
    ledger: &CommitLedger,
    state: &mut State,
    trees: &[Tree],
    candidates: Vec<Candidate>,
    logged: &HashSet<String>,
    attribution: &Attribution,
    now: Moment,
) -> Result<AppendedCommits, ContinuityError> {
    let fail = |error: std::io::Error| failed(ledger, &error);
    let hashes: Vec<_> = candidates.iter().map(|candidate| &*candidate.hash).collect();
    let mut known = details::of(ledger.repository(), &hashes).map_err(|error| failed(ledger, &error))?;
    let mut commits = Vec::new();
    let mut during_tool = 0;
    let proven = candidate::in_order(candidate::proven(candidates, &known), &known);
    // What is logged has shown the way to what is not.
    for candidate in proven.into_iter().filter(|candidate| !logged.contains(&candidate.hash)) {
        let Some(metadata) = known.remove(&candidate.hash) else { continue };
        during_tool += usize::from(attribution.covers(candidate.at));
        let mut commit = Commit {
            timestamp: now.rfc3339(),
            short_hash: metadata.short_hash,
            message: metadata.subject,
            author: metadata.author,
            author_date: metadata.author_date,
            branch: clean(&candidate.branch, LONGEST_BRANCH),
            files_changed: metadata.files as u64,
            files_list: metadata.paths,
            session: candidate.session.or_else(|| attribution.session(candidate.at)),
            rewritten: candidate.is_rewritten(),
            amends: candidate.amends,
            hash: candidate.hash,
            ..Commit::default()
        };
        if candidate.is_nonlinear {
            commit.other.insert("nonlinear".into(), true.into());
        }
        commits.push(commit);
    }
    log::append(&ledger.log(), &commits).map_err(fail)?;
    for tree in trees {
        state.see(tree, now);
    }
    state.save(&ledger.state()).map_err(fail)?;
    Ok(AppendedCommits { commits: commits.len(), during_tool })
}

/// Cuts the log if something was appended and it is long now; the caller holds the lock.
pub fn cut(
    ledger: &CommitLedger,
    appended: AppendedCommits,
    settings: &Commits,
) -> Result<(), ContinuityError> {
    if appended.commits == 0 {
        return Ok(());
    }
    log::rotate(&ledger.log(), settings.rotate_above, settings.rotate_to)
        .map_err(|error| failed(ledger, &error))
}

/// What moved HEAD since a work tree was seen.
fn moved(tree: &Tree, seen: &SeenTree, seen_at: i64) -> Vec<Candidate> {
    match reflog::since(tree.repository(), &seen.head, seen.reflog_size) {
        // The journal was switched off.
        Some(entries) if entries.is_empty() && seen.head != tree.head() => {
            without_journal(tree, seen, seen_at)
        }
        Some(entries) => candidate::of(tree, &entries),
        None if reflog::last(tree.repository()).is_none() => without_journal(tree, seen, seen_at),
        None => candidate::of(tree, &entries_since(tree, seen_at)),
    }
}

/// The new commits where git keeps no journal: those that follow what was seen, else HEAD alone.
fn without_journal(tree: &Tree, seen: &SeenTree, seen_at: i64) -> Vec<Candidate> {
    let branch = tree.branch();
    let range = format!("{}...{}", seen.head, tree.head());
    let listed = tree.repository().ask(&["rev-list", "--reverse", "--left-right", MOST, &range]);
    let (new, left): (Vec<_>, Vec<_>) =
        listed.iter().flat_map(|text| text.lines()).partition(|line| line.starts_with('>'));
    if listed.is_some() && (left.is_empty() || new.is_empty()) {
        // Without anything new, HEAD went back.
        return new
            .iter()
            .map(|line| Candidate::without_journal(&line[1..], &branch, seen_at, false))
            .collect();
    }
    vec![Candidate::without_journal(tree.head(), &branch, seen_at, true)]
}

fn entries_since(tree: &Tree, since: i64) -> Vec<ReflogEntry> {
    let mut entries = reflog::last(tree.repository()).unwrap_or_default();
    entries.retain(|entry| entry.at >= since);
    entries
}

fn seen_at(state: &State) -> Option<i64> {
    DateTime::parse_from_rfc3339(state.updated_at()?).ok().map(|at| at.timestamp())
}

/// An error with the files that it is about.
pub fn failed(ledger: &CommitLedger, error: &impl std::fmt::Display) -> ContinuityError {
    ContinuityError::commits(ledger.root(), error)
}
