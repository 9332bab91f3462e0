//! Guard `powershell`: PowerShell called from Bash. Bash expands the `$` of PowerShell's variables
//! before PowerShell reads them.

use config::types::guards::Powershell;
use platform::text::fact;
use shell::{Command, Word};

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

const WAY_OUT: &str = "do it in Bash itself, with Read, Glob and Grep, or in a Python script; where PowerShell is \
    wanted, the user sets `guards.powershell.enabled: false`";

/// Whether the guard applies: a cheap check before its settings are read.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    examined.script().commands.iter().any(|command| found(command).is_some())
}

/// Returns the guard's findings.
///
/// # Errors
/// Never.
pub fn examine(_settings: &Powershell, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let found: Vec<PowershellCall<'_>> = examined.tool_use.commands().filter_map(found).collect();
    // One call that is certain says it all.
    let call = found.iter().find(|one| matches!(one, PowershellCall::Call(_))).or(found.first());
    Ok(call.map(PowershellCall::objection).into_iter().collect())
}

/// The program that a command calls.
#[derive(Debug)]
enum PowershellCall<'a> {
    /// PowerShell, by the word that names it.
    Call(&'a str),
    /// A program whose name is known only at run time.
    Perhaps(&'a str),
}

impl PowershellCall<'_> {
    fn objection(&self) -> Objection {
        match self {
            Self::Call(program) => Objection::sure(
                format!("this calls PowerShell ({}) from Bash, which eats its `$`", fact(program)),
                WAY_OUT,
            ),
            Self::Perhaps(word) => Objection::doubtful(
                format!("this calls {} from Bash, which looks like PowerShell", fact(word)),
                WAY_OUT,
            ),
        }
    }
}

fn found(command: &Command) -> Option<PowershellCall<'_>> {
    let first = command.words.first()?;
    match command.program() {
        Some(name) if is_powershell(name) => Some(PowershellCall::Call(&first.text)),
        Some(name) if name.eq_ignore_ascii_case("cmd") => {
            behind_cmd(command.arguments()).map(PowershellCall::Call)
        }
        Some(_) => None,
        None if !first.is_literal => {
            is_mentioned(&first.text).then_some(PowershellCall::Perhaps(&first.text))
        }
        None => None,
    }
}

/// Whether a program of this name is PowerShell, in any version and case.
fn is_powershell(name: &str) -> bool {
    let name = name.rsplit('\\').next().unwrap_or(name);
    let name = strip_end(name, ".exe");
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    is("powershell") || is("pwsh") || is("pwsh-preview") || is("pwsh-lts") || is("powershell_ise")
}

fn is_mentioned(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.contains("powershell") || lower.contains("pwsh")
}

/// Finds PowerShell in the command after `cmd /c`, whose words `cmd` joins again.
fn behind_cmd(words: &[Word]) -> Option<&str> {
    let at = words.iter().position(|word| switch(&word.text).is_some())?;
    let attached = switch(&words[at].text)?;
    let texts = std::iter::once(attached).chain(words[at + 1..].iter().map(|word| &*word.text));
    let mut is_first = true;
    for text in texts {
        for piece in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '&' | '|' | '(')) {
            let name =
                piece.trim_matches(|c: char| c.is_whitespace() || matches!(c, '&' | '|' | '(' | '"' | '@'));
            if is_first && is_powershell(name) {
                return Some(name);
            }
            // `start` and `call` run the command that follows them and their switches.
            let passes_on = name.is_empty()
                || name.starts_with('/')
                || name.eq_ignore_ascii_case("start")
                || name.eq_ignore_ascii_case("call");
            is_first = is_first && passes_on || piece.ends_with(['&', '|', '(']);
        }
    }
    None
}

/// The text attached to `/c` or `/k`. MSYS requires `//c`.
fn switch(word: &str) -> Option<&str> {
    let letters = word.strip_prefix("//").or_else(|| word.strip_prefix('/'))?;
    letters.strip_prefix(['c', 'C', 'k', 'K', 'r', 'R'])
}

fn strip_end<'a>(name: &'a str, end: &str) -> &'a str {
    match name.len().checked_sub(end.len()).and_then(|at| name.split_at_checked(at)) {
        Some((stem, rest)) if rest.eq_ignore_ascii_case(end) => stem,
        _ => name,
    }
}

#[cfg(test)]
#[path = "../tests/rows/powershell.rs"]
mod rows;

#[cfg(test)]
mod tests {
    use super::rows::ROWS;
    use crate::testing::Bench;

    #[test]
    fn calls_are_found_and_mentions_are_not() {
        Bench::new("  powershell: {}").check(ROWS);
    }

    #[test]
    fn a_guard_that_is_off_says_nothing() {
        let bench = Bench::new("  powershell:\n    enabled: false");
        assert_eq!(bench.verdict("pwsh -c ls"), "pass");
    }

    #[test]
    fn a_refusal_names_the_program_and_the_way_out() {
        let raised = Bench::new("  powershell: {}").line("cd x && /usr/bin/pwsh s.ps1");
        assert!(raised[0].objection.what.contains("`/usr/bin/pwsh`"), "{raised:?}");
        assert!(raised[0].objection.way_out.contains("guards.powershell.enabled: false"), "{raised:?}");
    }
}
