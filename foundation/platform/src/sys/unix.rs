//! Linux and macOS. Each unsafe block is one call that the standard library does not offer. A larger crate would
//! exceed the start-up budget.

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
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

/// The number of the user that this process acts for.
pub fn user_id() -> u32 {
    // SAFETY: the call touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// The processor time that this thread has used.
pub fn thread_processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as in `monotonic_ns`; both platforms have this clock, and the standard library does not ask it.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if status != 0 {
        return Duration::ZERO;
    }
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// What standard output gets when the process cannot go on, and its length.
static LAST_WORD: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static LAST_WORD_LENGTH: AtomicUsize = AtomicUsize::new(0);
/// The size of the stack that a handler runs on when the process's own is used up. Machines with wide registers save
/// 11 KiB of them there.
const HANDLER_STACK: usize = 64 * 1024;
/// That stack. Its pages cost nothing until a handler runs.
static mut HANDLER_STACK_MEMORY: [u8; HANDLER_STACK] = [0; HANDLER_STACK];
/// What ends a process in the middle of its work: the alarm, a stack that is used up, and an abort of the standard
/// library.
const ENDS: [libc::c_int; 3] = [libc::SIGALRM, libc::SIGSEGV, libc::SIGABRT];

/// Has the process print `document` and end with 0 when it still runs after `limit`, overflows its stack, or aborts.
///
/// A decision that does not end is the host's "go on": it cancels the hook and runs the tool. The document says what
/// becomes of the tool then. [`cancel_last_word`] is called before anything else is printed.
pub fn last_word(document: &'static str, limit: Duration) {
    LAST_WORD_LENGTH.store(document.len(), Ordering::SeqCst);
    LAST_WORD.store(document.as_ptr().cast_mut(), Ordering::SeqCst);
    let memory = (&raw mut HANDLER_STACK_MEMORY).cast();
    let stack = libc::stack_t { ss_sp: memory, ss_flags: 0, ss_size: HANDLER_STACK };
    // SAFETY: the memory lives as long as the process, and only the kernel and a handler use it. A failure leaves the
    // stack as it was, and then an overflow ends the process as before.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
    // SAFETY: an all-zero `sigaction` is a valid one: no flags, an empty mask, the default action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = say_last_word as *const () as usize;
    action.sa_flags = libc::SA_ONSTACK | libc::SA_RESTART;
    for signal in ENDS {
        // SAFETY: `action` is a valid `sigaction` whose handler calls functions alone that a handler may call.
        unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    }
    // SAFETY: an all-zero `itimerval` is a valid one: it never fires.
    let mut timer: libc::itimerval = unsafe { std::mem::zeroed() };
    timer.it_value.tv_sec = libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX);
    // SAFETY: `timer` is a valid `itimerval` for the duration of the call.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
}

/// Takes back what [`last_word`] arranged: from here on the process prints for itself. The alarm may still come and then
/// does nothing.
pub fn cancel_last_word() {
    LAST_WORD.store(std::ptr::null_mut(), Ordering::SeqCst);
}

