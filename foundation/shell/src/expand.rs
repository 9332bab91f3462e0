//! Fills in the values of expansions in words, as far as the line determines them.

use crate::command::Word;
use crate::feeds::Feed;
use crate::tree::{Filling, Hole, Raw};
use crate::variables::VariableValue;
use crate::walk::Walker;

/// The value of an expansion.
enum KnownValue {
    Text(String),
    /// Separate words, as from `"$@"`.
    Words(Vec<Word>),
    No,
}

impl Walker {
    /// The words that these become. A variable may become several words, or none.
    pub(crate) fn words(&mut self, raws: &[Raw]) -> Vec<Word> {
        let mut words = Vec::with_capacity(raws.len());
        for raw in raws {
            if self.is_spent() {
                break;
            }
            if raw.holes.is_empty() {
                words.push(self.plain(raw));
            } else {
                self.fill(raw, true, &mut words);
            }
        }
        words
    }

    /// The single word that this becomes where Bash does not split words.
    pub(crate) fn word(&mut self, raw: &Raw) -> Word {
        if raw.holes.is_empty() {
            return self.plain(raw);
        }
        let mut words = Vec::new();
        self.fill(raw, false, &mut words);
        words.into_iter().next().unwrap_or_else(|| Word { is_quoted: raw.is_quoted, ..Word::literal("") })
    }

    fn plain(&mut self, raw: &Raw) -> Word {
        self.spend(raw.text.len() + 1);
        Word {
            text: raw.text.clone(),
            is_literal: !raw.is_pattern,
            is_quoted: raw.is_quoted,
            is_at_home: raw.is_at_home,
        }
    }

    fn fill(&mut self, raw: &Raw, splits: bool, words: &mut Vec<Word>) {
        let new = || Word { is_quoted: raw.is_quoted, is_literal: !raw.is_pattern, ..Word::default() };
        let first = words.len();
        let mut word = Word { is_at_home: raw.is_at_home, ..new() };
        let mut from = 0;
        for hole in &raw.holes {
            word.text.push_str(&raw.text[from..hole.from]);
            from = hole.to;
            let written = &raw.text[hole.from..hole.to];
            match self.value_of(hole, written) {
                KnownValue::No => {
                    word.text.push_str(written);
                    word.is_literal = false;
                }
                KnownValue::Text(value) if splits && !hole.is_quoted => {
                    word.is_literal &= !value.contains(['*', '?', '[']);
                    // Bash splits an unquoted value at the characters of `IFS`.
                    let separators = self.variables.text("IFS").unwrap_or(" \t\n").to_owned();
                    for character in value.chars() {
                        if !separators.contains(character) {
                            word.text.push(character);
                        } else if !word.text.is_empty() {
                            words.push(std::mem::replace(&mut word, new()));
                        }
                    }
                }
                KnownValue::Text(value) => word.text.push_str(&value),
                KnownValue::Words(values) => {
                    for (at, value) in values.into_iter().enumerate() {
                        if at > 0 && splits {
                            words.push(std::mem::replace(&mut word, new()));
                        } else if at > 0 {
                            word.text.push(' ');
                        }
                        word.text.push_str(&value.text);
                        word.is_literal &= value.is_literal;
                    }
                }
            }
            self.spend(word.text.len() + 1);
            if self.is_spent() {
                break;
            }
        }
        word.text.push_str(&raw.text[from..]);
        self.spend(word.text.len() + 1);
        let is_list = raw.holes.len() == 1 && raw.text.contains('@');
        if !word.text.is_empty() || raw.is_quoted && words.len() == first && !is_list {
            words.push(word);
        }
    }

    fn value_of(&mut self, hole: &Hole, written: &str) -> KnownValue {
        match &hole.filling {
            Filling::Variable => self.variable(written, hole.is_quoted),
            Filling::Output(list) => match self.output_of(list) {
                Some(output) => KnownValue::Text(output.trim_end_matches('\n').to_owned()),
                None => KnownValue::No,
            },
            Filling::Process(list) => {
                let output = self.output_of(list);
                self.feeds.push(Feed { path: written.to_owned(), text: output });
                KnownValue::No
            }
            Filling::Other(holes) => {
                self.visit(holes);
                self.checked(written).map_or(KnownValue::No, |text| KnownValue::Text(text.to_owned()))
            }
        }
    }

    /// The value of a variable with a default, such as `${X:?}` or `${X:-y}`, if it is not empty. `${X%/}` gives the
    /// value without a slash at its end.
    fn checked(&self, written: &str) -> Option<&str> {
        let inside = written.strip_prefix("${")?.strip_suffix('}')?;
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        let (name, rest) = inside.split_at(end);
        let text = self.variables.text(name).filter(|text| !text.is_empty())?;
        match rest.strip_prefix(':').unwrap_or(rest).bytes().next()? {
            b'?' | b'-' | b'=' => Some(text),
            _ if rest == "%/" => Some(text.strip_suffix('/').unwrap_or(text)),
            _ => None,
        }
    }

    /// Follows the commands in expansions whose value is not needed.
    fn visit(&mut self, holes: &[Hole]) {
        for hole in holes {
            match &hole.filling {
                Filling::Variable => {}
                Filling::Output(list) | Filling::Process(list) => drop(self.output_of(list)),
                Filling::Other(holes) => self.visit(holes),
            }
        }
    }

    fn variable(&self, written: &str, is_quoted: bool) -> KnownValue {
        let name = written.trim_start_matches(['$', '{']).trim_end_matches('}');
        let list = |words: &[Word], all_in_one: bool| {
            if all_in_one {
                let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
                return KnownValue::Text(texts.join(" "));
            }
            KnownValue::Words(words.to_vec())
        };
        if let Some(number) = name.bytes().next().filter(u8::is_ascii_digit) {
            let Some(at) = usize::from(number - b'0').checked_sub(1) else {
                return self
                    .variables
                    .text("0")
                    .map_or(KnownValue::No, |text| KnownValue::Text(text.to_owned()));
            };
            return match self.variables.positionals.as_ref().filter(|_| name.len() == 1) {
                None => KnownValue::No,
                Some(positionals) => match positionals.get(at) {
                    Some(word) if word.is_literal => KnownValue::Text(word.text.clone()),
                    Some(_) => KnownValue::No,
                    None => KnownValue::Text(String::new()),
                },
            };
        }
        match name {
            "@" | "*" => match &self.variables.positionals {
                Some(words) => list(words, name == "*" && is_quoted),
                None => KnownValue::No,
            },
            "IFS" => KnownValue::Text(self.variables.text("IFS").unwrap_or(" \t\n").to_owned()),
            _ => match name.strip_suffix("[@]").or_else(|| name.strip_suffix("[*]")) {
                Some(array) => match self.variables.get(array) {
                    Some(VariableValue::List(words)) => list(words, name.ends_with("[*]") && is_quoted),
                    Some(VariableValue::Text(text)) => KnownValue::Text(text.clone()),
                    None => KnownValue::No,
                },
                None => {
                    self.variables.text(name).map_or(KnownValue::No, |text| KnownValue::Text(text.to_owned()))
                }
            },
        }
    }
}
