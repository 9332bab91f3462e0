//! Guard `large_read`.

use config::types::guards::LargeRead;

use crate::objection::Objection;
use crate::sight::Sight;

/// Whether the guard has anything to look at: a cheap look, before its settings are read.
pub fn concerns(_sight: &Sight<'_>) -> bool {
    false
}

/// What the guard finds.
///
/// # Errors
/// When it cannot look.
pub fn examine(_settings: &LargeRead, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}
