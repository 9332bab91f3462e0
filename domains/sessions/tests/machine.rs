//! The state machine: what each event means, alone and after others, and what time and the process table make of
//! it.

#[path = "machine/clients.rs"]
mod clients;
#[path = "machine/order.rs"]
mod order;
mod support;
#[path = "machine/table.rs"]
mod table;
#[path = "machine/time.rs"]
mod time;
#[path = "machine/waits.rs"]
mod waits;
