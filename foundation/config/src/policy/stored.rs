//! The compiled policy as it lies on disk: a header in the first line, then parts, each read when it is needed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::store::{self, FileIdentity};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::finding::{Finding, Place, Severity};
use crate::pattern::Pattern;
use crate::sieve::Sieve;
use crate::sources::ConfigFile;
use crate::types::{Continuity, GuardName, Hooks, LogLevel, Mode, Names, Requirement, Scope, Workflow};
/// The version of the file's shape.
pub(super) const FORMAT: u32 = 5;
/// How much is read at once; a policy of ordinary size fits.
const CHUNK: usize = 16 * 1024;

/// A compiled policy, read in parts. A copy costs nothing: stages of a hook hand it on.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) header: Arc<PolicyHeader>,
    /// The beginning of the file, or all of it.
    pub(super) head: Arc<Vec<u8>>,
    pub(super) file: Option<Arc<File>>,
    /// Whether the configuration that it was made from is gone.
    pub(super) is_orphan: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PolicyHeader {
    pub(super) format: u32,
    pub(super) program: String,
    pub(super) hash: String,
    pub(super) length: u64,
    pub(super) enabled: bool,
    /// Where the agent is kept from its own gates, if it is: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) protect_cli: Option<(PathBuf, usize)>,
    /// Where edits are made to need a requirement in force, if they are: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<(PathBuf, usize)>,
    /// Whether a gate that cannot be evaluated is closed, for all or for some.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) closes_on_error: bool,
    /// Whether a file of the configuration could not be read, and there was no valid policy of before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_incomplete: bool,
    /// Whether a source had just changed: it may have changed again within one tick of its clock, unseen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_unsettled: bool,
    pub(super) logging: LogTarget,
    pub(super) sources: Vec<(PathBuf, Option<FileIdentity>)>,
    pub(super) tools: BTreeMap<String, Span>,
    /// Of a tool with many gates that look for a pattern: the sieve over these, and where they lie.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sieved: BTreeMap<String, (Span, Span)>,
    /// Tools by pattern.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_patterns: Vec<(String, Span)>,
    pub(super) rules: Span,
    pub(super) settings: Span,
    pub(super) workflow: Span,
    pub(super) continuity: Span,
    /// The guards that are on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) guards: BTreeMap<GuardName, GuardHead>,
    pub(super) findings: Span,
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
pub(super) struct Span(pub u64, pub u64);

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
    pub(super) rule: Span,
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

/// A guard that is on: what it does with what it finds, and where its settings, its sieve and its rules lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GuardHead(pub Mode, pub Span, pub Span, pub Span);

impl Policy {
    pub(super) fn open(path: &Path) -> Result<Option<Self>, ConfigError> {
        let (file, meta) = match store::open_regular(path) {
            Ok(file) => file,
            Err(error) if store::is_absent(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
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

    pub(super) fn is_current(&self, files: &[ConfigFile]) -> bool {
        !self.header.is_unsettled
            && self.header.program == platform::VERSION
            && self.header.sources.len() == files.len()
            && self
                .header
                .sources
                .iter()
                .zip(files)
                .all(|((path, identity), file)| *path == file.path && *identity == file.identity)
    }

    /// Whether a file of the configuration could not be read, and no valid policy of before stands in for it.
    pub fn is_incomplete(&self) -> bool {
        self.header.is_incomplete
    }

    /// Whether a part of the stored policy cannot be read: it is of no use to anybody.
    pub fn is_damaged(&self) -> bool {
        self.rules().is_err()
            || self.settings().is_err()
            || self.workflow().is_err()
            || self.continuity().is_err()
            || self.guard_parts().is_err()
            || self.findings().is_err()
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

    pub(super) fn part<T: DeserializeOwned>(&self, span: Span) -> Result<T, ConfigError> {
        Ok(serde_json::from_slice(&self.bytes(span)?)?)
    }

    pub(super) fn bytes(&self, Span(start, length): Span) -> Result<Cow<'_, [u8]>, ConfigError> {
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
pub(super) fn is_pattern(tool: &str) -> bool {
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
