//! The variables whose value the line determines.

use crate::command::Word;

/// The most variables that are stored.
const MOST: usize = 32;
/// The longest value that is stored, in bytes.
const LONGEST: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VariableValue {
    Text(String),
    List(Vec<Word>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    known: Vec<(String, VariableValue)>,
    /// `$1` and the following parameters. `None` if the line does not determine them.
    pub(crate) positionals: Option<Vec<Word>>,
}

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&VariableValue> {
        self.known.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            VariableValue::Text(text) => Some(text),
            VariableValue::List(words) => words.first().map(|word| &*word.text),
        }
    }

    /// Stores a value. An unknown value removes the variable.
    pub(crate) fn set(&mut self, name: &str, value: Option<VariableValue>) {
        let size = match &value {
            Some(VariableValue::Text(text)) => text.len(),
            Some(VariableValue::List(words)) => words.iter().map(|word| word.text.len() + 1).sum(),
            None => 0,
        };
        let value = value.filter(|_| size <= LONGEST);
        let place = self.known.iter().position(|(known, _)| known == name);
        match (place, value) {
            (Some(at), Some(value)) => self.known[at].1 = value,
            (Some(at), None) => drop(self.known.swap_remove(at)),
            (None, Some(value)) if self.known.len() < MOST => self.known.push((name.to_owned(), value)),
            (None, _) => {}
        }
    }

    pub(crate) fn assign(&mut self, name: &str, word: &Word) {
        // Bash expands a pattern in a value when the variable is used, so such a value is not stored.
        self.set(name, word.is_literal.then(|| VariableValue::Text(word.text.clone())));
    }

    /// Removes all values, after a command that may have set any variable.
    pub(crate) fn forget_all(&mut self) {
        self.known.clear();
        self.positionals = None;
    }

    /// Keeps the values that are equal in both states, after a branch that may have run.
    pub(crate) fn keep_common(&mut self, other: &Self) {
        self.known.retain(|(name, value)| other.get(name) == Some(value));
        if self.positionals != other.positionals {
            self.positionals = None;
        }
    }
}
