"""What runs in child processes and threads. Spawned ones import this file, so it imports next to nothing itself."""

import os
import time


def nothing(*_):
    """A task that costs as little as one can."""


def tell(path, number):
    """Appended to a file."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(file, b"%d\n" % number)
    os.close(file)


def tell_clock(path):
    """CPU time that this process has used up to here, appended to a file."""
    clock = time.process_time_ns()
    tell(path, clock)


def tell_import(path, modules):
    """CPU time that importing these takes here, appended to a file."""
    began = time.process_time_ns()
    for module in modules:
        __import__(module)
    took = time.process_time_ns() - began
    tell(path, took)


def tell_memory(path):
    """Memory that this process has to itself, in bytes, appended to a file."""
    private = memory("Private_Clean:") + memory("Private_Dirty:")
    tell(path, private)


def memory(word):
    """A sum over all that this process maps, in bytes."""
    with open("/proc/self/smaps_rollup") as file:
        for line in file:
            if line.startswith(word):
                return int(line.split()[1]) * 1024
    return 0
