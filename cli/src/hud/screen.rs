//! The state of the screen, and what each key changes.

use hooks_common::paths::Paths;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::time::Moment;
use ratatui::crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use sessions::derived::{DerivedProject, DerivedSession, DerivedState};

use super::{Hud, TouchedFiles};
use crate::commands::sessions::is_present;
use crate::commands::timeline::{self, TimelineEntry};

/// Whether the HUD continues after an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputOutcome {
    /// The HUD continues.
    Continue,
    /// It ends.
    Quit,
}

/// A line of the list.
#[derive(Debug, Clone)]
pub enum ScreenRow {
    /// A project, above its sessions, and whether the user's last shell is in it.
    Project(String, Box<DerivedProject>, bool),
    /// A session.
    Session(Box<DerivedSession>),
}

/// The state of the screen.
#[derive(Debug, Default)]
pub struct Screen {
    /// The lines of the list.
    pub rows: Vec<ScreenRow>,
    /// The selected line.
    pub selected: usize,
    /// Only lines that contain this text are shown.
    pub filter: String,
    /// Whether the filter is being typed.
    pub is_filtering: bool,
    /// Whether ended sessions and quiet projects are shown.
    pub shows_all: bool,
    /// A session's timeline instead of the list.
    pub timeline: Option<OpenTimeline>,
    /// The line above everything.
    pub summary: String,
    /// A problem of the HUD itself.
    pub notice: Option<String>,
    /// When the screen was updated.
    pub now: i64,
    /// How many lines the list or the timeline has room for.
    pub height: usize,
}

/// An open timeline.
#[derive(Debug)]
pub struct OpenTimeline {
    /// The session.
    pub session_id: String,
    /// Its events.
    pub entries: Vec<TimelineEntry>,
    /// How many events are below the last visible line; 0 follows new events.
    pub below: usize,
}

impl Screen {
    /// Shows the current state of the HUD.
    pub fn update(&mut self, hud: &mut Hud, now: Moment) {
        self.now = now.wall.timestamp_millis();
        let selected = self.selected_id().map(str::to_owned);
        self.rows = rows(&hud.state, &self.filter.to_lowercase(), self.shows_all);
        let found = self.rows.iter().position(|row| selected.is_some() && row.id() == selected.as_deref());
        self.selected = found.unwrap_or(self.selected).min(self.rows.len().saturating_sub(1));
        if selected.is_none() {
            self.selected = self.rows.iter().position(|row| row.id().is_some()).unwrap_or(0);
        }
        self.summary = summary(&hud.state);
        self.notice = hud.trouble.clone().or_else(|| {
            let other = "another process writes derived-state.json";
            (!hud.is_writer() && hud.trouble.is_none()).then(|| other.to_owned())
        });
        let touched = std::mem::take(&mut hud.touched);
        if let Some(open) = &self.timeline
            && touched.iter().any(|touched| open.is_touched_by(touched))
        {
            let below = open.below;
            self.open_timeline(&open.session_id.clone());
            if let Some(open) = &mut self.timeline {
                open.below = below;
            }
        }
    }

    /// The session that is selected.
    pub fn selected_session(&self) -> Option<&DerivedSession> {
        match self.rows.get(self.selected)? {
            ScreenRow::Session(session) => Some(session),
            ScreenRow::Project(..) => None,
        }
    }

    fn selected_id(&self) -> Option<&str> {
        self.rows.get(self.selected)?.id()
    }

    /// Does what a key asks for.
    pub fn input(&mut self, input: &Input, hud: &Hud) -> InputOutcome {
        let Input::Key(key) = input else { return InputOutcome::Continue };
        if key.kind == KeyEventKind::Release {
            return InputOutcome::Continue;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return InputOutcome::Quit;
        }
        if self.is_filtering {
            self.filter_key(*key);
        } else if self.timeline.is_some() {
            self.timeline_key(*key);
        } else {
            return self.list_key(*key, hud);
        }
        InputOutcome::Continue
    }

