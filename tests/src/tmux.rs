//! A real terminal: a tmux server of its own, in which one command runs.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::World;

/// See the module. The server ends when it is dropped.
#[derive(Debug)]
pub struct Tmux {
    socket: String,
}

impl Tmux {
    /// Starts a shell command in a terminal of this size, with the environment of `world`. `None` where there is no
    /// tmux and none is demanded by `STANCHION_REQUIRE_CLIENT`.
    ///
    /// # Panics
    /// When tmux is demanded and there is none, or it does not start.
    pub fn start(world: &World, columns: u16, rows: u16, command: &str) -> Option<Self> {
        let is_there = Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_ok();
        if !is_there {
            assert!(std::env::var_os("STANCHION_REQUIRE_CLIENT").is_none(), "tmux is not installed");
            eprintln!("SKIPPED: there is no tmux, so nothing was seen in a terminal");
            return None;
        }
        // A server that is ending still listens: the next one gets a socket of its own.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = format!("tmux{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let socket = world.root().join(name).to_string_lossy().into_owned();
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut tmux = world.command("tmux");
        tmux.args(["-u", "-f", "/dev/null", "-S", &socket, "new-session", "-d", "-x", &columns, "-y", &rows]);
        let status = tmux.env("LANG", "C.UTF-8").arg(command).status().expect("tmux runs");
        assert!(status.success());
        Some(Self { socket })
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("tmux").args(["-S", &self.socket]).args(arguments).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the terminal shows.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Presses keys, by tmux's names for them.
    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Waits until the screen is as it should be, and returns it.
    ///
    /// # Panics
    /// When it is not within twenty seconds.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{what}; the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The process that runs in the terminal.
    pub fn pid(&self) -> u32 {
        self.tmux(&["display-message", "-p", "#{pane_pid}"]).trim().parse().expect("a process")
    }

    /// Whether it still runs.
    pub fn is_open(&self) -> bool {
        !self.tmux(&["list-panes"]).is_empty()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
