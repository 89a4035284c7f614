#!/usr/bin/env python3
"""Writes the first inputs of the fuzz targets to tests/fuzz/corpus. Needs NumPy and h5py."""
import io
import os
import struct

import h5py
import numpy as np

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def put(kind, name, data):
    os.makedirs(os.path.join(CORPUS, kind), exist_ok=True)
    with open(os.path.join(CORPUS, kind, name), "wb") as file:
        file.write(data)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def pair(x, y):
    y = npy(y)
    return bytes([1, len(y) % 256, len(y) // 256]) + npy(x) + y


def h5(fill, **options):
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as data:
        fill(data)
    return file.getvalue()


def classes(data):
    for split, rows in (("train", 4), ("test", 2)):
        data[f"{split}/x"] = np.arange(3 * rows, dtype="f4").reshape(rows, 3)
        data[f"{split}/y"] = np.arange(rows) % 2
    data.attrs["classes"] = 2
    data.attrs["class_names"] = ["no", "yes"]
    data.attrs["content"] = "0" * 32


def targets(data):
    data["train/x"] = np.arange(16, dtype="u1").reshape(2, 2, 4)
    data["train/y"] = np.array([[0.5], [1.0]])


def odd(data):
    data.create_dataset("train/x", data=np.zeros((8, 4), "f4"), chunks=(2, 4), compression="gzip")
    data["train/y"] = h5py.SoftLink("/train/x")
    data["test"] = h5py.ExternalLink("other.h5", "/x")


put("config", "digits.toml", b"""seed = 1
[data]
file = "../runs/digits.h5"
batch_size = 128
normalize = "unit"
[model]
hidden = [128, 64]
activation = "relu"
batch_norm = true
dropout = 0.2
[optimizer]
name = "adam"
learning_rate = 1e-2
[schedule]
name = "cosine"
[train]
epochs = 30
""")
put("config", "layers.toml", b"""seed = 7
[data]
file = "a.h5"
validation = 0.1
[model]
layers = [
  {type = "dense", units = 64}, {type = "batch_norm", epsilon = 1e-3}, {type = "tanh"}, {type = "dropout", rate = 0.1},
  {type = "leaky_relu", slope = 0.1},
]
[optimizer]
name = "adamw"
clip_norm = 1.0
[train]
steps = 5
early_stopping = {patience = 3, min_delta = 1e-4}
""")
put("config", "sweep.toml", b"""[data]
file = "digits.h5"
normalize = "unit"
[model]
depth = 2
width = 32
batch_norm = {position = "after_activation", running = "exact"}
[sweep]
trials = 8
search = "random"
successive_halving = {eta = 3, min_epochs = 1}
[sweep.space]
"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1e-1}
"optimizer.beta1" = {scale = "one_minus_log", min = 0.9, max = 0.999}
"model.width" = {scale = "linear", min = 32, max = 256, integer = true}
"model.activation" = {choices = ["relu", "tanh", "gelu"]}
""")
put("csv", "header", b'\x03\x00\x40a,b,label\n1,2.5,yes\n3,4,no\n0.5,1e3,"y ""q"" s"\n')
put("csv", "numbers", b"\x21\x00\x001,2,0\n3,4,1\n5,6,1\n")
put("csv", "plain", b"\x00\x00\x40\xef\xbb\xbf1,2\r\n3,-4e2\r\n")
put("csv", "texts", b"\x0d\x00\x00x,1\ny,2\n z ,3\n")
put("csv", "roles", b"\x03\x18\x50label,kind,id,w\n1,a,p,1\n0,b,q,0.5\n1,,r,2\n")
put("csv", "semicolons", b"\x00\x00\x60a;b;\n1,5;2018-01-28;\nNA;2018-01-29;\n")
put("csv", "wide_letters", b"\x03\x00\x44" + "\ufeffa,label\r\n1,\u20ac\r\n2,\r\n".encode("utf-16-le"))
put("csv", "zstd", b"\x00\x00\x00\x28\xb5\x2f\xfd\x20\x08\x41\x00\x00a,b\n1,2\n")
put("columns", "all", b"""header = true
delimiter = ","
decimal = "."
missing = ["NA", "?"]

[[column]]
name = "label"
role = "label"
type = "category"
[[column]]
name = "number"
role = "feature"
type = "number"
[[column]]
name = "kind"
type = "flag"
[[column]]
name = "when"
type = "date"
[[column]]
name = "id"
role = "id"
[[column]]
name = "weight"
role = "weight"
""")
put("columns", "some", b"""[[column]]
name = "kind"
type = "category"
[[column]]
name = "id"
role = "ignore"
[[column]]
name = "weight"
role = "group"
""")
images = bytes([0, 0, 8, 3]) + struct.pack(">III", 3, 2, 2) + bytes(range(12))
labels = bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + bytes([0, 2, 1])
put("idx", "labelled", bytes([1, len(labels)]) + images + labels)
put("idx", "images", bytes([0, 0]) + images)
put("npy", "classes", pair(np.arange(12, dtype="f4").reshape(4, 3), np.array([0, 1, 1, 2])))
put("npy", "targets", pair(np.arange(8, dtype="u1").reshape(2, 2, 2), np.array([[0.5, 1], [2, 3]])))
put("npy", "x", b"\0\0\0" + npy(np.arange(6, dtype="f8").reshape(3, 2)))
for name, save in {"stored": np.savez, "deflated": np.savez_compressed}.items():
    archive = io.BytesIO()
    save(archive, a=np.arange(12, dtype="f4").reshape(4, 3), b=np.asfortranarray(np.arange(6, dtype=">i2").reshape(3, 2)))
    put("npz", name + "-a", b"\4" + archive.getvalue())
    put("npz", name + "-b", b"\1" + archive.getvalue())
put("npz", "only", b"\0" + archive.getvalue())
images = os.path.join(CORPUS, "..", "..", "golden", "images")
for name in sorted(os.listdir(images)):
    if name.endswith((".jpg", ".png")):
        with open(os.path.join(images, name), "rb") as image:
            put("image", name, bytes([len(name) % 2]) + image.read())
put("libsvm", "classes", b"1 1:0.5 3:2\n-1 2:1 # note\n\n1 1:1e-3\n")
put("libsvm", "targets", b"0.25 1:1\n0.5 1:2 2:3\n")
put("dataset", "classes.h5", h5(classes))
put("dataset", "targets.h5", h5(targets))
put("dataset", "odd.h5", h5(odd))
put("dataset", "latest.h5", h5(classes, libver="latest"))
