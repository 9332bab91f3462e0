//! See `tests` in docs/guards.md.
