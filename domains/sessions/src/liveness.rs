//! Whether a client runs, as far as this machine can determine.

use std::collections::HashMap;

use hooks_common::owner::LoggedOwner;
use hooks_common::paths::Paths;
use platform::process::{Liveness, Site};
use platform::store;
use serde_json::Value;

/// How long a verdict counts while the process table cannot be read, in milliseconds.
const REMEMBERED: i64 = 10_000;

/// Answers whether a client runs. Reconciling takes the answer as a fact, so tests supply their own.
pub trait Oracle {
    /// Whether a client, a process of `site`, runs `now` (milliseconds since 1970).
    fn liveness(&mut self, client: &LoggedOwner, site: &Site, now: i64) -> Liveness;

    /// What a live client says of itself in this session, and since when in milliseconds since 1970; `None` when it
    /// says nothing.
    fn says(&mut self, _client: &LoggedOwner, _session_id: &str) -> Option<(Says, i64)> {
        None
    }
}

/// What a client says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Nothing goes on.
    Idle,
    /// It works.
    Busy,
}

/// The process table of this machine. A verdict is remembered for the moment in which the table cannot be read:
/// one failure must not make a session flicker.
#[derive(Debug, Default)]
pub struct ProcessTable {
    verdicts: HashMap<(u32, String), (Liveness, i64)>,
    hints: Option<Paths>,
}

impl ProcessTable {
    /// One that also reads what clients say about themselves, below the roots of `paths`.
    pub fn with_hints(paths: &Paths) -> Self {
        Self { verdicts: HashMap::new(), hints: Some(paths.clone()) }
    }
}

impl Oracle for ProcessTable {
    fn liveness(&mut self, client: &LoggedOwner, site: &Site, now: i64) -> Liveness {
        let key = (client.pid, client.start_raw.clone());
        let verdict = client.liveness(site);
        if verdict == Liveness::Unknown {
            let recent = self.verdicts.get(&key).filter(|(_, at)| now - at <= REMEMBERED);
            return recent.map_or(Liveness::Unknown, |(verdict, _)| *verdict);
        }
        self.verdicts.insert(key, (verdict, now));
        verdict
    }

    /// From the file that newer clients keep about themselves. Its session may be an old one after `/clear`.
    fn says(&mut self, client: &LoggedOwner, session_id: &str) -> Option<(Says, i64)> {
        let path = self.hints.as_ref()?.client_session(client.pid);
        let client: Value = serde_json::from_slice(&store::read(&path).ok()??).ok()?;
        let says = match client["status"].as_str()? {
            "idle" => Says::Idle,
            "busy" => Says::Busy,
            _ => return None,
        };
        let since = client["statusUpdatedAt"].as_i64()?;
        (client["sessionId"] == session_id).then_some((says, since))
    }
}
