//! Expands brace lists: `{git,commit}` is two words.

/// The most words that one written word may become.
const MOST: usize = 64;
/// The longest word that is expanded, in bytes.
const LONGEST: usize = 1024;

/// The result of expanding a written word.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Braces {
    /// The word has no list.
    None,
    /// The words, with their quotes.
    Words(Vec<String>),
    /// The word has a list or a sequence that is not expanded.
    Unknown,
}

/// Expands the brace lists of a word as written, with its quotes.
pub(crate) fn expand(word: &str) -> Braces {
    if word.len() > LONGEST || word.contains(['`']) || word.contains("$(") {
        return Braces::Unknown;
    }
    let mut done = Vec::new();
    let mut open = vec![word.to_owned()];
    // The last word is taken first, so the alternatives are pushed in reverse order.
    while let Some(word) = open.pop() {
        match first_list(&word) {
            BraceFound::Sequence => return Braces::Unknown,
            BraceFound::Nothing => done.push(word),
            BraceFound::List { from, to, commas } => {
                let mut ends = commas;
                ends.push(to);
                let mut start = from + 1;
                let mut alternatives = Vec::new();
                for end in ends {
                    alternatives.push(format!("{}{}{}", &word[..from], &word[start..end], &word[to + 1..]));
                    start = end + 1;
                }
                open.extend(alternatives.into_iter().rev());
            }
        }
        if done.len() + open.len() > MOST {
            return Braces::Unknown;
        }
    }
    if done.len() == 1 { Braces::None } else { Braces::Words(done) }
}

enum BraceFound {
    Nothing,
    Sequence,
    List { from: usize, to: usize, commas: Vec<usize> },
}

/// A brace that is not closed yet.
struct OpenBrace {
    from: usize,
    commas: Vec<usize>,
    is_sequence: bool,
}

/// The leftmost brace list of a word.
fn first_list(word: &str) -> BraceFound {
    let bytes = word.as_bytes();
    let mut open: Vec<OpenBrace> = Vec::new();
    let mut found = BraceFound::Nothing;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => open.push(OpenBrace { from: at, commas: Vec::new(), is_sequence: false }),
            b',' => open.last_mut().into_iter().for_each(|open| open.commas.push(at)),
            b'.' if bytes.get(at + 1) == Some(&b'.') => {
                open.last_mut().into_iter().for_each(|open| open.is_sequence = true);
            }
            b'}' => match open.pop() {
                Some(OpenBrace { from, commas, .. }) if !commas.is_empty() => {
                    // An outer list closes later and starts further left, so it replaces the inner one.
                    found = match found {
                        BraceFound::List { from: first, .. } if first < from => found,
                        _ => BraceFound::List { from, to: at, commas },
                    };
                }
                Some(OpenBrace { is_sequence: true, .. }) => return BraceFound::Sequence,
                _ => {}
            },
            _ => {
                at = beyond(bytes, at);
                continue;
            }
        }
        at += 1;
    }
    found
}

/// The position after the unit at `at`: a quoted text or `${…}` is one unit.
fn beyond(bytes: &[u8], at: usize) -> usize {
    let closed = |from: usize, end: u8| {
        let mut at = from;
        while at < bytes.len() && bytes[at] != end {
            at += if bytes[at] == b'\\' && end != b'\'' { 2 } else { 1 };
        }
        (at + 1).min(bytes.len())
    };
    match bytes[at] {
        b'\\' => (at + 2).min(bytes.len()),
        quote @ (b'\'' | b'"') => closed(at + 1, quote),
        b'$' if bytes.get(at + 1) == Some(&b'{') => closed(at + 2, b'}'),
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_words() {
        let words = |word: &str| match expand(word) {
            Braces::Words(words) => words.join(" "),
            other => format!("{other:?}"),
        };
        for (given, expected) in [
            ("{git,commit}", "git commit"),
            ("a{b,c}d", "abd acd"),
            ("{a,b}{c,d}", "ac ad bc bd"),
            ("{a,{b,c}}", "a b c"),
            ("'{a,b}'{c,d}", "'{a,b}'c '{a,b}'d"),
            ("{,x}", " x"),
            ("{}", "None"),
            ("HEAD@{1}", "None"),
            ("{a", "None"),
            ("${a,b}", "None"),
            (r"\{a,b}", "None"),
            ("{1..3}", "Unknown"),
            ("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "Unknown"),
        ] {
            assert_eq!(words(given), expected, "{given}");
        }
    }
}
