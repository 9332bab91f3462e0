//! Runs all rules over one file and decides over the findings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use config::policy::CompiledRule;
use config::sieve::Sieve;
use config::types::Mode;
use config::types::guards::{PatternRule, Patterns};
use config::{Policy, globs};
use hooks_common::paths::Paths;
use hooks_common::pause::is_paused_by_person;
use hooks_common::project::Project;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::store::lock;
use redact::redact;

use super::exemptions::Exemptions;
use super::graduation::{Step, Terms};
use super::scan::{PatternScanner, RuleMatch, Sheet};
use super::store::WarnedFiles;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;

/// How many characters of a match are shown.
const LONGEST_MATCH: usize = 50;

/// Rules and exemptions of a project.
#[derive(Debug)]
pub struct Inspector<'p> {
    rules: Vec<PatternScanner>,
    sieve: Sieve,
    /// The exemptions.
    pub exemptions: Exemptions,
    root: &'p Path,
    home: &'p Path,
    /// The files in which the rules themselves are defined.
    own: Vec<PathBuf>,
}

/// A violation of a rule in a file.
#[derive(Debug, Clone)]
pub struct PatternFinding<'i> {
    /// The file, relative to the project's root.
    pub file: String,
    /// The location.
    pub violation: RuleMatch,
    /// The matched text: shortened and redacted.
    pub matched: String,
    /// The rule.
    pub rule: &'i PatternRule,
    /// The last day of an expired exemption that covered it.
    pub exempted_until: Option<String>,
}

/// The result of checking one file.
#[derive(Debug, Default)]
pub struct Inspected<'i> {
    /// The violations.
    pub findings: Vec<PatternFinding<'i>>,
    /// The rules that are waived, one entry for each line.
    pub waived: Vec<&'i str>,
}

impl<'p> Inspector<'p> {
    /// Creates the inspector for these rules.
    pub fn new(
        project: &'p Project,
        paths: &'p Paths,
        settings: &Patterns,
        rules: Vec<CompiledRule<PatternRule>>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut sieve = Sieve::default();
        for (at, rule) in rules.iter().enumerate() {
            sieve.add((at as u64, 0), &rule.pattern);
        }
        Self {
            rules: rules.into_iter().map(PatternScanner::of).collect(),
            sieve,
            exemptions: Exemptions::new(settings.exemptions.clone(), now),
            root: project.root(),
            home: paths.home(),
            own: project.config_files().iter().map(|file| file.path.clone()).collect(),
        }
    }

    /// The rules.
    pub fn rules(&self) -> impl Iterator<Item = &PatternRule> {
        self.rules.iter().map(|rule| &rule.rule)
    }

    /// Whether a rule with this id is active.
    pub fn has(&self, id: &str) -> bool {
        self.rules().any(|rule| rule.id == id)
    }

    /// Whether any rule may match in a text, given in ASCII lower case.
    pub fn may_concern(&self, lower: &str) -> bool {
        !self.sieve.hits(lower).is_empty()
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// If a regular expression exceeds its step limit.
    pub fn look(&self, file: &str, sheet: &Sheet<'_>) -> Result<Inspected<'_>, GuardsError> {
        let mut inspected = Inspected::default();
        let path = self.root.join(file);
        if self.own.contains(&path) {
            return Ok(inspected);
        }
        for (at, _) in self.sieve.hits(sheet.lower()) {
            let Some(rule) = usize::try_from(at).ok().and_then(|at| self.rules.get(at)) else { continue };
            let globs = &rule.rule.files;
            if !globs.is_empty() && !globs::matches(globs, &path, self.root, self.home) {
                continue;
            }
            let found = rule.look(sheet)?;
            let id = rule.rule.id.as_str();
            inspected.waived.extend(std::iter::repeat_n(id, found.waived));
            let lines = found.violations.len();
            if lines == 0 || self.exemptions.cover(&path, id, self.root, self.home, lines) {
                continue;
            }
            let over = self.exemptions.expired(&path, id, self.root, self.home);
            inspected.findings.extend(found.violations.into_iter().map(|violation| PatternFinding {
                file: file.to_owned(),
                matched: shown(sheet.line(violation.line), &violation),
                violation,
                rule: &rule.rule,
                exempted_until: over.map(str::to_owned),
            }));
        }
        inspected.findings.sort_by_key(|finding| finding.violation.line);
        Ok(inspected)
    }
}

/// The matched text for display. The whole line is redacted first, because a secret is often recognised by
/// the text before it.
fn shown(line: &str, violation: &RuleMatch) -> String {
    let matched = &line[violation.range.clone()];
    let redacted = redact(line);
    let shown = if redacted.contains(matched) { matched.to_owned() } else { redact(matched).into_owned() };
    shown.trim().chars().take(LONGEST_MATCH).collect()
}

/// Decides over each finding.
pub fn graduate<'i>(
    book: Option<&WarnedFiles>,
    terms: &Terms,
    findings: Vec<PatternFinding<'i>>,
) -> Vec<(Step, PatternFinding<'i>)> {
    let step = |finding: &PatternFinding<'_>| {
        let first = book.and_then(|book| book.first(&finding.file, &finding.rule.id));
        terms.step(finding.rule.severity, first)
    };
    findings.into_iter().map(|finding| (step(&finding), finding)).collect()
}

