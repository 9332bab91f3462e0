//! Runs a child process with limits on its time and output. The hot path never starts one.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{budget, sys};

/// The limit on a child's output if the caller sets none, in bytes.
pub const MOST_OUTPUT: usize = 4 * 1024 * 1024;
/// The limit on kept stderr, in bytes. The first lines contain the cause, so the rest is dropped.
const MOST_ERRORS: usize = 16 * 1024;
/// The interval at which a child without output is checked for its end.
const LOOK: Duration = Duration::from_millis(20);
/// The interval at which a child that closed its output is checked for its end.
const PAUSE: Duration = Duration::from_millis(2);

/// The limits of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time after which the child is killed.
    pub time: Duration,
    /// The most output in bytes. A child that prints more is killed.
    pub bytes: usize,
}

/// The destination of a child's stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Nowhere.
    Discarded,
    /// Into [`Ended::errors`].
    Kept,
    /// To Stanchion's own stderr, for a person to read.
    Shown,
}

/// The result of a child that ended, or that was killed because it printed too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The exit status. `None` if the child printed more than its limit and was killed.
    pub status: Option<ExitStatus>,
    /// The child's stdout, up to the limit.
    pub output: Vec<u8>,
    /// The beginning of the child's stderr, if it is kept.
    pub errors: Vec<u8>,
}

/// Runs a command with empty stdin and discarded stderr. Returns its exit status and output. A child that takes
/// longer than `limit` is killed.
///
/// # Errors
/// When the command cannot be started, takes too long or prints too much.
pub fn output(command: &mut Command, limit: Duration) -> io::Result<(ExitStatus, Vec<u8>)> {
    whole(run(command, None, Limits { time: limit, bytes: MOST_OUTPUT }, Errors::Discarded)?)
}

/// As [`output`], with `input` on stdin. The child may leave it unread.
///
/// # Errors
/// As [`output`].
pub fn output_of(
    command: &mut Command,
    input: Vec<u8>,
    limit: Duration,
) -> io::Result<(ExitStatus, Vec<u8>)> {
    whole(run(command, Some(input), Limits { time: limit, bytes: MOST_OUTPUT }, Errors::Discarded)?)
}

fn whole(ended: Ended) -> io::Result<(ExitStatus, Vec<u8>)> {
    let status = ended.status.ok_or_else(|| io::Error::other("it printed too much"))?;
    Ok((status, ended.output))
}

/// Runs a command with `input` on stdin, or with nothing there. A child that a decision waits for gets no more time than
/// is left of the decision's budget.
///
/// # Errors
/// When the command cannot be started, or takes too long ([`io::ErrorKind::TimedOut`]).
pub fn run(
    command: &mut Command,
    input: Option<Vec<u8>>,
    limits: Limits,
    errors: Errors,
) -> io::Result<Ended> {
    let started = Instant::now();
    let limits = Limits { time: budget::left().map_or(limits.time, |left| left.min(limits.time)), ..limits };
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(match errors {
        Errors::Discarded => Stdio::null(),
        Errors::Kept => Stdio::piped(),
        Errors::Shown => Stdio::inherit(),
    });
    let mut child = command.spawn()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A pipe takes 64 KiB at once; writing more must not keep us from reading what the child prints.
        let writer = std::thread::Builder::new().spawn(move || stdin.write_all(&input));
        if let Err(error) = writer {
            // Where no thread can be made, as with a limit on processes, there is no child either.
            end(&mut child);
            return Err(error);
        }
    }
    let mut ended = Ended { status: None, output: Vec::new(), errors: Vec::new() };
    let result = read_all(&mut child, started, limits, &mut ended).and_then(|()| {
        // A child that printed too much is killed below instead of waited for.
        if ended.output.len() <= limits.bytes {
            ended.status = Some(wait(&mut child, started, limits.time)?);
        }
        Ok(())
    });
    if ended.status.is_none() {
        end(&mut child);
    }
    ended.output.truncate(limits.bytes);
    result.map(|()| ended)
}

