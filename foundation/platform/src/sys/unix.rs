//! Linux and macOS. Each block of unsafe code is one call that the standard library does not offer and that
//! the start-up budget keeps us from taking from a larger crate.

use std::os::fd::AsRawFd;
use std::time::Duration;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of one boot share.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid, writable timespec for the duration of the call; the clock id is a constant
    // that both platforms define. `Instant` hides the raw value, which must be comparable across processes.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    if status != 0 {
        return 0;
    }
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// What the standard library prepares before `main`, as far as a hook needs it: the three standard streams are
/// open, and writing to one that nobody reads is an error instead of the end.
pub fn prepare() {
    for fd in 0..=2 {
        // SAFETY: asking for a descriptor's flags touches no memory, whether it is open or not.
        let is_open = unsafe { libc::fcntl(fd, libc::F_GETFD) } != -1;
        if !is_open {
            // SAFETY: the path is a constant with a closing zero. The lowest free descriptor is the one that
            // is missing, because those below it are open; a failure leaves it closed, as it was.
            unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
        }
    }
    // SAFETY: ignoring a signal installs no handler, so nothing of ours runs in its context.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    // SAFETY: as above. A file that may not grow any more is an error, not the end.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Whether a process of this number exists, as far as the kernel tells us; one of another user does.
pub fn is_process(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 is never delivered and the call touches no memory; a positive number names one process,
    // not a group.
    let status = if pid > 0 { unsafe { libc::kill(pid, 0) } } else { return false };
    status == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Whether `stream` has data, or its end, before `wait` is over. A stream that cannot be polled counts as
/// readable: the read then says what is wrong.
pub fn wait_readable(stream: &impl AsRawFd, wait: Duration) -> bool {
    let mut poll = libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `poll` is one valid pollfd and the count says one; the descriptor is borrowed from `stream`,
    // which outlives the call.
    unsafe { libc::poll(&raw mut poll, 1, milliseconds) != 0 }
}

/// Which of two streams have data, or their end, before `wait` is over; a missing one never has. A stream that cannot
/// be polled counts as readable: the read then says what is wrong.
pub fn wait_either_readable(
    first: Option<&impl AsRawFd>,
    second: Option<&impl AsRawFd>,
    wait: Duration,
) -> (bool, bool) {
    // poll skips negative descriptors.
    let number = [first.map_or(-1, AsRawFd::as_raw_fd), second.map_or(-1, AsRawFd::as_raw_fd)];
    let mut polls = number.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `polls` is two valid pollfds and the count says two; the descriptors are borrowed from streams that
    // outlive the call.
    let status = unsafe { libc::poll(polls.as_mut_ptr(), 2, milliseconds) };
    // A signal that came meanwhile is no fault of the streams: reading one now could wait without bound.
    if status < 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted {
        return (false, false);
    }
    let [first, second] = polls.map(|poll| poll.fd >= 0 && (status < 0 || poll.revents != 0));
    (first, second)
}

/// Whether `file` lies on a network file system, where even a lock that must not wait may hang.
#[cfg(target_os = "linux")]
pub fn is_network_file_system(file: &impl AsRawFd) -> bool {
    const NFS: libc::c_long = 0x6969;
    const SMB: libc::c_long = 0x517B;
    const SMB2: libc::c_long = 0xFE53_4D42;
    const CIFS: libc::c_long = 0xFF53_4D42;
    let mut stat = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the kernel fills the whole struct when it returns 0, and only then is it read; the descriptor
    // is borrowed from `file`, which outlives the call.
    let kind = unsafe {
        if libc::fstatfs(file.as_raw_fd(), stat.as_mut_ptr()) != 0 {
            return false;
        }
        stat.assume_init().f_type
    };
    matches!(libc::c_long::from(kind), NFS | SMB | SMB2 | CIFS)
}

/// Whether `file` lies on a network file system. macOS reports lock errors by itself.
#[cfg(not(target_os = "linux"))]
pub fn is_network_file_system(_file: &impl AsRawFd) -> bool {
    false
}
