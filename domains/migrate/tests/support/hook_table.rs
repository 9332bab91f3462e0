//! The older system's hook as a pure model: it keeps sessions, locks, tombstones and activity exactly as the
//! original writes them, in memory, so that a test can drive both systems with the same events.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hooks_common::session_state::SessionState;
use migrate::capacitor::{FileActivity, IsAlive, SessionLock, SessionRecord, Stores};

/// The tools whose files are recorded.
const FILE_TOOLS: [&str; 4] = ["Edit", "Write", "Read", "NotebookEdit"];
/// How many files are kept for a session.
const MOST_FILES: usize = 100;

/// One event, as the hook gets it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// `hook_event_name`.
    pub name: String,
    /// `session_id`.
    pub session: String,
    /// The hook's parent, which the original takes for the client.
    pub pid: u32,
    /// When that process started, in seconds since 1970; unknown when it is gone already.
    pub proc_started: Option<u64>,
    /// The payload's folder.
    pub cwd: Option<String>,
    /// When the hook runs.
    pub at: DateTime<Utc>,
    /// SessionStart: `source`.
    pub source: Option<String>,
    /// Notification: `notification_type`.
    pub notification_type: Option<String>,
    /// Stop: `stop_hook_active`.
    pub stop_hook_active: bool,
    /// `tool_name`.
    pub tool: Option<String>,
    /// The tool's file, however it was written.
    pub file: Option<String>,
}

/// What the table says about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Skip,
    Heartbeat,
    Become(SessionState),
    End,
}

/// The stores as the original's hooks leave them.
#[derive(Debug, Clone, Default)]
pub struct HookTable {
    /// `CLAUDE_PROJECT_DIR`, where the hooks have it.
    pub project_dir: Option<String>,
    /// `PWD` of the hooks.
    pub pwd: Option<String>,
    /// The folders that count as projects; the nearest above a file gets its activity, else its session's folder.
    pub projects: Vec<String>,
    /// How often a hook proved that hooks run.
    pub heartbeats: usize,
    /// The stores, as they would be read from the disk now.
    pub stores: Stores,
}

impl HookTable {
    /// The state that is recorded for a session.
    pub fn state(&self, session: &str) -> Option<SessionState> {
        self.stores.records.get(session).map(|record| record.state)
    }

    /// One run of the hook. `is_alive` is what it finds in the process table.
    pub fn apply(&mut self, event: &Event, is_alive: IsAlive<'_>) {
        if event.name.is_empty() || event.session.is_empty() {
            return;
        }
        let starts = event.name == "SessionStart";
        if !starts && event.name != "SessionEnd" && self.stores.ended.contains(&event.session) {
            return;
        }
        self.heartbeats += 1;
        if starts {
            self.stores.ended.remove(&event.session);
        }
        let action = self.action(event);
        let Some(cwd) = self.cwd(event) else {
            if action == Action::End {
                self.end(event, is_alive);
            }
            return;
        };
        match action {
            Action::Skip => {}
            Action::Heartbeat => self.write(event, &cwd, None),
            Action::Become(state) => self.write(event, &cwd, Some(state)),
            Action::End => self.end(event, is_alive),
        }
        if starts || event.name == "UserPromptSubmit" {
            self.lock(event, &cwd, is_alive);
        }
        if event.name == "PostToolUse" {
            self.touch(event, &cwd);
        }
    }

    /// What the lock-holders do: each removes its lock as soon as the process in it is gone.
    pub fn reap(&mut self, is_alive: IsAlive<'_>) {
        self.stores.locks.retain(|lock| is_alive(lock.pid, lock.proc_started));
    }

    /// The transition table.
    fn action(&self, event: &Event) -> Action {
        let current = self.state(&event.session);
        match event.name.as_str() {
            "SessionStart" if current.is_some_and(SessionState::is_active) => Action::Skip,
            "SessionStart" => Action::Become(SessionState::Ready),
            "UserPromptSubmit" => Action::Become(SessionState::Working),
            "PreToolUse" | "PostToolUse" if current == Some(SessionState::Working) => Action::Heartbeat,
            "PreToolUse" | "PostToolUse" => Action::Become(SessionState::Working),
            "PermissionRequest" => Action::Become(SessionState::Waiting),
            "PreCompact" => Action::Become(SessionState::Compacting),
            "Notification" if event.notification_type.as_deref() == Some("idle_prompt") => {
                Action::Become(SessionState::Ready)
            }
            "Stop" if !event.stop_hook_active => Action::Become(SessionState::Ready),
            "SessionEnd" => Action::End,
            _ => Action::Skip,
        }
    }

