//! Guard `large_read`: whole reads of files that would fill the context.

use std::io::Read;
use std::path::Path;

use config::types::guards::LargeRead;
use platform::store;
use platform::text::fact;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// How many bytes at the start of a file are searched for line ends. The rest is assumed to be
/// alike.
const COUNTED: u64 = 1024 * 1024;
/// Extensions of files that Read shows in its own way, whatever `limit` says.
const SHOWN_OTHERWISE: [&str; 7] = ["png", "jpg", "jpeg", "gif", "webp", "pdf", "ipynb"];

/// Whether the guard applies: a cheap check before its settings are read.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    let Some(file) = &examined.tool_use.file else { return false };
    let extension = file.extension().unwrap_or_default();
    !SHOWN_OTHERWISE.iter().any(|shown| extension.eq_ignore_ascii_case(shown))
}

/// Returns the guard's findings.
///
/// # Errors
/// If the file exists and its metadata cannot be read.
pub fn examine(settings: &LargeRead, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let limit = examined.payload.tool_input.limit;
    let Some(path) = examined.tool_use.file.as_deref() else { return Ok(Vec::new()) };
    if limit > 0 && limit <= settings.most_lines {
        return Ok(Vec::new());
    }
    let metadata = match path.metadata() {
        Ok(metadata) if metadata.is_file() => metadata,
        // Read itself reports a folder, a pipe, a missing file and a file that may not be opened.
        _ => return Ok(Vec::new()),
    };
    let objection = match metadata.len() / 1024 {
        kib if kib >= settings.refuse_above_kib => Objection::sure,
        kib if kib >= settings.warn_above_kib => Objection::advice,
        _ => return Ok(Vec::new()),
    };
    let lines = lines(path, metadata.len()).map_err(|error| GuardsError::file(path, error))?;
    let what = format!(
        "{} is {} long, {}: too much to be read at once",
        fact(&examined.shown(path)),
        size(metadata.len()),
        if lines == 1 { "all in one line".to_owned() } else { format!("about {lines} lines") }
    );
    Ok(vec![objection(what, way_out(settings, metadata.len(), lines))])
}

/// Estimates a file's number of lines from the lines at its start.
fn lines(path: &Path, size: u64) -> std::io::Result<u64> {
    let mut beginning = Vec::new();
    store::open_regular(path)?.0.take(COUNTED).read_to_end(&mut beginning)?;
    let Some(last) = memchr::memrchr(b'\n', &beginning) else { return Ok(1) };
    let whole = &beginning[..=last];
    let counted = memchr::memchr_iter(b'\n', whole).count() as u128;
    let all = counted * u128::from(size) / whole.len() as u128;
    Ok(u64::try_from(all).unwrap_or(u64::MAX))
}

