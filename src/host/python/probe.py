"""Measures how one function spends its time: on a core with the interpreter lock, on one without it, and off-core.

A second thread requests the lock all the time. If it gets it at once, the function does not hold it; if it has to
wait, the function does. The progress of the function's CPU clock meanwhile is the amount of work. Nothing is
guessed from the function's name or source.

Reads one JSON object from stdin (`target`, `arguments`, `repeats`, `seconds`), writes one to stdout. Times are whole
nanoseconds.
"""

import gc
import importlib
import json
import os
import pickle
import sys
import threading
import time

now = time.perf_counter_ns

# This is short, so that a holder in bytecode responds often, and long relative to a sleep and wake-up, some 50 us.
SWITCH_INTERVAL_NS = 500_000

# A function that keeps the lock this much longer than the interval has not checked the eval breaker: it is in a C call.
C_CALL_NS = SWITCH_INTERVAL_NS * 3

# A thread that had no core for this long has missed something.
BUSY_NS = 200_000

# A request that takes longer than this many times the usual one had to wait for the lock.
WAITED = 5


class Refusal(Exception):
    """A problem with the function that its author has to fix. It becomes an error of the command."""


def main():
    request = json.loads(sys.stdin.readline())
    die_with_parent()
    # What the function prints must not mix with the answer.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        found = probe(request)
    except Refusal as refusal:
        found = {"refusal": str(refusal)}
    json.dump(found, answer)
    answer.close()


def probe(request):
    if len(os.sched_getaffinity(0)) < 2:
        raise Refusal("this process may use one CPU only; a thread that wants the lock needs one of its own")
    sys.path.insert(0, os.getcwd())
    before = time.process_time_ns()
    function, module = find(request["target"])
    imports = time.process_time_ns() - before
    pickled, arguments = pickle_arguments(function, request["arguments"], module)
    result = call(function, pickled)  # Warms up caches, imports and the allocator; not counted.
    pickled_result = dumps(result, "its result")
    deadline = now() + int(request["seconds"] * 1e9)
    alone, competed = [], []
    for repeat in range(request["repeats"]):
        alone.append(run_alone(function, pickled))
        competed.append(run_beside_competitor(function, pickled))
        if now() > deadline and repeat >= 2:
            break
    return {
        "imports": imports,
        "alone": alone,
        "competed": competed,
        "argument": describe(arguments, pickled),
        "result": describe(result, pickled_result),
    }


# The function and its data


def find(target):
    name, _, path = target.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name.partition(".")[0]:
            raise Refusal(f"there is no module `{name}` here or on the module path") from None
        raise Refusal(f"importing `{name}` failed: {one_line(error)}") from None
    except BaseException as error:
        raise Refusal(f"importing `{name}` failed: {one_line(error)}") from None
    found = module
    for part in path.split("."):
        if not hasattr(found, part):
            raise Refusal(f"`{name}` has no `{path}`")
        found = getattr(found, part)
    if not callable(found):
        raise Refusal(f"`{target}` is not a function but {type(found).__name__}")
    try:
        pickle.dumps(found)
    except Exception as error:
        raise Refusal(f"`{target}` cannot be sent to another process: {one_line(error)}") from None
    return found, module


def pickle_arguments(function, expression, module):
    try:
        arguments = eval(expression, dict(vars(module)))
    except Exception as error:
        raise Refusal(f"`--args {expression}` cannot be evaluated: {one_line(error)}") from None
    if not isinstance(arguments, tuple):
        arguments = (arguments,)
    return dumps(arguments, "its arguments"), arguments


def dumps(data, what):
    try:
        return pickle.dumps(data, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise Refusal(f"{what} cannot be pickled, so no process could have them: {one_line(error)}") from None


def call(function, pickled):
    # Each call has its own arguments, as in a worker: sorting a list a second time costs less.
    arguments = pickle.loads(pickled)
    try:
        return function(*arguments)
    except SystemExit:
        raise Refusal("it called sys.exit()") from None
    except BaseException as error:
        raise Refusal(f"it raised {one_line(error)}") from None


def one_line(error):
    text = str(error).splitlines()
    return type(error).__name__ + (f": {text[0]}" if text else "")


def describe(data, pickled):
    return {
        "size": len(pickled),
        "kind": kind_of(data),
        "dumps": median_time(lambda: pickle.dumps(data, protocol=pickle.HIGHEST_PROTOCOL)),
        "loads": median_time(lambda: pickle.loads(pickled)),
    }


def kind_of(data):
    """Returns what most of the data consists of, as a scenario names it."""
    if isinstance(data, tuple) and data:
        parts = [(len(pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL)), part) for part in data]
        data = max(parts, key=lambda part: part[0])[1]
    if isinstance(data, dict):
        return "dict"
    if isinstance(data, (list, tuple, set, frozenset)) and data:
        first = next(iter(data))
        if isinstance(first, float):
            return "list[float]"
        if isinstance(first, int):
            return "list[int]"
        if isinstance(first, dict):
            return "dict"
        if isinstance(first, (tuple, list)):
            return "list[tuple]"
        return "list[int]"
    return "bytes"


