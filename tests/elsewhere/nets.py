"""Small nets of each kind, trained for some steps, with 1,000 rows to predict: of digits, of numbers and of a table."""
import csv

import numpy as np

ROWS = 1000
HIDDEN = "model.hidden=[40, 33]"
CONVOLUTION = """model.layers=[{type="conv", channels=8, kernel=3}, {type="batch_norm"}, {type="relu"},
 {type="residual", layers=[{type="conv", channels=8, kernel=3}, {type="group_norm", groups=4}, {type="gelu"}]},
 {type="max_pool"}, {type="conv", channels=16, kernel=3, groups=2, stride=2}, {type="relu"}, {type="average_pool"},
 {type="flatten"}, {type="dense", units=20}, {type="layer_norm"}, {type="tanh"}]"""
CHANNELWISE = """model.layers=[{type="conv", channels=40, kernel=3}, {type="silu"},
 {type="conv", channels=40, kernel=3, groups=40}, {type="global_average_pool"}]"""

# Name: the data set, and what is set. 16-128-128-3 is the net that tests/bench measures.
NETS = {
    **{name: ("numbers", [HIDDEN, f'model.activation="{name}"'])
       for name in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity")},
    "batch_norm": ("numbers", [HIDDEN, "model.batch_norm=true"]),
    "batch_norm_after": ("numbers", [HIDDEN, 'model.batch_norm={position="after_activation"}']),
    "convolution": ("digits", [CONVOLUTION]),
    "channelwise": ("digits", [CHANNELWISE]),
    "table": ("table", [HIDDEN]),
    "far_targets": ("far", ["model.hidden=[20]"]),
}
# What the examples are tried on one more time: under valgrind, by other instruction sets.
HARDEST = "convolution"


def write_files():
    rng = np.random.default_rng(5)
    np.save("x.npy", rng.normal(size=(ROWS + 400, 16)).astype(np.float32))
    np.save("y.npy", rng.integers(0, 3, ROWS + 400).astype(np.int32))
    towns = [f"town {i}" for i in range(60)]  # more than are one-hot
    for name, base in (("table", 2e5), ("far", 1e9)):
        with open(f"{name}.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["size", "town", "kind", "open", "day", "price"])
            for i in range(ROWS + 400):
                size = rng.normal(100, 30)
                kind = rng.choice(["a", "b", "c", ""])
                day = f"20{rng.integers(10, 30)}-0{rng.integers(1, 9)}-1{rng.integers(0, 9)}"
                table.writerow(["" if i % 11 == 3 else f"{size:.4f}", rng.choice(towns), kind, rng.choice(["yes", "no"]),
                                day, f"{base + 300 * size + (5000 if kind == 'a' else 0):.2f}"])
