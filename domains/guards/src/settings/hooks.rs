//! Stanchion's entries among the hooks of Claude Code's settings: which exist, and whether they still run.

use std::path::{Path, PathBuf};

use hooks_common::executables::{HOOKS, STATUS_LINE};
use platform::path::expand_tilde;
use platform::text::fact;
use serde_json::{Map, Value};

/// Keys of an entry that affect neither when it runs nor the effect of its answer.
const HARMLESS: [&str; 5] = ["type", "command", "args", "timeout", "statusMessage"];
/// The types of hooks that Claude Code supports.
const TYPES: [&str; 5] = ["command", "prompt", "agent", "http", "mcp_tool"];
/// The timeout that `stanchion install` gives its entries, in seconds.
const OWN_TIMEOUT: f64 = 10.0;
/// The timeout of SessionEnd if its entry has none, in seconds.
const SESSION_END_TIMEOUT: f64 = 1.5;

/// The folders of Stanchion's executables, and the value of `$HOME`.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnExecutables<'a> {
    pub home: &'a Path,
    pub bin: &'a Path,
}

/// A hook in the settings that starts one of Stanchion's executables.
#[derive(Debug)]
struct OwnHook<'v> {
    event: &'v str,
    matcher: Option<&'v Value>,
    hook: &'v Map<String, Value>,
    executable: PathBuf,
}

/// The entries of Stanchion that an edit removes or restricts.
pub(super) fn weakened(before: &Value, after: &Value, own: OwnExecutables<'_>) -> Vec<String> {
    let (old, new) = (entries(before, own), entries(after, own));
    let (mut gone, mut narrowed, mut hurried) = (Vec::new(), Vec::new(), Vec::new());
    let mut keys: Vec<(&str, &str)> = old.iter().map(OwnHook::key).collect();
    keys.dedup();
    for key in keys {
        let was: Vec<&OwnHook<'_>> = old.iter().filter(|entry| entry.key() == key).collect();
        let is_kept =
            |entry: &&OwnHook<'_>| entry.key() == key && was.iter().any(|one| entry.runs_like(one, own));
        let is: Vec<&OwnHook<'_>> = new.iter().filter(is_kept).collect();
        let shown = format!("{} ({})", fact(key.0), key.1);
        if is.is_empty() {
            gone.push(shown);
        } else if !Matched::by(&is).holds(&Matched::by(&was)) {
            narrowed.push(shown);
        } else if longest(&is) < longest(&was).min(most_needed(&was)) {
            hurried.push(shown);
        }
    }
    let told = [
        ("Stanchion would no longer run on", gone),
        ("a matcher would keep Stanchion from part of", narrowed),
        ("Stanchion would have less time on", hurried),
    ];
    told.into_iter()
        .filter(|(_, events)| !events.is_empty())
        .map(|(what, events)| listed(what, &events))
        .collect()
}

pub(super) fn listed(what: &str, events: &[String]) -> String {
    const MOST: usize = 4;
    let shown = events[..events.len().min(MOST)].join(", ");
    match events.len().saturating_sub(MOST) {
        0 => format!("{what} {shown}"),
        more => format!("{what} {shown} and {more} more events"),
    }
}

/// Whether the status line is Stanchion's.
pub(super) fn has_status_line(settings: &Value, own: OwnExecutables<'_>) -> bool {
    let line = settings.get("statusLine").and_then(Value::as_object);
    line.and_then(|line| started(line, own)).is_some_and(|path| path.ends_with(STATUS_LINE))
}

/// The error of an entry, of Stanchion or not, that Claude Code rejects.
pub(super) fn invalid(settings: &Value) -> Option<String> {
    let events = settings.get("hooks")?.as_object()?;
    for (event, groups) in events {
        for group in groups.as_array().into_iter().flatten() {
            if group.get("matcher").is_some_and(|matcher| !matcher.is_string()) {
                return Some(format!("a matcher of {} is not a string", fact(event)));
            }
            for hook in group.get("hooks").and_then(Value::as_array).into_iter().flatten() {
                if let Some(wrong) = invalid_hook(hook) {
                    return Some(format!("a hook of {} {wrong}", fact(event)));
                }
            }
        }
    }
    None
}

fn invalid_hook(hook: &Value) -> Option<&'static str> {
    let kind = hook.get("type").and_then(Value::as_str).unwrap_or_default();
    if !TYPES.contains(&kind) {
        return Some("has an unknown type");
    }
    if kind == "command" && !hook.get("command").is_some_and(Value::is_string) {
        return Some("has no command");
    }
    let timeout = hook.get("timeout")?;
    let is_positive = timeout.as_f64().is_some_and(|seconds| seconds > 0.0);
    (!is_positive).then_some("has a timeout that is not a positive number")
}

fn entries<'v>(settings: &'v Value, own: OwnExecutables<'_>) -> Vec<OwnHook<'v>> {
    let mut entries = Vec::new();
    let Some(events) = settings.get("hooks").and_then(Value::as_object) else { return entries };
    for (event, groups) in events {
        for group in groups.as_array().into_iter().flatten() {
            let hooks = group.get("hooks").and_then(Value::as_array);
            for hook in hooks.into_iter().flatten().filter_map(Value::as_object) {
                let Some(executable) = started(hook, own) else { continue };
                let is_ours = HOOKS.iter().any(|name| executable.ends_with(name));
                if is_ours {
                    entries.push(OwnHook { event, matcher: group.get("matcher"), hook, executable });
                }
            }
        }
    }
    entries
}

