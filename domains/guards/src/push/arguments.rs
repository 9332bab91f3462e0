//! The arguments of `git push`.

use shell::Word;

/// The long options of `git push`, each with whether it takes the next word. Like git, the reader accepts an
/// unambiguous prefix of a name.
const LONG: [(&str, bool); 25] = [
    ("all", false),
    ("branches", false),
    ("mirror", false),
    ("tags", false),
    ("follow-tags", false),
    ("delete", false),
    ("prune", false),
    ("dry-run", false),
    ("porcelain", false),
    ("force", false),
    ("force-with-lease", false),
    ("force-if-includes", false),
    ("recurse-submodules", true),
    ("receive-pack", true),
    ("exec", true),
    ("repo", true),
    ("set-upstream", false),
    ("progress", false),
    ("thin", false),
    ("verify", false),
    ("signed", false),
    ("atomic", false),
    ("push-option", true),
    ("quiet", false),
    ("verbose", false),
];

/// The parsed arguments of a push.
#[derive(Debug, Default)]
pub(super) struct PushArguments {
    /// The remote and the refspecs.
    pub(super) operands: Vec<Word>,
    /// The remote of `--repo`, used if no operand names one.
    pub(super) repo: Option<Word>,
    /// Pushes every branch.
    pub(super) all: bool,
    /// Pushes every reference and removes all others.
    pub(super) mirror: bool,
    /// Pushes every tag.
    pub(super) tags: bool,
    /// Removes the named references.
    pub(super) delete: bool,
    /// Removes remote branches that do not exist locally.
    pub(super) prune: bool,
    /// Pushes nothing.
    pub(super) is_idle: bool,
}

impl PushArguments {
    fn set(&mut self, name: &str, on: bool) {
        match name {
            "all" | "branches" => self.all = on,
            "mirror" => self.mirror = on,
            "tags" => self.tags = on,
            "delete" => self.delete = on,
            "prune" => self.prune = on,
            "dry-run" => self.is_idle = on,
            _ => {}
        }
    }
}

/// Parses the words after `push`.
pub(super) fn read(words: &[Word]) -> PushArguments {
    let mut arguments = PushArguments::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = &*word.text;
        if text == "--" {
            arguments.operands.extend(rest.cloned());
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            match (named(name), name.strip_prefix("no-").and_then(named)) {
                (Some(("repo", _)), _) => {
                    let attached = value.map(|value| Word { text: value.to_owned(), ..word.clone() });
                    arguments.repo = attached.or_else(|| rest.next().cloned());
                }
                (Some((_, true)), _) if value.is_none() => drop(rest.next()),
                (Some((name, _)), _) => arguments.set(name, true),
                (None, Some((name, _))) => arguments.set(name, false),
                (None, None) => arguments.is_idle |= name == "help",
            }
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                match letter {
                    'n' => arguments.is_idle = true,
                    'd' => arguments.delete = true,
                    'h' if letters == "h" => arguments.is_idle = true,
                    'o' => {
                        if at + 1 == letters.len() {
                            rest.next();
                        }
                        break;
                    }
                    _ => {}
                }
            }
        } else {
            arguments.operands.push(word.clone());
        }
    }
    arguments
}

/// The option with this name, or the only one with this prefix.
fn named(name: &str) -> Option<(&'static str, bool)> {
    let mut matching = LONG.into_iter().filter(|(long, _)| long.starts_with(name) && !name.is_empty());
    let first = matching.next()?;
    if first.0 == name || matching.next().is_none() {
        return Some(first);
    }
    LONG.into_iter().find(|(long, _)| *long == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> PushArguments {
        read(shell::parse(line).commands[0].git().unwrap().arguments())
    }

    #[test]
    fn options_are_told_from_operands() {
        for (line, operands) in [
            ("git push", ""),
            ("git push -u origin main", "origin main"),
            ("git push -o ci.skip origin x", "origin x"),
            ("git push -oci.skip -fo x origin x", "origin x"),
            ("git push --push-option a --exec b --receive-pack=c origin x", "origin x"),
            ("git push --recurse-submodules check --signed origin x", "origin x"),
            ("git push --force-with-lease --force-with-lease=main origin x", "origin x"),
            ("git push --push-o main origin x", "origin x"),
            ("git push --repo origin x", "x"),
            ("git push origin x -f -- -y --all", "origin x -y --all"),
        ] {
            let found: Vec<String> = of(line).operands.into_iter().map(|word| word.text).collect();
            assert_eq!(found.join(" "), operands, "{line}");
        }
        let arguments = of("git push --mir --no-prune --dele --repo=up");
        assert!(arguments.mirror && arguments.delete && !arguments.prune);
        assert_eq!(arguments.repo.unwrap().text, "up");
        assert!(of("git push --al").all && of("git push --branches").all && !of("git push -- --all").all);
        assert!(of("git push -nf").is_idle && of("git push --dry").is_idle && of("git push --help").is_idle);
        assert!(!of("git push -n --no-dry-run").is_idle && !of("git push -on").is_idle);
        assert!(!of("git push --a --pr").prune, "git refuses what could be two");
    }
}
