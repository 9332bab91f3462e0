//! Where an event stands among those of its session.

use serde::{Deserialize, Serialize};

/// The position of an event among those of its session: the boot, the clock at hook entry, and the event's id
/// where two clocks agree. Never the place in the log: hooks of one event run in parallel.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventKey {
    /// Counts the boots that the log has seen.
    pub boot: u32,
    /// Nanoseconds of that boot's monotonic clock.
    pub mono_ns: u64,
    /// The event.
    pub event_id: String,
}

/// Which boot the lines at the end of a log belong to. A boot's events all stand before the next one's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boots {
    /// How many changes there were.
    pub count: u32,
    /// The last one that was named.
    pub current: Option<String>,
}

impl Boots {
    /// The number of the boot that a line belongs to, by the boot that it names.
    pub(crate) fn number(&mut self, boot_id: Option<&str>) -> u32 {
        if let Some(boot) = boot_id
            && self.current.as_deref() != Some(boot)
        {
            self.count += u32::from(self.current.is_some());
            self.current = Some(boot.to_owned());
        }
        self.count
    }
}

impl EventKey {
    /// The same, for comparing.
    pub fn place(&self) -> (u32, u64, &str) {
        (self.boot, self.mono_ns, &self.event_id)
    }
}
