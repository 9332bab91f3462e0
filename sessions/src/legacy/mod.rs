//! The stores of the older system, "Capacitor", read so that a migration can be watched before anybody trusts it.
//! Nothing here writes or deletes.
//!
//! Our session directories may lie in the same `sessions/` folder as the older system's locks; each side knows
//! its own by name.

pub mod activity;
pub mod locks;
pub mod stores;

pub use activity::{Activity, SessionActivity};
pub use locks::{Lock, LockKind};
pub use stores::{Record, Stores};
