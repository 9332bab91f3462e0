//! Drawing the screen: a list that fits 80 columns, with more columns on a wider terminal.

use platform::env_vars;
use platform::text::one_line;
use platform::time::age;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row as TableRow, Table, TableState, Wrap};
use sessions::SessionState;
use sessions::derived::{DerivedProject, DerivedSession};
use sessions::record::millis;

use super::screen::{OpenTimeline, Screen, ScreenRow};
use crate::commands::sessions::remark;
use crate::commands::timeline::shortened;
use crate::commands::timeline::{line, plain};

/// From this width on, names and files get columns of their own.
const WIDE: u16 = 120;
const KEYS: &str = "↑↓ move  ⏎ timeline  n next for you  / filter  a all  q quit";
const TIMELINE_KEYS: &str = "↑↓ PgUp PgDn scroll  g first  G last  Esc back";
const EMPTY: &str = "No session is live.\n\nStart Claude Code in a project that Stanchion is wired into and it appears here by itself. \
`stanchion doctor` shows whether hooks run there; `a` shows the sessions of the last day.";

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, screen: &mut Screen) {
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(if screen.timeline.is_some() { 0 } else { 3 }),
        Constraint::Length(1),
    ]);
    let [head, body, details, foot] = parts.areas(frame.area());
    let title = Line::from(vec![
        Span::styled("Stanchion  ", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(screen.summary.clone()),
    ]);
    frame.render_widget(title, head);
    screen.height = usize::from(body.height.saturating_sub(1));
    match &screen.timeline {
        Some(open) => timeline(frame, open, body),
        None if screen.rows.is_empty() => empty(frame, screen, body),
        None => {
            list(frame, screen, body);
            if let Some(session) = screen.selected_session() {
                frame.render_widget(self::details(session, screen.now), details);
            }
        }
    }
    frame.render_widget(footer(screen), foot);
}

fn empty(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let text = if screen.filter.is_empty() {
        EMPTY.to_owned()
    } else {
        format!("Nothing contains {:?}. Esc shows everything.", screen.filter)
    };
    frame.render_widget(Paragraph::new(format!("\n{text}")).wrap(Wrap { trim: true }), area);
}

fn footer(screen: &Screen) -> Line<'static> {
    let dim = Style::new().add_modifier(Modifier::DIM);
    if screen.is_filtering {
        return Line::from(vec![
            Span::raw(format!("/{}▏", screen.filter)),
            Span::styled("  ⏎ keep  Esc drop", dim),
        ]);
    }
    let keys = if screen.timeline.is_some() { TIMELINE_KEYS } else { KEYS };
    let mut spans = vec![Span::styled(keys, dim)];
    if !screen.filter.is_empty() && screen.timeline.is_none() {
        spans.insert(0, Span::raw(format!("filter: {}  ", plain(&screen.filter))));
    }
    if let Some(notice) = &screen.notice {
        spans.push(Span::raw(format!("  {}", plain(notice))));
    }
    Line::from(spans)
}

fn list(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let is_wide = area.width >= WIDE;
    let branch = (area.width / 6).clamp(12, 30);
    let mut widths = vec![
        Constraint::Length(14),
        Constraint::Length(8),
        Constraint::Length(5),
        Constraint::Length(branch),
        Constraint::Length(if is_wide { 24 } else { 4 }),
        Constraint::Length(4),
        Constraint::Length(5),
    ];
    let mut names = vec!["STATE", "SESSION", "SINCE", "BRANCH", "OPEN", "CTX", "LAST"];
    if is_wide {
        widths.push(Constraint::Length(area.width / 4));
        names.push("FILE");
    }
    widths.push(Constraint::Fill(1));
    names.push("WHY");
    let header = TableRow::new(names).style(Style::new().add_modifier(Modifier::DIM));
    let rows: Vec<TableRow<'_>> = screen
        .rows
        .iter()
        .map(|row| match row {
            ScreenRow::Project(..) => TableRow::new([Cell::default()]),
            ScreenRow::Session(session) => session_row(session, screen.now, is_wide, usize::from(branch)),
        })
        .collect();
    // A project's line has no columns: it is drawn over the table's.
    let table = Table::new(rows, widths)
        .header(header)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::default().with_selected(Some(screen.selected));
    frame.render_stateful_widget(table, area, &mut state);
    for (at, row) in screen.rows.iter().enumerate().skip(state.offset()) {
        let Ok(y) = u16::try_from(at - state.offset() + 1) else { break };
        if y >= area.height {
            break;
        }
        if let ScreenRow::Project(path, project, is_focus) = row {
            let line = project_line(path, project, *is_focus);
            let line = if at == screen.selected { line.style(Modifier::REVERSED) } else { line };
            frame.render_widget(line, Rect { y: area.y + y, height: 1, ..area });
        }
    }
}

