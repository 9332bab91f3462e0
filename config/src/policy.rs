//! The configuration, compiled: one file a work tree, from which a hook reads the part it needs.
//!
//! The file is one JSON document whose first line is a header: the identity of the sources it was made from,
//! and for every tool the byte range of the gates that tool has to pass. A hook compares the identities, reads
//! its tool's range, and is done; only a stale policy takes it to the YAML. Messages lie elsewhere in the
//! file and are read when something is refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use hooks_common::finding::{Finding, Place};
use hooks_common::log::LogLevel;
use hooks_common::paths::{Paths, expand};
use hooks_common::project::{FileIdentity, Project};
use hooks_common::requirements::Scope;
use hooks_common::session_id::short_hash;
use hooks_common::store::{self, Durability};
use hooks_common::time::Moment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cascade;
use crate::pattern::Pattern;
use crate::types::{Destination, Hooks, Kind, Requirement};

/// The version of the file's shape.
const FORMAT: u32 = 1;
/// How much is read at once; a policy of ordinary size fits.
const CHUNK: usize = 16 * 1024;
/// A source changed this shortly before compiling may change again within one tick of its clock, unseen.
const TICK_NS: i128 = 20_000_000;

/// A compiled policy, read in parts.
#[derive(Debug)]
pub struct Policy {
    header: Header,
    /// The beginning of the file, or all of it.
    head: Vec<u8>,
    file: Option<File>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    program: String,
    hash: String,
    length: u64,
    enabled: bool,
    logging: LogTarget,
    sources: Vec<(PathBuf, Option<FileIdentity>)>,
    tools: BTreeMap<String, Span>,
    rules: Span,
    settings: Span,
    findings: Span,
}

/// Where hooks log, resolved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogTarget {
    /// The least that is written.
    pub level: LogLevel,
    /// The file, when it is not the default one.
    pub file: Option<PathBuf>,
    /// Whether a file is wanted at all.
    pub to_file: bool,
}

/// Offset after the header's line, and length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Span(u64, u64);

/// What one tool has to pass for one requirement; as small as the hot path needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gate {
    /// The requirement.
    pub name: String,
    /// How far its satisfaction reaches.
    pub scope: Scope,
    /// Whether it never refuses, only arms Stop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_only: bool,
    /// The commands that need it; empty: every use of the tool does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
    rule: Span,
}

/// A requirement in force, and where it is defined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Where.
    pub place: Place,
    /// As configured.
    #[serde(flatten)]
    pub requirement: Requirement,
}

