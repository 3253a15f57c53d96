"""Ends this process when its parent ends first."""

import os


def die_with_parent():
    """Makes the kernel end the whole process group as soon as no process has the other end of standard input open.

    O_ASYNC sends SIGIO when the pipe is closed, and SIGIO ends a process that does not handle it.
    """
    try:
        import fcntl
    except ImportError:
        return
    fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
