//! Somebody who types at a terminal.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use crate::World;

/// How long a program may take for what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program at a terminal, typed at. It ends when it is dropped.
#[derive(Debug)]
pub struct Typist {
    child: Child,
    keys: Option<ChildStdin>,
    home: PathBuf,
    screen: PathBuf,
}

impl Typist {
    /// Runs a line of shell at a terminal of its own, in the home folder of `world`.
    pub fn new(world: &World, line: &str) -> Self {
        let screen = world.root().join("screen");
        let mut command = world.command("script");
        command.args(["-qefc", line, "/dev/null"]).env("TERM", "xterm").current_dir(&world.home);
        let file = std::fs::File::create(&screen).expect("a file");
        command.stdin(Stdio::piped()).stderr(Stdio::null()).stdout(file);
        let mut child = command.spawn().expect("script runs");
        let keys = child.stdin.take();
        Self { child, keys, home: world.home.clone(), screen }
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        let keys = self.keys.as_mut().expect("a pipe");
        keys.write_all(format!("{line}\r").as_bytes()).expect("somebody reads");
    }

    /// Waits until something is there, and returns it.
    #[track_caller]
    pub fn waits_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "{what} never came: {}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a line in a file of the home folder, and takes the file.
    #[track_caller]
    pub fn waits_for_file(&self, name: &str) -> String {
        let path = self.home.join(name);
        let read = || std::fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'));
        let text = self.waits_for(name, read);
        std::fs::remove_file(path).expect("it is there");
        text.trim().to_owned()
    }

    /// Everything that was shown.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.screen).unwrap_or_default()).into_owned()
    }

    /// Types `exit 0`, waits for the end, and returns everything that was shown.
    #[track_caller]
    pub fn leaves(mut self) -> String {
        self.types("exit 0");
        self.keys = None;
        let started = Instant::now();
        while self.child.try_wait().expect("its status").is_none() {
            assert!(started.elapsed() < PATIENCE, "it stays: {}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.screen()
    }
}

impl Drop for Typist {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
