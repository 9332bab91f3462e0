//! What an examination found, in the one shape that people read and programs parse.

use std::fmt::{self, Write};
use std::path::PathBuf;

use config::finding::{Finding, Place, Severity};
use serde::Serialize;
use serde_json::{Value, json};

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Claude Code's settings files.
    Settings,
    /// Whether our entries stand where they run.
    Wiring,
    /// The executables themselves.
    Executables,
    /// The configuration cascade.
    Configuration,
    /// What is kept on disk.
    State,
    /// The process that asks.
    Environment,
}

impl Category {
    fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Wiring => "wiring",
            Self::Executables => "executables",
            Self::Configuration => "configuration",
            Self::State => "state",
            Self::Environment => "environment",
        }
    }
}

/// How a check went, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// As it should be, and worth knowing.
    Noted,
    /// Something does less than its author meant.
    Warning,
    /// Something does not work.
    Critical,
}

impl Outcome {
    /// `pass`, `note`, `warn` or `fail`.
    fn status(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Noted => "note",
            Self::Warning => "warn",
            Self::Critical => "fail",
        }
    }

    /// `info`, `warning` or `critical`.
    fn severity(self) -> &'static str {
        match self {
            Self::Passed | Self::Noted => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl From<Severity> for Outcome {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Noted,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Critical,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Check {
    /// The kind of check, `<category>.<name>`. Two files with the same fault give two checks of one kind.
    pub id: String,
    /// What it is about.
    pub category: Category,
    /// How it went.
    pub outcome: Outcome,
    /// What was looked at, as a person names it: a file, an event, a requirement.
    pub subject: String,
    /// What was found, one sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do.
    pub fix: Option<String>,
}

impl Check {
    fn json(&self) -> Value {
        let mut check = json!({
            "id": self.id, "category": self.category, "status": self.outcome.status(),
            "severity": self.outcome.severity(), "subject": self.subject, "message": self.message, "fix": self.fix,
        });
        if let Some(place) = &self.place {
            check["place"] = json!(place);
        }
        check
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.outcome {
            Outcome::Passed => "ok",
            Outcome::Noted => "note",
            Outcome::Warning => "warning",
            Outcome::Critical => "critical",
        };
        write!(f, "{word}: {}: {}", self.subject, self.message)?;
        if let Some(place) = &self.place {
            write!(f, " ({place}")?;
            if !place.excerpt.is_empty() {
                write!(f, ": `{}`", place.excerpt)?;
            }
            f.write_str(")")?;
        }
        self.fix.as_ref().map_or(Ok(()), |fix| write!(f, "; {fix}"))
    }
}

/// An executable that was run.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Where it is.
    pub path: PathBuf,
    /// How long it takes to answer, the median in milliseconds.
    pub median_ms: f64,
    /// Whether it is linked dynamically; unknown on systems whose executables are no ELF files.
    pub dynamic: Option<bool>,
}

/// All that was looked at.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The folder or project that was examined.
    pub subject: PathBuf,
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// The executables that ran.
    pub executables: Vec<Measured>,
}

impl Report {
    /// An empty report on a folder.
    pub fn on(subject: impl Into<PathBuf>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// The part of the report that is about one category.
    pub(crate) fn section(&mut self, category: Category) -> Section<'_> {
        Section { report: self, category }
    }

    /// The worst outcome; an empty report passed.
    pub fn worst(&self) -> Outcome {
        self.checks.iter().map(|check| check.outcome).max().unwrap_or(Outcome::Passed)
    }

