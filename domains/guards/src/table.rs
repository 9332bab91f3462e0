//! All guards, one row each: the tools that they examine, and in which direction each of their keys
//! is stricter.

use config::types::guards::{
    Destructive, Errors, GuardName, GuardSettings, LargeRead, Loops, Paths, Patterns, Placed, Powershell,
    ProtectedContent, Push, References, Secrets, Settings, Sql, Tests,
};
use config::types::{Mode, Stricter};
use platform::budget::{self, Unfinished};
use platform::error::Explain;
use platform::text::fact;
use serde::de::DeserializeOwned;
use shell::Doubt;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::{Objection, Raised, Weight, asks_nobody};
use crate::{
    destructive, everyday, large_read, overrides, paths, patterns, powershell, protected_content, push,
    references, secrets, settings, sql,
};

/// A guard: one row of [`TABLE`].
#[derive(Debug)]
pub struct Guard {
    /// Its name in the configuration.
    pub name: GuardName,
    /// Its mode if the configuration names none.
    pub mode: Mode,
    /// Its checks before a tool runs. Empty for guards that only examine how a tool ended.
    pub looks: &'static [ToolCheck],
    /// Its own keys in the configuration, each with the direction in which it is stricter. The keys that all guards
    /// have are [`config::types::guards::COMMON_KEYS`].
    pub keys: &'static [(&'static str, Stricter)],
}

