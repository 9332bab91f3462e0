//! Every file that Stanchion reads or writes, by name. Nothing else in the project spells a path on disk.

use std::path::{Path, PathBuf};

use crate::session_id::{SessionId, SessionKey};
use config::MessageDirs;
use git::Branch;
use platform::env_vars;
use platform::hash::short_hash;
use platform::path::{expand_tilde, home_by_database, normalise};

/// The roots. `HOME`, `CLAUDE_CONFIG_DIR`, `STANCHION_HOME` and `STANCHION_LEGACY_HOME` move them.
#[derive(Debug, Clone)]
pub struct Paths {
    home: PathBuf,
    claude: PathBuf,
    stanchion: PathBuf,
    legacy: PathBuf,
}

impl Paths {
    /// The roots that the environment names. Without a `HOME` the password database is asked; where no home is known the
    /// temporary folder stands in, so that nothing is written at `/`. A relative path begins where the client was
    /// launched, as it does for the client.
    pub fn from_env() -> Self {
        let launched = || {
            let folder = env_vars::get_os(env_vars::CLAUDE_PROJECT_DIR).map(PathBuf::from);
            folder.filter(|folder| folder.is_absolute()).or_else(|| std::env::current_dir().ok())
        };
        let absolute = |path: PathBuf| match path.is_absolute() {
            true => Some(path),
            false => Some(normalise(&launched()?.join(path))),
        };
        let home = env_vars::get_os(env_vars::HOME).map(PathBuf::from).or_else(home_by_database);
        let home = home.and_then(absolute).unwrap_or_else(std::env::temp_dir);
        let root = |name: &str, default: &str| {
            let named = env_vars::get_os(name).map(|dir| expand_tilde(&home, dir));
            named.and_then(absolute).unwrap_or_else(|| home.join(default))
        };
        let claude = root(env_vars::CLAUDE_CONFIG_DIR, ".claude");
        let stanchion = root(env_vars::STANCHION_HOME, ".stanchion");
        let legacy = root(env_vars::STANCHION_LEGACY_HOME, ".capacitor");
        Self { claude, stanchion, legacy, home }
    }

    /// The default roots below a home folder, whatever the environment says.
    pub fn below(home: &Path) -> Self {
        Self {
            claude: home.join(".claude"),
            stanchion: home.join(".stanchion"),
            legacy: home.join(".capacitor"),
            home: home.to_owned(),
        }
    }

    /// The user's home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Claude Code's configuration folder.
    pub fn claude_dir(&self) -> &Path {
        &self.claude
    }

    /// Stanchion's own folder.
    pub fn stanchion_dir(&self) -> &Path {
        &self.stanchion
    }

    /// The folder of the older system, which is read for a migration and never written.
    pub fn legacy_dir(&self) -> &Path {
        &self.legacy
    }

    /// The user's Claude Code settings.
    pub fn user_settings(&self) -> PathBuf {
        self.claude.join("settings.json")
    }

    /// The registry of live sessions.
    pub fn registry(&self) -> PathBuf {
        self.claude.join("sessions.json")
    }

    /// The registry's lock.
    pub fn registry_lock(&self) -> PathBuf {
        self.claude.join("sessions.lock")
    }

    /// The one log, JSON lines.
    pub fn log(&self) -> PathBuf {
        self.claude.join("requirements.log")
    }

    /// The configuration that applies everywhere.
    pub fn global_config(&self) -> PathBuf {
        self.claude.join("requirements.yaml")
    }

    /// The message files that apply everywhere.
    pub fn messages(&self) -> PathBuf {
        self.claude.join("messages")
    }

    /// Where the messages of the project at `root` are looked for.
    pub fn message_dirs(&self, root: &Path) -> MessageDirs {
        let [local, project] = in_project::messages(root);
        MessageDirs::new([local, project, self.messages()])
    }

    /// The branches people work on, across projects; its lock has the extension `lock`.
    pub fn wip_projects(&self) -> PathBuf {
        self.claude.join("wip_projects.json")
    }

    /// The projects known on this machine; its lock has the extension `lock`.
    pub fn project_registry(&self) -> PathBuf {
        self.claude.join("project_registry.json")
    }

    /// Where Claude Code keeps plans.
    pub fn plans(&self) -> PathBuf {
        self.claude.join("plans")
    }

    /// What Claude Code itself writes about a running client.
    pub fn client_session(&self, pid: u32) -> PathBuf {
        self.client_sessions().join(format!("{pid}.json"))
    }

    /// Where Claude Code writes that; read as a hint, never written.
    pub fn client_sessions(&self) -> PathBuf {
        self.claude.join("sessions")
    }

    /// Where Claude Code keeps all transcripts, a folder for each launch folder.
    pub fn all_transcripts(&self) -> PathBuf {
        self.claude.join("projects")
    }

    /// The transcripts of clients launched in `folder`.
    pub fn transcripts(&self, folder: &Path) -> PathBuf {
        let name: String = folder
            .to_string_lossy()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        self.all_transcripts().join(name)
    }

