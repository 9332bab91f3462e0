//! Whether a client lives, as far as this machine can tell.

use std::collections::HashMap;

use hooks_common::process::{Liveness, Site};
use hooks_common::session_log::LoggedOwner;

/// How long a verdict counts while the process table cannot be read, in milliseconds.
const REMEMBERED: i64 = 10_000;

/// Who can be asked. Reconciling takes the answer as a fact, so tests may bring their own.
pub trait Oracle {
    /// Whether a client, a process of `site`, runs `now` (milliseconds since 1970).
    fn liveness(&mut self, client: &LoggedOwner, site: &Site, now: i64) -> Liveness;
}

/// The process table of this machine. A verdict is remembered for the moment in which the table cannot be read:
/// one failure must not make a session flicker.
#[derive(Debug, Default)]
pub struct ProcessTable {
    verdicts: HashMap<(u32, String), (Liveness, i64)>,
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
}
