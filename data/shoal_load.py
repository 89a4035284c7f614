"""A checkpoint of shoal in Python: needs NumPy and h5py, and nothing of shoal.

    from shoal_load import load
    predict = load("runs/demo/checkpoints/best")
    probabilities = predict(x)      # x: (N, D...) as in the data set, not normalised; NaN where a cell is missing

What comes out is what `shoal predict` writes: probabilities (softmax, sigmoid) or outputs, in the units of the data set
whatever the targets were learned in, here in float64.
"""

import json
import math
import tomllib

import h5py
import numpy as np

ACTIVATIONS = {
    "relu": lambda a: np.maximum(a, 0),
    "tanh": np.tanh,
    "sigmoid": lambda a: 0.5 * (1 + np.tanh(0.5 * a)),
    "gelu": lambda a: 0.5 * a * (1 + np.vectorize(math.erf, otypes=[float])(a / math.sqrt(2))),
    "identity": lambda a: a,
}


def hidden_layers(model):
    """The list of layers that [model] of a config describes: `layers`, or what `hidden`, or `depth` and `width`, mean."""
    if "layers" in model:
        return model["layers"]
    hidden = [model["width"]] * model["depth"] if model.get("depth") else model["hidden"]
    norm = model["batch_norm"]
    layers = []
    for units in hidden:
        dense = {"type": "dense", "units": units}
        activation = {"type": model["activation"]}
        if not norm["enabled"]:
            layers += [dense, activation]
        elif norm["position"] == "before_activation":
            layers += [dense, {"type": "batch_norm", "epsilon": norm["epsilon"]}, activation]
        else:
            layers += [dense, activation, {"type": "batch_norm", "epsilon": norm["epsilon"]}]
    return layers  # and no dropout, which acts in training alone


def encoder(table, encoding, mean, deviation):
    """Of a data set that was made from a table: what turns its rows into inputs; see include/shoal/data/encoding.hpp."""
    def encode(x):
        numbers, vectors = [], []
        for d, (feature, column) in enumerate(zip(table["features"], encoding["columns"])):
            if column["absent"]:
                continue
            value = x[:, d].astype(np.float32).astype(float) if encoding["from_floats"] else x[:, d]
            gaps = np.isnan(value)
            if "fill" in column:
                number = np.where(gaps, column["fill"], value)
                numbers.append((number - mean[d]) / deviation[d] if mean.size else number)
                if column["missing"]:
                    numbers.append(gaps.astype(float))
                continue
            known = len(feature["categories"])  # then the missing cell, if training had one, and last all others
            unseen = known + column["missing"]
            place = np.where(gaps, known if column["missing"] else unseen, value)
            place = np.where(place < known + (gaps & column["missing"]), place, unseen).astype(int)
            if column["width"]:
                vectors.append(place.astype(float))
            else:
                numbers += [(place == k).astype(float) for k in range(unseen + 1)]
        return np.stack(numbers + vectors, axis=1)

    return encode


def load(path, weights=None):
    """@returns the function that a checkpoint has learned, of rows (N, D...) to (N, outputs)

    weights: "last" or "average" of a checkpoint that keeps an average (train.average_decay); by default that.
    """
    with h5py.File(path) as f:
        mean, deviation = f["normalization/mean"][:], f["normalization/deviation"][:]
        config = tomllib.loads(f["config"][()].decode())
        scaling = f.get("target_scaling")  # of the targets of a regression, each of which has an output or several
        target_mean, target_deviation = (scaling["mean"][:], scaling["deviation"][:]) if scaling else (None, None)
        loss, classes = f.attrs["loss"].decode(), f.attrs["classes"]
        encode = None
        if "encoding" in f:  # categories of x are numbers of those in the checkpoint
            encode = encoder(json.loads(f["table"][()]), json.loads(f["encoding"][()]), mean, deviation)
            model = json.loads(f["model"][()])
        averaged = "averaged_parameters" in f if weights is None else weights == "average"
        if averaged and "averaged_parameters" not in f:
            raise ValueError(f"{path} keeps no average of its weights")
        groups = ("averaged_parameters", "averaged_batch_norm") if averaged else ("parameters", "batch_norm")
        parameters = {name: {key: array[:] for key, array in group.items()} for name, group in f[groups[0]].items()}
        running = {name: {key: array[:] for key, array in group.items()} for name, group in f.get(groups[1], {}).items()}

    steps, number = [], 0
    hidden = hidden_layers(config["model"]) if encode is None else model["layers"]
    for layer in [*hidden, {"type": "dense"}]:  # the last one has a unit for each output
        kind = layer["type"]
        if kind in ("dense", "batch_norm", "embedding"):  # those with parameters are numbered
            number += 1
            name = f"{number:02}_{kind}"
        if kind == "dense":
            weight = parameters[name]["weight"].astype(float)
            bias = parameters[name].get("bias", 0.0)  # none before batch_norm
            steps.append(lambda a, weight=weight, bias=bias: a @ weight + bias)
        elif kind == "embedding":
            tables = [parameters[name][f"table_{k}"].astype(float) for k in range(len(parameters[name]))]
            steps.append(lambda a, tables=tables: np.hstack(
                [a[:, :-len(tables)], *(t[i.astype(int)] for t, i in zip(tables, a[:, -len(tables):].T))]))
        elif kind == "batch_norm":
            p, s = parameters[name], running[name]
            scale = p["gamma"] / np.sqrt(s["variance"] + layer.get("epsilon", 1e-5))
            shift = p["beta"] - s["mean"] * scale
            steps.append(lambda a, scale=scale, shift=shift: a * scale + shift)
        elif kind == "leaky_relu":
            slope = layer.get("slope", 0.01)
            steps.append(lambda a, slope=slope: np.where(a > 0, a, slope * a))
        elif kind in ACTIVATIONS:
            steps.append(ACTIVATIONS[kind])
        elif kind != "dropout":
            raise ValueError(f"{path}: the layer {kind} is of a program of its own")

    def predict(x):
        a = np.asarray(x, float).reshape(len(x), -1)
        if encode is not None:
            a = encode(a)
        elif mean.size:  # none with normalize = "none"
            a = (a - mean) / deviation
        for step in steps:
            a = step(a)
        if loss == "softmax":
            e = np.exp(a - a.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)
        if loss == "sigmoid":
            p = ACTIVATIONS["sigmoid"](a)
            return np.hstack([1 - p, p]) if classes == 2 and p.shape[1] == 1 else p
        if target_mean is not None:
            outputs = a.shape[1] // len(target_mean)
            a = a * np.repeat(target_deviation, outputs) + np.repeat(target_mean, outputs)
        return a

    return predict
