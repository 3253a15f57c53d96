"""How much of each verb a length of time is: CPU time on a core that has nothing else to do.

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
# Of one sample, ns.
LENGTH = 1_000_000

# Up to this long, ns, a checksum is long enough; key derivation takes some microseconds to begin.
SHORT = 40_000

# The smallest and the first large amount to try of each verb.
AMOUNTS = {
    program.PYTHON: (0, 10_000),
    program.NATIVE_SHORT: (work.KEEPS_LOCK_UP_TO + 1, len(work.BUFFER)),
    program.NATIVE_LONG: (1, 2_000),
    program.HOLDS_LOCK: (0, 200_000),
}


# What the plan calls them.
ON_A_CORE = ("python", "native", "holds_lock")


class Speeds:
    """What the verbs of a program cost here and now, in an interpreter whose bytecode takes `slowdown` times as long."""

    def __init__(self, verbs, slowdown=1):
        self.slowdown = slowdown
        self.lines = {verb: line(verb) for verb in verbs}
        self.slack = timer_slack()

    def per_count(self):
        """ns for one count of each verb."""
        return {verb: count for verb, (_, count) in self.lines.items()}

    def steps(self, described, beside=0):
        """Steps with amounts, from steps with times. The first on a core is shorter by `beside`, ns."""
        steps = []
        for verb, time, *inner in described:
            if verb in ON_A_CORE:
                steps.append(self.on_a_core(verb, time, beside))
                beside = 0
            else:
                steps.append(self.step(verb, time, *inner))
        return steps

    def step(self, verb, time, inner=None):
        """One that takes no core, or not all the time."""
        if verb == "io":
            # Asked for nothing, the kernel does not wait at all.
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
        """One that takes a core for so long, less what is beside it."""
        number = number_of(verb, time)
        if number == program.PYTHON:
            # A step is so much bytecode as takes its time in the build with the interpreter lock.
            time *= self.slowdown
        call, count = self.lines[number]
        least = AMOUNTS[number][0]
        # What never ends asks for more than a C call can count.
        return number, min(max(round((time - call - beside) / count), least), sys.maxsize)


def number_of(verb, time):
    """The verb of the program for a verb of the plan."""
    if verb == "python":
        return program.PYTHON
    if verb == "holds_lock":
        return program.HOLDS_LOCK
    return program.NATIVE_SHORT if time <= SHORT else program.NATIVE_LONG


def verbs_of(described):
    """Every verb of the program that these steps need a speed of."""
    for verb, time, *inner in described:
        if verb == "update":
            if time is not None:
                yield program.PYTHON
        elif inner:
            yield from verbs_of(inner[0])
        elif verb not in ("io", "ask", "crash"):
            yield number_of(verb, time)


def line(verb):
    """What a step of this verb costs: to begin it, and for each count; ns of CPU time."""
    small, large = AMOUNTS[verb]
    one = [(verb, large)]
    # Warm: caches, and an interpreter that has specialized the loop.
    for _ in range(3):
        sample(one)
    if verb != program.NATIVE_SHORT:
        large = max(large * LENGTH // max(sample(one), 1), small + 1)
    times = max(LENGTH // 20 // max(sample([(verb, small)]), 1), 1)
    # In turn, so that a disturbance hurts both alike.
    pairs = [(sample([(verb, small)] * times) / times, sample([(verb, large)])) for _ in range(SAMPLES)]
    shortest, longest = (median(times) for times in zip(*pairs))
    count = max(longest - shortest, 1) / (large - small)
    return shortest - count * small, count


def sample(steps):
    """CPU time of these steps."""
    began = time.thread_time_ns()
    program.play(steps)
    return time.thread_time_ns() - began


def call_of_nothing(call):
    """What the call of an item costs beside its steps, ns of CPU time: it has neither steps nor data here."""
    program.groups[:], program.results[:] = [[[]]], [Payloads("bytes", 0, 1)]
    arguments = [(0, 0, None)] * 200

    def several():
        began = time.thread_time_ns()
        for argument in arguments:
            call(argument)
        return time.thread_time_ns() - began

    return median(several() for _ in range(SAMPLES)) / len(arguments)


def timer_slack():
    """How much later than asked the kernel lets a thread sleep, ns."""
    try:
        with open("/proc/self/timerslack_ns") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