/// The executable of Stanchion that a hook starts, in either form.
fn started(hook: &Map<String, Value>, own: OwnExecutables<'_>) -> Option<PathBuf> {
    let command = hook.get("command")?.as_str()?;
    let is_ours = |name: &str| HOOKS.contains(&name) || name == STATUS_LINE;
    if hook.get("type").and_then(Value::as_str) != Some("command") {
        return None;
    }
    if hook.contains_key("args") {
        let path = PathBuf::from(command);
        return path.file_name()?.to_str().is_some_and(is_ours).then_some(path);
    }
    // Most hooks are not Stanchion's and need no parsing.
    if !command.contains("hook-") {
        return None;
    }
    let script = shell::parse(command);
    let ours = script.commands.iter().find(|command| command.program().is_some_and(is_ours))?;
    Some(at_home(&ours.words[0].text, own.home))
}

fn at_home(path: &str, home: &Path) -> PathBuf {
    let below = ["$HOME/", "${HOME}/"].iter().find_map(|root| path.strip_prefix(root));
    below.map_or_else(|| expand_tilde(home, path), |rest| home.join(rest))
}

impl<'v> OwnHook<'v> {
    /// The event and the executable's name.
    fn key(&self) -> (&'v str, &'static str) {
        let name = HOOKS.iter().find(|name| self.executable.ends_with(name));
        (self.event, name.copied().unwrap_or_default())
    }

    /// Whether this hook does at least what `before` did: it runs the same or the installed executable, under
    /// no new condition.
    fn runs_like(&self, before: &OwnHook<'_>, own: OwnExecutables<'_>) -> bool {
        let is_same_text = ["command", "args"].iter().all(|key| self.hook.get(*key) == before.hook.get(*key));
        let is_ours = self.executable == before.executable || self.executable.parent() == Some(own.bin);
        (is_same_text || is_ours && self.is_plain()) && !self.is_restricted(before)
    }

    /// Whether the hook runs only the executable, unconditionally.
    fn is_plain(&self) -> bool {
        if let Some(args) = self.hook.get("args") {
            return args.as_array().is_some_and(Vec::is_empty);
        }
        let command = self.hook.get("command").and_then(Value::as_str).unwrap_or_default();
        if let Some(path) = guarded(command) {
            return !path.contains(['"', '`']);
        }
        let script = shell::parse(command);
        let [.., last] = script.commands.as_slice() else { return false };
        let is_direct = match script.commands.len() {
            1 => true,
            2 => script.commands[0].words.len() == 2 && script.commands[0].program() == Some("exec"),
            _ => false,
        };
        is_direct
            && script.doubt.is_none()
            && last.words.len() == 1
            && last.assignments.is_empty()
            && !command.contains(['&', '|', ';', '<', '>', '(', ')', '{', '}', '!', '\n', '`'])
    }

    /// Whether a key newly restricts when the hook runs, or the effect of its answer.
    fn is_restricted(&self, before: &OwnHook<'_>) -> bool {
        let said = |hook: &Map<String, Value>, key: &str| {
            hook.get(key).filter(|value| !matches!(value, Value::Null | Value::Bool(false))).cloned()
        };
        let keys = self.hook.keys().chain(before.hook.keys()).filter(|key| !HARMLESS.contains(&key.as_str()));
        keys.into_iter().any(|key| {
            let (was, is) = (said(before.hook, key), said(self.hook, key));
            let is_stricter = key == "onFailure" && is.as_ref().is_some_and(|is| is == "block");
            let is_lifted = key == "if" && is.is_none();
            was != is && !is_stricter && !is_lifted
        })
    }
}

/// The executable in a line that does nothing if the executable is missing.
fn guarded(command: &str) -> Option<&str> {
    let rest = command.trim().strip_prefix(r#"if [ -x ""#)?;
    let (path, rest) = rest.split_once(r#"" ]; then exec ""#)?;
    (rest.strip_prefix(path)? == r#""; fi"#).then_some(path)
}

/// The tools that the matchers of one executable's entries cover.
#[derive(Debug)]
enum Matched<'v> {
    All,
    These(Vec<&'v str>),
}

impl<'v> Matched<'v> {
    fn by(entries: &[&OwnHook<'v>]) -> Self {
        let mut these = Vec::new();
        for entry in entries {
            match entry.matcher.map_or(Some(""), Value::as_str) {
                Some("" | "*" | ".*") => return Self::All,
                Some(matcher) => these.extend(alternatives(matcher)),
                None => {}
            }
        }
        Self::These(these)
    }

    fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::These(_), Self::All) => false,
            (Self::These(these), Self::These(others)) => others.iter().all(|other| these.contains(other)),
        }
    }
}

/// The names in a matcher; a regular expression counts as one name.
fn alternatives(matcher: &str) -> Vec<&str> {
    let is_list = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|' | ',' | ' ' | '-');
    if !matcher.chars().all(is_list) {
        return vec![matcher];
    }
    matcher.split(['|', ',']).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// The longest timeout of these entries, in seconds.
fn longest(entries: &[&OwnHook<'_>]) -> f64 {
    let time = |entry: &&OwnHook<'_>| match entry.hook.get("timeout") {
        Some(timeout) => timeout.as_f64().unwrap_or_default(),
        None if entry.event == "SessionEnd" => SESSION_END_TIMEOUT,
        None => f64::INFINITY,
    };
    entries.iter().map(time).fold(0.0, f64::max)
}

/// The timeout that is enough for entries that never had one.
fn most_needed(entries: &[&OwnHook<'_>]) -> f64 {
    let is_said = entries.iter().any(|entry| entry.hook.contains_key("timeout"));
    if is_said { f64::INFINITY } else { OWN_TIMEOUT }
}
