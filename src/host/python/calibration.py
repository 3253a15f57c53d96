"""Converts times to amounts of each verb, by CPU time measured on an otherwise idle core.

A step takes `call + amount * count` ns, `call` being what it costs to begin one. What the call of an item
costs beside its steps is part of the first of them: an item of 50 us is a call that takes 50 us.
"""

import sys
import time
from statistics import median

import program
import work
from payloads import Payloads

SAMPLES = 15
# The length of one sample, ns.
LENGTH = 1_000_000

# A step up to this long, ns, is a checksum, because key derivation takes some microseconds to begin.
SHORT = 40_000

# The smallest and the first large amount to try of each verb.
AMOUNTS = {
    program.PYTHON: (0, 10_000),
    program.NATIVE_SHORT: (work.KEEPS_LOCK_UP_TO + 1, len(work.BUFFER)),
    program.NATIVE_LONG: (1, 2_000),
    program.HOLDS_LOCK: (0, 200_000),
}


# The names of these verbs in the plan.
ON_A_CORE = ("python", "native", "holds_lock")


class Speeds:
    """The current cost of each verb, in an interpreter whose bytecode takes `slowdown` times as long."""

    def __init__(self, verbs, slowdown=1):
        self.slowdown = slowdown
        self.lines = {verb: line(verb) for verb in verbs}
        self.slack = timer_slack()

    def per_count(self):
        """Returns the time of one count of each verb, ns."""
        return {verb: count for verb, (_, count) in self.lines.items()}

    def steps(self, described, beside=0):
        """Converts steps with times to steps with amounts. The first step on a core is shorter by `beside`, ns."""
        steps = []
        for verb, time, *inner in described:
            if verb in ON_A_CORE:
                steps.append(self.on_a_core(verb, time, beside))
                beside = 0
            else:
                steps.append(self.step(verb, time, *inner))
        return steps

    def step(self, verb, time, inner=None):
        """Converts one step. A step that uses a core throughout is left to `on_a_core`."""
        if verb == "io":
            # The kernel does not wait at all for a time of 0.
            return program.IO, max(time - self.slack, min(time, 1)) / 1e9
        if verb == "ask":
            return program.ASK, time
        if verb == "crash":
            return program.CRASH, None
        if verb == "offload":
            return program.OFFLOADED, self.steps(inner)
        if verb == "update":
            name, guard = inner
            window = None if time is None else self.on_a_core("python", time)[1]
            return program.UPDATE, (name, window, guard)
        if verb == "lock":
            return program.LOCK, (time, self.steps(inner))
        if verb == "repeat":
            return program.REPEAT, (time, self.steps(inner))
        raise ValueError(f"{verb}: no such step")

    def on_a_core(self, verb, time, beside=0):
        """Converts a step that uses a core for `time` ns, less `beside` ns."""
        number = number_of(verb, time)
        if number == program.PYTHON:
            # The time of a step is that of its bytecode in the build with the interpreter lock.
            time *= self.slowdown
        call, count = self.lines[number]
        least = AMOUNTS[number][0]
        # The amount of an endless step can exceed what a C call can count.
        return number, min(max(round((time - call - beside) / count), least), sys.maxsize)


def number_of(verb, time):
    """Returns the verb of the program for a verb of the plan."""
    if verb == "python":
        return program.PYTHON
    if verb == "holds_lock":
        return program.HOLDS_LOCK
    return program.NATIVE_SHORT if time <= SHORT else program.NATIVE_LONG


def verbs_of(described):
    """Returns every verb of the program whose speed these steps need."""
    for verb, time, *inner in described:
        if verb == "update":
            if time is not None:
                yield program.PYTHON
        elif inner:
            yield from verbs_of(inner[0])
        elif verb not in ("io", "ask", "crash"):
            yield number_of(verb, time)


def line(verb):
    """Returns the CPU time of a step of this verb: to begin it, and for each count; ns."""
    small, large = AMOUNTS[verb]
    one = [(verb, large)]
    # This warms up the caches and lets the interpreter specialize the loop.
    for _ in range(3):
        sample(one)
    if verb != program.NATIVE_SHORT:
        large = max(large * LENGTH // max(sample(one), 1), small + 1)
    times = max(LENGTH // 20 // max(sample([(verb, small)]), 1), 1)
    # The two alternate, so that a disturbance affects both alike.
    pairs = [(sample([(verb, small)] * times) / times, sample([(verb, large)])) for _ in range(SAMPLES)]
    shortest, longest = (median(times) for times in zip(*pairs))
    count = max(longest - shortest, 1) / (large - small)
    return shortest - count * small, count


def sample(steps):
    """Returns the CPU time of these steps."""
    began = time.thread_time_ns()
    program.play(steps)
    return time.thread_time_ns() - began


def call_of_nothing(call):
    """Returns the CPU time of the call of an item without its steps, ns: the item has no steps and no data here."""
    program.groups[:], program.results[:] = [[[]]], [Payloads("bytes", 0, 1)]
    arguments = [(0, 0, None)] * 200

    def several():
        began = time.thread_time_ns()
        for argument in arguments:
            call(argument)
        return time.thread_time_ns() - began

    return median(several() for _ in range(SAMPLES)) / len(arguments)


def timer_slack():
    """Returns by how much the kernel may prolong a sleep of this thread, ns."""
    try:
        with open("/proc/self/timerslack_ns") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
