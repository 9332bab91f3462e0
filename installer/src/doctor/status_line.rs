//! Which status line is shown: the one of the highest level that sets one.

use std::path::PathBuf;

use crate::report::{Category, CheckReport};
use crate::settings::SettingsLevel;
use crate::status_line::StatusLine;

/// A level's settings file and its status line.
#[derive(Debug)]
pub struct FoundStatusLine {
    /// Whose settings.
    pub level: SettingsLevel,
    /// The file.
    pub file: PathBuf,
    /// What it sets.
    pub line: StatusLine,
}

/// Examines the status lines of all levels, lowest first. Without hooks of ours, a missing line is not worth a note.
pub fn examine(found: &[FoundStatusLine], has_hooks: bool, report: &mut CheckReport) {
    let mut section = report.section(Category::Wiring);
    for FoundStatusLine { file, line, .. } in found {
        let shown = file.display().to_string();
        match line {
            StatusLine::Broken(problem) => section.warn(
                "status-line",
                &shown,
                format!("{problem}, so ours cannot chain it"),
                "fix it, then run `stanchion install`",
            ),
            StatusLine::Wrapped(_) => section.note(
                "status-line",
                &shown,
                "the status line already runs ours; it is not changed",
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
                "ours is not set",
                "run `stanchion install`: it sets ours and still shows an existing one",
            );
        }
        return;
    };
    let winner = counts.file.display();
    let is_ours = matches!(counts.line, StatusLine::Ours(_));
    if is_ours {
        section.pass("status-line", "status line", format!("ours in {winner} is shown"));
    }
    for FoundStatusLine { file, line, .. } in set {
        let (loser, scope) = (file.display(), counts.level.name());
        match line {
            StatusLine::Theirs(_) if is_ours => section.note(
                "status-line",
                "status line",
                format!(
                    "ours in {winner} is shown, not the one in {loser} (local overrides project, project overrides user)"
                ),
                &format!("run `stanchion install --scope {scope} --no-status-line` to show that one"),
            ),
            StatusLine::Ours(_) if matches!(counts.line, StatusLine::Theirs(_)) => section.warn(
                "status-line",
                "status line",
                format!(
                    "the one in {winner} is shown, not ours in {loser} (local overrides project, project overrides user)"
                ),
                &format!("run `stanchion install --scope {scope}` to chain that one"),
            ),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::EntryForm;
    use crate::status_line::OurStatusLine;

    fn examined(lines: [StatusLine; 3]) -> (u8, String) {
        let levels = SettingsLevel::ALL.into_iter().zip(lines);
        let found: Vec<_> = levels
            .map(|(level, line)| FoundStatusLine { level, file: format!("/{}", level.name()).into(), line })
            .collect();
        let mut report = CheckReport::on("/repo");
        examine(&found, true, &mut report);
        (report.exit_code(true), report.text(true))
    }

    #[test]
    fn the_highest_level_is_shown() {
        let ours =
            || StatusLine::Ours(OurStatusLine { path: "/x".into(), form: EntryForm::Exec, chained: None });
        let theirs = || StatusLine::Theirs("ccline".into());
        use StatusLine::{Absent, Broken};
        for (lines, code, needle) in [
            ([Absent, Absent, Absent], 0, "ours is not set"),
            ([Absent, ours(), Absent], 0, "ok: status line: ours in /project is shown"),
            ([theirs(), ours(), Absent], 0, "ours in /project is shown, not the one in /user"),
            ([Absent, ours(), theirs()], 1, "the one in /local is shown, not ours in /project"),
            ([ours(), theirs(), ours()], 0, "ours in /local is shown, not the one in /project"),
            (
                [Absent, ours(), Broken("`statusLine` is not an object")],
                1,
                "warning: /local: `statusLine` is not an object",
            ),
        ] {
            let (exit, text) = examined(lines);
            assert!(exit == code && text.contains(needle), "{needle}: {text}");
        }
    }
}
