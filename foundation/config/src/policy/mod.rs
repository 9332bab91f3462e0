//! The configuration, compiled: one file a work tree, from which a hook reads the part it needs.
//!
//! The file is one JSON document whose first line is a header: the identity of the sources it was made from,
//! and for every tool the byte range of the gates that tool has to pass. A hook compares the identities, reads
//! its tool's range, and is done; only a stale policy takes it to the YAML. Messages lie elsewhere in the
//! file and are read when something is refused.

mod compile;
mod guards;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Finding, Place, Severity};
use crate::sources::{ConfigFile, Level, Sources};
use crate::types::LogLevel;
use crate::types::Scope;
use platform::path::expand;
use platform::store::FileIdentity;
use platform::store::{self, Durability};
use platform::time::Moment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use compile::Body;
pub use guards::CompiledRule;
use guards::{GuardHead, GuardParts};

use crate::cascade;
use crate::error::ConfigError;
use crate::pattern::Pattern;
use crate::sieve::Sieve;
use crate::types::{
    Continuity, GuardName, Hooks, Kind, LogDestination, Mode, Names, OnError, Requirement, Workflow,
};

/// The version of the file's shape.
const FORMAT: u32 = 5;
/// How much is read at once; a policy of ordinary size fits.
const CHUNK: usize = 16 * 1024;
/// A source changed this shortly before compiling may change again within one tick of its clock, unseen.
const TICK_NS: i128 = 20_000_000;

/// A compiled policy, read in parts. A copy costs nothing: stages of a hook hand it on.
#[derive(Debug, Clone)]
pub struct Policy {
    header: Arc<PolicyHeader>,
    /// The beginning of the file, or all of it.
    head: Arc<Vec<u8>>,
    file: Option<Arc<File>>,
    /// Whether the configuration that it was made from is gone.
    is_orphan: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PolicyHeader {
    format: u32,
    program: String,
    hash: String,
    length: u64,
    enabled: bool,
    /// Where the agent is kept from its own gates, if it is: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protect_cli: Option<(PathBuf, usize)>,
    /// Where edits are made to need a requirement in force, if they are: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strict: Option<(PathBuf, usize)>,
    /// Whether a gate that cannot be evaluated is closed, for all or for some.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closes_on_error: bool,
    logging: LogTarget,
    sources: Vec<(PathBuf, Option<FileIdentity>)>,
    tools: BTreeMap<String, Span>,
    /// Of a tool with many gates that look for a pattern: the sieve over these, and where they lie.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sieved: BTreeMap<String, (Span, Span)>,
    /// Tools by pattern.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tool_patterns: Vec<(String, Span)>,
    rules: Span,
    settings: Span,
    workflow: Span,
    continuity: Span,
    /// The guards that are on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    guards: BTreeMap<GuardName, GuardHead>,
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
    /// What it does when it is open.
    #[serde(default, skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// Whether it refuses when it cannot be evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes_on_error: bool,
    /// Whether more than its state decides: a condition, a limit, evidence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_judged: bool,
    /// The uses of the tool that need it, any of them; empty: every use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    rule: Span,
}

/// A condition on a tool use; every part that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct When {
    /// What a command of the line must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Pattern>,
    /// Whether the whole line is searched instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// The files.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub files: Names,
    /// The agents.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub agents: Names,
    /// Whether the line must write a file of the project, one of `files` if there are any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes: bool,
    /// Whether removing or moving a file away counts as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removes: bool,
}

fn is_enforced(mode: &Mode) -> bool {
    *mode == Mode::Enforce
}

/// A requirement in force, and where it is defined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Where.
    pub place: Place,
    /// Whether it refuses when it cannot be evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes_on_error: bool,
    /// As configured.
    #[serde(flatten)]
    pub requirement: Requirement,
}

impl Policy {
    /// The policy of a project: the compiled one while its sources are unchanged, else compiled again. `None`
    /// when the project has no configuration of its own.
    pub fn of(sources: &Sources) -> Option<Self> {
        let stored = Self::open(&sources.policy).ok().flatten();
        if !sources.is_configured() {
            // Who is kept from the gates does not get rid of them by removing their file.
            return stored.filter(Self::protects_cli).map(|policy| Self { is_orphan: true, ..policy });
        }
        match stored {
            Some(policy) if policy.is_current(&sources.files) => Some(policy),
            stored => Some(Self::compile(&sources.files, &sources.home, stored, &sources.policy)),
        }
    }