fn wait(child: &mut Child, started: Instant, limit: Duration) -> io::Result<ExitStatus> {
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        pause();
    }
    Err(too_long(limit))
}

fn end(child: &mut Child) {
    // The child may have ended by itself, so an error is ignored. Waiting removes the zombie.
    let _ = child.kill();
    let _ = child.wait();
}

#[allow(clippy::disallowed_methods, reason = "waiting for a child that is about to end")]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn too_long(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it took longer than {} ms", limit.as_millis()))
}

/// Reads a child's output until it ends or exceeds its limit.
fn read_all(child: &mut Child, started: Instant, limits: Limits, ended: &mut Ended) -> io::Result<()> {
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    // Both streams are read as data arrives: a child that waits for room in one pipe never closes the other.
    while output.is_some() || errors.is_some() {
        let left = limits.time.checked_sub(started.elapsed()).ok_or_else(|| too_long(limits.time))?;
        let readable = sys::wait_either_readable(output.as_ref(), errors.as_ref(), left.min(LOOK));
        if readable == (false, false) {
            // A process that the child left running may keep the pipe open, so the end of the child ends the reading.
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            continue;
        }
        if readable.0 {
            // One byte above the limit distinguishes output that fits exactly from output that is too long.
            take_in(&mut output, &mut ended.output, limits.bytes + 1)?;
            if ended.output.len() > limits.bytes {
                return Ok(());
            }
        }
        if readable.1 {
            take_in(&mut errors, &mut ended.errors, MOST_ERRORS)?;
        }
    }
    Ok(())
}

/// Reads once, keeps the bytes that fit, and closes a stream that ended.
fn take_in(stream: &mut Option<impl Read>, kept: &mut Vec<u8>, most: usize) -> io::Result<()> {
    let mut chunk = [0; 16 * 1024];
    let Some(open) = stream else { return Ok(()) };
    match open.read(&mut chunk) {
        Ok(0) => *stream = None,
        // The rest is read and dropped, because a full pipe would block the child.
        Ok(read) => kept.extend_from_slice(&chunk[..read.min(most - kept.len())]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: u64) -> io::Result<(ExitStatus, Vec<u8>)> {
        output(Command::new("sh").args(["-c", script]), Duration::from_millis(limit))
    }

    #[test]
    fn a_child_is_bounded() {
        let (status, text) = sh("printf abc; exit 3", 5_000).unwrap();
        assert_eq!((status.code(), text.as_slice()), (Some(3), &b"abc"[..]));
        let (_, text) =
            output_of(&mut Command::new("cat"), vec![b'x'; 200_000], Duration::from_secs(5)).unwrap();
        assert_eq!(text.len(), 200_000);
        let (_, text) = sh("sleep 5 & echo 99", 3_000).unwrap();
        assert_eq!(text, b"99\n", "what it left running is not waited for");
        let most = |script: &str| {
            let limits = Limits { time: Duration::from_secs(5), bytes: 10 };
            run(Command::new("sh").args(["-c", script]), None, limits, Errors::Kept).unwrap()
        };
        let ended = most("yes");
        assert_eq!((ended.status, ended.output.as_slice()), (None, &b"y\ny\ny\ny\ny\n"[..]));
        let ended = most("printf 1234567890; printf why >&2; exit 3");
        assert_eq!((ended.status.unwrap().code(), ended.output.len()), (Some(3), 10));
        assert_eq!(ended.errors, b"why");
        let ended = most("yes | head -c 200000 >&2; printf x");
        assert_eq!((ended.output.as_slice(), ended.errors.len()), (&b"x"[..], MOST_ERRORS));
        let started = Instant::now();
        assert!(sh("sleep 5", 50).is_err() && sh("exec >&-; sleep 5", 50).is_err());
        assert!(started.elapsed() < Duration::from_secs(3));
    }
}