/// Prints the last word and ends the process. Only `write` and `_exit` are called, which a handler may call.
extern "C" fn say_last_word(signal: libc::c_int) {
    let mut at = LAST_WORD.swap(std::ptr::null_mut(), Ordering::SeqCst);
    // The alarm of a word that was taken back meanwhile must not end the process before it has printed its own.
    if at.is_null() && signal == libc::SIGALRM {
        return;
    }
    let mut left = LAST_WORD_LENGTH.load(Ordering::SeqCst);
    while !at.is_null() && left > 0 {
        // SAFETY: `at` and `left` are the rest of a text of that length that lives as long as the process.
        let written = unsafe { libc::write(libc::STDOUT_FILENO, at.cast(), left) };
        let Ok(written) = usize::try_from(written) else { break };
        left -= written.min(left);
        // SAFETY: no more than the rest was written, so the pointer stays within the text or at its end.
        at = unsafe { at.add(written) };
    }
    // SAFETY: ends the process at once, without running anything of ours.
    unsafe { libc::_exit(0) };
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
    // SAFETY: as above. Writing beyond the file size limit becomes an error instead of a fatal signal.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Whether a process of this number exists, of any user, as far as the kernel shows it.
pub fn is_process(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 is never delivered and the call touches no memory; a positive number names one process,
    // not a group.
    let status = if pid > 0 { unsafe { libc::kill(pid, 0) } } else { return false };
    status == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Whether `stream` has data or has ended within `wait`. A stream that cannot be polled counts as readable, so that
/// the read returns the error.
pub fn wait_readable(stream: &impl AsRawFd, wait: Duration) -> bool {
    let mut poll = libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `poll` is one valid pollfd and the count says one; the descriptor is borrowed from `stream`,
    // which outlives the call.
    unsafe { libc::poll(&raw mut poll, 1, milliseconds) != 0 }
}

/// Which of two streams have data or have ended within `wait`. A missing stream is never readable. A stream that
/// cannot be polled counts as readable, so that the read returns the error.
pub fn wait_either_readable(
    first: Option<&impl AsRawFd>,
    second: Option<&impl AsRawFd>,
    wait: Duration,
) -> (bool, bool) {
    // poll ignores negative descriptors.
    let number = [first.map_or(-1, AsRawFd::as_raw_fd), second.map_or(-1, AsRawFd::as_raw_fd)];
    let mut polls = number.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `polls` is two valid pollfds and the count says two; the descriptors are borrowed from streams that
    // outlive the call.
    let status = unsafe { libc::poll(polls.as_mut_ptr(), 2, milliseconds) };
    // A signal during poll is not an error of the streams. Reading one now could block without bound.
    if status < 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted {
        return (false, false);
    }
    let [first, second] = polls.map(|poll| poll.fd >= 0 && (status < 0 || poll.revents != 0));
    (first, second)
}

/// How often the alarm of a wait is repeated, or a lock asked for again where there is no queue.
const AGAIN: Duration = Duration::from_millis(2);

/// Waits in the kernel's queue for the lock of `file`; whether it was granted within `wait`. A timer's signal ends the
/// wait. It repeats, because one that comes just before the wait begins ends nothing.
#[cfg(target_os = "linux")]
pub fn lock_within(file: &impl AsRawFd, wait: Duration) -> std::io::Result<bool> {
    extern "C" fn wake(_signal: libc::c_int) {}
    let failed = || std::io::Error::last_os_error();
    let signal = libc::SIGRTMIN() + 3;
    // SAFETY: an all-zero `sigaction` is a valid one; without SA_RESTART the signal interrupts system calls.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = wake as *const () as usize;
    // SAFETY: `action` is valid, and its handler does nothing.
    if unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) } != 0 {
        return Err(failed());
    }
    // SAFETY: `set` is a valid signal set that these calls fill; the mask of this thread alone is changed. A parent may
    // have blocked the signal, and then the wait would have no end.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
    // SAFETY: an all-zero `sigevent` is a valid one; the signal goes to this thread.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_THREAD_ID;
    event.sigev_signo = signal;
    // SAFETY: asks for this thread's number and touches no memory.
    event.sigev_notify_thread_id = unsafe { libc::gettid() };
    let mut timer: libc::timer_t = std::ptr::null_mut();
    // SAFETY: `event` is valid and `timer` writable for the duration of the call.
    if unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) } != 0 {
        return Err(failed());
    }
    let time = |duration: Duration| {
        // SAFETY: an all-zero `timespec` is a valid one.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        time.tv_sec = libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX);
        time.tv_nsec = duration.subsec_nanos().into();
        time
    };
    let times =
        libc::itimerspec { it_interval: time(AGAIN), it_value: time(wait.max(Duration::from_nanos(1))) };
    let began = std::time::Instant::now();
    // SAFETY: `timer` was made above and `times` is valid.
    let is_set = unsafe { libc::timer_settime(timer, 0, &raw const times, std::ptr::null_mut()) } == 0;
    let granted = loop {
        if !is_set {
            break Err(failed());
        }
        // SAFETY: the descriptor is borrowed from `file`, which outlives the call.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
            break Ok(true);
        }
        let error = failed();
        if error.kind() != std::io::ErrorKind::Interrupted {
            break Err(error);
        }
        if began.elapsed() >= wait {
            break Ok(false);
        }
    };
    // SAFETY: `timer` was made above and is deleted once.
    unsafe { libc::timer_delete(timer) };
    granted
}

/// Asks again and again for the lock of `file`; whether it was granted within `wait`. macOS has no timer for a thread.
#[cfg(not(target_os = "linux"))]
pub fn lock_within(file: &impl AsRawFd, wait: Duration) -> std::io::Result<bool> {
    let began = std::time::Instant::now();
    loop {
        // SAFETY: the descriptor is borrowed from `file`, which outlives the call.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return Ok(true);
        }
        let error = std::io::Error::last_os_error();
        if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted) {
            return Err(error);
        }
        if began.elapsed() >= wait {
            return Ok(false);
        }
        #[allow(clippy::disallowed_methods, reason = "bounded by `wait`")]
        std::thread::sleep(AGAIN);
    }
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

/// Whether `file` is on a network file system. Always false: macOS reports lock errors by itself.
#[cfg(not(target_os = "linux"))]
pub fn is_network_file_system(_file: &impl AsRawFd) -> bool {
    false
}