    /// The policy of the global file alone, for projects without a configuration; `None` without such a file.
    /// Only [`Policy::is_strict`] counts there.
    pub fn global(sources: &Sources) -> Option<Self> {
        let file = sources.files.iter().find(|file| file.level == Level::Global)?;
        file.identity?;
        let files = [file.clone()];
        match Self::open(&sources.global_policy).ok().flatten() {
            Some(policy) if policy.is_current(&files) => Some(policy),
            stored => Some(Self::compile(&files, &sources.home, stored, &sources.global_policy)),
        }
    }

    /// Compiles a project's configuration, whatever is stored, without storing it. For commands that show what
    /// would be.
    pub fn compiled_now(sources: &Sources) -> Self {
        let stored = Self::open(&sources.policy).ok().flatten();
        Self::assemble(&sources.files, &sources.home, stored).0
    }

    /// Compiles any cascade of files, lowest level first, without storing it.
    pub fn of_files(files: &[ConfigFile], home: &Path) -> Self {
        Self::assemble(files, home, None).0
    }

    fn open(path: &Path) -> Result<Option<Self>, ConfigError> {
        // A pipe in its place must not keep anybody waiting.
        let file = match store::open(path) {
            Ok(file) => file,
            Err(error) if store::is_absent(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        let length = meta.len();
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
        let header: PolicyHeader = serde_json::from_slice(header.unwrap_or_default())?;
        if header.format != FORMAT || length != header.length {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        let (header, head) = (Arc::new(header), Arc::new(head));
        Ok(Some(Self { header, head, file: Some(Arc::new(file)), is_orphan: false }))
    }

    fn is_current(&self, files: &[ConfigFile]) -> bool {
        self.header.program == platform::VERSION
            && self.header.sources.len() == files.len()
            && self
                .header
                .sources
                .iter()
                .zip(files)
                .all(|((path, identity), file)| *path == file.path && *identity == file.identity)
    }

    /// Compiles and stores. A folder that cannot be written costs only the time to compile again.
    fn compile(files: &[ConfigFile], home: &Path, stored: Option<Self>, path: &Path) -> Self {
        let (policy, is_settled) = Self::assemble(files, home, stored);
        if let (true, Some(folder)) = (is_settled, path.parent())
            && std::fs::create_dir_all(folder).is_ok()
        {
            let _ = store::replace(path, &policy.head, Durability::Rebuildable, 0o644);
        }
        policy
    }

    /// The policy in memory, and whether its sources have been at rest long enough to trust their identity.
    fn assemble(files: &[ConfigFile], home: &Path, stored: Option<Self>) -> (Self, bool) {
        let loaded = cascade::load(files);
        let sources: Vec<_> = files.iter().map(|file| (file.path.clone(), file.identity)).collect();
        let newest = sources.iter().filter_map(|(_, identity)| identity.map(|id| id.changed_ns())).max();
        let now = i128::from(Moment::now().wall.timestamp_nanos_opt().unwrap_or(i64::MAX));
        let is_settled = newest.is_none_or(|changed| now - changed > TICK_NS);
        let mut findings = loaded.findings;
        // A file that is no YAML says nothing about what its author wants: the last good policy stays.
        if !loaded.unreadable.is_empty()
            && let Some(last) = stored
            && let (Ok(rules), Ok(settings), Ok(workflow), Ok(continuity), Ok(guards)) =
                (last.rules(), last.settings(), last.workflow(), last.continuity(), last.guard_parts())
        {
            for finding in &mut findings {
                if finding.subject == "yaml" {
                    finding.help = Some("the last valid policy stays in force until you fix it".into());
                }
            }
            let header = Arc::unwrap_or_clone(last.header);
            let body = Body {
                enabled: header.enabled,
                protect_cli: header.protect_cli,
                strict: header.strict,
                closes_on_error: header.closes_on_error,
                logging: header.logging,
                rules,
                settings,
                workflow,
                continuity,
                guards,
                findings,
            };
            return (body.compile(sources), is_settled);
        }
        let configuration = loaded.configuration;
        let closes = |requirement: &Requirement| {
            requirement.on_error.unwrap_or(configuration.on_error) == OnError::Deny
        };
        let rules: Vec<Rule> = configuration
            .requirements
            .0
            .into_iter()
            .zip(loaded.places)
            // What is not enforced is told by a finding and counts nowhere as in force.
            .filter(|((_, requirement), _)| {
                requirement.enabled
                    && (requirement.kind != Kind::Condition || requirement.condition().is_some())
            })
            .map(|((name, requirement), place)| {
                let closes_on_error = closes(&requirement);
                Rule { name, place, closes_on_error, requirement }
            })
            .collect();
        let guards = GuardParts::of(configuration.guards, &loaded.guard_places, configuration.on_error);
        let logging = configuration.logging;
        let body = Body {
            enabled: configuration.enabled,
            protect_cli: loaded.protect_cli_at.filter(|_| configuration.protect_cli),
            strict: loaded.strict_at.filter(|_| configuration.strict_preflight),
            closes_on_error: configuration.on_error == OnError::Deny
                || rules.iter().any(|rule| rule.closes_on_error)
                || guards.closes_on_error(),
            logging: LogTarget {
                level: logging.level,
                file: logging.file.map(|file| expand(home, &file)),
                to_file: logging.destinations.contains(&LogDestination::File),
            },
            rules,
            settings: configuration.hooks,
            workflow: configuration.workflow,
            continuity: Continuity {
                context: configuration.context,
                commits: configuration.commits,
                handoff: configuration.handoff,
                checkpoints: configuration.checkpoints,
            },
            guards,
            findings,
        };
        (body.compile(sources), is_settled)
    }

    /// Whether the gates are on.
    pub fn is_enabled(&self) -> bool {
        self.header.enabled
    }

    /// Whether the agent is kept from its own gates.
    pub fn protects_cli(&self) -> bool {
        self.header.protect_cli.is_some()
    }

    /// Where `protect_cli` is set, file and line, if it is.
    pub fn protect_cli(&self) -> Option<&(PathBuf, usize)> {
        self.header.protect_cli.as_ref()
    }

    /// Whether edits need a project that has a requirement in force.
    pub fn is_strict(&self) -> bool {
        self.header.strict.is_some()
    }

    /// Where `strict_preflight` is set, file and line, if it is.
    pub fn strict(&self) -> Option<&(PathBuf, usize)> {
        self.header.strict.as_ref()
    }

    /// Whether a tool is refused when nothing can be said about its gates.
    pub fn closes_on_error(&self) -> bool {
        self.header.closes_on_error
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
    pub fn gates(&self, tool: &str) -> Result<Vec<Gate>, ConfigError> {
        self.gates_met(tool, || None)
    }

    /// The gates of one tool that a text may concern, in the order of the configuration. The text, in ASCII lower case,
    /// is asked for only where gates are many; without one all gates count.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn gates_met(
        &self,
        tool: &str,
        lower: impl FnOnce() -> Option<String>,
    ) -> Result<Vec<Gate>, ConfigError> {
        let mut gates = self.plain_gates(tool)?;
        if let Some((sieve, all)) = self.header.sieved.get(tool) {
            let sieve: Sieve = self.part(*sieve)?;
            let places = lower().map_or_else(|| sieve.all(), |lower| sieve.hits(&lower));
            for (start, length) in places {
                gates.push(self.part(Span(all.0 + start, length))?);
            }
            gates.sort_by_key(|gate| gate.rule.0);
        }
        Ok(gates)
    }

    fn plain_gates(&self, tool: &str) -> Result<Vec<Gate>, ConfigError> {
        let exact = self.header.tools.get(tool).copied();
        let by_pattern = self.header.tool_patterns.iter();
        let matching = by_pattern.filter(|(pattern, _)| is_tool(pattern, tool)).map(|(_, span)| *span);
        let mut gates: Vec<Gate> = Vec::new();
        for (at, span) in exact.into_iter().chain(matching).enumerate() {
            let more: Vec<Gate> = self.part(span)?;
            if at == 0 {
                gates = more;
                continue;
            }
            for gate in more {
                match gates.iter_mut().find(|known| known.rule == gate.rule) {
                    Some(known) if known.when.is_empty() || gate.when.is_empty() => known.when.clear(),
                    Some(known) => known.when.extend(gate.when),
                    None => gates.push(gate),
                }
            }
            gates.sort_by_key(|gate| gate.rule.0);
        }
        Ok(gates)
    }

    /// The whole requirement behind a gate.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rule(&self, gate: &Gate) -> Result<Rule, ConfigError> {
        self.part(gate.rule)
    }

    /// All requirements in force, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rules(&self) -> Result<Vec<Rule>, ConfigError> {
        self.part(self.header.rules)
    }

    /// How the hooks behave.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn settings(&self) -> Result<Hooks, ConfigError> {
        self.part(self.header.settings)
    }

