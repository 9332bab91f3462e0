//! Looks processes up: whether they run, their start time, their parent. Linux reads `/proc`, other systems use
//! sysinfo, one process at a time.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Whether a process that was seen before still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Liveness {
    /// The same process runs.
    Live,
    /// The process ended, or its number belongs to another process now.
    Dead,
    /// This machine cannot decide: another host, another pid namespace, or an unreadable process table.
    Unknown,
}

/// A process as the process table shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: u32,
    /// Its short name.
    pub name: String,
    /// The start time in the platform's raw unit. Within one boot it identifies the process together with its number.
    pub start_raw: u64,
    /// Whether the process has ended but its parent has not collected it.
    pub zombie: bool,
}

/// Whether a live process can have this number.
pub fn is_plausible(pid: i64) -> bool {
    (2..=i64::from(i32::MAX)).contains(&pid)
}

#[cfg(target_os = "linux")]
mod platform {
    use super::Process;

    /// The unit of [`Process::start_raw`].
    pub const START_UNIT: &str = "linux_ticks";

    #[allow(clippy::disallowed_methods, reason = "the kernel's own files never wait and are short")]
    fn read(path: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn text(path: &str) -> Option<String> {
        String::from_utf8(read(path).ok()?).ok()
    }

    pub fn boot_id() -> Option<String> {
        Some(text("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
    }

    pub fn host() -> Option<String> {
        Some(text("/proc/sys/kernel/hostname")?.trim().to_owned())
    }

    pub fn pid_namespace() -> Option<String> {
        let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let text = link.to_str()?;
        Some(text.trim_start_matches("pid:[").trim_end_matches(']').to_owned())
    }

    /// Looks a process up. `Ok(None)` means that no process has this number.
    pub fn look_up(pid: u32) -> std::io::Result<Option<Process>> {
        match read(&format!("/proc/{pid}/stat")) {
            Ok(stat) => super::parse_stat(pid, &String::from_utf8_lossy(&stat))
                .map(Some)
                .ok_or_else(|| std::io::Error::other("unreadable process table")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Without /proc no process can be looked up. Where /proc hides other users' processes (hidepid), a
                // missing entry does not prove that the process ended.
                let tells = std::path::Path::new("/proc/self/stat").exists() && !crate::sys::is_process(pid);
                if tells { Ok(None) } else { Err(error) }
            }
            // The process ended while it was read.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The executable's path.
    pub fn executable(pid: u32) -> Option<std::path::PathBuf> {
        std::fs::read_link(format!("/proc/{pid}/exe")).ok()
    }

    /// The command line.
    pub fn arguments(pid: u32) -> Vec<String> {
        let bytes = read(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
        bytes.split(|b| *b == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
    }

    /// When a process started, in seconds since 1970.
    pub fn started_at(process: &Process) -> Option<i64> {
        const TICKS_A_SECOND: u64 = 100;
        let stat = text("/proc/stat")?;
        let boot: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(boot + i64::try_from(process.start_raw / TICKS_A_SECOND).ok()?)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

    use super::Process;

    /// The unit of [`Process::start_raw`].
    pub const START_UNIT: &str = "unix_seconds";

    /// The boot, identified by its time.
    pub fn boot_id() -> Option<String> {
        Some(format!("boot-{}", System::boot_time()))
    }

    pub fn host() -> Option<String> {
        System::host_name()
    }

    /// Not Linux: there are no pid namespaces.
    pub fn pid_namespace() -> Option<String> {
        None
    }

    fn with<T>(pid: u32, what: ProcessRefreshKind, read: impl Fn(&sysinfo::Process) -> T) -> Option<T> {
        let mut system = System::new().ok()?;
        let pid = Pid::from_u32(pid);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        system.process(pid).map(read)
    }

    /// Looks a process up. `Ok(None)` means that no process has this number.
    pub fn look_up(pid: u32) -> std::io::Result<Option<Process>> {
        Ok(with(pid, ProcessRefreshKind::nothing(), |process| Process {
            pid,
            parent: process.parent().map_or(0, Pid::as_u32),
            name: process.name().to_string_lossy().into_owned(),
            start_raw: process.start_time(),
            zombie: process.status() == sysinfo::ProcessStatus::Zombie,
        }))
    }

    /// The executable's path.
    pub fn executable(pid: u32) -> Option<std::path::PathBuf> {
        let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
        with(pid, what, |process| process.exe().map(Into::into)).flatten()
    }

    /// The command line.
    pub fn arguments(pid: u32) -> Vec<String> {
        let what = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always);
        with(pid, what, |process| {
            process.cmd().iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default()
    }

    /// When a process started, in seconds since 1970.
    pub fn started_at(process: &Process) -> Option<i64> {
        i64::try_from(process.start_raw).ok()
    }
}

pub use platform::{START_UNIT, arguments, executable, look_up, started_at};

/// The scope in which a process number is valid: a machine, its boot, a pid namespace. An unknown part is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// The boot's id.
    pub boot_id: Option<String>,
    /// The pid namespace.
    pub pid_ns: Option<String>,
    /// The machine's name.
    pub host: Option<String>,
}

impl Site {
    /// The site of this process. It is read once.
    pub fn here() -> &'static Self {
        static HERE: OnceLock<Site> = OnceLock::new();
        HERE.get_or_init(|| Site {
            boot_id: platform::boot_id(),
            pid_ns: platform::pid_namespace(),
            host: platform::host(),
        })
    }

    /// Whether a process of this site can be looked up `here`. If not, `Err` contains the verdict.
    pub fn reached_from(&self, here: &Self) -> Result<(), Liveness> {
        let differ = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
        // A boot id names its machine too, so a renamed machine stays the same. Another boot of the same machine is
        // over.
        if differ(&self.boot_id, &here.boot_id) {
            return Err(if differ(&self.host, &here.host) { Liveness::Unknown } else { Liveness::Dead });
        }
        if differ(&self.pid_ns, &here.pid_ns) { Err(Liveness::Unknown) } else { Ok(()) }
    }
}

/// The id of this machine's boot.
pub fn boot_id() -> Option<String> {
    Site::here().boot_id.clone()
}

/// Parses `/proc/<pid>/stat`. The name may contain spaces and parentheses, so fields are counted from the last `)`.
#[cfg(any(target_os = "linux", test))]
fn parse_stat(pid: u32, stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    Some(Process {
        pid,
        name,
        zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
        parent: fields.get(1)?.parse().ok()?,
        start_raw: fields.get(19)?.parse().ok()?,
    })
}

/// Whether process `pid` still runs. `start_raw` is its start time, if known. A missing process, a zombie, an
/// impossible number or another start time means dead. An unreadable process table means unknown, never dead.
pub fn liveness(pid: i64, start_raw: Option<u64>) -> Liveness {
    if !is_plausible(pid) {
        return Liveness::Dead;
    }
    let Ok(number) = u32::try_from(pid) else { return Liveness::Dead };
    match look_up(number) {
        Ok(Some(process)) if process.zombie => Liveness::Dead,
        Ok(Some(process)) if start_raw.is_some_and(|start| start != process.start_raw) => Liveness::Dead,
        Ok(Some(_)) => Liveness::Live,
        Ok(None) => Liveness::Dead,
        Err(_) => Liveness::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read() {
        let stat = "42 (a) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2";
        let process = parse_stat(42, stat).unwrap();
        assert_eq!((process.parent, process.start_raw, process.zombie), (7, 12_345, false));
        assert_eq!(process.name, "a) b (c)");
    }

    #[test]
    fn liveness_is_never_live_by_default() {
        for pid in [-1, 0, 1, i64::from(u32::MAX), i64::MAX] {
            assert_eq!(liveness(pid, None), Liveness::Dead, "{pid}");
        }
        let me = look_up(std::process::id()).unwrap().unwrap();
        assert_eq!(liveness(me.pid.into(), Some(me.start_raw)), Liveness::Live);
        assert_eq!(liveness(me.pid.into(), Some(me.start_raw + 1)), Liveness::Dead, "the number was reused");
    }
}
