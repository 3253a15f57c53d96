"""The costs of the Python code of `concurrent.futures.ProcessPoolExecutor`: this thread runs each thread's part.

No worker is ever started: its queues already contain what other threads would put into them.
"""

import gc
import inspect
import itertools
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, process
from multiprocessing import queues

import target
from sampling import batch, clock

# The number of calls that fit into the call queue.
WORKERS = 60
MANY = WORKERS + 1


def probe(samples, effort):
    """Measures every part of a map of empty calls."""
    forked = multiprocessing.get_context("fork")
    for _ in range(max(effort // 2, 1)):
        began = clock()
        executor = ProcessPoolExecutor(WORKERS, mp_context=forked)
        samples.add("process pool build", clock() - began)
        parts(samples, executor)
        worker(samples)
    gc.collect()


def parts(samples, executor):
    """Measures the parent, manager, feeder and the parent again."""
    executor._start_executor_manager_thread = executor._adjust_process_count = target.nothing
    manager = process._ExecutorManagerThread(executor)
    calls, wakeup = manager.call_queue, manager.thread_wakeup
    began = clock()
    results = executor.map(target.nothing, range(MANY))
    samples.add("process pool submit", (clock() - began) / MANY)
    wakeup.clear()

    # With this, `put` starts no feeder.
    calls._thread = threading.current_thread()
    began = clock()
    manager.add_call_item_to_queue()
    samples.add("process pool fill", (clock() - began) / MANY)
    samples.add("process pool feed", feed(calls) / MANY)

    items = [process._ResultItem(number, result=[None]) for number in range(MANY)]
    for item in items[:20]:
        manager.result_queue.put(item)
        wakeup.wakeup()
        began = clock()
        manager.wait_result_broken_or_wakeup()
        samples.add("process pool wait", clock() - began)
    samples.time("wakeup clear", wakeup.clear, 20, 1)

    semaphore = executor._idle_worker_semaphore

    def go_on(item):
        manager.process_result_item(item)
        manager.executor_reference()
        semaphore.release()
        manager.is_shutting_down()

    each = iter(items)
    samples.add("process pool set_result", batch(lambda: go_on(next(each)), MANY) / MANY)
    began = clock()
    for _ in results:
        pass
    samples.add("process pool result", (clock() - began) / MANY)
    calls._thread = None


def feed(calls):
    """Runs `Queue._feed` until the buffer is empty."""
    calls._buffer.append(queues._sentinel)
    hands = {
        "buffer": calls._buffer,
        "notempty": calls._notempty,
        "writelock": calls._wlock,
        "ignore_epipe": False,
        "queue_sem": calls._sem,
    }
    # The other parameters send, close and report errors.
    names = inspect.signature(queues.Queue._feed).parameters
    arguments = [hands.get(name, target.nothing) for name in names]
    began = clock()
    queues.Queue._feed(*arguments)
    return clock() - began


class Given:
    """A queue that already contains everything, and discards what is put into it."""

    put = staticmethod(target.nothing)

    def __init__(self, items):
        items = itertools.chain(items, [None])
        self.get = lambda block=True: next(items)


def worker(samples):
    """Measures a worker's loop, and a chunk of many items in it."""
    call = (target.nothing, [(None,)])
    items = [process._CallItem(number, process._process_chunk, call, {}) for number in range(MANY)]
    given = Given(items)
    began = clock()
    process._process_worker(given, given, None, ())
    samples.add("process pool call", (clock() - began) / MANY)
    chunk = [(None,)] * 1_000
    samples.time("process pool chunk", lambda: process._process_chunk(target.nothing, chunk), 1, 3)
