//! Processes simple commands: the variables they set, the functions they call, the commands they run.

use std::rc::Rc;

use crate::command::{Command, Folder, Input, Operator, Redirection, Word, program};
use crate::doubt::Doubt;
use crate::feeds::{Feed, told};
use crate::inner::{InnerCommand, What};
use crate::output;
use crate::shells;
use crate::tree::{AssignedValue, Simple};
use crate::variables::VariableValue;
use crate::walk::{Call, Walker, is_output_redirected};
use crate::wrappers;

impl Walker {
    pub(crate) fn simple(&mut self, simple: &Simple, input: &Input, wants: bool) -> Option<String> {
        self.feeds.truncate(self.written);
        let words = self.words(&simple.words);
        let mut assignments = Vec::with_capacity(simple.assignments.len());
        let is_alone = words.is_empty();
        for assignment in simple.assignments.iter().chain(&simple.arrays) {
            self.note_assignment(&assignment.name);
            let value = match &assignment.value {
                AssignedValue::One(raw) => {
                    let word = self.word(raw);
                    let value = word.is_literal.then(|| VariableValue::Text(word.text.clone()));
                    assignments.push((assignment.name.clone(), word));
                    value
                }
                AssignedValue::Array(raws) => Some(VariableValue::List(self.words(raws))),
            };
            if is_alone || matches!(assignment.value, AssignedValue::Array(_)) {
                self.variables.set(&assignment.name, value.filter(|_| !assignment.is_partial));
            }
        }
        let redirections = self.redirections(&simple.redirects);
        let input = self.input(&redirections, input);
        let wants = wants && !is_output_redirected(&redirections);
        if is_alone {
            if !redirections.is_empty() {
                self.note(Call { redirections, input, ..Call::default() });
            }
            return Some(String::new());
        }
        self.run(Call { assignments, words, redirections, input }, wants)
    }

    /// Processes a command and the commands inside it.
    pub(crate) fn run(&mut self, call: Call, wants: bool) -> Option<String> {
        let output = if self.enter() { self.run_within(call, wants) } else { None };
        self.depth -= 1;
        output
    }

    fn run_within(&mut self, call: Call, wants: bool) -> Option<String> {
        let read = if let Input::Text(text) = &call.input { text.len() } else { 0 };
        self.spend(call.words.iter().map(|word| word.text.len()).sum::<usize>() + read);
        if self.is_spent() {
            return None;
        }
        let words = &call.words;
        let said = if wants { output::of(words, &call.input) } else { None };
        self.keep_written(&call);
        let Some(name) = program(words).or_else(|| shells::by_variable(words)) else {
            if let Some(word) = words.first().filter(|word| !word.is_literal) {
                self.doubt(Doubt::Program(word.text.chars().take(80).collect()));
            }
            let inner = wrappers::behind_variable(words);
            let input = call.input.clone();
            self.note(call);
            inner.into_iter().for_each(|inner| drop(self.inner(inner, &input, false)));
            return None;
        };
        // A function that already runs is not entered again, so that recursion ends.
        let function =
            self.functions.iter().rposition(|function| function.name == *name && !function.is_running);
        let positionals = function.map(|at| (at, words[1..].to_vec()));
        let inner = if function.is_none() {
            wrappers::inner(name, words, &call.input, &self.feeds)
        } else {
            Vec::new()
        };
        let folder = self.folder.clone();
        if function.is_none() {
            self.builtin(name, words);
        }
        let input = call.input.clone();
        let assignments =
            if inner.is_empty() && function.is_none() { Vec::new() } else { call.assignments.clone() };
        let Call { assignments: set, words, redirections, input: read } = call;
        self.commands.push(Command { assignments: set, words, redirections, folder, input: read });
        // Assignments before a command apply to this command only.
        let saved = (!assignments.is_empty()).then(|| self.variables.clone());
        for (name, word) in &assignments {
            self.note_assignment(name);
            self.variables.assign(name, word);
        }
        let mut output = said;
        if let Some((at, positionals)) = positionals {
            output = self.call(at, positionals, &input, wants);
        }
        let is_one = inner.len() == 1;
        for inner in inner {
            let said = self.inner(inner, &input, wants);
            if is_one && output.is_none() {
                output = said;
            }
        }
        if let Some(saved) = saved {
            self.variables = saved;
        }
        output
    }