/// A guard's check of one kind of tool.
#[derive(Debug)]
pub struct ToolCheck {
    /// The tools.
    pub tools: Tools,
    /// Whether it also examines lines that run only everyday programs: the user's own rules may
    /// name these.
    pub sees_everyday: bool,
    /// Whether the guard applies: a cheap check before its settings are read.
    pub concerns: fn(&ExaminedUse<'_>) -> bool,
    /// Returns its findings.
    pub examine: fn(&ExaminedUse<'_>) -> Result<Vec<Raised>, GuardsError>,
}

/// The tools that a guard examines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tools {
    /// Bash: the command line.
    Bash,
    /// Tools that change the file that they name.
    Edits,
    /// Read.
    Read,
}

impl Tools {
    fn include(self, examined: &ExaminedUse<'_>) -> bool {
        match self {
            Self::Bash => examined.is_bash(),
            Self::Edits => examined.is_edit(),
            Self::Read => examined.tool_use.tool == "Read",
        }
    }
}

/// All guards, those with the worst findings first: the first enabled one reports a line that is
/// too long to parse. Guards run in the order of the configuration.
pub static TABLE: [Guard; 14] = [
    Guard {
        name: GuardName::Destructive,
        mode: Mode::Enforce,
        looks: &[ToolCheck {
            sees_everyday: true,
            ..on(Tools::Bash, destructive::concerns, |examined| {
                with_settings::<Destructive>(examined, destructive::examine)
            })
        }],
        keys: Destructive::KEYS,
    },
    Guard {
        name: GuardName::Settings,
        mode: Mode::Enforce,
        looks: &[
            on(Tools::Bash, settings::concerns_line, |examined| {
                with_settings::<Settings>(examined, settings::examine_line)
            }),
            on(Tools::Edits, settings::concerns_edit, |examined| {
                with_settings::<Settings>(examined, settings::examine_edit)
            }),
        ],
        keys: Settings::KEYS,
    },
    Guard {
        name: GuardName::Push,
        mode: Mode::Enforce,
        looks: &[on(Tools::Bash, push::concerns, |examined| with_settings::<Push>(examined, push::examine))],
        keys: Push::KEYS,
    },
    Guard {
        name: GuardName::Sql,
        mode: Mode::Enforce,
        looks: &[on(Tools::Bash, sql::concerns, |examined| with_settings::<Sql>(examined, sql::examine))],
        keys: Sql::KEYS,
    },
    Guard {
        name: GuardName::Secrets,
        mode: Mode::Enforce,
        looks: &[
            on(Tools::Bash, secrets::concerns_line, |examined| {
                with_settings::<Secrets>(examined, secrets::examine_line)
            }),
            on(Tools::Edits, always, |examined| with_settings::<Secrets>(examined, secrets::examine_edit)),
        ],
        keys: Secrets::KEYS,
    },
    Guard {
        name: GuardName::ProtectedContent,
        mode: Mode::Enforce,
        looks: &[
            on(Tools::Bash, protected_content::concerns_line, |examined| {
                with_settings::<ProtectedContent>(examined, protected_content::examine_line)
            }),
            on(Tools::Edits, always, |examined| {
                with_settings::<ProtectedContent>(examined, protected_content::examine_edit)
            }),
        ],
        keys: ProtectedContent::KEYS,
    },
    Guard {
        name: GuardName::Paths,
        mode: Mode::Enforce,
        looks: &[
            on(Tools::Bash, paths::concerns_line, |examined| {
                with_settings::<Paths>(examined, paths::examine_line)
            }),
            on(Tools::Edits, always, |examined| with_settings::<Paths>(examined, paths::examine_edit)),
        ],
        keys: Paths::KEYS,
    },
    Guard {
        name: GuardName::Powershell,
        mode: Mode::Enforce,
        looks: &[on(Tools::Bash, powershell::concerns, |examined| {
            with_settings::<Powershell>(examined, powershell::examine)
        })],
        keys: Powershell::KEYS,
    },
    Guard {
        name: GuardName::Patterns,
        mode: Mode::Enforce,
        looks: &[on(Tools::Bash, patterns::concerns_line, |examined| {
            with_settings::<Patterns>(examined, patterns::examine_commit)
        })],
        keys: Patterns::KEYS,
    },
    Guard {
        name: GuardName::References,
        mode: Mode::Warn,
        looks: &[on(Tools::Edits, references::concerns, |examined| {
            with_settings::<References>(examined, references::examine)
        })],
        keys: References::KEYS,
    },
    Guard {
        name: GuardName::LargeRead,
        mode: Mode::Enforce,
        looks: &[on(Tools::Read, large_read::concerns, |examined| {
            with_settings::<LargeRead>(examined, large_read::examine)
        })],
        keys: LargeRead::KEYS,
    },
    Guard { name: GuardName::Loops, mode: Mode::Warn, looks: &[], keys: Loops::KEYS },
    Guard { name: GuardName::Tests, mode: Mode::Warn, looks: &[], keys: Tests::KEYS },
    Guard { name: GuardName::Errors, mode: Mode::Warn, looks: &[], keys: Errors::KEYS },
];

/// The row of a guard.
pub fn row(name: GuardName) -> Option<&'static Guard> {
    TABLE.iter().find(|guard| guard.name == name)
}

/// Runs the enabled guards; returns their findings and their failures.
pub fn raise(examined: &ExaminedUse<'_>) -> (Vec<Raised>, Vec<GuardsError>) {
    let (mut raised, mut failures) = (Vec::new(), Vec::new());
    // Most lines are everyday lines, and each guard that examines one costs a page of its code.
    let is_everyday = examined.is_bash() && everyday::is_all(examined.script());
    for (name, _) in examined.policy.guards() {
        let looks = row(name).map_or(&[][..], |guard| guard.looks);
        for look in looks.iter().filter(|look| look.tools.include(examined)) {
            if (is_everyday && !look.sees_everyday) || budget::is_spent() || !(look.concerns)(examined) {
                continue;
            }
            match (look.examine)(examined) {
                Ok(found) => raised.extend(found),
                Err(error) => {
                    let about = error.is_about_the_use().then(|| unanswered(&error));
                    let asked = about.and_then(|objection| in_doubt(name, objection, examined));
                    // Whoever is asked about it needs no report besides; `on_error: deny` refuses what failed.
                    let is_asked = asked.as_ref().is_some_and(|one| one.weight >= Weight::Ask);
                    raised.extend(asked);
                    if !is_asked || examined.policy.closes_on_error() {
                        failures.push(error);
                    }
                }
            }
        }
    }
    raised.extend(overrides::examine(examined));
    // A look that ended early found nothing because it did not look.
    if let Some(unfinished) = budget::unfinished() {
        raised.extend(beyond(&|_| true, not_all(unfinished), examined));
    } else if raised.is_empty()
        && let Some(doubt) = &examined.script().doubt
        && matches!(doubt, Doubt::TooLong | Doubt::TooDeep | Doubt::TooMuch)
    {
        // A line that goes beyond what is followed may run anything behind that: the user is asked.
        let objection = Objection::doubtful(
            format!("this line {doubt}, and what it runs behind that is not known"),
            "run it in parts, and put a long text into a file with Write",
        );
        raised.extend(beyond(&|look| look.tools == Tools::Bash, objection, examined));
    }
    if asks_nobody(&examined.payload.permission_mode) {
        for one in raised.iter_mut().filter(|one| one.weight == Weight::Ask) {
            one.weight = Weight::Refuse;
        }
    }
    (raised, failures)
}

