"""A checkpoint of shoal in Python: needs NumPy and h5py, and nothing of shoal.

    from shoal_load import load
    predict = load("runs/demo/checkpoints/best")
    probabilities = predict(x)      # x: (N, D...) as in the data set, not normalised; NaN where a cell is missing
    prices = predict(table)         # of a model of a table: its columns by name, as a dictionary or a data frame

In a table by name categories are texts, or whole numbers or booleans that are written like them, and None, NaN or ""
where they are missing; dates are datetime64, or seconds since 1970. Numbers that stand for a missing one are taken for
that, as in the table that was imported (--missing -999).
In x they are numbers of the data set's own list of categories, which must be that of the set trained on.

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
    "silu": lambda a: a * 0.5 * (1 + np.tanh(0.5 * a)),
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
            listed = len(feature["categories"])
            seen = np.setdiff1d(np.arange(listed), column.get("unseen", []))  # by training
            known = len(seen)  # then the missing cell, if training had one, and last all others
            wrong = ~gaps & ~((value >= 0) & (value <= listed) & (value == np.floor(value)))
            if wrong.any():
                raise ValueError(f"column {feature['name']!r} is {value[wrong][0]:g}; give the number of one of its "
                                 f"{listed} categories, from 0, or {listed} for any other")
            unseen = known + column["missing"]
            places = np.full(listed + 1, unseen)
            places[seen] = np.arange(known)
            place = np.where(gaps, known if column["missing"] else unseen,
                             places[np.where(gaps, 0, value).astype(int)])
            if column["width"]:
                vectors.append(place.astype(float))
            else:
                numbers += [(place == k).astype(float) for k in range(unseen + 1)]
        return np.stack(numbers + vectors, axis=1)

    return encode


def is_gap(cell):
    """Whether a cell of a table says nothing: None, NaN, and what pandas has for them."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and math.isnan(cell))


def whole_categories(known):
    """The categories that are whole numbers, by their value."""
    whole = {}
    for text in known:
        if text.removeprefix("-").isdecimal():
            whole.setdefault(int(text), []).append(text)
    return whole


def of_whole_number(name, value, whole):
    """The category of these digits, else the only one of this value, such as "00123" of 123; else the digits."""
    if not whole:
        raise ValueError(f"column {name!r} is {value}, and none of its categories is a whole number; give texts")
    equal = whole.get(value, [])
    if str(value) in equal or not equal:
        return str(value)
    if len(equal) > 1:
        raise ValueError(f"column {name!r} is {value}, which could be {equal[0]!r} or {equal[1]!r}; give texts")
    return equal[0]


def categories_by_text(name, cells, known):
    """Of cells of texts, or whole numbers and booleans as they are written: numbers of categories."""
    places = {text: float(k) for k, text in enumerate(known)}
    whole = whole_categories(known)
    numbers = []
    for cell in cells:
        if isinstance(cell, bytes):
            cell = cell.decode()
        if isinstance(cell, (bool, np.bool_)):  # which pandas makes of "true", "True" and "TRUE"
            if not {"true", "false"} & {text.lower() for text in known}:
                raise ValueError(f"column {name!r} is {cell}, and its categories are {known[:3]}...; give them")
            text = next((text for text in known if text.lower() == str(cell).lower()), str(cell))
        elif isinstance(cell, (int, np.integer)):
            text = of_whole_number(name, int(cell), whole)
        elif isinstance(cell, str):
            text = cell.strip(" \t")
        elif is_gap(cell):
            text = ""
        else:
            raise ValueError(f"column {name!r} has categories, and {cell!r} of {type(cell).__name__} is no text; "
                             "read it as texts (pandas: dtype=str)")
        numbers.append(math.nan if text == "" else places.get(text, float(len(known))))
    return numbers


def missing_numbers(table):
    """Of the spellings of a missing number those that are numbers: --missing -999."""
    numbers = set()
    for spelling in table["missing"]:
        try:
            numbers.add(float(spelling.replace(",", ".") if table.get("decimal") == "," else spelling))
        except ValueError:
            pass  # a text
    return numbers


