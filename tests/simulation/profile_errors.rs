//! The error message of every invalid profile in `fixtures/bad-profiles`, as a snapshot beside it.

use std::path::Path;

use gilsim::profile::Profile;

use super::scenario_errors::fixtures;

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../fixtures/bad-profiles");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_bad_profile_is_refused_in_words_that_help() {
    settings().bind(|| {
        for path in fixtures("bad-profiles") {
            let name = path
                .file_stem()
                .expect("has a name")
                .to_string_lossy()
                .into_owned();
            let diagnostics = Profile::load(&path.display().to_string(), Path::new("")).expect_err(&name);
            insta::assert_snapshot!(name, diagnostics.render(false));
        }
    });
}

#[test]
fn each_missing_field_of_a_profile_that_is_like_no_other_is_named() {
    let whole = Profile::load("linux-x86_64", Path::new("")).expect("a bundled profile is complete");
    let is_kept = |line: &&str| {
        !["finish =", "tick =", "sibling_busy ="]
            .iter()
            .any(|key| line.starts_with(key))
    };
    let text: Vec<&str> = whole.text.lines().filter(is_kept).collect();
    let diagnostics = Profile::parse("mine.toml", &text.join("\n")).expect_err("fields are missing");
    settings().bind(|| insta::assert_snapshot!("fields-missing", diagnostics.render(false)));
}

#[test]
fn a_profile_that_does_not_exist_is_told_from_a_bundled_one() {
    let diagnostics = Profile::load("linux-x86-64", Path::new("somewhere")).expect_err("there is none");
    settings().bind(|| insta::assert_snapshot!("no-such-profile", diagnostics.render(false)));
}
