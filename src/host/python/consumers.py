"""Worker processes that the program starts itself. They read items from one channel and write results to another.

As a person writes it with multiprocessing alone; what `main.consume` does with the two ends is here as well.
"""

import contextlib
import multiprocessing
import threading

import program


class Connection:
    """One direction of a pipe, with a lock at the end that several processes share: a connection has none."""

    def __init__(self, ends, rlock, wlock):
        self.reader, self.writer = ends
        self.rlock, self.wlock = rlock, wlock

    def put(self, message):
        with self.wlock or contextlib.nullcontext():
            self.writer.send(message)

    def get(self):
        with self.rlock or contextlib.nullcontext():
            return self.reader.recv()


class Channels:
    """Makes channels of one kind with multiprocessing."""

    def __init__(self, context, kind, shared):
        self.context, self.kind, self.shared = context, kind, shared
        self.manager = context.Manager() if kind == "manager" else None

    def items(self):
        """Makes the channel that all workers read from."""
        return self.channel(self.lock(), None)

    def results(self):
        """Makes the channel that all workers write to."""
        return self.channel(None, self.lock())

    def channel(self, rlock, wlock):
        if self.kind == "pipe":
            return Connection(self.context.Pipe(duplex=False), rlock, wlock)
        if self.kind == "socket_pair":
            return Connection(self.context.Pipe(), rlock, wlock)
        if self.kind == "simple_queue":
            return self.context.SimpleQueue()
        if self.kind == "queue":
            return self.context.Queue()
        if self.kind == "joinable_queue":
            return self.context.JoinableQueue()
        return self.manager.Queue()

    def lock(self):
        """Makes a lock for a connection end that several processes share. Other channels need none."""
        if self.shared and self.kind in ("pipe", "socket_pair"):
            return self.context.Lock()
        return None

    def shutdown(self):
        """Ends the manager's process."""
        if self.manager is not None:
            self.manager.shutdown()


def consumers(items, functions, clock, run):
    """Runs until the parent has all results, and knows that the items without a result are done."""
    context = multiprocessing.get_context(run["start_method"])
    channels = Channels(context, run["channel"], run["workers"] > 1)
    arguments, results = channels.items(), channels.results()
    shared = program.for_workers()
    workers = [
        context.Process(target=functions.consume, args=(arguments, results, shared, is_joinable(run)))
        for _ in range(run["workers"])
    ]
    for worker in workers:
        worker.start()
    sender = threading.Thread(target=send, args=(items, arguments, len(workers)))
    if run["sender"] == "thread":
        sender.start()
    else:
        send(items, arguments, len(workers))
    every = [item for group in range(len(items.counts)) for item in items.of(group)]
    without_result = [item for item in every if not program.results[item[0]].size]
    for _ in range(len(every) - len(without_result)):
        items.in_hands(*results.get())
    if without_result:
        wait_for_those_without_result(run, sender, arguments, workers)
        for item in without_result:
            items.in_hands(*item, None)
    clock.finish()
    if run["sender"] == "thread":
        sender.join()
    if run["channel"] in ("queue", "joinable_queue"):
        arguments.close()
        arguments.join_thread()
    for worker in workers:
        worker.join()
    channels.shutdown()


def is_joinable(run):
    """Returns whether workers report the items that they have done."""
    return run["channel"] == "joinable_queue"


def send(items, arguments, workers):
    """Sends every item, then one message per worker that there are no more items."""
    for group in range(len(items.counts)):
        for argument in items.arguments_of(group):
            arguments.put(argument)
    for _ in range(workers):
        arguments.put(None)


def wait_for_those_without_result(run, sender, arguments, workers):
    """Waits until all items are done. No worker reports a single item as done."""
    if run["sender"] == "thread":
        sender.join()
    if is_joinable(run):
        arguments.join()
    else:
        for worker in workers:
            worker.join()


def consume(arguments, results, joinable):
    """Runs the main thread of a worker."""
    while (argument := arguments.get()) is not None:
        result = program.run_item(argument)
        if program.results[argument[0]].size:
            results.put((argument[0], argument[1], result))
        del argument, result
        if joinable:
            arguments.task_done()
    if joinable:
        arguments.task_done()
