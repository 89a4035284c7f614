"""Small nets that between them have every layer, loss, place of batch norm and encoding."""
import json

import h5py
import numpy as np

NORMS = {"none": "false", "before": "{position = 'before_activation', epsilon = 0.3}",
         "after": "{position = 'after_activation', epsilon = 0.3}"}
SLOPED = """[{type = 'dense', units = 12}, {type = 'batch_norm', epsilon = 0.2}, {type = 'leaky_relu', slope = 0.4},
 {type = 'dropout', rate = 0.1}, {type = 'dense', units = 9}, {type = 'leaky_relu', slope = -0.2}, {type = 'batch_norm'},
 {type = 'dense', units = 8, bias = false}, {type = 'gelu'}]""".replace("\n", "")
WIDE = """[{type = 'dense', units = 45}, {type = 'layer_norm', epsilon = 1e-3}, {type = 'silu'}, {type = 'group_norm',
 groups = 5}, {type = 'concat', branches = [[], [{type = 'dense', units = 3}], [{type = 'dense', units = 30}, {type =
 'relu'}], [{type = 'tanh'}], [{type = 'sigmoid'}]]}]""".replace("\n", "")
IMAGES = """[{type = 'conv', channels = 6, kernel = [3, 5], name = 'stem'}, {type = 'batch_norm'}, {type = 'silu'},
 {type = 'residual', layers = [{type = 'conv', channels = 8, kernel = 4, stride = 2}, {type = 'batch_norm', epsilon = 0.1},
  {type = 'tanh'}, {type = 'conv', channels = 8, kernel = 3, groups = 2}]},
 {type = 'residual', name = 'wide', layers = [{type = 'conv', channels = 12, kernel = 1}, {type = 'batch_norm'}]},
 {type = 'residual', shortcut = 'identity', layers = [{type = 'group_norm', groups = 3}, {type = 'relu'},
  {type = 'conv', channels = 12, kernel = 3, groups = 12, bias = false}]},
 {type = 'concat', branches = [[], [{type = 'average_pool', size = 3, stride = 1, padding = 1}],
  [{type = 'max_pool', size = 3, stride = 1, padding = 1}, {type = 'conv', channels = 3, kernel = 1}]]},
 {type = 'layer_norm', epsilon = 1e-3}, {type = 'conv', channels = 7, kernel = [1, 2], padding = 'valid'},
 {type = 'concat', branches = [[{type = 'flatten'}], [{type = 'global_average_pool'}]]},
 {type = 'residual', shortcut = [{type = 'dense', units = 9, name = 'beside'}],
  layers = [{type = 'dense', units = 9}, {type = 'layer_norm'}]}, {type = 'dropout', rate = 0.1}]""".replace("\n", "")

# Values of one place are images of one position, wherever they come from.
POINTS = """[{type = 'conv', channels = 4, kernel = 3}, {type = 'residual', layers = [{type = 'max_pool', size = 8}],
 shortcut = [{type = 'global_average_pool'}]}, {type = 'residual', layers = [{type = 'flatten'}, {type = 'dense', units = 6}]},
 {type = 'residual', layers = [{type = 'global_average_pool'}, {type = 'dense', units = 6}]}, {type = 'concat',
 branches = [[{type = 'global_average_pool'}], [{type = 'max_pool', size = 1}]]}, {type = 'conv', channels = 24, kernel = 1},
 {type = 'batch_norm'}, {type = 'relu'}, {type = 'average_pool', size = 1}, {type = 'global_average_pool'},
 {type = 'global_average_pool'}]""".replace("\n", "")
SHRINKING = """[{type = 'conv', channels = 4, kernel = 3}, {type = 'residual', layers = [{type = 'global_average_pool'}]},
 {type = 'dense', units = 20}, {type = 'tanh'}]""".replace("\n", "")


def write_targets(folder, digits):
    """Sets whose y are several classes a row, one of two classes as a number, and numbers; and images of three channels."""
    with h5py.File(digits) as f:
        sets = {split: (f[split]["x"][:], f[split]["y"][:]) for split in ("train", "test")}
    for name, target in (("several", lambda y: np.stack([y % 2 == 0, y > 4, y % 3 == 0], axis=1)),
                         ("either", lambda y: y > 4),
                         ("numbers", lambda y: np.stack([y / 5 - 1, y % 3], axis=1)),
                         ("far", lambda y: np.stack([y + 1e5, y % 3], axis=1).astype(float))):
        with h5py.File(folder / f"{name}.h5", "w") as f:
            for split, (x, y) in sets.items():
                made = target(y)
                f[f"{split}/x"], f[f"{split}/y"] = x, made if made.dtype == float else made.astype(np.float32)
            if name == "either":
                f.attrs["classes"] = 2
    with h5py.File(folder / "raised.h5", "w") as f:  # far from 0, for norms without a normalisation before them
        for split, (x, y) in sets.items():
            f[f"{split}/x"], f[f"{split}/y"] = x[:, 2:6, 2:6].astype(np.float32) + np.float32(1e5), y.astype(np.int32)
    with h5py.File(folder / "colours.h5", "w") as f:
        for split, (x, y) in sets.items():
            f[f"{split}/x"] = np.stack([x, x[:, ::-1] / 2, 16 - x[:, :, ::-1]], axis=1)[:, :, :, 1:]
            f[f"{split}/y"] = y.astype(np.int32)
            f.attrs["class_names"] = [f'"{k}"?? \\ é' for k in range(10)]


