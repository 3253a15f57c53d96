//! Reads `[published]` and its CSV file, and finds the configurations that each figure belongs to.

use std::collections::BTreeSet;

use crate::input::{Complaint, Complaints, Field, Node, Place, Reader, Reading, Value, did_you_mean, list};

use super::super::axes::{Axes, shown};
use super::super::files::Files;
use super::super::format::{COLUMNS, PUBLISHED};
use super::super::overrides::settable_paths;
use super::{Cell, MatchValue, Metric, Published};

/// A column of the CSV file, and its path or column in our results.
struct Column<'t> {
    index: usize,
    ours: &'t str,
}

/// The dotted paths that `match` names: each has a column, even where it has a single value.
pub fn matched_paths(root: &Node) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let Value::Table(table) = &root.value else {
        return paths;
    };
    let Some(Value::Table(published)) = table.get("published").map(|entry| &entry.node.value) else {
        return paths;
    };
    let Some(Value::Table(matches)) = published.get("match").map(|entry| &entry.node.value) else {
        return paths;
    };
    for entry in &matches.entries {
        if let Value::Text(path) = &entry.node.value {
            paths.insert(path.clone());
        }
    }
    paths
}

/// Reads `[published]` and checks every name in it against the CSV file and the scenario. `Some(None)` means that the
/// scenario has no such table.
pub fn published(
    complaints: &Complaints,
    root: &Node,
    axes: &Axes,
    files: &Files,
) -> Option<Option<Published>> {
    let Value::Table(table) = &root.value else {
        return None;
    };
    let Some(entry) = table.get("published") else {
        return Some(None);
    };
    let reader = Reader::open(Reading::new(complaints), &entry.node, &PUBLISHED)?;
    let ours = check_paths(&reader, root, axes);
    let file = reader.text("file")?;
    let source = files.table(complaints, file, reader.value_place("file"))?;
    let mut sheet = Sheet::read(complaints, source)?;
    let of_interest = values(&reader, "where", "so there is nothing to compare", &sheet)?;
    sheet.rows.retain(|row| row.has(&of_interest));
    let metric = metric(&reader, &sheet);
    let columns = match_columns(&reader, &sheet);
    let fitted = values(&reader, "fitted_on", "so nothing was fitted on it", &sheet);
    let (metric, columns, fitted) = (metric?, columns?, fitted?);
    ours?;
    let cells = sheet.cells(complaints, metric.0, &columns, &fitted)?;
    Some(Some(Published {
        file: file.to_owned(),
        metric: metric.1,
        cells,
    }))
}

/// Every path in `match` must be a column of the results.
fn check_paths(reader: &Reader<'_>, root: &Node, axes: &Axes) -> Option<()> {
    let paths = axes.paths();
    let settable = settable_paths(root);
    let mut all_known = true;
    for (_, _, field) in reader.given("match")?.pairs()? {
        let Some(path) = field.text() else {
            all_known = false;
            continue;
        };
        if COLUMNS.contains(&path) || paths.contains(path) {
            continue;
        }
        all_known = false;
        let columns: Vec<&str> = COLUMNS.iter().copied().chain(paths.iter().copied()).collect();
        let candidates = columns
            .iter()
            .copied()
            .chain(settable.iter().map(|(path, _)| path.as_str()));
        let label = match settable.iter().any(|(known, _)| known == path) {
            true => "this scenario leaves it at its default: write it down, and it has a column".to_owned(),
            false => did_you_mean(path, candidates).unwrap_or_default(),
        };
        let complaint = Complaint::at(
            field.node.place,
            format!("`{path}` is not a column of the results"),
        )
        .label(label)
        .help(format!("use one of {}", list(&columns, "or")));
        reader.reading.complaints.add(complaint);
    }
    all_known.then_some(())
}

