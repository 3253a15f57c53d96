//! How many CPUs are worth a look when a woken thread searches for an idle one: `update_idle_cpu_scan`.

use super::pelt::CAPACITY;
use super::tables::Tables;
use super::utilization::IMBALANCE_PERCENT;
use crate::units::Nanos;

/// How long a result is used. `sd_init`: a CPU of `n` balances every 2 `n` ms, and only every 32 `n` ms while it is
/// busy (`busy_factor`).
const SCAN_INTERVAL: Nanos = Nanos::from_millis(32);

/// Number of CPUs that may be looked at: `nr_idle_scan`.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleScan {
    cpus: u64,
    until: Nanos,
}

impl IdleScan {
    pub fn all_of(cpus: usize) -> Self {
        Self {
            cpus: cpus as u64,
            until: Nanos::ZERO,
        }
    }

    /// An idle CPU balances: that looks at how busy all CPUs have been.
    pub fn expire(&mut self, now: Nanos) {
        self.until = now;
    }

    /// The busier the CPUs have been, the fewer are worth a look; from 85 % on, none is.
    pub fn cpus_to_scan(&mut self, tables: &mut Tables, now: Nanos) -> u64 {
        if self.until <= now {
            let ids = tables.cpus.ids();
            let sum: u64 = ids.map(|cpu| tables.utilization(now, cpu, None)).sum();
            let cpus = tables.cpus.len() as u64;
            let scaled = sum / cpus * IMBALANCE_PERCENT;
            let taken = (scaled * scaled / (10_000 * CAPACITY)).min(CAPACITY);
            *self = Self {
                cpus: (CAPACITY - taken) * cpus / CAPACITY,
                until: now + SCAN_INTERVAL,
            };
        }
        self.cpus
    }
}
