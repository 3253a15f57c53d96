"""What all workers update: one counter for each name, and how many updates there were.

Among threads it is an attribute of a common object, among processes a multiprocessing.Value; without its lock what is
inside it, a RawValue.
"""

import os
import threading

import work


class Attribute:
    """A common object."""

    def __init__(self):
        self.value = 0


class Counter:
    """`state` is used with the lock held, `raw` without it; `updates` is posted once for each update, and loses none."""

    def __init__(self, state, raw, lock, updates):
        self.state, self.raw, self.lock, self.updates = state, raw, lock, updates

    def is_of_processes(self):
        """Whether another process can have it as well."""
        return not isinstance(self.state, Attribute)

    def lost(self):
        """Updates that others overwrote. A thread that goes on may have written and not yet posted."""
        return max(self.updates.get_value() - self.raw.value, 0)


def counter(start_method, is_attribute):
    """One, shared by threads of this process, or by processes that are started like this."""
    # Not above: an interpreter of a pool that updates nothing would have to import it.
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
