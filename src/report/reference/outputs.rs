//! `outputs.md`: every file that a command writes, and every column and field in it.

use super::markdown::{Page, code, codes};
use crate::input::WordEnum;
use crate::report::manifest::{Input, Manifest, Output};
use crate::report::measured::Record;
use crate::report::record::Field;
use crate::report::{compared, published, validated};
use crate::results::Status;
use crate::results::column::Column;
use crate::results::figures::{FIGURES, Figure};
use crate::results::measured::{REPETITION, SPREAD, is_measured};
use crate::results::sheet::{COUNTED, IDENTITY, REPLICATION};

/// A file, the command that writes it, and what it holds.
type File = (&'static str, &'static str, &'static str);

const FILES: [File; 16] = [
    ("results.csv", "run", "a row for each configuration"),
    (
        "replications.csv",
        "run",
        "a row for each configuration and replication",
    ),
    (
        "published.csv",
        "run",
        "a row for each published figure, where the scenario names a published table",
    ),
    (
        "speedup.svg",
        "run",
        "the plot: speedup, throughput or the published figure over cores, workers or the swept setting",
    ),
    ("speedup.png", "run", "the same plot in pixels"),
    (
        "manifest.json",
        "run",
        "what went into the run, and the SHA-256 digest of each file",
    ),
    (
        "measured.csv",
        "measure",
        "a row for each configuration that was measured",
    ),
    (
        "repetitions.csv",
        "measure",
        "a row for each configuration and repetition",
    ),
    (
        "measured.json",
        "measure",
        "what was measured, where, and what was skipped",
    ),
    (
        "compared.csv",
        "compare",
        "a row for each configuration and figure, simulated beside measured",
    ),
    (
        "choices.csv",
        "compare",
        "a row for each sweep: the best configuration in the simulation and on the host",
    ),
    (
        "compared.svg",
        "compare",
        "the measured points on the simulated lines",
    ),
    ("compared.png", "compare", "the same plot in pixels"),
    (
        "validation.csv",
        "validate",
        "the rows of every program's `compared.csv`",
    ),
    (
        "validation_choices.csv",
        "validate",
        "the rows of every program's `choices.csv`",
    ),
    ("validation.txt", "validate", "the table that is printed"),
];

pub fn page() -> String {
    let mut page = Page::titled("Output files");
    page.text(
        "CSV files have a header line and end each line with a line feed. Numbers have 9 significant digits; times are in \
         seconds. An empty cell means that there is no such figure, which is not the same as zero. New columns are only ever \
         added, so read columns by name.",
    );
    files(&mut page);
    results(&mut page);
    replications(&mut page);
    published_table(&mut page);
    manifest(&mut page);
    measured(&mut page);
    compared_tables(&mut page);
    validation(&mut page);
    page.finish()
}

fn files(page: &mut Page) {
    page.heading(2, "Every file");
    let row = |(name, verb, what): &File| [code(name), format!("`gilsim {verb}`"), (*what).to_owned()];
    page.table(["file", "written by", "content"], &FILES.map(|file| row(&file)));
    page.text(
        "The folder is `output/SCENARIO` for `run`, `output/SCENARIO-measured` for `measure` and `compare`, and \
         `output/validation` for `validate`; `--out` names another one. `gilsim validate` also writes `profile.toml` (the \
         costs of the host), each program as a scenario file, and a folder for each program with the files of `run`, `measure` \
         and `compare`. `gilsim calibrate` writes a [profile](profile.md).",
    );
}

fn results(page: &mut Page) {
    page.heading(2, "`results.csv`");
    page.text(
        "A row for each configuration, in the order of the scenario. A figure is the mean over the replications, unless its \
         meaning says otherwise. Figures of finished work are empty unless all replications are `done`.",
    );
    page.text("These columns say which configuration it is:");
    page.columns(&IDENTITY);
    page.text(
        "Then comes a column for each other setting that the scenario sweeps, named by its path, such as \
         `python.switch_interval` or `task.item.count`. Durations are in seconds and sizes in bytes.",
    );
    page.text("The figures:");
    page.columns(FIGURES.iter().map(|figure| &figure.column));
    page.text("A `status` is one of these words; the later ones are worse:");
    let words = Status::WORDS.list.iter();
    let rows: Vec<_> = words
        .map(|word| [code(word.text), word.help.to_owned()])
        .collect();
    page.table(["status", "meaning"], &rows);
}

fn replications(page: &mut Page) {
    page.heading(2, "`replications.csv`");
    page.text(
        "A row for each configuration and replication. First come the columns that say which configuration it is, as in \
         `results.csv`, then:",
    );
    page.columns(&REPLICATION);
    let figures = Figure::of_each().map(|figure| figure.column.name);
    page.text(&format!(
        "Then the figures of `results.csv` that a single replication has: {}. Last:",
        codes(figures)
    ));
    page.columns(&COUNTED);
}

fn published_table(page: &mut Page) {
    page.heading(2, "`published.csv`");
    page.text(
        "A row for each published figure and each configuration that it describes. First comes a column for each setting that \
         the scenario's `[published]` table is matched by, then:",
    );
    page.columns(&published::FIGURES);
}

fn manifest(page: &mut Page) {
    page.heading(2, "`manifest.json`");
    page.text("`gilsim run --verify manifest.json` runs the same again and compares every byte.");
    fields(page, Manifest::FIELDS);
    page.text("`scenario` and each of `profiles` is an object:");
    fields(page, Input::FIELDS);
    page.text("Each of `outputs` is an object:");
    fields(page, Output::FIELDS);
}

fn measured(page: &mut Page) {
    page.heading(2, "`measured.csv`");
    let not_measured = FIGURES
        .iter()
        .map(|figure| figure.column.name)
        .filter(|name| !is_measured(name));
    page.text(&format!(
        "A row for each configuration that was measured, with the columns of `results.csv`: repetitions take the place of \
         replications. What cannot be measured from outside stays empty: {}. Then:",
        codes(not_measured)
    ));
    page.columns(&SPREAD);
    page.heading(2, "`repetitions.csv`");
    page.text(
        "A row for each configuration and repetition, with the columns of `replications.csv`. `replication` is the number of \
         the simulated replication with the same random times. Then:",
    );
    page.columns(&REPETITION);
    page.heading(2, "`measured.json`");
    fields(page, Record::FIELDS);
}

fn compared_tables(page: &mut Page) {
    page.heading(2, "`compared.csv`");
    page.text(
        "A row for each configuration and figure; where a configuration has no figures, one row that says why. First come the \
         columns that say which configuration it is, as in `results.csv`, then:",
    );
    page.columns(&compared::FIGURES);
    page.heading(2, "`choices.csv`");
    page.text(
        "A row for each sweep: all configurations that do the same work on the same machine and differ in what a programmer may \
         choose, such as the executor or the number of workers.",
    );
    page.columns(&compared::CHOICES);
}

fn validation(page: &mut Page) {
    page.heading(2, "`validation.csv`");
    let columns: Vec<&Column> = validated::CONFIGURATION
        .iter()
        .chain(&compared::FIGURES)
        .collect();
    page.columns(columns);
    page.heading(2, "`validation_choices.csv`");
    let columns: Vec<&Column> = std::iter::once(&validated::SCENARIO)
        .chain(&compared::CHOICES)
        .collect();
    page.columns(columns);
}

fn fields(page: &mut Page, fields: &[Field]) {
    let rows: Vec<_> = fields
        .iter()
        .map(|field| [code(field.name), field.meaning()])
        .collect();
    page.table(["field", "meaning"], &rows);
}
