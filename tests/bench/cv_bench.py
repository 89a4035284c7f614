#!/usr/bin/env python3
"""Five folds of the digits: `shoal cv` with 2 ranks against a loop of five `shoal train`, in alternation.

    cv_bench.py SHOAL DIGITS.h5 [--repeat 5] [--epochs 30]

The loop is timed twice: each training by 2 ranks together, and by one process with 2 threads. All train the same five
models to the same bits; their means are compared. mpirun must be able to start 2 ranks: source launch/environment.sh
first.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

CONFIG = """
[data]
file = "{data}"
normalize = "unit"
batch_size = 64
[model]
hidden = [64]
batch_norm = true
[train]
epochs = {epochs}
[checkpoint]
every_epochs = 0
"""
FOLDS = 5


def timed(command, threads):
    begun = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return time.monotonic() - begun, done.stdout


def validated(run):
    with open(run + "/metrics.jsonl") as lines:
        last = [line for line in map(json.loads, lines) if line.get("split") == "validation"][-1]
    return last["loss"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("data")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    shoal = os.path.abspath(options.shoal)
    ranks = ["mpirun", "--bind-to", "none", "-np", "2"]
    seconds = {"cv, 2 ranks": [], "loop, 2 ranks": [], "loop, 2 threads": []}
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as work:
            config = work + "/cv.toml"
            with open(config, "w") as file:
                file.write(CONFIG.format(data=os.path.abspath(options.data), epochs=options.epochs))
            took, text = timed([*ranks, shoal, "cv", config, "--folds", str(FOLDS), "--run", work + "/cv", "--json"], 1)
            seconds["cv, 2 ranks"].append(took)
            found = json.loads(text)
            for name, before, threads in (("loop, 2 ranks", ranks, 1), ("loop, 2 threads", [], 2)):
                took = 0.0
                losses = []
                for fold in range(1, FOLDS + 1):
                    run = f"{work}/{name[6]}{name[8]}-{fold}"
                    took += timed([*before, shoal, "train", config, "--set", f"data.fold={fold}/{FOLDS}", "--run", run],
                                  threads)[0]
                    losses.append(validated(run))
                seconds[name].append(took)
                for fold, loss in zip(found["folds"], losses):  # metrics.jsonl has fewer digits
                    assert abs(loss - fold["validation.loss"]) <= 1e-6 * abs(loss), (name, fold, loss)
            mean = sum(fold["validation.loss"] for fold in found["folds"]) / FOLDS
            assert found["mean"]["validation.loss"] == mean, (found["mean"], mean)
    base = statistics.median(seconds["cv, 2 ranks"])
    for name, all_of in seconds.items():
        middle = statistics.median(all_of)
        print(f"{name:16} {middle:6.2f} s ({min(all_of):.2f} to {max(all_of):.2f})  {middle / base:5.2f} x cv")


if __name__ == "__main__":
    main()
