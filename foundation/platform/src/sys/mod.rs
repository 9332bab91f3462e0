//! The operating system calls that the standard library does not offer. `unix` contains all unsafe code of the
//! project.

mod unix;

pub use unix::{
    cancel_last_word, is_network_file_system, is_process, last_word, lock_within, monotonic_ns, prepare,
    thread_processor_time, user_id, wait_either_readable, wait_readable,
};

/// The `main` of a hook's executable. `$work` is a `fn() -> ExitCode` that always succeeds, and the file needs
/// `#![no_main]`.
///
/// The standard library reads the process's memory map before `main`, to recognise stack overflows. That takes a
/// tenth of a short process's run time, so a hook skips it.
#[macro_export]
macro_rules! begin {
    ($work:path) => {
        const _: () = {
            // SAFETY: the C library calls the one symbol of this name when the process begins, and no other
            // part of the executable defines it.
            #[unsafe(no_mangle)]
            extern "C" fn main(_count: i32, _arguments: *const *const u8) -> i32 {
                $crate::sys::prepare();
                // A hook always exits with 0. An `ExitCode` does not expose its number anyway.
                let _: ::std::process::ExitCode = $work();
                0
            }
        };
    };
}
