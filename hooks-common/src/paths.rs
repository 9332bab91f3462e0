//! The names of all files that Stanchion reads or writes. No other module contains a path on disk.

use std::path::{Path, PathBuf};

use crate::session_id::{SessionId, SessionKey};
use config::MessageDirs;
use git::Branch;
use platform::env_vars;
use platform::hash::short_hash;
use platform::path::{expand_tilde, home_by_database, normalise};

/// The root folders. `HOME`, `CLAUDE_CONFIG_DIR`, `STANCHION_HOME` and `STANCHION_LEGACY_HOME` change them.
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

    /// The default roots below a home folder. The environment is ignored.
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

    /// The folder of the older system. It is read for a migration and never written.
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

    /// Stanchion's log, in JSON lines.
    pub fn log(&self) -> PathBuf {
        self.claude.join("requirements.log")
    }

    /// The global configuration.
    pub fn global_config(&self) -> PathBuf {
        self.claude.join("requirements.yaml")
    }

    /// The folder of global message files.
    pub fn messages(&self) -> PathBuf {
        self.claude.join("messages")
    }

    /// The folders that can contain messages of the project at `root`.
    pub fn message_dirs(&self, root: &Path) -> MessageDirs {
        let [local, project] = in_project::messages(root);
        MessageDirs::new([local, project, self.messages()])
    }

    /// The branches in work, across projects. Its lock has the extension `lock`.
    pub fn wip_projects(&self) -> PathBuf {
        self.claude.join("wip_projects.json")
    }

    /// The projects known on this machine. Its lock has the extension `lock`.
    pub fn project_registry(&self) -> PathBuf {
        self.claude.join("project_registry.json")
    }

    /// The folder in which Claude Code stores plans.
    pub fn plans(&self) -> PathBuf {
        self.claude.join("plans")
    }

    /// The file that Claude Code writes about a running client.
    pub fn client_session(&self, pid: u32) -> PathBuf {
        self.client_sessions().join(format!("{pid}.json"))
    }

    /// The folder of these files. They are read as a hint and never written.
    pub fn client_sessions(&self) -> PathBuf {
        self.claude.join("sessions")
    }

    /// The folder in which Claude Code stores all transcripts, with one folder for each launch folder.
    pub fn all_transcripts(&self) -> PathBuf {
        self.claude.join("projects")
    }

    /// The folder of transcripts of clients that were started in `folder`.
    pub fn transcripts(&self, folder: &Path) -> PathBuf {
        // The folder's name follows the scheme of Claude Code.
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

    /// The heartbeat file. Its modification time shows when a hook last ran.
    pub fn heartbeat(&self) -> PathBuf {
        self.stanchion.join("hud-hook-heartbeat")
    }

    /// The states of all sessions for the HUD. Its lock has the extension `lock`.
    pub fn derived_state(&self) -> PathBuf {
        self.stanchion.join("derived-state.json")
    }

    /// The folder of all session directories.
    pub fn sessions_dir(&self) -> PathBuf {
        self.stanchion.join("sessions")
    }

    /// The lock for the removal of old sessions. Its modification time is the last removal by SessionStart.
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

    /// The current folders of the user's shells. Its lock has the extension `lock`.
    pub fn shell_cwd(&self) -> PathBuf {
        self.stanchion.join("shell-cwd.json")
    }

    /// The shells' changes of folder, one line each. Its lock has the extension `lock`.
    pub fn shell_history(&self) -> PathBuf {
        self.stanchion.join("shell-history.jsonl")
    }

    /// The folder of installed executables.
    pub fn bin(&self) -> PathBuf {
        self.stanchion.join("bin")
    }

    /// The key that seals a person's exceptions. A file that another program wrote has no valid seal.
    pub fn seal_key(&self) -> PathBuf {
        self.stanchion_dir().join("key")
    }

    /// The seals of exceptions and pauses that are no longer valid, one line each.
    pub fn ended_seals(&self) -> PathBuf {
        self.stanchion_dir().join("ended-seals")
    }

    /// The compiled global configuration, for projects without their own.
    pub fn global_policy(&self) -> PathBuf {
        self.stanchion.join("global-policy.json")
    }

    /// The changes of each installation, so that they can be undone.
    pub fn installs_dir(&self) -> PathBuf {
        self.stanchion.join("installs")
    }

    /// Failures that no SessionStart has reported to the user yet.
    pub fn failures(&self) -> PathBuf {
        self.stanchion.join("failures.jsonl")
    }

    /// Failures that were reported, kept for the doctor.
    pub fn reported_failures(&self) -> PathBuf {
        self.stanchion.join("failures.reported.jsonl")
    }

    /// The folder that replaces the git directory for a project outside git.
    pub fn project_store(&self, root: &Path) -> PathBuf {
        self.stanchion.join("projects").join(short_hash(root.as_os_str().as_encoded_bytes(), 16))
    }
}

/// Configuration and Claude Code settings of a project, below its root.
pub mod in_project {
    use std::path::{Path, PathBuf};

    /// The configuration that a team shares.
    pub fn config(root: &Path) -> PathBuf {
        root.join(".claude/requirements.yaml")
    }

    /// The configuration of one clone.
    pub fn local_config(root: &Path) -> PathBuf {
        root.join(".claude/requirements.local.yaml")
    }

    /// A file that excludes the project from `strict_preflight` if it exists.
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

    /// The session of the latest turn: its number and its start time.
    pub fn session_state(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.session-state.json")
    }

