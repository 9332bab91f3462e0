//! The step from a warning to a refusal, by the time of the first warning.

use chrono::{DateTime, TimeDelta, Utc};
use config::types::guards::{PatternSeverity, Patterns};

/// What happens when a file breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A warning; the stored first warning is kept.
    Warn,
    /// A warning, stored as the first one.
    WarnFirst,
    /// A refusal.
    Refuse,
}

/// The inputs of the decision besides the rule and the first warning.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The current time.
    pub now: DateTime<Utc>,
    /// How long a repeated finding only warns.
    pub grace: TimeDelta,
    /// How long a warning is remembered.
    pub expiry: TimeDelta,
    /// When the current session began: a warning that it received itself does not refuse yet.
    pub session_began: Option<DateTime<Utc>>,
}

impl Terms {
    /// The terms of a guard's configuration.
    pub fn of(settings: &Patterns, now: DateTime<Utc>, session_began: Option<DateTime<Utc>>) -> Self {
        Self {
            now,
            grace: TimeDelta::hours(settings.grace_hours.into()),
            expiry: TimeDelta::days(settings.expire_days.into()),
            session_began,
        }
    }

    /// Decides over a violation of this severity with this first warning.
    pub fn step(&self, severity: PatternSeverity, first: Option<DateTime<Utc>>) -> Step {
        match (severity, first) {
            (PatternSeverity::Critical, _) => Step::Refuse,
            (PatternSeverity::Low, _) => Step::Warn,
            (_, Some(first)) if !self.is_forgotten(first) => {
                let is_own = self.session_began.is_some_and(|began| first >= began);
                if is_own || self.now - first < self.grace { Step::Warn } else { Step::Refuse }
            }
            _ => Step::WarnFirst,
        }
    }

    /// Whether a warning is too old to count. A time in the future is invalid.
    pub fn is_forgotten(&self, first: DateTime<Utc>) -> bool {
        first > self.now || self.now - first > self.expiry
    }
}

#[cfg(test)]
mod tests {
    use PatternSeverity::{Critical, High, Low, Medium};

    use super::*;

    #[test]
    fn a_warning_becomes_a_refusal_after_its_grace() {
        let now: DateTime<Utc> = "2027-01-31T12:00:00Z".parse().unwrap();
        let terms = Terms::of(&Patterns::default(), now, None);
        let after = |minutes: i64| Some(now - TimeDelta::minutes(minutes));
        const HOUR: i64 = 60;
        const DAY: i64 = 24 * HOUR;
        for (severity, first, expected) in [
            (Critical, None, Step::Refuse),
            (Critical, after(1), Step::Refuse),
            (High, None, Step::WarnFirst),
            (High, after(0), Step::Warn),
            (High, after(4 * HOUR - 1), Step::Warn),
            (High, after(4 * HOUR), Step::Refuse),
            (Medium, after(5 * HOUR), Step::Refuse),
            (Medium, after(30 * DAY), Step::Refuse),
            (Medium, after(30 * DAY + 1), Step::WarnFirst),
            (Medium, after(-1), Step::WarnFirst),
            (Low, None, Step::Warn),
            (Low, after(5 * HOUR), Step::Warn),
        ] {
            assert_eq!(terms.step(severity, first), expected, "{severity:?} {first:?}");
        }
        let session = Terms { session_began: after(6 * HOUR), ..terms };
        assert_eq!(session.step(High, after(5 * HOUR)), Step::Warn, "the session's own warning");
        assert_eq!(session.step(High, after(7 * HOUR)), Step::Refuse);
    }

    #[test]
    fn no_number_of_a_configuration_overflows() {
        let settings = Patterns { grace_hours: u32::MAX, expire_days: u32::MAX, ..Patterns::default() };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let terms = Terms::of(&settings, now, None);
        assert_eq!(terms.step(High, Some(now - TimeDelta::days(9))), Step::Warn);
    }
}
