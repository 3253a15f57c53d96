//! Steps as the Python side reads them: lists of verb and time, with every time drawn.

use serde_json::{Value as Json, json};

use crate::random::{Key, Stream};
use crate::scenario::{Executor, Guard, Home, OffloadTo, Step, every_step};
use crate::units::Nanos;

/// A single C call that releases the lock takes a count of 31 bits: longer ones are several.
const LONGEST_CALL: Nanos = Nanos::from_secs(60);

/// For what never ends.
const VERY_OFTEN: u64 = 1_000_000_000;

/// Steps with their times: `["python", ns]`, `["lock", name, steps]`, `["repeat", times, steps]`, `["offload", 0, steps]`,
/// `["update", ns, [name, lock]]` where `null` is no time and no lock, and the lock 0 is that of what is updated.
pub(super) type Steps = Vec<Json>;

/// Who plays the steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Player {
    Thread,
    /// A coroutine, which has steps with `offload` run elsewhere if the flag says so.
    Coroutine {
        offloads: bool,
    },
}

impl Player {
    /// Of items and requests.
    pub fn of(executor: &Executor) -> Self {
        let facts = executor.facts();
        match facts.home {
            Home::Coroutines => Self::Coroutine {
                offloads: facts.offload.is_some_and(|offload| offload.to != OffloadTo::Loop),
            },
            Home::Threads | Home::Processes | Home::Interpreters => Self::Thread,
        }
    }
}

/// So many times these steps, or once where nothing in them is random.
pub(super) fn drawn(steps: &[Step], player: Player, count: u64, key: impl Fn(u64) -> Key) -> Vec<Steps> {
    let times = if is_random(steps) { count } else { count.min(1) };
    (0..times).map(|index| timed(steps, player, key(index))).collect()
}

fn is_random(steps: &[Step]) -> bool {
    every_step(steps).any(Step::is_random)
}

/// The steps with their times, named as the simulator names them.
fn timed(steps: &[Step], player: Player, key: Key) -> Steps {
    let mut timed_steps = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let key = key.number(index as u64);
        match step {
            Step::Io(time) => {
                let verb = if player == Player::Thread { "io" } else { "ask" };
                timed_steps.push(json!([verb, time.sample_keyed(key).min(Nanos::LONGEST).0]));
            }
            Step::Python { time, offload, .. } => {
                let step = json!(["python", time.sample_keyed(key).0]);
                timed_steps.push(called(step, player, *offload));
            }
            Step::Native {
                time,
                holds_lock,
                offload,
            } => {
                let time = time.sample_keyed(key);
                let step = if *holds_lock {
                    json!(["holds_lock", time.0])
                } else {
                    native(time)
                };
                timed_steps.push(called(step, player, *offload));
            }
            Step::Update { state, window, guard } => {
                let window = window.as_ref().map(|window| window.sample_keyed(key).0);
                let guard = match guard {
                    Guard::Nobody => Json::Null,
                    Guard::Own => json!(0),
                    Guard::Lock(name) => json!(name),
                };
                timed_steps.push(json!(["update", window, [state, guard]]));
            }
            Step::Crash { probability } if Stream::named(key).unit() < *probability => {
                timed_steps.push(json!(["crash", 0]));
            }
            Step::Crash { .. } => {}
            Step::Lock { name, steps } => timed_steps.push(json!(["lock", name, timed(steps, player, key)])),
            Step::Repeat { times, steps } if is_random(steps) => {
                for time in 0..*times {
                    timed_steps.extend(timed(steps, player, key.number(time)));
                }
            }
            Step::Repeat { times, steps } => {
                timed_steps.push(json!(["repeat", times, timed(steps, player, key.number(0))]));
            }
        }
    }
    timed_steps
}

/// The step where it runs.
fn called(step: Json, player: Player, offload: bool) -> Json {
    match player {
        Player::Coroutine { offloads: true } if offload => json!(["offload", 0, [step]]),
        _ => step,
    }
}

fn native(time: Nanos) -> Json {
    match time {
        Nanos::FOREVER => json!(["repeat", VERY_OFTEN, [["native", LONGEST_CALL.0]]]),
        time if time > LONGEST_CALL => {
            let calls = time.0.div_ceil(LONGEST_CALL.0);
            json!(["repeat", calls, [["native", time.0 / calls]]])
        }
        time => json!(["native", time.0]),
    }
}

/// Whether any of them ends its process.
pub(super) fn crashes(steps: &[Json]) -> bool {
    steps.iter().any(|step| match step[0].as_str() {
        Some("crash") => true,
        Some("lock" | "repeat") => step[2].as_array().is_some_and(|inner| crashes(inner)),
        _ => false,
    })
}

/// Of steps one after the other, ns, and so much more for each.
pub(super) fn time_of(steps: &[Json], per_step: u64) -> u64 {
    let number = |json: &Json| json.as_u64().unwrap_or(0);
    let inner = |step: &Json| step[2].as_array().map_or(0, |steps| time_of(steps, per_step));
    let times = steps.iter().map(|step| match step[0].as_str() {
        Some("lock" | "offload") => inner(step),
        Some("repeat") => inner(step).saturating_mul(number(&step[1])),
        _ => number(&step[1]).saturating_add(per_step),
    });
    times.fold(0, u64::saturating_add)
}
