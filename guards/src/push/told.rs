//! Words of which parts are known only when the line runs.

use shell::Word;

/// Stands for a part that is not known. No word holds it: Bash drops it.
pub(super) const UNKNOWN: char = '\0';

/// What a line asks git to learn the branch that it is on.
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

/// Whether a command with these words asks for the branch that it is on.
pub(super) fn is_query(text: &str) -> bool {
    QUERIES.contains(&text)
}

/// A word with the name of the branch in the place of what asks for it, and [`UNKNOWN`] in that of anything else that
/// the line does not tell. `line` is where variables are set.
pub(super) fn told(word: &Word, branch: Option<&str>, line: &str) -> String {
    let text = &*word.text;
    if word.is_literal {
        return text.to_owned();
    }
    if !text.contains(['$', '`']) {
        // The place of an item of `xargs` and its like; of another mark than `{}` nobody knows where it stands.
        return match text {
            _ if text.contains("{}") => text.replace("{}", "\0"),
            _ if text.contains(['*', '?', '[']) => text.to_owned(),
            _ => UNKNOWN.to_string(),
        };
    }
    let mut told = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '`']) {
        told.push_str(&rest[..at]);
        let length = expansion(&rest[at..]);
        match branch.filter(|_| asks_for_branch(&rest[at..at + length], line)) {
            Some(branch) => told.push_str(branch),
            None => told.push(UNKNOWN),
        }
        rest = &rest[at + length..];
    }
    told + rest
}

/// Whether all of a word is known only when the line runs.
pub(super) fn is_unknown(told: &str) -> bool {
    told.trim_start_matches('+').chars().all(|c| c == UNKNOWN) && told.contains(UNKNOWN)
}

/// Whether an expansion gives the branch: by asking for it, or by a variable that did and nothing else.
fn asks_for_branch(written: &str, line: &str) -> bool {
    if let Some(query) = query_of(written) {
        return is_query(&query);
    }
    let name = written.trim_start_matches(['$', '{']).trim_end_matches('}');
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return false;
    }
    let mut is_set = false;
    for (at, _) in line.match_indices(name) {
        let is_inside =
            line[..at].bytes().next_back().is_some_and(|byte| is_name(byte) || b"${".contains(&byte));
        let Some(value) = line[at + name.len()..].strip_prefix('=').filter(|_| !is_inside) else { continue };
        let value = value.trim_start_matches('"');
        let asks = query_of(&value[..expansion(value)]).is_some_and(|query| is_query(&query));
        if !asks {
            return false;
        }
        is_set = true;
    }
    is_set
}

/// The command in `$(…)` or back-ticks, without what only hides its errors.
fn query_of(written: &str) -> Option<String> {
    let inside = written
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')))?;
    let words: Vec<&str> = inside.split_whitespace().filter(|word| *word != "2>/dev/null").collect();
    Some(words.join(" "))
}

/// The length of the expansion that a text begins with; of one character where it begins with none.
fn expansion(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (open, close) = match (bytes.first(), bytes.get(1)) {
        (Some(b'`'), _) => {
            return text[1..].find('`').map_or(text.len(), |end| end + 2);
        }
        (Some(b'$'), Some(b'(')) => (b'(', b')'),
        (Some(b'$'), Some(b'{')) => (b'{', b'}'),
        (Some(b'$'), Some(byte)) if byte.is_ascii_alphanumeric() || *byte == b'_' => {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            return bytes[1..].iter().position(|byte| !is_name(byte)).map_or(text.len(), |end| end + 1);
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
