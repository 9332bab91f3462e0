//! The options that programs accept before their subcommand.

use std::ops::Range;

use crate::command::Word;
use crate::options::{Argument, Options, is_among};

/// A program and the global options that take the next word as their value.
struct Program {
    names: &'static str,
    options: Options,
}

const PROGRAMS: [Program; 13] = [
    Program {
        names: "git",
        options: Options::new("Cc", "git-dir work-tree namespace super-prefix config-env attr-source"),
    },
    Program { names: "gh glab", options: Options::new("R", "repo hostname") },
    Program {
        names: "docker podman nerdctl",
        options: Options::new(
            "cHl",
            "config context host log-level tlscacert tlscert tlskey connection identity root runroot \
            storage-driver storage-opt url namespace address",
        ),
    },
    Program {
        names: "docker-compose podman-compose",
        options: Options::new(
            "fpcH",
            "file project-name profile env-file project-directory ansi parallel progress context host \
            log-level",
        ),
    },
    Program {
        names: "kubectl oc",
        options: Options::new(
            "nsv",
            "namespace context kubeconfig server cluster user token as as-group as-uid cache-dir \
            certificate-authority client-certificate client-key log-flush-frequency password profile \
            profile-output request-timeout tls-server-name username v vmodule",
        ),
    },
    Program {
        names: "npm pnpm yarn bun",
        options: Options::new(
            "CwF",
            "prefix dir workspace filter filter-prod cwd userconfig registry loglevel",
        ),
    },
    Program { names: "cargo", options: Options::new("CZ", "config color manifest-path explain") },
    Program { names: "terraform tofu terragrunt", options: Options::NONE },
    Program {
        names: "helm",
        options: Options::new(
            "n",
            "namespace kube-context kubeconfig kube-apiserver kube-as-group kube-as-user kube-ca-file \
            kube-tls-server-name kube-token registry-config repository-cache repository-config \
            burst-limit qps",
        ),
    },
    Program {
        names: "make gmake",
        options: Options::new(
            "CfIoW",
            "directory file makefile include-dir old-file assume-old what-if new-file assume-new eval",
        ),
    },
    Program {
        names: "just",
        options: Options::new("fdE", "justfile working-directory dotenv-path shell set"),
    },
    Program {
        names: "aws",
        options: Options::new(
            "",
            "profile region output endpoint-url query color ca-bundle cli-read-timeout \
            cli-connect-timeout",
        ),
    },
    Program {
        names: "gcloud systemctl uv poetry go",
        options: Options::new(
            "HMtpC",
            "account project configuration verbosity format host machine type directory config-file \
            cache-dir color",
        ),
    },
];

/// The options of a program that stand before its subcommand, if it is known to have such.
pub(crate) fn options_of(program: &str) -> Option<Options> {
    PROGRAMS.iter().find(|known| is_among(known.names, program)).map(|known| known.options)
}

/// The places of the words between the program and its subcommand.
pub(crate) fn before_subcommand(program: &str, words: &[Word]) -> Range<usize> {
    let Some(options) = options_of(program) else { return 1..1 };
    let is_toolchain = program == "cargo" && words.get(1).is_some_and(|word| word.text.starts_with('+'));
    let start = if is_toolchain { 2 } else { 1 };
    let mut end = words.len();
    for argument in options.read(words, start) {
        match argument {
            // `git $OPTIONS commit`
            Argument::Operand(at) if may_be_options(&words[at]) && at + 1 < words.len() => {}
            Argument::Operand(at) => {
                end = at;
                break;
            }
            // `git --help commit` is no commit, and there is no command to come to behind them.
            Argument::Option("help" | "version", _) => return 1..start,
            Argument::Option(..) => {}
        }
    }
    // Only options: there is no subcommand that they stand before.
    if end == words.len() { 1..start } else { 1..end }
}

/// Whether a word may be options, or nothing.
pub(crate) fn may_be_options(word: &Word) -> bool {
    !word.is_literal && !word.is_quoted && word.text.starts_with('$')
}