    fn filter_key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Enter => self.is_filtering = false,
            KeyCode::Esc => {
                self.is_filtering = false;
                self.filter.clear();
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(c) => self.filter.push(c),
            _ => {}
        }
    }

    fn list_key(&mut self, key: KeyEvent, hud: &Hud) -> InputOutcome {
        match key.code {
            KeyCode::Char('q') => return InputOutcome::Quit,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('/') => self.is_filtering = true,
            KeyCode::Char('a') => self.shows_all = !self.shows_all,
            KeyCode::Char('n') | KeyCode::Tab => self.jump(),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::PageDown => self.step(self.page()),
            KeyCode::PageUp => self.step(-self.page()),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Enter => {
                let chosen = match self.rows.get(self.selected) {
                    Some(ScreenRow::Session(session)) => Some(session.session_id.clone()),
                    Some(ScreenRow::Project(_, project, _)) => project.session_id.clone(),
                    None => None,
                };
                if let Some(id) = chosen.filter(|id| hud.state.sessions.iter().any(|s| s.session_id == *id)) {
                    self.open_timeline(&id);
                }
            }
            _ => {}
        }
        InputOutcome::Continue
    }

    fn timeline_key(&mut self, key: KeyEvent) {
        let page = self.page().unsigned_abs();
        let Some(open) = &mut self.timeline else { return };
        let most = open.entries.len().saturating_sub(self.height);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter => self.timeline = None,
            KeyCode::Up | KeyCode::Char('k') => open.below = (open.below + 1).min(most),
            KeyCode::Down | KeyCode::Char('j') => open.below = open.below.saturating_sub(1),
            KeyCode::PageUp => open.below = (open.below + page).min(most),
            KeyCode::PageDown => open.below = open.below.saturating_sub(page),
            KeyCode::Home | KeyCode::Char('g') => open.below = most,
            KeyCode::End | KeyCode::Char('G') => open.below = 0,
            _ => {}
        }
    }

    fn page(&self) -> isize {
        isize::try_from(self.height.max(2) - 1).unwrap_or(1)
    }

    fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Selects the next session that needs attention.
    fn jump(&mut self) {
        let count = self.rows.len();
        let wants = |row: &ScreenRow| match row {
            ScreenRow::Session(session) => session.ended.is_none() && session.display_state.needs_attention(),
            ScreenRow::Project(..) => false,
        };
        let after = (1..=count).map(|step| (self.selected + step) % count.max(1));
        // A session that waits for an answer comes before one that is only ready.
        let mut after: Vec<usize> = after.filter(|at| wants(&self.rows[*at])).collect();
        after.sort_by_key(|at| match &self.rows[*at] {
            ScreenRow::Session(session) => session.display_state != sessions::SessionState::Waiting,
            ScreenRow::Project(..) => true,
        });
        if let Some(at) = after.into_iter().find(|at| *at != self.selected) {
            self.selected = at;
        }
    }

    fn open_timeline(&mut self, session_id: &str) {
        let Some(id) = SessionId::new(session_id) else { return };
        let dir = SessionDir::new(&Paths::from_env(), &id);
        let entries = timeline::of_session(&dir).unwrap_or_default();
        self.timeline = Some(OpenTimeline { session_id: session_id.to_owned(), entries, below: 0 });
    }
}

impl OpenTimeline {
    /// Whether a change concerns this session. A long log is not read again for changes of other sessions.
    fn is_touched_by(&self, touched: &TouchedFiles) -> bool {
        match touched {
            TouchedFiles::All => true,
            TouchedFiles::Session(name) => {
                SessionId::new(&self.session_id).is_some_and(|id| id.dir_name() == *name)
            }
            TouchedFiles::Around => false,
        }
    }
}

impl ScreenRow {
    fn id(&self) -> Option<&str> {
        match self {
            Self::Session(session) => Some(&session.session_id),
            Self::Project(..) => None,
        }
    }
}

/// Projects sorted by name, each above its sessions.
fn rows(state: &DerivedState, filter: &str, shows_all: bool) -> Vec<ScreenRow> {
    let mut rows = Vec::new();
    for (path, project) in &state.projects {
        let is_of = |session: &&DerivedSession| project.sessions.contains(&session.session_id);
        let mut sessions: Vec<&DerivedSession> = state.sessions.iter().filter(is_of).collect();
        sessions.retain(|session| shows_all || is_present(session));
        sessions.retain(|session| filter.is_empty() || matches(session, path, filter));
        sessions
            .sort_by_key(|session| (session.ended.is_some(), session.created_at.clone(), session.id.clone()));
        let stands_alone = project.via == "activity" || shows_all;
        let is_wanted = filter.is_empty() || path.to_lowercase().contains(filter);
        if sessions.is_empty() && !(stands_alone && is_wanted) {
            continue;
        }
        let is_focus = state.focus.as_ref() == Some(path);
        rows.push(ScreenRow::Project(path.clone(), Box::new(project.clone()), is_focus));
        rows.extend(sessions.into_iter().map(|session| ScreenRow::Session(Box::new(session.clone()))));
    }
    rows
}

fn matches(session: &DerivedSession, path: &str, filter: &str) -> bool {
    let texts = [
        path,
        &session.session_id,
        session.display_state.name(),
        session.branch.as_deref().unwrap_or_default(),
    ];
    texts.iter().any(|text| text.to_lowercase().contains(filter))
        || session.open_requirements.iter().any(|name| name.to_lowercase().contains(filter))
}

fn summary(state: &DerivedState) -> String {
    let present: Vec<&DerivedSession> = state.sessions.iter().filter(|session| is_present(session)).collect();
    let projects: std::collections::BTreeSet<_> =
        present.iter().map(|session| &session.project_dir).collect();
    let count = |number: usize, what: &str| {
        if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
    };
    let waiting =
        present.iter().filter(|session| session.display_state == sessions::SessionState::Waiting).count();
    let ready =
        present.iter().filter(|session| session.display_state == sessions::SessionState::Ready).count();
    let mut parts = vec![count(projects.len(), "project"), count(present.len(), "session")];
    if waiting > 0 {
        parts.push(format!("{waiting} waiting for you"));
    }
    if ready > 0 {
        parts.push(format!("{ready} ready"));
    }
    let health = match state.diagnostics.hook_health["status"].as_str() {
        Some("not_firing") => "hooks do not fire: `stanchion doctor`",
        Some("unknown") => "no hook has run yet",
        Some("unreadable") => "the heartbeat cannot be read",
        Some("idle_no_sessions") => "hooks idle",
        _ => "hooks fire",
    };
    parts.push(health.to_owned());
    parts.join(" · ")
}
