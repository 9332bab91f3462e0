//! How long one decision may take, counted in one place.
//!
//! A hook that decides calls [`begin`] once. Whatever may take long for input that nobody foresaw asks [`is_spent`] as
//! it goes and stops when that is so. Whoever leaves something out for another reason, such as a list that is too long,
//! says so with [`cut`]. Who decides asks [`unfinished`] at the end: a part that did not look at everything and found
//! nothing has not answered.
//!
//! The budget belongs to the thread: a thread that never called [`begin`] has no limit.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use crate::sys;

/// What a decision may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Processor time of this thread.
    pub processor: Duration,
    /// Time on the clock; it includes waiting for git and for disks.
    pub wall: Duration,
}

/// What a decision took too much of. Its text completes "after …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Processor time.
    Processor(Duration),
    /// Time on the clock.
    Wall(Duration),
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor(limit) => write!(f, "{} ms of processor time", limit.as_millis()),
            Self::Wall(limit) => write!(f, "{} ms", limit.as_millis()),
        }
    }
}

/// Why a decision did not look at everything. Its text is a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// It took too long.
    Spent(Spent),
    /// Something is more than is looked at: what, as a clause.
    Cut(&'static str),
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spent(spent) => write!(f, "the check stopped after {spent}"),
            Self::Cut(what) => f.write_str(what),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Running {
    allowance: Allowance,
    began: Instant,
    /// The thread's processor time at the beginning.
    processor: Duration,
    spent: Option<Spent>,
    cut: Option<&'static str>,
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
}

/// A budget that is being counted; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "the budget ends when this is dropped"]
pub struct Counting {
    outer: Option<Running>,
}

impl Drop for Counting {
    fn drop(&mut self) {
        RUNNING.set(self.outer);
    }
}

/// Begins to count for this thread.
pub fn begin(allowance: Allowance) -> Counting {
    let running = Running {
        allowance,
        began: Instant::now(),
        processor: sys::thread_processor_time(),
        spent: None,
        cut: None,
    };
    Counting { outer: RUNNING.replace(Some(running)) }
}

/// Whether the budget of this thread is spent. Costs one look at the clock, without a system call.
pub fn is_spent() -> bool {
    spent().is_some()
}

/// What was spent, if the budget is. Once spent it stays so.
pub fn spent() -> Option<Spent> {
    let mut running = RUNNING.get()?;
    if running.spent.is_some() {
        return running.spent;
    }
    let Allowance { processor, wall } = running.allowance;
    let passed = running.began.elapsed();
    if passed >= wall {
        running.spent = Some(Spent::Wall(wall));
    } else if passed >= processor
        // A thread cannot use more processor time than has passed, so the clock that costs a system call is asked late.
        && sys::thread_processor_time().saturating_sub(running.processor) >= processor
    {
        running.spent = Some(Spent::Processor(processor));
    }
    RUNNING.set(Some(running));
    running.spent
}

/// Notes that something was left out, as a clause: "the folder holds more files than are looked at".
pub fn cut(what: &'static str) {
    if let Some(mut running) = RUNNING.get() {
        running.cut.get_or_insert(what);
        RUNNING.set(Some(running));
    }
}

/// Why not everything was looked at, if that is so.
pub fn unfinished() -> Option<Unfinished> {
    let cut = RUNNING.get()?.cut.map(Unfinished::Cut);
    spent().map(Unfinished::Spent).or(cut)
}

/// The time that is left on the clock; `None` without a budget. A child process gets no more than this.
pub fn left() -> Option<Duration> {
    let running = RUNNING.get()?;
    Some(match spent() {
        Some(_) => Duration::ZERO,
        None => running.allowance.wall.saturating_sub(running.began.elapsed()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn work_until_spent() {
        let began = Instant::now();
        while !is_spent() {
            assert!(began.elapsed() < Duration::from_secs(60));
        }
    }

    #[test]
    fn a_thread_without_a_budget_has_no_limit() {
        assert_eq!((spent(), left(), is_spent()), (None, None, false));
    }

    #[test]
    fn either_time_ends_a_budget() {
        let short = Duration::from_millis(20);
        let began = Instant::now();
        let counting = begin(Allowance { processor: LONG, wall: short });
        assert!(left().is_some_and(|left| left <= short));
        work_until_spent();
        assert!(began.elapsed() >= short);
        assert_eq!((spent(), left()), (Some(Spent::Wall(short)), Some(Duration::ZERO)));
        drop(counting);
        let _counting = begin(Allowance { processor: short, wall: LONG });
        work_until_spent();
        assert_eq!(spent(), Some(Spent::Processor(short)));
        assert_eq!(spent().unwrap().to_string(), "20 ms of processor time");
    }

    #[test]
    fn a_budget_ends_with_its_decision() {
        let outer = begin(Allowance { processor: LONG, wall: LONG });
        let inner = begin(Allowance { processor: LONG, wall: Duration::ZERO });
        assert!(is_spent());
        drop(inner);
        assert!(!is_spent() && left().is_some());
        drop(outer);
        assert_eq!(left(), None);
    }

    #[test]
    fn what_was_left_out_is_noted_until_the_decision_ends() {
        cut("before");
        let counting = begin(Allowance { processor: LONG, wall: LONG });
        assert_eq!(unfinished(), None);
        cut("the first");
        cut("the second");
        assert_eq!((unfinished(), is_spent()), (Some(Unfinished::Cut("the first")), false));
        drop(counting);
        assert_eq!(unfinished(), None);
        let _counting = begin(Allowance { processor: LONG, wall: Duration::ZERO });
        assert_eq!(unfinished().unwrap().to_string(), "the check stopped after 0 ms");
    }

    /// Waiting is no work.
    #[test]
    fn a_thread_that_waits_uses_no_processor_time() {
        let _counting = begin(Allowance { processor: Duration::from_millis(50), wall: LONG });
        let (_sender, receiver) = std::sync::mpsc::channel::<()>();
        let _ = receiver.recv_timeout(Duration::from_millis(80));
        assert!(!is_spent());
    }
}
