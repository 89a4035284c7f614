#!/usr/bin/env python3
"""data/shoal_load.py gives what `shoal predict` writes, for every layer, loss and place of batch norm.

numpy_forward.py SHOAL DATA_FOLDER FOLDER      DATA_FOLDER: with digits.csv.gz and shoal_load.py
"""
import json
import pathlib
import subprocess
import sys

import h5py
import numpy as np

shoal, ships, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
sys.dont_write_bytecode = True
sys.path.insert(0, str(ships))
from shoal_load import load  # noqa: E402

NORMS = {"none": "false", "before": "{position = 'before_activation', epsilon = 0.3}",
         "after": "{position = 'after_activation', epsilon = 0.3}"}
SLOPED = """[{type = 'dense', units = 12}, {type = 'batch_norm', epsilon = 0.2}, {type = 'leaky_relu', slope = 0.4},
 {type = 'dropout', rate = 0.1}, {type = 'dense', units = 9}, {type = 'leaky_relu', slope = -0.2}, {type = 'batch_norm'},
 {type = 'dense', units = 8, bias = false}, {type = 'gelu'}]""".replace("\n", "")

IMAGES = """[{type = 'conv', channels = 6, kernel = [3, 5], name = 'stem'}, {type = 'batch_norm'}, {type = 'silu'},
 {type = 'residual', layers = [{type = 'conv', channels = 8, kernel = 4, stride = 2}, {type = 'batch_norm', epsilon = 0.1},
  {type = 'tanh'}, {type = 'conv', channels = 8, kernel = 3, groups = 2}]},
 {type = 'residual', name = 'wide', layers = [{type = 'conv', channels = 12, kernel = 1}, {type = 'batch_norm'}]},
 {type = 'residual', shortcut = 'identity', layers = [{type = 'group_norm', groups = 3}, {type = 'relu'}]},
 {type = 'concat', branches = [[], [{type = 'average_pool', size = 3, stride = 1, padding = 1}],
  [{type = 'max_pool', size = 3, stride = 1, padding = 1}, {type = 'conv', channels = 3, kernel = 1}]]},
 {type = 'layer_norm', epsilon = 1e-3}, {type = 'conv', channels = 7, kernel = [1, 2], padding = 'valid'},
 {type = 'concat', branches = [[{type = 'flatten'}], [{type = 'global_average_pool'}]]},
 {type = 'residual', shortcut = [{type = 'dense', units = 9, name = 'beside'}],
  layers = [{type = 'dense', units = 9}, {type = 'layer_norm'}]}, {type = 'dropout', rate = 0.1}]""".replace("\n", "")


