//! Why two verdicts on a project differ. A reason is named only if what is known leads from the older system's
//! verdict to ours; the causes that lie in its stores come before those that lie in its rules.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use platform::process::Liveness;

use super::improvement::Improvement;
use super::ours::{OurProject, OurSession, UnheardFact};
use super::resolve::{CapacitorVerdict, StoresReader, Via, is_within};
use super::stores::SessionRecord;
use hooks_common::session_state::SessionState;

/// How much later our hook may have run than the older one for the same event, in seconds. Beyond that the older
/// one did not write the event down.
const SAME_EVENT_SECS: i64 = 5;

/// Everything that is known on both sides.
pub struct Explainer<'a> {
    reader: &'a StoresReader<'a>,
    sessions: BTreeMap<&'a str, &'a OurSession>,
    projects: Vec<String>,
}

impl<'a> Explainer<'a> {
    /// Both sides.
    pub fn new(reader: &'a StoresReader<'a>, ours: &'a [OurProject]) -> Self {
        let sessions = ours.iter().flat_map(|project| &project.sessions);
        Self {
            reader,
            sessions: sessions.map(|session| (session.id.as_str(), session)).collect(),
            projects: ours.iter().map(|project| reader.form(&project.path)).collect(),
        }
    }

    /// The older system's side.
    pub fn reader(&self) -> &'a StoresReader<'a> {
        self.reader
    }

    /// Why the states differ at `path`, which is in the form that paths are compared in.
    pub fn explain(&self, legacy: &CapacitorVerdict, ours: &OurProject, path: &str) -> Improvement {
        let own = self.own(ours, path);
        if self.reader.stores().records_unreadable && legacy.recorded.is_none() && own.is_some() {
            return Improvement::StoreUnreadable;
        }
        let reason = match legacy.via {
            Via::Lock | Via::Record => self.shown(legacy, ours, path),
            Via::Activity => own.and_then(|own| self.missed(own, path)).or_else(|| self.touched(path)),
            Via::Nothing => match own {
                Some(own) => self.missed(own, path),
                None => self.elsewhere(ours, path),
            },
        };
        reason.unwrap_or(Improvement::Unexplained)
    }

