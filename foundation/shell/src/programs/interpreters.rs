//! Programs that run code of a programming language.

use crate::options::{Options, is_among};

/// The language of a text, as far as rules distinguish languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Perl.
    Perl,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Awk, whose first operand is the text.
    Awk,
    /// Another language.
    Other,
}

/// A program that runs code of a programming language.
#[derive(Debug)]
pub struct Interpreter {
    /// Its names, separated by spaces. A version may follow, as in `python3.12`.
    pub names: &'static str,
    /// The language.
    pub language: Language,
    /// The options that take a value.
    pub options: Options,
    /// The options whose value is code.
    pub code: &'static str,
    /// The options whose value is a module.
    pub modules: &'static str,
}

const INTERPRETERS: [Interpreter; 7] = [
    Interpreter {
        names: "python pypy ipython",
        language: Language::Python,
        options: Options::new("cmWX", "check-hash-based-pycs"),
        code: "c",
        modules: "",
    },
    Interpreter {
        names: "node nodejs bun deno tsx ts-node",
        language: Language::JavaScript,
        options: Options::new("er", "eval print require import loader input-type env-file conditions"),
        code: "e eval print",
        modules: "r require import",
    },
    Interpreter {
        names: "perl",
        language: Language::Perl,
        options: Options::new("eEI", "").attached("iFMmCDdx"),
        code: "e E",
        modules: "M m",
    },
    Interpreter {
        names: "ruby",
        language: Language::Ruby,
        options: Options::new("eErIC", "").attached("iFKWx"),
        code: "e",
        modules: "r",
    },
    Interpreter {
        names: "php",
        language: Language::Php,
        options: Options::new("rBREFcdfz", "run process-begin process-code process-end"),
        code: "r B R E run process-begin process-code process-end",
        modules: "",
    },
    Interpreter {
        names: "awk gawk mawk nawk",
        language: Language::Awk,
        options: Options::new("fvFie", "file assign field-separator include source"),
        code: "e source",
        modules: "i include",
    },
    Interpreter {
        names: "lua luajit osascript Rscript",
        language: Language::Other,
        options: Options::new("el", ""),
        code: "e",
        modules: "l",
    },
];

/// The interpreter with this name, of any version.
pub fn interpreter_of(program: &str) -> Option<&'static Interpreter> {
    let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.iter().find(|interpreter| is_among(interpreter.names, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interpreter_is_known_by_each_of_its_names() {
        let expected = [
            (Language::Python, "python python3 python3.12 pypy pypy3 ipython"),
            (Language::JavaScript, "node nodejs bun deno tsx ts-node"),
            (Language::Perl, "perl perl5.36"),
            (Language::Ruby, "ruby ruby3.2"),
            (Language::Php, "php php8"),
            (Language::Awk, "awk gawk mawk nawk"),
            (Language::Other, "lua lua5.4 luajit osascript Rscript"),
        ];
        for (language, names) in expected {
            for name in names.split(' ') {
                assert_eq!(interpreter_of(name).map(|known| known.language), Some(language), "{name}");
            }
        }
        for interpreter in &INTERPRETERS {
            for name in interpreter.names.split(' ') {
                let is_expected =
                    expected.iter().any(|(_, names)| names.split(' ').any(|known| known == name));
                assert!(is_expected, "{name}");
            }
        }
        for none in ["", "3.12", "pythonx", "python3-config", "bash", "sed"] {
            assert!(interpreter_of(none).is_none(), "{none}");
        }
    }
}
