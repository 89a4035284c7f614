#!/usr/bin/env python3
"""How long it takes from the command to the first step of a small model on the digits, by mpirun on 2 ranks: until its
line is in metrics.jsonl, and until the whole job of one step has ended.

    start.py SHOAL DIGITS.h5 [--repeat 9]

mpirun must be able to start 2 ranks: source launch/environment.sh first.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time


def once(shoal, data, run):
    metrics = run + "/metrics.jsonl"
    begun = time.monotonic()
    job = subprocess.Popen(
        ["mpirun", "--bind-to", "none", "-np", "2", shoal, "train", "--set", "data.file=" + data, "--set",
         "model.hidden=[128, 64]", "--set", "train.steps=1", "--run", run],
        stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    while not (os.path.exists(metrics) and os.path.getsize(metrics) > 0):
        if job.poll() not in (None, 0):
            raise SystemExit(f"start.py: the job ended with {job.returncode}")
        time.sleep(0.001)
    first = time.monotonic() - begun
    job.wait()
    return first, time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("data", type=os.path.abspath)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        times = [once(options.shoal, options.data, f"{work}/run-{i}") for i in range(options.repeat)]
    for what, seconds in zip(("first step", "whole job"), zip(*times)):
        print(f"{what}: median {statistics.median(seconds):.3f} s, {min(seconds):.3f} to {max(seconds):.3f}, "
              f"{options.repeat} starts")


main()
