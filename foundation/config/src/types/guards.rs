//! Settings of guards: built-in rules over a tool use, before or after it runs.

use crate::finding::Place;
use serde::{Deserialize, Serialize};

use super::strictness::Stricter::{
    self, FewerEntries, Larger, MoreEntries, Off, On, Rules, Smaller, Undecided,
};
use super::{Mode, Names, OnError};

/// The guards by name. One that is named is on; any other is off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Guards {
    /// SQL statements that change a database, given to a client or to a program's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Sql>,
    /// PowerShell called from Bash, which eats its `$`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub powershell: Option<Powershell>,
    /// Files that only one of our commands may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Paths>,
    /// What planning documents must say about one another: ids, references, exit criteria.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub references: Option<References>,
    /// Pushes to protected branches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Push>,
    /// Commands that destroy what cannot be brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive: Option<Destructive>,
    /// Changes of the client's settings, or of this configuration, that weaken them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// Whole reads of large files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub large_read: Option<LargeRead>,
    /// Credentials about to be written or committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Secrets>,
    /// Content that must stay where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_content: Option<ProtectedContent>,
    /// The same failure again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loops: Option<Loops>,
    /// Runs of tests, kept with their result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// Failures of tools, kept with what helped the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Errors>,
    /// Patterns that code must not have: warned of first, refused when they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patterns: Option<Patterns>,
}

/// The keys that all guards have.
pub const COMMON_KEYS: &[(&str, Stricter)] = &[
    ("enabled", On),
    ("mode", Stricter::Mode),
    ("on_error", Stricter::OnError),
    ("message", Stricter::Neutral),
];

/// The common interface of all guards' settings.
pub trait GuardSettings: Serialize {
    /// Its name under `guards:`.
    const NAME: GuardName;
    /// Its own keys, each with its stricter direction. [`COMMON_KEYS`] contains the keys of all guards.
    const KEYS: &'static [(&'static str, Stricter)];
    /// Whether the guard is on.
    fn is_enabled(&self) -> bool;
    /// The effect of its findings.
    fn mode(&self) -> Mode;
    /// The effect on a tool use if the guard itself fails.
    fn on_error(&self) -> Option<OnError>;
    /// The text that replaces the guard's first line.
    fn message(&self) -> Option<&str>;
}

macro_rules! names {
    ($($variant:ident $name:literal,)*) => {
        /// The name of a guard.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum GuardName {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl GuardName {
            /// All guards, in the order in which they run.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in configuration.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Its own keys in configuration, each with its stricter direction.
            pub fn keys(self) -> &'static [(&'static str, Stricter)] {
                match self {
                    $(Self::$variant => <$variant as GuardSettings>::KEYS,)*
                }
            }
        }
    };
}

names! {
    Settings "settings",
    Push "push",
    Destructive "destructive",
    Sql "sql",
    Powershell "powershell",
    Paths "paths",
    References "references",
    ProtectedContent "protected_content",
    Secrets "secrets",
    LargeRead "large_read",
    Patterns "patterns",
    Loops "loops",
    Tests "tests",
    Errors "errors",
}

impl std::fmt::Display for GuardName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! guard {
    ($(#[$doc:meta])* $name:ident: $mode:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr => $stricter:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default)]
        pub struct $name {
            /// Whether the guard is on.
            pub enabled: bool,
            /// Whether the guard refuses, only warns, or only records.
            pub mode: Mode,
            /// What happens to a tool when the guard itself fails; else the top-level `on_error` counts.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub on_error: Option<OnError>,
            /// The first line of a refusal, instead of the guard's own; `{what}` is replaced by that.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub message: Option<String>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, mode: Mode::$mode, on_error: None, message: None, $($field: $default,)* }
            }
        }

        impl GuardSettings for $name {
            const NAME: GuardName = GuardName::$name;
            const KEYS: &'static [(&'static str, Stricter)] = &[$((stringify!($field), $stricter),)*];

            fn is_enabled(&self) -> bool {
                self.enabled
            }

            fn mode(&self) -> Mode {
                self.mode
            }

            fn on_error(&self) -> Option<OnError> {
                self.on_error
            }

