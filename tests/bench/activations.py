#!/usr/bin/env python3
"""Steps with gelu, sigmoid, tanh and silu, shoal's and PyTorch's in alternation: medians over rounds, and the ratio of each round.

  activations.py BUILD [--rounds 5] [--python PYTHON] [--functions gelu,tanh] [--other BUILD]

PYTHON has PyTorch. --other: in PyTorch's place step_bench of another build, for before and after.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess

NETS = {"8-128-128-3": ("8,128,128,3", 400), "784-512-512-10": ("784,512,512,10", 60)}


def step(command, threads):
    """The least step and the median, in ms."""
    text = subprocess.run(command, check=True, capture_output=True, text=True,
                          env=dict(os.environ, OMP_NUM_THREADS=str(threads))).stdout
    return float(re.search(r"\(min ([0-9.]+)\)", text)[1]), float(re.search(r"step ([0-9.]+) ms", text)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--functions", default="gelu,sigmoid,tanh,silu")
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--other", type=pathlib.Path)
    options = parser.parse_args()
    print("| net, batch 256 | function | threads | shoal, ms (least) | other, ms (least) | ratio of medians | by round |")
    print("|---|---|---|---|---|---|---|")
    for net in options.nets.split(","):
        widths, steps = NETS[net]
        for function in options.functions.split(","):
            for threads in (1, 2):
                ours = [options.build / "step_bench", "256", str(steps), widths, "0", function]
                if options.other:
                    theirs = [options.other / "step_bench", *ours[1:]]
                else:
                    theirs = [options.python, pathlib.Path(__file__).with_name("torch_step.py"), "--activation", function,
                              "--widths", widths, "--steps", str(steps), "--threads", str(threads)]
                a, b = [], []
                for _ in range(options.rounds):
                    a.append(step(ours, threads))
                    b.append(step(theirs, threads))
                medians = [statistics.median(m for _, m in side) for side in (a, b)]
                least = [min(m for m, _ in side) for side in (a, b)]
                rounds = ", ".join(f"{y[1] / x[1]:.2f}" for x, y in zip(a, b))
                print(f"| {net} | {function} | {threads} | {medians[0]:.3f} ({least[0]:.3f}) | {medians[1]:.3f} ({least[1]:.3f}) | "
                      f"{medians[1] / medians[0]:.2f}, of the least {least[1] / least[0]:.2f} | {rounds} |", flush=True)


main()
