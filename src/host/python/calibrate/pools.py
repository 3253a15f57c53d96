"""The Python code of `multiprocessing.Pool`, each thread's part run by hand in this one, without workers."""

import multiprocessing
import queue
import threading
from multiprocessing import pool

import target
from processpool import Given
from sampling import batch, clock

MANY = 200


def probe(samples, effort):
    """Every part of a map of nothing."""
    make = multiprocessing.get_context("fork").SimpleQueue
    samples.time("simple queue", make, 5, 3)
    for _ in range(effort):
        parts(samples)


class Bare(pool.Pool):
    """One that has started nothing yet."""

    def __init__(self):
        self._cache, self._taskqueue = {}, queue.SimpleQueue()
        self._pool, self._state = [None, None], pool.RUN

    def __del__(self):
        pass


def parts(samples):
    """Caller, task handler, worker, result handler, and caller again."""
    threading.current_thread()._state = pool.RUN
    bare = Bare()
    items = [None] * MANY
    samples.time("pool apply", lambda: bare._map_async(target.nothing, items, pool.mapstar, 1), 20, 3)
    bare = Bare()
    result = bare._map_async(target.nothing, items, pool.mapstar, 1)
    bare._taskqueue.put(None)
    tasks = []
    began = clock()
    bare._handle_tasks(bare._taskqueue, tasks.append, Given([]), [], bare._cache)
    samples.add("pool task", (clock() - began) / MANY)

    # The same as `map` makes them, with `mapstar` around the function.
    job = result._job
    given = Given([(job, number, pool.mapstar, ((target.nothing, (None,)),), {}) for number in range(MANY)])
    began = clock()
    pool.worker(given, given)
    samples.add("pool call", (clock() - began) / MANY)
    chunk = (target.nothing, (None,) * 1_000)
    samples.time("pool chunk", lambda: pool.mapstar(chunk), 1, 3)

    get = Given((job, number, (True, [None])) for number in range(MANY)).get
    began = clock()
    bare._handle_results(Given([]), get, bare._cache)
    samples.add("pool set", (clock() - began) / MANY)
    samples.time("pool get", result.get, 50, 3)
