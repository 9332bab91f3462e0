//! Sessions: what each is doing, who lives, and what belongs to which project.

mod state;

pub use state::State;
