//! Reading any file either reports errors that can be rendered, or gives a scenario that the JSON Schema accepts.

use std::path::Path;

use crate::common::cases;
use gilsim::scenario::Scenario;
use proptest::prelude::*;

const GOOD: &[&str] = &[
    include_str!("../fixtures/good/thumbnails.toml"),
    include_str!("../fixtures/good/echo.toml"),
    include_str!("../fixtures/good/graph.toml"),
    include_str!("../fixtures/good/everything.toml"),
];

/// Tokens that are likely to confuse a reader.
const TOKENS: &[&str] = &[
    "",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "\"",
    "=",
    ",",
    ".",
    "\n",
    "0",
    "-1",
    "99999999999999999999",
    "1e400",
    "nan",
    "inf",
    "true",
    "[[run]]\n",
    "[[task]]\n",
    "[task]\n",
    "[]",
    "[[]]",
    "{}",
    "\"5ms\"",
    "\"0ms\"",
    "\"forever\"",
    "\"1h\"",
    "\"1 GiB\"",
    "\"each\"",
    "\"all\"",
    "\"cores\"",
    "\"processes\"",
    "\"server\"",
    "[1, 2]",
    "[\"1ms\", \"2ms\"]",
    "count = 5\n",
    "clients = 2\n",
    "duration = \"1s\"\n",
    "after = [\"decode\"]\n",
    "chunksize = 7\n",
    "é",
    "\u{feff}",
    "\r",
    "\0",
    "1979-05-27",
    "'''",
    "python",
    "io",
    "lock",
    "repeat",
    "update",
    "steps",
    "name",
];

/// The scenario, if the text is valid. Otherwise the errors must render.
fn read(text: &str, options: &[String]) -> Option<Scenario> {
    let base = Path::new("tests/fixtures/good");
    match Scenario::parse(Path::new("mutant.toml"), text, base, options, None) {
        Ok(scenario) => Some(scenario),
        Err(diagnostics) => {
            assert!(!diagnostics.complaints().is_empty());
            assert!(diagnostics.render(true).contains("error"));
            None
        }
    }
}

/// The schema, compiled once.
fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        jsonschema::draft202012::new(&gilsim::scenario::schema()).expect("the schema is one")
    });
    &VALIDATOR
}

/// Replaces a part of a text by a token. `start` is a fraction of the text's length.
fn mutate(text: &mut String, start: f64, length: usize, token: &str) {
    let floor = |index: f64| {
        (0..=index as usize)
            .rev()
            .find(|index| text.is_char_boundary(*index))
            .unwrap_or(0)
    };
    let from = floor(start * text.len() as f64);
    let to = floor((from + length).min(text.len()) as f64).max(from);
    text.replace_range(from..to, token);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bytes.toml");
        std::fs::write(&path, &bytes).expect("a file is written");
        if let Err(diagnostics) = Scenario::load(&path, &[], None) {
            prop_assert!(!diagnostics.render(false).is_empty());
        }
    }

    #[test]
    fn any_change_of_a_good_scenario_is_read_as_the_schema_has_it(
        which in 0..GOOD.len(),
        changes in prop::collection::vec((0.0..1.0f64, 0..12usize, 0..TOKENS.len()), 0..4),
    ) {
        let mut text = GOOD[which].to_owned();
        for (start, length, token) in changes {
            mutate(&mut text, start, length, TOKENS[token]);
        }
        if read(&text, &[]).is_some() {
            let document = toml::from_str::<serde_json::Value>(&text).expect("it was read");
            let errors: Vec<String> = validator().iter_errors(&document).map(|e| e.to_string()).collect();
            prop_assert!(errors.is_empty(), "read, but not by the schema: {errors:?}\n{text}");
        }
    }

    #[test]
    fn any_option_is_read_or_refused_without_a_panic(
        which in 0..GOOD.len(),
        path in prop::sample::select(vec![
            "machine.cores", "python.version", "program.setup.0.python", "task.thumbnail.steps.1.native.lognormal.cv",
            "task.filter.steps.0.repeat", "run.workers", "run.switch_interval", "background.busy.count", "title", "",
        ]),
        value in "\\PC{0,12}",
        token in 0..TOKENS.len(),
    ) {
        read(GOOD[which], &[format!("{path}={value}"), format!("{path}={}", TOKENS[token]), value]);
    }
}
