//! What lets things through, and who may use it: a person in a terminal of their own, never the agent by a command it
//! runs or a file it writes.

use std::io;
use std::path::Path;

use config::types::guards::GuardName;
use hooks_common::paths::{Paths, resolve};
use hooks_common::session_id::SessionKey;
use hooks_common::store;
use hooks_common::text::fact;
use hooks_common::time::Moment;
use serde::{Deserialize, Serialize};

use crate::objection::{Objection, Raised, Verdict};
use crate::seal;
use crate::sight::Sight;

/// The calls of `req` that set guards aside.
const CALLS: [&str; 2] = ["allow-once", "pause"];

/// Who paused a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Somebody who typed it in a terminal of their own. Guards stand aside as well.
    Person,
    /// An agent, or a script; requirement gates stand aside, guards do not.
    #[default]
    Agent,
}

/// What the mark of a paused session holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pause {
    /// When, RFC 3339.
    pub paused_at: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: By,
    /// What shows that a person did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Pause {
    /// A pause by somebody, sealed where it is a person.
    ///
    /// # Errors
    /// When the key of seals can neither be read nor be made.
    pub fn new(paths: &Paths, session: &SessionKey, by: By, reason: &str, now: Moment) -> io::Result<Self> {
        let paused_at = now.rfc3339();
        let seal = match by {
            By::Person => seal::seal(paths, &["pause", session.as_str(), &paused_at])?,
            By::Agent => String::new(),
        };
        Ok(Self { paused_at, reason: reason.to_owned(), by, seal })
    }
}

/// Whether the mark is there and a person made it.
pub fn is_paused_by_person(paths: &Paths, mark: &Path, session: &SessionKey) -> bool {
    let Ok(Some(bytes)) = store::read(mark) else { return false };
    let Ok(pause) = serde_json::from_slice::<Pause>(&bytes) else { return false };
    pause.by == By::Person && seal::holds(paths, &["pause", session.as_str(), &pause.paused_at], &pause.seal)
}

/// An override that the agent tries to give itself: it is refused whatever mode the guards are in.
pub(crate) fn examine(sight: &Sight<'_>) -> Option<Raised> {
    let what = call(sight).or_else(|| written(sight)).or_else(|| key_named(sight))?;
    // Where the guardian of settings is on it is its place, else that of any guard: all of them would be set aside.
    let place_of = |guard| sight.policy.guard_place(guard).ok().flatten();
    let place = sight
        .policy
        .guards()
        .find(|(guard, _)| *guard == GuardName::Settings)
        .or_else(|| sight.policy.guards().next())
        .and_then(|(guard, _)| place_of(guard))?;
    Some(Raised {
        guard: GuardName::Settings,
        verdict: Verdict::Deny,
        objection: Objection::sure(what, "ask the user, who does this in a terminal of their own"),
        message: None,
        place: (place.file, place.line),
    })
}

/// A call of `req` in the command line that sets guards aside.
fn call(sight: &Sight<'_>) -> Option<String> {
    let line = sight.tool_use.command;
    // Nearly no line names one.
    if !sight.is_bash() || !CALLS.iter().any(|call| line.contains(call)) {
        return None;
    }
    let called = |command: &shell::Command| {
        let at = command.words.iter().position(|word| is_req(&word.text))?;
        let is_run =
            at == 0 || !matches!(command.program(), Some("echo" | "printf" | "grep" | "rg" | "git" | "man"));
        let verb = command.words[at + 1..].iter().find(|word| !word.text.starts_with('-'))?;
        (is_run && CALLS.contains(&verb.text.as_str())).then(|| verb.text.clone())
    };
    let script = sight.script();
    let verb = script.commands.iter().find_map(called).or_else(|| {
        let may = script.doubt.is_some() && line.contains("req");
        may.then(|| CALLS.iter().find(|call| line.contains(**call)).map(|call| (*call).to_owned()))?
    })?;
    Some(format!("`req {verb}` sets guards aside, and an agent must not do that itself"))
}

fn is_req(word: &str) -> bool {
    word.rsplit('/').next() == Some("req")
}

/// The key of seals, named by a line, an edit or a read.
fn key_named(sight: &Sight<'_>) -> Option<String> {
    let key = || sight.paths.seal_key();
    let is_named = if sight.is_bash() {
        let line = sight.tool_use.command;
        let names = || line.contains(".stanchion/key") || line.contains(&*key().to_string_lossy());
        line.contains("/key") && names()
    } else {
        let is_key = |file: &&Path| file.file_name().is_some_and(|name| name == "key");
        let file = sight.tool_use.file.as_deref().filter(is_key);
        file.is_some_and(|file| resolve(file) == resolve(&key()))
    };
    is_named.then(|| "this names the key that tells a person's allowances from others".to_owned())
}

/// A file that is written or removed and lets things through.
fn written(sight: &Sight<'_>) -> Option<String> {
    let is_told = |file: &Path| {
        let file = resolve(file);
        let kept = [sight.project.allowed(), sight.project.state().metrics_dir()];
        let is_mark = file.extension().is_some_and(|extension| extension == "paused");
        file.starts_with(resolve(&kept[0])) || (is_mark && file.starts_with(resolve(&kept[1])))
    };
    let names = |text: &str| text.contains("allowed") || text.contains("paused");
    let files = if sight.is_bash() {
        if !names(sight.tool_use.command) {
            return None;
        }
        sight.tool_use.written_files(sight.home()).into_iter().flatten().collect()
    } else if sight.is_edit() {
        // Free of symbolic links, so its name tells.
        sight.file().filter(|file| names(&file.to_string_lossy())).map(Path::to_owned).into_iter().collect()
    } else {
        Vec::new()
    };
    let file = files.iter().find(|file| is_told(file))?;
    Some(format!(
        "{} is where a person's allowances lie, and an agent must not write them",
        fact(&sight.shown(file))
    ))
}
