//! `gilsim schema`: the JSON Schema of scenario files.

use anyhow::Context;

/// Prints it.
pub(super) fn print() -> anyhow::Result<u8> {
    let schema =
        serde_json::to_string_pretty(&crate::scenario::schema()).context("cannot print the schema")?;
    super::print(&schema);
    super::print("\n");
    Ok(super::DONE)
}
