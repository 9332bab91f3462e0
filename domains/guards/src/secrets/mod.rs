//! Guard `secrets`: credentials in text that is about to be written to a file or committed.
//!
//! A text is searched once for the anchors of the `rules`. A match is dropped if it only shows what a
//! credential looks like (`placeholder`), is in the file already, or is exempt (`exempt`). Commands that
//! merely use a credential are not examined. Findings never contain the credential.

mod assignment;
mod entropy;
mod exempt;
mod placeholder;
mod rules;
mod scan;
mod shapes;
#[cfg(test)]
mod tests;
mod url;
mod written;

use std::path::Path;

use config::types::guards::{SecretRule, Secrets};
use memchr::memmem;
use platform::text::fact;
use redact::redact;

use crate::error::GuardsError;
use crate::examined::{ExaminedUse, text_of};
use crate::objection::{Certainty, Objection};
use crate::staged;
use scan::{CredentialMatch, FileTraits};

/// How many credentials are listed individually.
const MOST_NAMED: usize = 10;
/// For how many credentials git is asked whether they were committed before.
const MOST_ASKED: usize = 50;
const WAY_OUT: &str = "read it from the environment or a secret store; if it is no secret, say so at the line: \
    secret-ok: <reason of ten characters at least>, or under `guards.secrets.exemptions`";

/// Whether a command line commits, or writes text that it contains: a cheap check before the guard's settings
/// are read.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    staged::commits(examined)
        || written::may_write(examined.tool_use.command) && !written::written(examined).is_empty()
}

/// Returns the findings over the text that a command line writes, and over the lines that it commits.
///
/// # Errors
/// If git fails, or one of the user's regular expressions fails.
pub fn examine_line(settings: &Secrets, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let mut search = CredentialSearch::new(settings, examined);
    for written in written::written(examined) {
        for file in &written.files {
            let before = || file.as_deref().and_then(text_of);
            let is_known = |value: &str| before().is_some_and(|before| before.contains(value));
            search.look(&written.text, file.as_deref(), is_known, |_| CredentialPlace::Written)?;
        }
    }
    if staged::commits(examined) {
        let mut asked = 0;
        for file in staged::added(examined)? {
            let mut text = String::new();
            for (_, line) in &file.lines {
                text.push_str(line);
                text.push('\n');
            }
            let is_known = |value: &str| {
                asked += 1;
                asked <= MOST_ASKED && staged::is_committed(&file.top, value)
            };
            let place = |line: usize| {
                CredentialPlace::Committed(file.lines.get(line - 1).map_or(0, |(number, _)| *number))
            };
            search.look(&text, Some(&file.top.join(&file.path)), is_known, place)?;
        }
    }
    Ok(search.said())
}

/// Returns the findings over the text that an edit adds.
///
/// # Errors
/// If one of the user's regular expressions fails.
pub fn examine_edit(settings: &Secrets, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let mut search = CredentialSearch::new(settings, examined);
    let file = examined.file();
    let is_known = |value: &str| examined.before().is_some_and(|before| before.contains(value));
    // The whole file after the edit gives the line number, and shows credentials that two edits combine.
    let whole = if examined.tool_use.tool == "Write" { None } else { examined.after() };
    match whole {
        Some(after) => search.look(after, file, is_known, CredentialPlace::Edited)?,
        None => {
            for text in examined.added() {
                search.look(text, file, is_known, CredentialPlace::Edited)?;
            }
        }
    }
    Ok(search.said())
}

/// The place of a credential.
enum CredentialPlace {
    /// In text that a command writes.
    Written,
    /// On this line of an edit's result.
    Edited(usize),
    /// On this line of a committed file.
    Committed(usize),
}

/// The findings so far.
struct CredentialSearch<'a, 's> {
    settings: &'a Secrets,
    examined: &'a ExaminedUse<'s>,
    refused: Vec<Objection>,
    let_through: Vec<Objection>,
}

impl<'a, 's> CredentialSearch<'a, 's> {
    fn new(settings: &'a Secrets, examined: &'a ExaminedUse<'s>) -> Self {
        Self { settings, examined, refused: Vec::new(), let_through: Vec::new() }
    }

