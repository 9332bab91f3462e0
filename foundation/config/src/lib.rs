//! The configuration as data: one cascade of YAML files for every domain, checked item by item, compiled once
//! into a policy that hooks read without a YAML parser in their way.
//!
//! The way of a configuration: [`yaml`] reads a file into nodes that know their place, [`cascade`] merges the
//! levels, `read` turns nodes into the types of [`types`] and drops what is wrong, one item at a time,
//! [`check`] judges what types cannot, and [`policy`] compiles the rest.

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

/// The name under which the schema is written beside a configuration, so that editors complete it offline.
pub const SCHEMA_FILE: &str = "requirements.schema.json";
