//! The bound of session numbers.

/// The greatest number that a session can have. What is greater was meant as something else, mostly a date, and would
/// spoil all that follow.
pub const GREATEST: u64 = 999_999;
