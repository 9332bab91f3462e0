//! The configuration as data. One cascade of YAML files serves all domains. It is checked item by item and compiled
//! into a policy, which hooks read without parsing YAML.
//!
//! The steps: [`yaml`] parses a file into nodes with positions, and [`cascade`] merges the levels. `read` converts
//! nodes into the types of [`types`] and drops wrong items one by one. [`check`] finds errors that types do not show,
//! and [`policy`] compiles the result.

pub mod cascade;
pub mod check;
mod error;
pub mod finding;
pub mod globs;
pub mod messages;
pub mod older;
pub mod pattern;
pub mod policy;
pub mod read;
pub mod sieve;
pub mod sources;
pub mod tools;
pub mod types;
pub mod yaml;

pub use error::ConfigError;
pub use messages::MessageDirs;
pub use policy::{Gate, Policy, Rule};
pub use types::{Configuration, Requirement};

/// The JSON Schema of a configuration file, generated from [`types`].
pub const SCHEMA: &str = include_str!("../requirements.schema.json");

/// The name of the schema file beside a configuration. Editors use it for completion without a network.
pub const SCHEMA_FILE: &str = "requirements.schema.json";