def columns_by_name(table, given):
    """Of columns of texts and numbers: rows as a data set has them, where a category that training did not see is one
    more than there are."""
    features = table["features"]
    missing = [feature["name"] for feature in features if feature["name"] not in given]
    if missing:
        raise ValueError(f"the table has no column {', '.join(map(repr, missing))}; give NaN where nothing is known")
    rows = []
    for feature in features:
        name, cells = feature["name"], given[feature["name"]]
        if "categories" in feature:  # NumPy would make texts of what stands beside texts in a list
            cells = cells if isinstance(cells, (list, tuple)) else np.asarray(cells).tolist()
            rows.append(categories_by_text(name, cells, feature["categories"]))
            continue
        cells = np.asarray(cells)
        if np.issubdtype(cells.dtype, np.datetime64):
            if feature["type"] != "date":
                raise ValueError(f"column {name!r} is a {feature['type']}, and dates are given")
            seconds = cells.astype("datetime64[us]").astype(np.int64) / 1e6
            rows.append(np.where(np.isnat(cells), math.nan, seconds))
        else:
            gaps = set() if "marks" in feature else missing_numbers(table)
            try:
                numbers = [math.nan if is_gap(cell) else float(cell) for cell in cells.tolist()]
            except (TypeError, ValueError) as error:
                raise ValueError(f"column {name!r} is a {feature['type']}: {error}") from None
            rows.append([math.nan if number in gaps else number for number in numbers])
    return np.array(rows, float).T


def rows_of(x, shape):
    """(N, D) of (N, *shape), of flat rows, and of rows with other axes of length 1: (N, H, W) of one channel."""
    a = np.asarray(x, float)
    wanted, width = tuple(map(int, shape)), math.prod(map(int, shape))
    alike = [[n for n in sides if n != 1] for sides in (a.shape[1:], wanted)]
    if a.ndim == 0 or (alike[0] != alike[1] and a.shape[1:] != (width,)):
        ways = " or ".join(f"(N, {', '.join(map(str, way))})" for way in dict.fromkeys((wanted, (width,))))
        raise ValueError(f"x has the shape {a.shape}; give rows of the shape that was trained on, {ways}")
    return a.reshape(len(a), width)


OF_IMAGES = {"conv", "max_pool", "average_pool", "global_average_pool", "flatten"}
WITH_PARAMETERS = {"dense", "conv", "batch_norm", "layer_norm", "group_norm", "embedding"}


def all_layers(layers):
    """Those of a list, and those that they hold."""
    for layer in layers:
        yield layer
        lists = [layer.get("layers", []), *layer.get("branches", [])]
        lists += [layer["shortcut"]] if isinstance(layer.get("shortcut"), list) else []
        for nested in lists:
            yield from all_layers(nested)


def windows(a, sides, stride, edges, outside):
    """Of images (N, C, H, W): (N, C, H', W', *sides); edges: positions outside, before and behind, of each side"""
    padded = np.pad(a, ((0, 0), (0, 0), *edges), constant_values=outside)
    return np.lib.stride_tricks.sliding_window_view(padded, sides, axis=(2, 3))[:, :, ::stride, ::stride]


def by_channel(values, a):
    return values.reshape(1, -1, *[1] * (a.ndim - 2))


