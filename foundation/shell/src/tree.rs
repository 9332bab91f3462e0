//! A parsed line, before expansions.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::command::Operator;

/// Commands in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
}

/// One pipeline of a list.
#[derive(Debug)]
pub(crate) struct Item {
    /// Whether it runs only if the previous one fails.
    pub(crate) after_failure: bool,
    /// Whether `&` runs it in the background, in a subshell.
    pub(crate) in_background: bool,
    pub(crate) node: Node,
}

#[derive(Debug)]
pub(crate) enum Node {
    Simple(Simple),
    /// Several commands. Each one reads the output of the previous one.
    Pipeline(Vec<Node>),
    /// `{ …; }`
    Group(List, Vec<Redirect>),
    /// `( … )`
    Subshell(List, Vec<Redirect>),
    /// `if` and `case`: the part that always runs, and the branches. At most one branch runs.
    Branches(Vec<Raw>, List, Vec<List>, Vec<Redirect>),
    /// `while`, `until`, `for` and `select`: the variable with its values, if there is one, and the body.
    Loop(Option<(String, Vec<Raw>)>, List, Vec<Redirect>),
    Function(String, Rc<Node>),
    /// `[[ … ]]` and `(( … ))`. They only run the substitutions in their words.
    Test(Vec<Raw>, Vec<Redirect>),
    Empty,
}

#[derive(Debug, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Raw>,
    /// The arrays that `declare` and similar builtins set by `name=( … )`.
    pub(crate) arrays: Vec<Assignment>,
    pub(crate) redirects: Vec<Redirect>,
}

#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// Whether it is `+=`, or sets one element of an array.
    pub(crate) is_partial: bool,
    pub(crate) value: AssignedValue,
}

#[derive(Debug)]
pub(crate) enum AssignedValue {
    One(Raw),
    Array(Vec<Raw>),
}

#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) fd: Option<u32>,
    pub(crate) operator: Operator,
    pub(crate) target: Raw,
    /// The text of a here-document. It follows after the line with the operator.
    pub(crate) body: Rc<OnceCell<Raw>>,
}

/// A word without its quotes, with its expansions marked.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    /// The text, with expansions as written.
    pub(crate) text: String,
    pub(crate) holes: Vec<Hole>,
    pub(crate) is_quoted: bool,
    /// Whether it begins with an unquoted `~`.
    pub(crate) is_at_home: bool,
    /// Whether it contains a glob or an unexpanded brace list.
    pub(crate) is_pattern: bool,
}

/// An expansion within a word.
#[derive(Debug)]
pub(crate) struct Hole {
    /// The expansion's start in the word's text, in bytes.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) is_quoted: bool,
    pub(crate) filling: Filling,
}

#[derive(Debug)]
pub(crate) enum Filling {
    /// `$X`, `${X}`, `$1`, `$@`, `${X[@]}`
    Variable,
    /// `$( … )` and backticks
    Output(List),
    /// `<( … )` and `>( … )`
    Process(List),
    /// Any other expansion, with the expansions inside it.
    Other(Vec<Hole>),
}

impl Raw {
    /// The word as a keyword or name, if no part of it is quoted or expanded.
    pub(crate) fn bare(&self) -> Option<&str> {
        (!self.is_quoted && self.holes.is_empty()).then_some(&*self.text)
    }
}
