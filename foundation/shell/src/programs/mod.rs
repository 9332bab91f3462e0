//! The tables of programs: their properties by name, and their options that take a value.
//!
//! All lists of programs in the workspace are here, so that two rules never use different sets for the same purpose.
//! `roles` contains properties of names, and the other modules contain rows with options. A test names each row.

mod containers;
mod families;
mod git_subcommands;
mod global_options;
mod interpreters;
mod roles;
mod runners;
mod sql_clients;
mod wrappers;

pub use containers::{CONTAINER_EXEC, CONTAINER_RUN, Container, SSH, container_of};
pub use families::{answers, has_two_levels, is_test_runner, may_run_tests, runs_no_test};
pub use git_subcommands::{leaves_files_alone, pushes_nothing};
pub use global_options::global_options_of;
pub use interpreters::{Interpreter, Language, interpreter_of};
pub use roles::{Roles, is, named, roles};
pub use runners::{RUNNER_OPTIONS, Runner, runners_of};
pub use sql_clients::{ANY_SQL_CLIENT, Dialect, SqlClient, SqlOperands, sql_client_of};
pub use wrappers::{Passing, Wrapper, passes_on, wrapper_of};
