"""Clients of a server, in processes of their own: each thinks, asks, and waits for the reply, over and over."""

import multiprocessing
import os
import struct
import threading
import time

# Group, client, number of the request.
REQUEST = struct.Struct("<HIQ")
# More clients than this share processes.
MOST_PROCESSES = 16
# A sleep is over too late by the timer's slack and a wake-up, s: the rest of a pause is spent looking at the clock.
TOO_LATE = 150e-6


class Clients:
    """All of them. `ways` makes for each what it asks through: `ask(request, timeout)` says whether there was a reply."""

    def __init__(self, plan, slack, ways):
        self.groups = plan["groups"]
        self.slack = slack / 1e9
        self.ways = ways
        self.context = multiprocessing.get_context("fork")
        self.clients = [
            (group, client)
            for group, described in enumerate(self.groups)
            for client in range(described["clients"]["number"])
        ]

    def start(self, cpus):
        """While there is only one thread to fork; they wait for a word to begin."""
        processes = min(len(self.clients), MOST_PROCESSES)
        self.processes, self.connections = [], []
        for number in range(processes):
            ours, theirs = self.context.Pipe()
            clients = self.clients[number::processes]
            process = self.context.Process(target=self.be_clients, args=(clients, cpus, theirs), daemon=True)
            process.start()
            self.processes.append(process)
            self.connections.append(ours)

    def begin(self):
        """Says how long they will ask, s."""
        for connection in self.connections:
            connection.send("begin")
        return max(described["clients"]["warmup"] + described["clients"]["duration"] for described in self.groups) / 1e9

    def end(self):
        """Once their time is up: all latencies, and the time over which they were counted; ns."""
        latencies = [latency for connection in self.connections for latency in connection.recv()]
        for process in self.processes:
            process.join()
        return latencies, max(described["clients"]["duration"] for described in self.groups)

    def steps_of(self, steps, group, client, number):
        """Of a request, among the steps of all requests of its group."""
        rounds = len(steps) // self.groups[group]["clients"]["number"] or 1
        return steps[(client * rounds + number % rounds) % len(steps)]

    def be_clients(self, clients, cpus, connection):
        """A process with some clients."""
        if cpus:
            os.sched_setaffinity(0, cpus)
        latencies = []
        connection.recv()
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self.be_client, args=(*client, bool(cpus), began, latencies))
            for client in clients[1:]
        ]
        for thread in threads:
            thread.start()
        self.be_client(*clients[0], bool(cpus), began, latencies)
        for thread in threads:
            thread.join()
        connection.send(latencies)

    def be_client(self, group, client, alone, began, latencies):
        """Think, ask, wait for the reply, until the time is up. Who is still waiting then is not answered in time."""
        described = self.groups[group]["clients"]
        pauses = described["think"][client % len(described["think"])]
        first = began + described["warmup"] / 1e9
        last = first + described["duration"] / 1e9
        way = self.ways(group, client)
        number = 0
        while True:
            self.think(pauses[number % len(pauses)] / 1e9, alone, last)
            sent = time.perf_counter()
            if sent >= last or not way.ask(REQUEST.pack(group, client, number), last - sent):
                return
            answered = time.perf_counter()
            if first <= answered < last:
                latencies.append(round((answered - sent) * 1e9))
            number += 1

    def think(self, pause, alone, last):
        """For so long, s, but not beyond the end. On a core of one's own to the microsecond."""
        until = min(time.perf_counter() + pause, last)
        sleep = pause - (TOO_LATE if alone else self.slack)
        if sleep > 0:
            time.sleep(min(sleep, max(last - time.perf_counter(), 0)))
        while (alone or sleep <= 0) and time.perf_counter() < until:
            pass
