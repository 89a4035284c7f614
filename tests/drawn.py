"""What tests share whose cases are drawn at random: each case is a function of its number."""
import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np


class Failure(Exception):
    pass


def run(shoal, folder, *arguments):
    """Of a call that may be refused, but for nothing else than what it was given."""
    done = subprocess.run([shoal, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 64, 65):
        raise Failure(f"{arguments}: {done.returncode}\n{done.stderr[-1500:]}")
    return done


def train(shoal, folder):
    """A small net of set.h5 as the run net. Returns why not, or ""."""
    done = run(shoal, folder, "train", "--set", "data.file=set.h5", "--set", "train.epochs=1", "--set", "model.hidden=[8]", "--run", "net")
    return "train: " + done.stderr.strip().split("\n")[-1] if done.returncode else ""


def predicted(shoal, folder, *data):
    """What the run net predicts."""
    done = run(shoal, folder, "predict", "net", "--data", *data, "--out", "out.h5")
    if done.returncode != 0:
        raise Failure(f"predict {data}: {done.stderr}")
    with h5py.File(folder / "out.h5") as f:
        return f["outputs" if "outputs" in f else "probabilities"][()]


def compare(what, made, wanted, share=0.0):
    """@param share  of their size by which predictions may differ"""
    far = share * (np.abs(wanted).max() + 1e-30)
    if made.shape != wanted.shape or not np.allclose(made, wanted, rtol=share, atol=far):
        row = int(np.argmax((made != wanted).reshape(len(made), -1).any(axis=1))) if made.shape == wanted.shape else 0
        raise Failure(f"predictions of {what} differ, row {row}: {made[row]}, not {wanted[row]}")


def campaign(description, hold):
    """SHOAL [--from 1] [--count 20] [--keep FOLDER]. Calls hold(shoal, number, folder) for one number after the other: it
    raises Failure, or returns why the case is refused, or "". Goes on until so many were not refused, and exits."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("--from", type=int, default=1, dest="number", help="the first case")
    parser.add_argument("--count", type=int, default=20, help="cases that are not refused")
    parser.add_argument("--keep", help="where the files of cases that failed are left")
    options = parser.parse_args()
    shoal, number = os.path.abspath(options.shoal), options.number
    counts = collections.Counter()
    while counts["held"] + counts["FAILED"] < options.count:
        with tempfile.TemporaryDirectory() as folder:
            try:
                why = hold(shoal, number, pathlib.Path(folder))
                outcome = "refused" if why else "held"
            except Failure as failure:
                outcome, why = "FAILED", str(failure)
                if options.keep:
                    shutil.copytree(folder, pathlib.Path(options.keep) / str(number), symlinks=True, dirs_exist_ok=True)
        counts[outcome] += 1
        print(f"{number}: {outcome}{': ' if why else ''}{why}", flush=True)
        number += 1
    print(f"{counts['held']} held, {counts['FAILED']} failed, {counts['refused']} refused")
    sys.exit(1 if counts["FAILED"] else 0)
