//! Which status line shows: of all levels that set one, the highest counts.

use std::path::PathBuf;

use crate::report::{Category, Report};
use crate::settings::Level;
use crate::status_line::StatusLine;

/// A level's settings file and its status line.
#[derive(Debug)]
pub struct Found {
    /// Whose settings.
    pub level: Level,
    /// The file.
    pub file: PathBuf,
    /// What it sets.
    pub line: StatusLine,
}

/// Examines the status lines of all levels, lowest first. Without hooks of ours nobody misses ours.
pub fn examine(found: &[Found], has_hooks: bool, report: &mut Report) {
    let mut section = report.section(Category::Wiring);
    for Found { file, line, .. } in found {
        let shown = file.display().to_string();
        match line {
            StatusLine::Broken(problem) => section.warn(
                "status-line",
                &shown,
                format!("{problem}, so it is no status line that ours could go with"),
                "mend it and run `stanchion install`",
            ),
            StatusLine::Wrapped(_) => section.note(
                "status-line",
                &shown,
                "the status line runs ours in a way of its own; it stays as it is",
                "",
            ),
            StatusLine::Absent | StatusLine::Ours(_) | StatusLine::Theirs(_) => {}
        }
    }
    let mut set =
        found.iter().filter(|found| !matches!(found.line, StatusLine::Absent | StatusLine::Broken(_)));
    let Some(counts) = set.next_back() else {
        if has_hooks {
            section.note(
                "status-line",
                "status line",
                "ours is not set here",
                "`stanchion install` sets it, and keeps what another shows",
            );
        }
        return;
    };
    let winner = counts.file.display();
    let is_ours = matches!(counts.line, StatusLine::Ours(_));
    if is_ours {
        section.pass("status-line", "status line", format!("ours in {winner} counts"));
    }
    for Found { file, line, .. } in set {
        let (loser, scope) = (file.display(), counts.level.name());
        match line {
            StatusLine::Theirs(_) if is_ours => section.note(
                "status-line",
                "status line",
                format!(
                    "ours in {winner} counts, not the one in {loser} (local counts over project over user)"
                ),
                &format!("`stanchion install --scope {scope} --no-status-line` lets that one show again"),
            ),
            StatusLine::Ours(_) if matches!(counts.line, StatusLine::Theirs(_)) => section.warn(
                "status-line",
                "status line",
                format!(
                    "the one in {winner} counts, not ours in {loser} (local counts over project over user)"
                ),
                &format!("`stanchion install --scope {scope}` chains that one"),
            ),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Form;
    use crate::status_line::Ours;

    fn told(lines: [StatusLine; 3]) -> (u8, String) {
        let levels = Level::ALL.into_iter().zip(lines);
        let found: Vec<_> = levels
            .map(|(level, line)| Found { level, file: format!("/{}", level.name()).into(), line })
            .collect();
        let mut report = Report::on("/repo");
        examine(&found, true, &mut report);
        (report.exit_code(true), report.text(true))
    }

    #[test]
    fn the_highest_level_counts() {
        let ours = || StatusLine::Ours(Ours { path: "/x".into(), form: Form::Exec, chained: None });
        let theirs = || StatusLine::Theirs("ccline".into());
        use StatusLine::{Absent, Broken};
        for (lines, code, needle) in [
            ([Absent, Absent, Absent], 0, "ours is not set here"),
            ([Absent, ours(), Absent], 0, "ok: status line: ours in /project counts"),
            ([theirs(), ours(), Absent], 0, "ours in /project counts, not the one in /user"),
            ([Absent, ours(), theirs()], 1, "the one in /local counts, not ours in /project"),
            ([ours(), theirs(), ours()], 0, "ours in /local counts, not the one in /project"),
            (
                [Absent, ours(), Broken("`statusLine` is no object")],
                1,
                "warning: /local: `statusLine` is no object",
            ),
        ] {
            let (exit, text) = told(lines);
            assert!(exit == code && text.contains(needle), "{needle}: {text}");
        }
    }
}
