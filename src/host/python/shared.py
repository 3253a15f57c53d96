"""The state that all workers update: one counter for each name, and the number of updates.

Among threads it is an attribute of a common object, among processes a multiprocessing.Value; without its lock what is
inside it, a RawValue.
"""

import os
import threading

import work


class Attribute:
    """An object that all threads share."""

    def __init__(self):
        self.value = 0


class Counter:
    """`state` is used with the lock held, `raw` without it; `updates` is posted once per update, and loses none."""

    def __init__(self, state, raw, lock, updates):
        self.state, self.raw, self.lock, self.updates = state, raw, lock, updates

    def is_of_processes(self):
        """Returns whether another process can use the counter as well."""
        return not isinstance(self.state, Attribute)

    def lost(self):
        """Returns the number of overwritten updates. A thread that still runs may have written and not yet posted."""
        return max(self.updates.get_value() - self.raw.value, 0)


def counter(start_method, is_attribute):
    """Makes a counter that threads of this process share, or processes that are started with this method."""
    # This import is not at the top: an interpreter of a pool that updates nothing would have to import it.
    import multiprocessing

    if start_method is None:
        start_method = "fork" if hasattr(os, "fork") else "spawn"
    context = multiprocessing.get_context(start_method)
    updates = context.Semaphore(0)
    if is_attribute:
        state = Attribute()
        return Counter(state, state, threading.Lock(), updates)
    state = context.Value("Q", 0)
    return Counter(state, state.get_obj(), state.get_lock(), updates)


def update(counter, state, window):
    """Reads, works with the value for that number of rounds, and writes. Without a window that is `+=`."""
    if window is None:
        state.value += 1
    else:
        read = state.value
        work.python(window)
        state.value = read + 1
    counter.updates.release()