/// What guards say together of a use that they could not examine to its end, in the name of the first that is on and
/// looks at such a use.
fn beyond(
    looks: &dyn Fn(&ToolCheck) -> bool,
    objection: Objection,
    examined: &ExaminedUse<'_>,
) -> Option<Raised> {
    let concerns = |look: &ToolCheck| look.tools.include(examined) && looks(look);
    let looking = TABLE.iter().filter(|guard| guard.looks.iter().any(concerns)).map(|guard| guard.name);
    let modes: Vec<(GuardName, Mode)> =
        looking.filter_map(|name| examined.policy.guards().find(|(known, _)| *known == name)).collect();
    // The strictest of them counts: one that only warns must not answer for one that refuses.
    let (guard, _) = modes.iter().reduce(|first, other| {
        let is_stricter = objection.weight(other.1) > objection.weight(first.1);
        if is_stricter { other } else { first }
    })?;
    in_doubt(*guard, objection, examined)
}

/// An objection in the name of a guard that did not come to an end.
fn in_doubt(guard: GuardName, objection: Objection, examined: &ExaminedUse<'_>) -> Option<Raised> {
    let (_, mode) = examined.policy.guards().find(|(name, _)| *name == guard)?;
    let place = examined.policy.guard_place(guard).ok()??;
    let (weight, place) = (objection.weight(mode), (place.file, place.line));
    Some(Raised { guard, weight, objection, message: None, place })
}

fn not_all(unfinished: Unfinished) -> Objection {
    Objection::doubtful(
        format!("not all of this was looked at: {unfinished}"),
        "run it in parts, each with fewer files and commands",
    )
}

fn unanswered(error: &GuardsError) -> Objection {
    Objection::doubtful(
        format!("this could not be examined: {}", fact(&error.reason())),
        error.hint().unwrap_or_else(|| "run it in parts".to_owned()),
    )
}

