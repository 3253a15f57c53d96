//! A stretch of bytecode and the checks of `_Py_Ticker` that fall into it, as one burst. Without a waiter the checks
//! need not be simulated one by one.

use crate::os::Work;

/// Bytecode that starts at the current state of the ticker: first `first`, then a check and `interval`, repeatedly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// All bytecode to run.
    pub bytecode: Work,
    /// Bytecode until the first check. More than zero.
    pub first: Work,
    /// Bytecode between two checks. More than zero.
    pub interval: Work,
    /// The cost of a check without a waiter.
    pub check: Work,
}

/// The state after a part of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Bytecode that has run.
    pub bytecode: Work,
    /// Bytecode until the next check. Zero if it is due.
    pub ticker: Work,
    /// The unpaid part of the last check.
    pub unpaid: Work,
}

impl Stretch {
    /// Number of checks in the stretch. A check at its very end belongs to the bytecode that follows.
    pub const fn checks(self) -> u64 {
        self.bytecode
            .minus(self.first)
            .units()
            .div_ceil(self.interval.units())
    }

    /// Its whole length, including the checks.
    pub const fn length(self) -> Work {
        self.bytecode
            .plus(Work(self.checks().saturating_mul(self.check.units())))
    }

    /// The state after `done` of its length.
    pub const fn after(self, done: Work) -> Reached {
        let since_first = done.minus(self.first).units();
        if since_first == 0 {
            return Reached {
                bytecode: done,
                ticker: self.first.minus(done),
                unpaid: Work::NONE,
            };
        }
        let cycle = self.check.units() + self.interval.units();
        let (cycles, into) = (since_first / cycle, since_first % cycle);
        let before = self.first.plus(Work(cycles * self.interval.units()));
        if into == 0 {
            // The next check is due and has not begun.
            return Reached {
                bytecode: before,
                ticker: Work::NONE,
                unpaid: Work::NONE,
            };
        }
        let run = Work(into).minus(self.check);
        Reached {
            bytecode: before.plus(run),
            ticker: self.interval.minus(run),
            unpaid: self.check.minus(Work(into)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts one unit of work after the other.
    fn step_by_step(stretch: Stretch, done: u64) -> Reached {
        let mut reached = Reached {
            bytecode: Work::NONE,
            ticker: stretch.first,
            unpaid: Work::NONE,
        };
        for _ in 0..done {
            if reached.ticker.is_done() {
                reached.ticker = stretch.interval;
                reached.unpaid = stretch.check;
            }
            if reached.unpaid.is_done() {
                reached.ticker = reached.ticker.minus(Work(1));
                reached.bytecode = reached.bytecode.plus(Work(1));
            } else {
                reached.unpaid = reached.unpaid.minus(Work(1));
            }
        }
        reached
    }

    #[test]
    fn wherever_it_is_cut_it_has_come_as_far_as_step_by_step() {
        for (bytecode, first, interval, check) in [
            (100, 7, 10, 3),
            (100, 10, 10, 0),
            (97, 7, 10, 3),
            (5, 7, 10, 3),
            (7, 7, 10, 3),
            (8, 7, 1, 2),
            (40, 3, 2, 9),
        ] {
            let stretch = Stretch {
                bytecode: Work(bytecode),
                first: Work(first),
                interval: Work(interval),
                check: Work(check),
            };
            for done in 0..=stretch.length().units() {
                assert_eq!(
                    stretch.after(Work(done)),
                    step_by_step(stretch, done),
                    "{done} of {stretch:?}"
                );
            }
            assert_eq!(stretch.after(stretch.length()).bytecode, stretch.bytecode);
        }
    }
}
