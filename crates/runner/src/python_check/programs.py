"""The interpreter's programs in a real interpreter: one sample, as `sample/1` asks for it.

Written for Python 3.9 and later, with nothing but the standard library. Each program is the one of the same name in
crates/interpreter/programs. Time is from the first worker through the barrier to the last that is done, as the workers
stamp it: the main thread may leave the barrier late.
"""

import json
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time


def on_threads(count, work):
    """Runs `work(index)` on so many threads; what they return, and the time."""
    barrier = threading.Barrier(count)
    began, ended, results = [0] * count, [0] * count, [None] * count

    def run(index):
        barrier.wait()
        began[index] = time.perf_counter_ns()
        results[index] = work(index)
        ended[index] = time.perf_counter_ns()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, max(ended) - min(began)


def alone(work):
    """Runs `work()` here; what it returns, and the time."""
    began = time.perf_counter_ns()
    result = work()
    return result, time.perf_counter_ns() - began


def lost(cache, expected, elapsed, **more):
    return elapsed, {"lost_share": (expected - cache["key"]) / expected, **more}


def unsafe(threads=8, increments=10000, window=50):
    cache = {"key": 0}

    def work(_):
        fell, last = [], 0
        for _ in range(increments):
            value = cache.get("key", 0)
            if value < last:
                fell.append(last - value)
            [i * i for i in range(window)]
            last = value + 1
            cache["key"] = last
        return fell

    results, elapsed = on_threads(threads, work)
    fell = [by for result in results for by in result]
    shape = {"rollbacks": len(fell)}
    if fell:
        shape.update(rollback_median=statistics.median(fell), rollback_largest=max(fell))
    return lost(cache, threads * increments, elapsed, **shape)


def locked(threads=8, increments=10000, window=50):
    cache, guard = {"key": 0}, threading.Lock()

    def work(_):
        for _ in range(increments):
            with guard:
                value = cache.get("key", 0)
                [i * i for i in range(window)]
                cache["key"] = value + 1

    _, elapsed = on_threads(threads, work)
    return lost(cache, threads * increments, elapsed)


def plus_equals(threads=8, increments=10000):
    cache = {"key": 0}

    def work(_):
        for _ in range(increments):
            cache["key"] += 1

    _, elapsed = on_threads(threads, work)
    return lost(cache, threads * increments, elapsed)


def locked_bare(threads=8, increments=10000):
    return locked_section(threads, increments, shared=True, keep=None)


def locked_immortal(threads=8, increments=10000):
    return locked_section(threads, increments, shared=True, keep=128)


def locked_private(threads=8, increments=10000):
    return locked_section(threads, increments, shared=False, keep=None)


def locked_section(threads, increments, shared, keep):
    caches, guard = [{"key": 0}], threading.Lock()
    caches = caches * threads if shared else [{"key": 0} for _ in range(threads)]

    def with_any(index):
        cache = caches[index]
        for _ in range(increments):
            with guard:
                cache["key"] = cache.get("key", 0) + 1

    def with_small(index):
        cache = caches[index]
        for _ in range(increments):
            with guard:
                cache["key"] = (cache.get("key", 0) + 1) % keep

    _, elapsed = on_threads(threads, with_small if keep else with_any)
    return elapsed, {}


def locked_plus_equals(threads=8, increments=10000):
    cache, guard = {"key": 0}, threading.Lock()

    def work(_):
        for _ in range(increments):
            with guard:
                cache["key"] += 1

    _, elapsed = on_threads(threads, work)
    return lost(cache, threads * increments, elapsed)


def check_then_act(readers=4, writers=4, checks=200000, swaps=200000, window=50, whole=False):
    cache = {"key": 1}

    def read(_):
        errors = 0
        for _ in range(checks):
            try:
                if "key" in cache:
                    for i in range(window):
                        i * i
                    cache["key"]
            except KeyError:
                errors += 1
        return errors

    def look(_):
        for _ in range(checks):
            cache.get("key", None)
        return 0

    def write(_):
        for _ in range(swaps):
            cache.pop("key", None)
            cache["key"] = 1
        return 0

    reader = look if whole else read
    results, elapsed = on_threads(readers + writers, lambda index: (reader if index < readers else write)(index))
    return elapsed, {"value": sum(results)}


def check_then_get(**parameters):
    return check_then_act(whole=True, **parameters)


def squares_of(count):
    return sum(i * i for i in range(count))


def sum_of_squares(threads=1, tasks=16, size=1000000):
    mine = tasks // threads
    _, elapsed = on_threads(threads, lambda _: [squares_of(size) for _ in range(mine)])
    return elapsed, {}