            fn message(&self) -> Option<&str> {
                self.message.as_deref()
            }
        }
    };
}

guard! {
    /// SQL statements that change a database.
    Sql: Enforce {
        /// Whether statements that only read (`SELECT`, `SHOW`, `EXPLAIN`) pass.
        allow_select: bool = true => Off,
        /// Clients besides the known ones, by the program's name: SQL as an argument or on stdin.
        programs: Names = Names::default() => MoreEntries,
    }
}

guard! {
    /// PowerShell called from Bash.
    Powershell: Enforce {}
}

guard! {
    /// Files that are made by a command.
    Paths: Enforce {
        /// Which, and by which command. They replace the built-in ones.
        rules: Vec<PathRule> = PathRule::defaults() => Rules { decisive: &["files", "existing"], wording: &["command"] },
    }
}

/// Files that are made by a command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PathRule {
    /// The files: globs from the project's root.
    pub files: Names,
    /// What makes them: a slash command, or a command line.
    pub command: String,
    /// Whether changing one that exists is refused as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub existing: bool,
}

impl PathRule {
    fn defaults() -> Vec<Self> {
        let rule = |files: &[&str], command: &str| Self {
            files: Names::of(files),
            command: command.to_owned(),
            existing: false,
        };
        vec![
            rule(&["docs/checkpoints/*.md"], "/new-checkpoint, which is `req checkpoint new <title>`"),
            rule(&["docs/plans/PLAN-*.md", "docs/work/active/*/plans/PLAN.md"], "/new-plan"),
            rule(&["docs/handoff/*.md"], "/new-handoff"),
            rule(&["docs/reports/*.md"], "/new-report"),
            rule(&["docs/ADR/ADR-*.md"], "/new-adr"),
            rule(&["docs/work/active/*/WORK.md"], "/new-work"),
            rule(&["docs/work/active/*/observations.md"], "just scaffold-observations"),
        ]
    }
}

guard! {
    /// What planning documents must say.
    References: Warn {
        /// The plans: each names the work it belongs to by `backlog_id`.
        plans: Names = Names::of(&["docs/plans/PLAN-*.md", "docs/work/active/*/plans/PLAN.md"]) => MoreEntries,
        /// The documents of work: one that comes from an investigation names what it learned by `memory_refs`, and
        /// one that moves on meets the criteria of the node it leaves.
        work: Names = Names::of(&["docs/work/**/*.md"]) => MoreEntries,
        /// Where an id may be given only once, and where documents are held to their template.
        documents: Names = Names::of(&["docs/**/*.md"]) => MoreEntries,
    }
}

guard! {
    /// Pushes to protected branches.
    Push: Enforce {
        /// Protected besides `main`, `master` and what the remote's HEAD names: globs over branch names.
        branches: Names = Names::default() => MoreEntries,
    }
}

guard! {
    /// Commands that destroy what cannot be brought back.
    Destructive: Enforce {
        /// Whether git is asked what a removal, a reset or a clean would lose that was never committed.
        uncommitted: bool = true => On,
        /// Commands of your own.
        rules: Vec<CommandRule> = Vec::new() => Rules { decisive: &["pattern"], wording: &["message"] },
    }
}

/// A command that is not to be run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CommandRule {
    /// An expression searched in each command that a line runs, as in `command_pattern`.
    pub pattern: String,
    /// Why, and what to do instead.
    pub message: String,
}

guard! {
    /// Changes of settings that weaken them.
    Settings: Enforce {}
}

guard! {
    /// Whole reads of large files.
    LargeRead: Enforce {
        /// From how many KiB on the model is asked to read in parts.
        warn_above_kib: u64 = 500 => Smaller,
        /// From how many KiB on a read without a limit is refused.
        refuse_above_kib: u64 = 5 * 1024 => Smaller,
        /// Reads of at most so many lines always pass.
        most_lines: u64 = 2_000 => Smaller,
    }
}

