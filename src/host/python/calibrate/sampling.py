"""Samples of the CPU time of the calling thread, which does not depend on other threads."""

import itertools

from time import thread_time_ns as clock


class Samples:
    """Lists of numbers by name. Times are in ns."""

    def __init__(self):
        self.by_name = {}

    def add(self, name, *values):
        """Adds samples of one quantity."""
        self.by_name.setdefault(name, []).extend(values)

    def time(self, name, call, times, samples, between=None):
        """Samples the CPU time of one call, as the mean of `times`, with an uncounted `between` after each sample."""
        call()
        for _ in range(samples):
            if between:
                between()
            self.add(name, batch(call, times) / times)


def batch(call, times):
    """CPU time of that number of calls."""
    repeat = itertools.repeat(None, times)
    began = clock()
    for _ in repeat:
        call()
    return clock() - began


def once(call, *arguments):
    """Returns the CPU time of one call, and its result."""
    began = clock()
    result = call(*arguments)
    return clock() - began, result


def spin(rounds):
    """Runs the same bytecode every time."""
    for _ in range(rounds):
        pass
