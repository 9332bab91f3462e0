//! Guard `loops`: repeated identical failures.

use crate::record::CommandOutcome;
use config::types::guards::Loops;
use hooks_common::session_log::LoggedEvent;
use platform::text::fact;
use shell::programs;

use crate::objection::Objection;
use crate::outcome::{FailedTool, failure_of, success_of};

/// The warning about a failure that occurred `times` times since its family last succeeded, and at
/// each doubling.
pub fn examine(settings: &Loops, failure: &FailedTool<'_>) -> Option<Objection> {
    if programs::answers(&failure.outcome.family) {
        return None;
    }
    let minutes = settings.minutes.max(1);
    // A single failure is not a loop.
    let times = settings.times.max(2);
    let count = count(failure, 60 * i64::from(minutes), times);
    if !is_told(count, times) {
        return None;
    }
    let (family, said) = (fact(&failure.outcome.family), &failure.outcome.said);
    let said = if said.is_empty() { String::new() } else { format!(": {}", fact(said)) };
    Some(Objection::advice(
        format!("{family} has failed in the same way {count} times within {minutes} minutes{said}"),
        "stop repeating it: read the whole output, change the approach, or ask the user",
    ))
}

/// Counts how often the failure occurred within so many seconds of its first time, including now. A
/// later one starts a new count. Returns 0 early if `least` cannot be reached.
fn count(failure: &FailedTool<'_>, seconds: i64, least: u32) -> u32 {
    let CommandOutcome { fingerprint, family, .. } = failure.outcome;
    let is_same = |event: &&LoggedEvent| {
        failure_of(event).is_some_and(|known| known.fingerprint == *fingerprint)
            && event.agent_id == failure.agent
            // Read reports any missing file with the same text, so the input must match too.
            && (event.tool_name == "Bash" || event.input_digest == failure.digest)
    };
    if failure.before.iter().filter(is_same).count() + 1 < least as usize {
        return 0;
    }
    let succeeded = failure.before.iter().rposition(|event| success_of(event).as_ref() == Some(family));
    let since = succeeded.map_or(0, |at| at + 1);
    let earlier = failure.before[since..].iter().filter(is_same).map(LoggedEvent::epoch);
    let (mut first, mut count) = (0, 0);
    for at in earlier.chain([failure.at]) {
        if count == 0 || at - first > seconds {
            (first, count) = (at, 0);
        }
        count += 1;
    }
    count
}

/// Whether to warn now: at `times` failures, and each time the count doubles.
fn is_told(count: u32, times: u32) -> bool {
    count.is_multiple_of(times) && (count / times).is_power_of_two()
}
