//! See `projection` in docs/guards.md.
