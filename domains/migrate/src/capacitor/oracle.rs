//! The older system's question to the process table.

use platform::process;

/// Whether the older system takes a process for alive: it runs and started within two seconds of `proc_started`;
/// where that was not recorded, its name or its command line must hold `claude`. A zombie passes, and so does a
/// process whose start cannot be read. Numbers that no process has are dead here, though the older system
/// believes some of them.
pub fn is_alive(pid: u32, proc_started: Option<u64>) -> bool {
    const TOLERANCE_SECS: u64 = 2;
    if !process::is_plausible(pid.into()) {
        return false;
    }
    let found = match process::look_up(pid) {
        Ok(Some(found)) => found,
        Ok(None) => return false,
        Err(_) => return proc_started.is_some(),
    };
    let Some(recorded) = proc_started else {
        let is_client = |text: &str| text.to_lowercase().contains("claude");
        return is_client(&found.name) || process::arguments(pid).iter().any(|argument| is_client(argument));
    };
    let started = process::started_at(&found).and_then(|started| u64::try_from(started).ok());
    started.is_none_or(|started| started.abs_diff(recorded) <= TOLERANCE_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_within_two_seconds_of_its_start() {
        let me = std::process::id();
        let found = process::look_up(me).unwrap().unwrap();
        let started = u64::try_from(process::started_at(&found).unwrap()).unwrap();
        for (recorded, expected) in [
            (started, true),
            (started - 2, true),
            (started + 2, true),
            (started - 3, false),
            (started + 3, false),
        ] {
            assert_eq!(is_alive(me, Some(recorded)), expected);
        }
        for pid in [0, 1, u32::MAX] {
            assert!(!is_alive(pid, Some(started)) && !is_alive(pid, None));
        }
    }
}
