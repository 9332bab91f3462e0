//! Compiles rules into a policy: the file's text, and a header with the byte range of every part.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::Finding;
use crate::tools::is_edit;
use platform::hash::short_hash;
use platform::store::FileIdentity;
use serde::Serialize;

use super::guards::GuardParts;
use super::stored::{FORMAT, Gate, LogTarget, Policy, PolicyHeader, Rule, Span, When, is_pattern};
use crate::pattern::Pattern;
use crate::sieve::Sieve;
use crate::types::{Condition, Continuity, Hooks, Kind, Names, Trigger, Workflow};

/// The number of gates with patterns from which a sieve is used. Fewer gates are read faster without one.
const MANY: usize = 16;

/// The content of a policy before it is compiled.
pub(super) struct Body {
    pub(super) enabled: bool,
    pub(super) protect_cli: Option<(PathBuf, usize)>,
    pub(super) strict: Option<(PathBuf, usize)>,
    pub(super) closes_on_error: bool,
    pub(super) logging: LogTarget,
    pub(super) rules: Vec<Rule>,
    pub(super) settings: Hooks,
    pub(super) workflow: Option<Workflow>,
    pub(super) continuity: Continuity,
    pub(super) guards: GuardParts,
    pub(super) findings: Vec<Finding>,
    /// Whether a file could not be read, and no policy of before stands in for it.
    pub(super) is_incomplete: bool,
    /// Whether the sources were at rest long enough to trust their identity.
    pub(super) is_settled: bool,
}

