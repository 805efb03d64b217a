"""Golden values for crates/harness/tests/statistics.rs, from scipy, numpy, exact integers and brute force.

    pip install scipy==1.17.1 && python3 statistics.py > statistics.json

Shares nothing with the Rust code but the definitions in its documentation.
"""

import json
from fractions import Fraction
from itertools import combinations
from math import comb, exp, log

import numpy as np
from scipy import stats

RNG = np.random.default_rng(20240229)
LOOKS = [([16], 0.05), ([16, 32], 0.0294), ([16, 32, 64], 0.0221)]


def rounded(values):
    return [round(float(v), 5) for v in values]


def rank(n, alpha):
    """Exact: floats are compared as the fractions they are."""
    alpha, tail, k = Fraction(alpha), 0, 0
    while k <= n:
        tail += comb(n, k)
        if Fraction(2 * tail, 2**n) > alpha:
            break
        k += 1
    return k or None


def ranks():
    alphas = [0.05, 0.0294, 0.0221, 0.05 / 18, 0.0294 / 18, 0.0221 / 18, 0.0294 / 5, 0.0625, 0.1, 0.5, 1e-9]
    sizes = [1, 2, 4, 5, 6, 8, 11, 16, 24, 32, 33, 64, 100, 333, 1074, 1075, 1200, 2000, 3000, 5000]
    return [{"n": n, "alpha": a, "k": rank(n, a)} for n in sizes for a in alphas]


