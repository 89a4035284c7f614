#!/usr/bin/env python3
"""What checkpoints cost a run: the same training with and without them, in alternation, as whole processes.

    saving.py SHOAL DATA.h5 [--pairs 7] [--case small|each-epoch|large]

small: hidden [256, 128], a checkpoint each epoch, 60 epochs. each-epoch: hidden [1024, 1024, 1024], the same, 5 epochs.
large: that network, one each 10 steps, 150 steps. All with batch norm, Adam and batches of 256, by one process of 2
threads and by 2 ranks of one. The bars: 3.5 % of the run time on 10,000 MNIST images, and 10 %. mpirun must be able to
start 2 ranks: source launch/environment.sh.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

CASES = {
    "small": (["model.hidden=[256, 128]", "train.epochs=60"], ["checkpoint.every_epochs=1"]),
    "each-epoch": (["model.hidden=[1024, 1024, 1024]", "train.epochs=5"], ["checkpoint.every_epochs=1"]),
    "large": (["model.hidden=[1024, 1024, 1024]", "train.steps=150"], ["checkpoint.every_steps=10"]),
}
COMMON = ["model.batch_norm=true", "data.batch_size=256", "data.normalize=unit", "train.evaluate_every=1000000",
          "checkpoint.every_epochs=0"]
LAUNCHERS = {"1 x 2": ([], "2"), "2 x 1": (["mpirun", "--bind-to", "core", "-np", "2"], "1")}


def seconds(shoal, data, run, layout, settings):
    launcher, threads = LAUNCHERS[layout]
    command = [*launcher, shoal, "train", "--set", "data.file=" + data, "--run", run]
    for setting in settings:
        command += ["--set", setting]
    begun = time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": threads})
    return time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("data", type=os.path.abspath)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--case", choices=CASES, action="append")
    options = parser.parse_args()
    for case in options.case or CASES:
        model, saving = CASES[case]
        for layout in LAUNCHERS:
            ratios, without = [], []
            with tempfile.TemporaryDirectory(dir=".") as work:
                for i in range(options.pairs):
                    plain = seconds(options.shoal, options.data, f"{work}/plain-{i}", layout, COMMON + model)
                    saved = seconds(options.shoal, options.data, f"{work}/saved-{i}", layout, COMMON + model + saving)
                    ratios.append(saved / plain)
                    without.append(plain)
            print(f"{case}, {layout}: {statistics.median(without):.2f} s without; with checkpoints x "
                  f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), {options.pairs} pairs",
                  flush=True)


main()
