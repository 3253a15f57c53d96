//! Steps.

use crate::input::{Complaint, Field, Reader};
use crate::random::Time;

use super::super::format::STEP;
use super::super::{Guard, Step, every_step, fold};
use super::Decoder;
use super::limits;

impl<'t> Decoder<'t> {
    /// The steps under a key, each checked.
    pub fn steps(&self, field: &Field<'t>) -> Option<Vec<Step>> {
        let elements = field.elements()?;
        let steps: Vec<Option<Step>> = elements.iter().map(|element| self.step(element)).collect();
        let endless = steps
            .iter()
            .position(|step| step.as_ref().is_some_and(never_ends));
        if let Some(after) = endless.and_then(|index| elements.get(index + 1)) {
            return field.refuse(
                Complaint::at(after.node.place, "this step is never reached")
                    .label("the step before it never ends")
                    .help("use \"forever\" only in the last step"),
            );
        }
        steps.into_iter().collect()
    }

    /// The steps under a key, of which there must be at least one.
    pub fn some_steps(&self, reader: &Reader<'t>, key: &str) -> Option<Vec<Step>> {
        let field = reader.given(key)?;
        let steps = self.steps(&field)?;
        if steps.is_empty() {
            return field.refuse(
                Complaint::at(field.node.place, format!("{} has no steps", reader.format.name))
                    .label("an empty list")
                    .help(
                        "add a step such as { python = \"5ms\" }, { io = \"5ms\" } or { native = \"5ms\" }",
                    ),
            );
        }
        Some(steps)
    }

    fn step(&self, field: &Field<'t>) -> Option<Step> {
        let reader = field.reading.open_choice(field.node, &STEP)?;
        match reader.format.tag().name {
            "io" => self.time(&reader, "io").map(Step::Io),
            "python" => {
                let (time, offload) = (self.time(&reader, "python"), reader.boolean("offload"));
                let shares = match reader.has("shares") {
                    true => Some(reader.identifier("shares")?.to_owned()),
                    false => None,
                };
                Some(Step::Python {
                    time: time?,
                    shares,
                    offload: offload?,
                })
            }
            "native" => {
                let (time, holds_lock) = (self.time(&reader, "native"), reader.boolean("holds_lock"));
                let offload = reader.boolean("offload");
                Some(Step::Native {
                    time: time?,
                    holds_lock: holds_lock?,
                    offload: offload?,
                })
            }
            "lock" => {
                let (name, steps) = (reader.identifier("lock"), self.some_steps(&reader, "steps"));
                Some(Step::Lock {
                    name: name?.to_owned(),
                    steps: steps?,
                })
            }
            "repeat" => {
                let (times, steps) = (reader.integer("repeat"), self.some_steps(&reader, "steps"));
                let step = Step::Repeat {
                    times: times?,
                    steps: steps?,
                };
                match limits::work(std::slice::from_ref(&step)).excess() {
                    None => Some(step),
                    Some(why) => reader.refuse(
                        Complaint::at(
                            reader.value_place("repeat"),
                            format!("this is too much to repeat: {why}"),
                        )
                        .label("the number of times")
                        .help("use fewer repetitions, or shorter steps"),
                    ),
                }
            }
            "update" => {
                let state = reader.identifier("update");
                let window = match reader.has("window") {
                    true => Some(self.time(&reader, "window")?),
                    false => None,
                };
                let guard = match reader.has("lock") {
                    true => match reader.identifier("lock")? {
                        "none" => Guard::Nobody,
                        name => Guard::Lock(name.to_owned()),
                    },
                    false => Guard::Own,
                };
                Some(Step::Update {
                    state: state?.to_owned(),
                    window,
                    guard,
                })
            }
            "crash" => reader
                .number("crash")
                .map(|probability| Step::Crash { probability }),
            _ => unreachable!("the format lists no other verb"),
        }
    }
}

/// Whether a step never ends, so that the next one is never reached.
fn never_ends(step: &Step) -> bool {
    every_step(std::slice::from_ref(step)).any(|step| step.time().is_some_and(Time::is_forever))
}

/// Whether these steps take no time at all, for certain.
pub fn take_no_time(steps: &[Step]) -> bool {
    every_step(steps).all(|step| step.time().is_none_or(Time::is_zero))
}

/// Refuses steps that must end and do not.
pub fn refuse_endless(reader: &Reader<'_>, key: &str, steps: Vec<Step>) -> Option<Vec<Step>> {
    if !steps.iter().any(never_ends) {
        return Some(steps);
    }
    reader.refuse(
        Complaint::at(
            reader.value_place(key),
            format!("{} never ends", reader.format.name),
        )
        .label("a step here takes \"forever\"")
        .help("use a time: only the steps of a [[background]] thread may take \"forever\""),
    )
}

/// Refuses an initializer that hardly any worker survives, because a pool would start new workers for ever.
pub fn refuse_hopeless(reader: &Reader<'_>, key: &str, steps: Vec<Step>) -> Option<Vec<Step>> {
    if survival(&steps) >= LEAST_SURVIVAL {
        return Some(steps);
    }
    reader.refuse(
        Complaint::at(
            reader.value_place(key),
            "hardly any worker would survive its initializer",
        )
        .label("more than 99 of 100 workers crash here")
        .help("use a smaller probability for `crash`, or move it to the steps of a [[task]]"),
    )
}

/// The lowest permitted probability that a worker survives its initializer.
const LEAST_SURVIVAL: f64 = 0.01;

/// The probability that a process is alive after these steps.
fn survival(steps: &[Step]) -> f64 {
    fold(steps, 1.0, &|before, step, inner| {
        let inner = libm::pow(inner, step.times() as f64);
        before * (1.0 - step.crash_probability()) * inner
    })
}
