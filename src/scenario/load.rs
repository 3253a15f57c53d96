//! From a file to a [`Scenario`], or to everything that is wrong with it.

use std::path::{Path, PathBuf};

use crate::input::{Complaint, Complaints, Diagnostics, Node, Place, Value, parse_document, read_text};

use super::axes::{self, Axes};
use super::decode::{Decoder, Run};
use super::files::Files;
use super::{Configuration, Demand, Scenario, Step, TaskGroup, labels, overrides, published};

/// The longest scenario that is read, in bytes.
const LONGEST_SCENARIO: u64 = 4 << 20;

impl Scenario {
    /// Reads and checks a scenario file. `overrides` are `--set` options, `path=value`, applied in order; `seed`
    /// overrides the seed of the file.
    ///
    /// # Errors
    /// Everything that is wrong, with its place: the file cannot be read, is not TOML, or is not a valid scenario.
    pub fn load(path: &Path, overrides: &[String], seed: Option<u64>) -> Result<Self, Diagnostics> {
        let complaints = Complaints::new();
        let name = path.display().to_string();
        let Some(source) = read_text(&complaints, path, &name, LONGEST_SCENARIO, None) else {
            return Err(complaints.into_diagnostics());
        };
        let text = complaints.source_text(source);
        let base = path.parent().unwrap_or(Path::new(""));
        Self::check(complaints, source, path, &text, base, overrides, seed)
    }

    /// Checks the text of a scenario. `path` names it in messages; the files that it names are relative to `base`.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(
        path: &Path,
        text: &str,
        base: &Path,
        overrides: &[String],
        seed: Option<u64>,
    ) -> Result<Self, Diagnostics> {
        let complaints = Complaints::new();
        let source = complaints.add_source(path.display().to_string(), text);
        Self::check(complaints, source, path, text, base, overrides, seed)
    }

    fn check(
        complaints: Complaints,
        source: usize,
        path: &Path,
        text: &str,
        base: &Path,
        overrides: &[String],
        seed: Option<u64>,
    ) -> Result<Self, Diagnostics> {
        let parts = read(&complaints, source, text, base, overrides);
        match parts {
            Some(parts) if complaints.is_empty() => {
                let name = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let mut replicate = parts.replicate;
                replicate.seed = seed.unwrap_or(replicate.seed);
                Ok(Self {
                    title: parts.title.unwrap_or_else(|| name.clone()),
                    name,
                    path: PathBuf::from(path),
                    text: text.to_owned(),
                    overrides: overrides.to_vec(),
                    replicate,
                    configurations: parts.configurations,
                    published: parts.published,
                })
            }
            _ => {
                let diagnostics = complaints.into_diagnostics();
                assert!(
                    !diagnostics.complaints().is_empty(),
                    "a scenario was refused without a complaint"
                );
                Err(diagnostics)
            }
        }
    }
}

/// The parts of a scenario's text.
struct Parts {
    title: Option<String>,
    replicate: super::Replicate,
    configurations: Vec<Configuration>,
    published: Option<super::Published>,
}

fn read(
    complaints: &Complaints,
    source: usize,
    text: &str,
    base: &Path,
    options: &[String],
) -> Option<Parts> {
    let mut root = parse_document(complaints, source, text)?;
    overrides::apply(complaints, &mut root, options);
    let promoted = published::matched_paths(&root);
    let axes = axes::mark(complaints, &mut root, &promoted);
    let files = Files::new(base);
    let decoder = Decoder {
        root: &root,
        complaints,
        files: &files,
    };
    let published = published::published(complaints, &root, &axes, &files);
    let configurations = configurations(&decoder, &axes, source);
    let scenario = decoder.scenario(&[])?;
    let title = if scenario.has("title") {
        scenario.text("title").map(str::to_owned)
    } else {
        None
    };
    let random = configurations.iter().flatten().any(is_random);
    let replicate = decoder.replicate(&scenario, random);
    Some(Parts {
        title,
        replicate: replicate?,
        configurations: configurations?,
        published: published?,
    })
}

/// Every configuration, in order. Where there are too many, only one for each run, which still finds most mistakes.
fn configurations(decoder: &Decoder<'_>, axes: &Axes, source: usize) -> Option<Vec<Configuration>> {
    let complaints = decoder.complaints;
    let runs: &[Node] = match decoder.scenario(&[])?.given("run") {
        Some(field) => field.tables()?,
        None => &[],
    };
    if runs.is_empty() {
        if decoder.scenario(&[])?.has("run") {
            complaints.add(Complaint::at(Place::whole(source), "there are no runs").help("add a [[run]]"));
        }
        // Everything else is checked nevertheless.
        return check_without_runs(decoder);
    }
    let labels = labels::labels(complaints, runs);
    let few_enough = axes.are_few_enough(complaints, runs.len());
    let mut configurations = Vec::new();
    for (index, node) in runs.iter().enumerate() {
        let run = Run {
            index,
            node,
            label: labels[index].as_deref(),
        };
        let most = if few_enough { usize::MAX } else { 1 };
        let points = axes.points(index).take(most);
        configurations.extend(points.map(|point| decoder.configuration(run, &point)));
    }
    configurations.into_iter().collect()
}

/// Finds the mistakes in everything but the runs.
fn check_without_runs(decoder: &Decoder<'_>) -> Option<Vec<Configuration>> {
    let node = Node {
        value: Value::Refused,
        place: Place::whole(0),
    };
    let run = Run {
        index: 0,
        node: &node,
        label: None,
    };
    let point = axes::Point {
        choice: Vec::new(),
        swept: Vec::new(),
    };
    decoder.configuration(run, &point).map(|_| Vec::new())
}

/// Whether replications of a configuration differ.
fn is_random(configuration: &Configuration) -> bool {
    let arrives_at_random = |task: &TaskGroup| match &task.demand {
        Demand::Clients { think: time, .. } | Demand::Arrivals { between: time, .. } => time.is_random(),
        Demand::Count(_) => false,
    };
    configuration.program.imports.is_random()
        || configuration.tasks.iter().any(arrives_at_random)
        || configuration.every_step().any(Step::is_random)
}