/// Why a policy cannot be read. Compiling again helps.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file is damaged.
    #[error("the compiled policy is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// The file cannot be read.
    #[error("the compiled policy cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Policy {
    /// The policy of a project: the compiled one while its sources are unchanged, else compiled again. `None`
    /// when the project has no configuration of its own.
    pub fn of(project: &Project, paths: &Paths) -> Option<Self> {
        if !project.is_configured() {
            return None;
        }
        let path = project.policy();
        let stored = Self::open(&path).ok().flatten();
        match stored {
            Some(policy) if policy.is_current(project) => Some(policy),
            stored => Some(Self::compile(project, paths, stored, &path)),
        }
    }

    /// Compiles a project's configuration, whatever is stored, without storing it. For commands that show what
    /// would be.
    pub fn compiled_now(project: &Project, paths: &Paths) -> Self {
        let stored = Self::open(&project.policy()).ok().flatten();
        Self::assemble(project, paths, stored).0
    }

    fn open(path: &Path) -> Result<Option<Self>, PolicyError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if store::is_absent(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let length = file.metadata()?.len();
        let most = usize::try_from(length).map_err(io::Error::other)?;
        let mut head = vec![0; most.min(CHUNK)];
        let mut filled = 0;
        let line = loop {
            match file.read_at(&mut head[filled..], filled as u64)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                read => filled += read,
            }
            if let Some(end) = head[..filled].iter().position(|byte| *byte == b'\n') {
                break end;
            }
            if filled == head.len() {
                head.resize((head.len() * 4).min(most), 0);
            }
        };
        head.truncate(filled);
        let header = head[..line].strip_prefix(b"{\"header\":").and_then(|line| line.strip_suffix(b","));
        let header: Header = serde_json::from_slice(header.unwrap_or_default())?;
        if header.format != FORMAT || length != header.length {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        Ok(Some(Self { header, head, file: Some(file) }))
    }

    fn is_current(&self, project: &Project) -> bool {
        self.header.program == hooks_common::VERSION
            && self.header.sources.len() == project.config_files().len()
            && self
                .header
                .sources
                .iter()
                .zip(project.config_files())
                .all(|((path, identity), file)| *path == file.path && *identity == file.identity)
    }

    /// Compiles and stores. A folder that cannot be written costs only the time to compile again.
    fn compile(project: &Project, paths: &Paths, stored: Option<Self>, path: &Path) -> Self {
        let (policy, is_settled) = Self::assemble(project, paths, stored);
        if let (true, Some(folder)) = (is_settled, path.parent())
            && std::fs::create_dir_all(folder).is_ok()
        {
            let _ = store::replace(path, &policy.head, Durability::Rebuildable, 0o644);
        }
        policy
    }

    /// The policy in memory, and whether its sources have been at rest long enough to trust their identity.
    fn assemble(project: &Project, paths: &Paths, stored: Option<Self>) -> (Self, bool) {
        let loaded = cascade::load(project.config_files());
        let sources: Vec<_> =
            project.config_files().iter().map(|file| (file.path.clone(), file.identity)).collect();
        let newest = sources.iter().filter_map(|(_, identity)| identity.map(|id| id.changed_ns())).max();
        let now = i128::from(Moment::now().wall.timestamp_nanos_opt().unwrap_or(i64::MAX));
        let is_settled = newest.is_none_or(|changed| now - changed > TICK_NS);
        let mut findings = loaded.findings;
        // A file that is no YAML says nothing about what its author wants: the last good policy stays.
        if !loaded.unreadable.is_empty()
            && let Some(last) = stored
            && let (Ok(rules), Ok(settings)) = (last.rules(), last.settings())
        {
            for finding in &mut findings {
                if finding.subject == "yaml" {
                    finding.help =
                        Some("the last policy that could be read stays in force until that is mended".into());
                }
            }
            let header = last.header;
            let body = Body { enabled: header.enabled, logging: header.logging, rules, settings, findings };
            return (body.compile(sources), is_settled);
        }
        let configuration = loaded.configuration;
        let rules = configuration
            .requirements
            .0
            .into_iter()
            .zip(loaded.places)
            // What this version does not enforce is told by a finding and counts nowhere as in force.
            .filter(|((_, requirement), _)| requirement.enabled && requirement.kind == Kind::Blocking)
            .map(|((name, requirement), place)| Rule { name, place, requirement })
            .collect();
        let logging = configuration.logging;
        let body = Body {
            enabled: configuration.enabled,
            logging: LogTarget {
                level: logging.level,
                file: logging.file.map(|file| expand(paths.home(), &file)),
                to_file: logging.destinations.contains(&Destination::File),
            },
            rules,
            settings: configuration.hooks,
            findings,
        };
        (body.compile(sources), is_settled)
    }

    /// Whether the gates are on.
    pub fn is_enabled(&self) -> bool {
        self.header.enabled
    }

    /// Twelve hexadecimal digits that change when the rules do.
    pub fn hash(&self) -> &str {
        &self.header.hash
    }

    /// Where hooks log.
    pub fn logging(&self) -> &LogTarget {
        &self.header.logging
    }

    /// The gates of one tool, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn gates(&self, tool: &str) -> Result<Vec<Gate>, PolicyError> {
        self.header.tools.get(tool).map_or_else(|| Ok(Vec::new()), |span| self.part(*span))
    }

    /// The whole requirement behind a gate.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rule(&self, gate: &Gate) -> Result<Rule, PolicyError> {
        self.part(gate.rule)
    }

    /// All requirements in force, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rules(&self) -> Result<Vec<Rule>, PolicyError> {
        self.part(self.header.rules)
    }

    /// How the hooks behave.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn settings(&self) -> Result<Hooks, PolicyError> {
        self.part(self.header.settings)
    }

    /// What is wrong or doubtful in the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn findings(&self) -> Result<Vec<Finding>, PolicyError> {
        self.part(self.header.findings)
    }

    fn part<T: DeserializeOwned>(&self, Span(start, length): Span) -> Result<T, PolicyError> {
        let line = self.head.iter().position(|byte| *byte == b'\n').unwrap_or(0) as u64 + 1;
        let (start, end) = (line + start, line + start + length);
        let in_head = || self.head.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?);
        let bytes = match (in_head(), &self.file) {
            (Some(bytes), _) => Cow::Borrowed(bytes),
            (None, Some(file)) => {
                let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
                file.read_exact_at(&mut bytes, start)?;
                Cow::Owned(bytes)
            }
            (None, None) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        };
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// What a policy is compiled from.
struct Body {
    enabled: bool,
    logging: LogTarget,
    rules: Vec<Rule>,
    settings: Hooks,
    findings: Vec<Finding>,
}