    /// Stores the text that a command writes to a file, if both are known. The line may run that file as a script.
    fn keep_written(&mut self, call: &Call) {
        /// The most files that are stored.
        const MOST: usize = 16;
        let writes = |redirection: &&Redirection| {
            redirection.fd.unwrap_or(1) == 1
                && redirection.target.is_literal
                && matches!(redirection.operator, Operator::Write | Operator::Append | Operator::Clobber)
        };
        let redirected = call.redirections.iter().rfind(writes);
        let by_tee = match program(&call.words) {
            Some("tee") => call.words[1..].iter().find(|word| word.is_literal && !word.text.starts_with('-')),
            _ => None,
        };
        let appends = redirected.is_some_and(|redirection| redirection.operator == Operator::Append);
        let Some(file) = redirected.map(|redirection| &redirection.target).or(by_tee) else { return };
        let Some(mut text) = output::of(&call.words, &call.input) else { return };
        if let Some(Feed { text: Some(before), .. }) = told(&self.feeds, &file.text).filter(|_| appends) {
            text.insert_str(0, before);
        }
        self.spend(text.len());
        if self.written < MOST {
            self.feeds.insert(self.written, Feed { path: file.text.clone(), text: Some(text) });
            self.written += 1;
        }
    }

    fn call(&mut self, at: usize, positionals: Vec<Word>, input: &Input, wants: bool) -> Option<String> {
        let function = &mut self.functions[at];
        (function.is_running, function.was_called) = (true, true);
        let (name, body) = (function.name.clone(), Rc::clone(&function.body));
        let outer = self.variables.positionals.replace(positionals);
        let output = self.node(&body, input, wants);
        self.variables.positionals = outer;
        // The list of functions may have changed during the call, so the index is not valid any more.
        let running = self.functions.iter_mut().find(|function| function.name == name && function.is_running);
        if let Some(function) = running {
            function.is_running = false;
        }
        output
    }

    /// Processes the functions that the line does not call. An unseen command may call them.
    pub(crate) fn uncalled_functions(&mut self) {
        while let Some(at) = self.functions.iter().position(|function| !function.was_called) {
            self.functions[at].was_called = true;
            // An unseen call may happen in any folder and with any values.
            self.folder = Folder::Unknown;
            self.variables.forget_all();
            let body = Rc::clone(&self.functions[at].body);
            self.node(&body, &Input::Inherited, false);
        }
    }

    /// Processes a command that another command runs.
    fn inner(&mut self, inner: InnerCommand, input: &Input, wants: bool) -> Option<String> {
        let InnerCommand { what, assignments, shares_shell, folder, input: own, positionals } = inner;
        let input = own.unwrap_or_else(|| input.clone());
        let follow = |walker: &mut Self| match what {
            What::Words(words) => {
                walker.run(Call { assignments, words, redirections: Vec::new(), input }, wants)
            }
            What::Text(text, by) => {
                if !shells::is_told(&text) {
                    walker.doubt(Doubt::Text(by));
                    return None;
                }
                if !walker.enter() {
                    walker.depth -= 1;
                    return None;
                }
                for (name, word) in &assignments {
                    walker.note_assignment(name);
                    walker.variables.assign(name, word);
                }
                if let Some(positionals) = positionals {
                    walker.variables.positionals = Some(positionals);
                }
                let output = walker.read(&text.text, &input, wants);
                walker.depth -= 1;
                output
            }
            What::Doubt(doubt) => {
                walker.doubt(doubt);
                None
            }
        };
        if shares_shell {
            return follow(self);
        }
        self.scoped(|walker| {
            match folder {
                Some(Folder::In(path)) => walker.folder = walker.folder.join(&path),
                Some(Folder::Unknown) => walker.folder = Folder::Unknown,
                Some(Folder::Start) | None => {}
            }
            follow(walker)
        })
    }
}
