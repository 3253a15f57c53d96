"""The costs of releasing the interpreter lock, waking up threads, and switching between them."""

import hashlib
import os
import threading
import time

from affinity import bound
from sampling import clock, spin

# `HASHLIB_GIL_MINSIZE`: from this length on, the lock is released. Both lengths make 33 blocks.
KEPT, RELEASED = bytes(2_047), bytes(2_048)
ROUND_TRIPS = 150


def probe(samples, _effort):
    """Measures everything, on two CPUs where there are two."""
    uncontended(samples)
    samples.time("sched_yield", os.sched_yield, 500, 5)
    release(samples, "release", None)
    with bound() as cpus:
        switches(samples, cpus[0])
        if len(cpus) > 1:
            release(samples, "release elsewhere", (cpus[0], cpus[1]))


def uncontended(samples):
    """Alternates the same C call with and without releasing the lock."""
    digest = hashlib.sha256
    for _ in range(12):
        samples.time("hash kept", lambda: digest(KEPT), 200, 1)
        samples.time("hash released", lambda: digest(RELEASED), 200, 1)


def release(samples, name, cpus):
    """Measures `lock.release()` without a waiting thread, or while a thread sleeps on another CPU."""
    lock, woken, rounds = threading.Lock(), threading.Lock(), 60

    def sleep():
        os.sched_setaffinity(0, {cpus[1]})
        for _ in range(rounds):
            lock.acquire()
            woken.release()

    lock.acquire()
    woken.acquire()
    sleeper = None
    if cpus:
        os.sched_setaffinity(0, {cpus[0]})
        sleeper = threading.Thread(target=sleep)
        sleeper.start()
    for _ in range(rounds):
        if cpus:
            # This waits until the thread sleeps, and warms up this thread's CPU again.
            time.sleep(0.0001)
            spin(1_000)
        began = clock()
        lock.release()
        took = clock() - began
        samples.add(name, took)
        if cpus:
            woken.acquire()
        else:
            lock.acquire()
    if sleeper:
        sleeper.join()


def switches(samples, cpu):
    """Measures two processes on one CPU that write to each other: CPU time of both for one direction."""
    os.sched_setaffinity(0, {cpu})
    there, back = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        answer(there, back)
        os._exit(0)
    # The other ends belong to the child, and close when it ends.
    os.close(there[0])
    os.close(back[1])
    for _ in range(4):
        own = clock()
        for _ in range(ROUND_TRIPS):
            os.write(there[1], b"x")
            os.read(back[0], 1)
        own = clock() - own
        os.write(there[1], b"?")
        other = int(os.read(back[0], 32))
        samples.add("one way", (own + other) / (2 * ROUND_TRIPS))
    os.close(there[1])
    os.close(back[0])
    os.waitpid(child, 0)


def answer(there, back):
    """Runs the other side."""
    os.close(there[1])
    os.close(back[0])
    began = clock()
    while True:
        byte = os.read(there[0], 1)
        if not byte:
            return
        if byte == b"?":
            os.write(back[1], b"%d" % (clock() - began))
            began = clock()
        else:
            os.write(back[1], byte)
