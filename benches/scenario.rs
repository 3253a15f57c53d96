//! A whole scenario, from its text to its results.

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use gilsim::experiment;
use gilsim::scenario::Scenario;

fn quickstart(criterion: &mut Criterion) {
    let path = Path::new("scenarios/quickstart.toml");
    criterion.bench_function("quickstart", |bench| {
        bench.iter(|| {
            let scenario = Scenario::load(path, &[], None).expect("a bundled scenario");
            experiment::run(scenario, || ())
        });
    });
}

criterion_group!(scenario, quickstart);
criterion_main!(scenario);
