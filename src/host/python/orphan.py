"""Who starts this process may end before it."""

import os


def die_with_parent():
    """The kernel ends the whole process group as soon as nobody holds the other end of standard input any more.

    O_ASYNC sends SIGIO when the pipe is closed, and who does nothing about SIGIO is ended by it.
    """
    try:
        import fcntl
    except ImportError:
        return
    fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
