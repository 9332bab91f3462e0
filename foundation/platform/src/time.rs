//! Clocks. Wall-clock time is for people and for formats that require it. The monotonic clock orders events.

use chrono::{DateTime, SecondsFormat, Utc};

/// One reading of both clocks, taken at hook entry.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall-clock time, UTC.
    pub wall: DateTime<Utc>,
    /// Nanoseconds of the monotonic clock since boot.
    pub mono_ns: u64,
}

impl Moment {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self { wall: Utc::now(), mono_ns: crate::sys::monotonic_ns() }
    }

    /// Whole seconds since 1970, the unit of the registry and of requirement state.
    pub fn epoch(&self) -> i64 {
        self.wall.timestamp()
    }

    /// The wall-clock time in RFC 3339, UTC, with exactly three fractional digits and `Z`.
    // The fraction is always written: some readers of these files drop the whole file if one timestamp has none.
    pub fn rfc3339(&self) -> String {
        rfc3339(self.wall)
    }
}

/// Any time in the format of [`Moment::rfc3339`].
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An age for people: `45s`, `12m`, `3h`, `9d`. A negative age (the clock was set back) gives `0s`.
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s if s < 60 => format!("{s}s"),
        s if s < 3_600 => format!("{}m", s / 60),
        s if s < 172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_always_carry_three_digits() {
        let whole = DateTime::from_timestamp(1_795_226_231, 0).unwrap();
        assert_eq!(rfc3339(whole), "2026-11-21T01:57:11.000Z");
    }

    #[test]
    fn ages_read_in_one_unit() {
        let shown: Vec<_> = [-5, 59, 60, 7_200, 200_000].map(age).to_vec();
        assert_eq!(shown, ["0s", "59s", "1m", "2h", "2d"]);
    }
}
