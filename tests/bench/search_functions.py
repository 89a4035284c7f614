#!/usr/bin/env python3
"""Regret of searches on test functions after 60 evaluations, against Optuna's samplers.

    search_functions.py SEARCH_DRIVER [--seeds 30] [--first-seed 101] [--trials 60] [--functions branin ...] [--searches NAME[:ROUND] ...] [--keep FILE]

SEARCH_DRIVER: build/release/search_driver, built by that name. A search is one of shoal's with the trials of a round
(bayesian:1), or optuna-gp, optuna-tpe or optuna-random, which decide trial by trial, or on ROUND trials at a time where
one is given (optuna-gp:4). Needs optuna, for its GP sampler torch and scipy as well. Regret is the best value found less
the least there is; the table has its median and quartiles over seeds, and on how many seeds each search was better than
the first of Optuna's. Optuna's GP takes 8, 9 and 50 s a seed on the functions, in their order below, shoal's 0.7 s: with 30
seeds half an hour of a core. Searches meet on a seed before the next one begins, so the results kept of fewer seeds
compare as well.

branin: Dixon and Szego (1978), two numbers. hartmann6: the same, six. conditional: what training by one of three
optimizers may look like, each with its own best rate and a setting of its own, an activation of four and a whole number
of units; settings of the optimizers that are not chosen have no effect.
"""
import argparse
import math
import subprocess
import time
import warnings

import numpy as np

from kept_results import KeptResults

A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
P = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])


def branin(x):
    a, b = x
    return ((b - 5.1 / (4 * math.pi ** 2) * a * a + 5 / math.pi * a - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10)


def hartmann6(x):
    return -float(np.array([1, 1.2, 3, 3.2]) @ np.exp(-np.sum(A * (np.array(x) - P) ** 2, axis=1)))


def conditional(x):
    kind, activation, rate, momentum, decay, units = x
    kind = int(kind)
    lr = math.log10(rate) - (-0.7, -1.6, -2.7)[kind]
    value = (0.35, 0.1, 0.0)[kind] + 0.25 * lr * lr + 0.05 * math.sin(3 * lr) ** 2
    if kind == 1:
        value += 0.3 * (math.log10(1 - momentum) + 1.3 + 0.3 * lr) ** 2
    if kind == 2:
        value += 0.08 * (math.log10(decay) + 3.5 - 0.4 * lr) ** 2
    value += (0.0, 0.04, 0.15, 0.4)[int(activation)]
    return value + 0.06 * (math.log2(units) - 7.2) ** 2 / (1 + 0.1 * abs(math.log2(units) - 7.2))


def least_conditional():
    return min(conditional([2, 0, 10 ** -2.7, 0.5, 10 ** -3.5, units]) for units in range(8, 513))


FUNCTIONS = {
    "branin": (branin, 0.39788735772973816, ["linear:-5:10", "linear:0:15"]),
    "hartmann6": (hartmann6, -3.322368011391339, ["linear:0:1"] * 6),
    "conditional": (conditional, least_conditional(),
                    ["choices:3", "choices:4", "log:1e-5:1", "one_minus_log:0:0.999", "log:1e-6:0.1", "log_whole:8:512"]),
}


def with_driver(driver, search, function, dimensions, trials, seed, q):
    process = subprocess.Popen([driver, search, str(trials), str(q), str(seed)] + dimensions, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    values, stage = [], []
    for line in process.stdout:
        if line.strip():
            stage.append([float(word) for word in line.split()])
            continue
        scores = [function(x) for x in stage]
        values += scores
        process.stdin.write("".join(f"{score!r}\n" for score in scores))
        process.stdin.flush()
        stage = []
    if process.wait() != 0:
        raise SystemExit(f"{driver} ended with {process.returncode}")
    return values


def suggest(trial, index, dimension):
    kind, *ends = dimension.split(":")
    name = f"x{index}"
    if kind == "choices":
        return trial.suggest_categorical(name, list(range(int(ends[0]))))
    low, high = map(float, ends)
    if kind.endswith("whole"):
        return trial.suggest_int(name, int(low), int(high), log=kind.startswith("log"))
    if kind == "one_minus_log":
        return 1 - trial.suggest_float(name, 1 - high, 1 - low, log=True)
    return trial.suggest_float(name, low, high, log=kind == "log")


def with_optuna(which, function, dimensions, trials, seed, q):
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    samplers = optuna.samplers
    sampler = {"gp": lambda: samplers.GPSampler(seed=seed, deterministic_objective=True),
               "tpe": lambda: samplers.TPESampler(seed=seed, multivariate=True, constant_liar=q > 1),
               "random": lambda: samplers.RandomSampler(seed=seed)}[which]()
    study = optuna.create_study(sampler=sampler)
    values = []
    while len(values) < trials:
        batch = [study.ask() for _ in range(min(q, trials - len(values)))]
        points = [[suggest(trial, i, d) for i, d in enumerate(dimensions)] for trial in batch]
        for trial, point in zip(batch, points):
            values.append(function(point))
            study.tell(trial, values[-1])
    return values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=101, help="the defaults were chosen on seeds 1 to 24")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--functions", nargs="+", choices=list(FUNCTIONS), default=list(FUNCTIONS))
    parser.add_argument("--searches", nargs="+", default=["random:1", "tpe:1", "bayesian:1", "bayesian:4", "tpe:4",
                                                          "optuna-gp", "optuna-tpe", "optuna-gp:4", "optuna-tpe:4"])
    parser.add_argument("--keep", metavar="FILE", help="of results as they come; those in it are not computed again")
    options = parser.parse_args()
    kept = KeptResults(options.keep)
    for name in options.functions:
        function, least, dimensions = FUNCTIONS[name]

        def regret(search, seed):
            which, _, q = search.partition(":")
            arguments = (function, dimensions, options.trials, seed, int(q or 1))
            begun = time.monotonic()
            values = (with_optuna(which[7:], *arguments) if which.startswith("optuna-")
                      else with_driver(options.driver, which, *arguments))
            return min(values) - least, time.monotonic() - begun

        seeds = range(options.first_seed, options.first_seed + options.seeds)
        found = {search: [] for search in options.searches}
        times = {search: [] for search in options.searches}
        for seed in seeds:
            for search in options.searches:
                value, seconds = kept.get(f"{name} {options.trials} {search} {seed}", lambda: regret(search, seed))
                found[search].append(value)
                times[search].append(seconds)
        print(f"{name}: regret after {options.trials} evaluations, {options.seeds} seeds")
        print(f"{'search':<16} {'median':>10} {'lower q.':>10} {'upper q.':>10} {'seconds':>8}  better than the first of Optuna's")
        rival = next((s for s in options.searches if s.startswith("optuna-")), None)
        for search, regrets in found.items():
            low, middle, high = np.quantile(regrets, [0.25, 0.5, 0.75])
            wins = f"{sum(a < b for a, b in zip(regrets, found[rival]))} of {options.seeds}" if rival else ""
            print(f"{search:<16} {middle:10.3g} {low:10.3g} {high:10.3g} {np.mean(times[search]):8.2f}  {wins}", flush=True)


if __name__ == "__main__":
    main()
