//! Steps as the Python side plays them, with every time drawn.

use serde::{Serialize, Serializer};

use crate::random::{Key, Stream};
use crate::scenario::{Executor, Guard, Home, OffloadTo, Step, every_step, numbered};
use crate::units::Nanos;

/// The longest single C call that releases the interpreter lock, because its count has 31 bits. A longer step becomes
/// several calls.
const LONGEST_CALL: Nanos = Nanos::from_secs(60);

/// The number of repetitions that stands for "forever".
const VERY_OFTEN: u64 = 1_000_000_000;

/// Steps in their order.
pub(super) type Steps = Vec<Planned>;

/// A step of the plan. Times are in ns.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Planned {
    /// A loop of bytecode.
    Python(u64),
    /// A C call that releases the interpreter lock.
    Native(u64),
    /// A C call that keeps the interpreter lock.
    HoldsLock(u64),
    /// A sleep.
    Io(u64),
    /// A question of a coroutine to another machine, which answers after this time.
    Ask(u64),
    /// Steps that run where the run offloads them to.
    Offload(Steps),
    /// Steps that run with a lock held.
    Lock { name: String, steps: Steps },
    /// Steps that run several times.
    Repeat { times: u64, steps: Steps },
    /// An update of a counter; without a window it is an augmented assignment.
    Update {
        state: String,
        window: Option<u64>,
        guard: Guard,
    },
    /// The end of the process.
    Crash,
}

/// What guards an update, as the Python side reads it: `null`, 0 for the counter's own lock, or the name of a lock.
#[derive(Serialize)]
#[serde(untagged)]
enum GuardedBy<'a> {
    Nobody,
    Own(u8),
    Lock(&'a str),
}

impl Serialize for Planned {
    /// A list that begins with the verb: `Speeds.steps` in `calibration.py` reads it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Python(time) => ("python", time).serialize(serializer),
            Self::Native(time) => ("native", time).serialize(serializer),
            Self::HoldsLock(time) => ("holds_lock", time).serialize(serializer),
            Self::Io(time) => ("io", time).serialize(serializer),
            Self::Ask(time) => ("ask", time).serialize(serializer),
            Self::Offload(steps) => ("offload", 0, steps).serialize(serializer),
            Self::Lock { name, steps } => ("lock", name, steps).serialize(serializer),
            Self::Repeat { times, steps } => ("repeat", times, steps).serialize(serializer),
            Self::Update { state, window, guard } => {
                let guard = match guard {
                    Guard::Nobody => GuardedBy::Nobody,
                    Guard::Own => GuardedBy::Own(0),
                    Guard::Lock(name) => GuardedBy::Lock(name),
                };
                ("update", window, (state, guard)).serialize(serializer)
            }
            Self::Crash => ("crash", 0).serialize(serializer),
        }
    }
}

impl Planned {
    /// Whether the step ends its process.
    pub fn crashes(&self) -> bool {
        match self {
            Self::Crash => true,
            Self::Offload(steps) | Self::Lock { steps, .. } | Self::Repeat { steps, .. } => {
                steps.iter().any(Self::crashes)
            }
            Self::Python(_)
            | Self::Native(_)
            | Self::HoldsLock(_)
            | Self::Io(_)
            | Self::Ask(_)
            | Self::Update { .. } => false,
        }
    }

    /// How long the step takes, and `per_step` in addition for each step without inner steps; ns.
    fn time(&self, per_step: u64) -> u64 {
        let own = match self {
            Self::Offload(steps) | Self::Lock { steps, .. } => return time_of(steps, per_step),
            Self::Repeat { times, steps } => return time_of(steps, per_step).saturating_mul(*times),
            Self::Python(time)
            | Self::Native(time)
            | Self::HoldsLock(time)
            | Self::Io(time)
            | Self::Ask(time) => *time,
            Self::Update { window, .. } => window.unwrap_or(0),
            Self::Crash => 0,
        };
        own.saturating_add(per_step)
    }
}

/// How long steps take one after the other, and `per_step` in addition for each of them; ns.
pub(super) fn time_of(steps: &[Planned], per_step: u64) -> u64 {
    let times = steps.iter().map(|step| step.time(per_step));
    times.fold(0, u64::saturating_add)
}

/// What plays the steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Player {
    /// A thread.
    Thread,
    /// A coroutine. The flag says whether steps with `offload` run somewhere else.
    Coroutine { offloads: bool },
}

impl Player {
    /// What plays the steps of items and requests.
    pub fn of(executor: &Executor) -> Self {
        let facts = executor.facts();
        match facts.home {
            Home::Coroutines => Self::Coroutine {
                offloads: facts.offload.is_some_and(|offload| offload.to != OffloadTo::Loop),
            },
            Home::Threads | Home::Processes | Home::Interpreters => Self::Thread,
        }
    }

