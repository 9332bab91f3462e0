//! What a context that fills up does: it is told, it asks for a checkpoint, and tools that grow the work are refused
//! until there is one.
//!
//! `pressure.json` in a session's directory exists only while the context is fuller than the first threshold, so that
//! a tool in any other session finds nothing to read. How often tools were refused is the length of another file,
//! which only grows: a refusal appends a byte.

use std::io::{self, Write};

use config::types::ContextSettings;
use hooks_common::session_log::SessionDir;
use platform::store::{self, Durability};
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use crate::meter::Reading;

/// In a session's directory: present while its context is nearly full.
pub const PRESSURE: &str = "pressure.json";
/// In a session's directory: as many bytes as tools were refused for that.
pub const REFUSALS: &str = "pressure.refused";
/// How far below a threshold its band ends, in points: a figure that wavers is told once.
const HYSTERESIS: f64 = 3.0;
/// How many points more are told again.
const STEP: f64 = 5.0;
/// After how many prompts it is told again.
const PROMPTS: u32 = 10;

/// How full is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// There is room.
    #[default]
    Calm,
    /// It is told.
    Warn,
    /// A checkpoint is asked for.
    Force,
    /// A checkpoint is written without asking.
    Critical,
}

impl Band {
    /// The band of a figure, for a session that was in another.
    fn of(percent: f64, before: Self, settings: &ContextSettings) -> Self {
        let thresholds = [
            (Self::Critical, settings.critical_percent),
            (Self::Force, settings.force_percent),
            (Self::Warn, settings.warn_percent),
        ];
        for (band, from) in thresholds {
            let from = if before >= band { f64::from(from) - HYSTERESIS } else { f64::from(from) };
            if percent >= from {
                return band;
            }
        }
        Self::Calm
    }
}

/// `pressure.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pressure {
    /// The format version, 1.
    pub v: u32,
    /// How full, in percent.
    pub percent: f64,
    /// The band.
    pub band: Band,
    /// Since when it is in this band or a higher one, RFC 3339.
    pub since: String,
    /// The figure that the model was told last; `None` while it was told nothing of this band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<f64>,
    /// Prompts since then.
    pub prompts_since: u32,
    /// Whether the end of a turn was held up for it.
    pub has_held_stop: bool,
    /// Whether a checkpoint was written without asking.
    pub has_emergency: bool,
    /// What ended the refusals: `checkpoint` or `skip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
}

impl Pressure {
    /// Whether a checkpoint is asked for and there is none.
    pub fn is_demanding(&self) -> bool {
        self.band >= Band::Force && self.released.is_none()
    }

    /// Nothing is refused any more, for a reason: `checkpoint` or `skip`.
    pub fn release(&mut self, reason: &str) {
        self.released = Some(reason.to_owned());
    }

    /// Whether the model should be told at a prompt; counts the prompt.
    pub fn is_to_be_told(&mut self) -> bool {
        self.prompts_since += 1;
        let is_due = match self.told {
            None => true,
            Some(told) => self.percent >= told + STEP || self.prompts_since >= PROMPTS,
        };
        if is_due {
            (self.told, self.prompts_since) = (Some(self.percent), 0);
        }
        is_due
    }
}

/// The pressure on a session; `None` while there is room, or the size is unknown.
pub fn read(dir: &SessionDir) -> Option<Pressure> {
    serde_json::from_slice(&store::read(&dir.file(PRESSURE)).ok()??).ok()
}

/// Writes it down.
///
/// # Errors
/// When the file cannot be written.
pub fn write(dir: &SessionDir, pressure: &Pressure) -> io::Result<()> {
    store::replace(&dir.file(PRESSURE), &serde_json::to_vec(pressure)?, Durability::Rebuildable, 0o600)
}

/// There is room again: after a compaction, or because nothing else is known.
///
/// # Errors
/// When a file cannot be removed.
pub fn clear(dir: &SessionDir) -> io::Result<()> {
    store::remove(&dir.file(REFUSALS))?;
    store::remove(&dir.file(PRESSURE)).map(drop)
}

