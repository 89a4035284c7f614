#!/usr/bin/env python3
"""Prints the polynomials of tensor/functions-inl.hpp and tensor/normal_tail.hpp, which infer/export/c_functions.cpp has
again, and their greatest relative errors in units of 2^-24. Needs mpmath and NumPy; takes a minute.

By Remez's exchange (Cheney, Introduction to Approximation Theory, 1966, chapter 3). Coefficients are then rounded to
floats: those of the exponential one by one, the rest fitted again each time; those of the tail at the place, near the
middle of a piece, about which all of them together lose least by rounding.
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
    return mp.nstr(x, 9) + "F"


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


def tail(a):
    return mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2


def about(c, d):
    """Of the same polynomial in x - d."""
    c = list(c)
    for k in range(len(c)):
        for j in range(len(c) - 2, k - 1, -1):
            c[j] += d * c[j + 1]
    return c


def normal_tail():
    step, degree, end = mp.mpf("1.03125"), 7, mp.mpf("14.5")
    edges = [min((mp.mpf(e) - 1) / step, end) for e in (1, 1.5, 2, 3, 4, 6, 8, 12, 16)]
    rows, worst = [], 0
    for low, high in zip(edges, edges[1:]):
        middle = (low + high) / 2
        c, _ = remez(lambda h: tail(middle + h), lambda h: 1 / tail(middle + h), degree, low - middle, high - middle, 300)
        places = [low + (high - low) * i / 40 for i in range(41)]
        values = np.array([float(tail(x)) for x in places])
        fit = np.array([float(mp.polyval(c[::-1], x - middle) - tail(x)) for x in places])
        best = None
        for i in range(-2000, 2001):
            place = single(middle + (high - low) * i / 2**16)
            moved = about(c, place - middle)
            lost = np.array([float(single(v) - v) for v in moved])
            x = np.array(places, float) - float(place)
            error = np.max(np.abs(np.polyval(lost[::-1], x) + fit) / values)
            if best is None or error < best[0]:
                best = error, place, [single(v) for v in moved]
        worst = max(worst, best[0])
        rows.append([best[1], *best[2]])
    print(f"the tail, middles and coefficients of the powers 0 to {degree}; error {worst * 2**24:.3f}")
    for k in range(degree + 2):
        print("    placed({" + ", ".join(text(row[k]) for row in rows) + "}),")


exponential()
normal_tail()