class Network:
    """Layers, made by going through them with one sample, whose shapes say which shortcuts there are.

    Values are (N, C, H, W) in a net of images, where what has no place any more is (N, C, 1, 1); else (N, D)."""

    def __init__(self, parameters, running):
        self.parameters, self.running, self.number = parameters, running, 0

    def make(self, layers, sample):
        """@returns what the layers do, and what they make of the sample"""
        steps = []
        for layer in layers:
            step = self.step(layer, sample)
            sample = step(sample)
            steps.append(step)

        def run(a):
            for step in steps:
                a = step(a)
            return a

        return run, sample

    def step(self, layer, sample):
        kind, name = layer["type"], layer.get("name")
        if kind in WITH_PARAMETERS:  # they are numbered, those with names of their own too
            self.number += 1
            name = name or f"{self.number:02}_{kind}"
        if kind == "residual":
            return self.residual(layer, sample)
        if kind == "concat":
            branches = [self.make(branch, sample)[0] for branch in layer["branches"]]
            return lambda a: np.concatenate([branch(a) for branch in branches], axis=1)
        if kind in ("max_pool", "average_pool"):
            size, padding = layer.get("size", 2), layer.get("padding", 0)
            stride = layer.get("stride", size)
            if kind == "max_pool":
                return lambda a: windows(a, (size, size), stride, 2 * [(padding, padding)], -np.inf).max(axis=(4, 5))
            return lambda a: windows(a, (size, size), stride, 2 * [(padding, padding)], 0).mean(axis=(4, 5))
        if kind == "global_average_pool":
            return lambda a: a.mean(axis=(2, 3), keepdims=True)
        if kind == "flatten":
            return lambda a: a.reshape(len(a), -1, 1, 1)
        if kind == "leaky_relu":
            slope = layer.get("slope", 0.01)
            return lambda a: np.where(a > 0, a, slope * a)
        if kind in ACTIVATIONS:
            return ACTIVATIONS[kind]
        if kind == "dropout":
            return lambda a: a
        if kind not in WITH_PARAMETERS:
            raise ValueError(f"the layer {kind} is of a program of its own")
        p = {key: array.astype(float) for key, array in self.parameters[name].items()}
        bias = p.get("bias", 0.0)  # none before batch_norm
        if kind == "dense":
            return lambda a: np.moveaxis(np.moveaxis(a, 1, -1) @ p["weight"] + bias, -1, 1)
        if kind == "conv":
            return self.conv(layer, p["weight"], np.reshape(bias, (1, -1, 1, 1)))
        if kind == "embedding":
            tables = [p[f"table_{k}"] for k in range(len(p))]
            return lambda a: np.hstack(
                [a[:, :-len(tables)], *(t[i.astype(int)] for t, i in zip(tables, a[:, -len(tables):].T))])
        epsilon = layer.get("epsilon", 1e-5)
        if kind == "batch_norm":
            mean, variance = self.running[name]["mean"], self.running[name]["variance"]
            scale = p["gamma"] / np.sqrt(variance + epsilon)
            shift = p["beta"] - mean * scale
            return lambda a: a * by_channel(scale, a) + by_channel(shift, a)

        def norm(a):  # layer_norm: the channels of each position; group_norm: groups of them over all positions
            groups = a if kind == "layer_norm" else a.reshape(len(a), layer["groups"], -1)
            axis = 1 if kind == "layer_norm" else 2
            mean, variance = groups.mean(axis=axis, keepdims=True), groups.var(axis=axis, keepdims=True)
            normal = ((groups - mean) / np.sqrt(variance + epsilon)).reshape(a.shape)
            return normal * by_channel(p["gamma"], a) + by_channel(p["beta"], a)

        return norm

    @staticmethod
    def conv(layer, weight, bias):
        kernel, stride, groups = layer["kernel"], layer.get("stride", 1), layer.get("groups", 1)
        kernel = [int(side) for side in kernel.split("x")] if isinstance(kernel, str) else [kernel, kernel]
        same = layer.get("padding", "same") == "same"
        edges = [((side - 1) // 2, side // 2) if same else (0, 0) for side in kernel]

        def apply(a):
            seen = np.split(windows(a, tuple(kernel), stride, edges, 0), groups, axis=1)
            made = [np.tensordot(w, k, axes=((1, 4, 5), (1, 2, 3))) for w, k in zip(seen, np.split(weight, groups))]
            return np.moveaxis(np.concatenate(made, axis=-1), -1, 1) + bias

        return apply

    def residual(self, layer, sample):
        branch, made = self.make(layer["layers"], sample)
        shortcut = layer.get("shortcut", "auto")
        if shortcut == "identity" or (shortcut == "auto" and made.shape == sample.shape):
            shortcut = []
        elif not isinstance(shortcut, list):
            norms = [inner for inner in all_layers(layer["layers"]) if inner["type"] == "batch_norm"]
            if math.prod(sample.shape[2:]) == 1 and math.prod(made.shape[2:]) == 1:
                shortcut = [{"type": "dense"}]
            else:
                stride = next(s for s in range(1, max(sample.shape[2:]) + 1)
                              if tuple((n - 1) // s + 1 for n in sample.shape[2:]) == made.shape[2:])
                shortcut = [{"type": "conv", "kernel": 1, "stride": stride}]
            shortcut += [{**norms[-1], "name": None}] if norms else []
            if "name" in layer:
                shortcut = [{**inner, "name": f"{layer['name']}_shortcut_{inner['type']}"} for inner in shortcut]
        beside, _ = self.make(shortcut, sample)
        return lambda a: branch(a) + beside(a)


def load(path, weights=None):
    """@returns the function that a checkpoint has learned, of rows (N, D...), or flat ones, to (N, outputs)

    It raises ValueError where x has another shape, or holds what is no number of a category or not finite.

    weights: "last" or "average" of a checkpoint that keeps an average (train.average_decay); by default that.
    """
    with h5py.File(path) as f:
        mean, deviation = f["normalization/mean"][:], f["normalization/deviation"][:]
        config = tomllib.loads(f["config"][()].decode())
        scaling = f.get("target_scaling")  # of the targets of a regression, each of which has an output or several
        target_mean, target_deviation = (scaling["mean"][:], scaling["deviation"][:]) if scaling else (None, None)
        loss, classes, inputs, shape = f.attrs["loss"].decode(), f.attrs["classes"], f.attrs["inputs"], f.attrs["shape"]
        encode = table = None
        if "encoding" in f:  # categories of x are numbers of those in the checkpoint
            table = json.loads(f["table"][()])
            encode = encoder(table, json.loads(f["encoding"][()]), mean, deviation)
            model = json.loads(f["model"][()])
        averaged = "averaged_parameters" in f if weights is None else weights == "average"
        if averaged and "averaged_parameters" not in f:
            raise ValueError(f"{path} keeps no average of its weights")
        groups = ("averaged_parameters", "averaged_batch_norm") if averaged else ("parameters", "batch_norm")
        parameters = {name: {key: array[:] for key, array in group.items()} for name, group in f[groups[0]].items()}
        running = {name: {key: array[:] for key, array in group.items()} for name, group in f.get(groups[1], {}).items()}

    hidden = hidden_layers(config["model"]) if encode is None else model["layers"]
    images = any(layer["type"] in OF_IMAGES for layer in all_layers(hidden))
    if images:
        image = (1, *shape)[-3:]  # (height, width) has one channel
        sample = np.zeros((1, *image))
    else:
        sample = np.zeros((1, inputs))
    network, made = Network(parameters, running).make([*hidden, {"type": "dense"}], sample)  # the last: a unit an output

    def predict(x):
        if hasattr(x, "keys"):
            if table is None:
                raise ValueError(f"{path} was not trained on a table: give rows of numbers")
            x = columns_by_name(table, x)
        a = rows_of(x, shape)
        if encode is not None:
            a = encode(a)
        elif mean.size:  # none with normalize = "none"
            a = (a - mean) / deviation
        if not np.isfinite(a).all():
            raise ValueError(f"row {np.argwhere(~np.isfinite(a))[0][0]} has a number that is not finite")
        if len(a):  # layers go by the rows that they see
            a = network(a.reshape(len(a), *image) if images else a)
        a = a.reshape(len(a), made.size)
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
