//! The wired executables, run as Claude Code runs them, in temporary folders.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hooks_common::executables::STATUS_LINE;
use serde_json::{Value, json};

use super::settings::WiredEntry;
use super::status_line::FoundStatusLine;
use crate::elf;
use crate::report::{Category, CheckReport, MeasuredExecutable, ReportSection};
use crate::status_line::StatusLine;
use crate::wiring;

/// How often each executable is started to measure it.
const RUNS: usize = 9;
/// A hook that takes longer than this many milliseconds gets a warning.
const SLOW_MS: f64 = 50.0;
/// How long one run may take before it is killed.
const LIMIT: Duration = Duration::from_secs(5);
/// The session of the trial runs; it exists in a temporary folder only.
const SESSION: &str = "00000000-d0c7-4000-8000-000000000000";

/// Runs each wired executable, and the one behind our status line. A chained command is the user's and is not run.
pub fn examine(wired: &[WiredEntry], lines: &[FoundStatusLine], report: &mut CheckReport) {
    let of_line = |found: &FoundStatusLine| match &found.line {
        StatusLine::Ours(ours) => Some(ours.path.clone()),
        _ => None,
    };
    let of_hooks = wired.iter().map(|entry| entry.path.clone());
    let mut paths: Vec<PathBuf> = of_hooks.chain(lines.iter().filter_map(of_line)).collect();
    paths.sort();
    paths.dedup();
    let mut section = report.section(Category::Executables);
    for path in paths {
        executable(&path, &mut section);
    }
}

/// Examines one executable of ours.
fn executable(path: &Path, section: &mut ReportSection<'_>) {
    let shown = path.display().to_string();
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o111 == 0 => {
            section.fail("present", &shown, "the file is not executable", "run `cargo setup`");
            return;
        }
        Ok(_) => {}
        Err(error) => {
            let message = format!("the executable is missing: {error}");
            section.fail("present", &shown, message, "run `cargo setup`");
            return;
        }
    }
    let dynamic = elf::is_dynamic(path);
    if dynamic == Some(true) {
        section.warn(
            "static",
            &shown,
            "linked dynamically: each start takes about 0.5 ms longer",
            "install the static C library (libc6-dev) and run `cargo setup` again",
        );
    }
    match try_out(path) {
        Ok(median_ms) => {
            let message = format!("answers in {median_ms:.2} ms (median of {RUNS})");
            if median_ms > SLOW_MS {
                let fix = "a hook takes 1-2 ms on an idle machine; check the disk and the load";
                section.warn("answers", &shown, message, fix);
            } else {
                section.pass("answers", &shown, message);
            }
            section.measured(MeasuredExecutable { path: path.to_owned(), median_ms, dynamic });
        }
        Err(error) => {
            section.fail("answers", &shown, format!("it does not work: {error}"), "run `cargo setup`");
        }
    }
}