def run(*arguments):
    subprocess.run([shoal, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_targets(digits):
    """Sets whose y are several classes a row, one of two classes as a number, and numbers."""
    with h5py.File(digits) as f:
        sets = {split: (f[split]["x"][:], f[split]["y"][:]) for split in ("train", "test")}
    for name, target in (("several", lambda y: np.stack([y % 2 == 0, y > 4, y % 3 == 0], axis=1)),
                         ("either", lambda y: y > 4),
                         ("numbers", lambda y: np.stack([y / 5 - 1, y % 3], axis=1))):
        with h5py.File(folder / f"{name}.h5", "w") as f:
            for split, (x, y) in sets.items():
                f[f"{split}/x"], f[f"{split}/y"] = x, target(y).astype(np.float32)
            if name == "either":
                f.attrs["classes"] = 2


def write_table():
    """Numbers with gaps, a category of three values and one of forty, of which the split test has more."""
    draw = np.random.default_rng(3)
    towns = [f"t{i:02}" for i in range(50)]
    with h5py.File(folder / "table.h5", "w") as f:
        for split, rows, known in (("train", 400, 40), ("test", 100, 50)):
            size, hue = draw.normal(1e3, 50, rows), draw.integers(0, 3, rows).astype(float)
            town = draw.integers(0, known, rows).astype(float)
            f[f"{split}/y"] = ((size > 1e3) ^ (town % 2 == 0)).astype(np.int32)
            size[::7], hue[::9] = np.nan, np.nan
            f[f"{split}/x"] = np.stack([size, hue, np.full(rows, np.nan), town], axis=1)
        features = [{"name": "size", "type": "number"},
                    {"name": "hue", "type": "category", "categories": ["a", "b", "c"]},
                    {"name": "void", "type": "number"}, {"name": "town", "type": "category", "categories": towns}]
        f.attrs["table"] = [json.dumps({"features": features, "labels": ["y"], "weight": "", "ids": [], "missing": []})]


def compare(name, data, settings):
    where, out = folder / name, folder / f"{name}.predictions.h5"
    sets = [word for setting in settings for word in ("--set", setting)]
    run("train", "--set", f"data.file={data}", "--set", "train.steps=40", "--set", "optimizer.learning_rate=1e-2", *sets,
        "--run", str(where))
    checkpoint = where / "checkpoints/latest"
    run("predict", str(checkpoint), "--data", str(data), "--out", str(out))
    with h5py.File(data) as f, h5py.File(out) as p:
        predicted = p["outputs" if "outputs" in p else "probabilities"][:]
        difference = np.abs(load(checkpoint)(f["test/x"][:]) - predicted).max()
        if any("average_decay" in setting for setting in settings):
            assert np.abs(load(checkpoint, "last")(f["test/x"][:]) - predicted).max() > 1e-3, "the average is not taken"
    spread = predicted.std(axis=0).max()
    print(f"{name}: largest difference {difference:.2e}, spread {spread:.2f}")
    assert difference <= 1e-5, difference
    assert spread > 0.05, "the outputs are nearly constant: nothing was compared"


def main():
    digits = folder / "digits.h5"
    run("import", "csv", str(ships / "digits.csv.gz"), "--label", "label", "--shape", "8,8", "--test-fraction", "0.2",
        "-o", str(digits))
    write_targets(digits)
    for activation in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity"):
        for place, norm in NORMS.items():
            compare(f"{activation}-{place}", digits,
                    [f"model.activation={activation}", f"model.batch_norm={norm}", "model.hidden=[24, 12]"])
    compare("layers", digits, ["model.layers=" + SLOPED])
    compare("images", digits, ["model.layers=" + IMAGES])
    compare("resnet8", digits, ["model.preset=resnet8", "model.channels=4", "model.dropout=0.2"])
    compare("lenet", digits, ["model.preset=lenet", "model.channels=4", "data.normalize=unit"])
    compare("depth", digits, ["model.depth=2", "model.width=12", "model.dropout=0.2"])
    compare("average", digits, ["model.hidden=[12]", "model.batch_norm=true", "train.average_decay=0.9"])
    compare("unit", digits, ["model.hidden=[12]", "data.normalize=unit", "train.steps=200"])
    compare("raw", digits, ["model.hidden=[12]", "data.normalize=none"])
    compare("linear", digits, [])
    compare("sigmoid-loss", folder / "several.h5", ["model.hidden=[12]", "model.loss=sigmoid"])
    compare("sigmoid-either", folder / "either.h5", ["model.hidden=[12]", "model.loss=sigmoid"])
    write_table()
    for one_hot in (2, 32, 1000):
        compare(f"table-{one_hot}", folder / "table.h5", ["model.hidden=[12]", f"data.one_hot={one_hot}",
                                                          "data.unseen_rate=0.1", "train.steps=200"])
    compare("mse", folder / "numbers.h5", ["model.hidden=[12]", "train.steps=200"])
    compare("quantile", folder / "numbers.h5", ["model.hidden=[12]", "model.loss=quantile", "train.steps=200"])
    compare("unscaled", folder / "numbers.h5", ["model.hidden=[12]", "model.loss=huber", "data.normalize_targets=none"])


main()
