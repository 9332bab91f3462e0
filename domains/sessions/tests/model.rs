//! Random histories of sessions, clients and boots: what is shown depends on the events alone, not on how and when
//! they came to be read.

#[path = "model/dice.rs"]
mod dice;
#[path = "model/files.rs"]
mod files;
#[path = "model/order.rs"]
mod order;
#[path = "model/sent.rs"]
mod sent;
mod support;
#[path = "model/trace.rs"]
mod trace;
#[path = "model/turn.rs"]
mod turn;
#[path = "model/world.rs"]
mod world;

use dice::{Dice, for_every};
