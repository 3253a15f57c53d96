//! Averages of the recent utilization and load of a thread or a CPU: the parts of `kernel/sched/pelt.c` (per-entity
//! load tracking) that track these.
//!
//! Time is divided into periods of 1024 x 1024 ns. Running time in a period counts half as much 32 periods later. The
//! periods begin at the same times for all averages, so that the averages of threads add up to that of their CPU.

use crate::units::Nanos;

/// A whole CPU: `SCHED_CAPACITY_SCALE`.
pub const CAPACITY: u64 = 1024;

/// Time is counted in units of 1024 ns, and this many of them are a period.
const PERIOD: u64 = 1024;

/// Number of periods after which running time counts half: `LOAD_AVG_PERIOD`.
const HALF_LIFE: u64 = 32;

/// The sum of something that runs for ever: `LOAD_AVG_MAX`.
const MOST: u64 = 47_742;

/// `UTIL_EST_MARGIN`
const ESTIMATE_MARGIN: u64 = CAPACITY / 100;

/// (2^32 - 1) / 2^(n / 32): `runnable_avg_yN_inv`.
const DECAY: [u64; HALF_LIFE as usize] = decay_table();

const fn decay_table() -> [u64; HALF_LIFE as usize] {
    // The 32nd root of 1/2, with 64 binary digits: five square roots.
    let mut root: u128 = 1 << 63;
    let mut halvings = 0;
    while halvings < 5 {
        root = (root << 64).isqrt();
        halvings += 1;
    }
    let mut table = [0; HALF_LIFE as usize];
    let mut power: u128 = 1 << 64;
    let mut n = 0;
    while n < table.len() {
        table[n] = ((u32::MAX as u128 * power) >> 64) as u64;
        power = (power * root) >> 64;
        n += 1;
    }
    table
}

/// `decay_load`: the value of `sum` that many periods later.
const fn decayed(sum: u64, periods: u64) -> u64 {
    if periods > HALF_LIFE * 63 {
        return 0;
    }
    let halved = (sum >> (periods / HALF_LIFE)) as u128;
    ((halved * DECAY[(periods % HALF_LIFE) as usize] as u128) >> 32) as u64
}

/// `struct sched_avg`, for threads of equal weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Average {
    /// `util_sum`: the time in which something ran.
    ran: u64,
    /// `load_sum`: the time in which something ran or was ready to run, multiplied by the number of these.
    ready: u64,
    /// The average is up to date until then, in units of 1024 ns.
    updated: u64,
}

impl Average {
    /// `accumulate_sum`: adds the time since the last update, in which `ready` threads were ready or ran.
    pub fn update(&mut self, now: Nanos, running: bool, ready: usize) {
        let units = now.0 / 1024;
        let elapsed = units - self.updated;
        if elapsed == 0 {
            return;
        }
        let periods = units / PERIOD - self.updated / PERIOD;
        let mut passed = elapsed;
        if periods > 0 {
            self.ran = decayed(self.ran, periods);
            self.ready = decayed(self.ready, periods);
            // The rest of the first period, whole periods in between, and the beginning of the last one.
            let first = PERIOD - self.updated % PERIOD;
            passed = decayed(first, periods) + (MOST - decayed(MOST, periods) - PERIOD) + units % PERIOD;
        }
        if running {
            self.ran += passed * CAPACITY;
        }
        self.ready += passed * CAPACITY * ready as u64;
        self.updated = units;
    }

    /// `util_avg`, out of 1024, as of the last update.
    pub const fn utilization(&self) -> u64 {
        self.ran / self.most()
    }

    /// `load_avg`, 1024 for each thread that is always ready, as of the last update.
    pub const fn load(&self) -> u64 {
        self.ready / self.most()
    }

    /// A new thread starts at `utilization` out of 1024, and as if it had always been ready
    /// (`init_entity_runnable_average`).
    pub const fn begin(&mut self, utilization: u64) {
        self.ran = utilization * self.most();
        self.ready = CAPACITY * self.most();
    }

    /// Adds another average, updated at the same moment, to this one: `attach_entity_load_avg`.
    pub const fn add(&mut self, other: &Self) {
        self.ran += other.ran;
        self.ready += other.ready;
    }

    /// Removes another average, updated at the same moment, from this one: `detach_entity_load_avg`.
    pub const fn remove(&mut self, other: &Self) {
        self.ran = self.ran.saturating_sub(other.ran);
        self.ready = self.ready.saturating_sub(other.ready);
    }

    /// `get_pelt_divider`
    const fn most(&self) -> u64 {
        MOST - PERIOD + self.updated % PERIOD
    }
}

/// What is known about a thread's need for a CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utilization {
    /// Its recent utilization and load.
    pub average: Average,
    /// Its utilization when it last went to sleep; it decreases slowly: `util_est`.
    estimate: u64,
}

impl Utilization {
    /// `util_est_update`: the thread goes to sleep.
    pub const fn sleeps(&mut self) {
        let now = self.average.utilization();
        if self.estimate <= now {
            self.estimate = now;
        } else if self.estimate - now >= ESTIMATE_MARGIN {
            self.estimate -= (self.estimate - now) / 4;
        }
    }

    /// `_task_util_est`
    pub const fn estimate(&self) -> u64 {
        self.estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are in the kernel's own table (`kernel/sched/sched-pelt.h`).
    #[test]
    fn the_table_is_that_of_the_kernel() {
        assert_eq!(DECAY[0], 0xffff_ffff);
        assert_eq!(DECAY[1], 0xfa83_b2da);
        assert_eq!(DECAY[16], 0xb504_f333);
        assert_eq!(DECAY[31], 0x82cd_8698);
    }

    #[test]
    fn utilization_halves_in_32_periods() {
        let mut average = Average::default();
        average.update(Nanos::from_secs(10), true, 1);
        assert!(average.utilization() >= CAPACITY - 2, "{average:?}");
        average.update(Nanos::from_secs(10) + Nanos(32 << 20), false, 0);
        assert!(
            average.utilization().abs_diff(CAPACITY / 2) <= 2,
            "{}",
            average.utilization()
        );
    }

    #[test]
    fn the_number_of_updates_matters_little() {
        let (mut often, mut once) = (Average::default(), Average::default());
        for us in (0..40_000).step_by(7) {
            often.update(Nanos::from_micros(us), true, 1);
        }
        often.update(Nanos::from_micros(40_000), true, 1);
        once.update(Nanos::from_micros(40_000), true, 1);
        assert!(
            often.utilization().abs_diff(once.utilization()) <= 1,
            "{often:?} {once:?}"
        );
    }

    #[test]
    fn half_of_the_time_is_half_of_a_cpu() {
        let mut average = Average::default();
        for ms in 1..2_000 {
            average.update(Nanos::from_millis(ms), ms % 2 == 0, 2);
        }
        assert!(
            average.utilization().abs_diff(CAPACITY / 2) < 20,
            "{}",
            average.utilization()
        );
        // Two threads shared the CPU: one of them was always waiting.
        assert!(average.load().abs_diff(2 * CAPACITY) <= 4, "{}", average.load());
    }

    #[test]
    fn a_sleeper_is_expected_to_need_what_it_had() {
        let mut thread = Utilization::default();
        thread.average.update(Nanos::from_millis(50), true, 1);
        let had = thread.average.utilization();
        thread.sleeps();
        thread.average.update(Nanos::from_secs(1), false, 0);
        assert_eq!((thread.average.utilization(), thread.estimate()), (0, had));
        thread.sleeps();
        assert_eq!(thread.estimate(), had - had / 4);
    }
}
