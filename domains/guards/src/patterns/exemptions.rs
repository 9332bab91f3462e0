//! Exemptions in the configuration: files, rules, a reason, and an optional last day.

use std::cell::Cell;
use std::path::Path;

use chrono::{DateTime, Utc};
use config::globs;
use config::types::guards::Exemption;
use serde::Serialize;

/// The number of exemptions from which on a rule itself is questionable.
pub const MOST: usize = 25;

/// The exemptions of a guard, and how often each was used.
#[derive(Debug)]
pub struct Exemptions(Vec<Exempted>);

#[derive(Debug)]
struct Exempted {
    exemption: Exemption,
    is_expired: bool,
    used: Cell<usize>,
}

/// An exemption in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The files.
    pub files: Vec<String>,
    /// The rules; empty means all.
    pub rules: Vec<String>,
    /// The reason.
    pub reason: String,
    /// The last day on which it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether that day has passed.
    pub expired: bool,
    /// How many lines it exempted in this run.
    pub used: usize,
}

impl Exemptions {
    /// The configured exemptions; days are UTC.
    pub fn new(exemptions: Vec<Exemption>, now: DateTime<Utc>) -> Self {
        let today = now.format("%Y-%m-%d").to_string();
        let exempted = |exemption: Exemption| {
            let is_expired = exemption.until.as_ref().is_some_and(|until| *until < today);
            Exempted { exemption, is_expired, used: Cell::new(0) }
        };
        Self(exemptions.into_iter().map(exempted).collect())
    }

    /// Whether a file may break a rule. Expired exemptions are ignored.
    pub fn cover(&self, file: &Path, rule: &str, root: &Path, home: &Path, lines: usize) -> bool {
        let covering = self.0.iter().find(|one| !one.is_expired && one.names(file, rule, root, home));
        covering.inspect(|one| one.used.set(one.used.get() + lines)).is_some()
    }

    /// The last day of the expired exemption that covers a file, if there is one.
    pub fn expired(&self, file: &Path, rule: &str, root: &Path, home: &Path) -> Option<&str> {
        let over = self.0.iter().find(|one| one.is_expired && one.names(file, rule, root, home))?;
        over.exemption.until.as_deref()
    }

    /// All exemptions, for a report.
    pub fn shown(&self) -> Vec<Shown> {
        let show = |one: &Exempted| Shown {
            files: one.exemption.files.0.clone(),
            rules: one.exemption.rules.0.clone(),
            reason: one.exemption.reason.clone(),
            until: one.exemption.until.clone(),
            expired: one.is_expired,
            used: one.used.get(),
        };
        self.0.iter().map(show).collect()
    }

    /// How many globs exempt files from a rule.
    pub fn count(&self, rule: &str) -> usize {
        let of = |one: &&Exempted| one.exemption.rules.iter().any(|id| id == rule);
        self.0.iter().filter(of).map(|one| one.exemption.files.0.len()).sum()
    }
}

impl Exempted {
    fn names(&self, file: &Path, rule: &str, root: &Path, home: &Path) -> bool {
        let rules = &self.exemption.rules;
        (rules.is_empty() || rules.iter().any(|id| id == rule))
            && globs::matches(&self.exemption.files, file, root, home)
    }
}

#[cfg(test)]
mod tests {
    use config::types::Names;

    use super::*;

    #[test]
    fn an_exemption_holds_to_the_end_of_its_last_day() {
        let (root, home) = (Path::new("/nowhere/p"), Path::new("/nowhere/h"));
        let exemption = Exemption {
            files: Names::of(&["src/*.js"]),
            rules: Names::of(&["a"]),
            reason: "generated code".to_owned(),
            until: Some("2027-01-31".to_owned()),
        };
        let on = |day: &str| {
            let now = format!("{day}T23:59:59Z").parse().unwrap();
            Exemptions::new(vec![exemption.clone()], now)
        };
        let covers = |day: &str, file: &str, rule: &str| on(day).cover(&root.join(file), rule, root, home, 1);
        assert!(covers("2027-01-31", "src/x.js", "a"));
        assert!(!covers("2027-02-01", "src/x.js", "a") && !covers("2027-01-31", "src/x.js", "b"));
        assert!(!covers("2027-01-31", "src/deep/x.js", "a") && !covers("2027-01-31", "x.js", "a"));
        let over = on("2027-02-01");
        assert_eq!(over.expired(&root.join("src/x.js"), "a", root, home), Some("2027-01-31"));
        assert!(over.shown()[0].expired && over.shown()[0].used == 0);
        let used = on("2027-01-31");
        used.cover(&root.join("src/x.js"), "a", root, home, 3);
        assert_eq!((used.shown()[0].used, used.count("a"), used.count("b")), (3, 1, 0));
    }
}
