//! The operating system, behind a handful of functions. `unix` holds the only unsafe code of the project.

mod unix;

pub use unix::{
    cancel_last_word, is_network_file_system, is_process, last_word, lock_within, monotonic_ns, prepare,
    thread_processor_time, user_id, wait_either_readable, wait_readable,
};

/// Begins a hook's executable at `$work`, a `fn() -> ExitCode` that ends in success: `#![no_main]` stands above it.
///
/// Before `main` the standard library reads the process's memory map, to tell a stack overflow from other faults;
/// that takes a tenth of the time that a process needs to begin and end. A hook does without.
#[macro_export]
macro_rules! begin {
    ($work:path) => {
        const _: () = {
            // SAFETY: the C library calls the one symbol of this name when the process begins, and no other
            // part of the executable defines it.
            #[unsafe(no_mangle)]
            extern "C" fn main(_count: i32, _arguments: *const *const u8) -> i32 {
                $crate::sys::prepare();
                // A hook never fails; `ExitCode` would not tell its number either.
                let _: ::std::process::ExitCode = $work();
                0
            }
        };
    };
}
