"""A server whose threads take requests from one socket.

A reply is a semaphore that is posted, which the interpreter does without letting go of its lock: what sending costs is
a step of the scenario, and would be there twice otherwise.
"""

import multiprocessing
import socket
import threading
import time

import program
from clients import REQUEST, Clients


class Server:
    """What clients and server threads have in common."""

    def __init__(self, plan, slack):
        self.threads = plan["run"]["workers"]
        # Each datagram is one request, and goes to whoever receives first.
        self.requests, self.to_server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.clients = Clients(plan, slack, self.way)
        context = multiprocessing.get_context("fork")
        self.replies = {client: context.Semaphore(0) for client in self.clients.clients}
        self.clients.start(plan["other_cpus"])

    def way(self, group, client):
        """From a client to the server and back."""
        return Way(self.to_server, self.replies[group, client])

    def serve(self, clock):
        """Until the time of all clients is up."""
        clock.begin()
        for _ in range(self.threads):
            threading.Thread(target=self.serve_requests, daemon=True).start()
        time.sleep(self.clients.begin())
        clock.finish()
        clock.end()
        return self.clients.end()

    def serve_requests(self):
        """recv() without the lock, then the steps."""
        while True:
            group, client, number = REQUEST.unpack(self.requests.recv(REQUEST.size))
            program.play(self.clients.steps_of(program.groups[group], group, client, number))
            self.replies[group, client].release()


class Way:
    """A socket that all clients share, and a reply for this one alone."""

    def __init__(self, socket, reply):
        self.socket, self.reply = socket, reply

    def ask(self, request, timeout):
        """Whether there was a reply in time."""
        self.socket.send(request)
        return self.reply.acquire(timeout=timeout)
