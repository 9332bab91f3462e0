//! The first line of a compacted log, as far as readers that remember a place need it.

use std::io::{BufRead, BufReader, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

/// The name of the event that stands for the lines that were dropped.
pub const COMPACTED: &str = "_compacted";

/// Where the lines of a compacted log stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// The former log's inode.
    pub ino: u64,
    /// The byte there that followed what was dropped.
    pub byte: u64,
}

#[derive(Deserialize)]
struct FirstLine {
    event: String,
    from: Predecessor,
}

/// Where a reader that had read the log with inode `ino` up to `offset` goes on in `log`, which has taken its
/// place; `None` when it was not made from that one. What was dropped before the reader saw it is lost to it.
pub fn carried_over(log: &mut std::fs::File, ino: u64, offset: u64) -> Option<u64> {
    log.seek(SeekFrom::Start(0)).ok()?;
    let mut line = Vec::new();
    BufReader::new(&mut *log).read_until(b'\n', &mut line).ok()?;
    let first: FirstLine = serde_json::from_slice(&line).ok()?;
    let is_successor = first.event == COMPACTED && first.from.ino == ino;
    is_successor.then(|| line.len() as u64 + offset.saturating_sub(first.from.byte))
}