/// How to read the file instead: in parts within the configured limit.
fn way_out(settings: &LargeRead, size: u64, lines: u64) -> String {
    let most = settings.warn_above_kib.max(1).saturating_mul(1024);
    let per_line = size.div_ceil(lines).max(1);
    match (most / per_line).min(settings.most_lines) {
        0 => {
            "search it with Grep, or cut a part out of it in Bash: its lines are too long for Read".to_owned()
        }
        limit => format!(
            "read a part: offset 1, limit {limit} (about {lines} lines in all), or search it with Grep"
        ),
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes {
        bytes if bytes >= MIB => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
        bytes => format!("{} KiB", bytes / 1024),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use crate::objection::Raised;
    use crate::testing::{Bench, worst};

    fn read(path: &Path, more: &Value) -> Value {
        let mut input = json!({"file_path": path});
        input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        json!({"tool_name": "Read", "tool_input": input})
    }

    fn bench() -> Bench {
        let bench = Bench::new("  large_read: {}");
        bench.write("large.log", &"0123456789abcde\n".repeat(6 * 65_536));
        bench.write("middle.log", &"0123456789abcde\n".repeat(65_536));
        bench.write("small.log", &"0123456789abcde\n".repeat(499 * 64));
        bench
    }

    fn raised(bench: &Bench, name: &str, more: &Value) -> Vec<Raised> {
        bench.raised(read(&bench.root().join(name), more))
    }

    #[test]
    fn size_and_limit_decide() {
        let bench = bench();
        for (name, more, expected) in [
            ("large.log", json!({}), "deny"),
            ("large.log", json!({"limit": 10}), "pass"),
            ("large.log", json!({"limit": 2000, "offset": 5000}), "pass"),
            ("large.log", json!({"limit": 2001}), "deny"),
            ("large.log", json!({"offset": 5000}), "deny"),
            ("middle.log", json!({}), "warn"),
            ("middle.log", json!({"limit": 2001}), "warn"),
            ("middle.log", json!({"limit": 1}), "pass"),
            ("small.log", json!({}), "pass"),
            ("absent.log", json!({}), "pass"),
            (".", json!({}), "pass"),
        ] {
            assert_eq!(worst(&raised(&bench, name, &more)), expected, "{name} {more}");
        }
    }

    #[test]
    fn a_refusal_tells_size_lines_and_a_part_to_read() {
        let raised = raised(&bench(), "large.log", &json!({}));
        assert_eq!(
            raised[0].objection.what,
            "`large.log` is 6.0 MiB long, about 393216 lines: too much to be read at once"
        );
        assert_eq!(
            raised[0].objection.way_out,
            "read a part: offset 1, limit 2000 (about 393216 lines in all), or search it with Grep"
        );
    }

    #[test]
    fn a_part_is_no_larger_than_what_may_be_read() {
        let bench = Bench::new("  large_read: {}");
        bench.write("wide.csv", &format!("{}\n", "x".repeat(9_999)).repeat(600));
        let wide = raised(&bench, "wide.csv", &json!({}));
        assert!(wide[0].objection.way_out.contains("limit 51 (about 600 lines"), "{wide:?}");
        bench.write("one-line.json", &"x".repeat(6 << 20));
        let one = raised(&bench, "one-line.json", &json!({}));
        assert!(one[0].objection.way_out.contains("too long for Read"), "{one:?}");
        assert!(one[0].objection.what.contains("all in one line"), "{one:?}");
    }

    #[test]
    fn files_anywhere_count_and_links_are_followed() {
        let bench = bench();
        let outside = bench.home().join("outside.log");
        std::fs::rename(bench.root().join("large.log"), &outside).unwrap();
        assert_eq!(worst(&bench.raised(read(&outside, &json!({})))), "deny");
        std::os::unix::fs::symlink(&outside, bench.root().join("link.txt")).unwrap();
        assert_eq!(worst(&raised(&bench, "link.txt", &json!({}))), "deny");
        let relative = json!({"tool_name": "Read", "tool_input": {"file_path": "../outside.log"}});
        assert_eq!(worst(&bench.raised(relative)), "deny");
        std::os::unix::fs::symlink("loop", bench.root().join("loop")).unwrap();
        assert_eq!(worst(&raised(&bench, "loop", &json!({}))), "pass");
    }

    #[test]
    fn what_read_shows_otherwise_passes() {
        let bench = bench();
        for name in ["a.png", "a.JPG", "a.pdf", "a.ipynb", "a.webp"] {
            std::fs::copy(bench.root().join("large.log"), bench.root().join(name)).unwrap();
            assert_eq!(worst(&raised(&bench, name, &json!({}))), "pass", "{name}");
        }
    }

    #[test]
    fn a_pipe_and_a_device_are_not_waited_for() {
        let bench = bench();
        let pipe = bench.root().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(worst(&bench.raised(read(&pipe, &json!({})))), "pass");
        assert_eq!(worst(&bench.raised(read(Path::new("/dev/zero"), &json!({})))), "pass");
    }

    #[test]
    fn bounds_are_configured() {
        let bench =
            Bench::new("  large_read:\n    warn_above_kib: 1\n    refuse_above_kib: 2\n    most_lines: 10");
        bench.write("a.txt", &"0123456\n".repeat(128));
        bench.write("b.txt", &"0123456\n".repeat(256));
        assert_eq!(worst(&raised(&bench, "a.txt", &json!({}))), "warn");
        assert_eq!(worst(&raised(&bench, "b.txt", &json!({}))), "deny");
        assert_eq!(worst(&raised(&bench, "b.txt", &json!({"limit": 10}))), "pass");
        assert_eq!(worst(&raised(&bench, "b.txt", &json!({"limit": 11}))), "deny");
    }
}
