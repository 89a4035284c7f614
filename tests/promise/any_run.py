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
import random
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
from shoal_load import load  # noqa: E402

LATEST = "a/checkpoints/latest"
REFUSED = (64, 65)  # usage, bad data: the config and the data do not fit each other
ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity"]


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


class Drawn:
    """The data set and the config of a run."""

    def __init__(self, number, folder):
        self.draw = random.Random(number)
        self.rows = np.random.default_rng(number)
        self.folder = folder
        self.images = self.some(0.35)
        self.keys = {"seed": self.draw.randint(1, 10**6), "data.file": "data.h5"}
        self.write_data()
        self.draw_config()

    def some(self, share):
        return self.draw.random() < share

    def one(self, *choices):
        return self.draw.choice(choices)

    # The data set.

    def write_data(self):
        shape = self.image_shape() if self.images else (self.draw.randint(1, 40),)
        self.table = None if self.images or self.some(0.5) else self.draw_table(shape[0])
        self.target = self.one("classes", "classes", "classes", "two", "numbers", "several")
        self.classes = {"classes": self.draw.randint(2, 12), "two": 2, "several": 3, "numbers": self.draw.randint(1, 4)}[self.target]
        self.weighted, grouped = self.some(0.25), self.some(0.2)
        self.bytes = self.images or (self.table is None and self.some(0.2))
        x_type = np.uint8 if self.bytes else self.one(np.float32, np.float64)
        y_type = self.one(np.int8, np.uint16, np.int32, np.int64)
        with h5py.File(self.folder / "data.h5", "w") as f:
            self.sizes = {"train": self.draw.randint(40, 400), "test": self.draw.randint(1, 150)}
            if self.some(0.4):
                self.sizes["validation"] = self.draw.randint(1, 120)
            for split, rows in self.sizes.items():
                x = self.features(rows, shape)
                f[f"{split}/x"] = x.astype(x_type)
                f[f"{split}/y"] = self.targets(x.reshape(rows, -1), y_type)
                if self.weighted:
                    f[f"{split}/weight"] = np.round(self.rows.exponential(1.0, rows), 1).astype(np.float32) + np.float32(0.1)
                if grouped:
                    f[f"{split}/group"] = self.rows.integers(0, max(2, rows // 3), rows)
            if self.target in ("classes", "two"):
                f.attrs["classes"] = self.classes
            if self.table:
                f.attrs["table"] = [json.dumps(self.table)]

    def image_shape(self):
        side = (self.draw.randint(4, 14), self.draw.randint(4, 14))
        return side if self.some(0.4) else (self.draw.randint(1, 4), *side)

    def draw_table(self, columns):
        features = []
        for c in range(columns):
            kind = self.one("number", "number", "category", "flag", "date")
            one = {"name": f"c{c}", "type": kind}
            if kind == "category":
                one["categories"] = [f"v{k:03}" for k in range(self.draw.randint(1, 60))]
            if kind == "flag":
                one["categories"] = ["no", "yes"]
            features.append(one)
        return {"features": features, "labels": ["y"], "weight": "", "ids": [], "missing": []}

    def features(self, rows, shape):
        if self.bytes:
            return self.rows.integers(0, 256, (rows, *shape))
        x = self.rows.normal(self.draw.uniform(-5, 5), 2.0, (rows, *shape))
        for c, column in enumerate(self.table["features"] if self.table else []):
            if "categories" in column:
                x[:, c] = self.rows.integers(0, len(column["categories"]), rows)
            if column["type"] == "date":
                x[:, c] = 1.6e9 + self.rows.integers(0, 10**8, rows)
            if self.some(0.3):
                x[self.rows.random(rows) < 0.1, c] = np.nan
        return x

    def targets(self, x, y_type):
        x = np.nan_to_num(x)
        spread = x.std() or 1.0
        scores = ((x - x.mean()) / spread) @ np.random.default_rng(0).normal(size=(x.shape[1], self.classes))
        scores += self.rows.normal(0, 0.5, scores.shape)
        if self.target == "several":
            return (scores > 0).astype(np.float32)
        if self.target == "numbers":
            return scores.astype(np.float32) * 3 + 7 if self.classes > 1 else scores[:, 0].astype(np.float64)
        return scores.argmax(axis=1).astype(y_type)

    # The config.

    def draw_config(self):
        keys = self.keys
        keys["data.batch_size"] = self.draw.randint(16, 96)
        keys["data.normalize"] = self.one("standard", "standard", "unit", "none") if not self.images else self.one("standard", "unit")
        if "validation" not in self.sizes or self.some(0.2):
            keys["data.validation"] = round(self.draw.uniform(0.1, 0.4), 2)
        elif self.some(0.2):
            keys["data.fold"] = "2/3"
        if self.some(0.2):
            keys["data.split_seed"] = self.draw.randint(0, 99)
        if self.some(0.3):
            keys["data.shuffle_block"] = self.draw.randint(1, 40)
        if self.table:
            keys["data.one_hot"], keys["data.unseen_rate"] = self.draw.randint(1, 40), self.one(0.0, 0.1)
        self.draw_model()
        if self.takes_images() and self.some(0.5):
            keys["data.augment.crop"], keys["data.augment.flip"] = self.draw.randint(0, 3), self.some(0.5)
            keys["data.augment.cutout"] = self.draw.randint(0, 4)
        self.draw_training()

    def draw_model(self):
        keys = self.keys
        if self.images and self.some(0.2):
            keys["model.preset"], keys["model.channels"] = self.one("lenet", "resnet8"), self.draw.randint(1, 6)
        elif self.some(0.5):
            keys["model.layers"] = self.image_layers() if self.images and self.some(0.8) else self.dense_layers(3)
        else:
            keys["model.hidden"] = [self.draw.randint(1, 70) for _ in range(self.draw.randint(0, 3))]
            keys["model.activation"], keys["model.dropout"] = self.one(*ACTIVATIONS), self.one(0.0, 0.0, 0.3)
        if "model.hidden" in keys and self.some(0.6):
            keys["model.batch_norm.enabled"] = True
            keys["model.batch_norm.position"] = self.one("before_activation", "after_activation")
            keys["model.batch_norm.momentum"], keys["model.batch_norm.running"] = self.one(0.1, 0.5, 1.0), self.one("average", "exact")
        keys["model.init"] = self.one("auto", "auto", "he", "xavier")
        if self.target == "numbers":
            keys["model.loss"] = self.one("auto", "mse", "mae", {"name": "huber", "delta": 0.7}, "quantile",
                                          {"name": "quantile", "levels": [0.1, 0.5, 0.8]})
            keys["data.normalize_targets"] = self.one("auto", "none")
        elif self.target == "several":
            keys["model.loss"] = self.one("sigmoid", {"name": "sigmoid", "pos_weight": [1.5, 2.0, 1.0]})
        elif self.some(0.3):
            keys["model.loss"] = self.one({"name": "softmax", "label_smoothing": 0.1}, "mse")

    def takes_images(self):
        first = self.keys.get("model.layers", [{}])[0]
        return "model.preset" in self.keys or first.get("type") == "conv"

    def dense_layers(self, most):
        layers = []
        for _ in range(self.draw.randint(1, most)):
            width = self.draw.randint(1, 40)
            groups = self.one(*[g for g in range(1, width + 1) if width % g == 0])
            layers.append({"type": "dense", "units": width})
            layers.append(self.one({"type": "batch_norm"}, {"type": "layer_norm"}, {"type": "group_norm", "groups": groups},
                                   {"type": "dropout", "rate": 0.2}, {"type": "identity"}))
            layers.append({"type": self.one(*ACTIVATIONS)})
            if self.some(0.3):
                layers.append({"type": "residual", "layers": [{"type": "dense", "units": self.draw.randint(1, 40)}, {"type": "batch_norm"}]})
            if self.some(0.2):
                layers.append({"type": "concat", "branches": [[], [{"type": "dense", "units": self.draw.randint(1, 9)}],
                                                              [{"type": "tanh"}]]})
        return layers

    def image_layers(self):
        layers = []
        for _ in range(self.draw.randint(1, 3)):
            channels = self.draw.randint(1, 20)
            layers.append({"type": "conv", "channels": channels, "kernel": self.one(1, 2, 3, [1, 3], [3, 2]),
                           "stride": self.one(1, 1, 2), "padding": self.one("same", "same", "valid")})
            layers.append(self.one({"type": "batch_norm"}, {"type": "batch_norm"}, {"type": "layer_norm"},
                                   {"type": "group_norm", "groups": 1}, {"type": "dropout", "rate": 0.2}))
            layers.append({"type": self.one(*ACTIVATIONS)})
            if self.some(0.4):
                layers.append({"type": self.one("max_pool", "average_pool"), "size": self.one(2, 3), "stride": self.one(1, 2),
                               "padding": self.one(0, 1)})
            if self.some(0.4):
                layers.append({"type": "residual", "layers": [
                    {"type": "conv", "channels": channels, "kernel": 3, "groups": self.one(1, channels)}, {"type": "batch_norm"}]})
            if self.some(0.2):
                layers.append({"type": "concat", "branches": [[], [{"type": "conv", "channels": 3, "kernel": 1}]]})
        return layers + self.one([], [{"type": "global_average_pool"}], [{"type": "flatten"}, {"type": "dense", "units": 9}])

    def draw_training(self):
        keys = self.keys
        keys["optimizer.name"] = self.one("adam", "adam", "adamw", "gd", "lamb", "lars", "momentum", "rmsprop")
        keys["optimizer.learning_rate"] = round(10 ** self.draw.uniform(-4, -1.5), 6)
        if self.some(0.3):
            keys["optimizer.clip_norm"] = self.one(0.1, 5.0)
        if self.some(0.3):
            keys["optimizer.l2"] = 1e-3
        keys["schedule.name"] = self.one("constant", "cosine", "exponential", "inverse_time", "one_cycle", "polynomial", "step")
        if keys["schedule.name"] != "one_cycle" and self.some(0.3):
            keys["schedule.warmup_steps"] = 3
        if self.some(0.3):
            keys["train.steps"] = self.draw.randint(4, 30)
        else:
            keys["train.epochs"] = self.draw.randint(1, 4)
        if self.some(0.3):
            keys["train.average_decay"] = self.one(0.5, 0.99)
        if self.some(0.2):
            keys["train.early_stopping.patience"] = 1
        if self.target in ("classes", "two") and self.some(0.2):
            keys["train.class_weights"] = "balanced"
        keys["parallel.leaves"] = self.one(4, 5, 6, 8, 16)
        keys["checkpoint.every_steps"], keys["checkpoint.keep"] = self.draw.randint(1, 5), 1000

    def write_config(self):
        (self.folder / "run.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in self.keys.items()))


class Held:
    """A run held to the promise."""

    def __init__(self, shoal, drawn):
        self.shoal, self.drawn, self.folder = shoal, drawn, drawn.folder

    def call(self, *arguments, ranks=0, threads=1):
        command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks else []
        done = subprocess.run([*command, self.shoal, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              env=dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive"))
        if done.returncode not in (0, *REFUSED, 70):
            raise Failure(f"{arguments} on {ranks} ranks: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def ok(self, *arguments, **places):
        done = self.call(*arguments, **places)
        if done.returncode != 0:
            raise Failure(f"{arguments}, {places}: {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout

    def digest(self, run):
        return json.loads(self.ok("inspect", f"{run}/checkpoints/latest", "--json"))["digest"]

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
        digest = self.digest("a")
        self.same(f"{ranks} ranks of {threads} threads", digest, self.digest("b"))
        self.same_metrics(f"{ranks} ranks of {threads} threads", "a", "b")
        steps = sorted((self.folder / "a/checkpoints").glob("step-*.h5"))
        middle = self.drawn.draw.choice(steps[:-1] or steps)
        self.ok("train", "--resume", middle, "--run", "c", ranks=self.drawn.one(1, 2, 3))
        self.same(f"resumed from {middle.name}", digest, self.digest("c"))
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
    drawn = Drawn(number, folder)
    drawn.write_config()
    return Held(shoal, drawn).hold()


if __name__ == "__main__":
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    campaign(__doc__, hold)