impl Body {
    fn compile(self, sources: Vec<(PathBuf, Option<FileIdentity>)>) -> Policy {
        let mut text = Vec::new();
        text.extend_from_slice(b"\"settings\":");
        let settings = append(&mut text, &self.settings);
        text.extend_from_slice(b",\n\"findings\":");
        let findings = append(&mut text, &self.findings);
        text.extend_from_slice(b",\n\"rules\":[");
        let first = text.len();
        let mut spans = Vec::with_capacity(self.rules.len());
        for (at, rule) in self.rules.iter().enumerate() {
            if at > 0 {
                text.extend_from_slice(b",\n");
            }
            spans.push(append(&mut text, rule));
        }
        let rules = Span(first as u64 - 1, (text.len() - first) as u64 + 2);
        text.extend_from_slice(b"],\n\"tools\":{");
        let mut tools = BTreeMap::new();
        for (at, (tool, gates)) in gates_by_tool(&self.rules, &spans).into_iter().enumerate() {
            if at > 0 {
                text.extend_from_slice(b",\n");
            }
            append(&mut text, &tool);
            text.push(b':');
            tools.insert(tool, append(&mut text, &gates));
        }
        text.extend_from_slice(b"}}\n");
        let decisive = serde_json::to_vec(&(self.enabled, &self.settings, &self.rules)).unwrap_or_default();
        let mut header = Header {
            format: FORMAT,
            program: hooks_common::VERSION.to_owned(),
            hash: short_hash(&decisive, 12),
            length: 0,
            enabled: self.enabled,
            logging: self.logging,
            sources,
            tools,
            rules,
            settings,
            findings,
        };
        // The header tells the file's length, and is part of it: its own length moves by a digit at most.
        let mut head = Vec::new();
        for _ in 0..4 {
            head.clear();
            head.extend_from_slice(b"{\"header\":");
            append(&mut head, &header);
            head.extend_from_slice(b",\n");
            let length = (head.len() + text.len()) as u64;
            if std::mem::replace(&mut header.length, length) == length {
                break;
            }
        }
        head.extend_from_slice(&text);
        Policy { header, head, file: None }
    }
}

fn append(text: &mut Vec<u8>, value: &impl Serialize) -> Span {
    let start = text.len();
    if serde_json::to_writer(&mut *text, value).is_err() {
        text.truncate(start);
        text.extend_from_slice(b"null");
    }
    Span(start as u64, (text.len() - start) as u64)
}

