"""Loops that use a core, or wait, for a given amount: the parts of a scenario's steps.

Amounts are counts, not times: how long one count takes is found out by `calibration`.
"""

import time
from collections import deque
from itertools import repeat
from zlib import crc32

# A C call on at most this number of bytes keeps the lock (Modules/zlibmodule.c, zlib_crc32_impl: 5 KiB).
KEEPS_LOCK_UP_TO = 5 * 1024
# It fits into a core's own cache, so that cores do not disturb each other.
BUFFER = memoryview(bytes(range(256)) * 1024)


def nothing():
    """Does nothing, as the target of a call."""


def python(rounds):
    """Bytecode with back-edges and calls: holds the interpreter lock and gives it up when asked to.

    Not over a range, whose first 257 numbers are made already and take a sixth less time.
    """
    for _ in repeat(None, rounds):
        nothing()


def native_short(length):
    """One C call that releases the interpreter lock: a checksum of at most 256 KiB."""
    crc32(BUFFER[:length])


def native_long(rounds):
    """One C call that releases the interpreter lock for any time: a key derivation, which hashes that number of times in turn."""
    pbkdf2_hmac("sha256", b"gilsim", b"gilsim", rounds)


def pbkdf2_hmac(*arguments):
    """Imports hashlib on first use, which takes some milliseconds."""
    global pbkdf2_hmac
    from hashlib import pbkdf2_hmac

    return pbkdf2_hmac(*arguments)


def holds_lock(rounds):
    """One C call that keeps the interpreter lock: an iterator that is run dry."""
    deque(repeat(None, rounds), 0)


def io(seconds):
    """Waits off-core, without the interpreter lock. Less the timer's slack: a device has none."""
    time.sleep(seconds)
