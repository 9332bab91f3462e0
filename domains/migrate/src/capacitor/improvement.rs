//! The known ways in which the older system and ours differ on purpose.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why the two systems show different states. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Improvement {
    /// A tool ended after its turn, or was asked about after its end.
    LateToolAfterStop,
    /// The last Stop came after another hook had prolonged the turn.
    FinalStopWithHookActive,
    /// The compaction is over.
    CompactingStuck,
    /// Another tool went on while one waits for a permission.
    WaitHiddenByParallelTool,
    /// A question that no event of the older system reports.
    WaitNotHeard,
    /// An end of a turn that no event of the older system reports.
    TurnEndNotHeard,
    /// A gate of ours sent the turn back.
    TurnSentBack,
    /// The session was started anew while it was at work.
    StartedAnew,
    /// Subagents work, or their tools passed for the session's.
    Subagents,
    /// The lock names another process than the client.
    WrongClientPid,
    /// The session runs without a lock, and its record is old.
    StaleWorkingWithoutLock,
    /// The client is gone, and its record is still fresh.
    DeadProcessNotNoticed,
    /// The client is gone, and its number still passes for alive.
    DeadPidBelieved,
    /// Liveness cannot be determined; ours lets the state expire.
    UnknownLivenessDecay,
    /// Liveness cannot be determined, so age decides, and the two systems count it from different events.
    OtherAges,
    /// Files touched by a session that does not work any more.
    ActivityAfterStop,
    /// Files that were only read.
    ReadCountedAsWork,
    /// A file that belongs to another project than it was counted for.
    PackageAttribution,
    /// An update that never reached the shared file, or was overwritten there.
    LostUpdate,
    /// The shared file cannot be read, which costs every session in it.
    StoreUnreadable,
    /// Another session of several at the path.
    NewestLockNotMostUrgent,
    /// The lock of one session with the record of another one elsewhere.
    RecordOfAnotherSession,
    /// The session moved to another folder.
    CwdMoved,
    /// An event after the session's end.
    LateEventAfterEnd,
    /// The client went on with another session.
    SupersededSession,
    /// One of several processes ended.
    EndedForAllProcesses,
    /// None of these, as far as can be known.
    Unexplained,
}

