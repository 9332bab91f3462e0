//! The wired executables, run as Claude Code runs them, in folders that are thrown away.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::settings::Wired;
use crate::elf;
use crate::report::{Category, Measured, Report, Section};
use crate::wiring;

/// How often each executable is started to measure it.
const RUNS: usize = 9;
/// A hook that takes longer than this is told, in milliseconds.
const SLOW_MS: f64 = 50.0;
/// How long one run may take before it is given up.
const LIMIT: Duration = Duration::from_secs(5);
/// The session of the trial runs; it exists in a folder that is thrown away.
const SESSION: &str = "00000000-d0c7-4000-8000-000000000000";

/// Runs each wired executable.
pub fn examine(wired: &[Wired], report: &mut Report) {
    let mut paths: Vec<&PathBuf> = wired.iter().map(|entry| &entry.path).collect();
    paths.sort();
    paths.dedup();
    let mut section = report.section(Category::Executables);
    for path in paths {
        executable(path, &mut section);
    }
}

/// Examines one executable of ours.
fn executable(path: &Path, section: &mut Section<'_>) {
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
            "linked dynamically: each start takes about half a millisecond longer",
            "install the static C library (libc6-dev) and run `cargo setup` again",
        );
    }
    match try_out(path) {
        Ok(median_ms) => {
            let message = format!("answers in {median_ms:.2} ms (median of {RUNS})");
            if median_ms > SLOW_MS {
                let fix = "a hook of ours takes one or two; is the disk or the machine very busy?";
                section.warn("answers", &shown, message, fix);
            } else {
                section.pass("answers", &shown, message);
            }
            section.measured(Measured { path: path.to_owned(), median_ms, dynamic });
        }
        Err(error) => {
            section.fail("answers", &shown, format!("it does not run: {error}"), "run `cargo setup`");
        }
    }
}

/// Runs an executable once for every event it serves, and then often for the first, to measure it: the median
/// in milliseconds.
fn try_out(path: &Path) -> Result<f64, String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let events = wiring::events(&name);
    for event in &events {
        let output = run(path, scratch.path(), &payload(event, scratch.path()), LIMIT)
            .map_err(|error| format!("{event}: {error}"))?;
        if !output.is_empty() && serde_json::from_slice::<Value>(&output).is_err() {
            return Err(format!("{event}: its answer is no JSON"));
        }
    }
    // An executable of ours records the events it was given; anything else only bears the name.
    if !scratch.path().join(".stanchion/sessions").join(SESSION).join("events.jsonl").exists() {
        return Err("it does not do what our executable does".to_owned());
    }
    let first = payload(events.first().copied().unwrap_or_default(), scratch.path());
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        run(path, scratch.path(), &first, LIMIT)?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

/// What an executable prints when it is started as a hook with `scratch` for a home; an error when it fails or
/// does not end within `limit`.
fn run(path: &Path, scratch: &Path, payload: &Value, limit: Duration) -> Result<Vec<u8>, String> {
    let mut child = Command::new(path)
        .current_dir(scratch)
        .env_clear()
        .env("HOME", scratch)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // What does not read its payload is found out by what it leaves behind.
        let _ = stdin.write_all(payload.to_string().as_bytes());
    }
    match finish(&mut child, limit) {
        Ok((status, output)) if status.success() => Ok(output),
        Ok((status, _)) => Err(status.to_string()),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error.to_string())
        }
    }
}

fn finish(child: &mut Child, limit: Duration) -> io::Result<(ExitStatus, Vec<u8>)> {
    let Some(mut stdout) = child.stdout.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.read_to_end(&mut output).map(|_| output);
        // Nobody listens any more when it took too long.
        let _ = sender.send(read);
    });
    let output = receiver
        .recv_timeout(limit)
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("no end within {limit:?}")))??;
    Ok((child.wait()?, output))
}

/// What Claude Code sends for an event, as small as it may be.
fn payload(event: &str, cwd: &Path) -> Value {
    let own = match event {
        "SessionStart" => json!({"source": "resume"}),
        "SessionEnd" => json!({"reason": "other"}),
        "UserPromptSubmit" => json!({"prompt": ""}),
        "PreToolUse" => json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0"}),
        "PostToolUse" => {
            json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0", "tool_response": {}})
        }
        "PostToolUseFailure" => {
            json!({"tool_name": "Read", "tool_input": {}, "tool_use_id": "toolu_0", "error": "", "is_interrupt": false})
        }
        "Stop" => json!({"stop_hook_active": false, "background_tasks": []}),
        _ => json!({}),
    };
    let mut payload = json!({"session_id": SESSION, "transcript_path": cwd.join("transcript.jsonl"), "cwd": cwd,
        "permission_mode": "default", "hook_event_name": event});
    if let (Some(payload), Value::Object(own)) = (payload.as_object_mut(), own) {
        payload.extend(own);
    }
    payload
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use hooks_common::store::{Durability, replace};

    use super::*;
    use crate::wiring::WIRING;

    /// An executable of a name, made of shell lines.
    fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
        let path = folder.join(name);
        replace(&path, format!("#!/bin/sh\n{lines}\n").as_bytes(), Durability::Rebuildable, 0o755).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    // One test: a script that another thread holds open for writing while it forks cannot be started.
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
            ("echo no", "Stop: its answer is no JSON"),
            ("exit 3", "Stop: exit status: 3"),
        ] {
            let bad = script(folder.path(), "hook-stop", lines);
            assert_eq!(try_out(&bad).unwrap_err(), problem);
        }
        let stuck = script(folder.path(), "hook-stop", "exec sleep 60");
        let started = Instant::now();
        let error = run(&stuck, folder.path(), &json!({}), Duration::from_millis(100)).unwrap_err();
        assert!(error.contains("no end within") && started.elapsed() < LIMIT, "{error}");
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
