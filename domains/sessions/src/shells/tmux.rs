//! Which tmux session a pane belongs to, and where it is shown.

use std::process::Command;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform::child;
use platform::time::rfc3339;

use super::shell::{Shell, age};

/// How long tmux may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long its answer is used; a client may attach elsewhere in that time.
const KEPT: TimeDelta = TimeDelta::seconds(60);

/// What tmux said: both or neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TmuxPlace {
    /// The session's name.
    pub session: Option<String>,
    /// The terminal device of the client that shows it.
    pub client_tty: Option<String>,
    /// When that was asked.
    pub asked_at: String,
}

/// Where a pane is: what the shell's entry knows, or what tmux says when that is too old.
pub fn place(pane: &str, known: Option<&Shell>, now: DateTime<Utc>) -> TmuxPlace {
    known.and_then(|shell| recent(shell, now)).unwrap_or_else(|| {
        let (session, client_tty) = ask(pane).unzip();
        TmuxPlace { session, client_tty, asked_at: rfc3339(now) }
    })
}

fn recent(shell: &Shell, now: DateTime<Utc>) -> Option<TmuxPlace> {
    let asked_at = shell.tmux_asked_at.clone()?;
    (TimeDelta::zero()..=KEPT).contains(&age(&asked_at, now)).then(|| TmuxPlace {
        session: shell.tmux_session.clone(),
        client_tty: shell.tmux_client_tty.clone(),
        asked_at,
    })
}

/// `list-clients` would answer in no particular order. Without `-u` tmux takes the tab for unprintable where the
/// locale is not UTF-8.
fn ask(pane: &str) -> Option<(String, String)> {
    let mut tmux = Command::new("tmux");
    tmux.args(["-u", "display-message", "-p", "-t", pane, "#{session_name}\t#{client_tty}"]);
    let (status, text) = child::output(&mut tmux, PATIENCE).ok()?;
    status.success().then(|| read(&String::from_utf8_lossy(&text)))?
}

fn read(answer: &str) -> Option<(String, String)> {
    let (session, tty) = answer.lines().next()?.split_once('\t')?;
    (!session.is_empty() && !tty.is_empty()).then(|| (session.to_owned(), tty.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_both_parts_or_counts_for_nothing() {
        let both = Some(("my work".to_owned(), "/dev/pts/3".to_owned()));
        assert_eq!(read("my work\t/dev/pts/3\n"), both);
        for none in ["", "\n", "work\n", "work\t\n", "\t/dev/pts/3\n"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn tmux_is_asked_again_after_a_minute() {
        let now = Utc::now();
        let shell = |seconds: i64| {
            let asked = rfc3339(now - TimeDelta::seconds(seconds));
            let text = format!(
                r#"{{"cwd":"/","updated_at":"","tmux_session":"s","tmux_client_tty":"t","tmux_asked_at":"{asked}"}}"#
            );
            serde_json::from_str::<Shell>(&text).unwrap()
        };
        for (seconds, is_kept) in [(1, true), (59, true), (61, false), (-30, false)] {
            assert_eq!(recent(&shell(seconds), now).is_some(), is_kept, "{seconds}");
        }
        let place = place("%0", Some(&shell(30)), now);
        assert_eq!((place.session.as_deref(), place.client_tty.as_deref()), (Some("s"), Some("t")));
    }
}
