"""A server whose threads take requests from one socket, and clients in processes of their own.

A reply is a semaphore that is posted, which the interpreter does without letting go of its lock: what sending costs is
a step of the scenario, and would be there twice otherwise.
"""

import multiprocessing
import os
import socket
import struct
import threading
import time

import program

# Group, client, number of the request.
REQUEST = struct.Struct("<HIQ")
# More clients than this share processes.
MOST_PROCESSES = 16
# A sleep is over too late by the timer's slack and a wake-up, s: the rest of a pause is spent looking at the clock.
TOO_LATE = 150e-6


class Server:
    """What clients and server threads have in common."""

    def __init__(self, plan, slack):
        self.groups = plan["groups"]
        self.threads = plan["run"]["workers"]
        self.slack = slack / 1e9
        self.context = multiprocessing.get_context("fork")
        # Each datagram is one request, and goes to whoever receives first.
        self.requests, self.to_server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.clients = [
            (group, client)
            for group, described in enumerate(self.groups)
            for client in range(described["clients"]["number"])
        ]
        self.replies = {client: self.context.Semaphore(0) for client in self.clients}
        self.start_clients(plan["other_cpus"])

    def start_clients(self, cpus):
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

    def serve(self, clock):
        """Until the time of all clients is up."""
        clock.begin()
        for _ in range(self.threads):
            threading.Thread(target=self.serve_requests, daemon=True).start()
        for connection in self.connections:
            connection.send("begin")
        spans = [described["clients"] for described in self.groups]
        time.sleep(max(span["warmup"] + span["duration"] for span in spans) / 1e9)
        clock.finish()
        clock.end()
        latencies = [latency for connection in self.connections for latency in connection.recv()]
        for process in self.processes:
            process.join()
        return latencies, max(span["duration"] for span in spans)

    def serve_requests(self):
        """recv() without the lock, then the steps."""
        while True:
            group, client, number = REQUEST.unpack(self.requests.recv(REQUEST.size))
            steps = program.groups[group]
            rounds = len(steps) // self.groups[group]["clients"]["number"] or 1
            program.play(steps[(client * rounds + number % rounds) % len(steps)])
            self.replies[group, client].release()

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
        reply = self.replies[group, client]
        number = 0
        while True:
            self.think(pauses[number % len(pauses)] / 1e9, alone, last)
            sent = time.perf_counter()
            if sent >= last:
                return
            self.to_server.send(REQUEST.pack(group, client, number))
            if not reply.acquire(timeout=last - sent):
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
