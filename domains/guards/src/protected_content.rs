//! Guard `protected_content`: content that must stay in a file according to the user's own rules.
//!
//! A rule applies to a file that has the content now. So new files need not have it, and a rule can
//! be written before its content. The result of an edit is computed exactly. The result of a
//! command line is not known, unless it removes the whole file.

use std::path::{Path, PathBuf};

use config::globs;
use config::policy::CompiledRule;
use config::types::guards::{ContentRule, ProtectedContent};
use platform::budget;
use platform::text::fact;

use crate::error::GuardsError;
use crate::examined::{self, ExaminedUse};
use crate::objection::Objection;
use crate::touched::{self, Touched, Way};

/// How many entries of a removed folder are looked at.
const MOST_ENTRIES: usize = 10_000;
/// What writes to a file and leaves all that is in it.
const ADDING: [&str; 3] = [">>", "&>>", "touch"];

/// Whether the guard applies to a command line: a cheap check before its settings are read.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    touched::is_any(examined)
}

/// Returns the findings over a command line.
///
/// # Errors
/// If its rules are damaged, or a regular expression exceeds its step limit.
pub fn examine_line(
    _settings: &ProtectedContent,
    examined: &ExaminedUse<'_>,
) -> Result<Vec<Objection>, GuardsError> {
    let rules = rules(examined)?;
    let mut found = Vec::new();
    for touched in touched::by(examined).iter().filter(|touched| !ADDING.contains(&touched.by())) {
        for file in reached(touched) {
            if budget::is_spent() {
                return Ok(found);
            }
            if !touched.reaches(&file, examined) {
                continue;
            }
            for rule in naming(&rules, &file, examined) {
                if has(rule, examined::text_of(&file).as_deref())? {
                    let objection = reaching(touched, &said(rule), &fact(&examined.shown(&file)));
                    if !found.contains(&objection) {
                        found.push(objection);
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Returns the findings over an edit.
///
/// # Errors
/// If its rules are damaged, or a regular expression exceeds its step limit.
pub fn examine_edit(
    _settings: &ProtectedContent,
    examined: &ExaminedUse<'_>,
) -> Result<Vec<Objection>, GuardsError> {
    let Some(file) = examined.file() else { return Ok(Vec::new()) };
    let rules = rules(examined)?;
    let mut found = Vec::new();
    for rule in naming(&rules, file, examined) {
        // A file that is not text or is too large cannot be searched for the content.
        if has(rule, examined.before())? && examined.after().is_some() && !has(rule, examined.after())? {
            let what = format!("{}: {} would lose it", said(rule), fact(&examined.shown(file)));
            found.push(Objection::sure(
                what,
                format!("leave what matches {} in the file", fact(&rule.rule.content)),
            ));
        }
    }
    Ok(found)
}

fn rules(examined: &ExaminedUse<'_>) -> Result<Vec<CompiledRule<ContentRule>>, GuardsError> {
    Ok(examined.policy.guard_rules::<ProtectedContent, ContentRule>(None)?)
}

/// The rules that name a file.
fn naming<'r>(
    rules: &'r [CompiledRule<ContentRule>],
    file: &Path,
    examined: &ExaminedUse<'_>,
) -> Vec<&'r CompiledRule<ContentRule>> {
    let names = |rule: &&CompiledRule<ContentRule>| {
        globs::matches(&rule.rule.files, file, examined.root(), examined.home())
    };
    rules.iter().filter(names).collect()
}

fn has(rule: &CompiledRule<ContentRule>, text: Option<&str>) -> Result<bool, GuardsError> {
    text.map_or(Ok(false), |text| Ok(rule.pattern.is_match(text, &text.to_ascii_lowercase())?))
}

fn said(rule: &CompiledRule<ContentRule>) -> String {
    match rule.rule.message.trim().trim_end_matches('.') {
        "" => format!("content that must stay would go, {}", fact(&rule.rule.content)),
        message => message.to_owned(),
    }
}

fn reaching(touched: &Touched<'_>, said: &str, file: &str) -> Objection {
    let by = fact(touched.by());
    match touched.way {
        Way::Removed => {
            Objection::sure(format!("{said}: {by} would remove {file}"), "leave the file where it is")
        }
        Way::Moved => {
            Objection::doubtful(format!("{said}: {by} would move {file} away"), "leave the file where it is")
        }
        Way::Written => Objection::doubtful(
            format!("{said}: {by} would change {file}, and its new content is not known in advance"),
            "use Edit, so that the change can be read first",
        ),
    }
}

/// The files that a command affects: the one it names, or those in the folder that it removes.
fn reached(touched: &Touched<'_>) -> Vec<PathBuf> {
    let Some(path) = &touched.path else { return Vec::new() };
    if touched.way == Way::Written || !path.is_dir() || path.is_symlink() {
        return vec![path.clone()];
    }
    let (mut files, mut folders) = (Vec::new(), vec![path.clone()]);
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            budget::cut("a folder that goes cannot be read");
            continue;
        };
        for entry in entries.flatten() {
            looked_at += 1;
            if looked_at > MOST_ENTRIES || budget::is_spent() {
                budget::cut("a folder that goes holds more files than are looked at");
                return files;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

#[cfg(test)]
#[path = "../tests/rows/protected_content.rs"]
mod rows;

#[cfg(test)]
mod tests {
    use super::rows::{FILES, GUARD, ROWS};
    use crate::testing::{Bench, edit, worst, write};

    fn bench() -> Bench {
        let bench = Bench::new(GUARD);
        FILES.iter().for_each(|(name, text)| bench.write(name, text));
        bench.git(&["add", "-A"]);
        bench.git(&["commit", "-q", "-m", "files"]);
        bench
    }

    #[test]
    fn rows_hold() {
        bench().check(ROWS);
    }

    #[test]
    fn an_edit_must_leave_the_content() {
        let bench = bench();
        let rules = bench.root().join("firestore.rules");
        let denied = [
            edit(&rules, "request.auth != null", "true"),
            write(&rules, ""),
            write(&rules, "allow read: if REQUEST.AUTH"),
            write(&bench.root().join("src/../firestore.rules"), "allow read;"),
            write(&bench.root().join("infra/prod/db.tf"), "prevent_destro = true"),
        ];
        let passed = [
            edit(&rules, "request.auth != null", "request.auth.uid == id"),
            edit(&rules, "not there", ""),
            write(&rules, "// request.auth"),
            write(&bench.root().join("empty.rules"), ""),
            write(&bench.root().join("src/main.rs"), ""),
            write(&bench.root().join("new.rules"), ""),
        ];
        for payload in denied {
            let raised = bench.raised(payload.clone());
            assert_eq!(worst(&raised), "deny", "{payload}");
            assert!(raised[0].objection.what.starts_with("Ask the platform team first: `"), "{raised:?}");
        }
        for payload in passed {
            assert_eq!(worst(&bench.raised(payload.clone())), "pass", "{payload}");
        }
    }

    #[test]
    fn a_rule_without_a_message_names_what_must_stay() {
        let bench = Bench::new("  protected_content:\n    rules: [{files: a.txt, content: keep}]");
        bench.write("a.txt", "keep\n");
        let raised = bench.raised(write(&bench.root().join("a.txt"), "x"));
        assert_eq!(
            raised[0].objection.what,
            "content that must stay would go, `keep`: `a.txt` would lose it"
        );
    }
}