/// Why an executable failed its trial.
#[derive(Debug, thiserror::Error)]
enum TrialError {
    /// It cannot be started, or its output cannot be read.
    #[error(transparent)]
    Run(#[from] io::Error),
    /// It failed.
    #[error("{0}")]
    Failed(ExitStatus),
    /// It does not end.
    #[error("it did not end within {0:?}")]
    TookTooLong(Duration),
    /// Its output is not JSON.
    #[error("its answer is not JSON")]
    NotJson,
    /// It recorded nothing, so it only has our executable's name.
    #[error("it does not do what our executable does")]
    NotOurs,
    /// It failed for this event.
    #[error("{0}: {1}")]
    OfEvent(String, Box<TrialError>),
}

/// Runs an executable for every event that it serves, then measures it with the first event. Returns the median in
/// milliseconds.
fn try_out(path: &Path) -> Result<f64, TrialError> {
    let scratch = tempfile::tempdir()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let first = if name == STATUS_LINE {
        status(scratch.path())
    } else {
        let events = wiring::events(&name);
        serve(path, scratch.path(), &events)?;
        payload(events.first().copied().unwrap_or_default(), scratch.path())
    };
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        run(path, scratch.path(), &first, LIMIT)?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

/// Runs a hook once for every event it serves.
fn serve(path: &Path, scratch: &Path, events: &[&str]) -> Result<(), TrialError> {
    for event in events {
        let of_event = |error| TrialError::OfEvent((*event).to_owned(), Box::new(error));
        let output = run(path, scratch, &payload(event, scratch), LIMIT).map_err(of_event)?;
        if !output.is_empty() && serde_json::from_slice::<Value>(&output).is_err() {
            return Err(of_event(TrialError::NotJson));
        }
    }
    // An exit code proves little: `true` succeeds for every event. Our executables record the events they get.
    let log = scratch.join(".stanchion/sessions").join(SESSION).join("events.jsonl");
    if log.exists() { Ok(()) } else { Err(TrialError::NotOurs) }
}

/// What an executable prints when it is started as a hook whose home folder is `scratch`; an error when it fails or does
/// not end within `limit`.
fn run(path: &Path, scratch: &Path, payload: &Value, limit: Duration) -> Result<Vec<u8>, TrialError> {
    let mut child = Command::new(path)
        .current_dir(scratch)
        .env_clear()
        .env("HOME", scratch)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that closes its stdin early is not ours; `serve` finds that out.
        let _ = stdin.write_all(payload.to_string().as_bytes());
    }
    match finish(&mut child, limit) {
        Ok((status, output)) if status.success() => Ok(output),
        Ok((status, _)) => Err(TrialError::Failed(status)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

fn finish(child: &mut Child, limit: Duration) -> Result<(ExitStatus, Vec<u8>), TrialError> {
    let Some(mut stdout) = child.stdout.take() else {
        return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.read_to_end(&mut output).map(|_| output);
        // After the limit the receiver is gone.
        let _ = sender.send(read);
    });
    let output = receiver.recv_timeout(limit).map_err(|_| TrialError::TookTooLong(limit))??;
    Ok((child.wait()?, output))
}

/// The smallest payload that Claude Code sends for an event.
fn payload(event: &str, cwd: &Path) -> Value {
    let own = match event {
        "SessionStart" => json!({"source": "resume"}),
        "SessionEnd" => json!({"reason": "other"}),
        "UserPromptSubmit" => json!({"prompt": ""}),
        "UserPromptExpansion" => json!({"expansion_type": "slash_command", "command_name": "status",
            "command_args": "", "command_source": "builtin", "prompt": "/status"}),
        "PreToolUse" => json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0"}),
        "PostToolUse" => {
            json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0", "tool_response": {}})
        }
        "PostToolUseFailure" => {
            json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0", "error": "", "is_interrupt": false})
        }
        "PermissionRequest" => json!({"tool_name": "Read", "tool_input": {}}),
        "SubagentStart" => json!({"agent_id": "a0", "agent_type": "Explore"}),
        "SubagentStop" => json!({"agent_id": "a0", "agent_type": "Explore", "stop_hook_active": false,
            "last_assistant_message": "", "background_tasks": [], "session_crons": []}),
        "TaskCreated" | "TaskCompleted" => json!({"task_id": "1", "task_subject": ""}),
        "PostToolBatch" => json!({"tool_calls": []}),
        "PermissionDenied" => {
            json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0", "reason": ""})
        }
        "Notification" => json!({"message": "", "notification_type": "auth_success"}),
        "CwdChanged" => json!({"old_cwd": cwd, "new_cwd": cwd}),
        "DirectoryAdded" => json!({"directory": cwd, "source": "slash_command"}),
        "FileChanged" => json!({"file_path": cwd.join("a"), "event": "change"}),
        "ConfigChange" => json!({"file_path": cwd.join("a"), "source": "user_settings"}),
        "InstructionsLoaded" => {
            json!({"file_path": cwd.join("a"), "memory_type": "Project", "load_reason": "session_start"})
        }
        "Elicitation" => {
            json!({"mcp_server_name": "s", "message": "", "mode": "form", "requested_schema": {}})
        }
        "ElicitationResult" => json!({"mcp_server_name": "s", "mode": "form", "action": "cancel"}),
        "PreModelSwitch" | "PostModelSwitch" => {
            json!({"from_model": "a", "to_model": "b", "source": "command"})
        }
        "Setup" => json!({"trigger": "init"}),
        "StopFailure" => json!({"error": "server_error"}),
        "TeammateIdle" => json!({"teammate_name": "mate", "team_name": "team"}),
        "PreCompact" => json!({"trigger": "manual", "custom_instructions": null}),
        "PostCompact" => json!({"trigger": "manual", "compact_summary": ""}),
        "Stop" => json!({"stop_hook_active": false, "last_assistant_message": "", "background_tasks": [],
            "session_crons": []}),
        _ => json!({}),
    };
    let mut payload = json!({"session_id": SESSION, "transcript_path": cwd.join("transcript.jsonl"), "cwd": cwd,
        "permission_mode": "default", "hook_event_name": event});
    if let (Some(payload), Value::Object(own)) = (payload.as_object_mut(), own) {
        payload.extend(own);
    }
    payload
}

/// What Claude Code sends to a status line: it names no event, and only it contains the size of the context.
fn status(cwd: &Path) -> Value {
    json!({
        "session_id": SESSION, "transcript_path": cwd.join("transcript.jsonl"), "cwd": cwd,
        "model": {"id": "none", "display_name": "None"}, "version": "0",
        "workspace": {"current_dir": cwd, "project_dir": cwd, "added_dirs": []},
        "output_style": {"name": "default"},
        "cost": {"total_cost_usd": 0.5, "total_duration_ms": 1, "total_api_duration_ms": 1,
            "total_lines_added": 0, "total_lines_removed": 0},
        "context_window": {"total_input_tokens": 1, "total_output_tokens": 1, "context_window_size": 100,
            "current_usage": null, "used_percentage": 1, "remaining_percentage": 99},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiring::WIRING;

    /// An executable of a name, made of shell lines. Another process writes it: what a thread of ours holds open
    /// for writing while another forks cannot be started.
    fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
        let path = folder.join(name);
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", r##"printf '#!/bin/sh\n%s\n' "$1" >"$2" && chmod +x "$2""##, "sh", lines])
            .arg(&path);
        assert!(shell.status().unwrap().success());
        path
    }

    #[test]
    fn an_executable_passes_by_what_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let records = format!(
            "cd $HOME; mkdir -p .stanchion/sessions/{SESSION}; cat >.stanchion/sessions/{SESSION}/events.jsonl"
        );
        let good = script(folder.path(), "hook-stop", &records);
        assert!(try_out(&good).unwrap() > 0.0);
        for (lines, problem) in [
            ("true", "it does not do what our executable does"),
            ("echo no", "Stop: its answer is not JSON"),
            ("exit 3", "Stop: exit status: 3"),
        ] {
            let bad = script(folder.path(), "hook-stop", lines);
            assert_eq!(try_out(&bad).unwrap_err().to_string(), problem);
        }
        let line = script(folder.path(), STATUS_LINE, "grep -q context_window && echo 'any text'");
        assert!(try_out(&line).unwrap() > 0.0, "a status line answers in text and records nothing");
        let stuck = script(folder.path(), "hook-stop", "exec sleep 60");
        let started = Instant::now();
        let error =
            run(&stuck, folder.path(), &json!({}), Duration::from_millis(100)).unwrap_err().to_string();
        assert!(error.contains("did not end within") && started.elapsed() < LIMIT, "{error}");
    }

    #[test]
    fn every_event_has_a_payload_of_its_own() {
        for (event, _, _) in WIRING {
            let payload = payload(event, Path::new("/x"));
            assert!(payload.as_object().unwrap().len() > 5, "{event}");
            assert_eq!(payload["hook_event_name"], event);
        }
    }
}
