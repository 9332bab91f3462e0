//! What an unfinished rebase wrote: held back until it is over, because one that is given up leaves nothing.

use super::attribution::Attribution;
use super::candidate::Candidate;
use super::state::{HeldBack, SeenTree, State};
use super::tree::Tree;

/// Takes the commits that are not certain yet out of the candidates, and remembers them; the others get the sessions
/// that were remembered. `seen` is how the work tree was when it was looked at last. How many of those that are held
/// back were written while the tool ran.
pub fn hold(
    state: &mut State,
    tree: &Tree,
    seen: Option<&SeenTree>,
    candidates: &mut Vec<Candidate>,
    attribution: &Attribution,
) -> usize {
    let held = state.held(tree.key());
    let mut sessions = held.as_ref().map(|held| held.sessions.clone()).unwrap_or_default();
    for candidate in candidates.iter_mut() {
        candidate.session = sessions.get(&candidate.hash).copied();
    }
    let open: Vec<_> = candidates.extract_if(.., |candidate| candidate.is_open()).collect();
    let since = held.map(|held| held.since).or_else(|| seen.cloned());
    let Some(first) = open.first() else {
        state.hold(tree, None);
        return 0;
    };
    let since = since.unwrap_or_else(|| SeenTree { head: first.made_on.clone(), reflog_size: None });
    let whose = |one: &Candidate| Some((one.hash.clone(), one.session.or(attribution.session(one.at))?));
    sessions = open.iter().filter_map(whose).collect();
    state.hold(tree, Some(&HeldBack { since, sessions }));
    open.iter().filter(|candidate| attribution.covers(candidate.at)).count()
}
