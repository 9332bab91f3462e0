//! Programs that run a command in a container or on another machine.

use crate::options::{Options, is_among};

/// A program that runs a command in a container.
#[derive(Debug)]
pub struct Container {
    /// Its names, separated by spaces.
    pub names: &'static str,
    /// Whether `--` may separate the container from the command.
    pub takes_dashes: bool,
}

const CONTAINERS: [Container; 2] = [
    Container { names: "docker podman nerdctl docker-compose podman-compose", takes_dashes: false },
    Container { names: "kubectl oc", takes_dashes: true },
];

/// The options of `exec` that take a value.
pub const CONTAINER_EXEC: Options =
    Options::new("euwcn", "env env-file user workdir detach-keys index container namespace");
/// The options of `run` that take a value.
pub const CONTAINER_RUN: Options = Options::new(
    "euwpvlmhc",
    "env env-file user workdir publish volume label memory hostname name network net link mount entrypoint platform \
    restart add-host cpus gpus shm-size pull tmpfs ulimit cap-add cap-drop security-opt dns ip device log-driver",
);
/// The options of `ssh` that take a value.
pub const SSH: Options = Options::new("BbcDEeFIiJLlmOopQRSWw", "");

/// The program with this name, if it runs commands in containers.
pub fn container_of(program: &str) -> Option<&'static Container> {
    CONTAINERS.iter().find(|container| is_among(container.names, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_of_containers_is_known() {
        let expected = [
            ("docker", false),
            ("podman", false),
            ("nerdctl", false),
            ("docker-compose", false),
            ("podman-compose", false),
            ("kubectl", true),
            ("oc", true),
        ];
        for (name, takes_dashes) in expected {
            assert_eq!(container_of(name).map(|known| known.takes_dashes), Some(takes_dashes), "{name}");
        }
        let count: usize = CONTAINERS.iter().map(|known| known.names.split(' ').count()).sum();
        assert_eq!(count, expected.len());
        assert!(container_of("ssh").is_none() && container_of("").is_none());
    }
}
