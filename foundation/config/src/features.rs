//! What a configuration can do, feature by feature: for `req upgrade`, which tells what is used and adds what
//! is not.

use crate::older;
use crate::presets;
use crate::yaml::{Node, Value};

/// One feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// What it is called.
    pub name: &'static str,
    /// What it is good for, one line.
    pub about: &'static str,
    /// The keys below which its snippet belongs, from the root of a file.
    pub path: &'static [&'static str],
    sign: Sign,
    /// Empty: the requirement of that name in [`presets::ITEMS`].
    text: &'static str,
}

/// How a file shows that it uses a feature.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// It has the feature's path.
    Path,
    /// Some requirement has this key.
    Key(&'static str),
    /// Some requirement has this key with this value.
    Value(&'static str, &'static str),
    /// Some trigger has this key.
    Trigger(&'static str),
}

impl Feature {
    /// The feature of this name.
    pub fn named(name: &str) -> Option<Self> {
        FEATURES.into_iter().find(|feature| feature.name == older::kind(name))
    }

    /// What belongs below [`Feature::path`]: YAML with comments, in lines of its own.
    pub fn snippet(&self) -> String {
        match self.path.last() {
            Some(name) if self.text.is_empty() => presets::snippet(name).unwrap_or_default(),
            _ => self.text.to_owned(),
        }
    }

    /// Whether a file uses the feature, whatever for. Older words in it are [renewed](older::renew).
    pub fn is_used(&self, file: &Node) -> bool {
        match self.sign {
            Sign::Path => self.is_there(file),
            Sign::Key(key) => requirements(file).any(|requirement| requirement.get(key).is_some()),
            Sign::Value(key, value) => requirements(file)
                .any(|requirement| requirement.get(key).and_then(Node::text).is_some_and(|text| text == value)),
            Sign::Trigger(key) => requirements(file).any(|requirement| {
                let triggers = requirement.get("trigger_tools").map(|node| &node.value);
                matches!(triggers, Some(Value::Sequence(items)) if items.iter().any(|item| item.get(key).is_some()))
            }),
        }
    }

    /// Whether a file has something at the feature's path.
    pub fn is_there(&self, file: &Node) -> bool {
        self.path.iter().try_fold(file, |node, key| node.get(key)).is_some()
    }
}

fn requirements(file: &Node) -> impl Iterator<Item = &Node> {
    let entries = match file.get("requirements").map(|node| &node.value) {
        Some(Value::Mapping(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(_, requirement)| requirement)
}

/// A requirement as an example, and how its feature shows in others.
const fn requirement(
    name: &'static str,
    about: &'static str,
    path: &'static [&'static str],
    sign: Sign,
    text: &'static str,
) -> Feature {
    Feature { name, about, path, sign, text }
}

/// A key or section of its own.
const fn section(
    name: &'static str,
    about: &'static str,
    path: &'static [&'static str],
    text: &'static str,
) -> Feature {
    Feature { name, about, path, sign: Sign::Path, text }
}

/// All features, in the order they are shown.
pub const FEATURES: [Feature; 51] = [
    requirement(
        "single_use",
        "one approval for each command: pull requests, releases, deployments",
        &["requirements", "pr_review"],
        Sign::Value("scope", "single_use"),
        "",
    ),
    requirement(
        "branch_scope",
        "satisfied once for everybody on a branch",
        &["requirements", "ticket"],
        Sign::Value("scope", "branch"),
        "",
    ),
    requirement(
        "stop_only",
        "checks that hold up the end of a turn and never an edit",
        &["requirements", "checks_run"],
        Sign::Key("stop_only"),
        "",
    ),
    requirement(
        "protected_branch",
        "no edits on main or master",
        &["requirements", "protected_branch"],
        Sign::Value("condition", "protected_branch"),
        "",
    ),
    requirement(
        "single_session",
        "one session at a time in a project",
        &["requirements", "one_session"],
        Sign::Value("condition", "single_session"),
        "",
    ),
    requirement(
        "paths",
        "files that nobody edits, or the only ones that may be edited",
        &["requirements", "generated_files"],
        Sign::Value("condition", "paths"),
        "# Files that are made by tools; `allowed_paths` names the only ones that may be written instead.\nenabled: true\ntype: condition\ncondition: paths\npaths: [\"*.lock\", \"dist/**\"]\ndescription: Generated files are generated.\n",
    ),
    requirement(
        "time_window",
        "hours in which some tools rest",
        &["requirements", "no_friday_deploys"],
        Sign::Value("condition", "time_window"),
        "# Nothing is deployed into the weekend.\nenabled: true\ntype: condition\ncondition: time_window\ntime_window:\n  deny:\n    - {days: [fri], from: \"15:00\"}\n    - {days: [sat, sun]}\ntrigger_tools:\n  - tool: Bash\n    command_pattern: 'deploy'\ndescription: No deployments into the weekend.\n",
    ),
    requirement(
        "limit",
        "a limit on how large a branch grows",
        &["requirements", "branch_size"],
        Sign::Value("type", "limit"),
        "",
    ),
    requirement(
        "file_pattern",
        "requirements for some files only",
        &["requirements", "migration_review"],
        Sign::Trigger("file_pattern"),
        "# Only these files ask for it; `!` in front takes files out again.\nenabled: true\ntrigger_tools:\n  - tool: Edit\n    file_pattern: [\"migrations/**\"]\n  - tool: Write\n    file_pattern: [\"migrations/**\"]\ndescription: Somebody looked at the change of the data base.\n",
    ),
    requirement(
        "bash_writes",
        "files written by shell commands count as edited",
        &["requirements", "docs_agreed"],
        Sign::Key("bash_writes"),
        "# `sed -i`, `tee`, redirections and their like trigger it as an edit would.\nenabled: true\nbash_writes: true\ntrigger_tools:\n  - tool: Edit\n    file_pattern: [\"docs/**\"]\ndescription: Changes of the documentation are agreed on.\n",
    ),
    requirement(
        "agent_type",
        "requirements for some subagents, or for the main session only",
        &["requirements", "main_plan"],
        Sign::Trigger("agent_type"),
        "# Subagents edit freely; the session itself needs a plan.\nenabled: true\ntrigger_tools:\n  - tool: Edit\n    agent_type: main\n  - tool: Write\n    agent_type: main\ndescription: A plan before the session itself edits.\n",
    ),
    requirement(
        "evidence",
        "a satisfaction that a file must bear out",
        &["requirements", "plan_written"],
        Sign::Key("evidence"),
        "# Holds only while a plan lies there, with its heading and a verdict, not older than a day.\nenabled: true\nevidence:\n  dirs: [.claude/plans]\n  require_markers: [\"## Commit Plan\"]\n  require_verdict: APPROVED\n  max_age_seconds: 86400\ndescription: A plan that was written down and approved.\n",
    ),
    requirement(
        "checklist",
        "what to go through, shown in refusals",
        &["requirements", "release_ready"],
        Sign::Key("checklist"),
        "enabled: true\nscope: single_use\ntrigger_tools:\n  - tool: Bash\n    command_pattern: 'git\\s+tag'\nchecklist:\n  - the changelog names every change\n  - the version is raised\ndescription: What belongs to a release.\n",
    ),
    requirement(
        "satisfied_by_skill",
        "a skill that satisfies when it is used",
        &["requirements", "skill_review"],
        Sign::Key("satisfied_by_skill"),
        "# With `satisfied_when: done` the skill calls `req done skill_review` at its end.\nenabled: true\nauto_resolve_skill: review\nsatisfied_by_skill: review\nsatisfied_when: done\ntrigger_tools:\n  - tool: Bash\n    command_pattern: 'git\\s+commit'\ndescription: A review by the skill.\n",
    ),
    requirement(
        "satisfied_by_agent",
        "a subagent whose end satisfies",
        &["requirements", "agent_review"],
        Sign::Key("satisfied_by_agent"),
        "enabled: true\nsatisfied_by_agent: [\"*review*\"]\ntrigger_tools:\n  - tool: Bash\n    command_pattern: 'git\\s+commit'\ndescription: A review by a subagent.\n",
    ),
    requirement(
        "mode",
        "requirements that only observe or warn, to try them out",
        &["requirements", "tests_first"],
        Sign::Key("mode"),
        "# observe records what would have been refused, warn tells it, enforce refuses.\nenabled: true\nmode: observe\ndescription: A failing test before the change.\n",
    ),
    requirement(
        "replan_ttl",
        "satisfactions that run out",
        &["requirements", "daily_plan"],
        Sign::Key("replan_ttl"),
        "enabled: true\nreplan_ttl: 86400        # seconds\ndescription: A plan for today.\n",
    ),
    requirement(
        "short_message",
        "short refusals where parallel edits repeat them",
        &["requirements", "plan_told"],
        Sign::Key("short_message"),
        "enabled: true\nmessage: |\n  Say which files change, and why, before the first edit.\nshort_message: The plan is still open.\nsuccess_message: The plan is told.\ndescription: A plan that is told.\n",
    ),
    section(
        "protect_cli",
        "the agent cannot satisfy, disable or reconfigure its own gates",
        &["protect_cli"],
        "true         # people satisfy, disable and reconfigure; the agent does not",
    ),
    section(
        "on_error",
        "tools are refused when their gate cannot be evaluated",
        &["on_error"],
        "deny            # allow: the tool runs, and the failure is told later",
    ),
    section(
        "strict_preflight",
        "edits are refused where nothing is required",
        &["strict_preflight"],
        "true    # edits are refused in projects that have no requirement in force",
    ),
    section(
        "workflow",
        "phases in the status line",
        &["workflow"],
        "# The current phase is the first one whose gate is open.\nship_phase: ship\nphases:\n  - {name: plan, gate: commit_plan, description: no plan yet}\n",
    ),
    section(
        "guard_push",
        "no push to main, master or the remote's default branch",
        &["guards", "push"],
        "mode: enforce   # enforce | warn | observe\nbranches: []    # protected besides main, master and the remote's default: globs\n",
    ),
    section(
        "guard_destructive",
        "commands that destroy what cannot be brought back",
        &["guards", "destructive"],
        "mode: enforce\nuncommitted: true   # ask git what was never committed\nrules: []           # {pattern, message}: commands of your own\n",
    ),
    section(
        "guard_settings",
        "changes that weaken the client's settings or this file",
        &["guards", "settings"],
        "mode: enforce\n",
    ),
    section(
        "guard_secrets",
        "credentials about to be written or committed",
        &["guards", "secrets"],
        "mode: warn\nentropy: true\n",
    ),
    section(
        "guard_sql",
        "SQL that changes a database",
        &["guards", "sql"],
        "mode: enforce\nallow_select: true\n",
    ),
    section("guard_powershell", "PowerShell called from Bash", &["guards", "powershell"], "mode: enforce\n"),
    section(
        "guard_paths",
        "files that are made by a command",
        &["guards", "paths"],
        "mode: enforce\nrules:\n  - {files: \"docs/checkpoints/*.md\", command: req checkpoint new}\n",
    ),
    section(
        "guard_references",
        "planning documents: ids, references, exit criteria",
        &["guards", "references"],
        "mode: warn\n",
    ),
    section(
        "guard_protected_content",
        "content that must stay",
        &["guards", "protected_content"],
        "mode: enforce\nrules:\n  - {files: LICENSE, content: Copyright, message: The copyright line stays.}\n",
    ),
    section(
        "guard_large_read",
        "whole reads of large files",
        &["guards", "large_read"],
        "mode: enforce\nwarn_above_kib: 500\nrefuse_above_kib: 5120\n",
    ),
    section(
        "guard_loops",
        "the same failure again and again",
        &["guards", "loops"],
        "mode: warn\ntimes: 3\nminutes: 20\n",
    ),
    section("guard_tests", "runs of tests, kept with their result", &["guards", "tests"], "mode: warn\n"),
    section(
        "guard_errors",
        "failures, kept with what helped the last time",
        &["guards", "errors"],
        "mode: warn\n",
    ),
    section(
        "guard_patterns",
        "patterns that code must not have",
        &["guards", "patterns"],
        "mode: enforce\nrules:\n  - id: no-dbg\n    severity: medium   # critical | high | medium | low\n    pattern: dbg!\\(\n    files: \"*.rs\"\n    message: A debugging macro is left.\n",
    ),
    section(
        "logging",
        "how much is logged, and where",
        &["logging"],
        "level: info              # debug | info | warning | error\ndestinations: [file]\n",
    ),
    section(
        "briefing",
        "how much a session is told at its start",
        &["hooks", "session_start", "briefing_format"],
        "standard   # compact | standard",
    ),
    section(
        "carry_over",
        "what was satisfied stays so after /clear",
        &["hooks", "session_start", "carry_over"],
        "enabled: true\nwindow_seconds: 300\nscopes: [session]\n",
    ),
    section(
        "stop_verification",
        "which scopes are verified before a turn ends",
        &["hooks", "stop"],
        "verify_requirements: true\nverify_scopes: [session, branch]\n",
    ),
    section(
        "clear_on_end",
        "a session's satisfactions go with it",
        &["hooks", "session_end"],
        "clear_session_state: true\n",
    ),
    section(
        "prompt_reminder",
        "prompts that ask for edits are answered with what is open",
        &["hooks", "prompt_submit"],
        "reminder: true\n",
    ),
    section(
        "subagent_start",
        "which subagents are told the open requirements",
        &["hooks", "subagent_start"],
        "inject_context: true\nagents: [\"*review*\"]   # globs over their type\n",
    ),
    section(
        "tool_failure",
        "advice after edits that fail again and again",
        &["hooks", "tool_failure"],
        "advice: true\nafter: 3\n",
    ),
    section(
        "permission_request",
        "commands that destroy are denied without asking",
        &["hooks", "permission_request"],
        "auto_deny_dangerous: true\n",
    ),
    section(
        "agent_teams",
        "teammates that go on while requirements are open",
        &["hooks", "agent_teams"],
        "enabled: true\nkeep_working_on_idle: false\nvalidate_task_completion: false\n",
    ),
    section(
        "wip_tracking",
        "sessions keep the list of branches that `req wip` shows",
        &["hooks", "wip_tracking"],
        "enabled: true\nprompt_on_stop: true     # asked once a session\ninject_on_start: true\nauto_detect_merged: true\nexclude_branches: [main, master, develop]\n",
    ),
    section(
        "context",
        "how full the context may get before it is told, gated, saved",
        &["context"],
        "warn_percent: 85\nforce_percent: 90       # from here on a checkpoint is asked for\ncritical_percent: 95    # from here on one is written\nforce: gate             # gate | advise | off\n",
    ),
    section(
        "commits",
        "a log of the commits that sessions make",
        &["commits"],
        "enabled: true\nfailure_lines: 40       # of a failed commit's hooks, for the model\n",
    ),
    section(
        "handoff",
        "what a compaction must not lose, given back after it",
        &["handoff"],
        "max_age_minutes: 60\nsnapshot_minutes: 10\n",
    ),
    section(
        "checkpoints",
        "where checkpoints lie, and whether one is written in need",
        &["checkpoints"],
        "dir: docs/checkpoints\nemergency: true\n",
    ),
];

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use crate::sources::Level;

    use super::*;
    use crate::{edit, yaml};

    const BASE: &str = "# ours\nrequirements:\n  # the plan\n  commit_plan: {enabled: true}\n";

    #[test]
    fn every_snippet_loads_without_findings_and_shows_as_used() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("requirements.yaml");
        for base in [BASE, "{\"requirements\": {\"commit_plan\": {\"enabled\": true}}}\n"] {
            let mut all = base.to_owned();
            for feature in FEATURES {
                let text = edit::set(base, feature.path, &feature.snippet()).unwrap();
                std::fs::write(&file, &text).unwrap();
                let loaded = crate::cascade::load_one(&file, Level::Project);
                assert_eq!(loaded.findings, [], "{}:\n{text}", feature.name);
                let used = |text: &str| feature.is_used(&yaml::parse(text, 0).unwrap().0);
                assert!(used(&text) && !used(base), "{}", feature.name);
                all = edit::set(&all, feature.path, &feature.snippet()).unwrap();
            }
            std::fs::write(&file, &all).unwrap();
            let loaded = crate::cascade::load_one(&file, Level::Project);
            let told: Vec<_> = loaded.findings.iter().map(ToString::to_string).collect();
            assert!(told.is_empty(), "{told:?}\n{all}");
        }
    }

    #[test]
    fn every_path_begins_in_the_schema_and_every_name_is_one_feature() {
        let schema: serde_json::Value = serde_json::from_str(crate::SCHEMA).unwrap();
        let hooks = &schema["$defs"]["Hooks"]["properties"];
        for (at, feature) in FEATURES.iter().enumerate() {
            assert!(schema["properties"][feature.path[0]].is_object(), "{}", feature.name);
            if let ["hooks", hook, ..] = feature.path {
                assert!(hooks[*hook].is_object(), "{}", feature.name);
            }
            assert!(
                FEATURES[..at].iter().all(|other| other.name != feature.name && other.path != feature.path)
            );
        }
    }
}
