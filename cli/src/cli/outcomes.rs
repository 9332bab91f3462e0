//! Arguments of `tests` and `errors`.

use clap::Args;

use super::JsonArgs;

/// Arguments of `tests` and `errors`.
#[derive(Debug, Args)]
pub struct OutcomesArgs {
    /// How many of them
    #[arg(short, default_value_t = 20, value_name = "N")]
    pub number: usize,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