    /// The phases of work, if any are configured.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn workflow(&self) -> Result<Option<Workflow>, ConfigError> {
        self.part(self.header.workflow)
    }

    /// What sessions must not lose, and how it is kept.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn continuity(&self) -> Result<Continuity, ConfigError> {
        self.part(self.header.continuity)
    }

    /// What is wrong or doubtful in the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn findings(&self) -> Result<Vec<Finding>, ConfigError> {
        let mut findings: Vec<Finding> = self.part(self.header.findings)?;
        if self.is_orphan {
            let message = "the configuration file is missing; its last policy stays in force, because it sets `protect_cli`";
            let finding = Finding::new(Severity::Error, "requirements.yaml", message);
            findings.insert(
                0,
                finding
                    .help("restore the file; to remove the gates, delete .git/stanchion/policy.json as well"),
            );
        }
        Ok(findings)
    }

    fn part<T: DeserializeOwned>(&self, span: Span) -> Result<T, ConfigError> {
        Ok(serde_json::from_slice(&self.bytes(span)?)?)
    }

    fn bytes(&self, Span(start, length): Span) -> Result<Cow<'_, [u8]>, ConfigError> {
        let line = self.head.iter().position(|byte| *byte == b'\n').unwrap_or(0) as u64 + 1;
        let (start, end) = (line + start, line + start + length);
        let in_head = || self.head.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?);
        Ok(match (in_head(), &self.file) {
            (Some(bytes), _) => Cow::Borrowed(bytes),
            (None, Some(file)) => {
                let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
                file.read_exact_at(&mut bytes, start)?;
                Cow::Owned(bytes)
            }
            (None, None) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        })
    }
}

