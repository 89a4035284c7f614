#!/usr/bin/env python3
"""Compares population-based training with random search of equal epochs.

    population_bench.py SHOAL DATA.h5 [--seeds 10] [--members 8] [--epochs 20] [--generation 2]

The population begins with the settings of the random trials, so that a seed compares like with like. The winner of each seed is
then repeated at 1, 2 and 3 ranks by `shoal train --replay`, and must have the digest of best.h5. MNIST-10k:

    shoal import idx --images $SHOAL_MNIST/t10k-images-idx3-ubyte.gz --labels $SHOAL_MNIST/t10k-labels-idx1-ubyte.gz \\
      -o mnist.h5

mpirun must be able to start 3 ranks: source launch/environment.sh first.
"""
import argparse
import csv
import os
import statistics
import subprocess
import tempfile

CONFIG = """
[data]
file = "{data}"
normalize = "unit"
batch_size = 128
validation = 0.2
[model]
hidden = [64]
batch_norm = true
[optimizer]
name = "momentum"
[train]
epochs = {epochs}
[parallel]
leaves = 4
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-3, max = 10.0}}
"optimizer.momentum" = {{scale = "one_minus_log", min = 0.1, max = 0.999}}
"optimizer.l2" = {{scale = "log", min = 1e-6, max = 1e-2}}
"model.dropout" = {{scale = "linear", min = 0.0, max = 0.6}}
"""


def shoal_on(ranks, *words):
    run = subprocess.run(["mpirun", "--bind-to", "none", "--oversubscribe", "-np", str(ranks), *words], text=True,
                         capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with {run.returncode}: {run.stderr}")


def sweep(options, config, folder, *sets):
    shoal_on(2, options.shoal, "sweep", config, "--run", folder, *(word for s in sets for word in ("--set", s)))
    with open(folder + "/sweep.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "done"]
    best = min(rows, key=lambda row: float(row["validation.loss"]))
    return float(best["validation.loss"]), float(best["validation.accuracy"])


def digest(shoal, checkpoint):
    lines = subprocess.run([shoal, "inspect", checkpoint], text=True, capture_output=True, check=True).stdout.splitlines()
    return next(line.split()[-1] for line in lines if line.startswith("digest"))


def replays(options, folder):
    wanted = digest(options.shoal, folder + "/best.h5")
    for ranks in (1, 2, 3):
        again = f"{folder}-again-{ranks}"
        shoal_on(ranks, options.shoal, "train", "--replay", folder, "--run", again)
        if digest(options.shoal, again + "/checkpoints/latest") != wanted:
            raise SystemExit(f"{again} does not have the digest of {folder}/best.h5")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("data", type=os.path.abspath)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--generation", type=int, default=2)
    options = parser.parse_args()
    found = {"random": [], "population": []}
    with tempfile.TemporaryDirectory() as work:
        config = work + "/sweep.toml"
        with open(config, "w") as file:
            file.write(CONFIG.format(data=options.data, epochs=options.epochs))
        for seed in range(1, options.seeds + 1):
            found["random"].append(
                sweep(options, config, f"{work}/random-{seed}", f"seed={seed}", f"sweep.trials={options.members}"))
            folder = f"{work}/population-{seed}"
            found["population"].append(
                sweep(options, config, folder, f"seed={seed}", f"sweep.population={options.members}",
                      f"sweep.generation={options.generation}"))
            replays(options, folder)
            print(f"seed {seed}: random {found['random'][-1][0]:.4f}, population {found['population'][-1][0]:.4f}; "
                  "replayed at 1, 2 and 3 ranks: the digest of best.h5", flush=True)
    print(f"{options.members} models of {options.epochs} epochs, generations of {options.generation}, seeds 1 to {options.seeds}")
    print(f"{'':<11} {'median loss':>12} {'lowest':>8} {'highest':>8} {'median accuracy':>16}  better than random")
    for name, results in found.items():
        losses = [loss for loss, _ in results]
        wins = sum(a < b for (a, _), (b, _) in zip(results, found["random"]))
        print(f"{name:<11} {statistics.median(losses):12.4f} {min(losses):8.4f} {max(losses):8.4f} "
              f"{statistics.median(accuracy for _, accuracy in results):16.4f}  "
              + ("" if name == "random" else f"{wins} of {options.seeds}"))


main()
