//! Signals that end a command, held back while it must not end in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Notes a Ctrl-C and its like from now on, instead of ending by it. What runs in the foreground beside us is still
/// ended by it: a child begins with signals as they were.
#[derive(Debug)]
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Begins to hold signals back; until the process ends, which is soon.
    pub fn held_back() -> anyhow::Result<Self> {
        let noted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&noted)).context("signals cannot be held back")?;
        }
        Ok(Self(noted))
    }

    /// Whether one came.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
