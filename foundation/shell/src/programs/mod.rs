//! The tables of programs: what is known of a program by its name, and which of its options take a value.
//!
//! Every list of programs in the workspace is here, so that two rules never know different sets for one thing. `roles`
//! holds what a name alone tells; the others hold rows with options. Each row is named by a test.

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
