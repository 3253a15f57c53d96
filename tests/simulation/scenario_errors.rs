//! The error message of every invalid scenario in `fixtures/bad`, as a snapshot beside it.

use std::path::{Path, PathBuf};

use gilsim::scenario::Scenario;

/// A fixture's `--set` options: its first lines, as comments.
fn options(path: &Path) -> Vec<String> {
    let text = String::from_utf8_lossy(&std::fs::read(path).expect("a fixture can be read")).into_owned();
    text.lines()
        .map_while(|line| line.strip_prefix("# --set "))
        .map(str::to_owned)
        .collect()
}

pub(super) fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures").join(folder);
    let entries = folder
        .read_dir()
        .expect("the folder is there")
        .map(|entry| entry.expect("can be read").path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn every_bad_scenario_is_refused_in_words_that_help() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../fixtures/bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in fixtures("bad") {
            let name = path
                .file_stem()
                .expect("has a name")
                .to_string_lossy()
                .into_owned();
            let diagnostics = Scenario::load(&path, &options(&path), None).expect_err(&name);
            insta::assert_snapshot!(name, diagnostics.render(false));
        }
    });
}
