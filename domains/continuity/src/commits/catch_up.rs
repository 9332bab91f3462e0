//! Commits that no hook saw: between sessions, by people, by other tools.

use std::time::Duration;

use config::types::Commits;
use git::reflog;
use hooks_common::project::Project;
use platform::time::Moment;

use super::attribution::Attribution;
use super::candidate::{self, Candidate};
use super::ledger::CommitLedger;
use super::record::{append, cut, failed};
use super::state::State;
use super::{log, rebase};
use crate::error::ContinuityError;

/// How many commits are taken at once.
const MOST: &str = "--max-count=50";

/// How far one looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUpDepth {
    /// To what was seen last; where that is unknown, over the last fifty commits. Starts no process when
    /// nothing moved.
    SinceSeen,
    /// Over the last fifty commits in any case.
    Always,
}

/// Appends the commits that the log lacks, in the order in which they were committed, as nobody's; how many.
/// Nothing in the log is changed, but that a long one is cut as ever where one looks only to what was seen last. `None` when others hold the lock for longer
/// than `wait`.
///
/// # Errors
/// When git fails, or a file cannot be read or written.
pub fn catch_up(
    project: &Project,
    settings: &Commits,
    depth: CatchUpDepth,
    wait: Duration,
    now: Moment,
) -> Result<Option<usize>, ContinuityError> {
    let Some(ledger) = CommitLedger::of(project) else { return Ok(Some(0)) };
    let is_current = |state: &State, trees: &[super::tree::Tree]| {
        depth == CatchUpDepth::SinceSeen && trees.iter().all(|tree| state.is_current(tree))
    };
    let read = || State::read(&ledger.state()).map_err(|error| failed(&ledger, &error));
    let trees = ledger.trees("");
    if trees.is_empty() && depth == CatchUpDepth::SinceSeen {
        return note_nothing(&ledger, wait, now).map(|()| Some(0));
    }
    if trees.is_empty() || read()?.is_some_and(|state| is_current(&state, &trees)) {
        return Ok(Some(0));
    }
    ledger.prepare(&ledger.state())?;
    ledger.prepare(&ledger.log())?;
    let Some(_lock) = ledger.lock(wait)? else { return Ok(None) };
    let mut state = State::read_or_keep_aside(&ledger.state()).map_err(|error| failed(&ledger, &error))?;
    let (mut candidates, nobody) = (Vec::new(), &Attribution::NOBODY);
    // In a work tree that was never seen nothing was missed: its present state is the start.
    let has_looked = trees.iter().any(|tree| state.seen(tree.key()).is_some()) || ledger.log().exists();
    let is_first = depth == CatchUpDepth::SinceSeen && !has_looked;
    for tree in trees.iter().filter(|_| !is_first) {
        let seen = state.seen(tree.key());
        let since = state.held(tree.key()).map(|held| held.since).or_else(|| seen.clone());
        let ask = |range: &str| tree.repository().ask(&["rev-list", "--reverse", MOST, range]);
        let mut listed = seen.as_ref().and_then(|seen| ask(&format!("{}..{}", seen.head, tree.head())));
        let is_unknown = listed.is_none();
        if is_unknown || depth == CatchUpDepth::Always {
            let more = ask(tree.head()).unwrap_or_default();
            listed.get_or_insert_default().push_str(&format!("\n{more}"));
        }
        // The journal knows more of a commit than its name: what it amends, and on which branch it was made.
        let entries =
            since.and_then(|since| reflog::since(tree.repository(), &since.head, since.reflog_size));
        let mut found = candidate::of(tree, &entries.unwrap_or_default());
        let journal = candidate::of(tree, &reflog::last(tree.repository()).unwrap_or_default());
        let is_open = |hash: &str| journal.iter().any(|one| one.hash == hash && one.is_open());
        // Beyond the reach of the journal the branch of a commit is unknown.
        let made_on = |hash: &str| journal.iter().find(|one| one.hash == hash).map(|one| one.branch.clone());
        let listed = listed.unwrap_or_default();
        let listed = listed.lines().filter(|hash| !hash.is_empty() && !is_open(hash));
        found.extend(listed.map(|hash| Candidate::listed(hash, &made_on(hash).unwrap_or_default())));
        rebase::hold(&mut state, tree, seen.as_ref(), &mut found, nobody);
        candidates.extend(found);
    }
    let logged = log::hashes(&ledger.log(), log::MOST);
    let appended = append(&ledger, &mut state, &trees, candidates, &logged, nobody, now)?;
    if depth == CatchUpDepth::SinceSeen {
        cut(&ledger, appended, settings)?;
    }
    Ok(Some(appended.commits))
}

/// Remembers that nothing is committed yet, so that the first commit is known to come after it. Nothing is waited for
/// but the lock; who holds it does the same or more.
fn note_nothing(ledger: &CommitLedger, wait: Duration, now: Moment) -> Result<(), ContinuityError> {
    let Some(tree) = ledger.without_commits() else { return Ok(()) };
    let read = || State::read_or_keep_aside(&ledger.state()).map_err(|error| failed(ledger, &error));
    if read()?.seen(tree.key()).is_some() {
        return Ok(());
    }
    ledger.prepare(&ledger.state())?;
    let Some(_lock) = ledger.lock(wait)? else { return Ok(()) };
    let mut state = read()?;
    if state.seen(tree.key()).is_none() {
        state.see(&tree, now);
        state.save(&ledger.state()).map_err(|error| failed(ledger, &error))?;
    }
    Ok(())
}
