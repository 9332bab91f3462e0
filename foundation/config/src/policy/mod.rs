//! The compiled configuration: one file per work tree, from which a hook reads the parts that it needs.
//!
//! The file is a JSON document whose first line is a header. The header contains the identity of the sources, and for
//! every tool the byte range of its gates. A hook compares the identities and reads its tool's range. It parses YAML
//! only if the policy is out of date. Messages are in other parts and are read at a refusal.

mod compile;
mod guards;
mod stored;

use std::path::Path;
use std::sync::Arc;

use compile::Body;
pub use guards::CompiledRule;
use guards::GuardParts;
use platform::path::expand;
use platform::store::{self, Durability};
use platform::time::Moment;
pub use stored::{Gate, LogTarget, Policy, Rule, When};

use crate::cascade;
use crate::sources::{ConfigFile, Level, Sources};
use crate::types::{Continuity, Kind, LogDestination, OnError, Requirement};

/// A source that changed this shortly before compiling may change again within one tick of the file system's clock.
/// The second change would not be noticed.
const TICK_NS: i128 = 20_000_000;

impl Policy {
    /// The policy of a project. The stored one is used while its sources are unchanged, otherwise it is compiled
    /// again. `None` if the project has no configuration of its own.
    pub fn of(sources: &Sources) -> Option<Self> {
        let stored = Self::open(&sources.policy).ok().flatten();
        if !sources.is_configured() {
            // Without this, an agent that must not change its gates could remove them with their file.
            return stored.filter(Self::protects_cli).map(|policy| Self { is_orphan: true, ..policy });
        }
        match stored {
            Some(policy) if policy.is_current(&sources.files) => Some(policy),
            stored => Some(Self::compile(&sources.files, &sources.home, stored, &sources.policy)),
        }
    }

    /// The policy of the global file only, for projects without a configuration. `None` without such a file. Only
    /// [`Policy::is_strict`] applies there.
    pub fn global(sources: &Sources) -> Option<Self> {
        let file = sources.files.iter().find(|file| file.level == Level::Global)?;
        if !file.is_present() {
            return None;
        }
        let files = [file.clone()];
        match Self::open(&sources.global_policy).ok().flatten() {
            Some(policy) if policy.is_current(&files) => Some(policy),
            stored => Some(Self::compile(&files, &sources.home, stored, &sources.global_policy)),
        }
    }

    /// Compiles a project's configuration without using or writing the stored policy. For commands that show the
    /// effect of a change.
    pub fn compiled_now(sources: &Sources) -> Self {
        let stored = Self::open(&sources.policy).ok().flatten();
        Self::assemble(&sources.files, &sources.home, stored)
    }

    /// Compiles any cascade of files, lowest level first, without storing it.
    pub fn of_files(files: &[ConfigFile], home: &Path) -> Self {
        Self::assemble(files, home, None)
    }

    /// Compiles and stores. If the folder cannot be written, the next hook compiles again.
    fn compile(files: &[ConfigFile], home: &Path, stored: Option<Self>, path: &Path) -> Self {
        // What was made without looking at every file must not take the place of what was made with them.
        let is_whole = !files.iter().any(|file| file.is_hidden);
        let policy = Self::assemble(files, home, stored);
        if let (true, Some(folder)) = (is_whole, path.parent())
            && store::create_dir(folder).is_ok()
        {
            let _ = store::replace(path, &policy.head, Durability::Rebuildable, 0o644);
        }
        policy
    }

    /// The policy in memory. One whose sources have not been at rest long enough to trust their identity is stored as well,
    /// because the next look at them may fail; it is compiled again at the next event.
    fn assemble(files: &[ConfigFile], home: &Path, stored: Option<Self>) -> Self {
        let loaded = cascade::load(files);
        let sources: Vec<_> = files.iter().map(|file| (file.path.clone(), file.identity)).collect();
        let newest = sources.iter().filter_map(|(_, identity)| identity.map(|id| id.changed_ns())).max();
        let now = i128::from(Moment::now().wall.timestamp_nanos_opt().unwrap_or(i64::MAX));
        let is_settled = newest.is_none_or(|changed| now - changed > TICK_NS);
        let mut findings = loaded.findings;
        // A file that is not valid YAML does not show its author's intention, so the last valid policy is kept.
        if !loaded.unreadable.is_empty()
            // One that was made without a file itself stands in for nothing.
            && let Some(last) = stored.filter(|last| !last.is_incomplete())
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
                is_incomplete: false,
                is_settled,
            };
            return body.compile(sources);
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
            // A finding reports an unknown condition. It is not enforced, so it is not part of the policy.
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
            is_incomplete: !loaded.unreadable.is_empty(),
            is_settled,
        };
        body.compile(sources)
    }
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
