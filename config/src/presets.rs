//! The configurations that `req init` writes.

/// A starting point.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, one line.
    pub about: &'static str,
    body: &'static str,
}

/// All presets, the default first.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "relaxed",
        about: "one requirement: a plan before the first edit",
        body: r#"requirements:
  # Before the first edit of a session somebody agrees on a plan:
  #   req satisfy commit_plan
  commit_plan:
    enabled: true
    scope: session            # session | branch | permanent | single_use
    description: A plan before the first edit.
    message: |
      Plan first: say which files change, in which commits, and how it is tested.
"#,
    },
    Preset {
        name: "strict",
        about: "a plan before edits, a review before each pull request, checks verified before a turn ends",
        body: r#"requirements:
  # Before the first edit of a session somebody agrees on a plan:
  #   req satisfy commit_plan
  commit_plan:
    enabled: true
    scope: session            # session | branch | permanent | single_use
    description: A plan before the first edit.
    message: |
      Plan first: say which files change, in which commits, and how it is tested.

  # Never refuses an edit; a turn that edited does not end before it is satisfied.
  checks_run:
    enabled: true
    scope: session
    stop_only: true
    description: Tests and lints after the last edit.

  # Spent by the command it approves.
  pr_review:
    enabled: true
    scope: single_use
    description: One review for each pull request.
    trigger_tools:
      - tool: Bash
        command_pattern: 'gh\s+pr\s+create'

hooks:
  stop:
    verify_requirements: true
    verify_scopes: [session]
"#,
    },
    Preset {
        name: "advanced",
        about: "a plan, a design, a ticket for each branch, a security review, checks, a review for each pull request",
        body: r#"requirements:
  # Before the first edit of a session:
  commit_plan:
    enabled: true
    scope: session            # session | branch | permanent | single_use
    description: A plan before the first edit.
    message: |
      Plan first: say which files change, in which commits, and how it is tested.

  # Once for each branch:
  ticket:
    enabled: true
    scope: branch
    description: The ticket this branch is for.
    message: |
      Link the ticket: req satisfy ticket -m '{"ticket": "ABC-123"}'
  design_approved:
    enabled: true
    scope: branch
    trigger_tools: [Write]
    description: A design that somebody approved, before new files.

  # For ever, once somebody looked:
  security_review:
    enabled: true
    scope: permanent
    trigger_tools:
      - tool: Bash
        command_pattern: 'git\s+push'
    description: A security review before the first push of this branch.

  # Never refuses an edit; a turn that edited does not end before it is satisfied.
  checks_run:
    enabled: true
    stop_only: true
    description: Tests and lints after the last edit.

  # Spent by the command it approves.
  commit_review:
    enabled: true
    scope: single_use
    trigger_tools:
      - tool: Bash
        command_pattern: 'git\s+commit'
    description: One look at the diff for each commit.
  pr_review:
    enabled: true
    scope: single_use
    trigger_tools:
      - tool: Bash
        command_pattern: 'gh\s+pr\s+create'
    description: One review for each pull request.

hooks:
  session_start: {briefing_format: standard}
"#,
    },
    Preset { name: "minimal", about: "no requirements yet", body: "requirements: {}\n" },
    Preset {
        name: "inherit",
        about: "only what ~/.claude/requirements.yaml requires",
        body: "inherit: true\nrequirements: {}\n",
    },
];

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// The whole file: the schema for editors, a word on what this is, and the preset.
    pub fn file(&self) -> String {
        format!(
            "# yaml-language-server: $schema=./{schema}\n\
             # What Claude Code must have before it may edit, run or finish: see `req status`, `req why`.\n\
             version: \"1.0\"\n\
             enabled: true\n\n{body}",
            schema = crate::SCHEMA_FILE,
            body = self.body,
        )
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use hooks_common::project::Level;

    use super::*;

    #[test]
    fn every_preset_is_free_of_findings() {
        let dir = tempfile::tempdir().unwrap();
        for preset in PRESETS {
            let path = dir.path().join("requirements.yaml");
            std::fs::write(&path, preset.file()).unwrap();
            let loaded = crate::cascade::load_one(&path, Level::Project);
            assert_eq!(loaded.findings, [], "{}", preset.name);
        }
    }
}
