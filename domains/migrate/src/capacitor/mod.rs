//! The stores of Capacitor, the older system: read, resolved as its own reader does, and compared with our
//! verdicts, so that a migration can be watched before anybody trusts it. Nothing here writes or deletes.
//!
//! Our session directories may lie in the same `sessions/` folder as the older system's locks; each side knows
//! its own by name.

pub mod activity;
pub mod compare;
mod explain;
mod files;
pub mod improvement;
pub mod locks;
pub mod oracle;
pub mod ours;
pub mod resolve;
pub mod stores;

pub use activity::{FileActivity, SessionActivity};
pub use compare::{ComparedProject, Comparison, ComparisonTotals, OurVerdict, compare, is_written_there};
pub use improvement::Improvement;
pub use locks::{LockKind, SessionLock};
pub use oracle::is_alive;
pub use ours::{OurProject, OurSession, UnheardFact};
pub use resolve::{CapacitorVerdict, IsAlive, StoresReader, Via, resolve};
pub use stores::{SessionRecord, Stores};
