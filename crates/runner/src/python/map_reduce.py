# Tasks that know nothing of each other: `sum-of-squares`, `primes` and `bulk-map`, and what runs them.


def sum_of_squares(terms):
    return sum(i * i for i in range(terms)) & MASK


def is_prime(n):
    if n < 4:
        return n > 1
    if n % 2 == 0 or n % 3 == 0:
        return False
    divisor = 5
    while divisor * divisor <= n:
        if n % divisor == 0 or n % (divisor + 2) == 0:
            return False
        divisor += 6
    return True


def primes(task):
    first, end = task
    count = 0
    for number in range(first, end):
        if is_prime(number):
            count += 1
    return count


@functools.lru_cache(maxsize=None)
def slots(blocks):
    """For so many blocks: ones in all words, what is added to even and to odd words, and the step of all keys."""
    every = lambda words: int.from_bytes(b"".join(word.to_bytes(16, "little") for word in words) * blocks, "little")
    even, odd = ([nth(0, word) for word in range(first, 8, 2)] for first in (0, 1))
    return every([MASK] * 4), every(even), every(odd), every([GOLDEN] * 4)


def bulk_map(task):
    """Integers have any length here, so an operation takes a chunk at once: its even words, then its odd words, 64 bits
    apart, so that what one carries over does not reach the next."""
    offset, work, chunk = task
    blocks = -(-len(chunk) // 64)
    ones, add_even, add_odd, step = slots(blocks)
    words = int.from_bytes(chunk, "little")
    even, odd = words & ones, (words >> 64) & ones
    keys = b"".join(mix(offset // 64 + block).to_bytes(16, "little") * 4 for block in range(blocks))
    keys = int.from_bytes(keys, "little")
    for _ in range(work):
        even = ((even + add_even) & ones) ^ keys
        odd = ((odd + add_odd) & ones) ^ keys
        keys = (keys + step) & ones
    words = memoryview((even | odd << 64).to_bytes(64 * blocks, sys.byteorder)).cast("Q")
    words = words if sys.byteorder == "little" else words[::-1]
    total = sum(mix(sum(words[first : first + 8]) & MASK) for first in range(0, 8 * blocks, 8))
    return len(chunk), total & MASK


class MapReduce:
    """The tasks of a workload, made before anything is timed, and what becomes of their results."""

    def __init__(self, config):
        name, knobs = config["workload"], config["knobs"]
        self.bulk = name == "bulk-map"
        if name == "sum-of-squares":
            self.kernel = sum_of_squares
            self.tasks = [knobs["n"] + index for index in range(knobs["tasks"])]
        elif name == "primes":
            self.kernel = primes
            edges = [knobs["n"] * index // knobs["tasks"] for index in range(knobs["tasks"] + 1)]
            self.tasks = list(zip(edges, edges[1:]))
        else:
            self.kernel = bulk_map
            size, chunk, seed = knobs["bytes"], knobs["chunk"], config["seed"]
            words = (nth(seed, index).to_bytes(8, "little") for index in range(-(-size // 8)))
            data = b"".join(words)[:size]
            self.tasks = [(at, knobs["work"], data[at : at + chunk]) for at in range(0, size, chunk)]

    def reduce(self, results):
        if not self.bulk:
            return sum(results) & MASK
        length, total = 0, 0
        for bytes_, part in results:
            length += bytes_
            total += part
        return {"bytes": length, "sum": total & MASK}

    def fingerprint(self, answer):
        return answer

    def sequential(self, config):
        return Runs(lambda: self.reduce(map(self.kernel, self.tasks)), {"threads": 1})

    def threads(self, config):
        workers = config["workers"]
        began = time.perf_counter_ns()
        pool = concurrent.futures.ThreadPoolExecutor(workers)
        # Threads are started when there is something to do: each waits here until all are there.
        barrier = threading.Barrier(workers)
        list(pool.map(lambda _: barrier.wait(), range(workers)))
        return self.pooled(pool, self.kernel, workers, time.perf_counter_ns() - began)

    def subinterpreters(self, config):
        """Each imports this script from a file: a function of `__main__` would mean nothing there."""
        workers = config["workers"]
        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "crossover_sample.py"), "w", encoding="utf-8") as file:
            file.write(sys.orig_argv[-1])
        site.addsitedir(folder)
        kernel = getattr(importlib.import_module("crossover_sample"), self.kernel.__name__)
        began = time.perf_counter_ns()
        pool = concurrent.futures.InterpreterPoolExecutor(workers, initializer=site.addsitedir, initargs=(folder,))
        # Nothing that they could wait at is shared: each is kept for as long as it takes to ask for the next.
        list(pool.map(time.sleep, [0.01] * workers))
        return self.pooled(pool, kernel, workers, time.perf_counter_ns() - began)

    def pooled(self, pool, kernel, workers, cold):
        units = {"threads": workers, "tasks": len(self.tasks)}
        return Runs(lambda: self.reduce(pool.map(kernel, self.tasks)), units, cold, pool.shutdown)

    def processes(self, config):
        workers, tasks = config["workers"], self.tasks
        pool, cold = processes(workers)
        # As many tasks a message as Pool.map puts into one: a quarter of a worker's share.
        share = max(-(-len(tasks) // (4 * workers)), 1)
        batches = [tasks[at : at + share] for at in range(0, len(tasks), share)]
        run = Runs(lambda: self.reduce(pool.map(self.kernel, tasks)), {}, cold, lambda: leave(pool))
        run.count = lambda: {
            "processes": workers,
            "tasks": len(tasks),
            "messages": 2 * len(batches),
            "bytes_shipped": shipped(batches) + shipped([list(map(self.kernel, batch)) for batch in batches]),
        }
        return run

    def asyncio(self, config):
        async def one(task):
            return self.kernel(task)

        async def all_():
            return self.reduce(await asyncio.gather(*(one(task) for task in self.tasks)))

        return on_loop(all_, len(self.tasks))


