"""The work of an item: the steps of the plan, run by the thread or process that has the item.

A process or interpreter that starts anew reads the steps from a file, with amounts instead of times, because its parent
has already calibrated. A forked process inherits them.
"""

import collections
import itertools
import marshal
import os

import payloads
import segments
import shared
import work

# The environment variable with the file in which the parent saves what a new process needs.
FILE = "GILSIM_PROGRAM"

# A step is a pair of a verb, which is an index into VERBS, and its amount.
PYTHON, NATIVE_SHORT, NATIVE_LONG, HOLDS_LOCK, IO, LOCK, REPEAT, UPDATE, CRASH = range(9)
# For coroutines alone, see event_loop.py.
ASK, OFFLOADED = 9, 10

# The lock that belongs to what is updated. No lock of the scenario is called that.
OWN = 0


def with_lock(amount):
    """Runs the inner steps with the named lock held."""
    name, steps = amount
    with locks[name]:
        play(steps)


def repeatedly(amount):
    """The inner steps, that number of times."""
    times, steps = amount
    for _ in range(times):
        play(steps)


def update(amount):
    """Adds one to a counter, with the lock that guards it held if there is one: a name, or OWN."""
    name, window, guard = amount
    counter = counters[name]
    if guard == OWN:
        with counter.lock:
            shared.update(counter, counter.state, window)
    elif guard is None:
        shared.update(counter, counter.raw, window)
    else:
        with locks[guard]:
            shared.update(counter, counter.raw, window)


def crash(_):
    """Ends this process, as a segmentation fault does."""
    if os.getpid() == own_process:
        print('{"crashed": true}', flush=True)
    os._exit(1)


VERBS = (
    work.python,
    work.native_short,
    work.native_long,
    work.holds_lock,
    work.io,
    with_lock,
    repeatedly,
    update,
    crash,
)

# By group: the steps of each item, or one list of steps for all.
groups = []
# By group: what the items' results are made of, and how many different ones there have to be.
results = []
# The steps of each initializer.
setups = []
# For each new process or interpreter, the steps of importing the main module again.
imports = []
# Objects of the parent that every worker uses. One that is not forked makes its own, which is part of its initializer.
touched = []
has_touched = False
# Whether items' data lies in shared memory.
in_segments = False
# By name: what a worker that is a process gets from its parent.
locks = {}
counters = {}

set_ups = itertools.count()
# The process of the program itself, once it is known.
own_process = None


def play(steps):
    """Runs the steps in order."""
    for verb, amount in steps:
        VERBS[verb](amount)


def run_item(argument):
    """Runs one item: its steps, then its result."""
    group, index = argument[0], argument[1]
    if touched and not has_touched:
        touch()
    segment = segments.attach(argument[2]) if in_segments and argument[2] else None
    steps = groups[group]
    play(steps[index if len(steps) > 1 else 0])
    result = results[group].next()
    if in_segments and result:
        result = segments.put([result]).name
    if segment is not None:
        segment.close()
    return result


def touch():
    """Uses the objects of the parent once in a forked worker, which writes to their reference counts."""
    global has_touched
    collections.deque(touched, 0)
    has_touched = True


def run_steps(argument, steps):
    """Runs some steps of an item, and returns its result."""
    play(steps)
    return results[argument[0]].next()


def for_workers():
    """Returns what worker processes share with their parent, or None if that is nothing."""
    of_processes = {name: counter for name, counter in counters.items() if counter.is_of_processes()}
    return (locks, of_processes) if locks or of_processes else None


def set_up(from_parent):
    """Sets up a worker before its first item."""
    if from_parent:
        locks.update(from_parent[0])
        counters.update(from_parent[1])
    if setups:
        play(setups[number_of_worker() % len(setups)])


def number_of_worker():
    """Returns the number of this worker, counted from 0 in the order in which workers start."""
    import multiprocessing

    identity = multiprocessing.current_process()._identity
    return identity[-1] - 1 if identity else next(set_ups)


def import_main():
    """Runs the steps that stand for importing the main module again in a new process or interpreter."""
    load()
    if imports:
        import multiprocessing

        digits = multiprocessing.current_process().name.rpartition("-")[2]
        number = int(digits) - 1 if digits.isdigit() else 0
        play(imports[number % len(imports)])


def save():
    """Saves the program for processes that start anew."""
    described = [payload.described() for payload in results]
    with open(os.environ[FILE], "wb") as file:
        marshal.dump((groups, described, setups, imports, in_segments, own_process), file)


def load():
    """Loads what the parent saved."""
    global in_segments, own_process
    with open(os.environ[FILE], "rb") as file:
        groups[:], described, setups[:], imports[:], in_segments, own_process = marshal.load(file)
    results[:] = [payloads.Payloads(*payload) for payload in described]
    if in_segments:
        segments.load()