def median_time(action, most=200_000_000, times=15):
    samples = []
    end = now() + most
    while len(samples) < times and (not samples or now() < end):
        before = time.thread_time_ns()
        action()
        samples.append(time.thread_time_ns() - before)
    return sorted(samples)[len(samples) // 2]


# The function by itself


def run_alone(function, pickled):
    gc.collect()
    seen = {}

    def work():
        peak = PeakMemory()
        arguments = pickle.loads(pickled)
        queue = RunQueue()
        wall, thread, process = now(), time.thread_time_ns(), time.process_time_ns()
        result = function(*arguments)
        process, thread, wall = time.process_time_ns() - process, time.thread_time_ns() - thread, now() - wall
        seen.update(wall=wall, cpu=thread, queued=queue.grown())
        seen.update(other_threads=max(process - thread, 0), memory=peak.grown())
        del result

    run_in_thread(work)
    return seen


class RunQueue:
    """The time that this thread has been ready without a core. A busy host causes it, not the function."""

    def __init__(self):
        try:
            self.file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        except OSError:
            self.file = None
        self.waited = self.read()

    def read(self):
        return 0 if self.file is None else int(os.pread(self.file, 100, 0).split()[1])

    def grown(self):
        """Returns the time since the last call."""
        before, self.waited = self.waited, self.read()
        return self.waited - before

    def __del__(self):
        if self.file is not None:
            os.close(self.file)


def run_in_thread(work):
    failed = []

    def guarded():
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failed:
        raise Refusal(f"it raised {one_line(failed[0])}, but not when it was called before")


class PeakMemory:
    """The growth of the process's peak memory; None where the kernel does not tell."""

    def __init__(self):
        try:
            with open("/proc/self/clear_refs", "w") as refs:
                refs.write("5")
            self.before = status("VmRSS")
        except OSError:
            self.before = None

    def grown(self):
        return None if self.before is None else max(status("VmHWM") - self.before, 0)


def status(field):
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise OSError(field)


# The function beside a thread that wants the lock


def run_beside_competitor(function, pickled):
    gc.collect()
    interval = sys.getswitchinterval()
    competitor = Competitor()
    finished = threading.Event()

    def work():
        arguments = pickle.loads(pickled)
        competitor.watch(threading.get_ident())
        competitor.started.wait()
        try:
            result = function(*arguments)
        finally:
            competitor.over = True
        # The clock of a thread that has ended cannot be read.
        finished.wait()
        del result

    thread = threading.Thread(target=competitor.compete)
    sys.setswitchinterval(SWITCH_INTERVAL_NS / 1e9)
    try:
        thread.start()
        competitor.ready.wait()
        worker = threading.Thread(target=lambda: run_in_thread(work))
        worker.start()
        thread.join()
        finished.set()
        worker.join()
    finally:
        sys.setswitchinterval(interval)
    return competitor.seen


class Competitor:
    """Releases and reacquires the lock repeatedly, and notes the progress of another thread's CPU clock."""

    def __init__(self):
        self.ready = threading.Event()
        self.watching = threading.Event()
        self.started = threading.Event()
        self.clock = None
        self.over = False
        self.seen = {}

    def watch(self, thread):
        self.clock = time.pthread_getcpuclockid(thread)
        self.watching.set()

    def compete(self):
        request = time.sleep
        usual = sorted(self.request() for _ in range(500))[250]
        self.ready.set()
        self.watching.wait()
        read, clock = time.clock_gettime_ns, self.clock
        waited = max(WAITED * usual, usual + 3_000)
        # CPU time while the lock was held, held by a C call, and free; and off-core time, lock free. Where this thread
        # had no core itself it cannot tell.
        held = held_by_c = released = off_core = unknown = 0
        queue = RunQueue()
        # The position in time of each: the sum of moments weighted by their share.
        moments = [0, 0, 0, 0]
        start = last = now()
        cpu = read(clock)
        self.started.set()
        while not self.over:
            before = now()
            request(0)
            after = now()
            reached = read(clock)
            work, moment = reached - cpu, after - start
            if after - before <= waited:
                released += work
                idle = max(after - last - work, 0)
                off_core += idle
                moments[2] += work * moment
                moments[3] += idle * moment
            elif queue.grown() > BUSY_NS:
                unknown += work
            elif work > C_CALL_NS:
                held_by_c += work
                moments[1] += work * moment
            else:
                held += work
                moments[0] += work * moment
            last, cpu = after, reached
        shares = (held, held_by_c, released, off_core)
        self.seen = {
            "wall": now() - start,
            "held": held,
            "held_by_c": held_by_c,
            "released": released,
            "off_core": off_core,
            "unknown": unknown,
            "moments": [moment // share if share else 0 for moment, share in zip(moments, shares)],
        }

    @staticmethod
    def request():
        before = now()
        time.sleep(0)
        return now() - before


if __name__ == "__main__":
    main()
