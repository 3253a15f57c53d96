"""Items through each executor of the standard library, as a person would write it.

Each function builds its executor, hands it the items, stops the clock with the last result, and shuts down.
"""

import multiprocessing
import queue
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import program


def sequential(items, functions, clock, run):
    """A plain loop."""
    functions.set_up()
    for group in items.order:
        for index, argument in enumerate(items.arguments_of(group)):
            items.in_hands(group, index, functions.call(argument))
    clock.finish()


def threads(items, functions, clock, run):
    """concurrent.futures.ThreadPoolExecutor"""
    executor = ThreadPoolExecutor(run["workers"], initializer=functions.set_up if program.setups else None)
    through_futures(items, functions, executor, 1)
    clock.finish()
    executor.shutdown()


def interpreters(items, functions, clock, run):
    """concurrent.futures.InterpreterPoolExecutor"""
    from concurrent.futures import InterpreterPoolExecutor

    executor = InterpreterPoolExecutor(run["workers"], initializer=functions.set_up if program.setups else None)
    through_futures(items, functions, executor, 1)
    clock.finish()
    executor.shutdown()


def processes(items, functions, clock, run):
    """concurrent.futures.ProcessPoolExecutor"""
    options = {}
    if run["max_tasks_per_child"] is not None:
        options["max_tasks_per_child"] = run["max_tasks_per_child"]
    executor = ProcessPoolExecutor(
        run["workers"],
        mp_context=multiprocessing.get_context(run["start_method"]),
        **initializer(functions),
        **options,
    )
    through_futures(items, functions, executor, run["chunksize"])
    clock.finish()
    executor.shutdown()


def initializer(functions):
    """Returns the initializer that worker processes need, if any."""
    shared = program.for_workers()
    if program.setups or shared:
        return {"initializer": functions.set_up, "initargs": (shared,)}
    return {}


def through_futures(items, functions, executor, chunksize):
    """`executor.map`, or `executor.submit` where items wait for others."""
    if items.graph.has_dependencies():
        submit_as_released(items, functions, executor, chunksize)
        return
    groups = range(len(items.counts))
    maps = [
        executor.map(functions.call, items.arguments_of(group), chunksize=chunksize) for group in groups
    ]
    for group, results in enumerate(maps):
        for index, result in enumerate(results):
            items.in_hands(group, index, result)


def submit_as_released(items, functions, executor, chunksize):
    """Submits each item, or chunk of consecutive items, as soon as it may start."""
    done = queue.SimpleQueue()
    ready = items.graph.ready_from_the_start()
    left = items.number()
    while True:
        for chunk in chunks(ready, chunksize):
            arguments = [items.argument(*item) for item in chunk]
            if chunksize == 1:
                future = executor.submit(functions.call, arguments[0])
            else:
                future = executor.submit(functions.call_several, arguments)
            future.add_done_callback(lambda future, chunk=chunk: done.put((chunk, future)))
        if not left:
            break
        chunk, future = done.get()
        results = [future.result()] if chunksize == 1 else future.result()
        left -= len(chunk)
        ready = []
        for item, result in zip(chunk, results):
            items.in_hands(*item, result)
            ready += items.graph.released_by(*item)


def chunks(items, chunksize):
    """Returns consecutive items of one group in lists of at most `chunksize`."""
    several = []
    for group, index in items:
        last = several[-1] if several else []
        if last and last[-1] == (group, index - 1) and len(last) < chunksize:
            last.append((group, index))
        else:
            several.append([(group, index)])
    return several


def pool(items, functions, clock, run):
    """multiprocessing.Pool"""
    context = multiprocessing.get_context(run["start_method"])
    workers = context.Pool(
        run["workers"], maxtasksperchild=run["max_tasks_per_child"], **initializer(functions)
    )
    method = run["method"]
    if method == "apply_async":
        apply_all(items, functions, workers)
    else:
        chunksize = {} if run["chunksize"] is None else {"chunksize": run["chunksize"]}
        for group in items.order:
            through_pool(items, functions, getattr(workers, method), method, group, chunksize)
    clock.finish()
    workers.close()
    workers.join()


def through_pool(items, functions, ask, method, group, chunksize):
    """Runs one group of items through a method of the pool that takes all of them."""
    arguments = items.all_arguments_of(group)
    if method == "imap_unordered":
        results = ask(functions.call_and_name, arguments, **chunksize)
    else:
        call = functions.call_with if method == "starmap" else functions.call
        results = enumerate(ask(call, arguments, **chunksize))
    for index, result in results:
        items.in_hands(group, index, result)


def apply_all(items, functions, workers):
    """Submits a call for each item. An item that waits for others is submitted as soon as it may start."""
    if not items.graph.has_dependencies():
        every = [item for group in range(len(items.counts)) for item in items.of(group)]
        calls = [workers.apply_async(functions.call, (items.argument(*item),)) for item in every]
        for item, result in zip(every, calls):
            items.in_hands(*item, result.get())
        return
    done = queue.SimpleQueue()
    ready = items.graph.ready_from_the_start()
    for _ in range(items.number()):
        for item in ready:
            workers.apply_async(
                functions.call,
                (items.argument(*item),),
                callback=lambda result, item=item: done.put((item, result, None)),
                error_callback=lambda error, item=item: done.put((item, None, error)),
            )
        item, result, error = done.get()
        if error is not None:
            raise error
        items.in_hands(*item, result)
        ready = items.graph.released_by(*item)


def thread_per_task(items, functions, clock, run):
    """threading.Thread for each item, started as soon as it may run."""
    done = queue.SimpleQueue()

    def alone(argument):
        functions.set_up()
        done.put((argument[0], argument[1], functions.call(argument)))

    start_each(items, lambda argument: threading.Thread(target=alone, args=(argument,)), done, clock)


def interpreter_per_task(items, functions, clock, run):
    """concurrent.interpreters: a thread for each item, which creates an interpreter, calls into it and closes it."""
    from concurrent import interpreters

    done = queue.SimpleQueue()

    def alone(argument):
        interpreter = interpreters.create()
        if program.setups:
            interpreter.call(functions.set_up)
        result = interpreter.call(functions.call, argument)
        interpreter.close()
        done.put((argument[0], argument[1], result))

    start_each(items, lambda argument: threading.Thread(target=alone, args=(argument,)), done, clock)


def process_per_task(items, functions, clock, run):
    """multiprocessing.Process for each item, and a queue for the results."""
    context = multiprocessing.get_context(run["start_method"])
    done = context.SimpleQueue()

    def process(argument):
        return context.Process(target=functions.call_alone, args=(argument, program.for_workers(), done))

    start_each(items, process, done, clock)


def start_each(items, create, done, clock):
    """Starts one thread or process for each item, and joins them in that order."""
    started = []
    ready = items.graph.ready_from_the_start()
    for _ in range(items.number()):
        for item in ready:
            worker = create(items.argument(*item))
            worker.start()
            started.append(worker)
        group, index, result = done.get()
        items.in_hands(group, index, result)
        ready = items.graph.released_by(group, index)
    clock.finish()
    for worker in started:
        worker.join()


BY_NAME = {
    "sequential": sequential,
    "threads": threads,
    "interpreters": interpreters,
    "processes": processes,
    "pool": pool,
    "thread-per-task": thread_per_task,
    "interpreter-per-task": interpreter_per_task,
    "process-per-task": process_per_task,
}
