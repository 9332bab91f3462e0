//! Runs all rules over the files that the user names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::Policy;
use config::types::Mode;
use config::types::guards::{GuardSettings, PatternRule, Patterns};
use git::{GitCommand, Repository};
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::path::resolve;
use platform::store::lock;
use platform::time::Moment;
use serde::Serialize;

use super::exemptions::{self, Shown};
use super::graduation::{Step, Terms};
use super::inspect::{Inspector, PatternFinding, graduate, inside, record};
use super::scan::Sheet;
use super::store::{self, WarnedFiles};
use super::words;
use crate::error::GuardsError;
use crate::examined::{ExaminedUse, text_of};
use crate::staged;

/// How long git may take to list the files.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest list that git may print, in bytes.
const MOST_NAMED: usize = 64 * 1024 * 1024;

/// The files to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternsScope {
    /// Files that differ from HEAD, and new ones.
    Changed,
    /// Staged files with their staged content. Violations on unchanged lines only warn.
    Staged,
    /// All files that git does not ignore.
    All,
    /// These files, relative to the given folder.
    Files(PathBuf, Vec<PathBuf>),
}

/// The result of a check.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatternsReport {
    /// How many files were checked.
    pub files_checked: usize,
    /// How many rules were checked.
    pub patterns_checked: usize,
    /// How many findings there are of each severity.
    pub severity_counts: BTreeMap<&'static str, usize>,
    /// How many findings only warn.
    pub warnings: usize,
    /// How many findings are refused.
    pub blocks: usize,
    /// The findings, sorted by file and line.
    pub violations: Vec<PatternViolation>,
    /// The exemptions of the configuration.
    pub exemptions: Vec<Shown>,
    /// Other notes for the user.
    pub notes: Vec<String>,
}

/// One finding of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatternViolation {
    /// The file, relative to the project's root.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule.
    pub id: String,
    /// The severity.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do instead.
    pub fix: String,
    /// The matched text: at most 50 characters, redacted.
    #[serde(rename = "match")]
    pub matched: String,
    /// Whether it is refused; otherwise it only warns.
    pub blocks: bool,
}

/// Checks the files of a project. With `records`, first warnings are stored, and warnings about fixed
/// violations are removed.
///
/// # Errors
/// If the guard is off, a file is outside the project, git fails, or the policy is damaged.
pub fn check(
    project: &Project,
    paths: &Paths,
    policy: &Policy,
    scope: &PatternsScope,
    records: bool,
    now: Moment,
) -> Result<PatternsReport, GuardsError> {
    let Some(placed) = policy.guard::<Patterns>()?.filter(|_| policy.is_enabled()) else {
        return Err(GuardsError::PatternsOff(project.root().to_owned()));
    };
    let settings = placed.settings;
    let rules = policy.guard_rules::<Patterns, PatternRule>(None)?;
    let inspector = Inspector::new(project, paths, &settings, rules, now.wall);
    let mut sought = files(project, paths, policy, scope, now)?;
    let terms = Terms::of(&settings, now.wall, None);
    let mut report =
        PatternsReport { patterns_checked: inspector.rules().count(), ..PatternsReport::default() };
    let wrong = policy.findings()?;
    let wrong = wrong.iter().filter(|finding| finding.subject.starts_with("guards.patterns"));
    report.notes.extend(wrong.map(ToString::to_string));

    let mut findings = Vec::new();
    // Findings on lines that existed before the checked commit.
    let mut earlier = Vec::new();
    let mut looked_at = BTreeSet::new();
    let mut waived: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &mut sought {
        let Some(text) = file.text(project.root()) else {
            if !project.root().join(&file.path).exists() {
                looked_at.insert(file.path.clone());
            }
            continue;
        };
        report.files_checked += 1;
        looked_at.insert(file.path.clone());
        let inspected = inspector.look(&file.path, &Sheet::of(&text))?;
        for id in inspected.waived {
            *waived.entry(id).or_default() += 1;
        }
        for finding in inspected.findings {
            if file.added.as_ref().is_none_or(|added| added.contains(&finding.violation.line)) {
                findings.push(finding);
            } else {
                earlier.push(finding);
            }
        }
    }

    let mut book = None;
    if settings.mode() != Mode::Observe {
        match WarnedFiles::open(project, lock::PATIENT, now.wall) {
            Ok(open) => book = Some(open),
            Err(error) => report.notes.push(format!("earlier warnings cannot be read: {error}")),
        }
    }
    let judged = graduate(book.as_ref(), &terms, findings);
    if let Some(mut book) = book {
        if records {
            let broken: BTreeSet<(&str, &str)> = judged
                .iter()
                .map(|(_, finding)| finding)
                .chain(&earlier)
                .map(|finding| (finding.file.as_str(), finding.rule.id.as_str()))
                .collect();
            for (file, rule) in book.warned() {
                let is_looked_at = looked_at.contains(&file)
                    || (*scope == PatternsScope::All && !project.root().join(&file).exists());
                if is_looked_at && !broken.contains(&(&file, &rule)) {
                    book.forget(&file, &rule);
                }
            }
            record(&mut book, &terms, &judged);
        }
        report.notes.extend(book.close(settings.most, &terms)?);
    }

    let refuses = |step: Step| step == Step::Refuse && settings.mode() == Mode::Enforce;
    let judged = judged.into_iter().map(|(step, finding)| (refuses(step), finding));
    let mut violations: Vec<PatternViolation> =
        judged.chain(earlier.into_iter().map(|finding| (false, finding))).map(shown).collect();
    violations.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    for severity in ["critical", "high", "medium", "low"] {
        let count = violations.iter().filter(|one| one.severity == severity).count();
        report.severity_counts.insert(severity, count);
    }
    report.blocks = violations.iter().filter(|one| one.blocks).count();
    report.warnings = violations.len() - report.blocks;
    report.violations = violations;
    report.exemptions = inspector.exemptions.shown();
    report.notes.extend(notes(&inspector, &waived, *scope == PatternsScope::All));
    Ok(report)
}

