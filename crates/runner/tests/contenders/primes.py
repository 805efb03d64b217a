"""The workload `primes` in Python, as a contender: start from this to measure a program of your own.

    crossover compare primes --contender 'python/script=python3 primes.py'

The runner starts one process a sample and talks to it in lines; stderr is free for your own words.
"""
import hashlib, json, sys, time


def work(knobs):  # Yours: what is timed. It must do the work, not remember it.
    sieve = bytearray([1]) * max(knobs["n"], 2)
    sieve[0:2] = b"\0\0"
    for number in range(2, int(knobs["n"] ** 0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, len(sieve), number)))
    return sum(sieve)


def say(word, value):
    print(word, value if isinstance(value, str) else json.dumps(value), flush=True)


say("hello", "sample/1")  # at once: what we speak
config = json.loads(sys.stdin.readline().removeprefix("config "))  # workload, knobs, seed, workers, iterations, ..
for _ in range(config["warmup"]):  # start workers here, and warm them up
    work(config["knobs"])
say("ready", {"cold_start_ns": 0})
sys.stdin.readline()  # "go"
elapsed = []
for _ in range(config["iterations"]):
    began = time.perf_counter_ns()  # one pair of readings of a monotonic clock round the work
    answer = work(config["knobs"])
    elapsed.append(time.perf_counter_ns() - began)
canonical = json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
digest = hashlib.sha256(canonical.encode()).hexdigest()  # equals the reference's, or the cell has failed
say("done", {"elapsed_ns": elapsed, "digest": digest, "units": {"threads": 1}})
sys.stdin.readline()  # "bye": memory and scheduling figures have been read; leave with 0
