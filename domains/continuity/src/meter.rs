//! How full a session's context is.
//!
//! The status line's figure counts while it is as young as the transcript; else the transcript is read from its end.
//! An unknown size is unknown, never 0.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use config::types::ContextSettings;
use hooks_common::runtime::Hook;
use hooks_common::session_log::SessionDir;
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use crate::journal::milliseconds;
use crate::transcript;

/// How much older than the transcript the status line's figure may be: both are written at the end of an answer.
const SLACK: Duration = Duration::from_secs(2);
/// The size of the large contexts.
const LARGE: u64 = 1_000_000;

/// A reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// How full, in percent of the window.
    pub percent: f64,
    /// The tokens that are used, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// The window, in tokens, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// Who told.
    pub source: ReadingSource,
}

/// Who told a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingSource {
    /// The host, through its status line.
    StatusLine,
    /// The usage in the transcript.
    Transcript,
    /// The host, when the session was resumed.
    SessionStart,
}

/// Reads the meter for the hook's session.
pub fn of_hook(hook: &Hook, settings: &ContextSettings) -> Option<Reading> {
    let dir = hook.session_dir()?;
    if hook.payload.context_tokens > 0 {
        return Some(of_tokens(
            hook.payload.context_tokens,
            "",
            told_window(&dir),
            settings,
            ReadingSource::SessionStart,
        ));
    }
    let transcript = transcript_of(hook, &dir)?;
    read(&dir, &transcript, settings, hook.entered)
}

/// The transcript of the hook's session: the one it names, else the one that its first event named.
pub fn transcript_of(hook: &Hook, dir: &SessionDir) -> Option<PathBuf> {
    let named = Path::new(&hook.payload.transcript_path);
    if named.is_absolute() {
        return Some(named.to_owned());
    }
    dir.meta()?.transcript_path
}

/// Reads the meter of a session.
pub fn read(dir: &SessionDir, transcript: &Path, settings: &ContextSettings, now: Moment) -> Option<Reading> {
    let written = std::fs::metadata(transcript).and_then(|meta| meta.modified()).ok();
    if let Some(told) = dir.context()
        && let Some(percent) = told.used_percentage
    {
        let at = u64::try_from(milliseconds(&told.recorded_at)).ok().map(Duration::from_millis);
        let at = at.map(|at| SystemTime::UNIX_EPOCH + at);
        let is_current = at.is_some_and(|at| {
            // A clock that was set back must not keep an old figure for ever.
            at <= SystemTime::from(now.wall) + SLACK && written.is_none_or(|written| at + SLACK >= written)
        });
        if is_current {
            return Some(Reading {
                percent,
                tokens: None,
                window: told.context_window_size,
                source: ReadingSource::StatusLine,
            });
        }
    }
    // A transcript that cannot be read tells nothing.
    let usage = transcript::usage(transcript).ok()??;
    Some(of_tokens(usage.tokens, &usage.model, told_window(dir), settings, ReadingSource::Transcript))
}

fn told_window(dir: &SessionDir) -> Option<u64> {
    dir.context()?.context_window_size.filter(|window| *window > 0)
}

fn of_tokens(
    tokens: u64,
    model: &str,
    told: Option<u64>,
    settings: &ContextSettings,
    source: ReadingSource,
) -> Reading {
    // What was told of another model, or long ago, is disproved by more than it holds.
    let told = told.filter(|window| tokens <= *window);
    let window = told.unwrap_or_else(|| window_of(model, tokens, settings));
    #[allow(clippy::cast_precision_loss, reason = "tokens are far below 2^52")]
    let percent = (tokens as f64 / window as f64 * 100.0).min(100.0);
    Reading { percent, tokens: Some(tokens), window: Some(window), source }
}

/// The window of a model: as configured for the longest prefix of its name, else what its name or the usage itself
/// shows, else the default.
fn window_of(model: &str, tokens: u64, settings: &ContextSettings) -> u64 {
    let prefixes = settings.windows.iter().filter(|(prefix, _)| model.starts_with(prefix.as_str()));
    let configured = prefixes.max_by_key(|(prefix, _)| prefix.len()).map(|(_, window)| *window);
    let window = match configured {
        Some(window) => window,
        None if model.contains("[1m]") => LARGE,
        None => settings.window,
    };
    if tokens > window { LARGE.max(tokens) } else { window.max(1) }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_told_configured_named_or_shown() {
        let mut settings = ContextSettings::default();
        settings.windows.insert("claude-x".into(), 500_000);
        settings.windows.insert("claude-x-mini".into(), 100_000);
        for (model, tokens, window) in [
            ("claude-opus", 5, 200_000),
            ("claude-opus[1m]", 5, 1_000_000),
            ("claude-x-2", 5, 500_000),
            ("claude-x-mini-3", 5, 100_000),
            ("claude-opus", 200_001, 1_000_000),
            ("", 2_000_000, 2_000_000),
        ] {
            assert_eq!(window_of(model, tokens, &settings), window, "{model} {tokens}");
        }
        let reading = of_tokens(300_000, "m[1m]", Some(200_000), &settings, ReadingSource::Transcript);
        assert_eq!(reading.window, Some(1_000_000));
        let reading = of_tokens(170_004, "", Some(1_000_000), &settings, ReadingSource::Transcript);
        assert!((reading.percent - 17.0).abs() < 0.01);
    }

    #[test]
    fn the_status_line_counts_while_it_is_young() {
        let home = tempfile::tempdir().unwrap();
        let dir = SessionDir::at(home.path().join("s"));
        std::fs::create_dir(dir.path()).unwrap();
        let transcript = home.path().join("t.jsonl");
        let answer = r#"{"type":"assistant","message":{"model":"m","usage":{"input_tokens":20000}}}"#;
        std::fs::write(&transcript, format!("{answer}\n")).unwrap();
        let percent = |at: SystemTime| {
            let at = platform::time::rfc3339(at.into());
            let told = format!(r#"{{"v":1,"used_percentage":42.0,"recorded_at":"{at}"}}"#);
            std::fs::write(dir.path().join("context.json"), told).unwrap();
            read(&dir, &transcript, &ContextSettings::default(), Moment::now()).map(|reading| reading.percent)
        };
        let now = SystemTime::now();
        assert_eq!(percent(now), Some(42.0));
        assert_eq!(percent(now - Duration::from_secs(60)), Some(10.0));
        assert_eq!(percent(now + Duration::from_secs(3600)), Some(10.0), "a figure of tomorrow");
        std::fs::write(&transcript, "").unwrap();
        assert_eq!(percent(now - Duration::from_secs(60)), None, "unknown is not 0");
    }

    /// Run by hand: `cargo test --release -p continuity -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    #[allow(clippy::print_stdout, reason = "a measurement is printed")]
    fn a_large_transcript_is_read_from_its_end() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("t.jsonl");
        let other = format!("{{\"type\":\"user\",\"message\":{{\"content\":\"{}\"}}}}\n", "x".repeat(20_000));
        let answer = "{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":20000}}}\n";
        let text = other.repeat(10_000) + answer + &other.repeat(48);
        std::fs::write(&path, text).unwrap();
        let mut times: Vec<_> = (0..21)
            .map(|_| {
                let started = std::time::Instant::now();
                assert_eq!(transcript::usage(&path).unwrap().unwrap().tokens, 20_000);
                started.elapsed()
            })
            .collect();
        times.sort();
        println!("200 MB, last usage 960 KB before the end: {:?}", times[10]);
    }
}
