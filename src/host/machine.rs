//! This machine: which of its cores a configuration may use.

use std::fs;

use crate::scenario::Configuration;

/// The CPUs that are available.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// One hardware thread of each physical core that this process may use, if the kernel reports them and allows
    /// binding.
    cores: Option<Vec<u32>>,
    /// The number of cores, or of hardware threads where the kernel does not distinguish them.
    count: u32,
    /// The number of CPUs that the control group grants, if it is lower than the number of CPUs of the machine.
    quota: Option<f64>,
}

impl Machine {
    /// The machine as this process sees it.
    pub fn here() -> Self {
        let cores = allowed_cpus().map(|cpus| one_of_each_core(&cpus));
        let count = match &cores {
            Some(cores) => cores.len() as u32,
            None => std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
        };
        Self {
            cores,
            count,
            quota: quota(),
        }
    }

    /// The number of physical cores.
    pub fn cores(&self) -> u32 {
        self.count
    }

    /// The CPUs to bind a process to, so that it has this number of cores; `None` if it need not or cannot be bound.
    pub fn cpus(&self, cores: u32) -> Option<Vec<u32>> {
        self.cores
            .as_ref()
            .map(|all| all.iter().copied().take(cores as usize).collect())
    }

    /// The CPUs that such a process leaves to others; empty if it need not or cannot be bound, or leaves none.
    pub fn other_cpus(&self, cores: u32) -> Vec<u32> {
        let all = self.cores.iter().flatten().copied();
        all.skip(cores as usize).collect()
    }

    /// The reason why this machine cannot provide what the configuration asks for; `None` if it can.
    pub fn obstacle(&self, configuration: &Configuration) -> Option<String> {
        let wanted = configuration.machine.cores;
        if configuration.machine.smt > 1 {
            return Some("cores with several hardware threads are not measured".to_owned());
        }
        if wanted > self.count {
            return Some(format!(
                "it needs {wanted} cores, but this machine has {}",
                self.count
            ));
        }
        if wanted < self.count && self.cores.is_none() {
            return Some(format!(
                "this machine has {} cores, and programs cannot be bound to fewer cores here",
                self.count
            ));
        }
        match self.quota {
            Some(quota) if f64::from(wanted) > quota => Some(format!(
                "it needs {wanted} cores, but the control group of this process has a quota of {quota:.2} CPUs"
            )),
            _ => None,
        }
    }
}

/// Read from `/proc/self/status`; `None` on systems other than Linux.
fn allowed_cpus() -> Option<Vec<u32>> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let cpus = cpu_list(list.trim())?;
    (!cpus.is_empty()).then_some(cpus)
}

/// Parses a list such as `0-3,8`.
fn cpu_list(list: &str) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cpus.extend(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?);
    }
    Some(cpus)
}

/// The first hardware thread of each core.
fn one_of_each_core(cpus: &[u32]) -> Vec<u32> {
    let siblings = |cpu: u32| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        fs::read_to_string(path)
            .ok()
            .and_then(|list| cpu_list(list.trim()))
            .unwrap_or_else(|| vec![cpu])
    };
    let mut taken: Vec<u32> = Vec::new();
    for &cpu in cpus {
        if !siblings(cpu).iter().any(|sibling| taken.contains(sibling)) {
            taken.push(cpu);
        }
    }
    taken
}

/// The quota of the control group of this process, in CPUs.
fn quota() -> Option<f64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let file = format!("/sys/fs/cgroup{}/cpu.max", group.trim_end_matches('/'));
    let text = fs::read_to_string(file).ok()?;
    let (granted, period) = text.trim().split_once(' ')?;
    Some(granted.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_ranges_and_numbers() {
        assert_eq!(cpu_list("0-2,7"), Some(vec![0, 1, 2, 7]));
        assert_eq!(cpu_list("3"), Some(vec![3]));
        assert_eq!(cpu_list(""), None);
    }
}