fn metric(reader: &Reader<'_>, sheet: &Sheet) -> Option<(usize, Metric)> {
    let field = reader.given("metric")?;
    let pairs = field.pairs()?;
    let [(theirs, place, value)] = pairs.as_slice() else {
        return field.refuse(
            Complaint::at(field.node.place, "`metric` must have exactly one pair")
                .label(format!("{} pairs", pairs.len()))
                .help("write metric = { their_column = \"makespan_s\" }, and use another scenario for another metric"),
        );
    };
    let ours = value.word();
    let index = sheet.column(reader, theirs, *place);
    Some((
        index?,
        Metric {
            theirs: (*theirs).to_owned(),
            ours: ours?.to_owned(),
        },
    ))
}

fn match_columns<'t>(reader: &Reader<'t>, sheet: &Sheet) -> Option<Vec<Column<'t>>> {
    let pairs = reader.given("match")?.pairs()?;
    let column = |(theirs, place, field): &(&'t str, Place, Field<'t>)| {
        let index = sheet.column(reader, theirs, *place);
        Some(Column {
            index: index?,
            ours: field.text()?,
        })
    };
    let columns: Vec<Option<Column<'t>>> = pairs.iter().map(column).collect();
    columns.into_iter().collect()
}

/// A column of the CSV file, and the values in it that select a row, as written.
type Picked = (usize, Vec<String>);

/// The rows that `key` picks: those that it speaks of, or those that the profile was fitted on. `otherwise` says what
/// follows from a value that no row has.
fn values(reader: &Reader<'_>, key: &str, otherwise: &str, sheet: &Sheet) -> Option<Vec<Picked>> {
    let Some(field) = reader.given(key) else {
        return Some(Vec::new());
    };
    let complaints = reader.reading.complaints;
    let column = |(theirs, place, field): &(&str, Place, Field<'_>)| -> Option<Picked> {
        let index = sheet.column(reader, theirs, *place)?;
        let nodes: Vec<&Node> = match &field.node.value {
            Value::List(nodes) => nodes.iter().collect(),
            _ => vec![field.node],
        };
        let mut values = Vec::new();
        for node in nodes {
            if !matches!(
                node.value,
                Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_)
            ) {
                return field.mistaken();
            }
            let value = shown(node, complaints);
            if !sheet.rows.iter().any(|row| same(row.text(index), &value)) {
                return field.refuse(
                    Complaint::at(node.place, format!("no row has `{theirs}` = {value}"))
                        .label(otherwise)
                        .help("write the value as in the CSV file"),
                );
            }
            values.push(value);
        }
        Some((index, values))
    };
    let columns: Vec<Option<Picked>> = field.pairs()?.iter().map(column).collect();
    columns.into_iter().collect()
}

/// Whether two texts mean the same value. They are compared as numbers if both are numbers.
fn same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.replace('_', "").parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// A CSV file with a header.
struct Sheet {
    source: usize,
    text: String,
    header: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    fields: Vec<String>,
    /// The byte where its line starts.
    start: usize,
}

impl Row {
    fn text(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |field| field.as_str())
    }

    /// Whether it has one of the selected values in each of the columns.
    fn has(&self, picked: &[Picked]) -> bool {
        picked
            .iter()
            .all(|(index, values)| values.iter().any(|value| same(self.text(*index), value)))
    }
}

