#!/usr/bin/env python3
"""Runs drawn at random from all that a config can say, each held to the promise: the same digest for one process and for
several with other numbers of threads, the same again from a checkpoint in the midst of an epoch, `evaluate` by several
ranks as by one, its figures those that follow from what `predict` writes, and the same predictions from the exported C (to
the bit), from data/shoal_load.py and, where Python has an onnxruntime, from the exported ONNX (to 1e-4 of their spread).
What a config refuses is drawn again.

  any_run.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each run is a function of its number. --keep: leaves the files of runs that failed there.
"""
import ctypes
import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

sys.dont_write_bytecode = True
top = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(top / "data"), str(top / "tests")]
from drawn import Failure, campaign  # noqa: E402
from drawn_run import Caller, DrawnRun  # noqa: E402
from shoal_load import load  # noqa: E402

LATEST = "a/checkpoints/latest"


class Held(Caller):
    """A run held to the promise."""

    def __init__(self, shoal, drawn):
        super().__init__(shoal, drawn.folder)
        self.drawn = drawn

    def hold(self):
        """Empty, or why the config is none; else Failure."""
        first = self.call("train", "run.toml", "--run", "a")
        if first.returncode != 0:
            other = self.call("train", "run.toml", "--run", "b", ranks=2)
            if other.returncode != first.returncode:
                raise Failure(f"1 process ends with {first.returncode}, 2 ranks with {other.returncode}:\n{first.stderr}\n{other.stderr}")
            return first.stderr.strip().split("\n")[-1] or str(first.returncode)
        ranks, threads = self.drawn.one(2, 3, 4), self.drawn.one(1, 2, 3)
        self.ok("train", "run.toml", "--run", "b", ranks=ranks, threads=threads)
        digest = self.digest(LATEST)
        self.same(f"{ranks} ranks of {threads} threads", digest, self.digest("b/checkpoints/latest"))
        self.same_metrics(f"{ranks} ranks of {threads} threads", "a", "b")
        steps = sorted((self.folder / "a/checkpoints").glob("step-*.h5"))
        middle = self.drawn.draw.choice(steps[:-1] or steps)
        self.ok("train", "--resume", middle, "--run", "c", ranks=self.drawn.one(1, 2, 3))
        self.same(f"resumed from {middle.name}", digest, self.digest("c/checkpoints/latest"))
        self.judge(ranks)
        self.compare_exports()
        return ""

    def same(self, what, a, b):
        if a != b:
            raise Failure(f"{what}: {b}, and one process {a}")

    def same_metrics(self, what, a, b):
        def lines(run):
            told = [json.loads(line) for line in (self.folder / run / "metrics.jsonl").read_text().splitlines()]
            return [{k: v for k, v in one.items() if k not in ("time", "seconds", "samples_per_second")} for one in told]
        if not all(one in lines(b) for one in lines(a) if one.get("kind") != "start"):
            different = next((x, y) for x, y in zip(lines(a), lines(b)) if x != y)
            raise Failure(f"{what}: metrics.jsonl differs: {different}")

    def judge(self, ranks):
        """Figures of evaluate, from one process and several, and from what predict writes."""
        one = json.loads(self.ok("evaluate", LATEST, "--data", "data.h5", "--split", "test", "--json"))
        several = json.loads(self.ok("evaluate", LATEST, "--data", "data.h5", "--split", "test", "--json", ranks=ranks))
        if one != several:
            raise Failure(f"evaluate on {ranks} ranks:\n{several}\nand on one process:\n{one}")
        self.ok("predict", LATEST, "--data", "data.h5", "--split", "test", "--out", "p1.h5")
        self.ok("predict", LATEST, "--data", "data.h5", "--split", "test", "--out", "p2.h5", ranks=ranks, threads=2)
        with h5py.File(self.folder / "p1.h5") as p, h5py.File(self.folder / "p2.h5") as q, h5py.File(self.folder / "data.h5") as d:
            for name in p:
                if isinstance(p[name], h5py.Dataset) and not np.array_equal(p[name][()], q[name][()]):
                    raise Failure(f"predict on {ranks} ranks: {name} differs")
            weights = d["test/weight"][()] if "weight" in d["test"] else np.ones(len(d["test/y"]))
            y = d["test/y"][()]
            if "probabilities" in p and self.drawn.target in ("classes", "two"):
                right = p["labels"][()] == y
                self.near("accuracy", one, np.average(right, weights=weights))
            loss_name = self.drawn.keys.get("model.loss", "auto")
            if self.drawn.target == "numbers" and loss_name in ("auto", "mse", "mae"):
                miss = p["outputs"][()].reshape(len(y), -1) - y.reshape(len(y), -1)
                self.near("rmse", one, np.mean(np.sqrt(np.average(miss**2, axis=0, weights=weights))))

    def near(self, name, judged, wanted):
        found = list(values_of(judged, name))
        if found and not any(abs(value - wanted) <= 1e-5 * max(1.0, abs(wanted)) for value in found):
            raise Failure(f"evaluate says {name} {found}, and predict {wanted}")

    def compare_exports(self):
        with h5py.File(self.folder / "p1.h5") as p, h5py.File(self.folder / "data.h5") as d:
            wanted = p["outputs" if "outputs" in p else "probabilities"][()]
            labels = p["labels"][()] if "labels" in p else None
            x = d["test/x"][()]
        self.close("shoal_load.py", load(self.folder / LATEST)(x), wanted)
        self.compare_c(x, wanted, labels)
        self.ok("export", "onnx", LATEST, "-o", "net.onnx")
        if onnxruntime is None:
            return
        given = {"x": x.astype(np.float32)}
        if self.drawn.table:
            given = {one["name"]: np.array(self.texts(one, x[:, c]), dtype=object) if "categories" in one else x[:, c].astype(float)
                     for c, one in enumerate(self.drawn.table["features"])}
            given = {name: column[:, np.newaxis] for name, column in given.items()}
        net = onnxruntime.InferenceSession(str(self.folder / "net.onnx"), providers=["CPUExecutionProvider"])
        given = {one.name: given[one.name] for one in net.get_inputs()}
        made = net.run(None, given)
        self.close("onnxruntime", next(one for one in made if one.shape == wanted.shape), wanted)

    def texts(self, feature, codes):
        return ["" if np.isnan(code) else feature["categories"][int(code)] for code in codes]

    def compare_c(self, x, wanted, labels):
        self.ok("export", "c", LATEST, "-o", "net.c", "--name", "net")
        subprocess.run([os.environ.get("CC", "cc"), "-std=c99", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off",
                        "-shared", "-fPIC", "net.c", "-o", "net.so", "-lm"], cwd=self.folder, check=True)
        net = ctypes.CDLL(str(self.folder / "net.so"))
        rows = x.reshape(len(x), -1).astype(float)
        if self.drawn.table:
            net.net_category.restype, net.net_category.argtypes = ctypes.c_double, [ctypes.c_int, ctypes.c_char_p]
            for c, one in enumerate(self.drawn.table["features"]):
                if "categories" in one:
                    rows[:, c] = [net.net_category(c, text.encode()) for text in self.texts(one, x[:, c])]
        made, label = np.empty(wanted.shape[1], wanted.dtype), ctypes.c_int()
        for r, row in enumerate(np.ascontiguousarray(rows)):
            code = net.net_predict(ctypes.c_void_p(row.ctypes.data), ctypes.c_void_p(made.ctypes.data), ctypes.byref(label))
            if code != 0 or made.tobytes() != wanted[r].tobytes() or label.value != (-1 if labels is None else labels[r]):
                raise Failure(f"exported C, row {r}: {code}, {made}, {label.value}, and predict {wanted[r]}, {labels}")

    def close(self, what, made, wanted):
        spread = np.maximum(1.0, wanted.std(axis=0))
        if made.shape != wanted.shape or (np.abs(made - wanted) / spread).max() > 1e-4:
            raise Failure(f"{what}: {made[:3]}, and predict {wanted[:3]}")


def values_of(node, name):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name and isinstance(value, (int, float)):
                yield value
            yield from values_of(value, name)
    elif isinstance(node, list):
        for one in node:
            yield from values_of(one, name)


def hold(shoal, number, folder):
    drawn = DrawnRun(number, folder)
    drawn.write_config()
    return Held(shoal, drawn).hold()


if __name__ == "__main__":
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    campaign(__doc__, hold)
