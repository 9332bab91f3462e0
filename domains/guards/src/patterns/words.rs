//! The text of findings.

use config::check::guards::SHORTEST_REASON;
use platform::text::{fact, one_line};

use super::inspect::PatternFinding;

/// How many findings are shown at once.
const MOST: usize = 5;

/// What is wrong, as a clause.
pub fn what(findings: &[PatternFinding<'_>]) -> String {
    let mut told: Vec<String> = findings.iter().take(MOST).map(one).collect();
    if findings.len() > MOST {
        told.push(format!("and {} more, which `req patterns check` lists", findings.len() - MOST));
    }
    told.join("; ")
}

/// What to do instead, as a clause.
pub fn way_out(findings: &[PatternFinding<'_>]) -> String {
    let mut ways: Vec<String> = Vec::new();
    for finding in findings.iter().take(MOST) {
        let fix = clause(&finding.rule.fix);
        if !fix.is_empty() && !ways.contains(&fix) {
            ways.push(fix);
        }
    }
    let id = findings.first().map_or("<rule>", |finding| finding.rule.id.as_str());
    ways.push(format!(
        "where it must stand, say why on its line or the one above: `pattern-ok: {id} <{SHORTEST_REASON} characters or more>`"
    ));
    ways.join("; ")
}

fn one(finding: &PatternFinding<'_>) -> String {
    let place = fact(&format!("{}:{}", finding.file, finding.violation.line));
    let rule = finding.rule;
    let severity = severity(finding);
    let mut text = format!("{place} breaks `{}` ({severity})", rule.id);
    let message = clause(&rule.message);
    if !message.is_empty() {
        text.push_str(&format!(": {message}"));
    }
    if !finding.matched.is_empty() {
        text.push_str(&format!(" ({})", fact(&finding.matched)));
    }
    if finding.violation.is_ill_waived {
        text.push_str(&format!(", and its waiver gives no reason of {SHORTEST_REASON} characters"));
    }
    if let Some(day) = &finding.exempted_until {
        text.push_str(&format!(", and its exemption ended on {day}"));
    }
    text
}

/// The severity of a finding in a word.
pub fn severity(finding: &PatternFinding<'_>) -> &'static str {
    use config::types::guards::PatternSeverity::{Critical, High, Low, Medium};
    match finding.rule.severity {
        Critical => "critical",
        High => "high",
        Medium => "medium",
        Low => "low",
    }
}

/// A sentence of the configuration, as part of another sentence.
fn clause(text: &str) -> String {
    one_line(text.trim().trim_end_matches('.'))
}