impl Sheet {
    /// Reads a registered source. Refuses rows with more or fewer fields than the header.
    fn read(complaints: &Complaints, source: usize) -> Option<Self> {
        let text = complaints.source_text(source);
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut header: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        for record in csv.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    return complaints.refuse(Complaint::at(
                        Place::whole(source),
                        format!("this is not a CSV file: {error}"),
                    ));
                }
            };
            let start = record.position().map_or(0, |position| position.byte() as usize);
            let start = skip_comments(&text, start);
            let fields: Vec<String> = record.iter().map(str::to_owned).collect();
            match &header {
                None => header = Some(fields),
                Some(header) if header.len() != fields.len() => {
                    let title = format!("{} fields, but the header has {}", fields.len(), header.len());
                    return complaints.refuse(
                        Complaint::at(line(source, &text, start), title)
                            .label("a row needs a field for every column")
                            .help("leave the field of an unknown figure empty"),
                    );
                }
                Some(_) => rows.push(Row { fields, start }),
            }
        }
        let header = header.filter(|_| !rows.is_empty());
        let Some(header) = header else {
            let complaint = Complaint::at(Place::whole(source), "this file contains no figures");
            return complaints.refuse(
                complaint.help("write the column names in the first line, and a row for each figure"),
            );
        };
        Some(Self {
            source,
            text,
            header,
            rows,
        })
    }

    /// The index of a column of the CSV file. `place` is where the scenario names it.
    fn column(&self, reader: &Reader<'_>, name: &str, place: Place) -> Option<usize> {
        let index = self.header.iter().position(|column| column == name);
        if index.is_none() {
            let guess = did_you_mean(name, self.header.iter().map(String::as_str));
            let complaint = Complaint::at(place, format!("the CSV file has no column `{name}`"))
                .label(guess.unwrap_or_default())
                .help(format!("use one of {}", list(&self.header, "or")));
            reader.reading.complaints.add(complaint);
        }
        index
    }

    /// One cell for each row with a figure.
    fn cells(
        &self,
        complaints: &Complaints,
        metric: usize,
        columns: &[Column<'_>],
        fitted: &[Picked],
    ) -> Option<Vec<Cell>> {
        let mut cells = Vec::new();
        for row in self.rows.iter().filter(|row| !row.text(metric).is_empty()) {
            let written = row.text(metric);
            let value = written.parse::<f64>().ok().filter(|value| value.is_finite());
            let Some(value) = value else {
                return complaints.refuse(
                    Complaint::at(
                        self.place_of(row, written),
                        format!("`{written}` is not a number"),
                    )
                    .label(format!("in column `{}`", self.header[metric]))
                    .help("write a number in SI units, without the unit; leave an unknown figure empty"),
                );
            };
            let matches = columns
                .iter()
                .map(|column| (column.ours.to_owned(), match_value(row.text(column.index))))
                .collect();
            let fitted = !fitted.is_empty() && row.has(fitted);
            cells.push(Cell {
                matches,
                value,
                fitted,
            });
        }
        if cells.is_empty() {
            let title = format!("column `{}` has no figures", self.header[metric]);
            return complaints.refuse(
                Complaint::at(line(self.source, &self.text, skip_comments(&self.text, 0)), title)
                    .label("every field below is empty")
                    .help("name a column with numbers under `metric`"),
            );
        }
        Some(cells)
    }

    /// The place of a field in its line, or the whole line if the field is quoted or escaped.
    fn place_of(&self, row: &Row, written: &str) -> Place {
        let line = line(self.source, &self.text, row.start);
        let (start, end) = line.span.unwrap_or((0, 0));
        match self.text[start..end].find(written) {
            Some(offset) => Place::new(self.source, start + offset, start + offset + written.len()),
            None => line,
        }
    }
}

/// The first byte at or after `start` that is neither blank nor in a comment, because that is where a record starts.
fn skip_comments(text: &str, start: usize) -> usize {
    let mut start = start;
    for line in text[start..].split_inclusive('\n') {
        let written = line.trim_start();
        if !written.is_empty() && !written.starts_with('#') {
            return start + (line.len() - written.len());
        }
        start += line.len();
    }
    start
}

/// The line that starts at a byte.
fn line(source: usize, text: &str, start: usize) -> Place {
    let length = text[start..].find(['\r', '\n']).unwrap_or(text.len() - start);
    Place::new(source, start, start + length)
}

/// A number if the text is one, else the text.
fn match_value(text: &str) -> MatchValue {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => MatchValue::Number(number),
        _ => MatchValue::Text(text.to_owned()),
    }
}
