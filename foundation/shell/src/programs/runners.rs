//! Programs that run a command after a subcommand: `uv run`, `bundle exec` and others.

use crate::options::Options;

/// A program that runs a command after a subcommand.
#[derive(Debug)]
pub struct Runner {
    /// Its name.
    pub program: &'static str,
    /// The subcommand, one or two words.
    pub subcommand: &'static str,
    /// The number of operands between the subcommand and the command.
    pub operands: usize,
}

const fn runner(program: &'static str, subcommand: &'static str, operands: usize) -> Runner {
    Runner { program, subcommand, operands }
}

const RUNNERS: [Runner; 31] = [
    runner("uv", "run", 0),
    runner("uv", "tool run", 0),
    runner("poetry", "run", 0),
    runner("pipenv", "run", 0),
    runner("pdm", "run", 0),
    runner("hatch", "run", 0),
    runner("rye", "run", 0),
    runner("pixi", "run", 0),
    runner("conda", "run", 0),
    runner("mamba", "run", 0),
    runner("micromamba", "run", 0),
    runner("pipx", "run", 0),
    runner("bundle", "exec", 0),
    runner("npm", "exec", 0),
    runner("npm", "x", 0),
    runner("pnpm", "exec", 0),
    runner("pnpm", "dlx", 0),
    runner("yarn", "exec", 0),
    runner("yarn", "dlx", 0),
    runner("bun", "x", 0),
    runner("direnv", "exec", 1),
    runner("mise", "exec", 0),
    runner("mise", "x", 0),
    runner("asdf", "exec", 0),
    runner("rbenv", "exec", 0),
    runner("pyenv", "exec", 0),
    runner("fnm", "exec", 0),
    runner("op", "run", 0),
    runner("doppler", "run", 0),
    runner("rustup", "run", 1),
    runner("opam", "exec", 0),
];

/// The options of these programs that take a value, between the subcommand and the command.
pub const RUNNER_OPTIONS: Options = Options::new(
    "pnCcwe",
    "with with-editable with-requirements python project directory env-file extra group \
    only-group no-group package index index-url from name prefix cwd using filter workspace \
    environment config config-file cache-dir call",
);

/// The subcommands of this program that run a command.
pub fn runners_of(program: &str) -> impl Iterator<Item = &'static Runner> {
    RUNNERS.iter().filter(move |runner| runner.program == program)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 31] = [
        "uv run --with x git commit",
        "uv tool run git commit",
        "poetry run git commit",
        "pipenv run git commit",
        "pdm run git commit",
        "hatch run git commit",
        "rye run git commit",
        "pixi run git commit",
        "conda run -n x git commit",
        "mamba run git commit",
        "micromamba run git commit",
        "pipx run git commit",
        "bundle exec git commit",
        "npm exec -- git commit",
        "npm x git commit",
        "pnpm exec git commit",
        "pnpm dlx git commit",
        "yarn exec git commit",
        "yarn dlx git commit",
        "bun x git commit",
        "direnv exec . git commit",
        "mise exec git commit",
        "mise x git commit",
        "asdf exec git commit",
        "rbenv exec git commit",
        "pyenv exec git commit",
        "fnm exec git commit",
        "op run git commit",
        "doppler run git commit",
        "rustup run nightly git commit",
        "opam exec git commit",
    ];

    #[test]
    fn every_runner_runs_the_command_behind_its_subcommand() {
        for line in LINES {
            let texts: Vec<String> =
                crate::parse(line).commands.iter().flat_map(crate::Command::texts).collect();
            assert!(texts.iter().any(|text| text == "git commit"), "{line}: {texts:?}");
        }
        for Runner { program, subcommand, .. } in &RUNNERS {
            let begin = format!("{program} {subcommand} ");
            assert!(LINES.iter().any(|line| line.starts_with(&begin)), "{begin}");
        }
    }
}
