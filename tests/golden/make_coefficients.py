#!/usr/bin/env python3
"""Prints the polynomials of tensor/functions-inl.hpp, which infer/export/c_functions.cpp has again, the lowest power first,
and their greatest relative errors in units of 2^-24. Needs mpmath and NumPy; takes half a minute.

The exponential's by Remez's exchange (Cheney, Introduction to Approximation Theory, 1966, chapter 3), each coefficient
rounded in turn and the rest fitted again; the tail's, a quotient, by Lawson's weights (Cheney, chapter 2).
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 30


def remez(f, weight, degree, low, high, points):
    """Coefficients c0, c1, ... of the polynomial with the least greatest |weight (p - f)|, and that number."""
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / points) for i in range(points + 1)]
    most = max(weight(x) for x in grid)
    grid = [x for x in grid if weight(x) > most / 10**6]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    powers = [[x**k for k in range(degree + 1)] for x in grid]
    count = degree + 2
    places = [round(i * (len(grid) - 1) / (count - 1)) for i in range(count)]
    for _ in range(40):
        rows, right = mp.matrix(count, count), mp.matrix(count, 1)
        for r, i in enumerate(places):
            for k in range(degree + 1):
                rows[r, k] = powers[i][k]
            rows[r, degree + 1] = (-1) ** r / weights[i]
            right[r] = values[i]
        c = list(mp.lu_solve(rows, right))[: degree + 1]
        errors = [w * (mp.fdot(c, p) - v) for w, p, v in zip(weights, powers, values)]
        peaks = []
        for i, error in enumerate(errors):
            if not peaks or (error > 0) != (errors[peaks[-1]] > 0):
                peaks.append(i)
            elif abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        while len(peaks) > count:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) < count or peaks == places:
            break
        places = peaks
    return c, max(map(abs, errors))


def single(x):
    return mp.mpf(float(np.float32(float(x))))


def text(x):
    return mp.nstr(mp.mpf(x), 9) + "F"


def exponential():
    def f(r):
        return (mp.exp(r) - 1 - r) / r**2 if r else mp.mpf(1) / 2

    def weight(r):
        return r * r * mp.exp(-r)

    end = mp.log(2) / 2 * mp.mpf("1.0001")
    c, left = [], f
    for degree in range(4, -1, -1):
        c.insert(0, single(remez(left, weight, degree, -end, end, 400)[0][-1]))
        left = (lambda g, k, n: lambda r: g(r) - k * r**n)(left, c[0], degree)
    places = [end * i / 1000 for i in range(-1000, 1001)]
    worst = max(weight(r) * abs(mp.polyval(c[::-1], r) - f(r)) for r in places)
    print(f"(e^r - 1 - r) / r^2: {', '.join(map(text, c))}; error {mp.nstr(worst * 2**24, 3)}")


END = mp.mpf("13.3")  # a P(N > a) is subnormal further on
ROOT = single(mp.sqrt(2 * mp.pi))


def nodes(count):
    """Places in [0, END], more of them near 0; there 1 / R(a) with R(a) = e^(a^2/2) P(N > a); and what an error counts."""
    places = [END * ((1 - mp.cos(mp.pi * i / count)) / 2) ** mp.mpf("1.5") for i in range(count + 1)]
    tails = [mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2 for a in places]
    x = np.array([np.longdouble(mp.nstr(a, 25)) for a in places])
    inverse = np.array([np.longdouble(mp.nstr(1 / t, 25)) for t in tails])
    rest = np.array([np.longdouble(mp.nstr(1 / t - ROOT * a, 25)) for a, t in zip(places, tails)])
    flat = x.astype(float)
    # Rounding errors are greatest near 1.6 and least for large a.
    return x, inverse, rest, 1 + 0.9 * np.exp(-(((flat - 1.6) / 0.7) ** 4)) - 0.25 * (flat > 4)


def solved(a, b):
    """Least squares, by Gram and Schmidt twice."""
    q, r = a.copy(), np.zeros((a.shape[1], a.shape[1]), np.longdouble)
    for j in range(a.shape[1]):
        for _ in range(2):
            for i in range(j):
                part = q[:, i] @ q[:, j]
                r[i, j] += part
                q[:, j] -= part * q[:, i]
        r[j, j] = np.sqrt(q[:, j] @ q[:, j])
        q[:, j] /= r[j, j]
    y, x = q.T @ b, np.zeros(a.shape[1], np.longdouble)
    for j in range(len(x) - 1, -1, -1):
        x[j] = (y[j] - r[j, j + 1 :] @ x[j + 1 :]) / r[j, j]
    return x


def value(c, x):
    p = np.zeros_like(x)
    for k in reversed(c):
        p = p * x + np.longdouble(k)
    return p


def tail():
    """1 / R(a) = 2 + a (ROOT + above / below): first 2 below + a above over below, linear but for the weight (Lawson),
    then rounded, and the last places tried for what is best."""
    degree = 4
    x, inverse, rest, counts = nodes(300)
    size = counts / inverse
    scaled, weights, below, best = x / 3, np.ones_like(x), np.ones_like(x), None
    for _ in range(300):
        powers = [scaled**k for k in range(degree + 1)]
        scale = np.sqrt(weights) * size / below
        c = solved(np.stack(powers + [-rest * p for p in powers[1:]], axis=1) * scale[:, None], rest * scale)
        below = 1 + sum(k * p for k, p in zip(c[degree + 1 :], powers[1:]))
        errors = np.abs((sum(k * p for k, p in zip(c, powers)) / below - rest) * size)
        if best is None or errors.max() < best[0]:
            best = errors.max(), c
        weights = weights * (errors / errors.max() + 1e-3)
        weights /= weights.sum()
    above = [float(k) / 3**i for i, k in enumerate(best[1][: degree + 1])]
    below = [1.0] + [float(k) / 3 ** (i + 1) for i, k in enumerate(best[1][degree + 1 :])]

    x, inverse, _, counts = nodes(400)
    root = np.longdouble(float(ROOT))

    def error(c, counts=counts):
        quotient = value(c[:degree], x) / value([np.float32(1), *c[degree:]], x)
        return float(np.max(np.abs((root * x + 2 + x * quotient) / inverse - 1) * counts)) * 2**24

    c = [np.float32(a - 2 * b) for a, b in zip(above[1:], below[1:])] + [np.float32(b) for b in below[1:]]
    least, random = error(c), np.random.default_rng(1)
    for _ in range(5000):
        tried = list(c)
        for k in random.choice(len(c), random.integers(1, 4), replace=False):
            steps = random.integers(1, 4) * random.choice([-1, 1])
            for _ in range(abs(steps)):
                tried[k] = np.nextafter(tried[k], np.float32(np.inf if steps > 0 else -np.inf))
        if error(tried) < least:
            c, least = tried, error(tried)
    print(f"2 + a ({text(ROOT)} + above / below): error {error(c, 1):.3f}, as it counts {least:.3f}")
    print("above:", ", ".join(text(float(k)) for k in c[:degree]))
    print("below: 1.0F,", ", ".join(text(float(k)) for k in c[degree:]))


exponential()
tail()
