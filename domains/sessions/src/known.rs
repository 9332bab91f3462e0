//! One session before it is seen among the others.

use hooks_common::session_log::Meta;

use crate::machine::Machine;

/// What is known about one session.
#[derive(Debug, Clone, Copy)]
pub struct KnownSession<'a> {
    /// The name of its directory.
    pub name: &'a str,
    /// What is fixed about it.
    pub meta: Option<&'a Meta>,
    /// What its events lead to.
    pub machine: &'a Machine,
}
