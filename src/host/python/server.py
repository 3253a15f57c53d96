"""A server whose threads take requests from one socket.

A reply is a semaphore that is posted, which the interpreter does without letting go of its lock: what sending costs is
a step of the scenario, and would be there twice otherwise.
"""

import multiprocessing
import socket
import threading
import time

import program
from clients import NOBODY, REQUEST, Clients


class Server:
    """What clients and server threads have in common."""

    def __init__(self, plan, slack):
        self.threads = plan["run"]["workers"]
        self.noted = []
        # Each datagram is one request, and goes to the thread that receives first.
        self.requests, self.to_server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.clients = Clients(plan, slack, self.way)
        context = multiprocessing.get_context("fork")
        self.replies = {client: context.Semaphore(0) for client in self.clients.clients}
        self.clients.start(plan["other_cpus"])

    def way(self, group, client):
        """From a client to the server and back."""
        return Way(self.to_server, self.replies.get((group, client)))

    def serve(self, clock):
        """Until the time of all clients is up."""
        clock.begin()
        for _ in range(self.threads):
            threading.Thread(target=self.serve_requests, daemon=True).start()
        time.sleep(self.clients.begin())
        clock.finish()
        clock.end()
        latencies, counted = self.clients.end()
        return latencies + list(self.clients.counted(list(self.noted))), counted

    def serve_requests(self):
        """recv() without the lock, then the steps."""
        while True:
            group, client, number, came = REQUEST.unpack(self.requests.recv(REQUEST.size))
            program.play(self.clients.steps_of(program.groups[group], group, client, number))
            if client == NOBODY:
                self.noted.append((group, came, time.perf_counter_ns()))
            else:
                self.replies[group, client].release()


class Way:
    """A socket that all clients share, and a reply for this one alone."""

    def __init__(self, socket, reply):
        self.socket, self.reply = socket, reply

    def send(self, request):
        """Without waiting for the reply."""
        self.socket.send(request)

    def replied(self, timeout):
        """Whether there is a reply within so long, s."""
        return self.reply.acquire(timeout > 0, timeout)