fn shown((blocks, finding): (bool, PatternFinding<'_>)) -> PatternViolation {
    PatternViolation {
        line: finding.violation.line,
        id: finding.rule.id.clone(),
        severity: words::severity(&finding),
        message: finding.rule.message.trim().to_owned(),
        fix: finding.rule.fix.trim().to_owned(),
        matched: finding.matched,
        file: finding.file,
        blocks,
    }
}

/// Notes about expired and unused exemptions, and about rules with too many exemptions. Such rules remain
/// active.
fn notes(inspector: &Inspector<'_>, waived: &BTreeMap<&str, usize>, is_whole: bool) -> Vec<String> {
    let mut notes = Vec::new();
    for one in inspector.exemptions.shown() {
        let files = one.files.join(", ");
        if let Some(until) = one.until.filter(|_| one.expired) {
            notes.push(format!("the exemption of {files} ended on {until}: remove it, or fix the files"));
        } else if is_whole && one.used == 0 {
            notes.push(format!("the exemption of {files} matches no violation: remove it"));
        }
    }
    for rule in inspector.rules() {
        let exempted = inspector.exemptions.count(&rule.id);
        let count = exempted + waived.get(rule.id.as_str()).copied().unwrap_or_default();
        if count > exemptions::MOST {
            notes.push(format!(
                "`{}` has {count} exemptions and waivers: rewrite this rule; it stays active until then",
                rule.id
            ));
        }
    }
    notes
}

/// A file to check.
struct Sought {
    /// Its path relative to the project's root.
    path: String,
    /// Its staged text; `None` means the file in the work tree.
    staged: Option<String>,
    /// The new lines; `None` means all lines.
    added: Option<BTreeSet<usize>>,
}

impl Sought {
    /// The text to check; `None` if it is not text, too large, missing, or a symbolic link.
    fn text(&mut self, root: &Path) -> Option<String> {
        if let Some(text) = self.staged.take() {
            return Some(text);
        }
        let path = root.join(&self.path);
        let is_file = std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_file());
        text_of(&path).filter(|_| is_file)
    }
}

fn files(
    project: &Project,
    paths: &Paths,
    policy: &Policy,
    scope: &PatternsScope,
    now: Moment,
) -> Result<Vec<Sought>, GuardsError> {
    let root = project.root();
    let of = |path: String| Sought { path, staged: None, added: None };
    let untracked = ["ls-files", "-z", "-o", "--exclude-standard"];
    let named = match scope {
        PatternsScope::Staged => return staged_files(project, paths, policy, now),
        PatternsScope::Files(folder, files) => {
            files.iter().map(|file| named_file(root, folder, file)).collect::<Result<_, _>>()?
        }
        PatternsScope::All => names(root, &["ls-files", "-z", "-c", "-o", "--exclude-standard"])?,
        PatternsScope::Changed if project.repository().is_some_and(|git| git.head_commit().is_none()) => {
            names(root, &["ls-files", "-z", "-c", "-o", "--exclude-standard"])?
        }
        PatternsScope::Changed => {
            let diff =
                ["diff", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff", "HEAD", "--"];
            let mut names_changed = names(root, &diff)?;
            names_changed.extend(names(root, &untracked)?);
            // A warned file may be fixed and committed, and is then no longer a change. Its warnings must be
            // removed too.
            names_changed.extend(store::known(root).into_keys());
            names_changed
        }
    };
    Ok(named.into_iter().collect::<BTreeSet<_>>().into_iter().map(of).collect())
}

/// The files that `git commit` would include now.
fn staged_files(
    project: &Project,
    paths: &Paths,
    policy: &Policy,
    now: Moment,
) -> Result<Vec<Sought>, GuardsError> {
    let root = project.root();
    let mut payload = Payload { tool_name: "Bash".to_owned(), ..Payload::default() };
    payload.tool_input.command = "git commit".to_owned();
    payload.cwd = root.to_str().ok_or_else(|| GuardsError::NotUtf8(root.to_owned()))?.to_owned();
    let examined = ExaminedUse::new(paths, project, policy, &payload, now);
    let mut sought = Vec::new();
    for file in staged::added(&examined)? {
        let Some(path) = inside(root, &file.top.join(&file.path)) else { continue };
        let blob = || {
            let name = format!(":0:{}", file.path.to_str()?);
            Repository::at(&file.top)?.ask(&["cat-file", "blob", &name])
        };
        let staged = blob().ok_or_else(|| GuardsError::NotStaged(path.clone()))?;
        let added = file.lines.iter().map(|(number, _)| *number).collect();
        sought.push(Sought { path, staged: Some(staged), added: Some(added) });
    }
    Ok(sought)
}

/// A file that the user named, relative to the project's root.
fn named_file(root: &Path, folder: &Path, file: &Path) -> Result<String, GuardsError> {
    let path = resolve(&folder.join(file));
    let Some(path) = inside(root, &path) else {
        return Err(GuardsError::OutsideProject(file.to_owned()));
    };
    if !root.join(&path).is_file() {
        return Err(GuardsError::NotAFile(file.to_owned()));
    }
    Ok(path)
}

/// The names that git prints, relative to the project's root, without those that are not UTF-8.
fn names(root: &Path, arguments: &[&str]) -> Result<Vec<String>, GuardsError> {
    let git = GitCommand::in_folder(root).args(arguments).within(PATIENCE).at_most(MOST_NAMED);
    let output = git.beginning()?;
    let names = output.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect())
}
