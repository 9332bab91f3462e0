//! Programs that run the command in their arguments: `sudo`, `env`, `timeout` and others.

use super::roles::{Roles, is};
use crate::options::{Options, is_among};

/// The form in which a wrapper passes its command on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// As words.
    Words,
    /// As words, in the same shell.
    SameShell,
    /// As words, after assignments.
    Assigns,
    /// As a text for a shell: the words, joined.
    Joined,
}

/// A program that runs the command in its arguments.
#[derive(Debug)]
pub struct Wrapper {
    /// Its names, separated by spaces.
    pub names: &'static str,
    /// The options before the command.
    pub options: Options,
    /// The number of operands before the command.
    pub operands: usize,
    /// The form in which it passes the command on.
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
    wrapper("uvx", "p", "from with python spec index-url", 0, Passing::Words),
    wrapper("cross-env dotenv dotenvx env-cmd", "efcpv", "file", 0, Passing::Assigns),
    wrapper("ssh-agent linux32 linux64 i386 x86_64", "tEaP", "", 0, Passing::Words),
    wrapper("setarch", "", "", 1, Passing::Words),
    wrapper("proot", "rbwqRS", "rootfs bind mount cwd pwd qemu", 0, Passing::Words),
    wrapper("aws-vault chamber", "dpnt", "duration prompt mfa-token region", 2, Passing::Words),
    wrapper("with-contenv chronic ts ifne pee gdb valgrind perf heaptrack", "", "", 0, Passing::Words),
    wrapper("entr", "", "", 0, Passing::Words),
    wrapper("run-one run-this-one cgexec daemonize start-stop-daemon", "gcp", "", 0, Passing::Words),
];

/// The wrapper with this name.
pub fn wrapper_of(program: &str) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|wrapper| is_among(wrapper.names, program))
}

/// Whether a program runs the command in its arguments: a wrapper, a shell, or `eval`.
pub fn passes_on(program: &str) -> bool {
    program == "eval" || is(program, Roles::SHELL) || wrapper_of(program).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for each name, with an option that takes a value or an operand in front of the command where there is one.
    const LINES: &str = "\
sudo -u dev git commit
doas -u dev git commit
env -u A B=1 git commit
/usr/bin/time -o log git commit
gtime -f x git commit
nohup git commit
setsid -f git commit
unbuffer git commit
catchsegv git commit
winpty git commit
tini -- git commit
dumb-init git commit
dbus-run-session -- git commit
command git commit
builtin git commit
exec -a name git commit
noglob git commit
nocorrect git commit
coproc git commit
nice -n 5 git commit
ionice -c 3 git commit
chrt 5 git commit
taskset 3 git commit
numactl -N 0 git commit
prlimit --pid 1 git commit
stdbuf -o L git commit
timeout -k 1 60 git commit
gtimeout 60 git commit
watch -n 1 git commit
strace -o log git commit
ltrace -o log git commit
busybox git commit
toybox git commit
caffeinate -t 10 git commit
chroot /srv git commit
unshare -S 0 git commit
nsenter -t 1 git commit
systemd-run --unit x git commit
systemd-inhibit --why x git commit
setpriv --reuid 1 git commit
gosu dev git commit
su-exec dev git commit
faketime yesterday git commit
pkexec --user dev git commit
xvfb-run -n 9 git commit
torsocks git commit
proxychains -f x git commit
proxychains4 git commit
firejail git commit
fakeroot -l x git commit
rlwrap git commit
eatmydata git commit
ccache git commit
hyperfine -w 3 'git commit'
npx -p x git commit
bunx git commit
pnpx git commit
uvx --from x git commit
cross-env A=1 git commit
dotenv -e x git commit
dotenvx -f x git commit
env-cmd -f x git commit
ssh-agent -t 1 git commit
linux32 git commit
linux64 git commit
i386 git commit
x86_64 git commit
setarch x git commit
proot -r x git commit
aws-vault exec prod git commit
chamber exec prod git commit
with-contenv git commit
chronic git commit
ts git commit
ifne git commit
pee git commit
gdb git commit
valgrind git commit
perf git commit
heaptrack git commit
entr git commit
run-one git commit
run-this-one git commit
cgexec -g x git commit
daemonize -p x git commit
start-stop-daemon -p x git commit";

    #[test]
    fn every_wrapper_runs_the_command_behind_it() {
        for line in LINES.lines() {
            let texts: Vec<String> =
                crate::parse(line).commands.iter().flat_map(crate::Command::texts).collect();
            assert!(texts.iter().any(|text| text == "git commit"), "{line}: {texts:?}");
        }
        let named = |name: &str| {
            LINES
                .lines()
                .any(|line| line.split(' ').next().and_then(|first| first.rsplit('/').next()) == Some(name))
        };
        for wrapper in &WRAPPERS {
            assert!(wrapper.names.split(' ').all(named), "{}", wrapper.names);
        }
    }

    #[test]
    fn wrappers_shells_and_eval_pass_a_command_on() {
        assert!(["sudo", "time", "bash", "fish", "eval"].into_iter().all(passes_on));
        assert!(["git", "echo", "xargs", ""].into_iter().all(|name| !passes_on(name)));
    }
}
