//! A child process with a limit on its time and output. Nothing on the hot path starts one.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::sys;

/// The most output that is read, in bytes.
const MOST_OUTPUT: usize = 4 * 1024 * 1024;
/// How often it is looked whether a silent child has ended.
const LOOK: Duration = Duration::from_millis(20);
/// How long a child that closed its output may take to end.
const PAUSE: Duration = Duration::from_millis(2);

/// Runs a command with nothing on stdin and stderr discarded; what it printed, and how it ended. A child that
/// takes longer than `limit` is killed.
///
/// # Errors
/// When it cannot be started, takes too long or prints too much.
pub fn output(command: &mut Command, limit: Duration) -> io::Result<(ExitStatus, Vec<u8>)> {
    run(command.stdin(Stdio::null()).stderr(Stdio::null()), None, limit)
}

/// As [`output`], with `input` on stdin. A child need not read it.
///
/// # Errors
/// As [`output`].
pub fn output_of(
    command: &mut Command,
    input: Vec<u8>,
    limit: Duration,
) -> io::Result<(ExitStatus, Vec<u8>)> {
    run(command.stdin(Stdio::piped()).stderr(Stdio::null()), Some(input), limit)
}

/// The same, with what it says on stderr on ours: for a person who is to read why it fails.
///
/// # Errors
/// As [`output`].
pub fn output_aloud(
    command: &mut Command,
    input: Vec<u8>,
    limit: Duration,
) -> io::Result<(ExitStatus, Vec<u8>)> {
    run(command.stdin(Stdio::piped()).stderr(Stdio::inherit()), Some(input), limit)
}

/// As [`output`], of a child that may print more than anybody reads: what it printed first, up to `most` bytes. How it
/// ended is `None` where more would have come; it is killed then.
///
/// # Errors
/// When it cannot be started or takes too long.
pub fn beginning(
    command: &mut Command,
    limit: Duration,
    most: usize,
) -> io::Result<(Option<ExitStatus>, Vec<u8>)> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let ended = read_all(&mut child, limit, most).and_then(|mut output| {
        if output.len() > most {
            output.truncate(most);
            return Ok((None, output));
        }
        wait(&mut child, started, limit).map(|status| (Some(status), output))
    });
    if !matches!(ended, Ok((Some(_), _))) {
        end(&mut child);
    }
    ended
}

fn run(command: &mut Command, input: Option<Vec<u8>>, limit: Duration) -> io::Result<(ExitStatus, Vec<u8>)> {
    let started = Instant::now();
    command.stdout(Stdio::piped());
    let mut child = command.spawn()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A pipe takes 64 KiB at once; more must not keep us from reading what the child says.
        std::thread::spawn(move || stdin.write_all(&input));
    }
    let ended = read_all(&mut child, limit, MOST_OUTPUT).and_then(|output| {
        if output.len() > MOST_OUTPUT {
            return Err(io::Error::other("it printed too much"));
        }
        wait(&mut child, started, limit).map(|status| (status, output))
    });
    if ended.is_err() {
        end(&mut child);
    }
    ended
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

/// What a child prints, to its end or until it is more than `most` bytes.
fn read_all(child: &mut Child, limit: Duration, most: usize) -> io::Result<Vec<u8>> {
    let started = Instant::now();
    let mut output = Vec::new();
    let Some(mut stream) = child.stdout.take() else { return Ok(output) };
    let mut chunk = [0; 16 * 1024];
    loop {
        let left = limit.checked_sub(started.elapsed()).ok_or_else(|| too_long(limit))?;
        if !sys::wait_readable(&stream, left.min(LOOK)) {
            // What it left running may hold its output open; the child has said what it had to say.
            if child.try_wait()?.is_some() {
                return Ok(output);
            }
            continue;
        }
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(output),
            Ok(read) => output.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if output.len() > most {
            return Ok(output);
        }
    }
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
        let most =
            |script: &str| beginning(Command::new("sh").args(["-c", script]), Duration::from_secs(5), 10);
        let (ended, text) = most("yes").unwrap();
        assert_eq!((ended, text.as_slice()), (None, &b"y\ny\ny\ny\ny\n"[..]));
        let (ended, text) = most("printf 1234567890; exit 3").unwrap();
        assert_eq!((ended.unwrap().code(), text.len()), (Some(3), 10));
        let started = Instant::now();
        assert!(sh("sleep 5", 50).is_err() && sh("exec >&-; sleep 5", 50).is_err());
        assert!(started.elapsed() < Duration::from_secs(3));
    }
}
