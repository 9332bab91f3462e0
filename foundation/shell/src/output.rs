//! Determines the standard output of a command: `echo`, `printf` and `cat` may write a script that the line runs.

use platform::base64::{Base64Alphabet, decode};

use crate::ansi_c;
use crate::command::{Command, Input, Word, program};

impl Command {
    /// The standard output, if the line determines it: for `echo`, `printf`, and programs that copy their input.
    pub fn output(&self) -> Option<String> {
        (!self.words.is_empty()).then(|| of(&self.words, &self.input)).flatten()
    }
}

/// The standard output of the command with these words, if it can be determined.
pub(crate) fn of(words: &[Word], input: &Input) -> Option<String> {
    let arguments = &words[1..];
    let is_literal = arguments.iter().all(|word| word.is_literal);
    match program(words)? {
        "echo" if is_literal => Some(echo(arguments)),
        "printf" if is_literal => printf(arguments),
        "cat" | "tee" | "sponge" => match input {
            Input::Text(text) if is_passed_through(words) => Some(text.clone()),
            _ => None,
        },
        "base64" if arguments.iter().any(|word| matches!(&*word.text, "-d" | "-D" | "--decode")) => {
            match input {
                Input::Text(text) => base64(text),
                _ => None,
            }
        }
        // The folder of a program is not needed: only its name is.
        "which" if is_literal && arguments.len() == 1 => Some(arguments[0].text.clone()),
        "command" | "type" if is_literal && arguments.len() == 2 => {
            matches!(&*arguments[0].text, "-v" | "-P" | "-p").then(|| arguments[1].text.clone())
        }
        "true" | ":" | "cd" | "export" | "set" => Some(String::new()),
        _ => None,
    }
}

fn is_passed_through(words: &[Word]) -> bool {
    words[0].text.ends_with("tee") || words[1..].iter().all(|word| word.text.starts_with('-'))
}

fn echo(words: &[Word]) -> String {
    let is_option = |word: &&Word| {
        word.text.len() > 1
            && word.text.starts_with('-')
            && word.text[1..].bytes().all(|b| b"neE".contains(&b))
    };
    let options = words.iter().take_while(is_option).count();
    let escapes = words[..options].iter().any(|word| word.text.contains('e'));
    let texts: Vec<&str> = words[options..].iter().map(|word| &*word.text).collect();
    let mut text = texts.join(" ");
    if escapes {
        text = unescaped(&text);
    }
    text.push('\n');
    text
}

fn unescaped(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'\\' if tail.first() == Some(&b'c') => break,
            b'\\' => match ansi_c::escape(tail, &mut out) {
                Some(length) => rest = &tail[length..],
                None => out.push(b'\\'),
            },
            byte => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `printf` with `%s`, `%b`, `%q`, `%d` and `%%`. The format is repeated until all arguments are used.
fn printf(words: &[Word]) -> Option<String> {
    /// The longest output that is determined, in bytes.
    const LONGEST: usize = 16 * 1024;
    let (format, mut arguments) = words.split_first()?;
    let (format, mut arguments) = match (&*format.text, &mut arguments) {
        ("-v", _) => return Some(String::new()),
        ("--", rest) => rest.split_first()?,
        (_, rest) => (format, *rest),
    };
    let format = unescaped(&format.text);
    let mut out = String::new();
    loop {
        let before = arguments.len();
        let mut rest = &*format;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let kind = rest[at + 1..].chars().next()?;
            rest = &rest[at + 1 + kind.len_utf8()..];
            if kind == '%' {
                out.push('%');
                continue;
            }
            let argument = arguments.split_first().map_or("", |(first, others)| {
                arguments = others;
                &*first.text
            });
            match kind {
                's' | 'q' | 'd' | 'i' => out.push_str(argument),
                'b' => out.push_str(&unescaped(argument)),
                _ => return None,
            }
        }
        out.push_str(rest);
        if arguments.is_empty() {
            return Some(out);
        }
        if arguments.len() == before || out.len() > LONGEST {
            return (out.len() <= LONGEST).then_some(out);
        }
    }
}

/// Decodes base64 as the program does: padding and white space are skipped.
fn base64(text: &str) -> Option<String> {
    let coded = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    String::from_utf8(decode(coded, Base64Alphabet::Standard)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(line: &str) -> Option<String> {
        let words: Vec<Word> = line.split('|').map(Word::literal).collect();
        of(&words, &Input::Text("aW5wdXQ=\n".to_owned()))
    }

    #[test]
    fn known_output() {
        for (given, expected) in [
            ("echo|git  commit|x", "git  commit x\n"),
            ("echo|-ne|a\\tb", "a\tb\n"),
            ("printf|%s %s\\n|git|commit|a|b", "git commit\na b\n"),
            ("printf|git commit\\n", "git commit\n"),
            ("printf|100%%", "100%"),
            ("cat", "aW5wdXQ=\n"),
            ("tee|log", "aW5wdXQ=\n"),
            ("base64|-d", "input"),
            ("command|-v|git", "git"),
        ] {
            assert_eq!(output(given).as_deref(), Some(expected), "{given}");
        }
        for unknown in ["cat|file", "ls", "printf|%c|x", "printf"] {
            assert_eq!(output(unknown), None, "{unknown}");
        }
    }
}
