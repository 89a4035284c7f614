#!/usr/bin/env python3
"""What `shoal report` and Optuna's functional ANOVA say of functions whose Sobol indices are known.

    importance.py SHOAL [--seeds 10]

Needs optuna. A sweep of which the journal is written here, not trained: shoal draws the trials, the function takes the
place of the loss, and Optuna is given the same trials. Both tell shares of the variance: shoal of ranks, of which the
table has those of 200,000 random places as well, for the indices of a function and of its ranks are not the same.
"""
import argparse
import json
import math
import pathlib
import random
import re
import statistics
import subprocess
import tempfile

KEYS = ["model.dropout", "optimizer.beta1", "optimizer.l2", "optimizer.momentum"]  # 0 to 1 each, and free of each other


def ishigami(u, _):
    x, y, z = (math.pi * (2 * v - 1) for v in u[:3])
    return math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)


def additive(u, _):
    return 2 * u[0] + u[1]


def product(u, _):
    return (u[0] - 0.5) * (u[1] - 0.5)


def noisy(u, draw):
    return u[0] + draw.gauss(0, 0.3)


def noise(_, draw):
    return draw.gauss(0, 1)


def sweep_of(shoal, folder, function, trials, seed):
    """(values of each trial, what the function makes of them, shoal's shares by key and pair, explained)"""
    folder.mkdir()
    space = "\n".join(f'"{key}" = {{scale = "linear", min = 0.0, max = 0.99}}' for key in KEYS)
    (folder / "config.toml").write_text(f"seed = {seed}\n[sweep]\ntrials = {trials}\n[sweep.space]\n{space}\n")
    (folder / "fingerprint").write_text("content none\n")

    def page():
        out = folder.with_suffix(".html")
        subprocess.run([shoal, "report", folder, "-o", out], check=True, capture_output=True)
        return json.loads(re.search(r'id="data">(.*?)</script>', out.read_text(), re.S).group(1))["sweep"]

    values = [trial["values"] for trial in page()["trials"]]
    draw = random.Random(seed)
    metric = [function([v / 0.99 for v in value], draw) for value in values]
    (folder / "journal.jsonl").write_text("".join(
        json.dumps({"trial": t, "rung": 0, "failed": False, "reason": "", "curve": [[1, m, None, m, None]],
                    "seconds": 0.0, "rank": 0}) + "\n" for t, m in enumerate(metric)))
    told = page()
    shares = {(one["key"],): one["share"] for one in told["importance"]}
    shares |= {tuple(pair["keys"]): pair["share"] for pair in told["pairs"]}
    return values, metric, shares, told["explained"]


def optunas(values, metric):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    distributions = {key: optuna.distributions.FloatDistribution(0.0, 0.99) for key in KEYS}
    for value, m in zip(values, metric):
        study.add_trial(optuna.trial.create_trial(params=dict(zip(KEYS, value)), distributions=distributions, value=m))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(study, evaluator=evaluator, normalize=False)


def indices_of_ranks(function):
    """First-order indices by the means over 50 slices of each dimension."""
    draw = random.Random(0)
    places = [[draw.random() for _ in KEYS] for _ in range(200000)]
    values = [function(u, draw) for u in places]
    ranks = [0.0] * len(values)
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        ranks[at] = rank / len(values) - 0.5
    found = []
    for d in range(len(KEYS)):
        sums, counts = [0.0] * 50, [0] * 50
        for u, rank in zip(places, ranks):
            sums[int(50 * u[d])] += rank
            counts[int(50 * u[d])] += 1
        between = sum(s * s / c for s, c in zip(sums, counts)) / len(ranks)
        found.append(between / (1 / 12))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    row = "| {:9} | {:6} | {:8} | {:>6} {:>6} {:>6} {:>6} | {:>10} | {:>9} |"
    print(row.format("function", "trials", "by", "u0", "u1", "u2", "u3", "best pair", "explained"))
    with tempfile.TemporaryDirectory() as room:
        for function in (ishigami, additive, product, noisy, noise):
            name = function.__name__
            known = indices_of_ranks(function)
            print(row.format(name, "", "ranks", *(f"{k:.2f}" for k in known), "", ""))
            for trials in (32, 64, 256):
                ours, theirs, pairs, explained = [], [], [], []
                for seed in range(1, given.seeds + 1):
                    folder = pathlib.Path(room) / f"{name}-{trials}-{seed}"
                    values, metric, shares, part = sweep_of(given.shoal, folder, function, trials, seed)
                    ours.append([shares[(key,)] for key in KEYS])
                    pairs.append(max([0.0] + [s for key, s in shares.items() if len(key) == 2]))
                    explained.append(part)
                    found = optunas(values, metric)
                    theirs.append([found[key] for key in KEYS])
                for by, all_shares in (("shoal", ours), ("optuna", theirs)):
                    medians = [f"{statistics.median(column):.2f}" for column in zip(*all_shares)]
                    more = [f"{statistics.median(x):.2f}" for x in (pairs, explained)] if by == "shoal" else ["", ""]
                    print(row.format(name, trials, by, *medians, *more), flush=True)


main()
