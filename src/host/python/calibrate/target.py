"""Functions for child processes and threads. Spawned processes import this file, so it imports very little itself."""

import os
import time


def nothing(*_):
    """Does nothing, as the cheapest possible task."""


def tell(path, number):
    """Appends a number to a file."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(file, b"%d\n" % number)
    os.close(file)


def tell_clock(path):
    """Appends the CPU time of this process so far to a file."""
    clock = time.process_time_ns()
    tell(path, clock)


def tell_import(path, modules):
    """Appends the CPU time of importing these modules to a file."""
    began = time.process_time_ns()
    for module in modules:
        __import__(module)
    took = time.process_time_ns() - began
    tell(path, took)


def tell_memory(path):
    """Appends the private memory of this process, in bytes, to a file."""
    private = memory("Private_Clean:") + memory("Private_Dirty:")
    tell(path, private)


def memory(word):
    """Returns a sum over all mappings of this process, in bytes."""
    with open("/proc/self/smaps_rollup") as file:
        for line in file:
            if line.startswith(word):
                return int(line.split()[1]) * 1024
    return 0