    fn cwd(&self, event: &Event) -> Option<String> {
        let stored = || self.stores.records.get(&event.session).map(|record| record.cwd.clone());
        let cwd = event.cwd.clone().or_else(|| self.project_dir.clone()).or_else(stored);
        let cwd = cwd.or_else(|| self.pwd.clone())?;
        let trimmed = cwd.trim_end_matches('/');
        Some(if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() })
    }

    fn write(&mut self, event: &Event, cwd: &str, state: Option<SessionState>) {
        let fresh = || SessionRecord::new(&event.session, SessionState::Ready, cwd, event.at);
        let record = self.stores.records.entry(event.session.clone()).or_insert_with(fresh);
        let state = state.unwrap_or(record.state);
        if state != record.state {
            record.state_changed_at = event.at;
        }
        record.state = state;
        record.updated_at = event.at;
        cwd.clone_into(&mut record.cwd);
    }

    fn end(&mut self, event: &Event, is_alive: IsAlive<'_>) {
        let of_session = format!("{}-", event.session);
        let is_other = |lock: &SessionLock| lock.name.starts_with(&of_session) && lock.pid != event.pid;
        let others = self.stores.locks.iter().any(|lock| is_other(lock) && is_live(lock, event, is_alive));
        if !others {
            self.stores.ended.insert(event.session.clone());
            self.stores.records.remove(&event.session);
            self.stores.activity.remove(&event.session);
        }
        let own = lock_name(event);
        self.stores.locks.retain(|lock| lock.name != own);
    }

    fn lock(&mut self, event: &Event, cwd: &str, is_alive: IsAlive<'_>) {
        let name = lock_name(event);
        if self.stores.locks.iter().any(|lock| lock.name == name && is_live(lock, event, is_alive)) {
            return;
        }
        let created = u64::try_from(event.at.timestamp_millis()).unwrap_or(0);
        self.stores.locks.retain(|lock| lock.name != name);
        self.stores.locks.push(SessionLock {
            name,
            pid: event.pid,
            path: cwd.to_owned(),
            session_id: Some(event.session.clone()),
            proc_started: event.proc_started,
            created: Some(created),
            made_ms: Some(created),
        });
        self.stores.locks.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn touch(&mut self, event: &Event, cwd: &str) {
        let (Some(tool), Some(file)) = (&event.tool, &event.file) else { return };
        if !FILE_TOOLS.contains(&tool.as_str()) {
            return;
        }
        let file_path = if file.starts_with('/') { file.clone() } else { format!("{cwd}/{file}") };
        let within = |project: &&String| file_path.starts_with(&format!("{project}/"));
        let nearest = self.projects.iter().filter(within).max_by_key(|project| project.len());
        let project_path = nearest.cloned().unwrap_or_else(|| cwd.to_owned());
        let session = self.stores.activity.entry(event.session.clone()).or_default();
        cwd.clone_into(&mut session.cwd);
        let entry = FileActivity { project_path, file_path, tool: tool.clone(), at: Some(event.at) };
        session.entries.insert(0, entry);
        session.entries.truncate(MOST_FILES);
    }

    /// The names of the locks.
    pub fn lock_names(&self) -> BTreeSet<&str> {
        self.stores.locks.iter().map(|lock| lock.name.as_str()).collect()
    }

    /// The recorded states, by session.
    pub fn states(&self) -> BTreeMap<&str, SessionState> {
        self.stores.records.iter().map(|(session, record)| (session.as_str(), record.state)).collect()
    }
}

fn is_live(lock: &SessionLock, event: &Event, is_alive: IsAlive<'_>) -> bool {
    !lock.is_void(event.at) && is_alive(lock.pid, lock.proc_started)
}

fn lock_name(event: &Event) -> String {
    format!("{}-{}.lock", event.session, event.pid)
}
