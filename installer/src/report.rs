//! What the doctor and `verify` found, for people and for programs.

use std::cmp::Reverse;
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
    /// Whether our entries are installed where they run.
    Wiring,
    /// The executables themselves.
    Executables,
    /// The configuration cascade.
    Configuration,
    /// The files on disk.
    State,
    /// The environment of the command.
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
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// As it should be, and worth knowing.
    Noted,
    /// Something does less than intended.
    Warning,
    /// Something does not work.
    Critical,
}

impl CheckOutcome {
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

impl From<Severity> for CheckOutcome {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Noted,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Critical,
        }
    }
}

/// One thing that was checked.
#[derive(Debug, Clone)]
pub struct Check {
    /// The kind of check, `<category>.<name>`. Two files with the same fault give two checks of one kind.
    pub id: String,
    /// What it is about.
    pub category: Category,
    /// How it went.
    pub outcome: CheckOutcome,
    /// What was checked, as a person names it: a file, an event, a requirement.
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
            CheckOutcome::Passed => "ok",
            CheckOutcome::Noted => "note",
            CheckOutcome::Warning => "warning",
            CheckOutcome::Critical => "critical",
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
pub struct MeasuredExecutable {
    /// Where it is.
    pub path: PathBuf,
    /// How long it takes to answer, the median in milliseconds.
    pub median_ms: f64,
    /// Whether it is linked dynamically; unknown on systems whose executables are no ELF files.
    pub dynamic: Option<bool>,
}

/// All checks.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// The folder or project that was examined.
    pub subject: PathBuf,
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// The executables that ran.
    pub executables: Vec<MeasuredExecutable>,
}

impl CheckReport {
    /// An empty report on a folder.
    pub fn on(subject: impl Into<PathBuf>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// The part of the report that is about one category.
    pub(crate) fn section(&mut self, category: Category) -> ReportSection<'_> {
        ReportSection { report: self, category }
    }

    /// The worst outcome; an empty report passed.
    pub fn worst(&self) -> CheckOutcome {
        self.checks.iter().map(|check| check.outcome).max().unwrap_or(CheckOutcome::Passed)
    }

    /// The exit code for a script: 1 when something is critical, and with `strict` when there is a warning.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let least = if strict { CheckOutcome::Warning } else { CheckOutcome::Critical };
        u8::from(self.worst() >= least)
    }

    fn count(&self, outcome: CheckOutcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// The report as JSON. Notes count as passed.
    pub fn json(&self, strict: bool) -> Value {
        let (warnings, critical) = (self.count(CheckOutcome::Warning), self.count(CheckOutcome::Critical));
        let status = match self.worst() {
            CheckOutcome::Passed | CheckOutcome::Noted => "ok",
            CheckOutcome::Warning => "warning",
            CheckOutcome::Critical => "critical",
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

    /// The report as text, the worst first; what passed is left out unless it is `verbose`.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        let mut checks: Vec<&Check> = self.checks.iter().collect();
        checks.sort_by_key(|check| Reverse(check.outcome));
        for check in checks {
            if verbose || check.outcome > CheckOutcome::Passed {
                let _ = writeln!(text, "{check}");
            }
        }
        let (warnings, critical) = (self.count(CheckOutcome::Warning), self.count(CheckOutcome::Critical));
        let passed = self.checks.len() - warnings - critical;
        let (passed, warnings) = (counted(passed, "check"), counted(warnings, "warning"));
        let _ = writeln!(text, "{passed} passed, {warnings}, {critical} critical");
        text
    }
}

/// A number with its noun: `1 file`, `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Adds checks of one category.
pub(crate) struct ReportSection<'a> {
    report: &'a mut CheckReport,
    category: Category,
}

impl ReportSection<'_> {
    /// Adds a check; an empty `fix` is none.
    pub(crate) fn add(
        &mut self,
        outcome: CheckOutcome,
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
        self.add(CheckOutcome::Passed, name, subject, message, "");
    }

    pub(crate) fn note(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(CheckOutcome::Noted, name, subject, message, fix);
    }

    pub(crate) fn warn(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(CheckOutcome::Warning, name, subject, message, fix);
    }

    pub(crate) fn fail(&mut self, name: &str, subject: &str, message: impl Into<String>, fix: &str) {
        self.add(CheckOutcome::Critical, name, subject, message, fix);
    }

    /// Adds a finding about the configuration, under its subject's name.
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
    pub(crate) fn measured(&mut self, measured: MeasuredExecutable) {
        self.report.executables.push(measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_status_and_exit_code_belong_together() {
        let mut report = CheckReport::on("/repo");
        report.section(Category::State).pass("lock", "state", "can be locked");
        report.section(Category::State).note("lock", "state", "has no locks", "");
        assert_eq!((report.exit_code(true), report.json(false)["status"].as_str()), (0, Some("ok")));
        report.section(Category::Settings).warn("x", "settings.json", "is odd", "fix it");
        assert_eq!((report.exit_code(false), report.exit_code(true)), (0, 1));
        report.section(Category::Settings).fail("y", "settings.json", "is broken", "");
        let document = report.json(false);
        assert_eq!(document["summary"], json!({"total": 4, "passed": 2, "warnings": 1, "critical": 1}));
        assert_eq!((&document["status"], &document["exit_code"]), (&json!("critical"), &json!(1)));
        let expected = json!({"id": "settings.x", "category": "settings", "status": "warn", "severity": "warning",
            "subject": "settings.json", "message": "is odd", "fix": "fix it"});
        assert_eq!(document["checks"][2], expected);
        let text = report.text(false);
        assert!(!text.contains("ok:") && text.contains("warning: settings.json: is odd; fix it\n"), "{text}");
        let text = report.text(true);
        assert!(text.starts_with("critical: ") && text.contains("ok: state: can be locked\n"), "{text}");
    }
}
