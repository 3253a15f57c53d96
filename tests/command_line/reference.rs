//! The reference pages in `docs/reference` say what the code says.

use std::collections::BTreeSet;
use std::path::Path;

use crate::command::Desk;

#[test]
fn the_reference_is_what_the_code_says() {
    let desk = Desk::with("");
    desk.gilsim(&["reference", "--out", "reference"]).exits_with(0);
    let fresh = desk.files("reference");
    assert!(!fresh.is_empty());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    for (name, bytes) in fresh {
        let kept = std::fs::read(folder.join(&name)).unwrap_or_default();
        assert!(
            kept == bytes,
            "docs/reference/{} is not what the code says; to renew it, run `cargo run -- reference`",
            name.display()
        );
    }
}

const SCENARIO: &str = r#"
[machine]
cores = [1, 2]
[[task]]
name = "item"
count = 2
steps = [{ python = "1ms" }]
[[run]]
executor = "threads"
[published]
file = "table.csv"
metric = { theirs = "makespan_s" }
match = { cores = "machine.cores" }
"#;

/// Every file and every column that `gilsim run` writes is in the reference.
#[test]
fn every_file_and_column_of_a_run_has_its_meaning_in_the_reference() {
    let desk = Desk::with(SCENARIO);
    std::fs::write(desk.path().join("table.csv"), "cores,theirs\n1,2\n").unwrap();
    desk.gilsim(&["run", "scenario.toml"]).exits_with(0);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/outputs.md");
    let page = std::fs::read_to_string(page).expect("the page exists");
    let explained: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let mut columns = 0;
    for (name, bytes) in desk.files("output/scenario") {
        let name = name.to_str().unwrap();
        assert!(explained.contains(name), "{name} is not in the reference");
        if name.ends_with(".csv") {
            let text = String::from_utf8(bytes).unwrap();
            for column in text.lines().next().unwrap().split(',') {
                let is_setting = column.contains('.');
                assert!(is_setting || explained.contains(column), "{name}: {column}");
                columns += 1;
            }
        }
    }
    assert!(columns > 80, "{columns}");
}