impl Improvement {
    /// All of them; `Unexplained` is the last.
    pub const ALL: [Self; 27] = [
        Self::LateToolAfterStop,
        Self::FinalStopWithHookActive,
        Self::CompactingStuck,
        Self::WaitHiddenByParallelTool,
        Self::WaitNotHeard,
        Self::TurnEndNotHeard,
        Self::TurnSentBack,
        Self::StartedAnew,
        Self::Subagents,
        Self::WrongClientPid,
        Self::StaleWorkingWithoutLock,
        Self::DeadProcessNotNoticed,
        Self::DeadPidBelieved,
        Self::UnknownLivenessDecay,
        Self::OtherAges,
        Self::ActivityAfterStop,
        Self::ReadCountedAsWork,
        Self::PackageAttribution,
        Self::LostUpdate,
        Self::StoreUnreadable,
        Self::NewestLockNotMostUrgent,
        Self::RecordOfAnotherSession,
        Self::CwdMoved,
        Self::LateEventAfterEnd,
        Self::SupersededSession,
        Self::EndedForAllProcesses,
        Self::Unexplained,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LateToolAfterStop => "late_tool_after_stop",
            Self::FinalStopWithHookActive => "final_stop_with_hook_active",
            Self::CompactingStuck => "compacting_stuck",
            Self::WaitHiddenByParallelTool => "wait_hidden_by_parallel_tool",
            Self::WaitNotHeard => "wait_not_heard",
            Self::TurnEndNotHeard => "turn_end_not_heard",
            Self::TurnSentBack => "turn_sent_back",
            Self::StartedAnew => "started_anew",
            Self::Subagents => "subagents",
            Self::WrongClientPid => "wrong_client_pid",
            Self::StaleWorkingWithoutLock => "stale_working_without_lock",
            Self::DeadProcessNotNoticed => "dead_process_not_noticed",
            Self::DeadPidBelieved => "dead_pid_believed",
            Self::UnknownLivenessDecay => "unknown_liveness_decay",
            Self::OtherAges => "other_ages",
            Self::ActivityAfterStop => "activity_after_stop",
            Self::ReadCountedAsWork => "read_counted_as_work",
            Self::PackageAttribution => "package_attribution",
            Self::LostUpdate => "lost_update",
            Self::StoreUnreadable => "store_unreadable",
            Self::NewestLockNotMostUrgent => "newest_lock_not_most_urgent",
            Self::RecordOfAnotherSession => "record_of_another_session",
            Self::CwdMoved => "cwd_moved",
            Self::LateEventAfterEnd => "late_event_after_end",
            Self::SupersededSession => "superseded_session",
            Self::EndedForAllProcesses => "ended_for_all_processes",
            Self::Unexplained => "unexplained",
        }
    }

    /// One sentence for people, without a full stop; "it" is the older system.
    pub fn line(self) -> &'static str {
        match self {
            Self::LateToolAfterStop => {
                "a tool ended after its turn, or was asked about after its end; it takes that for news"
            }
            Self::FinalStopWithHookActive => "it skips a Stop that follows a turn prolonged by a Stop hook",
            Self::CompactingStuck => "the compaction is over; it waits for an event that ends it",
            Self::WaitHiddenByParallelTool => {
                "a permission is still waited for; it goes by the other tool that went on"
            }
            Self::WaitNotHeard => "the model asked a question, of which it hears nothing",
            Self::TurnEndNotHeard => {
                "a failure, a refusal or an interruption changed the turn; it hears nothing of it"
            }
            Self::TurnSentBack => "a gate sent the turn back; it takes that for the turn's end",
            Self::StartedAnew => "the session was started anew; it keeps what was going on before",
            Self::Subagents => "it does not tell the work of subagents from the session's own",
            Self::WrongClientPid => "its lock names another process than the client that runs the session",
            Self::StaleWorkingWithoutLock => "the session lives, but it has no lock and goes by age alone",
            Self::DeadProcessNotNoticed => "the client is gone; it believes the record for five minutes",
            Self::DeadPidBelieved => "the client is gone; it takes what has its number for the client",
            Self::UnknownLivenessDecay => {
                "whether the client lives cannot be verified, so ours lets the state fade"
            }
            Self::OtherAges => "age decides, and it does not hear of the events that ours counts from",
            Self::ActivityAfterStop => {
                "the session stopped working; it counts touched files for five minutes"
            }
            Self::ReadCountedAsWork => "files were only read; it counts that as work on the project",
            Self::PackageAttribution => "it attributes the file to another project around or below",
            Self::LostUpdate => "an update of the session is missing in its shared file",
            Self::StoreUnreadable => "it cannot read its shared file and sees no session at all",
            Self::NewestLockNotMostUrgent => "of several sessions it shows the newest, not the most urgent",
            Self::RecordOfAnotherSession => "it shows the record of a session that runs elsewhere",
            Self::CwdMoved => "the session changed its folder; it moves the session along with it",
            Self::LateEventAfterEnd => "an event came after the session's end; it brings the session back",
            Self::SupersededSession => "the client went on with another session; it still shows the old one",
            Self::EndedForAllProcesses => "one process left the session; it took the session for ended",
            Self::Unexplained => "no known difference explains it",
        }
    }
}

impl fmt::Display for Improvement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_in_json_and_lines_are_lines() {
        for (at, improvement) in Improvement::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(improvement).unwrap(), improvement.name());
            assert!(!improvement.line().contains('\n') && !improvement.line().ends_with('.'));
            assert_eq!(improvement as usize, at, "each stands once, in order");
        }
        assert_eq!(Improvement::ALL.last(), Some(&Improvement::Unexplained));
    }
}
