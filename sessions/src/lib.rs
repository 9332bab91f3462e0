//! Sessions: what each is doing, who lives, and what belongs to which project.

pub mod shells;
mod state;

pub use state::State;
