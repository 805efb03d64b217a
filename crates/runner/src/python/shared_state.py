# Clients of one dictionary: `counter` and `check-then-act`, and what runs them. A client has two forms, with a lock and
# without, so that who needs none does not pay for one.


class Counter:
    """Adds to a few numbers."""

    def __init__(self, config):
        knobs, clients, seed = config["knobs"], config["workers"], config["seed"]
        self.keys, self.inside, self.outside = knobs["keys"], knobs["work-inside"], knobs["work-outside"]
        self.scripts = [self.script(knobs, client, clients, seed ^ (client << 40)) for client in range(clients)]

    def script(self, knobs, client, clients, seed):
        own = range(client, self.keys, clients) if knobs["touch"] == "own" else range(self.keys)
        if not own:
            return []
        randoms = (nth(seed, index) for index in range(knobs["ops"]))
        if knobs["zipf"] > 0:
            table, shift = zipf(len(own), knobs["zipf"])
            return [own[table[random >> shift]] for random in randoms]
        return [own[random % len(own)] for random in randoms]

    def fresh(self):
        return dict.fromkeys(range(self.keys), 0)

    def locked(self, script, numbers, lock):
        inside, outside = self.inside, self.outside
        for key in script:
            if outside:
                squares(outside)
            with lock:
                number = numbers[key]
                if inside:
                    squares(inside)
                numbers[key] = number + 1

    def bare(self, script, numbers):
        inside, outside = self.inside, self.outside
        for key in script:
            if outside:
                squares(outside)
            number = numbers[key]
            if inside:
                squares(inside)
            numbers[key] = number + 1

    def fingerprint(self, answer):
        numbers, _ = answer
        return sorted(numbers.items())


class CheckThenAct:
    """Looks a value up, then uses it or makes it, while others delete it."""

    def __init__(self, config):
        knobs, clients, seed = config["knobs"], config["workers"], config["seed"]
        self.keys, self.work = knobs["keys"], knobs["work"]

        def step(random):
            return (random >> 32) % self.keys, (random & 0xFFFFFFFF) % 100 < knobs["deletes"]

        randoms = range(knobs["ops"])
        self.scripts = [[step(nth(seed ^ (client << 40), at)) for at in randoms] for client in range(clients)]

    def fresh(self):
        return {key: mix(key) for key in range(0, self.keys, 2)}

    def value(self, key):
        if self.work:
            squares(self.work)
        return mix(key)

    def locked(self, script, cache, lock):
        seen = Seen()
        for key, deletes in script:
            if deletes:
                with lock:
                    gone = cache.pop(key, None)
                seen.deletion(gone)
                continue
            with lock:
                value = cache.get(key)
                made = value is None
                if made:
                    cache[key] = value = self.value(key)
            self.use(seen, value, made)
        return seen

    def bare(self, script, cache):
        seen = Seen()
        for key, deletes in script:
            if deletes:
                seen.deletion(cache.pop(key, None))
                continue
            value = cache.get(key)
            made = value is None
            if made:
                cache[key] = value = self.value(key)
            self.use(seen, value, made)
        return seen

    def use(self, seen, value, made):
        if self.work and not made:
            squares(self.work)
        seen.sum += value
        if made:
            seen.computed += 1
            seen.balance += value
        else:
            seen.used += 1

    def fingerprint(self, answer):
        """What is the same in all right answers. Here, too, what was put there must have been deleted or be there."""
        cache, all_ = answer
        total = lambda of: sum(getattr(seen, of) for seen in all_)
        before = self.fresh()
        if len(before) + total("computed") != total("deleted") + len(cache):
            raise Wrong(f"{len(cache)} values are left of {total('computed')} that were made")
        if sum(before.values()) + total("balance") != sum(cache.values()):
            raise Wrong("the values that are left are not those that were made and not deleted")
        return [total("used") + total("computed"), total("deleted") + total("nothing"), total("sum") & MASK]


class Seen:
    """What a client saw."""

    def __init__(self):
        self.used = self.computed = self.deleted = self.nothing = self.sum = self.balance = 0

    def deletion(self, value):
        if value is None:
            self.nothing += 1
        else:
            self.deleted += 1
            self.balance -= value


class SharedState:
    """Strategies of a workload. What a round begins with is made before it is timed."""

    def __init__(self, workload):
        self.workload = workload
        self.fingerprint = workload.fingerprint

    def sequential(self, config):
        run = Runs(self.in_turn, {"threads": 1})
        run.before = self.begin
        return run

    def begin(self):
        self.state = self.workload.fresh()

    def in_turn(self):
        return self.state, [self.workload.bare(script, self.state) for script in self.workload.scripts]

    def threads(self, config):
        workload, workers = self.workload, config["workers"]
        began = time.perf_counter_ns()
        lock, barrier, seen = threading.Lock(), threading.Barrier(workers + 1), [None] * workers
        over = False

        def client(index):
            script = workload.scripts[index]
            while True:
                barrier.wait()
                if over:
                    return
                try:
                    seen[index] = workload.locked(script, self.state, lock)
                except BaseException:
                    barrier.abort()
                    raise
                barrier.wait()

        # Daemons: if one fails, the others do not keep the process.
        threads = [threading.Thread(target=client, args=(index,), daemon=True) for index in range(workers)]
        for thread in threads:
            thread.start()
        cold = time.perf_counter_ns() - began

        def once():
            barrier.wait()
            barrier.wait()
            return self.state, list(seen)

        def end():
            nonlocal over
            over = True
            barrier.wait()
            for thread in threads:
                thread.join()

        run = Runs(once, {"threads": workers}, cold, end)
        run.before = self.begin
        return run

    def processes(self, config):
        """Private dictionaries, merged once."""
        workers = config["workers"]
        pool, cold = processes(workers, self.workload)

        def once():
            numbers = self.state
            for private in pool.imap_unordered(private_client, range(workers)):
                for key, number in private.items():
                    numbers[key] += number
            return numbers, None

        run = Runs(once, {}, cold, lambda: leave(pool))
        run.before = self.begin
        run.count = lambda: {
            "processes": workers,
            "tasks": workers,
            "messages": 2 * workers,
            "bytes_shipped": shipped(range(workers)) + shipped(self.private(index) for index in range(workers)),
        }
        return run

    def private(self, index):
        numbers = self.workload.fresh()
        self.workload.bare(self.workload.scripts[index], numbers)
        return numbers

    def asyncio(self, config):
        async def client(script):
            return self.workload.bare(script, self.state)  # nobody else runs before the next await

        async def all_():
            return self.state, await asyncio.gather(*map(client, self.workload.scripts))

        run = on_loop(all_, config["workers"])
        run.before = self.begin
        return run


def private_client(index):
    return SharedState(inherited).private(index)


