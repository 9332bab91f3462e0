//! `req watch` and `req serve`: the same loop with and without a screen.

use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use hooks_common::paths::Paths;
use platform::time::Moment;
use ratatui::crossterm::event::{self, Event as Input};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{CliError, CliResult, Context, on_stderr};
use crate::hud::screen::{InputOutcome, Screen};
use crate::hud::{Hud, Signal, view};

/// Shows all sessions until `q` is pressed.
pub fn watch() -> CliResult {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(CliError::user("`watch` needs a terminal")
            .next("run `req sessions` to print once, or `req serve` to update derived-state.json"));
    }
    let (sender, signals) = channel();
    end_on_signals(&sender)?;
    let mut hud = Hud::start(Paths::from_env(), &sender);
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    end_with_terminal(sender.clone());
    listen(sender);
    let shown = show(&mut hud, &signals, &mut terminal);
    // If the terminal is gone, there is nothing to restore.
    let _ = ratatui::try_restore();
    // Dropping it would show the cursor once more, and print an error when the terminal is gone.
    std::mem::forget(terminal);
    shown
}

fn show(hud: &mut Hud, signals: &Receiver<Signal>, terminal: &mut ratatui::DefaultTerminal) -> CliResult {
    let mut screen = Screen::default();
    let mut waiting: Vec<Signal> = Vec::new();
    loop {
        screen.update(hud, Moment::now());
        if terminal.draw(|frame| view::draw(frame, &mut screen)).is_err() {
            // The terminal is gone, so an error could not be shown.
            return Ok(());
        }
        let next = match waiting.pop() {
            Some(signal) => Some(signal),
            None => hud.wait(signals, true),
        };
        match next {
            Some(Signal::End) => return Ok(()),
            Some(Signal::Input(input)) => {
                if screen.input(&input, hud) == InputOutcome::Quit {
                    return Ok(());
                }
            }
            Some(Signal::Files(touched)) => {
                waiting.extend(hud.take_in(vec![touched], signals));
            }
            Some(Signal::Death) | None => waiting.extend(hud.take_in(Vec::new(), signals)),
        }
    }
}

/// Keeps `derived-state.json` up to date until a signal ends it.
pub fn serve() -> CliResult {
    let (sender, signals) = channel();
    end_on_signals(&sender)?;
    let paths = Paths::from_env();
    let mut hud = Hud::start(paths.clone(), &sender);
    let path = paths.derived_state();
    if hud.is_writer() {
        on_stderr(format_args!("keeping {} up to date", path.display()));
    } else if hud.trouble.is_none() {
        on_stderr(format_args!("another process keeps {} up to date; waiting to take over", path.display()));
    }
    let mut printed = None;
    let mut waiting: Vec<Signal> = Vec::new();
    loop {
        if hud.trouble.is_some() && hud.trouble != printed {
            on_stderr(format_args!("{}", hud.trouble.as_deref().unwrap_or_default()));
        }
        printed.clone_from(&hud.trouble);
        let next = match waiting.pop() {
            Some(signal) => Some(signal),
            None => hud.wait(&signals, false),
        };
        let touched = match next {
            Some(Signal::End) => return Ok(()),
            Some(Signal::Files(touched)) => vec![touched],
            _ => Vec::new(),
        };
        waiting.extend(hud.take_in(touched, &signals));
    }
}

/// A signal ends the loop, which restores the terminal.
fn end_on_signals(sender: &Sender<Signal>) -> CliResult {
    let mut ends = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be handled")?;
    let sender = sender.clone();
    std::thread::spawn(move || {
        let Some(signal) = ends.forever().next() else { return };
        if sender.send(Signal::End).is_err() {
            return;
        }
        #[allow(
            clippy::disallowed_methods,
            reason = "a thread that draws on a blocked terminal never reads its channel; this one gives it two seconds"
        )]
        std::thread::sleep(Duration::from_secs(2));
        let _ = ratatui::crossterm::terminal::disable_raw_mode();
        #[allow(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "main is blocked, and nothing is left to write"
        )]
        std::process::exit(128 + signal);
    });
    Ok(())
}

/// Ends the loop when the terminal hangs up. A terminal that vanishes without a signal reads as empty for ever.
fn end_with_terminal(sender: Sender<Signal>) {
    std::thread::spawn(move || {
        let stdin = std::io::stdin();
        let hung_up =
            rustix::event::PollFlags::HUP | rustix::event::PollFlags::ERR | rustix::event::PollFlags::NVAL;
        loop {
            let mut terminal = [rustix::event::PollFd::new(&stdin, rustix::event::PollFlags::empty())];
            match rustix::event::poll(&mut terminal, None) {
                Ok(_) if terminal[0].revents().intersects(hung_up) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
        // After the loop ended the receiver is gone.
        let _ = sender.send(Signal::End);
    });
}

/// Reads keys in a thread of its own, so that the loop waits for one channel only.
fn listen(sender: Sender<Signal>) {
    std::thread::spawn(move || {
        loop {
            let signal = match event::read() {
                Ok(Input::Mouse(_) | Input::FocusGained | Input::FocusLost) => continue,
                Ok(input) => Signal::Input(input),
                // The terminal is gone.
                Err(_) => Signal::End,
            };
            let ends = matches!(signal, Signal::End);
            if sender.send(signal).is_err() || ends {
                return;
            }
        }
    });
}
