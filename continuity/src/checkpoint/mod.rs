//! Checkpoints: what a session says about itself before it ends, one Markdown file each.
