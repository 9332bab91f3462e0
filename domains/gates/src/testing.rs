//! A project for tests of gates: a home of its own, a folder outside git, a configuration, a clock that the test sets.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::path::PathBuf;

use config::Policy;
use git::Branch;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use hooks_common::tool_use::ToolUse;

use crate::context::Gates;
use crate::judge::EvalContext;
use crate::needed::ToolNeeds;

/// The time that tests begin at.
pub const NOON: i64 = 1_764_590_400;

pub struct Bench {
    home: tempfile::TempDir,
    pub paths: Paths,
    pub project: Project,
    now: i64,
}

impl Bench {
    /// With `requirements:` as given, indented by two spaces. They are in the global file: commands are allowed there.
    pub fn new(requirements: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let top = home.path().canonicalize().unwrap();
        let root = top.join("project");
        std::fs::create_dir_all(root.join(".claude")).unwrap();
        std::fs::write(root.join(".claude/requirements.yaml"), "enabled: true\n").unwrap();
        let paths = Paths::below(&top);
        std::fs::create_dir_all(paths.claude_dir()).unwrap();
        std::fs::write(paths.global_config(), format!("requirements:\n{requirements}\n")).unwrap();
        let project = Project::of_event(&paths, None, &root);
        Self { home, paths, project, now: NOON }
    }

    /// The same some seconds later.
    pub fn after(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    pub fn root(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap().join("project")
    }

    pub fn gates(&self) -> Gates {
        let policy = Policy::compiled_now(&self.project.sources(&self.paths));
        let findings = policy.findings().unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let session = SessionKey::new("5ca1ab1e");
        Gates::with_policy(policy, &self.project, Branch::outside_git(), session, self.now)
    }

    pub fn context(&self) -> EvalContext<'_> {
        EvalContext::of_project(&self.paths, &self.project)
    }

    /// What a tool needs that edits a file of the project.
    pub fn edit(&self, file: &str) -> ToolNeeds {
        let file = self.root().join(file);
        let tool_use = ToolUse::new("Edit", "", Some(&file), self.root(), None);
        self.gates().needs(&self.paths, &self.project, &tool_use).unwrap()
    }

    /// What a Bash line needs.
    pub fn line(&self, line: &str) -> ToolNeeds {
        let tool_use = ToolUse::new("Bash", line, None, self.root(), None);
        self.gates().needs(&self.paths, &self.project, &tool_use).unwrap()
    }
}
