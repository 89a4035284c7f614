#!/usr/bin/env python3
"""Convolutions of 3 x 3 by themselves: conv_bench beside PyTorch on one thread, forward and both gradients, in alternation.

  conv_torch.py BUILD_DIR [--samples 32] [--rounds 5] [--shapes 16:32,32:32,32:16,64:16,64:8,128:8]

A shape is CHANNELS:SIDE. Each round runs conv_bench, whose figures are medians themselves, and PyTorch, of whose two memory
layouts and weight formats the better counts. Prints ms of both, medians and range, and their ratio. Needs torch.
"""
import argparse
import re
import statistics
import subprocess
import time

import torch


def torch_ms(channels, side, samples, channels_last):
    torch.manual_seed(1)
    layer = torch.nn.Conv2d(channels, channels, 3, padding="same", bias=False)
    x = torch.randn(samples, channels, side, side, requires_grad=True)
    gradient = torch.randn(samples, channels, side, side)
    if channels_last:
        layer = layer.to(memory_format=torch.channels_last)
        x = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_(True)
        gradient = gradient.contiguous(memory_format=torch.channels_last)
    times = []
    for _ in range(18):
        x.grad = layer.weight.grad = None
        begun = time.perf_counter()
        layer(x).backward(gradient)
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times[3:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", default="16:32,32:32,32:16,64:16,64:8,128:8")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shapes = [tuple(map(int, shape.split(":"))) for shape in options.shapes.split(",")]
    ours = {shape: [] for shape in shapes}
    theirs = {shape: [] for shape in shapes}
    for _ in range(options.rounds):
        lines = subprocess.run([f"{options.build}/conv_bench", str(options.samples)], check=True, capture_output=True,
                               text=True).stdout
        for channels, side in shapes:
            line = re.search(rf"^ *{channels} -> +{channels} at +{side}x{side} .* all ([0-9.]+) ms$", lines, re.M)
            ours[channels, side].append(float(line.group(1)))
            theirs[channels, side].append(min(torch_ms(channels, side, options.samples, last) for last in (True, False)))
    print(f"{options.samples} images, one thread, forward and both gradients, ms")
    for channels, side in shapes:
        a, b = ours[channels, side], theirs[channels, side]
        print(f"{channels:3} channels at {side}x{side}: shoal {statistics.median(a):.2f} ({min(a):.2f} to {max(a):.2f}), "
              f"PyTorch {statistics.median(b):.2f} ({min(b):.2f} to {max(b):.2f}), "
              f"PyTorch / shoal {statistics.median(b) / statistics.median(a):.2f}")


main()
