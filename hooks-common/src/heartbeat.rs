//! The file `hud-hook-heartbeat`, which shows that hooks run. Its modification time is the last touch. Its content is
//! the time of its creation, in seconds since 1970.

use std::io;
use std::time::{Duration, SystemTime};

use crate::paths::Paths;
use platform::store::{self, Durability, replace};
use platform::time::Moment;

/// The shortest time between two touches.
const INTERVAL: Duration = Duration::from_secs(10);

/// The state of the heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// The file does not exist: no hook ever ran.
    Missing,
    /// A hook ran this long ago.
    Beat {
        /// Seconds since the last touch; 0 for a time in the future.
        age: u64,
    },
    /// The file exists, but its time cannot be read.
    Unreadable,
}

/// Touches the heartbeat, unless a hook did so within the last ten seconds.
///
/// # Errors
/// When the file can be neither touched nor created.
pub fn touch(paths: &Paths, now: Moment) -> io::Result<()> {
    let path = paths.heartbeat();
    let time = SystemTime::from(now.wall);
    if let Ok(last) = std::fs::metadata(&path).and_then(|meta| meta.modified()) {
        // After the clock was set back, the last touch is in the future. Only one within ten seconds counts as
        // recent.
        if time.duration_since(last).or_else(|_| last.duration_since(time)).is_ok_and(|age| age < INTERVAL) {
            return Ok(());
        }
        // Only the time is set: replacing the file would cost 1.4 ms.
        return store::set_modified(&path, time);
    }
    store::create_private_dir(paths.stanchion_dir())?;
    replace(&path, format!("{}\n", now.epoch()).as_bytes(), Durability::Rebuildable, 0o644)
}

/// Reads the heartbeat.
pub fn read(paths: &Paths, now: Moment) -> Heartbeat {
    match std::fs::metadata(paths.heartbeat()).and_then(|meta| meta.modified()) {
        Ok(last) => {
            let age = SystemTime::from(now.wall).duration_since(last).unwrap_or_default();
            Heartbeat::Beat { age: age.as_secs() }
        }
        Err(error) if store::is_absent(&error) => Heartbeat::Missing,
        Err(_) => Heartbeat::Unreadable,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    #[test]
    fn it_is_touched_every_ten_seconds_and_after_a_clock_was_set_back() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        let at = |seconds: i64| Moment {
            wall: chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap(),
            mono_ns: 0,
        };
        assert_eq!(read(&paths, at(0)), Heartbeat::Missing);
        touch(&paths, Moment::now()).unwrap();
        for (now, expected_age) in [(0, 0), (9, 9), (11, 0), (-3_600, 0)] {
            touch(&paths, at(now)).unwrap();
            assert_eq!(read(&paths, at(now)), Heartbeat::Beat { age: expected_age }, "{now}");
        }
        assert!(std::fs::read_to_string(paths.heartbeat()).unwrap().ends_with('\n'));
    }
}
