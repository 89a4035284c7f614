#!/usr/bin/env python3
"""A checkpoint read with h5py and a few lines of NumPy gives the probabilities of `shoal predict`.

numpy_forward.py SHOAL DIGITS.csv.gz FOLDER
"""
import subprocess
import sys

import h5py
import numpy as np


def probabilities(checkpoint, x):
    with h5py.File(checkpoint) as f:
        a = x.reshape(len(x), -1).astype(np.float64)
        if f["normalization/mean"].size:
            a = (a - f["normalization/mean"][:]) / f["normalization/deviation"][:]
        layers = sorted(f["parameters"])
        for i, layer in enumerate(layers):
            p = f["parameters"][layer]
            if "weight" in p:
                a = a @ p["weight"][:] + (p["bias"][:] if "bias" in p else 0)
                last = i == len(layers) - 1
                if not last and "batch_norm" not in layers[i + 1]:
                    a = np.maximum(a, 0)
            else:
                s = f["batch_norm"][layer]
                a = (a - s["mean"][:]) / np.sqrt(s["variance"][:] + 1e-5) * p["gamma"][:] + p["beta"][:]
                a = np.maximum(a, 0)
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main():
    shoal, csv, folder = sys.argv[1:]
    run = lambda *args: subprocess.run([shoal, *args], check=True, stdout=subprocess.DEVNULL)
    data, out = folder + "/digits.h5", folder + "/predictions.h5"
    run("import", "csv", csv, "--label", "label", "--test-fraction", "0.2", "-o", data)
    for batch_norm in ("true", "false"):
        where = f"{folder}/numpy-{batch_norm}"
        run("train", "--set", "data.file=" + data, "--set", "model.hidden=[32,16]", "--set", "model.batch_norm=" + batch_norm,
            "--set", "train.epochs=10", "--set", "optimizer.learning_rate=1e-2", "--run", where)
        checkpoint = where + "/checkpoints/latest"
        run("predict", checkpoint, "--data", data, "--split", "test", "--out", out)
        with h5py.File(data) as f, h5py.File(out) as p:
            difference = np.abs(probabilities(checkpoint, f["test/x"][:]) - p["probabilities"][:]).max()
            assert (p["probabilities"][:].argmax(axis=1) == p["labels"][:]).all()
            accuracy = (p["labels"][:] == f["test/y"][:]).mean()
        print(f"batch_norm = {batch_norm}: largest difference {difference:.2e}, accuracy {accuracy:.4f}")
        assert difference <= 1e-5, difference
        assert accuracy > 0.8, accuracy


main()