    /// The files that the session of the latest turn has read.
    pub fn context_tracking(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.context-tracking-state.json")
    }

    /// The time of the last automatic save of the hand-off because of many read files.
    pub fn auto_save(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.auto-save-state.json")
    }

    /// The last commit that was seen.
    pub fn commit_tracker(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.commit-tracker-state.json")
    }

    /// The agents that the session of the latest turn has started.
    pub fn session_agents(root: &Path) -> PathBuf {
        root.join(".claude/hooks/.session-agents.json")
    }

    /// The folder of state that is kept beyond a session.
    pub fn state(root: &Path) -> PathBuf {
        root.join(".claude/state")
    }

    /// The hand-off: state of the latest turn's session that must not be lost.
    pub fn handoff(root: &Path) -> PathBuf {
        state(root).join("handoff.json")
    }

    /// Every commit that was seen, one line each.
    pub fn commit_log(root: &Path) -> PathBuf {
        state(root).join("commit-log.jsonl")
    }

    /// Commits that failed, one line each.
    pub fn commit_failures(root: &Path) -> PathBuf {
        state(root).join("commit-failures.jsonl")
    }

    /// Every agent that a session started, one line each.
    pub fn agent_invocations(root: &Path) -> PathBuf {
        state(root).join("agent-invocations.jsonl")
    }

    /// Test runs, one line each.
    pub fn test_runs(root: &Path) -> PathBuf {
        state(root).join("test-runs.jsonl")
    }

    /// Failures of tools, and their fixes.
    pub fn error_fingerprints(root: &Path) -> PathBuf {
        state(root).join("error-fingerprints.json")
    }

    /// The files that the guard `patterns` warned about, with the time of the first warning.
    pub fn warned_files(root: &Path) -> PathBuf {
        state(root).join("warned-files.json")
    }

    /// Checks of planning documents, one line each.
    pub fn validations(root: &Path) -> PathBuf {
        root.join(".claude/validation.jsonl")
    }

    /// The planning documents that are not valid.
    pub fn pending_alerts(root: &Path) -> PathBuf {
        root.join(".claude/pending-alerts.json")
    }

    /// Notes that a person or the model wants to keep. They are read and never written.
    pub fn session_notes(root: &Path) -> PathBuf {
        state(root).join("session-notes.json")
    }

    /// The folder of checkpoints that Stanchion writes, for projects without their own checkpoint folder.
    pub fn own_checkpoints(root: &Path) -> PathBuf {
        state(root).join("checkpoints")
    }

    /// Plans that the model wrote into the project.
    pub fn plans(root: &Path) -> PathBuf {
        root.join(".claude/plans")
    }

    /// The starts and ends of sessions by number, and other events, one line each.
    pub fn haios_events(root: &Path) -> PathBuf {
        root.join(".claude/haios-events.jsonl")
    }

    /// Refusals and exceptions of gates in the format of an older system, one line each.
    pub fn governance_events(root: &Path) -> PathBuf {
        root.join(".claude/governance-events.jsonl")
    }

    /// The session number in the format of an older system. It is read and never written.
    pub fn session_number(root: &Path) -> PathBuf {
        root.join(".claude/session")
    }
}

/// The folder of requirement state, one per repository: `<git common dir>/requirements`.
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

    /// A branch's state file if another branch has the plain name.
    pub fn distinct_branch(&self, branch: &Branch) -> PathBuf {
        self.path.join(format!("{}.json", branch.distinct_stem()))
    }

    /// The lock of a branch's state. Both names share it.
    pub fn branch_lock(&self, branch: &Branch) -> PathBuf {
        self.path.join(format!("{}.lock", branch.file_stem()))
    }

    /// Updates that sessions made to memories, skills and commands. Other tools write it.
    pub fn learning_history(&self) -> PathBuf {
        self.path.join("learning_history.json")
    }

    /// The folder of all sessions' metrics.
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

    /// Events of agent teams, one line each.
    pub fn team_progress(&self) -> PathBuf {
        self.path.join("team_progress.log")
    }

    /// A file that exists while the session's gates are paused.
    pub fn pause_mark(&self, session: &SessionKey) -> PathBuf {
        self.metrics_dir().join(format!("{session}.paused"))
    }
}

/// A work tree's compiled policy, below its git directory or that directory's replacement.
pub fn policy(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/policy.json")
}

/// The folder of exceptions that a user allowed once, one file each, beside the policy.
pub fn allowed(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/allowed")
}

/// The values that limits computed recently, beside the policy.
pub fn values(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/values.json")
}

/// The lock for changes of a project's session files. It is below the work tree's git directory, so that no lock is
/// among the files themselves.
pub fn continuity_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/continuity.lock")
}

/// The lock for the warnings of the guard `patterns`, below the same folder.
pub fn warned_files_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/warned-files.lock")
}

/// The lock for recording valid planning documents, below the same folder.
pub fn validation_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/validation.lock")
}

/// The lock for numbering a checkpoint of the day, below the same folder.
pub fn checkpoints_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/checkpoints.lock")
}

/// The lock for recording results of commands, below the same folder.
pub fn outcomes_lock(git_dir: &Path) -> PathBuf {
    git_dir.join("stanchion/outcomes.lock")
}

/// The lock for recording commits, below the folder that all work trees share.
pub fn commits_lock(common_dir: &Path) -> PathBuf {
    common_dir.join("stanchion/commits.lock")
}
