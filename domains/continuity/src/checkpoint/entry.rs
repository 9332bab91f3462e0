//! Checkpoints by their file names: `{YYYY-MM-DD}-{NN}-SESSION-{N}-{slug}.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use hooks_common::paths;
use platform::store::{self, Durability, lock};

use super::folder;
use crate::ContinuityPlace;
use crate::error::CheckpointError;
use crate::greatest::GREATEST;

/// The most files of a folder that are looked at.
const MOST_FILES: usize = 50_000;
/// The most bytes of a slug.
const LONGEST_SLUG: usize = 60;

/// A checkpoint's file, as its name tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointEntry {
    /// The file.
    pub path: PathBuf,
    /// The session's number.
    pub number: u64,
    /// The day, `YYYY-MM-DD`; empty when the name begins otherwise.
    pub date: String,
    /// Its place among those of the day; 0 when the name does not tell.
    pub ordinal: u64,
}

impl CheckpointEntry {
    /// What a path's name says; `None` for a file that is no session's checkpoint.
    pub fn of(path: &Path) -> Option<Self> {
        let stem = path.file_name()?.to_str()?.strip_suffix(".md")?;
        let at = stem.find("SESSION-")? + "SESSION-".len();
        let number = leading_number(&stem[at..])?;
        let dated = stem.get(..10).filter(|date| date.parse::<NaiveDate>().is_ok());
        let ordinal = dated.and_then(|_| leading_number(stem[10..].strip_prefix('-')?)).unwrap_or(0);
        Some(Self { path: path.to_owned(), number, date: dated.unwrap_or_default().to_owned(), ordinal })
    }

    fn order(&self) -> (u64, &str, u64, &Path) {
        (self.number, &self.date, self.ordinal, &self.path)
    }
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok().filter(|number| *number <= GREATEST)
}

/// All checkpoints of the project, in the order of session, day and place in the day. Times of files mean nothing:
/// a clone has others. Links are passed over.
pub fn entries(place: &ContinuityPlace) -> Vec<CheckpointEntry> {
    let mut all: Vec<_> =
        folder::all(place).iter().flat_map(|folder| in_folder(place.root(), folder)).collect();
    all.sort_by(|a, b| a.order().cmp(&b.order()));
    all.dedup();
    all
}

fn in_folder(root: &Path, folder: &Path) -> Vec<CheckpointEntry> {
    if folder::check_inside(root, folder).is_err() {
        return Vec::new();
    }
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let files = files.filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
    files.filter_map(|file| CheckpointEntry::of(&file.path())).collect()
}

/// The sessions' numbers that checkpoints bear, smallest first.
pub fn numbers(place: &ContinuityPlace) -> Vec<u64> {
    let mut numbers: Vec<_> = entries(place).into_iter().map(|entry| entry.number).collect();
    numbers.dedup();
    numbers
}

/// The latest checkpoint: of the greatest session the last one.
pub fn latest(place: &ContinuityPlace) -> Option<CheckpointEntry> {
    entries(place).pop()
}

/// The latest checkpoint of a session.
pub fn of_session(place: &ContinuityPlace, number: u64) -> Option<CheckpointEntry> {
    entries(place).into_iter().rfind(|entry| entry.number == number)
}

/// What a title becomes in a file name: lower case, letters and digits with single dashes between, never empty.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            c if (c == '-' || c.is_whitespace()) && !slug.is_empty() && !slug.ends_with('-') => {
                slug.push('-');
            }
            _ => {}
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "checkpoint".to_owned() } else { slug.to_owned() }
}

/// Who holds the right to give checkpoints their numbers of the day.
pub fn lock(place: &ContinuityPlace, wait: Duration) -> Result<lock::Lock, CheckpointError> {
    let path = paths::checkpoints_lock(place.project().stores()[0]);
    if let Some(folder) = path.parent() {
        store::create_dir(folder).map_err(CheckpointError::io(folder))?;
    }
    Ok(lock::exclusive(&path, wait)?)
}

/// Creates the next checkpoint of a day. `text` makes it, given its path. The caller holds [`lock()`]; where a file
/// system has none to give, a name that is taken meanwhile costs another look.
pub fn create(
    root: &Path,
    folder: &Path,
    (date, number, slug): (NaiveDate, u64, &str),
    text: impl Fn(&Path) -> String,
) -> Result<PathBuf, CheckpointError> {
    const MOST_TRIES: u64 = 20;
    folder::make(root, folder)?;
    let date = date.format("%Y-%m-%d").to_string();
    let mut tries = 0;
    loop {
        let of_day = in_folder(root, folder).into_iter().filter(|entry| entry.date == date);
        let ordinal = of_day.map(|entry| entry.ordinal).max().unwrap_or(0) + 1 + tries;
        let path = folder.join(format!("{date}-{ordinal:02}-SESSION-{number}-{slug}.md"));
        match store::create(&path, text(&path).as_bytes(), Durability::Durable, 0o644) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < MOST_TRIES => tries += 1,
            Err(error) => return Err(CheckpointError::Io { path, error }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_short_safe_name() {
        for (title, expected) in [
            ("Fix the  Parser!", "fix-the-parser"),
            ("a - b -- c", "a-b-c"),
            ("../../etc/passwd", "etcpasswd"),
            ("Überprüfung ✓", "berprfung"),
            ("-- ", "checkpoint"),
            ("日本", "checkpoint"),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
        let long = slug(&"word ".repeat(100));
        assert!(long.len() <= LONGEST_SLUG && !long.ends_with('-'), "{long}");
    }

    #[test]
    fn a_name_tells_session_day_and_place() {
        let of = |name: &str| {
            CheckpointEntry::of(Path::new(name)).map(|entry| (entry.number, entry.date, entry.ordinal))
        };
        assert_eq!(of("2025-12-29-07-SESSION-145-x.md"), Some((145, "2025-12-29".into(), 7)));
        assert_eq!(of("SESSION-3.md"), Some((3, String::new(), 0)));
        assert_eq!(of("SESSION-999999-x.md"), Some((GREATEST, String::new(), 0)));
        assert_eq!(of("2025-12-29-SESSION-4-x.md"), Some((4, "2025-12-29".into(), 0)));
        for foreign in [
            "README.md",
            "SESSION-x.md",
            "SESSION-20251229.md",
            "SESSION-1000000-x.md",
            "SESSION-1.txt",
            "2025-13-99-01-x.md",
        ] {
            assert_eq!(of(foreign), None, "{foreign}");
        }
        assert_eq!(of("é025-13-29-01-SESSION-2-x.md"), Some((2, String::new(), 0)));
    }
}
