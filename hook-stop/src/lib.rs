//! The hook for Stop. It decides whether the turn may end, explains a refusal, and updates the projections.

mod situation;

use hooks_common::event::Event;
use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;

use gates::{Gates, GatesError, stop, unmarked};
use hooks_common::answer::HostDecision;
use hooks_common::decision::decide;
use hooks_common::runtime::{self, Hook};
use hooks_common::session_log::SessionDir;

pub use situation::{TurnFindings, TurnSituation};

/// The entry point. Claude Code runs it on Stop.
pub fn run() -> ExitCode {
    runtime::run(&[Event::Stop], work)
}

/// What is printed where the check of a turn's end comes to no end itself.
const NOT_ENDED: &str = concat!(
    r#"{"decision":"block","reason":"#,
    r#""The turn was not ended: the check of its requirements took too long, or it failed.\n"#,
    r#"Next: end the turn again; if that does not help, tell the user to run req doctor"}"#,
    "\n"
);

/// The event's order of work. What is decided, and in which order, is [`decide`]'s.
pub fn work(hook: &mut Hook) {
    // A turn end that was blocked once is allowed. A requirement that stays open would otherwise block the session
    // for ever.
    if !hook.payload.stop_hook_active && hook.session.is_some() {
        decide_turn(hook);
    }
    hook.respond();
    hook.record();
    projections::bring_up_to_date(hook);
    hook.stage("hand-off", continuity::turn::end);
    hook.stage("compacting the log", compact_full_log);
}

fn decide_turn(hook: &mut Hook) {
    if !hook.is_skipped() && hook.policy().is_some_and(|policy| policy.is_enabled()) {
        hook.prepare_last_word(NOT_ENDED);
    }
    let gates = Gates::of_project(hook);
    let mut unmarked = BTreeSet::new();
    if let Some(gates) = &gates {
        hook.stage("triggers that were not marked", |hook| {
            unmarked = unmarked::take_in(hook, gates)?;
            Ok::<_, GatesError>(())
        });
    }
    let (decision, findings) = {
        let mut situation = TurnSituation::of_hook(hook, gates, unmarked);
        (decide(&mut situation), TurnFindings::from(situation))
    };
    for error in &decision.failures {
        hook.report(&error.to_string());
    }
    if let Some(problem) = findings.gates.as_ref().and_then(|gates| gates.state.known_problem()) {
        hook.report(&format!("requirements: {problem}"));
    }
    hook.stage("saying why", |hook| {
        if let Some(gates) = &findings.gates {
            stop::tell(hook, gates, &findings.triggered, &decision);
        }
        Ok::<_, GatesError>(())
    });
    for text in findings.texts {
        hook.answer.decide(HostDecision::Refuse(text));
    }
}

/// Compacts a full log, which does not keep tool events. The end of a turn has time for this.
fn compact_full_log(hook: &mut Hook) -> io::Result<()> {
    let Some(dir) = hook.session_dir().filter(SessionDir::is_full) else { return Ok(()) };
    if sessions::compaction::compact(&dir, hook.entered)?.is_some() {
        // All projections remember a position in the log.
        projections::bring_up_to_date(hook);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hooks_common::answer::Answer;

    use super::*;

    /// It has the shape of any turn that is sent back.
    #[test]
    fn the_last_word_sends_the_turn_back() {
        let document: serde_json::Value = serde_json::from_str(NOT_ENDED).unwrap();
        let mut answer = Answer::default();
        answer.decide(HostDecision::Refuse(document["reason"].as_str().unwrap().to_owned()));
        assert_eq!(answer.render(Event::Stop).unwrap() + "\n", NOT_ENDED);
    }
}
