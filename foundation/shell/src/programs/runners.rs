//! Programs that run a command behind a subcommand: `uv run`, `bundle exec` and their like.

use crate::options::Options;

/// A program that runs a command behind a subcommand.
#[derive(Debug)]
pub struct Runner {
    /// Its name.
    pub program: &'static str,
    /// The subcommand, which may be two words.
    pub subcommand: &'static str,
    /// How many operands stand between the subcommand and the command.
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

/// Options with values of these programs, between the subcommand and the command.
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
