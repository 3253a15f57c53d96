//! The JSON Schema and the decoder must agree: on every good scenario, and on every structural mistake.

use std::collections::BTreeSet;
use std::path::Path;

/// Mistakes that concern several keys, other files, or the size of things: a schema cannot see them.
const BEYOND_A_SCHEMA: &[&str] = &[
    "after-clients",
    "after-count",
    "after-counts-differ",
    "after-cycle",
    "after-itself",
    "after-unknown",
    "arrivals-after",
    "arrivals-and-others",
    "arrivals-at-once",
    "arrivals-too-many",
    "arrivals-without-duration",
    "arrivals-without-server",
    "asyncio-lock-of-thread",
    "asyncio-mixed",
    "asyncio-too-old",
    "axis-in-axis",
    "axis-overridden",
    "background-no-time",
    "channel-without-consumers",
    "chunksize-of-consumers",
    "chunksize-with-each",
    "clients-without-duration",
    "clients-without-server",
    "chunksize-with-apply-async",
    "clients-without-work",
    "consumers-with-after",
    "count-and-clients",
    "count-missing",
    "crash-in-setup",
    "csv-bad-line",
    "csv-empty",
    "csv-missing",
    "distribution-bounds",
    "distribution-mean",
    "duration-beyond-limit",
    "duration-overflow",
    "duration-too-long",
    "duration-too-precise",
    "forever-first",
    "forever-in-task",
    "forkserver-threads",
    "interpreters-too-old",
    "later-server",
    "later-server-processes",
    "limit-too-long",
    "max-tasks-of-old-pool",
    "max-tasks-of-threads",
    "loop-per-thread",
    "max-tasks-too-old",
    "max-tasks-with-fork",
    "memory-none",
    "method-without-pool",
    "mix-empty",
    "mix-inner",
    "names-twice",
    "offload-without-asyncio",
    "profile-malformed",
    "profile-unknown",
    "published-bad-figure",
    "published-columns",
    "published-empty-column",
    "published-fitted",
    "published-missing-file",
    "published-path",
    "published-ragged",
    "published-two-metrics",
    "published-where",
    "runs-alike",
    "runs-alike-in-sweep",
    "runs-empty",
    "server-without-clients",
    "size-too-large",
    "start-method-threads",
    "start-method-too-old",
    "switch-interval-before-3-2",
    "switch-interval-in-old-run",
    "check-interval-after-3-1",
    "workers-no-default-in-2",
    "steps-none",
    "think-without-clients",
    "too-many-configurations",
    "too-many-items-together",
    "too-many-threads",
    "too-much-repeated",
    "too-much-work",
    "touched-too-much",
    "transport-of-objects",
    "transport-of-threads",
    "triangular-bounds",
    "triangular-mode",
    "update-background-no-time",
    "workers-no-default",
    "workers-sequential",
    "workers-too-many",
];

/// The TOML files of a folder that parse, as JSON.
fn documents(folder: &str) -> Vec<(String, serde_json::Value)> {
    let mut documents = Vec::new();
    for entry in Path::new("tests/fixtures")
        .join(folder)
        .read_dir()
        .expect("the folder is there")
    {
        let path = entry.expect("can be read").path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if path.extension().is_none_or(|extension| extension != "toml") || text.starts_with("# --set") {
            continue;
        }
        let Ok(document) = toml::from_str::<serde_json::Value>(&text) else {
            continue;
        };
        documents.push((
            path.file_stem()
                .expect("has a name")
                .to_string_lossy()
                .into_owned(),
            document,
        ));
    }
    assert!(!documents.is_empty());
    documents
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&gilsim::scenario::schema()).expect("the schema is one")
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(
        &gilsim::scenario::schema()
    ));
}

#[test]
fn every_good_scenario_fits_the_schema() {
    let validator = validator();
    for (name, document) in documents("good") {
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_schema_sees_exactly_the_structural_mistakes() {
    let validator = validator();
    let unseen: BTreeSet<String> = documents("bad")
        .into_iter()
        .filter(|(_, document)| validator.is_valid(document))
        .map(|(name, _)| name)
        .collect();
    let expected: BTreeSet<String> = BEYOND_A_SCHEMA.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(unseen, expected);
}
