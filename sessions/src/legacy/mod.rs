//! The stores of the older system, "Capacitor", read and resolved as its own reader does, so that a migration can be
//! watched before anybody trusts it. Nothing here writes or deletes.
//!
//! Our session directories may lie in the same `sessions/` folder as the older system's locks; each side knows
//! its own by name.

pub mod activity;
pub mod locks;
pub mod oracle;
pub mod resolve;
pub mod stores;

pub use activity::{Activity, SessionActivity};
pub use locks::{Lock, LockKind};
pub use oracle::is_alive;
pub use resolve::{IsAlive, Reader, Verdict, Via, resolve};
pub use stores::{Record, Stores};
