//! A log as a test that fails shows it.

use std::fmt::Write;

use sessions::machine::Machine;
use sessions::record::{Boots, read};

/// What happened in a log, event by event.
pub fn trace(seed: u64, log: &str) -> String {
    let mut told = format!("seed {seed}\n");
    let mut machine = Machine::default();
    for event in &read(log.as_bytes(), &mut Boots::default()).events {
        let rule = machine.apply(&event.record);
        let (key, record) = (event.key(), &event.record);
        let owner = record.owner.as_ref().map(|owner| (owner.pid, &owner.start_raw, owner.guessed));
        writeln!(
            told,
            "  boot {} {:>9} {:<20} {:<10} {:<3} {} {owner:?} -> {rule}: {}",
            key.boot,
            record.at() / 1_000 - crate::support::log::EPOCH,
            record.event,
            record.tool_name,
            record.tool_use_id,
            record.ppid,
            machine.state
        )
        .unwrap();
    }
    told
}
