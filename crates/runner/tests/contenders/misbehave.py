"""A contender that breaks the protocol in the way its argument names; everything else it does as asked."""
import hashlib, json, os, subprocess, sys, time

mode = sys.argv[1]
FOREVER = 600  # seconds; the runner's limit is far below


def say(line):
    print(line, flush=True)


def hold_the_pipe():
    # Inherits stdout and stderr, and would outlive us by far.
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER})"], stdin=subprocess.DEVNULL)


if mode == "silence":
    time.sleep(FOREVER)
if mode == "early-exit":
    sys.exit("no licence for today")
if mode == "early-exit-0":
    sys.exit(0)
if mode == "flood":
    while True:
        os.write(1, b"x" * 65536)
if mode == "killed":
    os.kill(os.getpid(), 9)
if mode == "says-failed":
    say('failed {"error":"the moon is in the wrong house"}')
    sys.exit(1)
say({"wrong-version": "hello sample/99", "garbage-hello": "Welcome to my program!"}.get(mode, "hello sample/1"))
if mode == "chatty":  # no offence: stderr is its own, however much it says there
    sys.stderr.write("thinking aloud\n" * 500_000)
config = json.loads(sys.stdin.readline().removeprefix("config "))
if mode == "invalid-ready":
    say("ready {cold_start_ns: 0}")
say("ready {}")
if mode == "hang-after-ready":
    time.sleep(FOREVER)
sys.stdin.readline()
iterations = config["iterations"] + (1 if mode == "too-many" else 0)
elapsed = []
for _ in range(iterations):
    began = time.perf_counter_ns()
    primes = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, config["knobs"]["n"]))
    elapsed.append(0 if mode == "no-time" else time.perf_counter_ns() - began)
if mode == "too-much-time":
    elapsed[0] += 3_600_000_000_000
done = {"elapsed_ns": elapsed, "digest": hashlib.sha256(str(primes).encode()).hexdigest()}
if mode == "echo":  # the right answer is nowhere to be had but by computing it
    done["digest"] = config.get("digest")
if mode == "wrong-digest":
    done["digest"] = "0" * 64
if mode == "no-digest":
    done["digest"] = None
if mode == "garbage-done":
    say("all went well, I think")
elif mode == "invalid-done":
    say('done {"elapsed_ns":[1000')
elif mode == "negative-time":
    say('done {"elapsed_ns":[-5],"digest":null}')
if mode == "grandchild-done":
    hold_the_pipe()
    sys.exit("left a child behind")
if mode == "grandchild-bye":
    hold_the_pipe()
say("done " + json.dumps(done))
sys.stdin.readline()
if mode == "hang-after-bye":
    time.sleep(FOREVER)
if mode == "exit-1-after-bye":
    sys.exit("could not write my diary")
