"""Clients of a server, in processes of their own. Each thinks, asks, and waits for the reply, repeatedly.

Requests that arrive by themselves have a process for each group, and no client waits for their replies: the server
notes when they are done.
"""

import multiprocessing
import os
import struct
import threading
import time

# Group, client, number of the request, and time of arrival, ns.
REQUEST = struct.Struct("<HIQq")
# The client of a request that arrives by itself.
NOBODY = 0xFFFF_FFFF
# The maximum number of processes; more clients than this share them.
MOST_PROCESSES = 16
# A sleep is over too late by the timer's slack and a wake-up, s: the rest of a pause is spent looking at the clock.
TOO_LATE = 150e-6


class Clients:
    """All clients. `ways` makes the channel of each client, with `send(request)` and `replied(timeout)`."""

    def __init__(self, plan, slack, ways):
        self.groups = plan["groups"]
        self.slack = slack / 1e9
        self.ways = ways
        self.context = multiprocessing.get_context("fork")
        self.clients = [
            (group, client)
            for group, described in enumerate(self.groups)
            if described["clients"]
            for client in range(described["clients"]["number"])
        ]
        self.arriving = [group for group, described in enumerate(self.groups) if described["arrivals"]]
        self.spans = [described["clients"] or described["arrivals"] for described in self.groups]

    def start(self, cpus):
        """Forks the processes while there is only one thread. They wait for a message to begin."""
        processes = min(len(self.clients), MOST_PROCESSES)
        self.processes, self.connections, self.arrivals = [], [], []
        for number in range(processes):
            ours, theirs = self.context.Pipe()
            clients = self.clients[number::processes]
            process = self.context.Process(target=self.be_clients, args=(clients, cpus, theirs), daemon=True)
            process.start()
            self.processes.append(process)
            self.connections.append(ours)
        for group in self.arriving:
            ours, theirs = self.context.Pipe()
            self.context.Process(target=self.come, args=(group, cpus, theirs), daemon=True).start()
            self.arrivals.append(ours)

    def begin(self):
        """Tells the processes to begin, and returns how long they will ask, s."""
        self.began = time.perf_counter_ns()
        for connection in self.connections + self.arrivals:
            connection.send("begin")
        return max(span["warmup"] + span["duration"] for span in self.spans) / 1e9

    def end(self):
        """Returns all latencies and the time over which they were counted, ns, after the clients' time is up."""
        latencies = [latency for connection in self.connections for latency in connection.recv()]
        for process in self.processes:
            process.join()
        return latencies, max(span["duration"] for span in self.spans)

    def counted(self, noted):
        """Returns the latencies of requests that arrived by themselves, from `(group, came, answered)`, ns."""
        for group, came, answered in noted:
            first = self.began + self.spans[group]["warmup"]
            if first <= answered < first + self.spans[group]["duration"]:
                yield answered - came

    def steps_of(self, steps, group, client, number):
        """Returns the steps of one request, from the steps of all requests of its group."""
        if client == NOBODY:
            return steps[number % len(steps)]
        rounds = len(steps) // self.groups[group]["clients"]["number"] or 1
        return steps[(client * rounds + number % rounds) % len(steps)]

    def be_clients(self, clients, cpus, connection):
        """Runs some clients in a process."""
        if cpus:
            os.sched_setaffinity(0, cpus)
        latencies = []
        connection.recv()
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self.be_client, args=(*client, cpus, began, latencies)) for client in clients[1:]
        ]
        for thread in threads:
            thread.start()
        self.be_client(*clients[0], cpus, began, latencies)
        for thread in threads:
            thread.join()
        connection.send(latencies)

    def come(self, group, cpus, connection):
        """Runs a process that sends requests at their times, regardless of earlier requests.

        If the socket has no room for a request, later ones are sent late, but still count from their arrival times.
        """
        if cpus:
            os.sched_setaffinity(0, cpus)
        way = self.ways(group, NOBODY)
        connection.recv()
        began = time.perf_counter()
        for number, at in enumerate(self.spans[group]["times"]):
            comes = began + at / 1e9
            self.think(comes - time.perf_counter(), bool(cpus), comes)
            way.send(REQUEST.pack(group, NOBODY, number, round(comes * 1e9)))

    def be_client(self, group, client, cpus, began, latencies):
        """Thinks, asks and waits for the reply until the time is up. A reply after that does not count."""
        described = self.groups[group]["clients"]
        pauses = described["think"][client % len(described["think"])]
        first = began + described["warmup"] / 1e9
        last = first + described["duration"] / 1e9
        way = self.ways(group, client)
        watches = len(self.clients) <= len(cpus)
        number = 0
        while True:
            self.think(pauses[number % len(pauses)] / 1e9, bool(cpus), last)
            sent = time.perf_counter()
            if sent >= last or not ask(way, REQUEST.pack(group, client, number, 0), last, watches):
                return
            answered = time.perf_counter()
            if first <= answered < last:
                latencies.append(round((answered - sent) * 1e9))
            number += 1

    def think(self, pause, alone, last):
        """Pauses for `pause` s, but not beyond the end. A client with its own core is exact to 1 us."""
        until = min(time.perf_counter() + pause, last)
        sleep = pause - (TOO_LATE if alone else self.slack)
        if sleep > 0:
            time.sleep(min(sleep, max(last - time.perf_counter(), 0)))
        while (alone or sleep <= 0) and time.perf_counter() < until:
            pass


def ask(way, request, last, watches):
    """Returns whether a reply arrived before `last`.

    Clients stand for separate machines, so their own wake-up time must not be measured. A client that has a core
    of its own polls for the reply.
    """
    way.send(request)
    while watches and time.perf_counter() < last:
        if way.replied(0):
            return True
    return way.replied(max(last - time.perf_counter(), 1e-6))
