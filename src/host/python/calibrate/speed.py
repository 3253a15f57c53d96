"""How fast the CPUs are when several of them are busy."""

import os
import time

import host
from sampling import clock, spin

# How long all of them are busy, ns.
LONG = 60_000_000
BEGIN = 0.03


def probe(samples, _effort):
    """One core, two, four, and so on; then both hardware threads of one."""
    cores = host.one_cpu_of_each_core()
    counts = sorted({count for count in (1, 2, 4, 8, 16, 32, 64, len(cores)) if count <= len(cores)})
    for count in counts:
        samples.add(f"busy {count}", *together(cores[:count]))
    siblings = host.siblings()
    if siblings:
        samples.add("busy siblings", *together(siblings))


def together(cpus):
    """CPU time of one round on each of these CPUs, while all of them are busy."""
    pipes = [os.pipe() for _ in cpus]
    began = time.monotonic() + BEGIN
    children = [child(cpu, pipe, pipes, began) for cpu, pipe in zip(cpus, pipes)]
    for _, writer in pipes:
        os.close(writer)
    times = []
    for reader, _ in pipes:
        times.append(float(os.read(reader, 64) or "nan"))
        os.close(reader)
    for pid in children:
        os.waitpid(pid, 0)
    return times


def child(cpu, pipe, pipes, began):
    """A process on one CPU, which begins when all others are there too and counts how many rounds it gets done."""
    pid = os.fork()
    if pid:
        return pid
    os.sched_setaffinity(0, {cpu})
    for reader, writer in pipes:
        os.close(reader)
        if writer != pipe[1]:
            os.close(writer)
    while time.monotonic() < began:
        pass
    start, rounds = clock(), 0
    while clock() - start < LONG:
        spin(20_000)
        rounds += 1
    os.write(pipe[1], b"%d" % ((clock() - start) / rounds))
    os._exit(0)
