//! `stanchion doctor`: what keeps hooks from working here.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context;
use config::Policy;
use health::elf;
use health::entry::{Bins, executable};
use health::record::RecordDir;
use health::settings::{self, is_tracked};
use health::wiring::WIRING;
use hooks_common::env_vars;
use hooks_common::failures;
use hooks_common::finding::{Finding, Severity};
use hooks_common::log::LogLevel;
use hooks_common::paths::{Paths, in_project};
use hooks_common::project::Project;
use hooks_common::store::{self, lock};
use serde_json::{Value, json};

use crate::cli::Doctor;

/// How often each executable is started to measure it.
const RUNS: usize = 9;

/// A hook that takes longer than this is told.
const SLOW_MS: f64 = 50.0;

/// Examines and tells. Exit code 1 when something does not work.
pub fn run(arguments: &Doctor, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let repo = arguments.repo.canonicalize().with_context(|| arguments.repo.display().to_string())?;
    let paths = Paths::from_env();
    let mut report = Report::default();
    examine_settings(&paths, &repo, &mut report);
    examine_configuration(&paths, &repo, &mut report);
    examine_stores(&paths, &repo, &mut report);
    let worst = report.findings.iter().map(|finding| finding.severity).max();
    let status = match worst {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        _ => "ok",
    };
    if arguments.json {
        let document = json!({
            "status": status, "repository": repo, "passed": report.passed, "findings": report.findings,
            "executables": report.measured,
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
    } else {
        for passed in &report.passed {
            writeln!(out, "ok: {passed}")?;
        }
        for finding in &report.findings {
            writeln!(out, "{finding}")?;
        }
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        writeln!(out, "{} checks passed, {warnings} warnings, {errors} errors", report.passed.len())?;
    }
    Ok(if worst == Some(Severity::Error) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[derive(Default)]
struct Report {
    passed: Vec<String>,
    findings: Vec<Finding>,
    measured: Vec<Value>,
}

impl Report {
    fn find(&mut self, severity: Severity, subject: &str, message: impl Into<String>, help: &str) {
        let finding = Finding::new(severity, subject, message);
        self.findings.push(if help.is_empty() { finding } else { finding.help(help) });
    }
}

/// One of our entries, wired.
struct Wired {
    event: &'static str,
    path: PathBuf,
    file: PathBuf,
}

fn examine_settings(paths: &Paths, repo: &Path, report: &mut Report) {
    let files = [paths.user_settings(), in_project::settings(repo), in_project::local_settings(repo)];
    let mut wired: Vec<Wired> = Vec::new();
    for file in &files {
        let shown = file.display().to_string();
        let text = match store::read(file) {
            Ok(None) => continue,
            Ok(Some(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => {
                    report.find(
                        Severity::Error,
                        &shown,
                        "the file is not UTF-8, so none of its hooks run",
                        "",
                    );
                    continue;
                }
            },
            Err(error) => {
                report.find(Severity::Error, &shown, format!("the file cannot be read: {error}"), "");
                continue;
            }
        };
        let body = text.trim_start_matches('\u{feff}');
        if let Err(error) = serde_json::from_str::<Value>(body) {
            report.find(
                Severity::Error,
                &shown,
                format!("not strict JSON, so Claude Code runs none of its hooks: {error}"),
                "mend the file at that place",
            );
        }
        let Ok(value) = settings::value(&text) else { continue };
        let target = store::replace::link_target(file);
        let recorded = RecordDir::of(paths, &target).read().map(|record| record.bin_dir);
        let bins = Bins::new(paths, recorded);
        if value.get("disableAllHooks") == Some(&Value::Bool(true)) {
            report.find(
                Severity::Error,
                &shown,
                "`disableAllHooks` is true: no hook runs at all",
                "remove it",
            );
        }
        if value.get("allowManagedHooksOnly") == Some(&Value::Bool(true)) {
            report.find(
                Severity::Error,
                &shown,
                "`allowManagedHooksOnly` is true: only managed hooks run",
                "",
            );
        }
        for problem in invalid_entries(&value) {
            report.find(
                Severity::Error,
                &shown,
                format!("{problem}: one invalid entry switches off every hook of this file"),
                "mend or remove the entry",
            );
        }
        if value["env"]["CLAUDE_SKIP_REQUIREMENTS"].as_str().is_some_and(|value| !value.is_empty()) {
            report.find(
                Severity::Error,
                &shown,
                "`env.CLAUDE_SKIP_REQUIREMENTS` switches every gate off",
                "remove it",
            );
        }
        examine_groups(&value, &bins, &shown, report);
        wired.extend(entries(&value, &bins, file));
        if *file == files[1] && is_tracked(file) && has_exec_form(&value, &bins) {
            report.find(
                Severity::Warning,
                &shown,
                "git tracks this file and it names executables by a path of this machine",
                "`stanchion install --form shell` writes a form that does nothing where they are missing",
            );
        }
    }
    if env_vars::get_os(env_vars::CLAUDE_SKIP_REQUIREMENTS).is_some() {
        report.find(
            Severity::Warning,
            "environment",
            "CLAUDE_SKIP_REQUIREMENTS is set here; a client started from here has no gates",
            "unset it",
        );
    }
    examine_wiring(&wired, report);
    if wired.iter().any(|entry| entry.file != files[0]) {
        let here = std::env::current_dir().and_then(|dir| dir.canonicalize()).unwrap_or_default();
        let below = here != *repo && here.starts_with(repo);
        let message =
            format!("project hooks load only when Claude Code is launched in {} itself", repo.display());
        let severity = if below { Severity::Warning } else { Severity::Note };
        report.find(
            severity,
            "launch folder",
            message,
            "launched in a folder below they never run; `stanchion install --scope user` covers every folder",
        );
    }
    if let Some(top) =
        Project::of_event(paths, None, repo).repository().map(|repository| repository.top().to_owned())
        && top != *repo
        && in_project::settings(&top).exists()
    {
        report.find(
            Severity::Note,
            "launch folder",
            format!("the repository's own settings are in {}", top.display()),
            "examine that folder too",
        );
    }
}

/// Entries of ours that are wired so that they run seldom or cannot answer, and entries that start one of our
/// executables from a folder we do not know.
fn examine_groups(value: &Value, bins: &Bins, shown: &str, report: &mut Report) {
    for (event, name, _) in WIRING {
        for group in value["hooks"][event].as_array().into_iter().flatten() {
            for hook in group["hooks"].as_array().into_iter().flatten() {
                let Some(path) = executable(hook, &bins.home) else { continue };
                if !bins.owns(event, hook) {
                    if path.file_name().is_some_and(|file| file == name) {
                        let exists = if path.exists() {
                            "which was not installed from here"
                        } else {
                            "which is missing"
                        };
                        report.find(
                            Severity::Warning,
                            shown,
                            format!("{event} starts {}, {exists}", path.display()),
                            "run `stanchion install` with the --bin-dir that is meant",
                        );
                    }
                    continue;
                }
                let matcher = group["matcher"].as_str().unwrap_or_default();
                if !matches!(matcher, "" | "*") {
                    report.find(
                        Severity::Error,
                        shown,
                        format!("our hook for {event} runs only where the matcher {matcher:?} matches"),
                        "run `stanchion install`",
                    );
                }
                if hook.get("if").is_some() {
                    report.find(
                        Severity::Error,
                        shown,
                        format!("our hook for {event} runs only where its `if` holds"),
                        "remove the `if`",
                    );
                }
                if hook.get("async") == Some(&Value::Bool(true))
                    || hook.get("asyncRewake") == Some(&Value::Bool(true))
                {
                    report.find(
                        Severity::Error,
                        shown,
                        format!("our hook for {event} is async: its answer comes too late"),
                        "remove `async`",
                    );
                }
            }
        }
    }
}

fn entries(value: &Value, bins: &Bins, file: &Path) -> Vec<Wired> {
    let mut wired = Vec::new();
    for (event, _, _) in WIRING {
        let groups = value["hooks"][event].as_array().into_iter().flatten();
        for hook in groups.flat_map(|group| group["hooks"].as_array().into_iter().flatten()) {
            if bins.owns(event, hook)
                && let Some(path) = executable(hook, &bins.home)
            {
                wired.push(Wired { event, path, file: file.to_owned() });
            }
        }
    }
    wired
}

fn has_exec_form(value: &Value, bins: &Bins) -> bool {
    WIRING.iter().any(|(event, _, _)| {
        let groups = value["hooks"][event].as_array().into_iter().flatten();
        let mut hooks = groups.flat_map(|group| group["hooks"].as_array().into_iter().flatten());
        hooks.any(|hook| bins.owns(event, hook) && hook.get("args").is_some())
    })
}

/// What the client's schema rejects, by path.
fn invalid_entries(value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(hooks) = value.get("hooks") else { return problems };
    let Some(events) = hooks.as_object() else { return vec!["`hooks` is no object".into()] };
    for (event, groups) in events {
        // A value that is no list is dropped by itself.
        let Some(groups) = groups.as_array() else { continue };
        for (at, group) in groups.iter().enumerate() {
            let place = format!("hooks.{event}[{at}]");
            if group.get("matcher").is_some_and(|matcher| !matcher.is_string()) {
                problems.push(format!("{place}.matcher is no text"));
            }
            let Some(list) = group.get("hooks").and_then(Value::as_array) else {
                problems.push(format!("{place}.hooks is no list"));
                continue;
            };
            for (at, hook) in list.iter().enumerate() {
                let place = format!("{place}.hooks[{at}]");
                match hook.get("type").and_then(Value::as_str) {
                    Some("command") => {
                        if !hook.get("command").is_some_and(Value::is_string) {
                            problems.push(format!("{place}.command is missing"));
                        }
                    }
                    Some("prompt" | "agent" | "http" | "mcp_tool") => {}
                    _ => problems.push(format!("{place}.type is unknown")),
                }
                let timeout = hook.get("timeout");
                if timeout.is_some_and(|timeout| timeout.as_f64().is_none_or(|seconds| seconds <= 0.0)) {
                    problems.push(format!("{place}.timeout is no positive number"));
                }
            }
        }
    }
    problems
}

fn examine_wiring(wired: &[Wired], report: &mut Report) {
    if wired.is_empty() {
        report.find(Severity::Error, "hooks", "none of our hooks is wired here", "run `stanchion install`");
        return;
    }
    for (event, _, _) in WIRING {
        let count = wired.iter().filter(|entry| entry.event == event).count();
        match count {
            0 => report.find(
                Severity::Error,
                event,
                "our hook is not wired for this event",
                "run `stanchion install`",
            ),
            1 => {}
            _ => report.find(
                Severity::Warning,
                event,
                format!("our hook is wired {count} times and runs as often"),
                "uninstall it from one of the scopes",
            ),
        }
    }
    let mut paths: Vec<&PathBuf> = wired.iter().map(|entry| &entry.path).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        examine_executable(path, report);
    }
}

fn examine_executable(path: &Path, report: &mut Report) {
    let shown = path.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o111 == 0 => {
            report.find(Severity::Error, &shown, "the file is not executable", "run `cargo setup`");
            return;
        }
        Ok(_) => {}
        Err(error) => {
            report.find(
                Severity::Error,
                &shown,
                format!("the executable is missing: {error}"),
                "run `cargo setup`",
            );
            return;
        }
    }
    let is_dynamic = elf::is_dynamic(path);
    if is_dynamic == Some(true) {
        report.find(
            Severity::Warning,
            &shown,
            "linked dynamically: each start takes about half a millisecond longer",
            "install the static C library (libc6-dev) and run `cargo setup` again",
        );
    }
    match measure(path, &name) {
        Ok(median) => {
            if median > SLOW_MS {
                report.find(
                    Severity::Warning,
                    &shown,
                    format!("it takes {median:.0} ms to answer"),
                    "a hook of ours takes one or two; is the disk or the machine very busy?",
                );
            }
            report.passed.push(format!("{name} answers in {median:.2} ms (median of {RUNS}), {shown}"));
            report.measured.push(json!({"path": path, "median_ms": median, "dynamic": is_dynamic}));
        }
        Err(error) => {
            report.find(Severity::Error, &shown, format!("it does not run: {error:#}"), "run `cargo setup`");
        }
    }
}

/// Starts a hook as Claude Code would, in folders that are thrown away: nothing of the user's is touched.
fn measure(path: &Path, name: &str) -> anyhow::Result<f64> {
    let scratch = tempfile::tempdir()?;
    let event =
        WIRING.iter().find(|(_, executable, _)| *executable == name).map_or("", |(event, _, _)| *event);
    let payload = json!({"session_id": "00000000-d0c7-4000-8000-000000000000", "cwd": scratch.path(), "hook_event_name": event,
        "tool_name": "Read", "tool_input": {}, "source": "resume", "reason": "other", "prompt": ""}).to_string();
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut child = Command::new(path)
            .current_dir(scratch.path())
            .env_clear()
            .env("HOME", scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // What does not read its payload is found out below.
            let _ = stdin.write_all(payload.as_bytes());
        }
        let output = child.wait_with_output()?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        anyhow::ensure!(output.status.success(), "{}", output.status);
        anyhow::ensure!(
            output.stdout.is_empty() || serde_json::from_slice::<Value>(&output.stdout).is_ok(),
            "its answer is no JSON"
        );
    }
    // An executable of ours records the event that it was given; anything else only bears the name.
    let recorded =
        scratch.path().join(".stanchion/sessions/00000000-d0c7-4000-8000-000000000000/events.jsonl");
    anyhow::ensure!(recorded.exists(), "it does not do what our executable does");
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

fn examine_configuration(paths: &Paths, repo: &Path, report: &mut Report) {
    let project = Project::of_event(paths, None, repo);
    if !project.is_configured() {
        report.find(
            Severity::Note,
            "configuration",
            format!("{} has no requirements", project.root().display()),
            "`req init` writes a first configuration",
        );
        return;
    }
    let policy = Policy::compiled_now(&project, paths);
    let rules = policy.rules().map_or(0, |rules| rules.len());
    report.findings.extend(policy.findings().unwrap_or_default());
    if policy.is_enabled() {
        report.passed.push(format!("{rules} requirements are in force in {}", project.root().display()));
    } else {
        report.find(Severity::Warning, "configuration", "the gates are off (`enabled: false`)", "");
    }
    if policy.logging().level == LogLevel::Debug {
        report.find(Severity::Note, "logging", "the level is debug: every hook writes to the log", "");
    }
}

fn examine_stores(paths: &Paths, repo: &Path, report: &mut Report) {
    let project = Project::of_event(paths, None, repo);
    if project.is_configured() {
        writable(project.state().path(), "requirement state", report);
    }
    writable(paths.stanchion_dir(), "session logs", report);
    writable(paths.claude_dir(), "registry and log", report);
    if let Ok(Some(bytes)) = store::read(&paths.registry())
        && serde_json::from_slice::<Value>(&bytes).is_err()
    {
        report.find(
            Severity::Warning,
            "registry",
            format!("{} is corrupt", paths.registry().display()),
            "the next session makes it again and keeps a copy",
        );
    }
    let failed = failures::pending(paths);
    let told = failures::reported(paths);
    if let Some(last) = failed.last().or(told.last()) {
        let count = failed.len() + told.len();
        report.find(
            Severity::Warning,
            "failures",
            format!(
                "hooks passed over {count} failures; the last, in {} at {}: {}",
                last.hook, last.at, last.message
            ),
            "the log has the rest: `req logging`",
        );
    }
}

/// Tries a lock where we write, and leaves nothing behind.
fn writable(folder: &Path, what: &str, report: &mut Report) {
    let existed = folder.exists();
    let probe = std::fs::create_dir_all(folder).map_err(|error| error.to_string()).and_then(|()| {
        let file = tempfile::Builder::new()
            .prefix(".doctor.")
            .tempfile_in(folder)
            .map_err(|error| error.to_string())?;
        lock::exclusive(file.path(), lock::CHANGE)
            .map(|lock| lock.is_held())
            .map_err(|error| error.to_string())
    });
    if !existed {
        let _ = std::fs::remove_dir(folder);
    }
    match probe {
        Ok(true) => report.passed.push(format!("{what}: {} can be written and locked", folder.display())),
        Ok(false) => report.find(
            Severity::Note,
            what,
            format!("{} knows no locks; writers go on without", folder.display()),
            "",
        ),
        Err(error) => report.find(
            Severity::Error,
            what,
            format!("{} cannot be written: {error}", folder.display()),
            "hooks pass what they cannot record",
        ),
    }
}
