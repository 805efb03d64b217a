# The generator of all inputs, and the unit of work: what crates/workloads/src/seeded.rs defines, in Python. These files
# are one script: the program puts them one after the other. Python 3.9 and later, nothing but the standard library.

import asyncio
import concurrent.futures
import functools
import hashlib
import importlib
import json
import multiprocessing
import os
import pickle
import site
import sys
import tempfile
import threading
import time

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    """Scatters the bits of a number."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def nth(seed, index):
    """The so manieth number of SplitMix64 from that seed."""
    return mix((seed + (index + 1) * GOLDEN) & MASK)


def squares(count):
    """The unit of work inside and outside locks. CPython does not remove what nobody uses."""
    for i in range(count):
        i * i


@functools.lru_cache(maxsize=None)
def zipf(ranks, exponent):
    """A table of draws of ranks by Zipf's law, and the bits of a random number that it does not take."""
    bits = max(ranks.bit_length() + 2, 16)
    draws = 1 << bits
    total = 0.0
    for rank in range(ranks):  # not sum(): from 3.12 on it rounds in another way than a loop does
        total += (rank + 1.0) ** -exponent
    table, rank, reached = [], 0, 1.0
    for draw in range(draws):
        while (draw + 0.5) / draws * total > reached and rank + 1 < ranks:
            rank += 1
            reached += (rank + 1.0) ** -exponent
        table.append(rank)
    return table, 64 - bits


