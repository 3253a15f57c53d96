"""A server whose threads take requests from one socket.

A reply posts a semaphore, which the interpreter does without releasing its lock: the cost of sending is
a step of the scenario, and would be there twice otherwise.
"""

import multiprocessing
import socket
import threading
import time

import program
from clients import NOBODY, REQUEST, Clients


class Server:
    """The state that clients and server threads share."""

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
        """Makes the channel from a client to the server and back."""
        return Way(self.to_server, self.replies.get((group, client)))

    def serve(self, clock):
        """Serves until the time of all clients is up."""
        clock.begin()
        for _ in range(self.threads):
            threading.Thread(target=self.serve_requests, daemon=True).start()
        time.sleep(self.clients.begin())
        clock.finish()
        clock.end()
        latencies, counted = self.clients.end()
        return latencies + list(self.clients.counted(list(self.noted))), counted

    def serve_requests(self):
        """Serves requests in one thread: recv() without the lock, then the steps."""
        while True:
            group, client, number, came = REQUEST.unpack(self.requests.recv(REQUEST.size))
            program.play(self.clients.steps_of(program.groups[group], group, client, number))
            if client == NOBODY:
                self.noted.append((group, came, time.perf_counter_ns()))
            else:
                self.replies[group, client].release()


class Way:
    """A socket that all clients share, and a semaphore for the replies to this client."""

    def __init__(self, socket, reply):
        self.socket, self.reply = socket, reply

    def send(self, request):
        """Sends a request without waiting for the reply."""
        self.socket.send(request)

    def replied(self, timeout):
        """Returns whether a reply arrives within `timeout` s."""
        return self.reply.acquire(timeout > 0, timeout)
