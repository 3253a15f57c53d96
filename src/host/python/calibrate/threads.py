"""The costs of `threading.Thread`: its start and end in parent and child, and its memory."""

import os
import threading
import time

import target
from affinity import bound
from sampling import clock

MANY = 40


def probe(samples, _effort):
    """Measures threads that do nothing, one after the other. All use one CPU, so that no wake-up finds an idle core."""
    with bound() as cpus:
        os.sched_setaffinity(0, cpus[:1])
        for _ in range(3):
            cycles(samples)
    memory(samples)


def cycles(samples):
    """Measures the CPU time of the parent until `start` returns, of the child until its target, and of both."""
    reached = []

    def look():
        reached.append(clock())

    parent = 0
    process = time.process_time_ns()
    for _ in range(MANY):
        began = clock()
        thread = threading.Thread(target=look)
        thread.start()
        parent += clock() - began
        thread.join()
    process = time.process_time_ns() - process
    child = sum(reached) / MANY
    samples.add("thread start", parent / MANY)
    samples.add("thread reached", child)
    samples.add("thread rest", process / MANY - parent / MANY - child)


def memory(samples):
    """Measures the memory of threads that wait."""
    stop = threading.Event()
    before = target.memory("Private_Dirty:")
    threads = [threading.Thread(target=stop.wait) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    samples.add("thread memory", max(target.memory("Private_Dirty:") - before, 0) / MANY)
    stop.set()
    for thread in threads:
        thread.join()
