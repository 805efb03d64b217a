# One sample, as `sample/1` asks for it, and what strategies have in common.


class Wrong(Exception):
    """An answer that cannot be right."""


class Runs:
    """A strategy that is ready: what an iteration does, what it uses, and how its workers leave."""

    def __init__(self, once, units, cold=0, end=lambda: None):
        self.once, self.cold, self.end = once, cold, end
        self.before = lambda: None
        self.count = lambda: units


inherited = None


def processes(workers, what=None):
    """A pool whose workers are there, and what it took to make them. They inherit `what`.

    Workers are forked: a script without a file cannot be imported again, as the other ways to start one would. That is
    safe here, for no thread is running yet.
    """
    global inherited
    inherited = what
    began = time.perf_counter_ns()
    here, there = os.pipe(), os.pipe()
    pool = multiprocessing.get_context("fork").Pool(workers, begin, (here, there))
    os.close(there[1])
    arrived = 0
    while arrived < workers:
        some = os.read(there[0], workers)
        if not some:
            raise RuntimeError("the workers of the pool ended")
        arrived += len(some)
    return pool, time.perf_counter_ns() - began


def begin(here, there):
    """In a worker: it says that it is there, and ends with its parent, however that ends: only the parent can write into
    the pipe that is read here, so it is at its end when the parent is."""
    os.close(here[1])

    def follow():
        os.read(here[0], 1)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    os.write(there[1], b".")


def leave(pool):
    pool.close()
    pool.join()


def shipped(messages):
    """Bytes of what is pickled."""
    return sum(len(pickle.dumps(message)) for message in messages)


def on_loop(once, tasks):
    """An event loop that is there before anything is timed."""
    began = time.perf_counter_ns()
    loop = asyncio.new_event_loop()
    cold = time.perf_counter_ns() - began
    return Runs(lambda: loop.run_until_complete(once()), {"threads": 1, "tasks": tasks}, cold, loop.close)


def digest(value):
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def say(word, value):
    print(word, json.dumps(value), flush=True)


def prepared(config):
    shared = {"counter": Counter, "check-then-act": CheckThenAct}.get(config["workload"])
    workload = SharedState(shared(config)) if shared else MapReduce(config)
    return workload, getattr(workload, config["strategy"])(config)


def sample():
    print("hello sample/1", flush=True)
    config = json.loads(sys.stdin.readline().partition(" ")[2])
    workload, run = prepared(config)

    def iterate():
        run.before()
        began = time.perf_counter_ns()
        answer = run.once()
        return time.perf_counter_ns() - began, answer

    for _ in range(config["warmup"]):
        iterate()
    say("ready", {"cold_start_ns": run.cold})
    sys.stdin.readline()  # "go"
    elapsed, answer = [], None
    for _ in range(config["iterations"]):
        taken, answer = iterate()
        elapsed.append(taken)
    fingerprint = digest(workload.fingerprint(answer))
    say("done", {"elapsed_ns": elapsed, "digest": fingerprint, "units": run.count()})
    sys.stdin.readline()  # "bye"
    run.end()


def main():
    try:
        sample()
    except Exception as error:
        say("failed", {"error": f"{type(error).__name__}: {error}"})
        sys.stdout.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