    /// The step where it runs.
    fn offloaded(self, step: Planned, offload: bool) -> Planned {
        match self {
            Self::Coroutine { offloads: true } if offload => Planned::Offload(vec![step]),
            Self::Coroutine { .. } | Self::Thread => step,
        }
    }
}

/// The steps with times drawn for each of `count` plays, or once where nothing in them is random.
pub(super) fn drawn(steps: &[Step], player: Player, count: u64, key: impl Fn(u64) -> Key) -> Vec<Steps> {
    let times = if is_random(steps) { count } else { count.min(1) };
    (0..times)
        .map(|index| planned(steps, player, key(index)))
        .collect()
}

fn is_random(steps: &[Step]) -> bool {
    every_step(steps).any(Step::is_random)
}

/// The steps with their times, from the same random streams as in the simulator.
fn planned(steps: &[Step], player: Player, key: Key) -> Steps {
    let mut plan = Vec::with_capacity(steps.len());
    for (step, key) in numbered(steps, key) {
        match step {
            Step::Io(time) => {
                let time = time.sample_keyed(key).min(Nanos::LONGEST).0;
                plan.push(match player {
                    Player::Thread => Planned::Io(time),
                    Player::Coroutine { .. } => Planned::Ask(time),
                });
            }
            Step::Python { time, offload, .. } => {
                let step = Planned::Python(time.sample_keyed(key).0);
                plan.push(player.offloaded(step, *offload));
            }
            Step::Native {
                time,
                holds_lock,
                offload,
            } => {
                let time = time.sample_keyed(key);
                let step = if *holds_lock {
                    Planned::HoldsLock(time.0)
                } else {
                    native(time)
                };
                plan.push(player.offloaded(step, *offload));
            }
            Step::Update { state, window, guard } => plan.push(Planned::Update {
                state: state.clone(),
                window: window.as_ref().map(|window| window.sample_keyed(key).0),
                guard: guard.clone(),
            }),
            Step::Crash { probability } => {
                if Stream::named(key).unit() < *probability {
                    plan.push(Planned::Crash);
                }
            }
            Step::Lock { name, steps } => plan.push(Planned::Lock {
                name: name.clone(),
                steps: planned(steps, player, key),
            }),
            Step::Repeat { steps, .. } if is_random(steps) => {
                plan.extend(step.rounds(key).flat_map(|round| planned(steps, player, round)));
            }
            Step::Repeat { times, steps } => plan.push(Planned::Repeat {
                times: *times,
                steps: planned(steps, player, key.number(0)),
            }),
        }
    }
    plan
}

/// A step without the interpreter lock: one C call, or several where it is too long for one.
fn native(time: Nanos) -> Planned {
    let repeated = |times, call: u64| Planned::Repeat {
        times,
        steps: vec![Planned::Native(call)],
    };
    match time {
        Nanos::FOREVER => repeated(VERY_OFTEN, LONGEST_CALL.0),
        time if time > LONGEST_CALL => {
            let calls = time.0.div_ceil(LONGEST_CALL.0);
            repeated(calls, time.0 / calls)
        }
        time => Planned::Native(time.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_written_as_the_python_side_reads_them() {
        let update = |window, guard| Planned::Update {
            state: "total".to_owned(),
            window,
            guard,
        };
        let steps = vec![
            Planned::Python(5),
            Planned::Repeat {
                times: 3,
                steps: vec![Planned::Native(7), Planned::Crash],
            },
            Planned::Offload(vec![Planned::HoldsLock(2)]),
            Planned::Lock {
                name: "log".to_owned(),
                steps: vec![Planned::Io(9), Planned::Ask(8)],
            },
            update(None, Guard::Nobody),
            update(Some(4), Guard::Own),
            update(Some(4), Guard::Lock("log".to_owned())),
        ];
        let json = serde_json::to_string(&steps).expect("steps are lists, strings and numbers");
        let expected = r#"[["python",5],["repeat",3,[["native",7],["crash",0]]],["offload",0,[["holds_lock",2]]],
            ["lock","log",[["io",9],["ask",8]]],["update",null,["total",null]],["update",4,["total",0]],
            ["update",4,["total","log"]]]"#;
        let squeezed: String = expected.split_whitespace().collect();
        assert_eq!(json, squeezed);
        assert!(steps[1].crashes() && !steps[3].crashes());
        // 5, three rounds of 7 and 0, 2, 9 and 8, 0, 4 and 4; and 12 steps without inner ones.
        assert_eq!(time_of(&steps, 0), 53);
        assert_eq!(time_of(&steps, 1), 53 + 13);
    }
}
