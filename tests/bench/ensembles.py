#!/usr/bin/env python3
"""An ensemble of 5 nets against each of them: MNIST's test images, and a regression whose noise depends on x.

    ensembles.py SHOAL FOLDER [--mnist DIR] [--members 5]

DIR holds t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz. The members differ in their seed alone. Accuracy, negative
log likelihood and ECE of classes; of the regression by quantile nets (levels 0.05, 0.5, 0.95) the pinball loss, the error of
the median and how often the target lies in the interval that should hold 90 % of them.
"""
import argparse
import json
import os
import statistics
import subprocess

import h5py
import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("shoal")
parser.add_argument("folder")
parser.add_argument("--mnist")
parser.add_argument("--members", type=int, default=5)
options = parser.parse_args()
shoal = os.path.abspath(options.shoal)
os.makedirs(options.folder, exist_ok=True)


def run(*words):
    return subprocess.run([shoal, *words], check=True, capture_output=True, text=True, cwd=options.folder).stdout


def compare(name, data, sets, keys, of=lambda judged: judged):
    """keys: each a metric and how far one value of it is from the best that can be."""
    members = []
    for seed in range(1, options.members + 1):
        members.append(f"{name}-{seed}")
        if not os.path.exists(os.path.join(options.folder, members[-1])):
            words = [w for s in [*sets, f"seed={seed}", f"data.file={data}"] for w in ("--set", s)]
            run("train", *words, "--run", members[-1])
    alone = [of(json.loads(run("evaluate", m, "--data", data, "--json"))) for m in members]
    both = of(json.loads(run("evaluate", *members, "--data", data, "--json")))
    print(f"\n{name}: {options.members} nets\n{'metric':22}{'one net: mean':>14}{'least':>9}{'greatest':>9}{'ensemble':>10}  better")
    for key, distance in keys:
        values = [a[key] for a in alone]
        beaten = sum(distance(both[key]) < distance(v) for v in values)
        print(f"{key:22}{statistics.mean(values):14.4f}{min(values):9.4f}{max(values):9.4f}{both[key]:10.4f}  than {beaten} of {len(values)}")


def with_interval(judged):
    return {**judged, **{k: judged["intervals"][0][k] for k in ("coverage", "width")}}


if options.mnist:
    if not os.path.exists(os.path.join(options.folder, "mnist.h5")):
        folder = os.path.abspath(options.mnist)
        run("import", "idx", "--images", f"{folder}/t10k-images-idx3-ubyte.gz", "--labels", f"{folder}/t10k-labels-idx1-ubyte.gz",
            "--test-last", "2000", "-o", "mnist.h5")
    compare("mnist", "mnist.h5", ["data.batch_size=256", "data.normalize=unit", "model.hidden=[256, 128]", "model.batch_norm=true",
                                  "model.dropout=0.2", "optimizer.learning_rate=3e-3", "schedule.name=cosine", "train.epochs=20"],
            [("accuracy", lambda v: -v), ("nll", lambda v: v), ("ece", lambda v: v)])

rng = np.random.default_rng(1)
x = rng.uniform(-1, 1, (6000, 1))
y = np.sin(4 * x) + (0.05 + 0.5 * x ** 2) * rng.normal(size=x.shape)  # Gaussian noise that depends on x
with h5py.File(os.path.join(options.folder, "waves.h5"), "w") as f:
    for split, rows in (("train", slice(0, 1000)), ("test", slice(1000, None))):
        f[f"{split}/x"], f[f"{split}/y"] = x[rows].astype(np.float32), y[rows].astype(np.float32)
compare("waves", "waves.h5", ["data.batch_size=32", "model.hidden=[64, 64]", "optimizer.learning_rate=5e-3", "train.epochs=60",
                              'model.loss={name="quantile",levels=[0.05,0.5,0.95]}'],
        [("loss", lambda v: v), ("rmse", lambda v: v), ("coverage", lambda v: abs(v - 0.9)), ("width", lambda v: v)], with_interval)
