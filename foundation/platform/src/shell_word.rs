//! Writes text as one word of a POSIX shell's line, and reads it back. The reader accepts only what the writer
//! produces.

/// The text in single quotes.
pub fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text itself if a shell does not change it, otherwise the text in single quotes.
pub fn plain(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { single(text) }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '@' | '%' | ':')
}

/// Reads a word of [`single`] or [`plain`] from the start of a line. Returns its text and the rest of the line.
pub fn read(line: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (inside, after) = quoted.split_once('\'')?;
            text.push_str(inside);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(r"\'") {
            text.push('\'');
            rest = after;
        } else {
            let length = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
            text.push_str(&rest[..length]);
            rest = &rest[length..];
            if length == 0 {
                return (rest.len() < line.len()).then_some((text, rest));
            }
        }
    }
}

/// The text for use between double quotes: characters that a shell interprets there are escaped.
pub fn in_double_quotes(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// The inverse of [`in_double_quotes`]. `None` for text that a shell would interpret.
pub fn from_double_quotes(shown: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = shown.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => text.push(characters.next()?),
            '"' | '$' | '`' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 9] = [
        "plain",
        "",
        "a b",
        "it's",
        "'",
        "''",
        "$HOME `id` \"x\" \\",
        "line\nbreak\ttab",
        "émoji 🦀 'and' more",
    ];

    #[test]
    fn a_shell_and_we_read_the_same() {
        for text in TEXTS {
            for word in [single(text), plain(text), format!("\"{}\"", in_double_quotes(text))] {
                let output =
                    std::process::Command::new("/bin/sh").args(["-c", &format!("printf %s {word}")]).output();
                assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), text, "{word}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in TEXTS {
            for word in [single(text), plain(text)] {
                assert_eq!(read(&format!("{word}; fi")), Some((text.to_owned(), "; fi")), "{word}");
                assert_eq!(read(&word), Some((text.to_owned(), "")), "{word}");
            }
            assert_eq!(from_double_quotes(&in_double_quotes(text)).as_deref(), Some(text));
        }
        for none in ["", " x", "'open", "$x", "\"x\""] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
