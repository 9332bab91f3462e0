//! The command line, installed as `stanchion` and as `req`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::command_main()
}
