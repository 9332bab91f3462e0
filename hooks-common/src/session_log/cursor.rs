//! How far a projection has read a session's log: bringing it up to date costs only what is new.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use super::{LoggedEvent, SessionDir, carried_over};
use platform::store::{self, append};

/// A place in a log: the file by its inode, and the byte after the last line that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    log_inode: u64,
    offset: u64,
}

/// What a log has beyond a cursor.
#[derive(Debug)]
pub struct News {
    /// The new events, in log order.
    pub events: Vec<LoggedEvent>,
    /// Where they end.
    pub cursor: Cursor,
    /// Whether they follow what was read before; otherwise they begin with the log, which is not the one that was
    /// read, and whatever was made of that must be made anew.
    pub is_continued: bool,
}

impl Cursor {
    /// How many bytes this place lies beyond an earlier one; all there can be in another file.
    pub fn beyond(self, earlier: Self) -> u64 {
        if self.log_inode == earlier.log_inode {
            self.offset.saturating_sub(earlier.offset)
        } else {
            u64::MAX
        }
    }

    /// The events after this place; `None` when there are none, or no log. A line that may still be growing is left
    /// for the next time.
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
