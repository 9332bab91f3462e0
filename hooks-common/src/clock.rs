//! Whether the clock can be believed about what is old. A machine whose battery is empty, or whose time was mistyped, says
//! for a while that everything is years old; what is removed then is gone when the clock is right again.

use platform::store::{self, Durability};
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use crate::paths::Paths;

/// A step between two looks that may be a leap of the clock, in seconds. A machine that was off for as long waits a day.
const LEAP: i64 = 2 * 86_400;
/// How long nothing is removed after one, in seconds.
const CAUTION: i64 = 86_400;
/// How often the time is written down, in seconds.
const INTERVAL: i64 = 3_600;

/// When the clock was looked at, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct ClockState {
    /// The last time.
    seen: i64,
    /// When it had leapt, or was looked at for the first time.
    leapt: Option<i64>,
}

impl ClockState {
    /// What is known at `now`.
    fn at(known: Option<Self>, now: i64) -> Self {
        match known {
            Some(Self { seen, .. }) if now < seen || now - seen > LEAP => {
                Self { seen: now, leapt: Some(now) }
            }
            Some(Self { seen, leapt }) => {
                let leapt = leapt.filter(|leapt| (*leapt..*leapt + CAUTION).contains(&now));
                Self { seen: if now - seen >= INTERVAL { now } else { seen }, leapt }
            }
            None => Self { seen: now, leapt: Some(now) },
        }
    }
}

/// Whether records may be removed because the clock says that they are old.
pub fn is_trusted(paths: &Paths, now: Moment) -> bool {
    let path = paths.clock();
    let known = store::read(&path).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let state = ClockState::at(known, now.epoch());
    if known != Some(state) {
        let kept = serde_json::to_vec(&state).map_err(std::io::Error::from).and_then(|bytes| {
            store::create_private_dir(paths.stanchion_dir())?;
            store::replace(&path, &bytes, Durability::Rebuildable, 0o600)
        });
        if kept.is_err() {
            return false;
        }
    }
    state.leapt.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_764_590_400;
    const DAY: i64 = 86_400;

    #[test]
    fn nothing_is_old_for_a_day_after_a_leap() {
        let state = |seen: i64, leapt: Option<i64>| ClockState { seen, leapt };
        let steady = Some(state(NOON, None));
        for (known, now, expected) in [
            (None, NOON, state(NOON, Some(NOON))),
            (steady, NOON + 10, state(NOON, None)),
            (steady, NOON + INTERVAL, state(NOON + INTERVAL, None)),
            (steady, NOON + LEAP, state(NOON + LEAP, None)),
            (steady, NOON + LEAP + 1, state(NOON + LEAP + 1, Some(NOON + LEAP + 1))),
            (steady, NOON - 1, state(NOON - 1, Some(NOON - 1))),
            (Some(state(NOON, Some(NOON))), NOON + DAY - 1, state(NOON + DAY - 1, Some(NOON))),
            (Some(state(NOON, Some(NOON))), NOON + DAY, state(NOON + DAY, None)),
            // The clock is right again.
            (Some(state(NOON + 400 * DAY, Some(NOON + 400 * DAY))), NOON, state(NOON, Some(NOON))),
        ] {
            assert_eq!(ClockState::at(known, now), expected, "{known:?} at {now}");
        }
    }

    #[test]
    fn it_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        assert!(!is_trusted(&paths, Moment::now()), "it was never looked at");
        let kept: ClockState =
            serde_json::from_slice(&store::read(&paths.clock()).unwrap().unwrap()).unwrap();
        let then = ClockState { seen: kept.seen - DAY, leapt: Some(kept.seen - DAY) };
        store::replace(&paths.clock(), &serde_json::to_vec(&then).unwrap(), Durability::Rebuildable, 0o600)
            .unwrap();
        assert!(is_trusted(&paths, Moment::now()));
        store::replace(&paths.clock(), b"damaged", Durability::Rebuildable, 0o600).unwrap();
        assert!(!is_trusted(&paths, Moment::now()));
    }
}