fn gates_by_tool(rules: &[Rule], spans: &[Span]) -> BTreeMap<String, Vec<Gate>> {
    let mut tools: BTreeMap<String, Vec<Gate>> = BTreeMap::new();
    for (rule, span) in rules.iter().zip(spans) {
        let triggers = rule.requirement.triggers();
        let mut names: Vec<&str> = triggers.iter().map(|trigger| trigger.tool.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for tool in names {
            let of_tool = triggers.iter().filter(|trigger| trigger.tool == tool);
            let always = of_tool.clone().any(|trigger| trigger.command_pattern.is_none());
            let patterns: Vec<_> = of_tool
                .filter(|_| !always)
                .filter_map(|trigger| Pattern::new(trigger.command_pattern.as_deref()?).ok())
                .collect();
            if !always && (patterns.is_empty() || tool != "Bash") {
                continue;
            }
            tools.entry(tool.to_owned()).or_default().push(Gate {
                name: rule.name.clone(),
                scope: rule.requirement.scope,
                stop_only: rule.requirement.stop_only,
                patterns,
                rule: *span,
            });
        }
    }
    tools
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    struct Fixture {
        home: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(home.path().join(".claude")).unwrap();
            std::fs::create_dir_all(home.path().join(".git")).unwrap();
            std::fs::write(home.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
            Self { home }
        }

        fn write(&self, text: &str) {
            std::fs::write(self.home.path().join(".claude/requirements.yaml"), text).unwrap();
            #[allow(clippy::disallowed_methods, reason = "the clock's tick must pass")]
            std::thread::sleep(std::time::Duration::from_millis(25));
        }

        fn policy(&self) -> Option<Policy> {
            let paths = Paths::from_env();
            Policy::of(&Project::of_event(&paths, None, self.home.path()), &paths)
        }
    }

    #[test]
    fn a_policy_is_stored_whole_and_read_in_parts() {
        let fixture = Fixture::new();
        assert!(fixture.policy().is_none(), "nothing configured");
        let many: String = (0..300)
            .map(|at| format!("  r{at}: {{enabled: true, message: '{}', trigger_tools: [{{tool: Bash, command_pattern: 'x{at}'}}, T{at}]}}\n", "m".repeat(200)))
            .collect();
        fixture.write(&format!("requirements:\n{many}  off: {{}}\n"));
        let compiled = fixture.policy().unwrap();
        assert!(compiled.file.is_none());
        let stored = fixture.policy().unwrap();
        assert!(stored.file.is_some() && stored.head.len() < stored.header.length as usize);
        assert_eq!((stored.gates("Bash").unwrap().len(), stored.rules().unwrap().len()), (300, 300));
        let gate = stored.gates("T299").unwrap().pop().unwrap();
        let rule = stored.rule(&gate).unwrap();
        assert_eq!((rule.name.as_str(), rule.place.line), ("r299", 301));
        assert_eq!(stored.hash(), compiled.hash());
        let bytes = std::fs::read(fixture.home.path().join(".git/stanchion/policy.json")).unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(), "the file is one JSON document");
    }

    #[test]
    fn a_change_is_seen_and_a_broken_file_keeps_the_last_good_policy() {
        let fixture = Fixture::new();
        fixture.write("requirements:\n  a: {enabled: true}\n");
        let first = fixture.policy().unwrap();
        fixture.write("requirements:\n  b: {enabled: true}\n");
        let second = fixture.policy().unwrap();
        assert_ne!(first.hash(), second.hash());
        fixture.write("requirements: [\n");
        for _ in 0..2 {
            let kept = fixture.policy().unwrap();
            assert_eq!(kept.hash(), second.hash());
            assert!(kept.findings().unwrap()[0].to_string().contains("stays in force"));
        }
        fixture.write("requirements:\n  c: {enabled: true}\n");
        assert!(fixture.policy().unwrap().findings().unwrap().is_empty());
    }

    #[test]
    fn a_damaged_file_is_compiled_again() {
        let fixture = Fixture::new();
        fixture.write("requirements:\n  a: {enabled: true}\n");
        fixture.policy().unwrap();
        let path = fixture.home.path().join(".git/stanchion/policy.json");
        let whole = std::fs::read(&path).unwrap();
        for damaged in [&b""[..], b"{}", b"{\"header\":{},\n", &whole[..whole.len() / 2]] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(fixture.policy().unwrap().rules().unwrap().len(), 1);
        }
    }
}
