"""The costs of the Python code of `concurrent.futures.ThreadPoolExecutor`: each thread's part while others sleep."""

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import target
from sampling import batch, clock

MANY = 300


def probe(samples, effort):
    """Measures empty calls."""
    for _ in range(effort):
        with ThreadPoolExecutor(1) as executor:
            alone(samples, executor)
        if sys.version_info < (3, 12):
            samples.add("counts idle always", 1)
        futures = [Future() for _ in range(MANY)]
        for future in futures:
            future.set_running_or_notify_cancel()
        each = iter(futures)
        idle = threading.Semaphore(0)
        samples.time("idle acquire", lambda: idle.acquire(timeout=0), MANY, 1)
        samples.time("idle release", idle.release, MANY, 1)
        samples.add("future set_result", batch(lambda: next(each).set_result(None), MANY) / MANY)


def alone(samples, executor):
    """Measures the parent while the only worker is blocked, then the worker on the queue while the parent waits."""
    gate, clocks = threading.Lock(), []

    def tell():
        clocks.append(clock())

    with gate:
        executor.submit(lambda: gate.acquire() and gate.release())
        executor.submit(tell)
        samples.add("thread pool submit", batch(lambda: executor.submit(target.nothing), MANY) / MANY)
        results = executor.map(target.nothing, range(MANY))
        last = executor.submit(tell)
    last.result()
    samples.add("thread pool worker", (clocks[1] - clocks[0]) / (2 * MANY))
    began = clock()
    for _ in results:
        pass
    samples.add("thread pool result", (clock() - began) / MANY)
