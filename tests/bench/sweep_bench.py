#!/usr/bin/env python3
"""Measures sweeps on the digits.

    sweep_bench.py search SHOAL DIGITS.h5 [--seeds 10]
    sweep_bench.py schedule SHOAL DIGITS.h5 [--repeat 3]

search: random against grid, quasi_random and coarse_to_fine, at equal trials and epochs. schedule: how busy 2 ranks are,
and trials a minute against one process with 2 threads.

In the space of `search` two hyperparameters matter (learning rate and momentum) and two hardly do. mpirun must be able
to start 2 ranks: source launch/environment.sh first.
"""
import argparse
import collections
import csv
import json
import os
import statistics
import subprocess
import tempfile
import time

SEARCH = """
[data]
file = "{data}"
normalize = "unit"
[model]
hidden = [64]
batch_norm = true
[optimizer]
name = "momentum"
[train]
epochs = 5
[sweep]
trials = 64
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-4, max = 10.0}}
"optimizer.momentum" = {{scale = "one_minus_log", min = 0.1, max = 0.999}}
"optimizer.l2" = {{scale = "log", min = 1e-9, max = 1e-6}}
"model.batch_norm.epsilon" = {{scale = "log", min = 1e-6, max = 1e-4}}
"""

SCHEDULE = """
[data]
file = "{data}"
normalize = "unit"
[model]
depth = 2
[train]
epochs = 81
[sweep]
trials = 64
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-4, max = 1e-1}}
"model.width" = {{scale = "log", min = 16, max = 256}}
"data.batch_size" = {{choices = [32, 64, 128]}}
"""
UNEQUAL = 'sweep.space."train.epochs"={scale="log",min=20,max=200}'
HALVING = "sweep.successive_halving={eta=3,min_epochs=3}"  # 64, 21, 7, 2 trials up to 3, 9, 27, 81 epochs


def sweep(shoal, config, folder, ranks, threads, *sets):
    launch = ["mpirun", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
    begun = time.monotonic()
    subprocess.run(
        launch + [shoal, "sweep", config, "--run", folder] + [word for s in sets for word in ("--set", s)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return time.monotonic() - begun


def best_loss(folder):
    with open(folder + "/sweep.csv") as file:
        return min(float(row["validation.loss"]) for row in csv.DictReader(file) if row["status"] == "done")


def search(shoal, config, work, seeds):
    losses = {name: [] for name in ("grid", "random", "quasi_random", "coarse_to_fine")}
    for seed in range(1, seeds + 1):
        for name, found in losses.items():
            folder = f"{work}/{name}-{seed}"
            sweep(shoal, config, folder, 2, 1, f"seed={seed}", f"sweep.search={name}")
            found.append(best_loss(folder))
    print(f"best validation loss of 64 trials of 5 epochs, seeds 1 to {seeds}")
    print(f"{'search':<15} {'median':>8} {'lowest':>8} {'highest':>8}  better than random")
    for name, found in losses.items():
        wins = sum(a < b for a, b in zip(found, losses["random"]))
        wins_text = "" if name == "random" else f"{wins} of {seeds}"
        print(f"{name:<15} {statistics.median(found):8.4f} {min(found):8.4f} {max(found):8.4f}  {wins_text}")


def busy(folder, last_rung=None):
    """For each rank the share of the time that it trained: of all, or with halving of the rungs before the last."""
    seconds = collections.defaultdict(lambda: [0.0, 0.0])  # by rung, of both ranks
    with open(folder + "/times.jsonl") as file:
        for line in file:
            record = json.loads(line)
            seconds[record["rung"]][record["rank"]] += record["seconds"]
    rungs = [both for rung, both in seconds.items() if rung != last_rung]
    whole = sum(map(max, rungs))  # ranks meet at the end of a rung
    return [sum(both[rank] for both in rungs) / whole for rank in range(2)]


def percent(shares):
    return " and ".join(f"{100 * share:.1f} %" for share in sorted(shares))


def schedule(shoal, config, work, repeat):
    print("64 trials of unequal length; trials a minute include the start of the job")
    for attempt in range(1, repeat + 1):
        one = sweep(shoal, config, f"{work}/one-{attempt}", 1, 2, UNEQUAL)
        two = sweep(shoal, config, f"{work}/two-{attempt}", 2, 1, UNEQUAL)
        sweep(shoal, config, f"{work}/halving-{attempt}", 2, 1, HALVING)
        print(f"one process x 2 threads {64 * 60 / one:6.0f} a minute, 2 ranks x 1 thread {64 * 60 / two:6.0f}, ratio "
              f"{one / two:5.2f}; ranks trained {percent(busy(f'{work}/two-{attempt}'))} of the time; with halving, "
              f"until the last rung, {percent(busy(f'{work}/halving-{attempt}', 3))}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["search", "schedule"])
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("data", type=os.path.abspath)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        config = work + "/sweep.toml"
        with open(config, "w") as file:
            file.write((SEARCH if options.what == "search" else SCHEDULE).format(data=options.data))
        if options.what == "search":
            search(options.shoal, config, work, options.seeds)
        else:
            schedule(options.shoal, config, work, options.repeat)


main()
