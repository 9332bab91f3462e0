//! Processes a line as a shell does: each branch once, with the current folder and variables.

use std::borrow::Cow;
use std::rc::Rc;

use crate::command::{Command, Folder, Input, Operator, Redirection, Script, Word};
use crate::doubt::{Doubt, LONGEST};
use crate::feeds::{Feed, told};
use crate::lexer::Parser;
use crate::tree::{Item, List, Node, Raw, Redirect};
use crate::variables::Variables;

/// The deepest nesting that is followed, including texts, functions and wrappers.
const DEEPEST: usize = 60;
/// The most commands that are followed.
const MOST_STEPS: usize = 10_000;
/// The most text that they may expand to, in bytes.
const MOST_BYTES: usize = 16 * LONGEST;
/// The most iterations of a loop over known words that are followed.
const MOST_ROUNDS: usize = 8;

/// All commands that a line can run.
pub(crate) fn script(line: &str) -> Script {
    // Bash drops NULs, so a NUL may split a word here that is one word for Bash.
    let mut line = if line.contains('\0') { Cow::Owned(line.replace('\0', "")) } else { Cow::Borrowed(line) };
    let mut walker = Walker::default();
    if line.len() > LONGEST {
        walker.doubt(Doubt::TooLong);
        let end = line.floor_char_boundary(LONGEST);
        line = Cow::Owned(line[..end].to_owned());
    }
    walker.read(&line, &Input::Inherited, false);
    walker.uncalled_functions();
    Script { commands: walker.commands, doubt: walker.doubt }
}

/// A command before it runs.
#[derive(Default)]
pub(crate) struct Call {
    pub(crate) assignments: Vec<(String, Word)>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirections: Vec<Redirection>,
    pub(crate) input: Input,
}

pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) body: Rc<Node>,
    pub(crate) is_running: bool,
    pub(crate) was_called: bool,
}

/// The state at one point of the line.
#[derive(Default)]
pub(crate) struct Walker {
    pub(crate) commands: Vec<Command>,
    doubt: Option<Doubt>,
    pub(crate) folder: Folder,
    pub(crate) previous_folder: Option<Folder>,
    pub(crate) variables: Variables,
    /// Whether the line sets `CDPATH`.
    pub(crate) searches_folders: bool,
    /// The files that the line wrote so far, and behind them the process substitutions of the current command.
    pub(crate) feeds: Vec<Feed>,
    /// The number of files at the start of `feeds`.
    pub(crate) written: usize,
    pub(crate) functions: Vec<Function>,
    pub(crate) depth: usize,
    steps: usize,
    bytes: usize,
}

