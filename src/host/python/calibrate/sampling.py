"""Taking samples: CPU time of the calling thread, which does not see what neighbours do."""

import itertools

from time import thread_time_ns as clock


class Samples:
    """Lists of numbers by name. Times are in ns."""

    def __init__(self):
        self.by_name = {}

    def add(self, name, *values):
        """More samples of one quantity."""
        self.by_name.setdefault(name, []).extend(values)

    def time(self, name, call, times, samples, between=None):
        """CPU time of one call, as the mean of `times`, with something uncounted between two samples."""
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
    """CPU time of one call, and what it returns."""
    began = clock()
    result = call(*arguments)
    return clock() - began, result


def spin(rounds):
    """The same bytecode every time."""
    for _ in range(rounds):
        pass
