//! Words whose parts are known only at run time.

use shell::Word;

/// Replaces an unknown part. No word contains it, because Bash drops it.
pub(super) const UNKNOWN: char = '\0';

/// Commands with which a line asks git for the current branch.
const QUERIES: [&str; 9] = [
    "git branch --show-current",
    "git rev-parse --abbrev-ref HEAD",
    "git rev-parse --abbrev-ref @",
    "git rev-parse --symbolic-full-name HEAD",
    "git symbolic-ref --short HEAD",
    "git symbolic-ref --short -q HEAD",
    "git symbolic-ref -q --short HEAD",
    "git symbolic-ref HEAD",
    "git name-rev --name-only HEAD",
];

/// Whether a command asks for the current branch.
pub(super) fn is_query(text: &str) -> bool {
    QUERIES.contains(&text)
}

/// A word with the branch's name in place of the command that asks for it, and [`UNKNOWN`] in place of other
/// unknown parts. `line` is searched for variables.
pub(super) fn told(word: &Word, branch: Option<&str>, line: &str) -> String {
    let text = &*word.text;
    if word.is_literal {
        return text.to_owned();
    }
    if !text.contains(['$', '`']) {
        // The place of an item of `xargs` and similar programs. With a placeholder other than `{}` the place
        // is unknown.
        return match text {
            _ if text.contains("{}") => text.replace("{}", "\0"),
            _ if text.contains(['*', '?', '[']) => text.to_owned(),
            _ => UNKNOWN.to_string(),
        };
    }
    filled(text, branch, line, true)
}

/// A text with its known expansions; variables are looked up unless this is the value of one.
fn filled(text: &str, branch: Option<&str>, line: &str, looks_up: bool) -> String {
    let mut filled_in = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '`']) {
        filled_in.push_str(&rest[..at]);
        let length = expansion(&rest[at..]);
        let written = &rest[at..at + length];
        match (query_of(written), variable(written).filter(|_| looks_up)) {
            (Some(query), _) if is_query(&query) => filled_in.push_str(branch.unwrap_or("\0")),
            (None, Some(name)) => match value(name, line) {
                Some(value) => filled_in.push_str(&filled(value, branch, line, false)),
                None => filled_in.push(UNKNOWN),
            },
            _ => filled_in.push(UNKNOWN),
        }
        rest = &rest[at + length..];
    }
    filled_in + rest
}

/// Whether an entire word is known only at run time.
pub(super) fn is_unknown(told: &str) -> bool {
    told.trim_start_matches('+').chars().all(|c| c == UNKNOWN) && told.contains(UNKNOWN)
}

/// The name of the variable that an expansion consists of.
fn variable(written: &str) -> Option<&str> {
    let name = written.strip_prefix('$')?;
    let name = name.strip_prefix('{').map_or(Some(name), |name| name.strip_suffix('}'))?;
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

/// The value that a line gives a variable, if it only sets it once and uses it.
fn value<'l>(name: &str, line: &'l str) -> Option<&'l str> {
    let mut value = None;
    for (at, _) in line.match_indices(name) {
        let before = line[..at].bytes().next_back();
        let after = &line[at + name.len()..];
        let is_other = before.is_some_and(is_name) || after.bytes().next().is_some_and(is_name);
        let is_use = matches!(before, Some(b'$' | b'{'));
        if is_other || is_use && !after.starts_with('=') {
            continue;
        }
        let set = after.strip_prefix('=').filter(|_| value.is_none() && !is_use)?;
        value = Some(&set[..end_of_value(set)]);
    }
    let value = value?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    // Values with quotes or escapes are not interpreted.
    (!value.contains(['\'', '"', '\\'])).then_some(value)
}

/// Where the value of an assignment ends.
fn end_of_value(text: &str) -> usize {
    let mut is_quoted = false;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'$' | b'`' => {
                at += expansion(&text[at..]);
                continue;
            }
            b'"' => is_quoted = !is_quoted,
            byte if !is_quoted && (byte.is_ascii_whitespace() || b";&|()<>".contains(byte)) => break,
            _ => {}
        }
        at += 1;
    }
    at
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The command in `$(…)` or backticks, without the part that hides its errors.
fn query_of(written: &str) -> Option<String> {
    let inside = written
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')))?;
    let words: Vec<&str> = inside.split_whitespace().filter(|word| *word != "2>/dev/null").collect();
    Some(words.join(" "))
}

/// The length of the expansion at the start of a text, or of one character if there is none.
fn expansion(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (open, close) = match (bytes.first(), bytes.get(1)) {
        (Some(b'`'), _) => {
            return text[1..].find('`').map_or(text.len(), |end| end + 2);
        }
        (Some(b'$'), Some(b'(')) => (b'(', b')'),
        (Some(b'$'), Some(b'{')) => (b'{', b'}'),
        (Some(b'$'), Some(byte)) if is_name(*byte) => {
            return bytes[1..].iter().position(|byte| !is_name(*byte)).map_or(text.len(), |end| end + 1);
        }
        (Some(b'$'), Some(byte)) if byte.is_ascii_punctuation() => return 2,
        _ => return text.chars().next().map_or(0, char::len_utf8),
    };
    let mut depth = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_the_branch_is_the_branch() {
        let of = |line: &str| {
            let script = shell::parse(line);
            let last = script.commands.last().unwrap();
            told(last.words.last().unwrap(), Some("dev"), line).replace(UNKNOWN, "?")
        };
        for (line, expected) in [
            ("push x", "x"),
            ("push \"$(git branch --show-current)\"", "dev"),
            ("push HEAD:refs/heads/`git rev-parse --abbrev-ref HEAD`-2", "HEAD:refs/heads/dev-2"),
            ("push $(git symbolic-ref  --short HEAD 2>/dev/null)", "dev"),
            ("push $(git describe)", "?"),
            ("B=$(git branch --show-current); push $B", "dev"),
            ("B=\"$(git branch --show-current)\" && push origin \"${B}\"", "dev"),
            ("B=$(git branch --show-current); B=$(cat f); push $B", "?"),
            ("AB=$(git branch --show-current); push $B", "?"),
            ("B=$(git branch --show-current); read B; push $B", "?"),
            ("B=fix/$(date +%s) && push \"$B\"", "fix/?"),
            ("B=\"fix/$(date +%s) x\"; push -u ${B}:$B", "fix/? x:fix/? x"),
            ("B=fix/$X; printf -v B main; push $B", "?"),
            ("B=fix/$X; B+=x; push $B", "?"),
            ("B=fix/$X; B2=main; push $B", "fix/?"),
            ("B='ma'$(x); push $B", "?"),
            ("B=m\"a\"$(x); push $B", "?"),
            ("B=m\\a$(x); push $B", "?"),
            ("B=$A; A=$B; push $B", "?"),
            ("push ${B:-main}:x", "?:x"),
            ("push claude/$ID", "claude/?"),
            ("push 'refs/heads/*'", "refs/heads/*"),
            ("push m*", "m*"),
            ("push HEAD:$#", "HEAD:?"),
            ("ls | xargs push", "?"),
            ("ls | xargs -I% push HEAD:%", "?"),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
        assert!(is_unknown("\0") && is_unknown("+\0") && !is_unknown("a\0") && !is_unknown("+"));
    }
}
