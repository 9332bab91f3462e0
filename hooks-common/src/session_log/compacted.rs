//! The first line of a compacted log, for readers that remember a position in the log.

use std::io::{BufRead, BufReader, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

/// The name of the event that replaces the dropped lines.
pub const COMPACTED: &str = "_compacted";

/// The former position of a compacted log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// The inode of the former log.
    pub ino: u64,
    /// The offset in the former log of the first line that was kept.
    pub byte: u64,
}

#[derive(Deserialize)]
struct FirstLine {
    event: String,
    from: Predecessor,
}

/// The position in `log`, a compacted log, for a reader that had read inode `ino` up to `offset`. `None` if `log` was
/// not made from that inode. The reader misses lines that were dropped before it read them.
pub fn carried_over(log: &mut std::fs::File, ino: u64, offset: u64) -> Option<u64> {
    log.seek(SeekFrom::Start(0)).ok()?;
    let mut line = Vec::new();
    BufReader::new(&mut *log).read_until(b'\n', &mut line).ok()?;
    let first: FirstLine = serde_json::from_slice(&line).ok()?;
    let is_successor = first.event == COMPACTED && first.from.ino == ino;
    is_successor.then(|| line.len() as u64 + offset.saturating_sub(first.from.byte))
}
