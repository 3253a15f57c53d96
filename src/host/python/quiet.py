"""Measures the speed and wake-up delay of each CPU, and waits until every CPU runs at its usual speed.

A neighbour on the same core, or a changing clock rate, slows down a CPU for some seconds, and then another one;
where other virtual machines wait for the same core, an idle CPU gets it milliseconds later.
"""

import os
import time
from bisect import bisect_left, bisect_right
from statistics import mean, median

import affinity
import work

# One look at one CPU takes half a millisecond. The median of three looks counts.
ROUNDS, LOOKS = 10_000, 3
# Sleeps of one look, and how long they are, s.
SLEEPS, SLEEP = 8, 0.0003
# The maximum number of CPUs to look at; on a larger machine they stand for all.
MOST_CPUS = 8
# As fast as usual: this share of it more or less; and as soon: this much longer.
CLOSE, SOON = 0.1, 1.5
# The pause before the next look, s.
PAUSE = 0.02


def moment(cpus):
    """Returns for each of these CPUs the CPU time of a round of bytecode and the excess length of sleeps, ns."""
    if not cpus:
        return [look()]
    with affinity.bound():
        return [look_at(cpu) for cpu in cpus[:MOST_CPUS]]


def look_at(cpu):
    """Looks at this CPU."""
    os.sched_setaffinity(0, {cpu})
    return look()


def look():
    """Looks at the CPU that this thread is on."""
    return median(one_round() for _ in range(LOOKS)), mean(one_sleep() for _ in range(SLEEPS))


def one_round():
    """Returns the CPU time of one round, ns."""
    began = time.thread_time_ns()
    work.python(ROUNDS)
    return (time.thread_time_ns() - began) / ROUNDS


def one_sleep():
    """Returns by how much one sleep is too long, ns."""
    began = time.perf_counter_ns()
    time.sleep(SLEEP)
    return time.perf_counter_ns() - began - SLEEP * 1e9


def wait(usual, cpus, seconds):
    """Waits until every CPU runs at its usual speed, at most `seconds`: the last moment, and the time waited."""
    began = time.monotonic()
    while True:
        now = moment(cpus)
        waited = time.monotonic() - began
        if usual is None or waited >= seconds or all(is_close(look, usual) for look in now):
            return now, waited
        time.sleep(PAUSE)


def is_close(look, usual):
    """Returns whether a round took as long as usual, and sleeps not much longer."""
    return abs(look[0] / usual[0] - 1) <= CLOSE and look[1] <= usual[1] * SOON


def usual(looks):
    """Rounds: the middle of where they lie closest together. Sleeps: the middle."""
    rounds = sorted(each for each, _ in looks)
    close = [rounds[bisect_left(rounds, least) : bisect_right(rounds, least * (1 + 2 * CLOSE))] for least in rounds]
    return median(max(close, key=len)), median(late for _, late in looks)