const fn on(
    tools: Tools,
    concerns: fn(&ExaminedUse<'_>) -> bool,
    examine: fn(&ExaminedUse<'_>) -> Result<Vec<Raised>, GuardsError>,
) -> ToolCheck {
    ToolCheck { tools, sees_everyday: false, concerns, examine }
}

fn always(_: &ExaminedUse<'_>) -> bool {
    true
}

/// Runs a guard with its settings and applies its mode.
fn with_settings<T: GuardSettings + DeserializeOwned>(
    examined: &ExaminedUse<'_>,
    examine: fn(&T, &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError>,
) -> Result<Vec<Raised>, GuardsError> {
    let placed = examined.policy.guard::<T>().map_err(|error| GuardsError::from(error).of_guard(T::NAME))?;
    let Some(Placed { place, settings, .. }) = placed else { return Ok(Vec::new()) };
    let found = examine(&settings, examined).map_err(|error| error.of_guard(T::NAME))?;
    let raised = found.into_iter().map(|objection| Raised {
        guard: T::NAME,
        weight: objection.weight(settings.mode()),
        message: settings.message().map(str::to_owned),
        place: (place.file.clone(), place.line),
        objection,
    });
    Ok(raised.collect())
}

#[cfg(test)]
mod tests {
    use config::types::guards::Guards;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::testing::{Bench, worst};

    #[test]
    fn every_guard_has_one_row() {
        let mut names: Vec<GuardName> = TABLE.iter().map(|guard| guard.name).collect();
        names.sort();
        assert_eq!(names, GuardName::ALL);
    }

    #[test]
    fn the_default_mode_is_the_configurations() {
        for guard in &TABLE {
            let configured: Guards = serde_json::from_value(json!({guard.name.name(): {}})).unwrap();
            let written = serde_json::to_value(configured).unwrap();
            assert_eq!(written[guard.name.name()]["mode"], json!(guard.mode), "{}", guard.name);
        }
    }

    fn definition<'s>(schema: &'s Value, reference: &Value) -> Option<&'s Map<String, Value>> {
        let reference = match &reference["anyOf"] {
            Value::Array(any) => any[0]["$ref"].as_str(),
            _ => reference["$ref"].as_str(),
        };
        schema["$defs"][reference?.rsplit('/').next()?]["properties"].as_object()
    }

    /// Every key of a guard must be declared: otherwise `settings` asks the user about each of its
    /// changes.
    #[test]
    fn every_key_of_the_schema_is_declared() {
        let schema: Value = serde_json::from_str(config::SCHEMA).unwrap();
        let guards = schema["$defs"]["Guards"]["properties"].as_object().unwrap();
        assert_eq!(guards.len(), TABLE.len());
        for (name, reference) in guards {
            let guard = TABLE.iter().find(|guard| guard.name.name() == name).expect(name);
            let keys = definition(&schema, reference).expect(name);
            let declared = || guard.keys.iter().chain(config::types::guards::COMMON_KEYS);
            for (key, about) in keys {
                let found: Vec<_> = declared().filter(|(known, _)| known == key).collect();
                assert_eq!(found.len(), 1, "guards.{name}.{key} is declared {} times", found.len());
                let Stricter::Rules { decisive, wording } = found[0].1 else { continue };
                let of_rule = definition(&schema, &about["items"]).expect(key);
                let mut known: Vec<&str> = decisive.iter().chain(wording).copied().collect();
                known.sort_unstable();
                let there: Vec<&String> = of_rule.keys().collect();
                assert_eq!(known, there, "guards.{name}.{key}");
            }
            for (key, _) in declared() {
                assert!(keys.contains_key(*key), "guards.{name} has no key {key}");
            }
        }
    }

    /// A question that the host drops would let the tool run.
    #[test]
    fn a_question_is_a_refusal_where_nobody_is_asked() {
        let bench = Bench::new("  push: {}\n  settings: {}\n  sql: {mode: warn}");
        for (line, asked, dropped) in [
            ("git push origin $X", "ask", "deny"),
            ("git push origin $X > .claude/x", "ask", "deny"),
            ("cat > .claude/settings.json", "ask", "deny"),
            ("rm .claude/requirements.yaml", "ask", "deny"),
            ("mv .claude x", "ask", "deny"),
            ("git push origin main", "deny", "deny"),
            ("psql -f unknown.sql", "warn", "warn"),
            ("git status", "pass", "pass"),
        ] {
            for mode in ["", "default", "acceptEdits", "plan", "dontAsk", "auto", "bypassPermissions"] {
                let payload =
                    json!({"tool_name": "Bash", "tool_input": {"command": line}, "permission_mode": mode});
                let expected = if asks_nobody(mode) { dropped } else { asked };
                assert_eq!(worst(&bench.raised(payload)), expected, "{line} in {mode}");
            }
        }
    }
}
