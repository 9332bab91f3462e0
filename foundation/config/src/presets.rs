//! The configurations that `req init` writes.

/// A starting point.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, one line.
    pub about: &'static str,
    /// The requirements it has, of [`ITEMS`].
    pub requirements: &'static [&'static str],
    head: &'static str,
    /// Whether it has [`GUARDS`].
    guards: bool,
    tail: &'static str,
}

/// A requirement that presets are made of.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, one line.
    pub about: &'static str,
    /// The comment above it and what stands below its name, without indentation.
    text: (&'static str, &'static str),
}

/// The guards of a first configuration: what nearly nobody wants done, and what costs nobody anything.
const GUARDS: &str = r"
# What a tool must not do unasked. `mode: warn` only tells, `observe` only records; see `req status`, `req why`.
guards:
  push: {mode: enforce}          # no push to main, master or the remote's default branch
  destructive: {mode: enforce}   # nothing that destroys what cannot be brought back
  settings: {mode: enforce}      # nothing that weakens the client's settings or this file
  secrets: {mode: warn}          # credentials about to be written or committed
  large_read: {mode: warn}       # whole reads of large files
  loops: {mode: warn}            # the same failure again and again
  tests: {mode: warn}            # runs of tests, kept with their result
  errors: {mode: warn}           # failures, kept with what helped the last time
";

/// All presets, the default first.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "relaxed",
        about: "a plan before the first edit, and the guards in their safe modes",
        requirements: &["commit_plan"],
        head: "",
        guards: true,
        tail: "",
    },
    Preset {
        name: "strict",
        about: "a plan before edits, none on main, a review for each pull request, checks before a turn ends",
        requirements: &["commit_plan", "protected_branch", "checks_run", "pr_review"],
        head: "",
        guards: true,
        tail: "\nhooks:\n  stop:\n    verify_requirements: true\n    verify_scopes: [session]\n",
    },
    Preset {
        name: "advanced",
        about: "one of each kind and scope: plan, ticket, design, reviews, checks, guards, a size limit",
        requirements: &[
            "commit_plan",
            "ticket",
            "design_approved",
            "security_review",
            "checks_run",
            "commit_review",
            "pr_review",
            "protected_branch",
            "one_session",
            "branch_size",
        ],
        head: "",
        guards: true,
        tail: "\nhooks:\n  session_start: {briefing_format: standard}\n  stop:\n    verify_requirements: true\n    verify_scopes: [session]\n",
    },
    Preset {
        name: "minimal",
        about: "no requirements yet",
        requirements: &[],
        head: "",
        guards: false,
        tail: "",
    },
    Preset {
        name: "inherit",
        about: "only what ~/.claude/requirements.yaml requires",
        requirements: &[],
        head: "inherit: true\n",
        guards: false,
        tail: "",
    },
];

