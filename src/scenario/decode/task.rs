//! `[[task]]` and `[[background]]`.

use crate::input::{Complaint, Place, Reader, Value};
use crate::units::{Nanos, grouped};

use super::super::format::{BACKGROUND, MOST_ITEMS, MOST_THREADS, PAYLOAD, TASK};
use super::super::{Background, Demand, TaskGroup};
use super::machine::small;
use super::{Decoder, graph, limits, out_of_place, step};
use crate::model::{Payload, PayloadKind};

/// A group of tasks with its place in the file, for checks that concern several groups.
#[derive(Debug)]
pub struct Task<'t> {
    /// The group itself.
    pub group: TaskGroup,
    /// Its table.
    pub reader: Reader<'t>,
    /// Its `count`, where it is given.
    pub count: Option<u64>,
}

impl Task<'_> {
    /// The place of the key that says how many items it has, or of the whole table.
    pub fn demand_place(&self) -> Place {
        self.reader.value_place(self.never_ends().unwrap_or("count"))
    }

    /// The key because of which its requests are repeated, or `None` where its items are counted.
    pub fn never_ends(&self) -> Option<&'static str> {
        match self.group.demand {
            Demand::Count(_) => None,
            Demand::Clients { .. } => Some("clients"),
            Demand::Arrivals { .. } => Some("arrivals"),
        }
    }
}

/// All groups, in the file's order, with the edges between them.
pub fn tasks<'t>(decoder: &Decoder<'t>, scenario: &Reader<'t>) -> Option<Vec<Task<'t>>> {
    let field = scenario.given("task")?;
    let nodes = field.tables()?;
    if nodes.is_empty() {
        return field.complain("there are no tasks", "an empty list");
    }
    let readers: Vec<Option<Reader<'t>>> = nodes
        .iter()
        .map(|node| Reader::open(scenario.reading, node, &TASK))
        .collect();
    let tasks: Vec<Option<Task<'t>>> = readers.iter().map(|reader| task(decoder, (*reader)?)).collect();
    let names: Vec<Option<&str>> = readers.iter().map(|reader| name((*reader)?)).collect();
    let unique = refuse_duplicates(&readers, &names);
    // Edges are checked even where other keys are wrong, provided that every group has a name.
    let names: Option<Vec<&str>> = names.into_iter().collect();
    let edges = names
        .filter(|_| unique)
        .and_then(|names| graph::edges(&readers, &names));
    let mut tasks: Vec<Task<'t>> = tasks.into_iter().collect::<Option<_>>()?;
    for (task, after) in tasks.iter_mut().zip(edges?) {
        task.group.after = after;
    }
    graph::count_items(&mut tasks)?;
    Some(tasks)
}

/// The name, or `None` if it has already been refused.
fn name<'t>(reader: Reader<'t>) -> Option<&'t str> {
    reader.identifier("name")
}

/// Refuses names that are used twice.
fn refuse_duplicates(readers: &[Option<Reader<'_>>], names: &[Option<&str>]) -> bool {
    let mut unique = true;
    for (index, (reader, name)) in readers.iter().zip(names).enumerate() {
        let first = names[..index]
            .iter()
            .position(|earlier| name.is_some() && earlier == name);
        if let (Some(reader), Some(name), Some(Some(first))) =
            (reader, name, first.map(|first| &readers[first]))
        {
            unique = false;
            let title = format!("two {} are named `{name}`", reader.format.name);
            reader.reading.complaints.add(
                Complaint::at(reader.value_place("name"), title)
                    .label("again")
                    .see(first.value_place("name"), "the first")
                    .help("use unique names, because other tables and --set refer to them"),
            );
        }
    }
    unique
}

fn task<'t>(decoder: &Decoder<'t>, reader: Reader<'t>) -> Option<Task<'t>> {
    let name = reader.identifier("name");
    let argument = payload(&reader, "argument");
    let result = payload(&reader, "result");
    let steps = decoder.some_steps(&reader, "steps");
    let steps = steps.and_then(|steps| step::refuse_endless(&reader, "steps", steps));
    let demand = demand(decoder, &reader, steps.as_deref());
    let (demand, count) = demand?;
    let group = TaskGroup {
        name: name?.to_owned(),
        demand,
        argument: argument?,
        result: result?,
        steps: steps?,
        after: Vec::new(),
    };
    Some(Task { group, reader, count })
}

/// The number of items, or what requests them. A count that depends on other groups is filled in later.
fn demand<'t>(
    decoder: &Decoder<'t>,
    reader: &Reader<'t>,
    steps: Option<&[super::super::Step]>,
) -> Option<(Demand, Option<u64>)> {
    if reader.has("arrivals") {
        return arrivals(decoder, reader);
    }
    if !reader.has("clients") {
        let mut in_place = true;
        for key in ["think", "duration", "warmup"]
            .into_iter()
            .filter(|key| reader.has(key))
        {
            in_place = false;
            reader.reading.complaints.add(out_of_place(
                reader,
                key,
                "only a group with `clients` has it",
                "remove it: a group with `clients` repeats its requests, a group with `count` only has its items",
            ));
        }
        let count = if reader.has("count") {
            Some(reader.integer("count")?)
        } else {
            None
        };
        if count.is_none() && !reader.has("after") {
            return reader.refuse(
                Complaint::at(reader.place, "[[task]] needs `count`, `clients` or `arrivals`")
                    .label("the number of its items is not given")
                    .help(
                        "add `count` = a number of items, `clients` = a number of clients that repeat requests, or \
                         `arrivals` = the time from one request to the next",
                    ),
            );
        }
        return in_place.then_some((Demand::Count(count.unwrap_or(1)), count));
    }
    if reader.has("count") {
        return reader.refuse(
            Complaint::at(
                reader.key_place("count"),
                "`count` and `clients` cannot be combined",
            )
            .label("a fixed number of items")
            .see(reader.key_place("clients"), "as many items as clients request")
            .help("keep one of them"),
        );
    }
    let counted = duration_and_warmup(reader, "clients", "clients send requests until they are stopped")?;
    let clients = reader.integer("clients");
    let think = decoder.time(reader, "think");
    let (think, steps) = (think?, steps?);
    if think.is_zero() && step::take_no_time(steps) {
        return reader.refuse(
            Complaint::at(reader.value_place("steps"), "a request here takes no time")
                .label("every step takes zero time, and `think` is zero")
                .help("clients would send infinitely many requests: give a step some time"),
        );
    }
    let demand = Demand::Clients {
        clients: small(clients?),
        think,
        duration: counted.0,
        warmup: counted.1,
    };
    Some((demand, None))
}

