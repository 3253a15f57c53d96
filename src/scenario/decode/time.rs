//! Times: fixed, or random with one of several distributions.

use crate::input::{Complaint, Field, Reader, Shape, Value, WordEnum};
use crate::random::{Mix, Part, Time};
use crate::units::Nanos;

use super::super::format::{DISTRIBUTIONS, Kind, PART};
use super::Decoder;
use super::limits;

impl<'t> Decoder<'t> {
    /// The time under a key, or its default.
    pub fn time(&self, reader: &Reader<'t>, key: &str) -> Option<Time> {
        match reader.given(key) {
            Some(field) => self.fixed_or_random(&field),
            None => reader.duration(key).map(Time::Constant),
        }
    }

    fn fixed_or_random(&self, field: &Field<'t>) -> Option<Time> {
        match &field.node.value {
            Value::Text(text) if text == "forever" => match may_last_forever(field) {
                true => field.word().map(|_| Time::Forever),
                false => refuse_forever(field),
            },
            Value::Table(_) => self.random(field),
            _ => field.duration().map(Time::Constant),
        }
    }

    /// `{ lognormal = { mean, cv } }` and the other random times.
    fn random(&self, field: &Field<'t>) -> Option<Time> {
        let variant = field.reading.open_choice(field.node, &DISTRIBUTIONS)?;
        let kind =
            Kind::from_word(variant.format.tag().name).expect("a kind's word is the tag of its format");
        let table = || variant.open_table(kind.word());
        match kind {
            Kind::Uniform => uniform(&table()?),
            Kind::Triangular => triangular(&table()?),
            Kind::Exponential => table()?.duration("mean").map(|mean| Time::Exponential { mean }),
            Kind::Normal => mean_and_cv(&table()?).map(|(mean, cv)| Time::Normal { mean, cv }),
            Kind::LogNormal => mean_and_cv(&table()?).map(|(mean, cv)| Time::LogNormal { mean, cv }),
            Kind::Gamma => mean_and_cv(&table()?).map(|(mean, cv)| Time::Gamma { mean, cv }),
            Kind::Pareto => pareto(&table()?),
            Kind::Empirical => {
                let file = variant.given(kind.word())?;
                self.files.measured(&file).map(Time::Empirical)
            }
            Kind::Mix => self.mix(&variant.given(kind.word())?),
        }
    }

    /// `[{ weight, time }, ...]`
    fn mix(&self, field: &Field<'t>) -> Option<Time> {
        let parts: Vec<Option<Part>> = field.elements()?.iter().map(|part| self.part(part)).collect();
        let parts: Vec<Part> = parts.into_iter().collect::<Option<_>>()?;
        match Mix::new(parts) {
            Ok(mix) => Some(Time::Mix(mix.into())),
            Err(error) => field.refuse(
                Complaint::at(field.node.place, error.to_string())
                    .help("write one or more of { weight = 9, time = \"5ms\" }"),
            ),
        }
    }

    fn part(&self, field: &Field<'t>) -> Option<Part> {
        let reader = Reader::open(field.reading, field.node, &PART)?;
        let (weight, time) = (reader.integer("weight"), self.time(&reader, "time"));
        Some(Part {
            weight: weight?,
            time: time?,
        })
    }
}

fn uniform(reader: &Reader<'_>) -> Option<Time> {
    let (min, max) = (reader.duration("min"), reader.duration("max"));
    let (min, max) = (min?, max?);
    refuse_descending(reader, ("min", min), ("max", max))?;
    Some(Time::Uniform { min, max })
}

fn triangular(reader: &Reader<'_>) -> Option<Time> {
    let [min, mode, max] = ["min", "mode", "max"].map(|key| reader.duration(key));
    let (min, mode, max) = (min?, mode?, max?);
    refuse_descending(reader, ("min", min), ("max", max))?;
    refuse_descending(reader, ("min", min), ("mode", mode))?;
    refuse_descending(reader, ("mode", mode), ("max", max))?;
    Some(Time::Triangular { min, mode, max })
}

fn mean_and_cv(reader: &Reader<'_>) -> Option<(Nanos, f64)> {
    let (mean, cv) = (reader.duration("mean"), reader.number("cv"));
    mean.zip(cv)
}

fn pareto(reader: &Reader<'_>) -> Option<Time> {
    let (min, shape) = (reader.duration("min"), reader.number("shape"));
    let (min, shape) = (min?, shape?);
    let pareto = Time::Pareto { min, shape };
    if limits::expected(&pareto) > u128::from(Nanos::LONGEST.0) {
        return reader.refuse(
            Complaint::at(
                reader.value_place("shape"),
                "the mean of this Pareto distribution is too long",
            )
            .label("so close to 1 that the mean is above 100 days")
            .help("the mean is min * shape / (shape - 1): use a larger shape"),
        );
    }
    Some(pareto)
}

/// Complains where the second of two times is the shorter one.
fn refuse_descending(reader: &Reader<'_>, low: (&str, Nanos), high: (&str, Nanos)) -> Option<()> {
    let ((low, least), (high, most)) = (low, high);
    if least <= most {
        return Some(());
    }
    reader.refuse(
        Complaint::at(reader.value_place(high), format!("`{high}` is less than `{low}`"))
            .label(format!("{most} is less"))
            .see(reader.value_place(low), format!("than {least}"))
            .help("exchange the two"),
    )
}

/// Whether the format lists the word `forever` here.
fn may_last_forever(field: &Field<'_>) -> bool {
    let is_word = |shape: &Shape| matches!(shape, Shape::Words(_));
    field.shape.alternatives().iter().any(is_word)
}

fn refuse_forever(field: &Field<'_>) -> Option<Time> {
    field.refuse(
        Complaint::at(
            field.node.place,
            format!("`{}` cannot be \"forever\"", field.name),
        )
        .label("this would never end")
        .help(
            "write a duration, such as \"5ms\"; only a step of a [[background]] thread can take \"forever\"",
        ),
    )
}