impl Body {
    /// The policy, in memory and as a file's text.
    pub(super) fn compile(self, sources: Vec<(PathBuf, Option<FileIdentity>)>) -> Policy {
        let mut text = Vec::new();
        text.extend_from_slice(b"\"settings\":");
        let settings = append(&mut text, &self.settings);
        text.extend_from_slice(b",\n\"workflow\":");
        let workflow = append(&mut text, &self.workflow);
        text.extend_from_slice(b",\n\"continuity\":");
        let continuity = append(&mut text, &self.continuity);
        text.extend_from_slice(b",\n\"guards\":");
        let guards = self.guards.append(&mut text);
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
        let (mut tools, mut tool_patterns, mut many) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (at, (tool, mut gates)) in gates_by_tool(&self.rules, &spans).into_iter().enumerate() {
            let by_pattern = gates.iter().filter(|gate| gate.looks_for_patterns()).count();
            if by_pattern >= MANY && !is_pattern(&tool) {
                let (sieved, plain) = gates.into_iter().partition(Gate::looks_for_patterns);
                gates = plain;
                many.push((tool.clone(), sieved));
            }
            if at > 0 {
                text.extend_from_slice(b",\n");
            }
            append(&mut text, &tool);
            text.push(b':');
            let span = append(&mut text, &gates);
            if is_pattern(&tool) {
                tool_patterns.push((tool, span));
            } else {
                tools.insert(tool, span);
            }
        }
        text.extend_from_slice(b"},\n\"sieved\":[");
        let sieved = sieves(&mut text, many);
        text.extend_from_slice(b"]}\n");
        // The position of a rule does not change a decision, so it is not part of the hash.
        let decided: Vec<_> =
            self.rules.iter().map(|rule| (&rule.name, rule.closes_on_error, &rule.requirement)).collect();
        let switches = (self.enabled, self.protect_cli.is_some(), self.strict.is_some());
        let decisive = serde_json::to_vec(&(switches, &self.settings, decided, self.guards.decisive()))
            .unwrap_or_default();
        let mut header = PolicyHeader {
            format: FORMAT,
            program: platform::VERSION.to_owned(),
            hash: short_hash(&decisive, 12),
            length: 0,
            enabled: self.enabled,
            protect_cli: self.protect_cli,
            strict: self.strict,
            closes_on_error: self.closes_on_error,
            is_incomplete: self.is_incomplete,
            is_unsettled: !self.is_settled,
            logging: self.logging,
            sources,
            tools,
            sieved,
            tool_patterns,
            rules,
            settings,
            workflow,
            continuity,
            guards,
            findings,
        };
        // The header contains the length of the file that it is part of. Each iteration changes the length by at most
        // one digit.
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
        Policy { header: Arc::new(header), head: Arc::new(head), file: None, is_orphan: false }
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

/// The gates with patterns as separate parts, and a sieve for each tool.
fn sieves(text: &mut Vec<u8>, many: Vec<(String, Vec<Gate>)>) -> BTreeMap<String, (Span, Span)> {
    let mut sieved = BTreeMap::new();
    for (tool, gates) in many {
        let mut sieve = Sieve::default();
        if text.last() != Some(&b'[') {
            text.extend_from_slice(b",\n");
        }
        let first = text.len() as u64;
        for (at, gate) in gates.iter().enumerate() {
            if at > 0 {
                text.extend_from_slice(b",\n");
            }
            let Span(start, length) = append(text, gate);
            let patterns: Vec<&Pattern> = gate.when.iter().filter_map(|when| when.command.as_ref()).collect();
            sieve.add_any((start - first, length), &patterns);
        }
        let all = Span(first, text.len() as u64 - first);
        text.extend_from_slice(b",\n");
        sieved.insert(tool, (append(text, &sieve), all));
    }
    sieved
}

impl Gate {
    /// Whether the gate only applies to commands that match its own patterns.
    fn looks_for_patterns(&self) -> bool {
        !self.when.is_empty() && self.when.iter().all(|when| when.command.is_some())
    }
}

fn gates_by_tool(rules: &[Rule], spans: &[Span]) -> BTreeMap<String, Vec<Gate>> {
    let mut tools: BTreeMap<String, Vec<Gate>> = BTreeMap::new();
    for (rule, span) in rules.iter().zip(spans) {
        let requirement = &rule.requirement;
        let triggers = requirement.triggers();
        let mut conditions: BTreeMap<&str, Vec<When>> = BTreeMap::new();
        for trigger in &triggers {
            // A command pattern for another tool never matches. A finding reports it.
            if trigger.command_pattern.is_some() && trigger.tool != "Bash" {
                continue;
            }
            conditions.entry(&trigger.tool).or_default().push(when(trigger));
        }
        if requirement.counts_bash_writes() {
            let removes = requirement.is_condition(Condition::Paths);
            let write = When { writes: true, removes, files: written(&triggers), ..When::default() };
            conditions.entry("Bash").or_default().push(write);
        }
        for (tool, mut when) in conditions {
            // One condition that always applies makes the others redundant.
            if when.iter().any(When::is_always) {
                when.clear();
            }
            tools.entry(tool.to_owned()).or_default().push(Gate {
                name: rule.name.clone(),
                scope: requirement.scope,
                stop_only: requirement.stop_only,
                mode: requirement.mode,
                closes_on_error: rule.closes_on_error,
                is_judged: requirement.kind != Kind::Blocking || requirement.evidence.is_some(),
                when,
                rule: *span,
            });
        }
    }
    tools
}

fn when(trigger: &Trigger) -> When {
    When {
        // A pattern that is not valid was reported, and its requirement was dropped.
        command: trigger.command_pattern.as_deref().and_then(|pattern| Pattern::new(pattern).ok()),
        raw: trigger.raw,
        files: trigger.file_pattern.clone().unwrap_or_default(),
        agents: trigger.agent_type.clone().unwrap_or_default(),
        ..When::default()
    }
}

/// The files for writes through Bash: those of all triggers of editing tools. All files if one of these triggers
/// names none.
fn written(triggers: &[Trigger]) -> Names {
    let editing = |trigger: &&Trigger| is_edit(&trigger.tool);
    let editing: Vec<&Trigger> = triggers.iter().filter(editing).collect();
    if editing.iter().any(|trigger| trigger.file_pattern.is_none()) {
        return Names::default();
    }
    let mut files: Vec<String> = Vec::new();
    for file in editing.iter().filter_map(|trigger| trigger.file_pattern.as_ref()).flat_map(Names::iter) {
        if !files.iter().any(|known| known == file) {
            files.push(file.to_owned());
        }
    }
    Names(files)
}

impl When {
    /// Whether the condition applies to every use.
    fn is_always(&self) -> bool {
        self.command.is_none() && self.files.is_empty() && self.agents.is_empty() && !self.writes
    }
}
