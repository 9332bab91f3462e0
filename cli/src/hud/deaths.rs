//! The ends of processes: the kernel reports them on Linux; elsewhere they are polled every three seconds.

use std::collections::BTreeSet;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hooks_common::paths::Paths;
use platform::process::{Liveness, liveness};
use sessions::derived::WriterLock;

use super::signal::Signal;

/// A thread that only waits needs little stack.
const STACK: usize = 64 * 1024;
/// No more processes are watched at a time. The end of another one is noticed at the next event.
const MOST: usize = 256;

/// The watched processes, with one waiting thread each.
#[derive(Debug)]
pub struct Deaths {
    signals: Sender<Signal>,
    watched: Arc<Mutex<BTreeSet<u32>>>,
}

impl Deaths {
    /// Sends [`Signal::Death`] to `signals` when a watched process ends.
    pub fn new(signals: Sender<Signal>) -> Self {
        Self { signals, watched: Arc::default() }
    }

    /// Sends a signal when the process ends; none for a process that has already ended.
    pub fn watch(&self, pid: u32) {
        if liveness(pid.into(), None) == Liveness::Dead {
            return;
        }
        {
            let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            if watched.len() >= MOST || !watched.insert(pid) {
                return;
            }
        }
        let (signals, watched) = (self.signals.clone(), Arc::clone(&self.watched));
        let wait = move || {
            wait_for_end(pid);
            watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
            // The receiver is gone when the HUD has ended.
            let _ = signals.send(Signal::Death);
        };
        let _ = std::thread::Builder::new().name(format!("wait for {pid}")).stack_size(STACK).spawn(wait);
    }

    /// Watches the process that writes the document, so that another can take over when it ends.
    pub fn watch_writer(&self, paths: &Paths) {
        if let Some(pid) = WriterLock::holder(paths).filter(|pid| *pid != std::process::id()) {
            self.watch(pid);
        }
    }
}

#[cfg(target_os = "linux")]
fn wait_for_end(pid: u32) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(process) = raw.and_then(|raw| pidfd_open(raw, PidfdFlags::empty()).ok()) else {
        // An old kernel, a sandbox that forbids it, no descriptors left.
        return look_now_and_then(pid);
    };
    while let Err(error) = poll(&mut [PollFd::new(&process, PollFlags::IN)], None) {
        if error != rustix::io::Errno::INTR {
            return look_now_and_then(pid);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn wait_for_end(pid: u32) {
    look_now_and_then(pid);
}

fn look_now_and_then(pid: u32) {
    while liveness(pid.into(), None) == Liveness::Live {
        #[allow(clippy::disallowed_methods, reason = "this system reports no end of a process to wait for")]
        std::thread::sleep(Duration::from_secs(3));
    }
}
