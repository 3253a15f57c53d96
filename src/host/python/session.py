"""One repetition of one configuration: reads a plan from standard input, writes the results to standard output.

Each is one line of JSON. The standard input stays open as long as the other side waits for the answer.
"""

import collections
import gc
import importlib
import itertools
import json
import os
import sys
import threading
import time
from concurrent.futures import BrokenExecutor

import affinity
import calibration
import orphan
import program
import quiet
import segments
import shared
from items import Clock, Items
from payloads import Payloads

Functions = collections.namedtuple(
    "Functions", "call call_with call_and_name call_several set_up call_alone consume call_offloaded"
)


# The largest object that shares its pages with others, and its size without its bytes.
BLOCK = 512
OVERHEAD = sys.getsizeof(b"")


def main(functions):
    """Runs one repetition."""
    plan = json.loads(sys.stdin.buffer.readline())
    orphan.die_with_parent()
    if plan["cpus"] is not None:
        os.sched_setaffinity(0, plan["cpus"])
    sys.setswitchinterval(plan["switch_interval_s"])
    threading.excepthook = give_up
    cpus = affinity.own_cpus() + plan["other_cpus"]
    moment, waited = quiet.wait(plan["usual"], cpus, plan["patience_s"])
    moments = [moment]
    # The speed of bytecode is always needed, for the rest of the program.
    verbs = sorted({program.PYTHON, *verbs_of(plan)})
    before = calibration.Speeds(verbs, plan["slowdown"])
    items = prepare(plan, before, functions)
    if plan["run"]["start_method"]:
        import_modules(plan["run"]["start_method"])
    play = player(plan, items, functions, before)
    if plan["run"]["forkserver_running"]:
        warm_up(plan["run"]["start_method"])
    moments.append(quiet.moment(cpus))
    start_background(plan, before)
    clock, busy = Clock(), BusyElsewhere(plan["cpus"])
    try:
        answer = answer_of(clock, *play(clock))
    except BrokenExecutor as broken:
        done = len(items.latencies())
        say({"broken": f"{type(broken).__name__}: {broken}; {done} of {items.number()} items were done"})
    answer["elsewhere"] = busy.share()
    answer["speeds"] = [before.per_count()]
    # With background threads there is no longer an idle core.
    if not plan["background"]:
        answer["speeds"].append(calibration.Speeds(verbs).per_count())
        moments.append(quiet.moment(cpus))
    answer["moments"], answer["waited_s"] = moments, waited
    say(answer)


def say(answer):
    """Prints the answer and ends the process."""
    print(json.dumps(answer), flush=True)
    # Background threads never end.
    os._exit(0)


def nothing():
    """The target of a process whose only purpose is to start its server."""


def warm_up(method):
    """Starts the fork server, with the main module if it imports that. Its first process does not count."""
    import multiprocessing
    from multiprocessing import process

    first = multiprocessing.get_context(method).Process(target=nothing)
    first.start()
    first.join()
    process._process_counter = itertools.count(1)