impl Walker {
    /// Records a doubt, unless there is one already.
    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }

    /// Counts text that the line expands to.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.is_spent() {
            self.doubt(Doubt::TooMuch);
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.bytes > MOST_BYTES || self.steps > MOST_STEPS
    }

    /// Enters a nested level and counts a step. Returns `false` if a limit is reached.
    pub(crate) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.steps += 1;
        if self.depth > DEEPEST {
            self.doubt(Doubt::TooDeep);
        }
        self.spend(0);
        self.depth <= DEEPEST && !self.is_spent()
    }

    /// Processes `what` in a subshell: changes to the folder and variables are undone afterwards.
    pub(crate) fn scoped<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> T {
        let folder = self.folder.clone();
        let previous = self.previous_folder.clone();
        let variables = self.variables.clone();
        let result = what(self);
        (self.folder, self.previous_folder, self.variables) = (folder, previous, variables);
        result
    }

    /// Processes a text as a shell reads it.
    pub(crate) fn read(&mut self, text: &str, input: &Input, wants: bool) -> Option<String> {
        self.spend(text.len());
        if self.is_spent() {
            return None;
        }
        let mut parser = Parser::new(text, self.depth);
        let list = parser.all();
        if let Some(doubt) = parser.doubt {
            self.doubt(doubt);
        }
        self.list(&list, input, wants)
    }

    /// The output of a substitution, if it can be determined.
    pub(crate) fn output_of(&mut self, list: &List) -> Option<String> {
        let feeds = self.feeds.clone();
        let written = self.written;
        let output = self.scoped(|walker| walker.list(list, &Input::Inherited, true));
        (self.feeds, self.written) = (feeds, written);
        output
    }

    /// Processes a list. Returns its standard output if `wants` is set and it can be determined.
    pub(crate) fn list(&mut self, list: &List, input: &Input, wants: bool) -> Option<String> {
        let mut said = wants.then(String::new);
        let mut before = self.folder.clone();
        for item in &list.items {
            let next_before = self.folder.clone();
            let output = self.item(item, &before, input, wants);
            before = next_before;
            said = said.zip(output).map(|(said, output)| said + &output);
        }
        said
    }

    /// Processes one pipeline of a list. `before` is the folder before the previous pipeline.
    fn item(&mut self, item: &Item, before: &Folder, input: &Input, wants: bool) -> Option<String> {
        if item.in_background {
            return self.scoped(|walker| walker.node(&item.node, input, wants));
        }
        if !item.after_failure {
            return self.node(&item.node, input, wants);
        }
        // A failed command has not changed the folder: after `cd x || …` the folder is the previous one.
        let succeeded = std::mem::replace(&mut self.folder, before.clone());
        let variables = self.variables.clone();
        self.node(&item.node, input, wants);
        if self.folder == *before {
            self.folder = succeeded;
        } else if self.folder != succeeded {
            self.folder = Folder::Unknown;
        }
        // The pipeline may have run or not, so only unchanged values are known.
        self.variables.keep_common(&variables);
        None
    }

    pub(crate) fn node(&mut self, node: &Node, input: &Input, wants: bool) -> Option<String> {
        let output = if self.enter() { self.node_within(node, input, wants) } else { None };
        self.depth -= 1;
        output
    }

    fn node_within(&mut self, node: &Node, input: &Input, wants: bool) -> Option<String> {
        match node {
            Node::Simple(simple) => self.simple(simple, input, wants),
            Node::Pipeline(stages) => self.pipeline(stages, input, wants),
            Node::Group(list, redirects) => {
                let (input, wants) = self.around(redirects, input, wants);
                self.list(list, &input, wants)
            }
            Node::Subshell(list, redirects) => {
                let (input, wants) = self.around(redirects, input, wants);
                self.scoped(|walker| walker.list(list, &input, wants))
            }
            Node::Branches(words, condition, branches, redirects) => {
                let (input, _) = self.around(redirects, input, false);
                self.words(words);
                self.list(condition, &input, false);
                self.branches(branches, &input);
                None
            }
            Node::Loop(binding, body, redirects) => {
                let (input, wants) = self.around(redirects, input, wants);
                self.rounds(binding.as_ref(), body, &input, wants)
            }
            Node::Function(name, body) => {
                self.functions.retain(|function| function.name != *name || function.is_running);
                let (name, body) = (name.clone(), Rc::clone(body));
                self.functions.push(Function { name, body, is_running: false, was_called: false });
                Some(String::new())
            }
            Node::Test(words, redirects) => {
                self.around(redirects, input, false);
                self.words(words);
                Some(String::new())
            }
            Node::Empty => None,
        }
    }

    fn pipeline(&mut self, stages: &[Node], input: &Input, wants: bool) -> Option<String> {
        let mut input = input.clone();
        let mut said = None;
        for (at, stage) in stages.iter().enumerate() {
            let is_last = at + 1 == stages.len();
            said = self.scoped(|walker| walker.node(stage, &input, wants || !is_last));
            if !is_last {
                input = said.take().map_or(Input::Unknown, Input::Text);
            }
        }
        said
    }

    fn branches(&mut self, branches: &[List], input: &Input) {
        let (folder, variables) = (self.folder.clone(), self.variables.clone());
        // It is not known which branch runs. Only values that are equal after all branches are known afterwards.
        let mut after = (folder.clone(), variables.clone());
        for branch in branches {
            self.folder = folder.clone();
            self.variables = variables.clone();
            self.list(branch, input, false);
            if self.folder != after.0 {
                after.0 = Folder::Unknown;
            }
            after.1.keep_common(&self.variables);
        }
        (self.folder, self.variables) = after;
    }

    fn rounds(
        &mut self,
        binding: Option<&(String, Vec<Raw>)>,
        body: &List,
        input: &Input,
        wants: bool,
    ) -> Option<String> {
        if let Some((name, values)) = binding {
            let values = self.words(values);
            if !values.is_empty() && values.len() <= MOST_ROUNDS && values.iter().all(|word| word.is_literal)
            {
                let mut said = wants.then(String::new);
                for value in &values {
                    self.variables.assign(name, value);
                    let output = self.list(body, input, wants);
                    said = said.zip(output).map(|(said, output)| said + &output);
                }
                return said;
            }
            // The values are missing, unknown or too many: the body is followed once, with an unknown variable.
            self.variables.set(name, None);
        }
        let (first, folder, variables) = (self.commands.len(), self.folder.clone(), self.variables.clone());
        self.list(body, input, false);
        // The body may have run or not, so only unchanged values are known.
        self.variables.keep_common(&variables);
        if self.folder != folder {
            // The next iteration starts in the folder where this one ended.
            self.folder = Folder::Unknown;
            self.commands[first..].iter_mut().for_each(|command| command.folder = Folder::Unknown);
        }
        None
    }

    /// Records the redirections of a compound command. Returns the input of its commands, and whether their output is
    /// still wanted.
    fn around(&mut self, redirects: &[Redirect], input: &Input, wants: bool) -> (Input, bool) {
        if redirects.is_empty() {
            return (input.clone(), wants);
        }
        let redirections = self.redirections(redirects);
        let input = self.input(&redirections, input);
        let wants = wants && !is_output_redirected(&redirections);
        self.note(Call { redirections, ..Call::default() });
        (input, wants)
    }

    pub(crate) fn note(&mut self, call: Call) {
        let Call { assignments, words, redirections, input } = call;
        let folder = self.folder.clone();
        self.commands.push(Command { assignments, words, redirections, folder, input });
    }

    pub(crate) fn redirections(&mut self, redirects: &[Redirect]) -> Vec<Redirection> {
        let redirection = |redirect: &Redirect| {
            let target = if redirect.operator == Operator::HereDocument {
                Word { is_quoted: redirect.target.is_quoted, ..Word::literal(redirect.target.text.clone()) }
            } else {
                self.word(&redirect.target)
            };
            let body = match redirect.operator {
                Operator::HereDocument => redirect.body.get().map(|body| self.word(body).text),
                Operator::HereString => Some(format!("{}\n", target.text)),
                _ => None,
            };
            Redirection { fd: redirect.fd, operator: redirect.operator, target, body }
        };
        redirects.iter().map(redirection).collect()
    }

    /// The input of a command with these redirections.
    pub(crate) fn input(&self, redirections: &[Redirection], around: &Input) -> Input {
        let mut input = around.clone();
        for redirection in redirections.iter().filter(|redirection| redirection.fd.unwrap_or(0) == 0) {
            match redirection.operator {
                Operator::HereDocument | Operator::HereString => {
                    input = Input::Text(redirection.body.clone().unwrap_or_default());
                }
                Operator::Read | Operator::ReadWrite => {
                    input = match told(&self.feeds, &redirection.target.text) {
                        Some(Feed { text: Some(text), .. }) => Input::Text(text.clone()),
                        Some(_) => Input::Unknown,
                        None if redirection.target.text == "/dev/null" => Input::Text(String::new()),
                        None => Input::File,
                    };
                }
                Operator::DuplicateIn => input = Input::File,
                _ => {}
            }
        }
        input
    }
}

/// Whether standard output is redirected to a file or another descriptor.
pub(crate) fn is_output_redirected(redirections: &[Redirection]) -> bool {
    redirections.iter().any(|redirection| match redirection.operator {
        Operator::Write | Operator::Append | Operator::Clobber => redirection.fd.unwrap_or(1) == 1,
        Operator::Both | Operator::BothAppend => true,
        Operator::DuplicateOut => redirection.fd.unwrap_or(1) == 1,
        _ => false,
    })
}