/// The time in which requests are counted, and the time before it in which they are not.
fn duration_and_warmup(reader: &Reader<'_>, key: &str, why: &str) -> Option<(Nanos, Nanos)> {
    if !reader.has("duration") {
        return reader.refuse(
            Complaint::at(
                reader.key_place(key),
                format!("[[task]] with `{key}` needs a `duration`"),
            )
            .label(why)
            .help("add the time in which requests are counted, for example duration = \"20s\""),
        );
    }
    let (duration, warmup) = (reader.duration("duration"), reader.duration("warmup"));
    Some((duration?, warmup?))
}

/// An open system: requests arrive on their own.
fn arrivals<'t>(decoder: &Decoder<'t>, reader: &Reader<'t>) -> Option<(Demand, Option<u64>)> {
    let mut in_place = true;
    for (key, why) in [
        ("count", "a fixed number of items"),
        ("clients", "as many items as clients request"),
        ("think", "only a group with `clients` has it"),
    ] {
        if reader.has(key) {
            in_place = false;
            reader.reading.complaints.add(
                Complaint::at(
                    reader.key_place(key),
                    format!("`{key}` and `arrivals` cannot be combined"),
                )
                .label(why)
                .see(reader.key_place("arrivals"), "requests that arrive on their own")
                .help("keep one of them"),
            );
        }
    }
    let counted = duration_and_warmup(reader, "arrivals", "requests come until they are stopped");
    let between = decoder.time(reader, "arrivals");
    let (between, (duration, warmup)) = (between?, counted?);
    let mean = limits::mean(&between);
    let number = u128::from(duration.saturating_add(warmup).0).checked_div(mean);
    if number.is_none_or(|number| number > u128::from(MOST_ITEMS)) {
        let title = match number {
            None => "requests come infinitely often".to_owned(),
            Some(_) => format!("more than {} requests", grouped(MOST_ITEMS)),
        };
        return reader.refuse(
            Complaint::at(reader.value_place("arrivals"), title)
                .label("the time from one request to the next")
                .help("use a longer time between requests, or a shorter `duration`"),
        );
    }
    let demand = Demand::Arrivals {
        between,
        duration,
        warmup,
    };
    in_place.then_some((demand, None))
}

/// `"2 MB"` or `{ size = "2 MB", kind = "dict" }`
fn payload(reader: &Reader<'_>, key: &str) -> Option<Payload> {
    let Some(field) = reader.given(key) else {
        return reader.size(key).map(|size| Payload {
            size,
            kind: PayloadKind::default(),
        });
    };
    if !matches!(field.node.value, Value::Table(_)) {
        return field.size().map(|size| Payload {
            size,
            kind: PayloadKind::default(),
        });
    }
    let inner = Reader::open(field.reading, field.node, &PAYLOAD)?;
    let (size, kind) = (inner.size("size"), inner.word_of("kind"));
    Some(Payload {
        size: size?,
        kind: kind?,
    })
}

/// All background threads, in the file's order.
pub fn background<'t>(decoder: &Decoder<'t>, scenario: &Reader<'t>) -> Option<Vec<Background>> {
    let Some(field) = scenario.given("background") else {
        return Some(Vec::new());
    };
    let nodes = field.tables()?;
    let readers: Vec<Option<Reader<'t>>> = nodes
        .iter()
        .map(|node| Reader::open(scenario.reading, node, &BACKGROUND))
        .collect();
    let names: Vec<Option<&str>> = readers.iter().map(|reader| name((*reader)?)).collect();
    refuse_duplicates(&readers, &names);
    let all: Vec<Option<Background>> = readers
        .iter()
        .map(|reader| one_background(decoder, &(*reader)?))
        .collect();
    let all: Vec<Background> = all.into_iter().collect::<Option<_>>()?;
    let total: u64 = all.iter().map(|background| u64::from(background.count)).sum();
    if total > MOST_THREADS {
        return field.complain(
            format!("{total} background threads are too many"),
            "at most 65 536 together",
        );
    }
    Some(all)
}

fn one_background<'t>(decoder: &Decoder<'t>, reader: &Reader<'t>) -> Option<Background> {
    let name = reader.identifier("name");
    let count = reader.integer("count");
    let place = reader.word("place");
    let steps = decoder.some_steps(reader, "steps")?;
    if step::take_no_time(&steps) {
        return reader.refuse(
            Complaint::at(
                reader.value_place("steps"),
                "a background thread that takes no time",
            )
            .label("every step takes zero time")
            .help("it would repeat its steps infinitely often: give one of them some time, or \"forever\""),
        );
    }
    place?;
    Some(Background {
        name: name?.to_owned(),
        count: small(count?),
        steps,
    })
}
