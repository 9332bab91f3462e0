//! The operating system, behind a handful of functions. `unix` holds the only unsafe code of the project.

mod unix;

pub use unix::{is_network_file_system, monotonic_ns, wait_readable};
