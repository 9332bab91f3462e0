//! The lines that a git diff adds.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use memchr::{memchr, memchr_iter};

/// Added lines, each with its number in the new file, from 1.
pub(super) type AddedLines = Vec<(usize, String)>;

/// Options that make a diff readable for [`added`] whatever the user's configuration is. A moved file counts
/// as added at its new place.
pub(super) const OPTIONS: [&str; 15] = [
    "-U0",
    "--inter-hunk-context=0",
    "--no-color",
    "-O/dev/null",
    "--diff-algorithm=myers",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-relative",
    "--no-indent-heuristic",
    "--diff-filter=ACMR",
    "--ignore-submodules=all",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

/// The mode of a submodule, which has no lines.
const SUBMODULE: &[u8] = b"160000";

/// The files of a diff, with their added lines and line numbers.
pub(super) fn added(diff: &[u8]) -> Vec<(PathBuf, AddedLines)> {
    let mut files: Vec<(PathBuf, AddedLines)> = Vec::new();
    let mut is_file = false;
    let mut hunk = Hunk::default();
    let mut start = 0;
    for end in memchr_iter(b'\n', diff) {
        let line = &diff[start..end];
        start = end + 1;
        if hunk.goes_on() {
            // Lines are counted, because an added line may look like a header.
            if let Some(text) = hunk.line(line)
                && let Some((_, lines)) = files.last_mut().filter(|_| is_file)
            {
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                lines.push((hunk.number - 1, String::from_utf8_lossy(text).into_owned()));
            }
        } else if line.starts_with(b"diff --git ") {
            is_file = true;
        } else if is_mode(line) {
            is_file &= !line.ends_with(SUBMODULE);
        } else if let Some(name) = line.strip_prefix(b"+++ ")
            && is_file
        {
            files.push((path_of(name_of(name).strip_prefix(b"b/").unwrap_or_default()), Vec::new()));
        } else if let Some(ranges) = line.strip_prefix(b"@@ -") {
            hunk = Hunk::of(ranges).unwrap_or_default();
        }
    }
    files
}

/// A path as git prints it: bytes.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

fn is_mode(line: &[u8]) -> bool {
    line.starts_with(b"new file mode ") || line.starts_with(b"index ") || line.starts_with(b"new mode ")
}

/// The rest of a hunk.
#[derive(Default)]
struct Hunk {
    removed: usize,
    added: usize,
    /// The number of the next added line.
    number: usize,
}

impl Hunk {
    /// Parses `1,2 +3,4 @@ …`; a count of one is omitted.
    fn of(ranges: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(&ranges[..memchr(b'@', ranges)?]).ok()?;
        let (old, new) = text.trim().split_once(" +")?;
        let range = |text: &str| {
            let (start, count) = text.split_once(',').unwrap_or((text, "1"));
            Some((start.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
        };
        let ((_, removed), (number, added)) = (range(old)?, range(new)?);
        Some(Self { removed, added, number })
    }

    fn goes_on(&self) -> bool {
        self.removed + self.added > 0
    }

    /// The text of an added line.
    fn line<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        match line.split_first() {
            Some((b'+', text)) => {
                self.added = self.added.saturating_sub(1);
                self.number += 1;
                return Some(text);
            }
            Some((b'-', _)) => self.removed = self.removed.saturating_sub(1),
            // `\ No newline at end of file`
            Some((b'\\', _)) => {}
            // A diff contains nothing else here, so this is not a diff.
            _ => *self = Self::default(),
        }
        None
    }
}

/// A name in a diff: quoted if it has special characters, followed by a tab if it has a space.
fn name_of(name: &[u8]) -> Vec<u8> {
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    let quoted = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
    let Some(mut rest) = quoted else { return name.to_vec() };
    let mut out = Vec::with_capacity(rest.len());
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let octal = rest.get(..3).filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        if let Some(digits) = octal {
            out.push(
                digits.iter().fold(0, |value: u8, digit| value.wrapping_mul(8).wrapping_add(digit - b'0')),
            );
            rest = &rest[3..];
        } else if let Some((escaped, tail)) = rest.split_first() {
            out.push(match escaped {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                other => *other,
            });
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_read_line_by_line() {
        let diff = concat!(
            "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -3 +3,2 @@ fn\n---- old\n++++ b/no\n+two\r\n",
            "@@ -9,0 +11 @@\n+last\n\\ No newline at end of file\n",
            "diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
            "diff --git a/a b b/a b\nnew file mode 100644\n--- /dev/null\n+++ b/a b\t\n@@ -0,0 +1 @@\n+x\n",
            "diff --git \"a/\\\"\\303\\244\\t\" \"b/\\\"\\303\\244\\t\"\n--- /dev/null\n+++ \"b/\\\"\\303\\244\\t\"\n@@ -0,0 +1 @@\n+y\n",
            "diff --git a/img b/img\nBinary files a/img and b/img differ\n",
        );
        let found = added(diff.as_bytes());
        let line = |number: usize, text: &str| (number, text.to_owned());
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0].1, [line(3, "+++ b/no"), line(4, "two"), line(11, "last")]);
        assert_eq!(found[1], (PathBuf::from("a b"), vec![line(1, "x")]));
        assert_eq!(found[2], (PathBuf::from("\"ä\t"), vec![line(1, "y")]));
    }

    #[test]
    fn what_is_no_diff_has_no_lines() {
        for text in ["", "\n", "@@ -1 +1 @@\n+x\n", "+++ b/x\n", "diff --git a/x b/x\n@@ -x +y @@\n+x\n"] {
            assert!(added(text.as_bytes()).iter().all(|(_, lines)| lines.is_empty()), "{text}");
        }
    }
}
