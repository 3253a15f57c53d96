//! `gilsim schema`: the JSON Schema of scenario files.

use anyhow::Context;

use super::{DONE, print};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {}

const EXAMPLES: &str = "\
Examples:
  gilsim schema > scenario.schema.json";

pub(super) fn print_schema() -> anyhow::Result<u8> {
    let schema =
        serde_json::to_string_pretty(&crate::scenario::schema()).context("cannot print the schema")?;
    print(&format!("{schema}\n"));
    Ok(DONE)
}
