//! Finds rules and exemptions of guards that have the right type but are not valid. Each is dropped separately.

use std::collections::BTreeSet;

use super::wrong_glob;
use crate::error::ConfigError;
use crate::pattern::Pattern;
use crate::types::Names;
use crate::types::guards::{Exemption, GuardName, Guards, Nearby, PatternRule};

/// The fewest characters of the reason for an exemption.
pub const SHORTEST_REASON: usize = 10;

/// An item of a guard's list that is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongItem {
    /// The guard.
    pub guard: GuardName,
    /// The key of its list.
    pub list: &'static str,
    /// The index of the item, from 0.
    pub at: usize,
    /// The problem.
    pub message: String,
}

/// Removes the items that are not valid, and returns the problem of each.
pub fn take_wrong(guards: &mut Guards) -> Vec<WrongItem> {
    let mut wrong = Vec::new();
    if let Some(guard) = &mut guards.push {
        keep(&mut guard.branches.0, &mut wrong, (GuardName::Push, "branches"), |glob| {
            globs(&Names(vec![glob.clone()]))
        });
    }
    if let Some(guard) = &mut guards.references {
        let lists =
            [("plans", &mut guard.plans), ("work", &mut guard.work), ("documents", &mut guard.documents)];
        for (key, list) in lists {
            let place = (GuardName::References, key);
            keep(&mut list.0, &mut wrong, place, |glob| globs(&Names(vec![glob.clone()])));
        }
    }
    if let Some(guard) = &mut guards.paths {
        keep(&mut guard.rules, &mut wrong, (GuardName::Paths, "rules"), |rule| {
            some_files(&rule.files)?;
            if rule.command.trim().is_empty() {
                return Err(ConfigError::item(
                    "`command` is missing: it says which command writes these files",
                ));
            }
            Ok(())
        });
    }
    if let Some(guard) = &mut guards.destructive {
        keep(&mut guard.rules, &mut wrong, (GuardName::Destructive, "rules"), |rule| {
            expression("pattern", &rule.pattern, Pattern::new)
        });
    }
    if let Some(guard) = &mut guards.protected_content {
        keep(&mut guard.rules, &mut wrong, (GuardName::ProtectedContent, "rules"), |rule| {
            globs(&rule.files)?;
            expression("content", &rule.content, Pattern::exact)
        });
    }
    if let Some(guard) = &mut guards.secrets {
        let mut ids = BTreeSet::new();
        keep(&mut guard.rules, &mut wrong, (GuardName::Secrets, "rules"), |rule| {
            id(&rule.id, &ids)?;
            expression("pattern", &rule.pattern, Pattern::exact)?;
            ids.insert(rule.id.clone());
            Ok(())
        });
        keep(&mut guard.exemptions, &mut wrong, (GuardName::Secrets, "exemptions"), exemption);
    }
    if let Some(guard) = &mut guards.patterns {
        let mut ids = BTreeSet::new();
        keep(&mut guard.rules, &mut wrong, (GuardName::Patterns, "rules"), |rule| {
            id(&rule.id, &ids)?;
            pattern_rule(rule).map_err(|error| ConfigError::item(format!("`{}`: {error}", rule.id)))?;
            ids.insert(rule.id.clone());
            Ok(())
        });
        keep(&mut guard.exemptions, &mut wrong, (GuardName::Patterns, "exemptions"), |one| {
            exemption(one)?;
            match one.rules.iter().find(|id| !ids.contains(*id)) {
                Some(id) => Err(ConfigError::item(format!("no rule is called `{id}`"))),
                None => Ok(()),
            }
        });
    }
    wrong
}

/// Keeps the valid items of a list.
fn keep<T>(
    list: &mut Vec<T>,
    wrong: &mut Vec<WrongItem>,
    (guard, key): (GuardName, &'static str),
    mut judge: impl FnMut(&T) -> Result<(), ConfigError>,
) {
    let mut at = 0;
    list.retain(|item| {
        let verdict = judge(item);
        at += 1;
        if let Err(error) = &verdict {
            wrong.push(WrongItem { guard, list: key, at: at - 1, message: error.to_string() });
        }
        verdict.is_ok()
    });
}

fn pattern_rule(rule: &PatternRule) -> Result<(), ConfigError> {
    globs(&rule.files)?;
    linear("pattern", &rule.pattern)?;
    if !rule.exclude.is_empty() {
        linear("exclude", &rule.exclude)?;
    }
    let nearby = |key, nearby: &Option<Nearby>| match nearby {
        Some(nearby) => linear(key, &nearby.pattern),
        None => Ok(()),
    };
    nearby("unless_within", &rule.unless_within)?;
    nearby("require_nearby", &rule.require_nearby)
}

/// Checks an expression that is searched in whole files. Its time must not grow faster than the file.
fn linear(key: &str, source: &str) -> Result<(), ConfigError> {
    expression(key, source, Pattern::exact)?;
    if Pattern::exact(source)?.backtracks() {
        let instead = "use `exclude`, `unless_within` or `require_nearby`";
        return Err(ConfigError::item(format!(
            "`{key}` uses look-around or a back-reference, which is too slow on a whole file; {instead}"
        )));
    }
    Ok(())
}

fn expression(
    key: &str,
    source: &str,
    compile: impl Fn(&str) -> Result<Pattern, ConfigError>,
) -> Result<(), ConfigError> {
    if source.is_empty() {
        return Err(ConfigError::item(format!(
            "`{key}` is missing; an empty expression would match everything"
        )));
    }
    compile(source)
        .map(drop)
        .map_err(|error| ConfigError::item(format!("`{key}` is not a valid regular expression: {error}")))
}

fn id(id: &str, taken: &BTreeSet<String>) -> Result<(), ConfigError> {
    if id.is_empty() {
        return Err(ConfigError::item("`id` is missing; commands and exemptions name the rule by it"));
    }
    if !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) || id.len() > 128 {
        return Err(ConfigError::item(format!(
            "`id: {id}` is not a valid name: use letters, digits, `-` and `_`, at most 128"
        )));
    }
    if taken.contains(id) {
        return Err(ConfigError::item(format!("an earlier rule has the same id `{id}`")));
    }
    Ok(())
}

