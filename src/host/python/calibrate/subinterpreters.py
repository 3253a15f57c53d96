"""The costs of `concurrent.interpreters`, from 3.14 on, as `InterpreterPoolExecutor` uses them."""

import sys
from concurrent.futures import ThreadPoolExecutor

import target
from sampling import once


def probe(samples, _effort):
    """Measures in a thread of a pool, because a call takes several times as long in the main thread."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(cycles, samples).result()


def cycles(samples):
    """Measures the start of interpreters, calls, and their end.

    An interpreter of a pool is not there before its first call: for `do_call` it imports `concurrent.futures`, which
    takes longer than all before, and for a function of the main module it imports that.
    """
    from concurrent import interpreters
    from concurrent.futures.interpreter import do_call

    nothing = sys.modules["__main__"].nothing
    for _ in range(3):
        before = target.memory("Private_Dirty:")
        took, interpreter = once(interpreters.create)
        results = interpreters.create_queue()

        def call():
            interpreter.call(do_call, results, nothing, (1,), {})

        samples.add("interpreter create", took + once(call)[0])
        samples.add("interpreter memory", max(target.memory("Private_Dirty:") - before, 0))
        samples.time("interpreter call", call, 20, 3)
        samples.add("interpreter close", once(interpreter.close)[0])
