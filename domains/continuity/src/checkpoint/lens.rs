//! The six lenses: what an unchecked claim looks like.

use std::fmt;

/// A habit that makes claims worse than they look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lens {
    /// To claim without having looked: no evidence, or evidence that is not there.
    AssumeOverVerify,
    /// To write anew what should have been looked up, and to keep nothing for others to look up.
    GenerateOverRetrieve,
    /// To go on before a gate has passed.
    MoveFast,
    /// To soften a claim instead of measuring it.
    OptimisticConfidence,
    /// To repeat a pattern instead of looking at the case.
    PatternMatch,
    /// To call finished what is not.
    CeremonialCompletion,
}

impl Lens {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumeOverVerify => "assume_over_verify",
            Self::GenerateOverRetrieve => "generate_over_retrieve",
            Self::MoveFast => "move_fast",
            Self::OptimisticConfidence => "optimistic_confidence",
            Self::PatternMatch => "pattern_match",
            Self::CeremonialCompletion => "ceremonial_completion",
        }
    }
}

impl fmt::Display for Lens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a lens shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LensFinding {
    /// Its line, from 1.
    pub line: usize,
    /// Through which lens.
    pub lens: Lens,
    /// What is there.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}