/// The requirements that presets are made of, in the order they are written.
pub const ITEMS: [Item; 10] = [
    Item {
        name: "commit_plan",
        about: "a plan before the first edit of a session",
        text: (
            "Before the first edit of a session somebody agrees on a plan:\n  req satisfy commit_plan",
            r#"scope: session            # session | branch | permanent | single_use
description: A plan before the first edit.
message: |
  Plan first: say which files change, in which commits, and how it is tested.
"#,
        ),
    },
    Item {
        name: "ticket",
        about: "a ticket for each branch",
        text: (
            "Once for each branch, by whichever session:",
            r#"scope: branch
description: The ticket this branch is for.
message: |
  Link the ticket: req satisfy ticket -m '{"ticket": "ABC-123"}'
"#,
        ),
    },
    Item {
        name: "design_approved",
        about: "an approved design before new files",
        text: (
            "",
            "scope: branch\ntrigger_tools: [Write]\ndescription: A design that somebody approved, before new files.\n",
        ),
    },
    Item {
        name: "security_review",
        about: "a security review before a branch is pushed",
        text: (
            "For ever, once somebody looked:",
            r"scope: permanent
trigger_tools:
  - tool: Bash
    command_pattern: 'git\s+push'
description: A security review before the first push of this branch.
",
        ),
    },
    Item {
        name: "checks_run",
        about: "tests and lints before a turn that edited ends",
        text: (
            "Never refuses an edit; a turn that edited does not end before it is satisfied:",
            "scope: session\nstop_only: true\ndescription: Tests and lints after the last edit.\n",
        ),
    },
    Item {
        name: "commit_review",
        about: "one look at the diff for each commit",
        text: (
            "Spent by the command it approves:",
            r"scope: single_use
trigger_tools:
  - tool: Bash
    command_pattern: 'git\s+commit'
description: One look at the diff for each commit.
",
        ),
    },
    Item {
        name: "pr_review",
        about: "one review for each pull request",
        text: (
            "Spent by the command it approves:",
            r"scope: single_use
trigger_tools:
  - tool: Bash
    command_pattern: 'gh\s+pr\s+create'
description: One review for each pull request.
",
        ),
    },
    Item {
        name: "protected_branch",
        about: "no edits on main or master",
        text: (
            "A condition that is looked at each time; `req approve protected_branch` lets one session through:",
            "type: condition\ncondition: protected_branch\nprotected_branches: [main, master]\ndescription: Work happens on a branch of its own.\n",
        ),
    },
    Item {
        name: "one_session",
        about: "one session at a time in this project",
        text: (
            "The session that came first goes on; a second one waits:",
            "type: condition\ncondition: single_session\ndescription: One session at a time in this project.\n",
        ),
    },
    Item {
        name: "branch_size",
        about: "a branch small enough to review",
        text: (
            "Lines changed since the branch it came from:",
            "type: limit\ncalculator: branch_size_calculator\nthresholds: {warn: 250, block: 400}\ndescription: A branch small enough to review.\n",
        ),
    },
];

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// The whole file: the schema for editors, a word on what this is, and the preset.
    pub fn file(&self) -> String {
        let guards = if self.guards { GUARDS } else { "" };
        file(self.head, self.requirements, &format!("{guards}{}", self.tail))
    }
}

/// The file with just these requirements, of [`ITEMS`].
pub fn custom(requirements: &[&str]) -> String {
    file("", requirements, if requirements.is_empty() { "" } else { GUARDS })
}

/// A requirement of [`ITEMS`] as what stands below its name.
pub fn snippet(name: &str) -> Option<String> {
    let (comment, body) = ITEMS.iter().find(|item| item.name == name)?.text;
    let comment: String = comment.lines().map(|line| format!("# {line}\n")).collect();
    Some(format!("{comment}enabled: true\n{body}"))
}

fn file(head: &str, requirements: &[&str], tail: &str) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema=./{schema}\n\
         # What Claude Code must have before it may edit, run or finish: see `req status`, `req why`.\n\
         version: \"1.0\"\n\
         enabled: true\n{head}\nrequirements:",
        schema = crate::SCHEMA_FILE,
    );
    let chosen: Vec<_> = ITEMS.iter().filter(|item| requirements.contains(&item.name)).collect();
    text.push_str(if chosen.is_empty() { " {}\n" } else { "\n" });
    for (at, item) in chosen.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let (comment, body) = item.text;
        comment.lines().for_each(|line| text.push_str(&format!("  # {line}\n")));
        text.push_str(&format!("  {}:\n    enabled: true\n", item.name));
        body.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    text + tail
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use crate::finding::Finding;
    use crate::sources::Level;

    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("requirements.yaml");
        std::fs::write(&path, text).unwrap();
        crate::cascade::load_one(&path, Level::Project).findings
    }

    #[test]
    fn every_preset_is_free_of_findings() {
        for preset in PRESETS {
            assert_eq!(findings(&preset.file()), [], "{}", preset.name);
            let items = ITEMS.iter().filter(|item| preset.requirements.contains(&item.name));
            assert_eq!(items.count(), preset.requirements.len(), "{}", preset.name);
        }
    }

    #[test]
    fn any_choice_of_requirements_is_a_file() {
        assert!(custom(&[]).ends_with("\nrequirements: {}\n"));
        for item in ITEMS {
            let text = custom(&[item.name]);
            assert_eq!(findings(&text), []);
            let (tree, _) = crate::yaml::parse(&text, 0).unwrap();
            let all = tree.get("requirements").unwrap();
            assert_eq!(all.get(item.name).unwrap().get("enabled").unwrap().as_bool(), Some(true));
        }
    }
}
