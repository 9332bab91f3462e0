//! Sentences that say that a file is not there any more, or not under this name.

use super::claims;

/// Single words.
const WORDS: [&str; 7] = ["deleted", "removed", "renamed", "moved", "dropped", "gone", "replaced"];
/// Several; the last is what a scaffold says of a name that it could not write down as it is.
const PHRASES: [&str; 3] = ["no longer", "does not exist", "name is altered"];

/// Whether a text says so, in words of its own: names of files say nothing.
pub fn tells_removal(text: &str) -> bool {
    let text = text.to_lowercase().replace(['–', '—', '→', '⇒'], " ");
    let mut spoken = String::from(" ");
    for word in claims::words(&text) {
        let parts: Vec<&str> = word.split(['/', '-', '=']).collect();
        let is_name = word.contains(['/', '.', '_', '@']) && !parts.iter().all(|part| WORDS.contains(part));
        spoken.push_str(if is_name { "…" } else { word });
        spoken.push(' ');
        if !is_name && parts.iter().any(|part| WORDS.contains(part)) {
            return true;
        }
    }
    PHRASES.into_iter().any(|phrase| spoken.contains(&format!(" {phrase} ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_outside_of_names_tell_it() {
        for text in [
            "`src/a.rs` (deleted)",
            "src/a.rs: Removed.",
            "src/a.rs—moved",
            "moved/renamed src/a.rs",
            "src/a.rs is no longer there",
            "`x` (unknown to git; its name is altered here)",
            "status=deleted src/a.rs",
        ] {
            assert!(tells_removal(text), "{text}");
        }
        for text in [
            "fixes the altered header (src/nope.rs:1)",
            "see src/antigone.rs:1",
            "src/gone.rs:1",
            "src/removed/a.rs:1",
            "gone.rs:2",
            "the antigone play",
            "it was unmoved",
            "no src/longer.rs",
        ] {
            assert!(!tells_removal(text), "{text}");
        }
    }
}