    /// The exit code for a script: 1 when something is critical, and with `strict` when there is a warning.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let least = if strict { Outcome::Warning } else { Outcome::Critical };
        u8::from(self.worst() >= least)
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// The document for programs. Notes count as passed.
    pub fn json(&self, strict: bool) -> Value {
        let (warnings, critical) = (self.count(Outcome::Warning), self.count(Outcome::Critical));
        let status = match self.worst() {
            Outcome::Passed | Outcome::Noted => "ok",
            Outcome::Warning => "warning",
            Outcome::Critical => "critical",
        };
        let checks: Vec<_> = self.checks.iter().map(Check::json).collect();
        json!({
            "status": status, "exit_code": self.exit_code(strict), "subject": self.subject,
            "summary": {
                "total": checks.len(), "passed": checks.len() - warnings - critical,
                "warnings": warnings, "critical": critical,
            },
            "checks": checks, "executables": self.executables,
        })
    }

    /// The text for people, with a line feed after each line; what passed is left out unless it is `verbose`.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for check in &self.checks {
            if verbose || check.outcome > Outcome::Passed {
                let _ = writeln!(text, "{check}");
            }
        }
        let (warnings, critical) = (self.count(Outcome::Warning), self.count(Outcome::Critical));
        let passed = self.checks.len() - warnings - critical;
        let _ = writeln!(text, "{passed} checks passed, {warnings} warnings, {critical} critical");
        text
    }
}

/// Adds checks of one category.
pub(crate) struct Section<'a> {
    report: &'a mut Report,
    category: Category,
}

impl Section<'_> {
    /// Adds a check; an empty `fix` is none.
    pub(crate) fn add(
        &mut self,
        outcome: Outcome,
        name: &str,
        subject: &str,
        message: impl Into<String>,
        fix: &str,
    ) {
        self.report.checks.push(Check {
            id: format!("{}.{name}", self.category.name()),
            category: self.category,
            outcome,
            subject: subject.to_owned(),
            message: message.into(),
            place: None,
            fix: (!fix.is_empty()).then(|| fix.to_owned()),
        });
    }

    pub(crate) fn pass(&mut self, name: &str, subject: &str, message: impl Into<String>) {
        self.add(Outcome::Passed, name, subject, message, "");
    }

    pub(crate) fn note(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(Outcome::Noted, name, subject, message, fix);
    }

    pub(crate) fn warn(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(Outcome::Warning, name, subject, message, fix);
    }

    pub(crate) fn fail(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(Outcome::Critical, name, subject, message, fix);
    }

    /// Adds what a domain found, under its subject's name.
    pub(crate) fn find(&mut self, finding: Finding) {
        self.report.checks.push(Check {
            id: format!("{}.{}", self.category.name(), finding.subject),
            category: self.category,
            outcome: finding.severity.into(),
            subject: finding.subject,
            message: finding.message,
            place: finding.place,
            fix: finding.help,
        });
    }

    /// Adds an executable that ran.
    pub(crate) fn measured(&mut self, measured: Measured) {
        self.report.executables.push(measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_status_and_exit_code_belong_together() {
        let mut report = Report::on("/repo");
        report.section(Category::State).pass("lock", "state", "can be locked");
        report.section(Category::State).note("lock", "state", "knows no locks", "");
        assert_eq!((report.exit_code(true), report.json(false)["status"].as_str()), (0, Some("ok")));
        report.section(Category::Settings).warn("x", "settings.json", "is odd", "mend it");
        assert_eq!((report.exit_code(false), report.exit_code(true)), (0, 1));
        report.section(Category::Settings).fail("y", "settings.json", "is broken", "");
        let document = report.json(false);
        assert_eq!(document["summary"], json!({"total": 4, "passed": 2, "warnings": 1, "critical": 1}));
        assert_eq!((&document["status"], &document["exit_code"]), (&json!("critical"), &json!(1)));
        let expected = json!({"id": "settings.x", "category": "settings", "status": "warn", "severity": "warning",
            "subject": "settings.json", "message": "is odd", "fix": "mend it"});
        assert_eq!(document["checks"][2], expected);
        let text = report.text(false);
        assert!(
            !text.contains("ok:") && text.contains("warning: settings.json: is odd; mend it\n"),
            "{text}"
        );
        assert!(report.text(true).starts_with("ok: state: can be locked\n"));
    }
}