    /// The transcript of one session.
    pub fn transcript(&self, folder: &Path, session: &str) -> PathBuf {
        self.transcripts(folder).join(format!("{session}.jsonl"))
    }

    /// Proof that hooks fire; readers look at its modification time.
    pub fn heartbeat(&self) -> PathBuf {
        self.stanchion.join("hud-hook-heartbeat")
    }

    /// What the HUD makes of all sessions; its lock has the extension `lock`.
    pub fn derived_state(&self) -> PathBuf {
        self.stanchion.join("derived-state.json")
    }

    /// All session directories.
    pub fn sessions_dir(&self) -> PathBuf {
        self.stanchion.join("sessions")
    }

    /// The lock for removing old sessions; its modification time says when SessionStart last did.
    pub fn gc_lock(&self) -> PathBuf {
        self.stanchion.join("gc.lock")
    }

    /// When the clock was looked at, and whether it had leapt.
    pub fn clock(&self) -> PathBuf {
        self.stanchion.join("clock.json")
    }

    /// One session's directory.
    pub fn session_dir(&self, id: &SessionId) -> PathBuf {
        self.sessions_dir().join(id.dir_name())
    }

    /// Where the user's shells are; its lock has the extension `lock`.
    pub fn shell_cwd(&self) -> PathBuf {
        self.stanchion.join("shell-cwd.json")
    }

    /// Where they have been, a line for each change of folder; its lock has the extension `lock`.
    pub fn shell_history(&self) -> PathBuf {
        self.stanchion.join("shell-history.jsonl")
    }

    /// Installed executables.
    pub fn bin(&self) -> PathBuf {
        self.stanchion.join("bin")
    }

    /// What tells an allowance that a person gave from a file that anybody wrote.
    pub fn seal_key(&self) -> PathBuf {
        self.stanchion_dir().join("key")
    }

    /// The seals of allowances and pauses that count no longer, a line each.
    pub fn ended_seals(&self) -> PathBuf {
        self.stanchion_dir().join("ended-seals")
    }

    /// The compiled global configuration, for projects that have none.
    pub fn global_policy(&self) -> PathBuf {
        self.stanchion.join("global-policy.json")
    }

    /// What each installation changed, so that it can be taken back.
    pub fn installs_dir(&self) -> PathBuf {
        self.stanchion.join("installs")
    }

    /// Failures that no SessionStart has told the user yet.
    pub fn failures(&self) -> PathBuf {
        self.stanchion.join("failures.jsonl")
    }

    /// Failures that were told; kept for the doctor.
    pub fn reported_failures(&self) -> PathBuf {
        self.stanchion.join("failures.reported.jsonl")
    }

    /// What stands in for the git directory of a project outside git.
    pub fn project_store(&self, root: &Path) -> PathBuf {
        self.stanchion.join("projects").join(short_hash(root.as_os_str().as_encoded_bytes(), 16))
    }
}

/// Configuration and Claude Code settings of a project, below its root.
pub mod in_project {
    use std::path::{Path, PathBuf};

    /// The configuration a team shares.
    pub fn config(root: &Path) -> PathBuf {
        root.join(".claude/requirements.yaml")
    }

    /// The configuration of one clone.
    pub fn local_config(root: &Path) -> PathBuf {
        root.join(".claude/requirements.local.yaml")
    }

    /// Present where the user keeps the project out of `strict_preflight`.
    pub fn opt_out(root: &Path) -> PathBuf {
        root.join(".claude/.rf-optout")
    }

    /// The folders of message files, highest level first.
    pub fn messages(root: &Path) -> [PathBuf; 2] {
        [root.join(".claude/messages.local"), root.join(".claude/messages")]
    }

    /// Claude Code's settings that a team shares.
    pub fn settings(root: &Path) -> PathBuf {
        root.join(".claude/settings.json")
    }

    /// Claude Code's settings of one clone.
    pub fn local_settings(root: &Path) -> PathBuf {
        root.join(".claude/settings.local.json")
    }

    /// The session of the latest turn: its number and when it began.
    pub fn session_state(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.session-state.json")
    }

    /// The files that the session of the latest turn has read.
    pub fn context_tracking(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.context-tracking-state.json")
    }

    /// When the hand-off was last saved because many files had been read.
    pub fn auto_save(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.auto-save-state.json")
    }

    /// Which commit was seen last.
    pub fn commit_tracker(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.commit-tracker-state.json")
    }

    /// The agents that the session of the latest turn has started.
    pub fn session_agents(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.session-agents.json")
    }

    /// The folder of state that outlives a session.
    pub fn state(root: &Path) -> PathBuf {
        root.join(".claude/state")
    }

    /// What the session of the latest turn must not lose.
    pub fn handoff(root: &Path) -> PathBuf {
        state(root).join("handoff.json")
    }

    /// Every commit that was seen, a line each.
    pub fn commit_log(root: &Path) -> PathBuf {
        state(root).join("commit-log.jsonl")
    }

    /// Commits that failed, a line each.
    pub fn commit_failures(root: &Path) -> PathBuf {
        state(root).join("commit-failures.jsonl")
    }