fn project_line(path: &str, project: &DerivedProject, is_focus: bool) -> Line<'static> {
    let mut spans = vec![
        Span::styled(format!("{} ", mark(project.state)), color(project.state)),
        Span::styled(shortened(path, 160), Style::new().add_modifier(Modifier::BOLD)),
    ];
    if is_focus {
        spans.push(Span::raw("  your shell"));
    }
    if project.via == "activity" {
        spans.push(Span::raw("  edited by a session elsewhere"));
    }
    if project.main_worktree.is_some() {
        spans.push(Span::styled("  work tree", Style::new().add_modifier(Modifier::DIM)));
    }
    Line::from(spans)
}

fn session_row(session: &DerivedSession, now: i64, is_wide: bool, branch: usize) -> TableRow<'static> {
    let state = session.display_state;
    let open = &session.open_requirements;
    let open = match open.len() {
        0 => "-".to_owned(),
        _ if is_wide => shortened(&open.join(" "), 24),
        count => count.to_string(),
    };
    let mut cells = vec![
        Cell::from(Span::styled(format!("  {} {}", mark(state), state.name()), color(state))),
        Cell::from(session.id.clone()),
        Cell::from(since(session.state_changed_at.as_deref(), now)),
        Cell::from(shortened(session.branch.as_deref().unwrap_or("-"), branch)),
        Cell::from(open),
        Cell::from(
            session.context_percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0}%")),
        ),
        Cell::from(since(session.updated_at.as_deref(), now)),
    ];
    if is_wide {
        cells.push(Cell::from(last_file(session).unwrap_or_else(|| "-".to_owned())));
    }
    cells.push(Cell::from(why(session)));
    let row = TableRow::new(cells);
    if session.ended.is_some() { row.style(Style::new().add_modifier(Modifier::DIM)) } else { row }
}

fn details(session: &DerivedSession, now: i64) -> Paragraph<'static> {
    let client = session
        .owner
        .as_ref()
        .map_or_else(|| "no client".to_owned(), |owner| format!("client {}", owner.pid));
    let open = if session.open_requirements.is_empty() {
        "nothing open".to_owned()
    } else {
        format!("open: {}", session.open_requirements.join(", "))
    };
    let file = last_file(session).map(|file| format!(" · {file}")).unwrap_or_default();
    let last = match since(session.updated_at.as_deref(), now).as_str() {
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    };
    let lines = [
        "─".repeat(400),
        format!("{} · {client} ({}) · {}", session.session_id, session.liveness, session.cwd.display()),
        format!("{open} · last event {last}{file} · why: {}", session.why.join(", ")),
    ];
    Paragraph::new(
        lines.map(|line| Line::from(if line.starts_with('─') { line } else { plain_wide(&line) })).to_vec(),
    )
}

/// Text for one line that may be as wide as the terminal.
fn plain_wide(text: &str) -> String {
    one_line(text).chars().take(400).collect()
}

fn timeline(frame: &mut Frame<'_>, open: &OpenTimeline, area: Rect) {
    let height = usize::from(area.height.saturating_sub(1));
    let end = open.entries.len().saturating_sub(open.below);
    let first = end.saturating_sub(height);
    let place = format!("events {}-{end} of {}", (first + 1).min(end), open.entries.len());
    let mut lines = vec![Line::styled(
        format!("{}  {place}", plain(&open.session_id)),
        Style::new().add_modifier(Modifier::DIM),
    )];
    lines.extend(open.entries[first..end].iter().map(|entry| {
        let style = if entry.changed { color(entry.state) } else { Style::new() };
        Line::styled(line(entry), style)
    }));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The remark about the session, else the rule that decided its state.
fn why(session: &DerivedSession) -> String {
    remark(session).unwrap_or_else(|| session.why.last().copied().unwrap_or_default().replace('_', " "))
}

fn last_file(session: &DerivedSession) -> Option<String> {
    let worked = session.recent_activity.first()?;
    let file = std::path::Path::new(&worked.file_path);
    let shown = file.strip_prefix(&session.project_dir).unwrap_or(file);
    Some(shortened(&format!("{} {}", worked.op, shown.display()), 120))
}

/// An age in minutes or more. Without seconds the screen changes at most once a minute while no event comes.
fn since(time: Option<&str>, now: i64) -> String {
    let at = time.map_or(0, millis);
    if at == 0 {
        return "-".to_owned();
    }
    match (now - at) / 1_000 {
        seconds if seconds < 60 => "now".to_owned(),
        seconds => age(seconds),
    }
}

fn mark(state: SessionState) -> char {
    match state {
        SessionState::Working => '●',
        SessionState::Waiting => '◆',
        SessionState::Compacting => '◌',
        SessionState::Ready => '○',
        SessionState::Idle => '·',
    }
}

fn color(state: SessionState) -> Style {
    if env_vars::get_os(env_vars::NO_COLOR).is_some() {
        return Style::new();
    }
    match state {
        SessionState::Working => Style::new().fg(Color::Cyan),
        SessionState::Waiting => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        SessionState::Compacting => Style::new().fg(Color::Magenta),
        SessionState::Ready => Style::new().fg(Color::Green),
        SessionState::Idle => Style::new().add_modifier(Modifier::DIM),
    }
}