def give_up(failure):
    """Ends the process: a thread that waits for the failed one would wait forever."""
    sys.excepthook(failure.exc_type, failure.exc_value, failure.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


def every_list_of_steps(plan):
    """Yields every list of steps in the plan."""
    for group in plan["groups"]:
        yield from group["steps"]
    for thread in plan["background"]:
        yield from thread
    yield from plan["setups"]
    yield from plan["imports"]


def verbs_of(plan):
    """Returns every verb whose speed is needed."""
    for steps in every_list_of_steps(plan):
        yield from calibration.verbs_of(steps)


def prepare(plan, speeds, functions):
    """Prepares everything that exists before the clock starts."""
    # Requests and coroutines are not calls.
    is_called = plan["executor"] not in ("server", "asyncio", "loop-per-thread")
    call = calibration.call_of_nothing(functions.call) if is_called else 0
    program.groups[:] = [[speeds.steps(steps, call) for steps in group["steps"]] for group in plan["groups"]]
    program.results[:] = [Payloads(*group["result"]) for group in plan["groups"]]
    program.setups[:] = [speeds.steps(steps) for steps in plan["setups"]]
    program.imports[:] = [speeds.steps(steps) for steps in plan["imports"]]
    program.locks.update((name, lock(plan)) for name in plan["locks"])
    method, is_attribute = plan["run"]["start_method"], not plan["counters_of_processes"]
    program.counters.update((name, shared.counter(method, is_attribute)) for name in plan["counters"])
    program.in_segments = plan["in_segments"]
    if program.in_segments:
        segments.load()
    program.own_process = os.getpid()
    program.save()
    if plan["memory"]:
        # A write to each page makes the kernel map it.
        prepare.memory = bytearray(plan["memory"])
        prepare.memory[::4096] = b"1" * len(range(0, plan["memory"], 4096))
    if plan["touched"] and plan["run"]["start_method"] == "fork":
        program.touched[:] = [bytes(BLOCK - OVERHEAD) for _ in range(plan["touched"] // BLOCK)]
    items = Items(plan["groups"], plan["order"])
    items.make()
    gc.collect()
    return items


def lock(plan):
    """Makes a lock for all workers."""
    method = plan["run"]["start_method"]
    if method is None:
        return threading.Lock()
    import multiprocessing

    return multiprocessing.get_context(method).Lock()


def start_background(plan, speeds):
    """Starts threads that run their steps beside the tasks repeatedly."""
    for rounds in plan["background"]:
        steps = [speeds.steps(steps) for steps in rounds]
        threading.Thread(target=go_on, args=(steps,), daemon=True).start()


def go_on(rounds):
    """Repeats the steps until the process ends."""
    while True:
        for steps in rounds:
            program.play(steps)


# The modules that a program with processes imports, at its top or on first use.
MODULES = ("concurrent.futures.process", "multiprocessing.pool", "multiprocessing.queues", "multiprocessing.synchronize")
STARTING = {"fork": "popen_fork", "spawn": "popen_spawn_posix", "forkserver": "popen_forkserver"}


def import_modules(method):
    """Imports modules before the clock starts. Later, beside busy threads, each file read costs a switch interval."""
    for module in (*MODULES, f"multiprocessing.{STARTING[method]}"):
        importlib.import_module(module)


def player(plan, items, functions, speeds):
    """Returns a function that runs the tasks on a clock and returns all latencies and the time that they cover."""
    if plan["executor"] == "server":
        import server

        return server.Server(plan, speeds.slack).serve
    if plan["executor"] == "asyncio":
        import event_loop

        return event_loop.Program(plan, items, functions, speeds.slack).run
    if plan["executor"] == "loop-per-thread":
        import loop_per_thread

        return loop_per_thread.LoopPerThread(plan, items, functions, speeds.slack).run
    if plan["executor"] == "consumers":
        from consumers import consumers as run
    else:
        import executors

        run = executors.BY_NAME[plan["executor"]]

    def play(clock):
        clock.begin()
        run(items, functions, clock, plan["run"])
        clock.end()
        return items.latencies(), clock.finished - clock.began

    return play


def answer_of(clock, latencies, counted):
    """Returns the results of the repetition, in ns."""
    return {
        "makespan": clock.finished - clock.began,
        "teardown": clock.ended - clock.finished,
        "items": len(latencies),
        "counted": counted,
        "latencies": order_statistics(latencies),
        "lost_updates": sum(counter.lost() for counter in program.counters.values()) if program.counters else None,
    }


def order_statistics(latencies):
    """Returns the mean, median, 95th and 99th percentile by nearest rank."""
    latencies.sort()
    count = len(latencies)
    if not count:
        return [0, 0, 0, 0]
    return [sum(latencies) // count] + [latencies[-(-count * percent // 100) - 1] for percent in (50, 95, 99)]


class BusyElsewhere:
    """The share of the CPU time of the program's cores that other processes took meanwhile."""

    def __init__(self, cpus):
        self.cpus = range(os.cpu_count()) if cpus is None else cpus
        self.began, self.taken, self.own = time.perf_counter(), busy_time(self.cpus), own_time()

    def share(self):
        """Returns the share, or None where the kernel does not tell."""
        elapsed, taken, own = time.perf_counter() - self.began, busy_time(self.cpus), own_time()
        if taken is None or self.taken is None:
            return None
        elsewhere = (taken - self.taken) - (own - self.own)
        # The kernel counts in hundredths of a second.
        return max(elsewhere - 0.02, 0) / (elapsed * len(self.cpus))


def own_time():
    """Returns the CPU time of this process and of the children it has waited for, s."""
    return sum(os.times()[:4])


def busy_time(cpus):
    """Returns the CPU time of all processes on these CPUs, plus the time stolen by the machine's own host, s."""
    wanted = {f"cpu{cpu}" for cpu in cpus}
    ticks = 0
    try:
        with open("/proc/stat") as file:
            for name, *counts in map(str.split, file):
                if name in wanted:
                    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, counts[:8])
                    ticks += user + nice + system + irq + softirq + steal
    except (OSError, ValueError):
        return None
    return ticks / os.sysconf("SC_CLK_TCK")
