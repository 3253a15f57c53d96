"""The costs of `multiprocessing.Process` with each start method, in the parent and in the child."""

import multiprocessing
import os
import resource
import tempfile
import threading
import time
from multiprocessing import connection, context, reduction, spawn

import caches
import target
from sampling import batch, clock, once

# Memory of the parent, MiB.
TOUCHED = (0, 256)
# The modules that unpickling a queue needs, and those that a pool's worker also needs.
QUEUES = ["multiprocessing.queues", "multiprocessing.synchronize"]
MODULES = {
    "queues": QUEUES,
    "pool": ["multiprocessing.pool", *QUEUES],
    "process pool": ["concurrent.futures.process", *QUEUES],
}
WARM = 3
contexts = {}


def probe(samples, effort):
    """Measures each start method. Forked processes are cheap, so there are many of them."""
    with tempfile.NamedTemporaryFile(prefix="gilsim-") as told:
        for _ in range(effort):
            method("fork")
            children(samples, told, "fork", 3)
            children(samples, told, "spawn", 1)
            children(samples, told, "forkserver", 2)
        imports(samples, told)
    forks(samples, 2 * effort)
    copies(samples, 3 * effort)
    running(samples)
    preparation(samples)


def method(name):
    """Returns a context. The fork server and the resource tracker already run when it is first returned."""
    if name not in contexts:
        contexts[name] = multiprocessing.get_context(name)
        process = contexts[name].Process(target=target.nothing)
        process.start()
        process.join()
    return contexts[name]


def children(samples, told, name, count):
    """Measures processes that report the CPU time they have used when they reach their target."""
    make = method(name).Process
    for _ in range(count):
        for tell, what in ((target.tell_clock, "reached"), (target.tell_memory, "memory")):
            took, forked, process = start(make, tell, told.name)
            connection.wait([process.sentinel])
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            joined, _ = once(process.join)
            value = int(told.readlines()[-1])
            samples.add(f"{name} {what}", value)
            if what == "reached":
                # The samples are taken in pairs, because both vary more than they differ.
                samples.add(f"{name} start", took - forked)
                samples.add(f"{name} os.fork", forked)
                samples.add("join", joined)
                # The children of the fork server are not children of this process.
                if name != "forkserver":
                    all_of_it = cpu_time(resource.getrusage(resource.RUSAGE_CHILDREN)) - cpu_time(before)
                    samples.add(f"{name} rest", all_of_it - value)


def imports(samples, told):
    """Measures the imports of a worker that starts anew, before it can unpickle its work."""
    for name, modules in MODULES.items():
        process = method("spawn").Process(target=target.tell_import, args=(told.name, modules))
        process.start()
        process.join()
        samples.add(f"import {name}", int(told.readlines()[-1]))


def start(make, tell, path):
    """Starts a process as a program does: returns the CPU time of everything, and of the `os.fork` in it."""
    forked, fork = [0], os.fork

    def timed_fork():
        began = clock()
        child = fork()
        forked[0] = clock() - began
        return child

    os.fork = timed_fork
    try:
        began = clock()
        process = make(target=tell, args=(path,))
        process.start()
        return clock() - began, forked[0], process
    finally:
        os.fork = fork


def cpu_time(usage):
    """Returns the CPU time in ns; the kernel counts in us."""
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def forks(samples, count):
    """Measures `os.fork` alone, with little memory and with much."""
    for touched in TOUCHED:
        memory = bytearray(touched << 20)
        memory[::4096] = b"1" * len(range(0, touched << 20, 4096))
        samples.add(f"mapped {touched}", target.memory("Anonymous:") / (1 << 20))
        for _ in range(count):
            began = clock()
            child = os.fork()
            if not child:
                os._exit(0)
            samples.add(f"os.fork {touched}", clock() - began)
            os.waitpid(child, 0)
        del memory


def copies(samples, count):
    """Measures code like that which starts executors, before and after a fork, in the parent and in the child."""
    # Two objects keep their messages apart.
    pages, of_child = Pages(), Pages()
    for _ in range(WARM):
        pages.touch()
    for _ in range(count):
        pages.touch()
        before = pages.touch()
        reader, writer = os.pipe()
        process = method("fork").Process(target=of_child.tell, args=(writer,))
        process.start()
        after = pages.touch()
        os.close(writer)
        first, then = map(int, os.read(reader, 100).split())
        os.close(reader)
        process.join()
        samples.add("copied after", before)
        samples.add("copies", after - before)
        samples.add("child copies", first - then)


class Pages:
    """The memory that is written to when a thread is started, a message sent and a queue made."""

    def __init__(self):
        self.code = caches.Code()

    def touch(self):
        """Writes to all of it, and returns the CPU time of all threads, ns."""
        began = time.process_time_ns()
        self.code.all()
        thread = threading.Thread(target=target.nothing)
        thread.start()
        thread.join()
        method("fork").SimpleQueue()
        return time.process_time_ns() - began

    def tell(self, writer):
        """Reports from a child the time of the first touch, and of the second one."""
        os.write(writer, b"%d %d" % (self.touch(), self.touch()))


def running(samples):
    """Measures the checks that a pool makes repeatedly on a running worker."""
    process = method("fork").Process(target=time.sleep, args=(60,))
    process.start()
    try:
        pid, waitpid = process.pid, os.waitpid
        samples.time("waitpid", lambda: waitpid(pid, os.WNOHANG), 300, 5)
        samples.time("exitcode", lambda: process.exitcode, 300, 5)
        processes = [process] * 300
        for _ in range(5):
            samples.add("sentinel", batch(lambda: [process.sentinel for process in processes], 1) / 300)
    finally:
        process.kill()
        process.join()


def preparation(samples):
    """Measures the length of the data that a spawned child receives: `popen_spawn_posix.Popen._launch`."""
    process = method("spawn").Process(target=target.nothing)
    context.set_spawning_popen(process)
    try:
        data = spawn.get_preparation_data(process._name)
        samples.add("preparation", sum(len(reduction.ForkingPickler.dumps(part)) for part in (data, process)))
    finally:
        context.set_spawning_popen(None)