TOWNS = [f"t{i:02} é\"" for i in range(50)]
FEATURES = [{"name": "outputs", "type": "number"},  # as an output of ONNX is called too
            {"name": "hue, or so", "type": "category", "categories": ["a", "b?", "c"]},
            {"name": "void", "type": "number"}, {"name": "town", "type": "category", "categories": TOWNS},
            {"name": "flag", "type": "flag", "categories": ["no", "yes"]}, {"name": "when", "type": "date"}]


def write_table(path, regression, kind):
    """Numbers and dates with gaps, a category of three values and one of fifty, of which the split train lacks some in
    the midst."""
    draw = np.random.default_rng(3)
    with h5py.File(path, "w") as f:
        known = np.array([k for k in range(50) if k % 5 != 2])
        for split, rows, towns in (("train", 400, known), ("test", 1000, np.arange(50))):
            size, hue = draw.normal(1e3, 50, rows), draw.integers(0, 3, rows).astype(float)
            town, flag = draw.choice(towns, rows).astype(float), draw.integers(0, 2, rows).astype(float)
            when = 1.6e9 + draw.integers(0, 10**8, rows)
            if regression:
                f[f"{split}/y"] = np.stack([size * 3 + town, hue], axis=1)
            else:
                f[f"{split}/y"] = ((size > 1e3) ^ (town % 2 == 0)).astype(np.int32)
            size[::7], hue[::9] = np.nan, np.nan
            if split == "test":
                flag[::10], when[::13] = np.nan, np.nan
            f[f"{split}/x"] = np.stack([size, hue, np.full(rows, np.nan), town, flag, when], axis=1).astype(kind)
        f.attrs["table"] = [json.dumps({"features": FEATURES, "labels": ["y", "z"] if regression else ["y"],
                                        "weight": "", "ids": [], "missing": ["-999"]})]


def all_nets(folder, digits):
    """(name, data set, settings) of each."""
    for activation in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity"):
        for place, norm in NORMS.items():
            yield (f"{activation}_{place}", digits,
                   [f"model.activation={activation}", f"model.batch_norm={norm}", "model.hidden=[24, 12]"])
    yield "layers", digits, ["model.layers=" + SLOPED]
    yield "wide", digits, ["model.layers=" + WIDE]
    yield "images", digits, ["model.layers=" + IMAGES]
    yield "colours", folder / "colours.h5", ["model.layers=" + IMAGES]
    yield "points", digits, ["model.layers=" + POINTS]
    yield "shrinking", digits, ["model.layers=" + SHRINKING]
    yield "resnet8", digits, ["model.preset=resnet8", "model.channels=4", "model.dropout=0.2"]
    yield "lenet", digits, ["model.preset=lenet", "model.channels=4", "data.normalize=unit"]
    yield "depth", digits, ["model.depth=2", "model.width=12", "model.dropout=0.2"]
    yield "average", digits, ["model.hidden=[12]", "model.batch_norm=true", "train.average_decay=0.9"]
    yield "unit", digits, ["model.hidden=[12]", "data.normalize=unit", "train.steps=200"]
    yield "raw", digits, ["model.hidden=[12]", "data.normalize=none"]
    for norm in ("batch_norm", "layer_norm", "group_norm"):
        groups = ", groups = 4" if norm == "group_norm" else ""
        yield (f"raised_{norm}", folder / "raised.h5",
               ["model.layers=[{type = '" + norm + "'" + groups + "}, {type = 'dense', units = 12}, {type = 'relu'}]",
                "data.normalize=none", "train.steps=200"])
    yield "linear", digits, []
    yield "sigmoid_loss", folder / "several.h5", ["model.hidden=[12]", "model.loss=sigmoid"]
    yield "sigmoid_either", folder / "either.h5", ["model.hidden=[12]", "model.loss=sigmoid"]
    for name, regression, kind in (("table", False, float), ("floats", False, np.float32), ("prices", True, float)):
        write_table(folder / f"{name}.h5", regression, kind)
        for one_hot in (2, 32, 1000) if name == "table" else (32,):
            yield (f"{name}_{one_hot}", folder / f"{name}.h5",
                   ["model.hidden=[12]", f"data.one_hot={one_hot}", "data.unseen_rate=0.1", "train.steps=200"])
    yield "mse", folder / "numbers.h5", ["model.hidden=[12]", "train.steps=200"]
    yield "far", folder / "far.h5", ["model.hidden=[12]", "train.steps=200"]
    yield "quantile", folder / "numbers.h5", ["model.hidden=[12]", "model.loss=quantile", "train.steps=200"]
    yield "unscaled", folder / "numbers.h5", ["model.hidden=[12]", "model.loss=huber", "data.normalize_targets=none"]