    /// The session that we show for the project, if it belongs there.
    fn own(&self, ours: &OurProject, path: &str) -> Option<&'a OurSession> {
        let session = *self.sessions.get(ours.session_id.as_deref()?)?;
        (self.reader.form(&session.project) == path).then_some(session)
    }

    /// The older system shows a session here.
    fn shown(&self, legacy: &CapacitorVerdict, ours: &OurProject, path: &str) -> Option<Improvement> {
        let id = legacy.session_id.as_deref()?;
        let record = self.reader.record(id);
        let lock = self.reader.stores().locks.iter().find(|lock| legacy.lock.as_ref() == Some(&lock.name));
        let of_another = lock.and_then(|lock| lock.session_id.as_deref()).is_some_and(|locked| locked != id);
        if of_another && record.is_some_and(|record| !self.reader.is_at(record, path)) {
            return Some(Improvement::RecordOfAnotherSession);
        }
        let session = *self.sessions.get(id)?;
        if self.reader.form(&session.project) != path {
            return Some(Improvement::CwdMoved);
        }
        if session.ended || session.liveness == Liveness::Dead {
            let locked_pid = lock.map(|lock| lock.pid);
            return self.over(session, record, locked_pid);
        }
        if session.state == legacy.state {
            // About this session there is no difference, so it is about which one is shown.
            let other = ours.session_id.as_ref().is_some_and(|shown| shown != id);
            return other.then_some(Improvement::NewestLockNotMostUrgent);
        }
        let Some(record) = record else {
            return (!self.reader.stores().ended.contains(id)).then_some(Improvement::LostUpdate);
        };
        if is_behind(record, session) {
            return Some(Improvement::LostUpdate);
        }
        let lives = session.liveness == Liveness::Live;
        let comes_to_ours =
            |recorded: SessionState| recorded == session.state || by_facts(session, recorded).is_some();
        if legacy.is_faded() && lives && legacy.recorded.is_some_and(comes_to_ours) {
            return self.without_lock(session);
        }
        let unknown = session.liveness == Liveness::Unknown;
        if legacy.is_locked && unknown && fades_into(legacy.state, session.state) {
            return Some(Improvement::UnknownLivenessDecay);
        }
        let by_age = unknown && (legacy.is_faded() || fades_into(legacy.state, session.state));
        by_facts(session, legacy.state).or_else(|| other_ages(session).filter(|_| by_age))
    }

    /// The older system shows a session that is over.
    fn over(
        &self,
        session: &OurSession,
        record: Option<&SessionRecord>,
        locked_pid: Option<u32>,
    ) -> Option<Improvement> {
        if session.facts.contains(&UnheardFact::Superseded) {
            return Some(Improvement::SupersededSession);
        }
        if session.facts.contains(&UnheardFact::LateAfterEnd) {
            return Some(Improvement::LateEventAfterEnd);
        }
        // An end removes the record and only then counts as one; what is there again was written back by a hook
        // that had read the file before.
        if record.is_some() && self.reader.stores().ended.contains(&session.id) {
            return Some(Improvement::LostUpdate);
        }
        match (session.liveness, locked_pid, session.owner_pid) {
            (Liveness::Dead, None, _) => Some(Improvement::DeadProcessNotNoticed),
            (Liveness::Dead, Some(locked), Some(owner)) if locked != owner => {
                Some(Improvement::WrongClientPid)
            }
            (Liveness::Dead, Some(_), Some(_)) => Some(Improvement::DeadPidBelieved),
            _ => None,
        }
    }

    /// The older system has neither a live lock nor a fresh record here, where we show a session.
    fn missed(&self, session: &OurSession, path: &str) -> Option<Improvement> {
        let (id, stores) = (session.id.as_str(), self.reader.stores());
        if session.ended || session.liveness == Liveness::Dead {
            return None;
        }
        let Some(record) = self.reader.record(id) else {
            if stores.ended.contains(id) {
                return Some(Improvement::EndedForAllProcesses);
            }
            // Whoever made its lock or noted its files had written its record before.
            let was_there = self.reader.locks_of(id).next().is_some() || stores.activity.contains_key(id);
            return was_there.then_some(Improvement::LostUpdate);
        };
        if !self.reader.is_at(record, path) {
            return Some(Improvement::CwdMoved);
        }
        if is_behind(record, session) {
            return Some(Improvement::LostUpdate);
        }
        if session.liveness == Liveness::Live { self.without_lock(session) } else { other_ages(session) }
    }

    /// Why no lock keeps a living session's record fresh.
    fn without_lock(&self, session: &OurSession) -> Option<Improvement> {
        let locks: Vec<_> = self.reader.locks_of(&session.id).collect();
        if locks.is_empty() {
            return Some(Improvement::StaleWorkingWithoutLock);
        }
        if locks.iter().any(|seen| seen.live) {
            // A live lock keeps its session fresh where it was made, so it was made elsewhere.
            return Some(Improvement::CwdMoved);
        }
        let owner = session.owner_pid?;
        locks.iter().any(|seen| seen.lock.pid != owner).then_some(Improvement::WrongClientPid)
    }

    /// The older system lets files make the project work, and we do not.
    fn touched(&self, path: &str) -> Option<Improvement> {
        let files: Vec<_> = self.reader.touched().iter().filter(|file| file.counts_for(path)).collect();
        let is_read = |tool: &str| tool == "Read";
        let is_deeper = |file: &str| {
            let mut deeper =
                self.projects.iter().filter(|project| *project != path && is_within(project, path));
            deeper.any(|project| is_within(file, project))
        };
        let is_over = |session: &str| {
            let session = self.sessions.get(session);
            session.is_some_and(|session| {
                session.ended || session.liveness == Liveness::Dead || !session.state.is_active()
            })
        };
        if files.iter().all(|file| is_read(file.tool)) {
            Some(Improvement::ReadCountedAsWork)
        } else if files.iter().all(|file| is_read(file.tool) || is_deeper(&file.file)) {
            Some(Improvement::PackageAttribution)
        } else {
            let all = |counts_not: &dyn Fn(&str) -> bool| {
                let mut files = files.iter();
                files.all(|file| is_read(file.tool) || is_deeper(&file.file) || counts_not(file.session))
            };
            let is_unknown = |session: &str| {
                self.sessions.get(session).is_some_and(|found| found.liveness == Liveness::Unknown)
            };
            if all(&is_over) {
                Some(Improvement::ActivityAfterStop)
            } else if all(&|session| is_over(session) || is_unknown(session)) {
                Some(Improvement::UnknownLivenessDecay)
            } else {
                None
            }
        }
    }

    /// We let a session's files make the project work, and the older system counts them for another one.
    fn elsewhere(&self, ours: &OurProject, path: &str) -> Option<Improvement> {
        let id = ours.session_id.as_deref()?;
        if self.reader.stores().ended.contains(id) {
            return Some(Improvement::EndedForAllProcesses);
        }
        let mut files = self.reader.touched().iter().filter(|file| file.session == id);
        files
            .any(|file| is_within(&file.file, path) && file.project != path)
            .then_some(Improvement::PackageAttribution)
    }
}