/// Whether a trigger's tool names more than one.
fn is_pattern(tool: &str) -> bool {
    tool.contains(['*', '?', '[', '{']) || is_server(tool)
}

/// Whether a trigger's tool names an MCP server: `mcp__server`, without a tool.
fn is_server(tool: &str) -> bool {
    tool.strip_prefix("mcp__").is_some_and(|server| !server.is_empty() && !server.contains("__"))
}

fn is_tool(pattern: &str, tool: &str) -> bool {
    if is_server(pattern) && !pattern.contains('*') {
        return tool.strip_prefix(pattern).is_some_and(|rest| rest.starts_with("__"));
    }
    fast_glob::glob_match(pattern, tool)
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
            Self { home }
        }

        fn write(&self, text: &str) {
            std::fs::write(self.home.path().join(".claude/requirements.yaml"), text).unwrap();
            #[allow(clippy::disallowed_methods, reason = "the clock's tick must pass")]
            std::thread::sleep(std::time::Duration::from_millis(25));
        }

        fn policy(&self) -> Option<Policy> {
            let file = |name: &str| self.home.path().join(name);
            Policy::of(&Sources {
                files: vec![
                    ConfigFile::at(Level::Global, file("global.yaml")),
                    ConfigFile::at(Level::Project, file(".claude/requirements.yaml")),
                ],
                policy: file(".git/stanchion/policy.json"),
                global_policy: file("policy.json"),
                home: self.home.path().to_owned(),
            })
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
        assert!(stored.gates("mcp__git__push").unwrap().is_empty());
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
