//! All tests of the shipped executables, in one binary: one build, one link.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "tests write their own files and talk"
)]

#[path = "runner/advice.rs"]
mod advice;
#[path = "runner/answers.rs"]
mod answers;
#[path = "runner/branches.rs"]
mod branches;
#[path = "runner/budget.rs"]
mod budget;
#[path = "runner/bypasses.rs"]
mod bypasses;
#[path = "runner/checkpoints.rs"]
mod checkpoints;
#[path = "runner/cli.rs"]
mod cli;
#[path = "runner/commands.rs"]
mod commands;
#[path = "runner/commits.rs"]
mod commits;
#[path = "runner/conditions.rs"]
mod conditions;
#[path = "runner/config.rs"]
mod config_files;
#[path = "runner/continuity.rs"]
mod continuity_files;
#[path = "runner/derived_state.rs"]
mod derived_state;
#[path = "runner/doctor.rs"]
mod doctor;
#[path = "runner/durability.rs"]
mod durability;
#[path = "runner/evidence.rs"]
mod evidence;
#[path = "runner/failing_open.rs"]
mod failing_open;
#[path = "runner/faults.rs"]
mod faults;
#[path = "runner/gates.rs"]
mod gates;
#[path = "runner/guard_cases.rs"]
mod guard_cases;
#[path = "runner/guard_table.rs"]
mod guard_table;
#[path = "runner/guards.rs"]
mod guards_at_work;
#[path = "runner/hidden.rs"]
mod hidden;
#[path = "runner/hostile_text.rs"]
mod hostile_text;
#[path = "runner/hud.rs"]
mod hud;
#[path = "runner/inside.rs"]
mod inside;
#[path = "runner/install.rs"]
mod install;
#[path = "runner/limits.rs"]
mod limits;
#[path = "runner/locks.rs"]
mod locks;
#[path = "runner/modes.rs"]
mod modes;
#[path = "runner/one_decision.rs"]
mod one_decision;
#[path = "runner/outcomes.rs"]
mod outcomes;
#[path = "runner/parallel.rs"]
mod parallel;
#[path = "runner/payloads.rs"]
mod payloads;
#[path = "runner/places.rs"]
mod places;
#[path = "runner/pressure.rs"]
mod pressure;
#[path = "runner/real_client.rs"]
mod real_client;
#[path = "runner/real_continuity.rs"]
mod real_continuity;
#[path = "runner/real_guards.rs"]
mod real_guards;
#[path = "runner/real_sessions.rs"]
mod real_sessions;
#[path = "runner/recipes.rs"]
mod recipes;
#[path = "runner/recovery.rs"]
mod recovery;
#[path = "runner/replay.rs"]
mod replay;
#[path = "runner/satisfaction.rs"]
mod satisfaction;
#[path = "runner/seals.rs"]
mod seals;
#[path = "runner/selectors.rs"]
mod selectors;
#[path = "runner/self_protection.rs"]
mod self_protection;
#[path = "runner/session_cases.rs"]
mod session_cases;
#[path = "runner/session_ids.rs"]
mod session_ids;
#[path = "runner/session_upkeep.rs"]
mod session_upkeep;
#[path = "runner/sessions.rs"]
mod sessions;
#[path = "runner/setup.rs"]
mod setup_command;
#[path = "runner/shells.rs"]
mod shells;
#[path = "runner/status_line.rs"]
mod status_line;
#[path = "runner/support.rs"]
mod support;
#[path = "runner/teams.rs"]
mod teams;
#[path = "runner/triggers.rs"]
mod triggers;
#[path = "runner/turn_end.rs"]
mod turn_end;
#[path = "runner/upkeep.rs"]
mod upkeep;
#[path = "runner/validation.rs"]
mod validation;
#[path = "runner/what_waits.rs"]
mod what_waits;

/// A file that is not named above would compile nowhere and test nothing.
#[test]
fn no_test_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner");
    let here = std::fs::read_to_string(folder.with_extension("rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(here.contains(&format!("\"runner/{name}\"")), "{name}");
    }
}
