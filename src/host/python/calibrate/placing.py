"""The placement of a woken process when its waker's CPU has room. The kernels of some virtual machines place it there,
although its previous CPU is idle, so that the host may keep that CPU.
"""

import os
import time

from affinity import bound

# This is short beside the half-life of utilization, 32 ms (`kernel/sched/pelt.c`).
PERIOD = 0.005
# Parts of its CPU that the waker takes. Utilization has settled after this number of periods.
STEPS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
STEP = 0.1
SETTLES, COUNTS = 20, 10


def probe(samples, _effort):
    """Measures the utilization, out of 1024, up to which threads are packed: one sweep; 0 where they never are."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        return
    there, back = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.close(there[1])
        os.close(back[0])
        answer(there[0], back[1], cpus)
        os._exit(0)
    os.close(there[0])
    os.close(back[1])
    try:
        with bound():
            os.sched_setaffinity(0, {cpus[0]})
            samples.add("pack below", 1_024 * sweep(there[1], back[0]))
    finally:
        # The child reads the end of the pipe, and ends.
        os.close(there[1])
        os.close(back[0])
        os.waitpid(child, 0)


def sweep(there, back):
    """Returns the part up to which the woken process moves to its waker's CPU."""
    packed = 0
    for busy in STEPS:
        share = packed_beside(busy, there, back)
        packed += share
        if share < 0.5:
            break
    return packed and STEPS[0] + STEP * (packed - 0.5)


def packed_beside(busy, there, back):
    """Returns how often the two are packed while the waker takes this part of its CPU."""
    found = 0
    for number in range(SETTLES + COUNTS):
        until = time.perf_counter() + busy * PERIOD
        while time.perf_counter() < until:
            pass
        os.write(there, b"x")
        time.sleep((1 - busy) * PERIOD)
        if os.read(back, 1) == b"y" and number >= SETTLES:
            found += 1
    return found / COUNTS


def answer(there, back, cpus):
    """Runs the process that is woken: it begins on the second CPU, and reports whether it woke up on the first."""
    while True:
        os.sched_setaffinity(0, {cpus[1]})
        os.sched_setaffinity(0, cpus[:2])
        if not os.read(there, 1):
            return
        os.write(back, b"y" if on_cpu() == cpus[0] else b"n")


def on_cpu():
    """Returns the CPU that this process runs on: the 39th field, `proc(5)`."""
    with open("/proc/self/stat") as file:
        return int(file.read().rpartition(")")[2].split()[36])
