//! The options that programs accept before their subcommand.

use crate::options::{Options, is_among};

/// A program and the global options that take the next word as their value.
struct Globals {
    names: &'static str,
    options: Options,
}

const GLOBALS: [Globals; 13] = [
    Globals {
        names: "git",
        options: Options::new("Cc", "git-dir work-tree namespace super-prefix config-env attr-source"),
    },
    Globals { names: "gh glab", options: Options::new("R", "repo hostname") },
    Globals {
        names: "docker podman nerdctl",
        options: Options::new(
            "cHl",
            "config context host log-level tlscacert tlscert tlskey connection identity root runroot \
            storage-driver storage-opt url namespace address",
        ),
    },
    Globals {
        names: "docker-compose podman-compose",
        options: Options::new(
            "fpcH",
            "file project-name profile env-file project-directory ansi parallel progress context host \
            log-level",
        ),
    },
    Globals {
        names: "kubectl oc",
        options: Options::new(
            "nsv",
            "namespace context kubeconfig server cluster user token as as-group as-uid cache-dir \
            certificate-authority client-certificate client-key log-flush-frequency password profile \
            profile-output request-timeout tls-server-name username v vmodule",
        ),
    },
    Globals {
        names: "npm pnpm yarn bun",
        options: Options::new(
            "CwF",
            "prefix dir workspace filter filter-prod cwd userconfig registry loglevel",
        ),
    },
    Globals { names: "cargo", options: Options::new("CZ", "config color manifest-path explain") },
    Globals { names: "terraform tofu terragrunt", options: Options::NONE },
    Globals {
        names: "helm",
        options: Options::new(
            "n",
            "namespace kube-context kubeconfig kube-apiserver kube-as-group kube-as-user kube-ca-file \
            kube-tls-server-name kube-token registry-config repository-cache repository-config \
            burst-limit qps",
        ),
    },
    Globals {
        names: "make gmake",
        options: Options::new(
            "CfIoW",
            "directory file makefile include-dir old-file assume-old what-if new-file assume-new eval",
        ),
    },
    Globals {
        names: "just",
        options: Options::new("fdE", "justfile working-directory dotenv-path shell set"),
    },
    Globals {
        names: "aws",
        options: Options::new(
            "",
            "profile region output endpoint-url query color ca-bundle cli-read-timeout \
            cli-connect-timeout",
        ),
    },
    Globals {
        names: "gcloud systemctl uv poetry go",
        options: Options::new(
            "HMtpC",
            "account project configuration verbosity format host machine type directory config-file \
            cache-dir color",
        ),
    },
];

/// The options of a program before its subcommand, if it has known ones.
pub fn global_options_of(program: &str) -> Option<Options> {
    GLOBALS.iter().find(|known| is_among(known.names, program)).map(|known| known.options)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each program with an option in front of its subcommand, which takes the next word.
    const LINES: [&str; 28] = [
        "git -C x verb",
        "gh -R a/b verb",
        "glab --repo a/b verb",
        "docker --context x verb",
        "podman --connection x verb",
        "nerdctl --namespace x verb",
        "docker-compose -f x verb",
        "podman-compose -p x verb",
        "kubectl -n x verb",
        "oc --server x verb",
        "npm --prefix x verb",
        "pnpm -C x verb",
        "yarn --cwd x verb",
        "bun --cwd x verb",
        "cargo --color x verb",
        "terraform -x verb",
        "tofu -x verb",
        "terragrunt -x verb",
        "helm --kube-context x verb",
        "make -C x verb",
        "gmake -f x verb",
        "just -f x verb",
        "aws --profile x verb",
        "gcloud --project x verb",
        "systemctl -M x verb",
        "uv --directory x verb",
        "poetry -C x verb",
        "go -C x verb",
    ];

    #[test]
    fn every_program_has_its_options_in_front_of_its_subcommand() {
        for line in LINES {
            let script = crate::parse(line);
            let kept = script.commands[0].without_global_options();
            assert_eq!(kept.last().map(|word| &*word.text), Some("verb"), "{line}");
            assert_eq!(kept.len(), 2, "{line}");
        }
        for known in &GLOBALS {
            let is_named = |name: &str| LINES.iter().any(|line| line.split(' ').next() == Some(name));
            assert!(known.names.split(' ').all(is_named), "{}", known.names);
        }
    }
}
