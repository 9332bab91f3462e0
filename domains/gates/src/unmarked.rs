//! Triggers that the requirement state does not hold: its lock stayed busy, it could not be written, or its file was
//! damaged. None of them may be lost, because Stop verifies what was triggered.
//!
//! A trigger that could not be marked is kept in the session's directory, a line each, and marked at the end of the turn.
//! Where the state itself cannot be read, or was made anew after damage, the session's log tells what the session did.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use git::Branch;
use hooks_common::decision::Outcome;
use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use hooks_common::session_log::SessionDir;
use platform::store::append::read_lines;
use platform::store::{self, lock};
use serde::{Deserialize, Serialize};

use crate::context::Gates;
use crate::error::GatesError;
use crate::record::GateRecord;

/// The file in a session's directory.
const FILE: &str = "unmarked.jsonl";
/// What of it is being marked.
const TAKEN: &str = "unmarked-taken.jsonl";
const LOCK: &str = "unmarked.lock";
/// How often a line is written again because somebody removed the file meanwhile.
const ATTEMPTS: usize = 100;

/// The triggers of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmarkedTriggers {
    /// The folder of the requirement state.
    state: PathBuf,
    branch: String,
    requirements: Vec<String>,
}

impl UnmarkedTriggers {
    /// What the event triggered and could not mark.
    pub fn of(hook: &Hook) -> Option<Self> {
        let record = hook.records.get::<GateRecord>().filter(|record| !record.unmarked.is_empty())?;
        Some(Self {
            state: hook.project().state().path().to_owned(),
            branch: record.branch.clone(),
            requirements: record.unmarked.clone(),
        })
    }

    /// Keeps them for the end of the turn. Called when the event is recorded: then the session's directory is there.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, hook: &Hook) -> io::Result<()> {
        hook.session_dir().map_or(Ok(()), |dir| add(&dir.file(FILE), self))
    }
}

fn add(path: &Path, triggers: &UnmarkedTriggers) -> io::Result<()> {
    let mut line = serde_json::to_vec(triggers)?;
    line.push(b'\n');
    for _ in 0..ATTEMPTS {
        let (mut file, opened) = store::open_append(path)?;
        file.write_all(&line)?;
        // Whoever took the lines in may have removed the file between the two.
        if std::fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (opened.dev(), opened.ino())) {
            return Ok(());
        }
    }
    Err(io::Error::other("the file is removed again and again"))
}

/// Marks what earlier events of the session could not, and returns the names of all that the state does not hold and this
/// session triggered all the same.
///
/// # Errors
/// When the kept triggers or the session's log cannot be read.
pub fn take_in(hook: &Hook, gates: &Gates) -> Result<BTreeSet<String>, GatesError> {
    let mut names = BTreeSet::new();
    let Some(dir) = hook.session_dir() else { return Ok(names) };
    if dir.file(FILE).exists() || dir.file(TAKEN).exists() {
        let _lock = lock::exclusive(&dir.file(LOCK), lock::CHANGE)
            .map_err(|error| GatesError::File(io::Error::other(error)))?;
        let (left, kept) = (dir.file(FILE), take(&dir)?);
        let here = kept.iter().filter(|triggers| triggers.state == gates.dir.path());
        names.extend(here.flat_map(|triggers| triggers.requirements.clone()));
        for triggers in &kept {
            if !mark(hook, gates, triggers).unwrap_or(false) {
                add(&left, triggers)?;
            }
        }
        store::remove(&dir.file(TAKEN))?;
    }
    if gates.state.needs_log() {
        names.extend(by_log(&dir, gates)?);
    }
    Ok(names)
}

/// Moves the kept lines out of the way of those who append, and reads them; with them what a process that was killed here
/// had moved. The lock is held.
fn take(dir: &SessionDir) -> io::Result<Vec<UnmarkedTriggers>> {
    let (path, taken) = (dir.file(FILE), dir.file(TAKEN));
    let read = || Ok::<_, io::Error>(read_lines(&store::read(&taken)?.unwrap_or_default()).0);
    for left in read()? {
        add(&path, &left)?;
    }
    match std::fs::rename(&path, &taken) {
        Err(error) if !store::is_absent(&error) => return Err(error),
        _ => {}
    }
    read()
}

/// Marks the triggers of one event; those of another repository wait for the end of a turn there.
fn mark(hook: &Hook, gates: &Gates, triggers: &UnmarkedTriggers) -> Result<bool, GatesError> {
    let Some(session) = gates.session.as_ref().filter(|_| triggers.state == gates.dir.path()) else {
        return Ok(false);
    };
    let rules = gates.policy.rules()?;
    let branch = match triggers.branch == gates.branch.name() {
        true => gates.branch.clone(),
        false => Branch::named(&triggers.branch),
    };
    transaction(&gates.dir, &branch, hook.project().root(), gates.now, lock::CHANGE, |changes| {
        for rule in rules.iter().filter(|rule| triggers.requirements.contains(&rule.name)) {
            changes.mark_triggered(&rule.name, rule.requirement.scope, session);
        }
    })?;
    Ok(true)
}

/// What the session's log says that it triggered on this branch.
fn by_log(dir: &SessionDir, gates: &Gates) -> io::Result<BTreeSet<String>> {
    let (events, _) = dir.read_events()?;
    let records = events.iter().filter(|event| event.event == "PreToolUse");
    let records = records.filter_map(|event| event.record::<GateRecord>());
    // A refused tool wrote nothing, so it triggered nothing.
    let passed = records.filter(|record| {
        record.branch == gates.branch.name() && matches!(record.outcome, Outcome::Pass | Outcome::Undecided)
    });
    Ok(passed.flat_map(|record| record.asked.into_iter().map(|(name, _)| name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_lost_when_the_file_goes_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let one = |name: &str| UnmarkedTriggers {
            state: "/r/.git/requirements".into(),
            branch: "main".to_owned(),
            requirements: vec![name.to_owned()],
        };
        let dir = SessionDir::at(folder.path().to_owned());
        let read = || take(&dir).unwrap();
        add(&path, &one("a")).unwrap();
        add(&path, &one("b")).unwrap();
        assert_eq!(read(), [one("a"), one("b")]);
        // Whoever took them was killed.
        add(&path, &one("c")).unwrap();
        assert_eq!(read(), [one("c"), one("a"), one("b")]);
        store::remove(&dir.file(TAKEN)).unwrap();
        let (mut taken, wanted) = (Vec::new(), 2_000);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for number in 0..wanted {
                    add(&path, &one(&number.to_string())).unwrap();
                }
            });
            while !writer.is_finished() {
                taken.extend(read());
                store::remove(&dir.file(TAKEN)).unwrap();
                std::thread::yield_now();
            }
        });
        taken.extend(read());
        let names: BTreeSet<_> = taken.into_iter().flat_map(|one| one.requirements).collect();
        assert_eq!(names.len(), wanted);
    }
}
