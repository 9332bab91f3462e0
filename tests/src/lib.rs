//! A world for tests: a home of its own, real git repositories, and the executables as they are shipped.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "tests write their own files and talk"
)]

pub mod client;
pub mod mock_api;
pub mod stand_in;
pub mod tmux;
pub mod typist;
pub mod world;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use stand_in::StandIn;
pub use typist::Typist;
pub use world::{Answer, World};

static PROFILE: OnceLock<setup::BuildProfile> = OnceLock::new();

/// Takes the executables as users run them: for what measures. Comes before the first use of [`executables`].
pub fn measure_release() {
    PROFILE.get_or_init(|| setup::BuildProfile::Release);
}

/// The folder of the executables, built once a run with the code that `cargo setup` uses.
///
/// # Panics
/// When the build fails.
pub fn executables() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    // Where the executables of users are built anyway, as in CI, a second build would only cost time.
    let is_release = std::env::var_os("STANCHION_TEST_RELEASE").is_some();
    let default = if is_release { setup::BuildProfile::Release } else { setup::BuildProfile::Tested };
    let profile = *PROFILE.get_or_init(|| default);
    FOLDER.get_or_init(|| setup::build(profile).expect("the executables build").folder)
}

/// Copies an executable that is going to be started. A file that this process has open for writing, even in a child that
/// another test starts at that moment, cannot be started (`ETXTBSY`), so another process copies it.
///
/// # Panics
/// When it cannot be copied.
pub fn copy_executable(from: impl AsRef<Path>, to: impl AsRef<Path>) {
    let status = std::process::Command::new("cp").arg(from.as_ref()).arg(to.as_ref()).status();
    assert!(status.is_ok_and(|status| status.success()), "{}", from.as_ref().display());
}

/// How often the threads of a process were given the processor.
pub fn switches(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process").flatten();
    let switches = tasks.map(|task| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let counts = status.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum::<u64>()
    });
    switches.sum()
}
