//! Exemptions in the configuration and waivers on a line.

use std::path::Path;

use chrono::NaiveDate;
use config::globs;
use config::types::guards::Exemption;

use crate::examined::ExaminedUse;

/// The shortest reason, in characters.
const SHORTEST: usize = 10;
/// The start of a waiver.
const WAIVER: &str = "secret-ok:";

/// Whether one of the exemptions covers a rule in a file today (UTC). An exemption without a reason or files,
/// with a past day, or with an invalid day covers nothing.
pub(super) fn is_exempt(
    exemptions: &[Exemption],
    examined: &ExaminedUse<'_>,
    file: &Path,
    rule: &str,
) -> bool {
    let today = examined.now.wall.date_naive();
    exemptions.iter().any(|exemption| {
        let is_for_rule = exemption.rules.is_empty() || exemption.rules.iter().any(|id| id == rule);
        let holds_until =
            |day: &str| NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d").is_ok_and(|day| today <= day);
        is_for_rule
            && is_reason(&exemption.reason)
            && exemption.until.as_deref().is_none_or(holds_until)
            && !exemption.files.is_empty()
            && globs::matches(&exemption.files, file, examined.root(), examined.home())
    })
}

/// The reason of the waiver on a line: the text after `secret-ok:`. The credential itself is not a reason.
pub(super) fn waiver(line: &str, credential: &str) -> Option<String> {
    let (_, reason) = line.split_once(WAIVER)?;
    let is_closing =
        |c: char| c.is_whitespace() || matches!(c, '*' | '/' | '-' | '>' | '"' | '\'' | '\\' | ',' | '#');
    let reason = reason.replace(credential, "");
    let reason = reason.trim_matches(is_closing);
    is_reason(reason).then(|| reason.to_owned())
}

fn is_reason(text: &str) -> bool {
    text.trim().chars().count() >= SHORTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_gives_a_reason() {
        let reason = |line: &str| waiver(line, "value");
        assert_eq!(
            reason("k = 'value' # secret-ok: made up for tests").as_deref(),
            Some("made up for tests")
        );
        assert_eq!(reason("value /* secret-ok: revoked in March */").as_deref(), Some("revoked in March"));
        assert_eq!(reason("value <!-- secret-ok: public by design -->").as_deref(), Some("public by design"));
        for line in ["value # secret-ok:", "value # secret-ok: ok", "value # secret-ok: valuevalue", "value"]
        {
            assert_eq!(reason(line), None, "{line}");
        }
    }
}