    /// Searches a text that is written to `file`.
    fn look(
        &mut self,
        text: &str,
        file: Option<&Path>,
        mut is_known: impl FnMut(&str) -> bool,
        place: impl Fn(usize) -> CredentialPlace,
    ) -> Result<(), GuardsError> {
        let mut found = scan::scan(text, FileTraits::of(file, self.settings.entropy));
        found.extend(self.own(text)?);
        for one in found {
            if self.refused.len() > MOST_NAMED {
                break;
            }
            let value = &text[one.at.clone()];
            let is_exempt =
                |file: &Path| exempt::is_exempt(&self.settings.exemptions, self.examined, file, &one.id);
            if file.is_some_and(is_exempt) || is_known(value) {
                continue;
            }
            let objection = self.objection(&one, text, file, &place(one.line));
            let said = match objection.certainty {
                Certainty::Advice => &mut self.let_through,
                _ => &mut self.refused,
            };
            if !said.contains(&objection) {
                said.push(objection);
            }
        }
        Ok(())
    }

    /// The matches of the user's rules, line by line.
    fn own(&self, text: &str) -> Result<Vec<CredentialMatch>, GuardsError> {
        let lower = text.to_ascii_lowercase();
        let rules = self.examined.policy.guard_rules::<Secrets, SecretRule>(Some(&lower));
        let rules = rules?;
        let mut found = Vec::new();
        if rules.is_empty() {
            return Ok(found);
        }
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let bare = line.trim_end_matches(['\n', '\r']);
            for compiled in &rules {
                if compiled.pattern.is_match(bare, &lower[start..start + bare.len()])?
                    && let Some(at) = compiled.pattern.find(bare)?
                    && !at.is_empty()
                {
                    found.push(CredentialMatch {
                        id: compiled.rule.id.clone(),
                        name: format!("what your rule {} finds", fact(&compiled.rule.id)),
                        at: start + at.start..start + at.end,
                        line: number + 1,
                    });
                }
            }
            start += line.len();
        }
        Ok(found)
    }

    fn objection(
        &self,
        one: &CredentialMatch,
        text: &str,
        file: Option<&Path>,
        place: &CredentialPlace,
    ) -> Objection {
        let value = &text[one.at.clone()];
        let shown = file.map(|file| self.examined.shown(file));
        let file = match &shown {
            Some(shown) if reveals(shown, value) => "a file named after it".to_owned(),
            Some(shown) => fact(shown),
            None => "a file that the line does not name".to_owned(),
        };
        let name = &one.name;
        let what = match place {
            CredentialPlace::Written => format!("{name} would be written to {file}"),
            CredentialPlace::Edited(line) => format!("{name} would be written to {file}, line {line}"),
            CredentialPlace::Committed(line) => format!("{name} would be committed in {file}, line {line}"),
        };
        match exempt::waiver(scan::line_at(text, one.at.start), value) {
            Some(reason) if !reveals(&reason, value) => Objection::advice(
                format!("{what}, and is allowed there, because: {}", fact(&redact(&reason))),
                "",
            ),
            _ => Objection::sure(what, WAY_OUT),
        }
    }

    /// The findings, with a list that is short enough to read.
    fn said(mut self) -> Vec<Objection> {
        if self.refused.len() > MOST_NAMED {
            self.refused.truncate(MOST_NAMED);
            self.refused.push(Objection::sure("these are not all of them", WAY_OUT));
        }
        self.let_through.truncate(MOST_NAMED);
        self.refused.append(&mut self.let_through);
        self.refused
    }
}

/// Whether a text contains a credential or a part of it.
fn reveals(text: &str, credential: &str) -> bool {
    /// From this length on a part is revealing, in bytes.
    const PART: usize = 8;
    let (text, credential) = (text.as_bytes(), credential.as_bytes());
    let part = PART.min(credential.len()).max(1);
    credential.windows(part).any(|part| memmem::find(text, part).is_some())
}
