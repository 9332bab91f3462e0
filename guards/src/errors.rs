//! See `errors` in docs/guards.md.
