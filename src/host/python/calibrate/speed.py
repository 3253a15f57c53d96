"""The speed of the CPUs when several of them are busy, relative to one alone.

A neighbour of a virtual machine slows down a CPU for half a second, then another one. So one CPU alone and all of them
take turns every few ms, and only neighbouring turns are compared.
"""

import os
import time

import host
from sampling import clock, spin

# The length of one turn, and the part of it that is work, s.
TURN, WORKED = 0.012, 0.010
# Pairs of turns: one alone, then all.
PAIRS = 8
BEGIN = 0.03


def probe(samples, _effort):
    """Measures two cores, four, and so on; then both hardware threads of one core."""
    cores = host.one_cpu_of_each_core()
    counts = sorted({count for count in (2, 4, 8, 16, 32, 64, len(cores)) if 1 < count <= len(cores)})
    for count in counts:
        samples.add(f"joint {count}", *together(cores[:count]))
    siblings = host.siblings()
    if siblings:
        samples.add("joint siblings", *together(siblings))


def together(cpus):
    """Returns the speeds, out of 1024, of these CPUs while all are busy: one for each pair of turns."""
    reader, writer = os.pipe()
    began = time.monotonic() + BEGIN
    children = [child(number, cpu, len(cpus), writer, began) for number, cpu in enumerate(cpus)]
    os.close(writer)
    with os.fdopen(reader) as lines:
        speeds = [float(line) for line in lines]
    for pid in children:
        os.waitpid(pid, 0)
    return speeds


def child(number, cpu, count, writer, began):
    """Runs a process on one CPU. For each pair of turns that it began alone, it reports its relative speed."""
    pid = os.fork()
    if pid:
        return pid
    os.sched_setaffinity(0, {cpu})
    for pair in range(PAIRS):
        alone = None
        if pair % count == number:
            alone = rounds_from(began + 2 * pair * TURN)
        joint = rounds_from(began + (2 * pair + 1) * TURN)
        if alone:
            os.write(writer, b"%.1f\n" % (1_024 * joint / alone))
    os._exit(0)


def rounds_from(begin):
    """Returns the rounds per ns of CPU time, from a point in time on."""
    time.sleep(max(begin - time.monotonic() - 0.001, 0))
    while time.monotonic() < begin:
        pass
    start, rounds = clock(), 0
    while time.monotonic() < begin + WORKED:
        spin(2_000)
        rounds += 1
    return rounds / (clock() - start)