guard! {
    /// Credentials about to be written or committed.
    Secrets: Enforce {
        /// Whether values that only look random count, next to a name that says credential.
        entropy: bool = true => On,
        // An exemption names a rule by its id, so the id is decisive too.
        /// Expressions of your own, searched line by line.
        rules: Vec<SecretRule> = Vec::new() => Rules { decisive: &["id", "pattern"], wording: &[] },
        /// What is allowed where it is, and why.
        exemptions: Vec<Exemption> = Vec::new() => FewerEntries,
    }
}

/// A credential's shape.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SecretRule {
    /// Its name.
    pub id: String,
    /// The expression.
    pub pattern: String,
}

/// What a rule overlooks, and why.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Exemption {
    /// The files: globs from the project's root.
    pub files: Names,
    /// The rules by id; all of them when empty.
    pub rules: Names,
    /// Why: ten characters at least.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

guard! {
    /// Content that must stay.
    ProtectedContent: Enforce {
        /// What, and where.
        rules: Vec<ContentRule> = Vec::new() => Rules { decisive: &["files", "content"], wording: &["message"] },
    }
}

/// Content that must stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ContentRule {
    /// The files: globs from the project's root.
    pub files: Names,
    /// An expression that goes on matching.
    pub content: String,
    /// Why, and whom to ask.
    pub message: String,
}

guard! {
    /// The same failure again and again.
    Loops: Warn {
        /// How many times the same failure is a loop.
        times: u32 = 3 => Smaller,
        // With a shorter time, failures that are further apart are not a loop any more.
        /// Within how many minutes of the first.
        minutes: u32 = 20 => Larger,
    }
}

guard! {
    /// Runs of tests.
    Tests: Warn {
        // A runner that always succeeds satisfies a requirement for tests. Without a runner in the list its failures
        // are not noticed.
        /// Runners besides the known ones: the words that a command begins with.
        runners: Names = Names::default() => Undecided,
    }
}

guard! {
    /// Failures of tools.
    Errors: Warn {
        /// How many are kept.
        most: u32 = 500 => Larger,
        /// At which repetition in a session the earlier fix is shown.
        repeated: u32 = 3 => Smaller,
    }
}

guard! {
    /// Patterns that code must not have.
    Patterns: Enforce {
        /// Which.
        rules: Vec<PatternRule> = Vec::new() => Rules {
            decisive: &["id", "severity", "pattern", "files", "exclude", "unless_within", "require_nearby"],
            wording: &["message", "fix"],
        },
        /// For how many hours after the first warning a repeated finding only warns.
        grace_hours: u32 = 4 => Smaller,
        // After a warning is forgotten, its grace hours start again.
        /// After how many days a warning is forgotten.
        expire_days: u32 = 30 => Larger,
        /// How many warnings are kept; the oldest go first.
        most: u32 = 200 => Larger,
        /// What is allowed where it is, and why.
        exemptions: Vec<Exemption> = Vec::new() => FewerEntries,
    }
}

/// How bad a pattern is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PatternSeverity {
    /// It is refused at once.
    Critical,
    /// It is warned of first, and refused when it stays.
    High,
    /// The same.
    #[default]
    Medium,
    /// It is only ever warned of.
    Low,
}

/// A pattern that code must not have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PatternRule {
    /// Its name: letters, digits, `-` and `_`.
    pub id: String,
    /// How bad it is.
    pub severity: PatternSeverity,
    /// An expression searched line by line, with regard to case unless it begins with `(?i)`.
    pub pattern: String,
    /// What is wrong.
    pub message: String,
    /// What to do instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// The files: globs from the project's root. All when empty.
    pub files: Names,
    /// An expression that makes a line innocent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exclude: String,
    /// An expression that makes a line innocent when it matches near it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless_within: Option<Nearby>,
    /// An expression that must match near a line for it to be guilty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_nearby: Option<Nearby>,
}

/// What must be near a line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Nearby {
    /// The expression.
    pub pattern: String,
    /// Lines before.
    pub before: u32,
    /// Lines after.
    pub after: u32,
}

/// A guard in the policy: its settings without its rules, which are read separately.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Placed<T> {
    /// The position of its configuration.
    pub place: Place,
    /// Whether a tool use is refused if the guard fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes_on_error: bool,
    /// The settings as configured.
    pub settings: T,
}
