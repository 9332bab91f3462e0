//! A projection's position in a session's log. An update only reads the new lines.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use super::{LoggedEvent, SessionDir, carried_over};
use platform::store::{self, append};

/// A position in a log: the file's inode, and the offset after the last line that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    log_inode: u64,
    offset: u64,
}

/// The part of a log after a cursor.
#[derive(Debug)]
pub struct News {
    /// The new events, in log order.
    pub events: Vec<LoggedEvent>,
    /// The position after these events.
    pub cursor: Cursor,
    /// Whether the events follow the previously read ones. If not, they start at the beginning of another log, and
    /// the projection must be rebuilt.
    pub is_continued: bool,
}

impl Cursor {
    /// The number of bytes between an earlier position and this one; `u64::MAX` if they are in different files.
    pub fn beyond(self, earlier: Self) -> u64 {
        if self.log_inode == earlier.log_inode {
            self.offset.saturating_sub(earlier.offset)
        } else {
            u64::MAX
        }
    }

    /// The events after this position. `None` if there are none or there is no log. A line without its newline may
    /// still be growing, so it is left for the next read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn news(self, dir: &SessionDir) -> io::Result<Option<News>> {
        let Ok((mut log, meta)) = store::open_regular(&dir.events()) else { return Ok(None) };
        let known = if self == Self::default() {
            None
        } else if self.log_inode == meta.ino() {
            Some(self.offset)
        } else {
            carried_over(&mut log, self.log_inode, self.offset)
        };
        // A log that is shorter than the position is not the log that was read.
        let known = known.filter(|offset| *offset <= meta.len());
        let offset = known.unwrap_or(0);
        log.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole == 0 {
            return Ok(None);
        }
        Ok(Some(News {
            events: append::read_lines(&bytes[..whole]).0,
            cursor: Self { log_inode: meta.ino(), offset: offset + whole as u64 },
            is_continued: known.is_some(),
        }))
    }
}
