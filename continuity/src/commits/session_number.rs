//! The number of a session, as its own directory has it.

use hooks_common::session_log::SessionDir;
use hooks_common::store;
use serde_json::Value;

/// The session's number, if it has one already.
pub fn number_of(dir: &SessionDir) -> Option<u64> {
    let bytes = store::read(&dir.path().join("continuity.json")).ok()??;
    serde_json::from_slice::<Value>(&bytes).ok()?.get("number")?.as_u64()
}
