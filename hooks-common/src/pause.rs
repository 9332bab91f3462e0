//! The mark of a paused session, and who made it.

use std::io;
use std::path::Path;

use platform::store;
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use crate::decision::PausedBy;
use crate::paths::Paths;
use crate::session_id::SessionKey;
use crate::{ended, seal};

/// The content of the mark of a paused session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pause {
    /// When, RFC 3339.
    pub paused_at: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: PausedBy,
    /// The seal that shows that a person did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Pause {
    /// A pause, sealed where a person makes it.
    ///
    /// # Errors
    /// When the key of seals can be neither read nor made.
    pub fn new(
        paths: &Paths,
        session: &SessionKey,
        by: PausedBy,
        reason: &str,
        now: Moment,
    ) -> io::Result<Self> {
        let paused_at = now.rfc3339();
        let seal = match by {
            PausedBy::Person => seal::seal(paths, &["pause", session.as_str(), &paused_at])?,
            PausedBy::Agent => String::new(),
        };
        Ok(Self { paused_at, reason: reason.to_owned(), by, seal })
    }
}

/// Whether the mark exists and a person made it: then it bears a seal that counts.
pub fn is_paused_by_person(paths: &Paths, mark: &Path, session: &SessionKey) -> bool {
    let Ok(Some(bytes)) = store::read(mark) else { return false };
    let Ok(pause) = serde_json::from_slice::<Pause>(&bytes) else { return false };
    pause.by == PausedBy::Person
        && seal::holds(paths, &["pause", session.as_str(), &pause.paused_at], &pause.seal)
        && !ended::is_ended(paths, &pause.seal)
        && !ended::is_pause_ended(paths, session.as_str(), &pause.paused_at)
}
