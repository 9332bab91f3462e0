//! Guards in the policy. The header lists the guards that are on. A guard's settings and each of its rules are
//! separate parts, which are read when needed.

use std::collections::BTreeMap;

use crate::finding::Place;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::stored::{GuardHead, Policy, Span};
use crate::error::ConfigError;
use crate::pattern::Pattern;
use crate::sieve::Sieve;
use crate::types::guards::{
    CommandRule, ContentRule, GuardName, GuardSettings, Guards, PatternRule, Placed, SecretRule,
};
use crate::types::{Mode, OnError};

/// A rule with its compiled expression.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompiledRule<R> {
    /// The expression.
    pub pattern: Pattern,
    /// The rule as configured.
    pub rule: R,
}

/// The guards that are on, in the form of the policy file.
#[derive(Debug, Clone, Default)]
pub(super) struct GuardParts(BTreeMap<GuardName, GuardPart>);

#[derive(Debug, Clone)]
struct GuardPart {
    mode: Mode,
    closes_on_error: bool,
    settings: Vec<u8>,
    sieve: Vec<u8>,
    rules: Vec<u8>,
}

/// A rule with an expression.
trait Ruled: Serialize {
    /// The compiled expression. Rules with an expression that is not valid were dropped before.
    fn pattern(&self) -> Result<Pattern, ConfigError>;
}

impl Ruled for CommandRule {
    fn pattern(&self) -> Result<Pattern, ConfigError> {
        Pattern::new(&self.pattern)
    }
}

impl Ruled for SecretRule {
    fn pattern(&self) -> Result<Pattern, ConfigError> {
        Pattern::exact(&self.pattern)
    }
}

impl Ruled for ContentRule {
    fn pattern(&self) -> Result<Pattern, ConfigError> {
        Pattern::exact(&self.content)
    }
}

impl Ruled for PatternRule {
    fn pattern(&self) -> Result<Pattern, ConfigError> {
        Pattern::exact(&self.pattern)
    }
}

impl GuardParts {
    /// The guards that are on.
    pub(super) fn of(guards: Guards, places: &BTreeMap<GuardName, Place>, on_error: OnError) -> Self {
        let mut parts = Self::default();
        let mut add = Adder { parts: &mut parts, places, on_error };
        let Guards {
            sql,
            powershell,
            paths,
            references,
            push,
            destructive,
            settings,
            large_read,
            secrets,
            protected_content,
            loops,
            tests,
            errors,
            patterns,
        } = guards;
        add.plain(sql);
        add.plain(powershell);
        add.plain(paths);
        add.plain(references);
        add.plain(push);
        add.ruled(destructive, |guard| std::mem::take(&mut guard.rules));
        add.plain(settings);
        add.plain(large_read);
        add.ruled(secrets, |guard| std::mem::take(&mut guard.rules));
        add.ruled(protected_content, |guard| std::mem::take(&mut guard.rules));
        add.plain(loops);
        add.plain(tests);
        add.plain(errors);
        add.ruled(patterns, |guard| std::mem::take(&mut guard.rules));
        parts
    }

    /// Whether a guard refuses a tool use if the guard fails.
    pub(super) fn closes_on_error(&self) -> bool {
        self.0.values().any(|part| part.closes_on_error)
    }

    /// The parts that affect decisions, for the policy's hash.
    pub(super) fn decisive(&self) -> Vec<&[u8]> {
        self.0.values().flat_map(|part| [&*part.settings, &*part.rules]).collect()
    }

    /// Writes the parts as an array, and returns their positions.
    pub(super) fn append(&self, text: &mut Vec<u8>) -> BTreeMap<GuardName, GuardHead> {
        let mut heads = BTreeMap::new();
        text.push(b'[');
        for (name, part) in &self.0 {
            let mut put = |bytes: &[u8]| {
                if text.last() != Some(&b'[') {
                    text.extend_from_slice(b",\n");
                }
                let span = Span(text.len() as u64, bytes.len() as u64);
                text.extend_from_slice(bytes);
                span
            };
            heads
                .insert(*name, GuardHead(part.mode, put(&part.settings), put(&part.sieve), put(&part.rules)));
        }
        text.push(b']');
        heads
    }
}

struct Adder<'a> {
    parts: &'a mut GuardParts,
    places: &'a BTreeMap<GuardName, Place>,
    on_error: OnError,
}

