//! Holds back signals while a command must not end halfway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::error::{CliResult, Context};

/// Notes SIGINT, SIGTERM and SIGHUP instead of ending. Children still end by them: signal handlers are not inherited.
#[derive(Debug)]
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Starts holding signals back, until the process ends.
    pub fn held_back() -> CliResult<Self> {
        let noted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&noted)).context("signals cannot be handled")?;
        }
        Ok(Self(noted))
    }

    /// Whether one arrived.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
