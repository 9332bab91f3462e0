//! Settings of sessions' records.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

/// The default number of days that an ended session is kept.
const DAYS: NonZeroU16 = NonZeroU16::new(14).unwrap();

/// What happens to sessions' records. They are shared by all projects, so this counts in the global file alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Sessions {
    /// Days after which the record of an ended session is removed; sessions whose client lives always stay.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub retention_days: NonZeroU16,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { retention_days: DAYS }
    }
}
