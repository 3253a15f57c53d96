"""Facts that the kernel reports about this machine."""

import glob
import os
import time

# `linux/time.h`: goes on at every tick.
CLOCK_MONOTONIC_COARSE = 6


def facts():
    """Returns everything that is read and not measured."""
    cpus = sorted(os.sched_getaffinity(0))
    return {
        "cpus": len(cpus),
        "cores": len(cores(cpus)),
        "model": model(),
        "kernel": os.uname().release,
        "libc": libc(),
        "quota": quota(),
        "tick": round(time.clock_getres(CLOCK_MONOTONIC_COARSE) * 1e9),
        "base_slice": slice_of_threads(),
        "migration_cost": number("/sys/kernel/debug/sched/migration_cost_ns"),
    }


def slice_of_threads():
    """ns that a thread may run before another goes first, if the kernel tells (`/proc/self/sched`, from 6.6 on)."""
    value = field("/proc/self/sched", "se.slice")
    return value and int(value)


def cores(cpus):
    """Returns the hardware threads of each core."""
    by_core = {}
    for cpu in cpus:
        siblings = text(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        by_core.setdefault(siblings or cpu, []).append(cpu)
    return list(by_core.values())


def one_cpu_of_each_core():
    """Returns one CPU of each core that this process may use."""
    return [core[0] for core in cores(sorted(os.sched_getaffinity(0)))]


def siblings():
    """Returns two hardware threads of one core, if there are any."""
    return next((core[:2] for core in cores(sorted(os.sched_getaffinity(0))) if len(core) > 1), None)


def model():
    """Returns the model of the processor."""
    return field("/proc/cpuinfo", "model name") or os.uname().machine


def libc():
    """Returns the name and version of the C library."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        return None


def quota():
    """Returns the number of CPUs that the control group is granted, or None for all."""
    for path in ["/sys/fs/cgroup/cpu.max", *glob.glob("/sys/fs/cgroup" + own_group() + "/cpu.max")]:
        granted, _, period = (text(path) or "max 1").partition(" ")
        if granted != "max":
            return int(granted) / int(period)
    return None


def own_group():
    """Returns the control group of this process."""
    for line in (text("/proc/self/cgroup") or "").splitlines():
        if line.startswith("0::"):
            return line[3:]
    return ""


def cpu_time():
    """Returns the CPU time since the machine started, s: of all processes, and stolen by the machine's own host."""
    fields = (text("/proc/stat") or "cpu" + " 0" * 8).splitlines()[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    per_second = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / per_second, steal / per_second


def number(path):
    """Returns the number in a file of the kernel, if it exists."""
    try:
        return int(text(path))
    except (TypeError, ValueError):
        return None


def field(path, name):
    """Returns the value of the first line `name : value` of a file, if there is one."""
    for line in (text(path) or "").splitlines():
        found, _, value = line.partition(":")
        if found.strip() == name:
            return value.strip()
    return None


def text(path):
    """Returns the text of a file of the kernel, if it exists."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None
