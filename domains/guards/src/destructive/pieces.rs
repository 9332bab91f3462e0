//! Splits a word with expansions that the line does not determine.

/// A part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    Plain(&'t str),
    /// A variable: as written, its name, and the text after the name within the braces.
    Variable(&'t str, &'t str, &'t str),
    /// A command substitution: as written, and the command.
    Output(&'t str, &'t str),
    /// Any other expansion, as written.
    Other(&'t str),
}

impl<'t> Piece<'t> {
    /// The part as written.
    pub fn written(self) -> &'t str {
        match self {
            Self::Plain(text) | Self::Variable(text, ..) | Self::Output(text, _) | Self::Other(text) => text,
        }
    }
}

/// Splits a text into its parts.
pub fn of(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '`']) {
        let (plain, from) = rest.split_at(at);
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        let piece = begun(from);
        pieces.push(piece);
        rest = &from[piece.written().len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// The part at the start of a text that begins with `$` or a backtick.
fn begun(text: &str) -> Piece<'_> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(command) = text.strip_prefix('`') {
        return match command.find('`') {
            Some(end) => Piece::Output(&text[..end + 2], &command[..end]),
            None => Piece::Other(text),
        };
    }
    let inside = &text[1..];
    let closing = match inside.bytes().next() {
        Some(b'{') => b'}',
        Some(b'(') => b')',
        _ => {
            let length = inside.find(|c| !is_part(c)).unwrap_or(inside.len());
            let name = &inside[..length];
            return match name.is_empty() {
                true => Piece::Other(&text[..1]),
                false => Piece::Variable(&text[..=length], name, ""),
            };
        }
    };
    let opening = inside.as_bytes()[0];
    let mut depth = 0_usize;
    for (at, byte) in inside.bytes().enumerate() {
        if byte == opening {
            depth += 1;
        } else if byte == closing {
            depth -= 1;
        }
        if depth > 0 {
            continue;
        }
        let (written, within) = (&text[..at + 2], &inside[1..at]);
        if opening == b'(' {
            return Piece::Output(written, within);
        }
        let (name, rest) = within.split_at(within.find(|c| !is_part(c)).unwrap_or(within.len()));
        return match name.is_empty() {
            true => Piece::Other(written),
            false => Piece::Variable(written, name, rest),
        };
    }
    Piece::Other(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansions_are_told_from_text() {
        assert_eq!(of("a/b"), [Piece::Plain("a/b")]);
        assert_eq!(
            of("/$A/${B:-${C}}x`pwd`$(a (b))$"),
            [
                Piece::Plain("/"),
                Piece::Variable("$A", "A", ""),
                Piece::Plain("/"),
                Piece::Variable("${B:-${C}}", "B", ":-${C}"),
                Piece::Plain("x"),
                Piece::Output("`pwd`", "pwd"),
                Piece::Output("$(a (b))", "a (b)"),
                Piece::Other("$"),
            ]
        );
        assert_eq!(of("${#X}${X"), [Piece::Other("${#X}"), Piece::Other("${X")]);
        assert_eq!(of("`é$"), [Piece::Other("`é$")]);
    }
}
