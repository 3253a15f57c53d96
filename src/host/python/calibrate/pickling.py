"""The costs of `multiprocessing.reduction.ForkingPickler`, which pickles all data between processes."""

import itertools
from multiprocessing.reduction import ForkingPickler

import payloads
import target

MEGABYTE = 1_000_000
DIFFERENT = 4
KINDS = ["bytes", "list[float]", "list[int]", "dict", "list[tuple]"]


def probe(samples, effort):
    """Measures pickling of tiny messages, and of about 1 MB of each kind."""
    nothing = (None, 1)
    pickled = bytes(ForkingPickler.dumps(nothing))
    samples.time("dumps", lambda: ForkingPickler.dumps(nothing), 300, 5)
    samples.time("loads", lambda: ForkingPickler.loads(pickled), 1_000, 5)
    for kind in KINDS:
        # Several payloads take turns, so that none is already in the nearest cache.
        payload = itertools.cycle([payloads.of(kind, MEGABYTE) for _ in range(DIFFERENT)])
        data = [bytes(ForkingPickler.dumps(next(payload))) for _ in range(DIFFERENT)]
        samples.add(f"size of {kind}", len(data[0]))
        data = itertools.cycle(data)
        samples.time(f"dumps {kind}", lambda: ForkingPickler.dumps(next(payload)), 2, effort)
        samples.time(f"loads {kind}", lambda: ForkingPickler.loads(next(data)), 2, effort)
    messages(samples)


def call_item():
    """Returns what `ProcessPoolExecutor` sends to a worker for one chunk of empty calls."""
    from concurrent.futures import process

    chunk = ((target.nothing, [(None,)]), {})
    return process._CallItem(1_000, process._process_chunk, *chunk)


def result_item():
    """Returns what the worker sends back."""
    from concurrent.futures import process

    return process._ResultItem(1_000, result=[None])


def task():
    """Returns what `Pool` sends to a worker for one chunk of empty calls."""
    from multiprocessing import pool

    return 1_000, 10, pool.mapstar, ((target.nothing, (None,)),), {}


def task_result():
    """Returns what the worker sends back."""
    return 1_000, 10, (True, [None])


def messages(samples):
    """Measures the length of the messages, and the time to pickle them."""
    for make in (call_item, result_item, task, task_result):
        message, name = make(), make.__name__
        data = bytes(ForkingPickler.dumps(message))
        samples.add(f"size of {name}", len(data))
        samples.time(f"dumps {name}", lambda: ForkingPickler.dumps(message), 200, 3)
        samples.time(f"loads {name}", lambda: ForkingPickler.loads(data), 200, 3)
