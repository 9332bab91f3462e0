//! Guard `destructive`.

use config::types::guards::Destructive;

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
pub fn examine(_settings: &Destructive, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}

pub mod line;
