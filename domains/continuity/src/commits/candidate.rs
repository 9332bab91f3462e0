//! What git's journal says was committed, before git itself is asked about it.

use std::collections::{HashMap, HashSet};

use git::{CommitDetails, ReflogEntry, ReflogStep};

use super::tree::{Tree, left_behind};

/// How far the time of an unnamed step and of its commit lie apart at most, in seconds.
const SAME_MOMENT: u64 = 5;

/// A commit that may belong into the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub hash: String,
    /// When HEAD came to it, seconds since 1970.
    pub at: i64,
    /// The branch that HEAD was on.
    pub branch: String,
    /// The commit that it replaces.
    pub amends: Option<String>,
    /// Where HEAD was before, as the journal says.
    pub made_on: String,
    /// The session that is known to have made it, whatever runs now.
    pub session: Option<u64>,
    /// Whether it was found without a journal, and does not follow what was seen last.
    pub is_nonlinear: bool,
    claim: CandidateClaim,
}

/// What must be true of a candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum CandidateClaim {
    /// git said that it was committed.
    #[default]
    None,
    /// It is still there at the end of the rebase, which led to this commit.
    ReachableFrom(String),
    /// The rebase that wrote it is over; it is not.
    RebaseIsOver,
    /// It was made just then, on top of this one.
    MadeOn(String),
    /// It was committed at this time or later, seconds since 1970.
    YoungerThan(i64),
}

impl Candidate {
    /// A commit that git itself listed.
    pub fn listed(hash: &str, branch: &str) -> Self {
        Self { hash: hash.to_owned(), branch: branch.to_owned(), ..Self::default() }
    }

    /// A commit that git listed because there is no journal: only a young one was made here.
    pub fn without_journal(hash: &str, branch: &str, since: i64, is_nonlinear: bool) -> Self {
        Self { claim: CandidateClaim::YoungerThan(since), is_nonlinear, ..Self::listed(hash, branch) }
    }

    /// Whether a rebase wrote it.
    pub fn is_rewritten(&self) -> bool {
        matches!(self.claim, CandidateClaim::ReachableFrom(_))
    }

    /// Whether it may still be dropped, because the rebase that wrote it goes on.
    pub fn is_open(&self) -> bool {
        self.claim == CandidateClaim::RebaseIsOver
    }
}

/// The candidates among the entries of a work tree's journal, oldest first.
pub fn of(tree: &Tree, entries: &[ReflogEntry]) -> Vec<Candidate> {
    let mut branch = tree.branch();
    let mut rebase_end = None;
    let mut is_open = tree.is_rebasing();
    let mut found = Vec::new();
    // From the last entry back: it tells the branch, and where a rebase led to.
    for entry in entries.iter().rev() {
        let claim = match entry.step() {
            ReflogStep::Rebase => {
                (rebase_end, is_open) = (None, false);
                continue;
            }
            ReflogStep::RebaseEnd => {
                (rebase_end, is_open) = (Some(entry.new.clone()), false);
                continue;
            }
            ReflogStep::Move => {
                if let Some(left) = entry.left_branch() {
                    branch = left_behind(left);
                }
                continue;
            }
            ReflogStep::Pick if is_open => CandidateClaim::RebaseIsOver,
            ReflogStep::Pick => {
                CandidateClaim::ReachableFrom(rebase_end.get_or_insert_with(|| entry.new.clone()).clone())
            }
            ReflogStep::Unknown if entry.old == entry.new => continue,
            ReflogStep::Unknown => CandidateClaim::MadeOn(entry.old.clone()),
            ReflogStep::Commit | ReflogStep::Amend => CandidateClaim::None,
        };
        let amends = (entry.step() == ReflogStep::Amend).then(|| entry.old.clone());
        let (hash, at, branch, made_on) = (entry.new.clone(), entry.at, branch.clone(), entry.old.clone());
        found.push(Candidate { hash, at, branch, amends, made_on, claim, ..Candidate::default() });
    }
    found.reverse();
    found
}

/// Those that keep what they claim, each once, in their order.
pub fn proven(candidates: Vec<Candidate>, known: &HashMap<String, CommitDetails>) -> Vec<Candidate> {
    let mut reachable: HashMap<String, HashSet<String>> = HashMap::new();
    let mut once = HashSet::new();
    let mut is_proven = |candidate: &mut Candidate| {
        let Some(metadata) = known.get(&candidate.hash) else { return false };
        if candidate.at == 0 {
            candidate.at = metadata.at;
        }
        let is_true = match &candidate.claim {
            CandidateClaim::None => true,
            CandidateClaim::RebaseIsOver => false,
            CandidateClaim::MadeOn(old) => {
                metadata.parents.contains(old) && metadata.at.abs_diff(candidate.at) <= SAME_MOMENT
            }
            CandidateClaim::YoungerThan(since) => metadata.at >= *since,
            CandidateClaim::ReachableFrom(end) => {
                let from_end = reachable.entry(end.clone()).or_insert_with(|| ancestors(end, known));
                from_end.contains(&candidate.hash)
            }
        };
        is_true && once.insert(candidate.hash.clone())
    };
    let mut candidates = candidates;
    candidates.retain_mut(|candidate| is_proven(candidate));
    candidates
}

/// By time; but none before a commit that it follows, because a second holds many.
pub fn in_order(mut candidates: Vec<Candidate>, known: &HashMap<String, CommitDetails>) -> Vec<Candidate> {
    candidates.sort_by_key(|candidate| candidate.at);
    let mut left: Vec<_> = candidates.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while ordered.len() < left.len() {
        let waits = |candidate: &Candidate| {
            let parents = known.get(&candidate.hash).into_iter().flat_map(|metadata| &metadata.parents);
            let before: Vec<_> = parents.collect();
            left.iter().flatten().any(|other| other.hash != candidate.hash && before.contains(&&other.hash))
        };
        let is_next = |candidate: &Option<Candidate>| candidate.as_ref().is_some_and(|one| !waits(one));
        // Commits cannot follow one another in a circle; if they did, the first would be next.
        let next = left.iter().position(is_next).or_else(|| left.iter().position(Option::is_some));
        match next.and_then(|at| left[at].take()) {
            Some(candidate) => ordered.push(candidate),
            None => break,
        }
    }
    ordered
}

/// The known commits that are reached from one of them through known ones.
fn ancestors(from: &str, known: &HashMap<String, CommitDetails>) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(hash) = open.pop() {
        if let Some(metadata) = known.get(&hash)
            && found.insert(hash)
        {
            open.extend(metadata.parents.iter().cloned());
        }
    }
    found
}
