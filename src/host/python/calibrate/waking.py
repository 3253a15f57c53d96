"""The time from a wake-up until the thread runs, and the lateness of timers. Wall-clock times need a quiet host."""

import os
import time
from time import perf_counter_ns as now

from affinity import bound

# Idle times of the CPU before a wake-up, us.
IDLE = (30, 100, 300, 1_000, 5_000)
MESSAGE = 20
# This is as long as the longest of them, so that the CPU's idle state is equally deep, us.
SLEEP = 5_000


def probe(samples, effort):
    """Measures messages between two CPUs, then sleeps."""
    with bound() as cpus:
        if len(cpus) > 1:
            wake_ups(samples, cpus, effort)
    for _ in range(6 * effort):
        began = now()
        time.sleep(SLEEP / 1e6)
        samples.add("overslept", now() - began - SLEEP * 1_000)


def wake_ups(samples, cpus, effort):
    """Measures wake-ups of a process on another CPU that has slept for each idle time."""
    there, back = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.sched_setaffinity(0, {cpus[1]})
        os.close(there[1])
        while os.read(there[0], 1):
            os.write(back[1], b"%020d" % now())
        os._exit(0)
    os.close(there[0])
    os.close(back[1])
    os.sched_setaffinity(0, {cpus[0]})
    # One length after the other: a hypervisor learns how long the CPU will be idle.
    for idle in IDLE:
        for _ in range(8 * effort):
            wait = now() + idle * 1_000
            if idle > 500:
                time.sleep((idle - 300) / 1e6)
            while now() < wait:
                pass
            sent = now()
            os.write(there[1], b"x")
            samples.add(f"woken after {idle} us", int(os.read(back[0], MESSAGE)) - sent)
    os.close(there[1])
    os.close(back[0])
    os.waitpid(child, 0)