/// Whether the older system missed the last event that it would have written down.
fn is_behind(record: &SessionRecord, session: &OurSession) -> bool {
    session.written_at.is_some_and(|at| at - record.updated_at > TimeDelta::seconds(SAME_EVENT_SECS))
}

fn other_ages(session: &OurSession) -> Option<Improvement> {
    session.facts.contains(&UnheardFact::OtherAges).then_some(Improvement::OtherAges)
}

/// Whether time alone turns `from` into `to` where liveness cannot be determined.
fn fades_into(from: SessionState, to: SessionState) -> bool {
    match to {
        SessionState::Ready => matches!(from, SessionState::Working | SessionState::Waiting),
        SessionState::Idle => from != SessionState::Idle,
        _ => false,
    }
}

/// Which of the session's facts makes our state of the older system's.
fn by_facts(session: &OurSession, legacy: SessionState) -> Option<Improvement> {
    let has = |fact| session.facts.contains(&fact);
    let ours = session.state;
    // Its subagents alone may be what works.
    let at_rest = matches!(ours, SessionState::Ready | SessionState::Idle)
        || ours == SessionState::Working && session.subagents > 0;
    match legacy {
        SessionState::Compacting if has(UnheardFact::CompactionOver) => Some(Improvement::CompactingStuck),
        SessionState::Working if ours == SessionState::Waiting && has(UnheardFact::WaitHeld) => {
            Some(Improvement::WaitHiddenByParallelTool)
        }
        _ if ours == SessionState::Waiting && has(UnheardFact::WaitNotHeard) => {
            Some(Improvement::WaitNotHeard)
        }
        _ if ours == SessionState::Waiting && has(UnheardFact::SubagentTool) => Some(Improvement::Subagents),
        SessionState::Working if at_rest && has(UnheardFact::LateTool) => {
            Some(Improvement::LateToolAfterStop)
        }
        SessionState::Waiting if has(UnheardFact::LateTool) => Some(Improvement::LateToolAfterStop),
        SessionState::Working | SessionState::Waiting
            if ours != SessionState::Compacting && has(UnheardFact::SubagentTool) =>
        {
            Some(Improvement::Subagents)
        }
        _ if ours == SessionState::Working && has(UnheardFact::TurnSentBack) => {
            Some(Improvement::TurnSentBack)
        }
        _ if legacy.is_active() && has(UnheardFact::LateAfterEnd) => Some(Improvement::LateEventAfterEnd),
        _ if legacy.is_active() && at_rest && has(UnheardFact::StartedAnew) => Some(Improvement::StartedAnew),
        SessionState::Ready if ours == SessionState::Working && session.subagents > 0 => {
            Some(Improvement::Subagents)
        }
        _ if legacy.is_active() && at_rest && has(UnheardFact::FinalStopWithHookActive) => {
            Some(Improvement::FinalStopWithHookActive)
        }
        _ if (at_rest || ours == SessionState::Working) && has(UnheardFact::TurnEndNotHeard) => {
            Some(Improvement::TurnEndNotHeard)
        }
        _ => None,
    }
}