def squares_on_processes(threads=2, tasks=16, size=1000000):
    with multiprocessing.get_context("fork").Pool(threads) as pool:
        pool.map(squares_of, [1] * threads * 4)
        _, elapsed = alone(lambda: pool.map(squares_of, [size] * tasks, chunksize=1))
    return elapsed, {}


class Thing:
    """Something mortal."""


def rebind(threads, loops, of):
    def work(index):
        thing = of(index)
        for _ in range(loops):
            local = thing
            local = None
        return local

    _, elapsed = on_threads(threads, work)
    return elapsed, {}


def rebind_private(threads=2, loops=1000000):
    return rebind(threads, loops, lambda _: Thing())


def rebind_shared(threads=2, loops=1000000):
    thing = Thing()
    return rebind(threads, loops, lambda _: thing)


def rebind_immortal(threads=2, loops=1000000):
    return rebind(threads, loops, lambda _: 1)


def echo(spinners=1, trips=40):
    """The median round trip, as a client outside of the interpreter sees it."""
    here, there = socket.socketpair()
    stop = False

    def spin():
        n = 0
        while not stop:
            n += 1

    child = os.fork()
    if child == 0:
        here.close()
        taken = []
        for _ in range(trips):
            time.sleep(0.002)
            began = time.perf_counter_ns()
            there.sendall(b"12345678")
            there.recv(8)
            taken.append(time.perf_counter_ns() - began)
        there.sendall(int(statistics.median(taken)).to_bytes(8, "little"))
        os._exit(0)
    there.close()
    threads = [threading.Thread(target=spin) for _ in range(spinners)]
    for thread in threads:
        thread.start()
    began = time.perf_counter_ns()
    median = 0
    for trip in range(trips + 1):
        said = here.recv(8)
        if trip == trips:
            median = int.from_bytes(said, "little")
        else:
            here.sendall(said)
    elapsed = time.perf_counter_ns() - began
    stop = True
    for thread in threads:
        thread.join()
    os.waitpid(child, 0)
    return elapsed, {"round_trip_ns": median}


def counted(value, elapsed):
    return elapsed, {"value": value}


def fib_of(n):
    if n < 2:
        return n
    return fib_of(n - 1) + fib_of(n - 2)


def fib(n=25):
    return counted(*alone(lambda: fib_of(n)))


def int_loop(loops=1000000):
    def work():
        total = 0
        i = 0
        while i < loops:
            total = total + i * 3 % 1000
            i += 1
        return total

    return counted(*alone(work))


def dict_loop(loops=300000):
    def work():
        entries = {}
        for i in range(loops):
            key = i % 64
            entries[key] = entries.get(key, 0) + i
        total = 0
        for key in list(entries.keys()):
            total += entries[key]
        return total

    return counted(*alone(work))


def list_loop(loops=100, length=1000):
    def work():
        total = 0
        for _ in range(loops):
            items = []
            for i in range(length):
                items.append(i * 7919 % 1000)
            for i in range(length):
                total += items[i]
            items.sort()
            while len(items) > 0:
                total += items.pop()
        return total

    return counted(*alone(work))


def lock_loop(loops=300000):
    def work():
        guard = threading.Lock()
        count = 0
        for _ in range(loops):
            with guard:
                count += 1
        return count

    return counted(*alone(work))


def cache_alone(increments=80000, window=50):
    def work():
        cache = {"key": 0}
        for _ in range(increments):
            value = cache.get("key", 0)
            squares = []
            for i in range(window):
                squares.append(i * i)
            cache["key"] = value + 1
        return cache["key"]

    return counted(*alone(work))


def primes_of(first, end):
    count = 0
    n = first
    while n < end:
        if n > 1:
            divisor = 2
            prime = True
            while divisor * divisor <= n:
                if n % divisor == 0:
                    prime = False
                    divisor = n
                divisor += 1
            if prime:
                count += 1
        n += 1
    return count


def primes(threads=1, limit=60000, chunks=16):
    size = limit // chunks

    def work(index):
        mine = range(index, chunks, threads)
        return sum(primes_of(chunk * size, (chunk + 1) * size) for chunk in mine)

    results, elapsed = on_threads(threads, work)
    return elapsed, {"value": sum(results)}


def main():
    print("hello sample/1", flush=True)
    config = json.loads(sys.stdin.readline().split(" ", 1)[1])
    parameters = {name.replace("-", "_"): value for name, value in config["knobs"].items()}
    interval = parameters.pop("machine_interval_us", None)
    if interval is not None:
        sys.setswitchinterval(interval / 1e6)
    program = globals()[config["workload"].replace("-", "_")]
    print("ready {}", flush=True)
    sys.stdin.readline()
    elapsed, metrics = program(**parameters)
    print("done " + json.dumps({"elapsed_ns": [elapsed], "metrics": metrics, "digest": None}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
