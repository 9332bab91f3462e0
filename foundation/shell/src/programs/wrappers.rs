//! Programs that run the command in their arguments: `sudo`, `env`, `timeout` and their like.

use super::roles::{Roles, is};
use crate::options::{Options, is_among};

/// How a wrapper passes its command on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// As words.
    Words,
    /// As words, in the same shell.
    SameShell,
    /// As words, behind assignments.
    Assigns,
    /// As a text for a shell, the words joined.
    Joined,
}

/// A program that runs the command in its arguments.
#[derive(Debug)]
pub struct Wrapper {
    /// Its names, a space between them.
    pub names: &'static str,
    /// The options in front of the command.
    pub options: Options,
    /// How many operands stand before the command.
    pub operands: usize,
    /// How it passes the command on.
    pub passing: Passing,
}

const fn wrapper(
    names: &'static str,
    short: &'static str,
    long: &'static str,
    operands: usize,
    passing: Passing,
) -> Wrapper {
    Wrapper { names, options: Options::new(short, long), operands, passing }
}

const WRAPPERS: [Wrapper; 41] = [
    wrapper(
        "sudo",
        "CDghpRrTtUu",
        "user group host prompt close-from chdir chroot role type other-user command-timeout",
        0,
        Passing::Assigns,
    ),
    wrapper("doas", "Cu", "", 0, Passing::Assigns),
    wrapper("env", "uCSaP", "unset chdir split-string argv0", 0, Passing::Assigns),
    wrapper("time gtime", "fo", "format output", 0, Passing::Words),
    wrapper(
        "nohup setsid unbuffer catchsegv winpty tini dumb-init dbus-run-session",
        "",
        "",
        0,
        Passing::Words,
    ),
    wrapper("command builtin", "", "", 0, Passing::SameShell),
    wrapper("exec", "a", "", 0, Passing::SameShell),
    wrapper("noglob nocorrect coproc", "", "", 0, Passing::SameShell),
    wrapper("nice", "n", "adjustment", 0, Passing::Words),
    wrapper("ionice", "cnpPu", "class classdata pid pgid uid", 0, Passing::Words),
    wrapper("chrt", "TPDp", "sched-runtime sched-period sched-deadline pid", 1, Passing::Words),
    wrapper("taskset", "", "", 1, Passing::Words),
    wrapper("numactl", "iNmCpP", "interleave cpunodebind membind physcpubind preferred", 0, Passing::Words),
    wrapper("prlimit", "po", "pid output", 0, Passing::Words),
    wrapper("stdbuf", "ioe", "input output error", 0, Passing::Words),
    wrapper("timeout gtimeout", "ks", "kill-after signal", 1, Passing::Words),
    wrapper("watch", "nqs", "interval equexit shotsdir", 0, Passing::Joined),
    wrapper("strace", "aeEIoOPpsSuUbX", "output trace user env attach string-limit", 0, Passing::Words),
    wrapper("ltrace", "aAeFlnopsuwx", "output align config indent library", 0, Passing::Words),
    wrapper("busybox toybox", "", "", 0, Passing::Words),
    wrapper("caffeinate", "tw", "", 0, Passing::Words),
    wrapper("chroot", "", "", 1, Passing::Words),
    wrapper(
        "unshare nsenter",
        "tSGRwC",
        "target setuid setgid root wd map-user map-group propagation setgroups",
        0,
        Passing::Words,
    ),
    wrapper(
        "systemd-run",
        "pMHuEtS",
        "unit property description slice uid gid working-directory setenv machine host",
        0,
        Passing::Words,
    ),
    wrapper("systemd-inhibit", "", "what who why mode", 0, Passing::Words),
    wrapper(
        "setpriv",
        "",
        "reuid regid groups inh-caps ambient-caps bounding-set securebits",
        0,
        Passing::Words,
    ),
    wrapper("gosu su-exec faketime", "fp", "", 1, Passing::Words),
    wrapper("pkexec", "u", "user", 0, Passing::Words),
    wrapper(
        "xvfb-run",
        "efnpsw",
        "error-file auth-file server-num xauth-protocol server-args wait",
        0,
        Passing::Words,
    ),
    wrapper(
        "torsocks proxychains proxychains4 firejail fakeroot rlwrap eatmydata ccache",
        "flis",
        "",
        0,
        Passing::Words,
    ),
    wrapper(
        "hyperfine",
        "wmMrspLiSNcu",
        "warmup min-runs max-runs runs setup prepare conclude cleanup shell style export-json \
        export-markdown export-csv command-name parameter-list parameter-scan time-unit input \
        output",
        0,
        Passing::Joined,
    ),
    wrapper("npx bunx pnpx", "pwc", "package workspace call cache userconfig", 0, Passing::Words),
    wrapper("uvx pipx", "p", "from with python spec index-url", 0, Passing::Words),
    wrapper("cross-env dotenv dotenvx env-cmd", "efcpv", "file", 0, Passing::Assigns),
    wrapper("ssh-agent linux32 linux64 i386 x86_64", "tEaP", "", 0, Passing::Words),
    wrapper("setarch", "", "", 1, Passing::Words),
    wrapper("proot", "rbwqRS", "rootfs bind mount cwd pwd qemu", 0, Passing::Words),
    wrapper("aws-vault chamber", "dpnt", "duration prompt mfa-token region", 2, Passing::Words),
    wrapper("with-contenv chronic ts ifne pee gdb valgrind perf heaptrack", "", "", 0, Passing::Words),
    wrapper("entr", "", "", 0, Passing::Words),
    wrapper("run-one run-this-one cgexec daemonize start-stop-daemon", "gcp", "", 0, Passing::Words),
];

/// The wrapper of this name.
pub fn wrapper_of(program: &str) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|wrapper| is_among(wrapper.names, program))
}

/// Whether a program runs the command in its arguments: a wrapper, a shell, or `eval`.
pub fn passes_on(program: &str) -> bool {
    program == "eval" || is(program, Roles::SHELL) || wrapper_of(program).is_some()
}
