//! See `loops` in docs/guards.md.
