//! The older system: what its hook writes, what its reader makes of it, and how that compares with ours.

use chrono::{DateTime, Utc};

#[path = "capacitor/compare.rs"]
mod compare;
#[path = "capacitor/reader.rs"]
mod reader;
mod support;
#[path = "capacitor/writer.rs"]
mod writer;

/// When the clients of these tests started.
const STARTED: u64 = 1_769_530_000;

/// A moment, in seconds from the one that the tests call now.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_538_000 + seconds, 0).unwrap()
}
