//! `req watch` and `req serve`: the same loop with and without a screen.

use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context, bail};
use hooks_common::paths::Paths;
use platform::time::Moment;
use ratatui::crossterm::event::{self, Event as Input};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::hud::screen::{Outcome, Screen};
use crate::hud::{Hud, Signal, view};

/// Shows all sessions until somebody presses `q`.
pub fn watch() -> anyhow::Result<()> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        bail!(
            "`req watch` needs a terminal; `req sessions` prints once, `req serve` keeps derived-state.json up to date"
        );
    }
    let (sender, signals) = channel();
    end_on_signals(&sender)?;
    let mut hud = Hud::start(Paths::from_env(), &sender);
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    end_with_terminal(sender.clone());
    listen(sender);
    let shown = show(&mut hud, &signals, &mut terminal);
    // When the terminal is gone there is nothing to put back, and nobody to tell.
    let _ = ratatui::try_restore();
    // It would show the cursor once more, and complain where it cannot.
    std::mem::forget(terminal);
    shown
}

fn show(
    hud: &mut Hud,
    signals: &Receiver<Signal>,
    terminal: &mut ratatui::DefaultTerminal,
) -> anyhow::Result<()> {
    let mut screen = Screen::default();
    let mut waiting: Vec<Signal> = Vec::new();
    loop {
        screen.update(hud, Moment::now());
        if terminal.draw(|frame| view::draw(frame, &mut screen)).is_err() {
            // The terminal is gone, and with it whoever could be told.
            return Ok(());
        }
        let next = match waiting.pop() {
            Some(signal) => Some(signal),
            None => hud.wait(signals, true),
        };
        match next {
            Some(Signal::End) => return Ok(()),
            Some(Signal::Input(input)) => {
                if screen.input(&input, hud) == Outcome::Quit {
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

/// Keeps the document up to date until a signal ends it.
pub fn serve() -> anyhow::Result<()> {
    let (sender, signals) = channel();
    end_on_signals(&sender)?;
    let paths = Paths::from_env();
    let mut hud = Hud::start(paths.clone(), &sender);
    let path = paths.derived_state();
    if hud.is_writer() {
        eprintln!("req: keeping {} up to date", path.display());
    } else if hud.trouble.is_none() {
        eprintln!("req: another process keeps {} up to date; waiting to take over", path.display());
    }
    let mut told = None;
    let mut waiting: Vec<Signal> = Vec::new();
    loop {
        if hud.trouble.is_some() && hud.trouble != told {
            eprintln!("req: {}", hud.trouble.as_deref().unwrap_or_default());
        }
        told.clone_from(&hud.trouble);
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

/// A signal ends the loop, which puts the terminal back as it was.
fn end_on_signals(sender: &Sender<Signal>) -> anyhow::Result<()> {
    let mut ends = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be listened to")?;
    let sender = sender.clone();
    std::thread::spawn(move || {
        let Some(signal) = ends.forever().next() else { return };
        if sender.send(Signal::End).is_err() {
            return;
        }
        #[allow(
            clippy::disallowed_methods,
            reason = "whoever draws on a terminal that takes nothing does not hear"
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

/// A terminal that vanishes without a signal reads as empty for ever: only its hang-up tells.
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
        // Nobody listens when the HUD has ended.
        let _ = sender.send(Signal::End);
    });
}

/// Keys are read by a thread of their own, so that the loop has one thing to wait for.
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
