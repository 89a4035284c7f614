"""What tests share that draw whole runs: a data set and a config for it, and the program called on them."""
import json
import os
import random
import subprocess

import h5py
import numpy as np

from drawn import Failure

REFUSED = (64, 65)  # usage, bad data: the config and the data do not fit each other
DIVERGED = 76
ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity"]


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


class DrawnRun:
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
        spread = x.std(axis=0)  # of each column, for a date would outweigh the others
        scores = ((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)) @ np.random.default_rng(0).normal(size=(x.shape[1], self.classes))
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


class Caller:
    """The program, called in a folder, by itself or by mpirun."""

    def __init__(self, shoal, folder):
        self.shoal, self.folder = shoal, folder

    def call(self, *arguments, ranks=0, threads=1):
        command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks else []
        done = subprocess.run([*command, self.shoal, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              env=dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive"))
        if done.returncode not in (0, *REFUSED, DIVERGED):
            raise Failure(f"{arguments} on {ranks} ranks: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def ok(self, *arguments, **places):
        done = self.call(*arguments, **places)
        if done.returncode != 0:
            raise Failure(f"{arguments}, {places}: {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout

    def digest(self, checkpoint):
        return json.loads(self.ok("inspect", checkpoint, "--json"))["digest"]