/// Stores the first warnings.
pub fn record(book: &mut WarnedFiles, terms: &Terms, judged: &[(Step, PatternFinding<'_>)]) {
    let first = judged.iter().filter(|(step, _)| *step == Step::WarnFirst);
    // Several lines of a file may break the same rule.
    for (file, rule) in first.map(|(_, one)| (&one.file, &one.rule.id)).collect::<BTreeSet<_>>() {
        book.record(file, rule, terms.now);
    }
}

/// The rules that may match in a text, given in ASCII lower case, and the named ones.
///
/// # Errors
/// If the policy is damaged.
pub fn rules(
    policy: &Policy,
    lower: &str,
    named: &BTreeSet<String>,
) -> Result<Vec<CompiledRule<PatternRule>>, GuardsError> {
    let read = |lower| policy.guard_rules::<Patterns, PatternRule>(lower);
    let mut rules = read(Some(lower))?;
    let is_there = |rules: &[CompiledRule<PatternRule>], id: &str| rules.iter().any(|one| one.rule.id == id);
    if named.iter().any(|id| !is_there(&rules, id)) {
        let others = read(None)?.into_iter().filter(|one| named.contains(&one.rule.id));
        let others: Vec<_> = others.filter(|one| !is_there(&rules, &one.rule.id)).collect();
        rules.extend(others);
    }
    Ok(rules)
}

/// Opens the stored warnings, locked for the decision; with notes if that fails. `None` if findings are only
/// recorded: then warnings do not count.
pub fn book(examined: &ExaminedUse<'_>, mode: Mode) -> (Option<WarnedFiles>, Vec<String>) {
    if mode == Mode::Observe || is_paused(examined) {
        return (None, Vec::new());
    }
    match WarnedFiles::open(examined.project, lock::CHANGE, examined.now.wall) {
        Ok(book) => (Some(book), Vec::new()),
        Err(error) => (None, vec![format!("warnings of patterns are not kept: {error}")]),
    }
}

/// Whether a person paused the guards in the session.
pub fn is_paused(examined: &ExaminedUse<'_>) -> bool {
    let mark = |session: SessionId| examined.project.state().pause_mark(session.key());
    examined.payload.session().is_some_and(|session| {
        let key = session.key().clone();
        is_paused_by_person(examined.paths, &mark(session), &key)
    })
}

/// The terms for a use of a tool.
pub fn terms(examined: &ExaminedUse<'_>, settings: &Patterns) -> Terms {
    let began = || {
        let meta = SessionDir::new(examined.paths, &examined.payload.session()?).meta()?;
        Some(DateTime::parse_from_rfc3339(&meta.created_at).ok()?.with_timezone(&Utc))
    };
    Terms::of(settings, examined.now.wall, began())
}

/// A file's path relative to the project's root, as rules and people write it.
pub fn inside(root: &Path, file: &Path) -> Option<String> {
    Some(file.strip_prefix(root).ok()?.to_str()?.to_owned()).filter(|path| !path.is_empty())
}
