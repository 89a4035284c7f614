"""Makes bad files in the working directory, from its data.h5 and run/checkpoints/latest."""

import pathlib
import shutil

import h5py
import numpy as np


def change(name, path, where, value):
    shutil.copy("data.h5", name)
    with h5py.File(name, "r+") as f:
        f[path][where] = value


def cut(source, name):
    content = pathlib.Path(source).read_bytes()
    pathlib.Path(name).write_bytes(content[: len(content) * 2 // 3])


def flip(source, name, byte):
    content = bytearray(pathlib.Path(source).read_bytes())
    content[byte] ^= 4
    pathlib.Path(name).write_bytes(content)


checkpoint = "run/checkpoints/latest"
pathlib.Path("text.h5").write_text("this is not HDF5\n")
cut("data.h5", "cut.h5")
cut(checkpoint, "cut_checkpoint.h5")
flip(checkpoint, "flipped_checkpoint.h5", pathlib.Path(checkpoint).stat().st_size // 2)
flip(checkpoint, "flipped_header.h5", 20)
change("label_high.h5", "train/y", 5, 3)
change("label_low.h5", "train/y", 6, -1)
change("label_test.h5", "test/y", 7, 99)
change("nan.h5", "train/x", (11, 2), np.nan)
change("nan_test.h5", "test/x", (3, 4), np.inf)
with h5py.File("one_class.h5", "w") as f:
    f["train/x"] = np.zeros((100, 4), np.float32)
    f["train/y"] = np.zeros(100, np.int64)

shutil.copy("data.h5", "named.h5")
with h5py.File("named.h5", "r+") as f:
    f.attrs["class_names"] = np.array([b"class %d" % k for k in range(f.attrs["classes"])])
with h5py.File("targets.h5", "w") as f:
    f["train/x"] = np.zeros((300, 2), np.float32)
    f["train/y"] = np.where(np.arange(300) == 2, 4.5, 1.0).astype(np.float32)
pathlib.Path("table.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
pathlib.Path("gap.csv").write_text("a,y\n1,0\n2,NA\n3,1\n")
pathlib.Path("odd.csv").write_text("5.1,x,1\n4.9,3,0\n4.7,2,1\n")
pathlib.Path("layers.toml").write_text("[data]\nfile = 'data.h5'\n[model]\nlayers = [{type = 'dens', units = 3}]\n")
pathlib.Path("bad.toml").write_text("[data]\nfile = 'data.h5'\nbatch_size = 'many'\n")
