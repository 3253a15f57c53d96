"""The costs of the Python code of `multiprocessing.Pool`: this thread runs each thread's part, without workers."""

import multiprocessing
import queue
import threading
from multiprocessing import pool

import target
from processpool import Given
from sampling import batch, clock

MANY = 200


def probe(samples, effort):
    """Measures every part of a map of empty calls."""
    make = multiprocessing.get_context("fork").SimpleQueue
    samples.time("simple queue", make, 5, 3)
    for _ in range(effort):
        parts(samples)


class Bare(pool.Pool):
    """A pool that has started no workers and no threads."""

    def __init__(self):
        self._cache, self._taskqueue = {}, queue.SimpleQueue()
        self._pool, self._state = [None, None], pool.RUN

    def __del__(self):
        pass


def parts(samples):
    """Measures the parent, task handler, worker, result handler, and the parent again."""
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

    # These are the tasks that `map` makes, with `mapstar` around the function.
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
