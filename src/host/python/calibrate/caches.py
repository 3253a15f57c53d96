"""The effect of a CPU's caches: the same code right after itself, after other code, and after a sleep.

The code is of the kind that executors run between two tasks: messages are pickled, sent and waited for.
"""

import os
import threading
import time
from concurrent.futures import Future
from multiprocessing import Pipe, connection
from multiprocessing.reduction import ForkingPickler

from affinity import bound
from pickling import call_item, result_item
from sampling import clock

# Samples of one kind in one round. The kinds take turns, so that a disturbance affects all alike.
MANY = 8
# s
SHORTLY, LONG = 0.0001, 0.005
# Small objects that fill what a core has for itself: some 60 bytes each.
OBJECTS = 20_000


def probe(samples, effort):
    """Measures everything on one CPU."""
    with bound() as cpus:
        os.sched_setaffinity(0, cpus[:1])
        sample(samples, MANY * effort)


def sample(samples, times):
    """Samples a short and a long piece of code after each kind of activity."""
    code = Code()
    with Other(code.all, threaded=True) as thread, Other(code.of_another, threaded=False) as process:
        before = {
            "itself": code.warm,
            "thread": thread.run,
            "process": process.run,
            "idle": lambda: time.sleep(SHORTLY),
            "long idle": lambda: time.sleep(LONG),
        }
        for _ in range(times):
            for name, others in before.items():
                for piece, size in ((code.message, "short"), (code.all, "long")):
                    others()
                    began = clock()
                    piece()
                    samples.add(f"{size} code after {name}", clock() - began)
            began = clock()
            samples.add("clock", clock() - began)


class Code:
    """Pieces of the code that an executor runs for one task."""

    def __init__(self):
        self.call = bytes(ForkingPickler.dumps(call_item()))
        self.reader, self.writer = Pipe(duplex=False)
        self.objects = []

    def message(self):
        """Unpickles a call, and pickles a result."""
        ForkingPickler.loads(self.call)
        ForkingPickler.dumps(result_item())

    def all(self):
        """Does the same with a pipe, a wait, and a future."""
        self.message()
        self.writer.send_bytes(self.call)
        connection.wait([self.reader], 0)
        self.reader.recv_bytes()
        future = Future()
        future.set_running_or_notify_cancel()
        future.set_result(None)
        future.result()

    def warm(self):
        """Runs the code until all of it is in the caches."""
        for _ in range(3):
            self.all()

    def of_another(self):
        """Runs the work of another process, which evicts from the caches what others need."""
        if not self.objects:
            self.objects = [str(number) for number in range(OBJECTS)]
        for text in self.objects:
            text.isdigit()
        self.all()


class Other:
    """A thread or a process that runs a piece of code on request, while the calling thread waits."""

    def __init__(self, code, threaded):
        self.there, self.back = os.pipe(), os.pipe()
        self.code, self.pid, self.thread = code, None, None
        if threaded:
            self.thread = threading.Thread(target=self.answer, daemon=True)
            self.thread.start()
            return
        self.pid = os.fork()
        if not self.pid:
            os.close(self.there[1])
            self.answer()
            os._exit(0)

    def answer(self):
        """Answers requests until there are no more."""
        while os.read(self.there[0], 1):
            self.code()
            os.write(self.back[1], b"x")

    def run(self):
        """Runs the code once."""
        os.write(self.there[1], b"x")
        os.read(self.back[0], 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.there[1])
        if self.thread:
            self.thread.join()
        else:
            os.waitpid(self.pid, 0)
        for end in (self.there[0], *self.back):
            os.close(end)