impl Adder<'_> {
    fn plain<T: GuardSettings>(&mut self, guard: Option<T>) {
        self.add::<T, CommandRule>(guard, Vec::new());
    }

    fn ruled<T: GuardSettings, R: Ruled>(&mut self, guard: Option<T>, take: impl FnOnce(&mut T) -> Vec<R>) {
        let Some(mut guard) = guard else { return };
        let rules = take(&mut guard);
        self.add(Some(guard), rules);
    }

    fn add<T: GuardSettings, R: Ruled>(&mut self, guard: Option<T>, rules: Vec<R>) {
        let Some(guard) = guard.filter(GuardSettings::is_enabled) else { return };
        let Some(place) = self.places.get(&T::NAME).cloned() else { return };
        let mode = guard.mode();
        let closes_on_error = guard.on_error().unwrap_or(self.on_error) == OnError::Deny;
        let mut sieve = Sieve::default();
        let mut text = b"[".to_vec();
        for rule in rules {
            let Ok(pattern) = rule.pattern() else { continue };
            if text.len() > 1 {
                text.extend_from_slice(b",\n");
            }
            let start = text.len();
            let compiled = CompiledRule { pattern, rule };
            if serde_json::to_writer(&mut text, &compiled).is_err() {
                text.truncate(start);
                continue;
            }
            sieve.add((start as u64, (text.len() - start) as u64), &compiled.pattern);
        }
        text.push(b']');
        let placed = Placed { place, closes_on_error, settings: guard };
        let (Ok(settings), Ok(sieve)) = (serde_json::to_vec(&placed), serde_json::to_vec(&sieve)) else {
            return;
        };
        self.parts.0.insert(T::NAME, GuardPart { mode, closes_on_error, settings, sieve, rules: text });
    }
}

impl Policy {
    /// The guards that are on, with their modes.
    pub fn guards(&self) -> impl Iterator<Item = (GuardName, Mode)> {
        self.header.guards.iter().map(|(name, head)| (*name, head.0))
    }

    /// Whether a guard is on.
    pub fn has_guard(&self, name: GuardName) -> bool {
        self.header.guards.contains_key(&name)
    }

    /// Whether a guard is on and has rules of the user.
    pub fn has_guard_rules(&self, name: GuardName) -> bool {
        // An empty array has two bytes.
        self.header.guards.get(&name).is_some_and(|GuardHead(_, _, _, rules)| rules.1 > 2)
    }

    /// The settings of a guard, if it is on. Its rules are [`Policy::guard_rules`].
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn guard<T: GuardSettings + DeserializeOwned>(&self) -> Result<Option<Placed<T>>, ConfigError> {
        self.header.guards.get(&T::NAME).map(|GuardHead(_, settings, ..)| self.part(*settings)).transpose()
    }

    /// The rules of a guard that may apply to a text in ASCII lower case. All rules if no text is given.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn guard_rules<T: GuardSettings, R: DeserializeOwned>(
        &self,
        lower: Option<&str>,
    ) -> Result<Vec<CompiledRule<R>>, ConfigError> {
        let Some(GuardHead(_, _, sieve, rules)) = self.header.guards.get(&T::NAME) else {
            return Ok(Vec::new());
        };
        let sieve: Sieve = self.part(*sieve)?;
        let places = lower.map_or_else(|| sieve.all(), |lower| sieve.hits(lower));
        places.into_iter().map(|(start, length)| self.part(Span(rules.0 + start, length))).collect()
    }

    /// The position of a guard's configuration, if it is on.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn guard_place(&self, name: GuardName) -> Result<Option<Place>, ConfigError> {
        #[derive(Deserialize)]
        struct Somewhere {
            place: Place,
        }
        let head = self.header.guards.get(&name);
        head.map(|head| Ok(self.part::<Somewhere>(head.1)?.place)).transpose()
    }

    pub(super) fn guard_parts(&self) -> Result<GuardParts, ConfigError> {
        let mut parts = GuardParts::default();
        for (name, GuardHead(mode, settings, sieve, rules)) in &self.header.guards {
            #[derive(Deserialize)]
            struct Closes {
                #[serde(default)]
                closes_on_error: bool,
            }
            let part = GuardPart {
                mode: *mode,
                closes_on_error: self.part::<Closes>(*settings)?.closes_on_error,
                settings: self.bytes(*settings)?.into_owned(),
                sieve: self.bytes(*sieve)?.into_owned(),
                rules: self.bytes(*rules)?.into_owned(),
            };
            parts.0.insert(*name, part);
        }
        Ok(parts)
    }
}