    /// Every agent that a session started, a line each.
    pub fn agent_invocations(root: &Path) -> PathBuf {
        state(root).join("agent-invocations.jsonl")
    }

    /// Runs of tests, a line each.
    pub fn test_runs(root: &Path) -> PathBuf {
        state(root).join("test-runs.jsonl")
    }

    /// Failures of tools, and what helped.
    pub fn error_fingerprints(root: &Path) -> PathBuf {
        state(root).join("error-fingerprints.json")
    }

    /// What the guard `patterns` warned of, and when first.
    pub fn warned_files(root: &Path) -> PathBuf {
        state(root).join("warned-files.json")
    }

    /// Checks of planning documents, a line each.
    pub fn validations(root: &Path) -> PathBuf {
        root.join(".claude/validation.jsonl")
    }

    /// The planning documents that are not valid.
    pub fn pending_alerts(root: &Path) -> PathBuf {
        root.join(".claude/pending-alerts.json")
    }

    /// What a person or the model wants remembered; read, never written.
    pub fn session_notes(root: &Path) -> PathBuf {
        state(root).join("session-notes.json")
    }

    /// Where checkpoints that Stanchion writes by itself lie in a project that keeps none of its own.
    pub fn own_checkpoints(root: &Path) -> PathBuf {
        state(root).join("checkpoints")
    }

    /// Plans that the model wrote into the project.
    pub fn plans(root: &Path) -> PathBuf {
        root.join(".claude/plans")
    }

    /// Sessions' starts and ends by number, with other events, a line each.
    pub fn haios_events(root: &Path) -> PathBuf {
        root.join(".claude/haios-events.jsonl")
    }

    /// What gates refused or let pass against a rule, in the shape of an older system, a line each.
    pub fn governance_events(root: &Path) -> PathBuf {
        root.join(".claude/governance-events.jsonl")
    }

    /// The session number as an older system keeps it; read, never written.
    pub fn session_number(root: &Path) -> PathBuf {
        root.join(".claude/session")
    }
}

/// The folder of requirement state, one a repository: `<git common dir>/requirements`.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
    /// Whose key seals what is satisfied there.
    paths: Paths,
}

impl StateDir {
    /// The folder below a git common directory, or below what stands in for one.
    pub fn new(paths: &Paths, common: &Path) -> Self {
        Self { path: common.join("requirements"), paths: paths.clone() }
    }

    /// The roots of everything on disk.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A branch's state.
    pub fn branch(&self, branch: &Branch) -> PathBuf {
        self.path.join(format!("{}.json", branch.file_stem()))
    }

    /// A branch's state when the plain name belongs to another branch.
    pub fn distinct_branch(&self, branch: &Branch) -> PathBuf {
        self.path.join(format!("{}.json", branch.distinct_stem()))
    }

    /// The lock of a branch's state, one for both names.
    pub fn branch_lock(&self, branch: &Branch) -> PathBuf {
        self.path.join(format!("{}.lock", branch.file_stem()))
    }

    /// What sessions taught memories, skills and commands; written by other tools.
    pub fn learning_history(&self) -> PathBuf {
        self.path.join("learning_history.json")
    }

    /// All sessions' metrics.
    pub fn metrics_dir(&self) -> PathBuf {
        self.path.join("sessions")
    }

    /// One session's metrics.
    pub fn metrics(&self, session: &SessionKey) -> PathBuf {
        self.metrics_dir().join(format!("{session}.json"))
    }

    /// The lock of a session's metrics.
    pub fn metrics_lock(&self, session: &SessionKey) -> PathBuf {
        self.metrics_dir().join(format!("{session}.lock"))
    }

    /// What teams of agents did, a line each.
    pub fn team_progress(&self) -> PathBuf {
        self.path.join("team_progress.log")
    }

    /// Present while the session's gates are paused.
    pub fn pause_mark(&self, session: &SessionKey) -> PathBuf {
        self.metrics_dir().join(format!("{session}.paused"))
    }
}

/// A work tree's compiled policy, below its git directory or what stands in for one.
pub fn policy(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/policy.json")
}

/// What a person let through once, a file each, below the same folder as the policy.
pub fn allowed(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/allowed")
}

/// The values that limits computed lately, below the same folder as the policy.
pub fn values(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/values.json")
}

/// The lock for changes of a project's session files, below the folder that git keeps for the work tree: none
/// lies among the files themselves.
pub fn continuity_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/continuity.lock")
}

/// The lock for changes of what the guard `patterns` warned of, below the same folder.
pub fn warned_files_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/warned-files.lock")
}

/// The lock for recording which planning documents are valid, below the same folder.
pub fn validation_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/validation.lock")
}

/// The lock for giving a checkpoint its number of the day, below the same folder.
pub fn checkpoints_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/checkpoints.lock")
}

/// The lock for recording how commands ended, below the same folder.
pub fn outcomes_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/outcomes.lock")
}

/// The lock for recording commits, below the folder that all work trees share.
pub fn commits_lock(common_dir: &Path) -> PathBuf {
    common_dir.join("stanchion/commits.lock")
}