fn exemption(exemption: &Exemption) -> Result<(), ConfigError> {
    some_files(&exemption.files)?;
    if exemption.reason.trim().chars().count() < SHORTEST_REASON {
        return Err(ConfigError::item(format!(
            "`reason` must explain the exemption in at least {SHORTEST_REASON} characters"
        )));
    }
    match &exemption.until {
        Some(day) if !is_date(day) => {
            Err(ConfigError::item(format!("`until: {day}` is not a valid date such as 2027-01-31")))
        }
        _ => Ok(()),
    }
}

/// Whether a text is a date such as `2027-01-31`. The order of such texts is the order of the dates.
fn is_date(text: &str) -> bool {
    let is_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let (true, Some(year), Some(month), Some(day)) = (is_shaped, number(0, 4), number(5, 7), number(8, 10))
    else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// Checks globs that must not be empty. An empty list would include every file, which is never intended here.
fn some_files(files: &Names) -> Result<(), ConfigError> {
    if files.is_empty() {
        return Err(ConfigError::item("`files` is missing: it says which files are meant"));
    }
    globs(files)
}

fn globs(globs: &Names) -> Result<(), ConfigError> {
    wrong_glob(globs).map_or(Ok(()), |wrong| Err(ConfigError::Item(wrong)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::guards::Patterns;

    #[test]
    fn dates_are_days_of_the_calendar() {
        for (text, expected) in [
            ("2027-01-31", true),
            ("2028-02-29", true),
            ("2027-02-29", false),
            ("2027-13-01", false),
            ("2027-04-31", false),
            ("2027-1-31", false),
            ("27-01-31", false),
            ("2027-01-3x", false),
            ("+027-01-31", false),
            ("2027-00-10", false),
            ("tomorrow", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_rule_is_taken_out_alone() {
        let rule = |id: &str, pattern: &str| PatternRule {
            id: id.to_owned(),
            pattern: pattern.to_owned(),
            ..PatternRule::default()
        };
        let near = |pattern: &str| Some(Nearby { pattern: pattern.to_owned(), ..Nearby::default() });
        let rules = vec![
            rule("a", "x"),
            rule("", "x"),
            rule("b c", "x"),
            rule("a", "y"),
            rule("d", "("),
            rule("e", ""),
            rule("f", "x(?!y)"),
            PatternRule { files: Names::of(&["[a"]), ..rule("g", "x") },
            PatternRule { exclude: "[".to_owned(), ..rule("h", "x") },
            PatternRule { unless_within: near(""), ..rule("i", "x") },
            PatternRule { require_nearby: near("(?<=a)"), ..rule("j", "x") },
            PatternRule { exclude: "^#".to_owned(), require_nearby: near("y"), ..rule("k", "x") },
        ];
        let exemption = |files: &[&str], rules: &[&str], reason: &str, until: Option<&str>| Exemption {
            files: Names::of(files),
            rules: Names::of(rules),
            reason: reason.to_owned(),
            until: until.map(str::to_owned),
        };
        let exemptions = vec![
            exemption(&["x.js"], &["a"], "ten chars!", Some("2027-01-31")),
            exemption(&[], &["a"], "ten chars!", None),
            exemption(&["x.js"], &["e"], "ten chars!", None),
            exemption(&["x.js"], &["a"], "  too short  ", Some("soon")),
            exemption(&["x.js"], &["a"], "  short    ", None),
        ];
        let mut guards = Guards {
            patterns: Some(Patterns { rules, exemptions, ..Patterns::default() }),
            ..Guards::default()
        };
        let wrong = take_wrong(&mut guards);
        let of = |list: &str| -> Vec<usize> {
            wrong.iter().filter(|wrong| wrong.list == list).map(|wrong| wrong.at).collect()
        };
        assert_eq!(of("rules"), (1..=10).collect::<Vec<_>>(), "{wrong:?}");
        assert_eq!(of("exemptions"), [1, 2, 3, 4], "{wrong:?}");
        let left = guards.patterns.unwrap();
        assert_eq!(left.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["a", "k"]);
        assert_eq!(left.exemptions.len(), 1);
    }
}