def sign_tests():
    cases = [(n, w) for n in (1, 5, 16, 32, 64) for w in range(n + 1)]
    cases += [(n, n // 2 + d) for n in (1000, 1074, 1200, 3000, 5000) for d in (-40, 0, 1, 7, 60, 150, 400)]
    return [
        {"n": n, "wins": w, "p": float(stats.binomtest(w, n, 0.5, alternative="greater").pvalue)} for n, w in cases
    ]


def binomials():
    """P(Bin(n, p) >= k) for any p: what trust asks of its A/A tests, and far beyond."""
    cases = [(n, k, p) for n in (1, 5, 15, 40) for p in (0.0, 0.005, 0.05, 0.3, 0.5, 0.95, 1.0) for k in range(n + 2)]
    many = [(n, p) for n in (300, 1000, 2000) for p in (0.01, 0.05, 0.5, 0.9)]
    cases += [(n, round(n * p) + d, p) for n, p in many for d in (-15, 0, 1, 40)]
    cases += [(45000, k, p) for k in (0, 1, 2255, 4400, 4600, 5200) for p in (0.01, 0.1, 0.9)]  # far from the mean, too
    return [{"n": n, "k": k, "p": p, "at_least": float(stats.binom.sf(k - 1, n, p))} for n, k, p in cases if k >= 0]


def quantiles():
    cases = []
    for n in (1, 2, 3, 4, 7, 10, 33):
        values = rounded(RNG.lognormal(0, 1, n))
        ps = [0.0, 0.1, 0.25, 0.5, 0.9, 0.99, 1.0]
        cases.append({"values": values, "p": ps, "q": [float(np.quantile(values, p, method="linear")) for p in ps]})
    return cases


def intervals():
    """scipy's inverted binomial test of the median against our rank."""
    cases = []
    for n in (5, 6, 9, 16, 32, 33, 64):
        for alpha in (0.1, 0.05, 0.0294, 0.0294 / 18):
            values = rounded(RNG.normal(0, 1, n))
            ci = stats.quantile_test(values, q=0, p=0.5).confidence_interval(1 - alpha)
            none = not np.isfinite(ci.low)
            cases.append({"d": values, "alpha": alpha, "interval": None if none else [float(ci.low), float(ci.high)]})
    return cases


def autocorrelation(d):
    centred = np.asarray(d) - np.mean(d)
    full = np.correlate(centred, centred, mode="full")
    middle = len(d) - 1
    return float(full[middle + 1] / full[middle])


def paired(d):
    return [float(np.mean(d[i : i + 2])) for i in range(0, len(d), 2)]


def order_interval(d, alpha):
    k = rank(len(d), alpha)
    ordered = sorted(d)
    return None if k is None else (ordered[k - 1], ordered[len(d) - k])


def contrast(a, b, alpha, delta):
    d = [log(y) - log(x) for x, y in zip(a, b)]
    r1 = autocorrelation(d)
    used = paired(d) if len(d) >= 32 and r1 > 0.3 else d
    found, wide, band = order_interval(used, alpha), order_interval(used, 2 * alpha), log(1 + delta)
    out = {
        "ratio": exp(float(np.median(used))), "lo": None, "hi": None, "rounds": len(d),
        "won": sum(x > y for x, y in zip(a, b)), "verdict": "unresolved", "inside_band": False, "below": None,
        "autocorrelation": r1, "averaged": len(used) < len(d),
    }
    if found:
        lo, hi = found
        out["lo"], out["hi"], out["below"] = exp(lo), exp(hi), max(exp(abs(lo)), exp(abs(hi))) - 1
        if lo > 0 or hi < 0:
            out["verdict"] = "slower" if lo > 0 else "faster"
            out["inside_band"] = max(abs(lo), abs(hi)) <= band
        elif wide and max(abs(wide[0]), abs(wide[1])) <= band:
            out["verdict"] = "tie"
    return out


def contrasts():
    cases = []
    for n in (3, 16, 31, 32, 33):
        for effect, noise, drift in [(0, 0.01, 0), (0.02, 0.01, 0), (0.05, 0.03, 0), (-0.05, 0.03, 0), (0, 0.1, 0),
                                     (0.7, 0.2, 0), (0.03, 0.03, 0.8), (0, 0.02, 0.8)]:
            noises, state = [], 0.0
            for step in RNG.normal(0, noise, n):
                state = drift * state + step
                noises.append(state)
            a = rounded(np.exp(RNG.normal(3, 0.05, n)))
            b = rounded(np.array(a) * np.exp(np.array(noises) + log(1 + effect)))
            said = [{"alpha": alpha, **contrast(a, b, alpha, 0.05)} for alpha in (0.05, 0.0294 / 18)]
            cases.append({"a": a, "b": b, "delta": 0.05, "said": said})
    return cases


def groups():
    """Best set and letters by brute force over all subsets."""
    cases = []
    for n, effects in [(16, [0, 0, 0]), (32, [0, 0.05, 0.1, 0.5]), (32, [0.3, 0.02, 0.04, 0, 0.06, 0.31]),
                       (32, [0.05, 0.06, 0.04, 0, 0.02, 0.03, 0.01, 0.08]), (64, [0.02, 0.03, 0, 0.01, 0.05]),
                       (4, [0, 1, 2]), (32, [0]), (32, [0, 2, 1, 3])]:
        times = [rounded(np.exp(RNG.normal(3 + log(1 + e), 0.03, n))) for e in effects]
        cases.append(times)
    cases.append([[10.0] * 32, [10.0] * 32, [11.0] * 20 + [10.0] * 12])  # draws
    cases.append([[1.0, 2.0, 3.0] * 30, [2.0, 3.0, 1.0] * 30, [3.0, 1.0, 2.0] * 30])  # beating in a circle
    return [group(times, 0.0294) for times in cases]


def group(times, alpha):
    k = len(times)
    level = alpha / max(k - 1, 1)

    def beats(j, i):
        d = [log(y) - log(x) for x, y in zip(times[j], times[i])]
        if len(d) >= 32 and np.var(d) > 0 and autocorrelation(d) > 0.3:
            d = paired(d)
        wins = sum(x > 0 for x in d) + sum(x == 0 for x in d) // 2
        return stats.binomtest(wins, len(d), 0.5, alternative="greater").pvalue <= level

    best = [i for i in range(k) if not any(beats(j, i) for j in range(k) if j != i)] or list(range(k))
    apart = {frozenset(p) for p in combinations(range(k), 2) if beats(*p) or beats(*p[::-1])}
    free = [set(s) for size in range(1, k + 1) for s in combinations(range(k), size)
            if not any(frozenset(p) in apart for p in combinations(s, 2))]
    place = {i: p for p, i in enumerate(sorted(range(k), key=lambda i: np.median(times[i])))}
    cliques = sorted((s for s in free if not any(s < t for t in free)), key=lambda s: sorted(place[i] for i in s))
    letters = ["".join(chr(97 + c) for c, s in enumerate(cliques) if i in s) for i in range(k)]
    return {"times": times, "alpha": alpha, "best_set": best, "letters": letters}


def errors():
    """Chance of a false call at any look, summed over the comparisons of a group: exact, an upper bound."""

    def critical(n, level):
        tail, wins = 0, n + 1
        while wins > 0 and Fraction(tail + comb(n, wins - 1), 2**n) <= Fraction(level):
            wins -= 1
            tail += comb(n, wins)
        return wins

    def error(looks, wins_needed):
        alive, out, before = {0: 1}, Fraction(0), 0
        for n, needed in zip(looks, wins_needed):
            after = {}
            for wins, ways in alive.items():
                for more in range(n - before + 1):
                    after[wins + more] = after.get(wins + more, 0) + ways * comb(n - before, more)
            out += Fraction(sum(ways for wins, ways in after.items() if wins >= needed), 2**n)
            alive = {wins: ways for wins, ways in after.items() if wins < needed}
            before = n
        return out

    cases = []
    for looks, alpha_look in LOOKS:
        for k in range(2, 61):
            wins = [critical(n, alpha_look / (k - 1)) for n in looks]
            halved = [critical(n, alpha_look / (k - 1) / 2) for n in looks]
            cases.append({"k": k, "looks": looks, "alpha_look": alpha_look, "wins": wins,
                          "best_set": float((k - 1) * error(looks, wins)),
                          # Both ends of an interval; that both lie off at different looks is counted twice.
                          "intervals": float(2 * (k - 1) * error(looks, halved))})
    return cases


if __name__ == "__main__":
    parts = [ranks, sign_tests, binomials, quantiles, intervals, contrasts, groups, errors]
    lines = [f'"{part.__name__}": [\n' + ",\n".join(json.dumps(c) for c in part()) + "\n]" for part in parts]
    print("{\n" + ",\n".join(lines) + "\n}")
