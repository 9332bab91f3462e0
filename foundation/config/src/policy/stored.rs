//! The compiled policy on disk: a header in the first line, then parts that are read when needed.

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
/// The version of the file format.
pub(super) const FORMAT: u32 = 5;
/// The bytes that are read at once. A policy of usual size fits.
const CHUNK: usize = 16 * 1024;

/// A compiled policy, read in parts. A clone is cheap, so stages of a hook can pass it on.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) header: Arc<PolicyHeader>,
    /// The beginning of the file, or the whole file.
    pub(super) head: Arc<Vec<u8>>,
    pub(super) file: Option<Arc<File>>,
    /// Whether its configuration file is missing.
    pub(super) is_orphan: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PolicyHeader {
    pub(super) format: u32,
    pub(super) program: String,
    pub(super) hash: String,
    pub(super) length: u64,
    pub(super) enabled: bool,
    /// The position of `protect_cli`, if it is set: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) protect_cli: Option<(PathBuf, usize)>,
    /// The position of `strict_preflight`, if it is set: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<(PathBuf, usize)>,
    /// Whether any gate refuses if it cannot be evaluated.
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
    /// For each tool with many pattern gates: their sieve, and their range.
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

/// The resolved log settings of hooks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogTarget {
    /// The lowest level that is written.
    pub level: LogLevel,
    /// The file, if it is not the default one.
    pub file: Option<PathBuf>,
    /// Whether a log file is written.
    pub to_file: bool,
}

/// The offset after the header's line, and the length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span(pub u64, pub u64);

/// The gate of one tool for one requirement, with only the data that the hot path needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gate {
    /// The requirement.
    pub name: String,
    /// The scope of its satisfaction.
    pub scope: Scope,
    /// Whether it never refuses and is only verified by Stop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_only: bool,
    /// Its effect if it is open.
    #[serde(default, skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// Whether it refuses when it cannot be evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes_on_error: bool,
    /// Whether more than its stored state decides: a condition, a limit, evidence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_judged: bool,
    /// The uses of the tool that need it. One match is enough; empty means every use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    pub(super) rule: Span,
}

/// A condition on a tool use. All given parts must match.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct When {
    /// The pattern that a command of the line must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Pattern>,
    /// Whether the pattern is searched in the whole line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// The files.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub files: Names,
    /// The agents.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub agents: Names,
    /// Whether the line must write a file of the project. If `files` is not empty, it must be one of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes: bool,
    /// Whether removing or moving a file away also counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removes: bool,
}

fn is_enforced(mode: &Mode) -> bool {
    *mode == Mode::Enforce
}

/// An enabled requirement, and its position.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its position.
    pub place: Place,
    /// Whether it refuses when it cannot be evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes_on_error: bool,
    /// The requirement as configured.
    #[serde(flatten)]
    pub requirement: Requirement,
}

/// A guard that is on: its mode, and the positions of its settings, its sieve and its rules.
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
        // Another length shows that the file is damaged.
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

    /// Whether the agent is prevented from changing its gates.
    pub fn protects_cli(&self) -> bool {
        self.header.protect_cli.is_some()
    }

    /// The position of `protect_cli`, file and line, if it is set.
    pub fn protect_cli(&self) -> Option<&(PathBuf, usize)> {
        self.header.protect_cli.as_ref()
    }

    /// Whether edits need a project with an enabled requirement.
    pub fn is_strict(&self) -> bool {
        self.header.strict.is_some()
    }

    /// The position of `strict_preflight`, file and line, if it is set.
    pub fn strict(&self) -> Option<&(PathBuf, usize)> {
        self.header.strict.as_ref()
    }

    /// Whether a tool use is refused if its gates cannot be evaluated.
    pub fn closes_on_error(&self) -> bool {
        self.header.closes_on_error
    }

    /// Twelve hexadecimal digits that change with the rules, the guards, the hooks' settings or the main switches.
    pub fn hash(&self) -> &str {
        &self.header.hash
    }

    /// The log settings of hooks.
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

    /// The gates of one tool that may apply to a text, in the order of the configuration. The text, in ASCII lower
    /// case, is only computed if there are many gates. Without a text all gates apply.
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
            // Rules are stored in the order of the configuration, so their offsets give that order.
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

    /// The whole requirement of a gate.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rule(&self, gate: &Gate) -> Result<Rule, ConfigError> {
        self.part(gate.rule)
    }

    /// All enabled requirements, in the order of the configuration.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn rules(&self) -> Result<Vec<Rule>, ConfigError> {
        self.part(self.header.rules)
    }

    /// The settings of the hooks.
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

    /// The settings of continuity.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn continuity(&self) -> Result<Continuity, ConfigError> {
        self.part(self.header.continuity)
    }

    /// The problems of the configuration.
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

/// Whether the tool of a trigger can match several tools.
pub(super) fn is_pattern(tool: &str) -> bool {
    tool.contains(['*', '?', '[', '{']) || is_server(tool)
}

/// Whether the tool of a trigger is an MCP server: `mcp__server`, without a tool.
fn is_server(tool: &str) -> bool {
    tool.strip_prefix("mcp__").is_some_and(|server| !server.is_empty() && !server.contains("__"))
}

fn is_tool(pattern: &str, tool: &str) -> bool {
    if is_server(pattern) && !pattern.contains('*') {
        return tool.strip_prefix(pattern).is_some_and(|rest| rest.starts_with("__"));
    }
    fast_glob::glob_match(pattern, tool)
}