/// What a reading makes of the pressure before; the caller writes it. `None` when there is room.
pub fn follow(
    before: Option<Pressure>,
    reading: &Reading,
    settings: &ContextSettings,
    now: Moment,
) -> Option<Pressure> {
    let mut pressure = before.unwrap_or_default();
    let band = Band::of(reading.percent, pressure.band, settings);
    if band == Band::Calm {
        return None;
    }
    if band > pressure.band {
        pressure.told = None;
        if pressure.band < Band::Force {
            pressure.since = now.rfc3339();
        }
    } else if band < Band::Force && pressure.band >= Band::Force {
        // Whoever comes back here needs a checkpoint of that time.
        (pressure.released, pressure.has_held_stop, pressure.has_emergency) = (None, false, false);
    }
    (pressure.v, pressure.percent, pressure.band) = (1, reading.percent, band);
    Some(pressure)
}

/// A checkpoint was verified, or the user does without one: tools are no longer refused. Whether any were to be.
///
/// # Errors
/// When the file cannot be written.
pub fn release(dir: &SessionDir, reason: &str) -> io::Result<bool> {
    let Some(mut pressure) = read(dir).filter(Pressure::is_demanding) else { return Ok(false) };
    pressure.release(reason);
    write(dir, &pressure)?;
    forget_refusals(dir)?;
    Ok(true)
}

/// Tools may be refused as often again.
///
/// # Errors
/// When the file cannot be removed.
pub fn forget_refusals(dir: &SessionDir) -> io::Result<()> {
    store::remove(&dir.file(REFUSALS)).map(drop)
}

/// How often tools were refused.
pub fn refusals(dir: &SessionDir) -> u64 {
    std::fs::metadata(dir.file(REFUSALS)).map_or(0, |meta| meta.len())
}

/// Counts a refusal.
///
/// # Errors
/// When the file cannot be written: then nothing may be refused, because it would never end.
pub fn count_refusal(dir: &SessionDir) -> io::Result<()> {
    store::open_append(&dir.file(REFUSALS))?.0.write_all(b".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::ReadingSource;

    fn after(figures: &[f64]) -> Option<Pressure> {
        figures.iter().fold(None, |before, percent| {
            let reading =
                Reading { percent: *percent, tokens: None, window: None, source: ReadingSource::Transcript };
            let mut now = follow(before, &reading, &ContextSettings::default(), Moment::now())?;
            now.is_to_be_told();
            Some(now)
        })
    }

    fn told(figures: &[f64]) -> Vec<bool> {
        let mut pressure = None;
        let mut told = Vec::new();
        for percent in figures {
            let reading =
                Reading { percent: *percent, tokens: None, window: None, source: ReadingSource::Transcript };
            pressure = follow(pressure, &reading, &ContextSettings::default(), Moment::now());
            told.push(pressure.as_mut().is_some_and(Pressure::is_to_be_told));
        }
        told
    }

    #[test]
    fn a_figure_is_told_once_a_band_and_once_a_step() {
        assert_eq!(told(&[84.9, 85.0, 86.0, 84.0, 86.0]), [false, true, false, false, false]);
        assert_eq!(
            told(&[85.0, 89.9, 90.0, 92.0, 95.0, 99.9, 100.0]),
            [true, false, true, false, true, false, true]
        );
        assert_eq!(told(&[85.0, 81.9, 85.0]), [true, false, true], "it fell far enough to be news");
        let long = told(&[86.0; 23]);
        assert_eq!(long.iter().filter(|told| **told).count(), 3, "{long:?}");
    }

    #[test]
    fn bands_end_three_points_below_their_beginning() {
        let band = |figures: &[f64]| after(figures).map_or(Band::Calm, |pressure| pressure.band);
        assert_eq!(band(&[95.0, 92.0]), Band::Critical);
        assert_eq!(band(&[95.0, 91.9]), Band::Force);
        assert_eq!(band(&[95.0, 86.0]), Band::Warn);
        assert_eq!(band(&[90.0, 87.0]), Band::Force);
        assert_eq!(band(&[90.0, 81.0]), Band::Calm);
    }

    #[test]
    fn a_release_holds_until_the_context_was_emptier() {
        let mut pressure = after(&[90.0]).unwrap();
        assert!(pressure.is_demanding());
        pressure.released = Some("checkpoint".into());
        let reading =
            |percent| Reading { percent, tokens: None, window: None, source: ReadingSource::Transcript };
        let settings = ContextSettings::default();
        let same = follow(Some(pressure.clone()), &reading(96.0), &settings, Moment::now()).unwrap();
        assert!(!same.is_demanding());
        let lower = follow(Some(pressure), &reading(86.0), &settings, Moment::now());
        let again = follow(lower, &reading(91.0), &settings, Moment::now()).unwrap();
        assert!(again.is_demanding());
    }
}
