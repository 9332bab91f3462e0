//! The direction in which a key of the configuration is stricter.

/// The direction in which a key of a guard is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stricter {
    /// `true` is stricter.
    On,
    /// `false` is stricter.
    Off,
    /// A larger number is stricter.
    Larger,
    /// A smaller number is stricter.
    Smaller,
    /// A list with more entries is stricter.
    MoreEntries,
    /// A list with fewer entries is stricter: each entry excuses something.
    FewerEntries,
    /// A list of rules: more rules are stricter, and whether a changed rule finds as much cannot be decided.
    Rules {
        /// The keys of a rule that decide what it finds.
        decisive: &'static [&'static str],
        /// The keys of a rule that are only words for people.
        wording: &'static [&'static str],
    },
    /// A mode: `enforce` is stricter than `warn`, and `warn` than `observe`.
    Mode,
    /// Behaviour on an error of the guard: `deny` is stricter.
    OnError,
    /// Text for people: no value is stricter.
    Neutral,
    /// Each change may weaken: the user is asked.
    Undecided,
}
