#!/usr/bin/env python3
"""What `shoal sweep --init` writes suits the data, and runs as it is.

  first_sweep_test.py SHOAL FOLDER

Data sets: the digits, a mixed table with classes of unequal size, one whose rarer class is hardly there, a regression,
yes-or-no targets, images, and images whose channels come last, which no convolution takes.
"""
import pathlib
import shutil
import subprocess
import sys
import tomllib

import numpy as np

shoal, folder = sys.argv[1], pathlib.Path(sys.argv[2])
here = pathlib.Path(__file__).resolve().parents[2]
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
random = np.random.default_rng(1)


def run(*arguments, status=0):
    done = subprocess.run([shoal, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == status, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def init(name, out=None):
    """The config for name.h5, which is told and tried as well."""
    file = out or f"{name}-sweep.toml"
    told = run("sweep", "--init", f"{name}.h5", *(["-o", out] if out else []))
    assert f"written to {file}; run it with: shoal sweep {file}" in told, told
    text = (folder / file).read_text()
    config = tomllib.loads(text)
    assert config["sweep"]["trials"] >= 16 and config["train"]["epochs"] >= 5, text
    for key in config["sweep"]["space"]:
        above = text[: text.index(f'"{key}"')].splitlines()
        assert above[-1].startswith("# "), f"no word on {key}:\n{text}"
    run("sweep", file, "--set", "sweep.trials=2", "--set", "train.epochs=1", "--run", f"runs/{name}")
    rows = (folder / "runs" / name / "sweep.csv").read_text().splitlines()
    assert len(rows) == 3 and all(",done," in row for row in rows[1:]), rows
    return config, text


def npy(name, x, y, *options):
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    run("import", "npy", "--x", "x.npy", "--y", "y.npy", *options, "-o", f"{name}.h5")


def table(name, rows, label, *options):
    (folder / f"{name}.csv").write_text("colour,size,weight,y\n" + "".join(
        f"{random.choice(['red', 'green', 'blue'])},{random.normal():.4f},{random.integers(1, 90)},{label(i)}\n"
        for i in range(rows)))
    run("import", "csv", f"{name}.csv", "--label", "y", *options, "-o", f"{name}.h5")


# The digits: the order of the course, scales that suit, sizes by the rows.
run("import", "csv", here / "data/digits.csv.gz", "--label", "label", "--shape", "8,8", "-o", "digits.h5")
config, text = init("digits")
space = config["sweep"]["space"]
order = ["optimizer.learning_rate", "optimizer.beta1", "model.width", "data.batch_size", "model.depth", "schedule.name"]
assert list(space)[: len(order)] == order, list(space)
assert space["optimizer.learning_rate"]["scale"] == "log" and space["optimizer.beta1"]["scale"] == "one_minus_log"
assert space["model.width"] == {"scale": "log", "min": 16, "max": 128}, space
assert config["data"]["normalize"] == "unit" and config["data"]["validation"] == 0.2
assert config["sweep"]["metric"] == "validation.loss"

# Nothing is written over, not even an empty file; a file elsewhere names the data from there.
before = (folder / "digits-sweep.toml").read_bytes()
assert "nothing is written over" in run("sweep", "--init", "digits.h5", status=64)
assert (folder / "digits-sweep.toml").read_bytes() == before
(folder / "empty.toml").touch()
assert "nothing is written over" in run("sweep", "--init", "digits.h5", "-o", "empty.toml", status=64)
(folder / "below").mkdir()
shutil.rmtree(folder / "runs")
config, again = init("digits", "below/first.toml")
assert config["data"]["file"] == "../digits.h5"
assert again.replace("../digits.h5", "digits.h5") == text, "not a function of the data"

# Classes of unequal size: each counts alike; two, of which one is rare: how well they are told apart.
table("mixed", 600, lambda i: "abc"[(i % 10 > 5) + (i % 10 > 8)])
config, text = init("mixed")
assert config["sweep"]["metric"] == "validation.balanced_accuracy", text
assert config["sweep"]["space"]["train.class_weights"] == {"choices": ["none", "balanced"]}
assert config["data"]["normalize"] == "standard"
table("rare", 1000, lambda i: "yes" if i % 10 == 0 else "no")
assert init("rare")[0]["sweep"]["metric"] == "validation.auc"
table("rarest", 400, lambda i: "yes" if i < 8 else "no")
assert init("rarest")[0]["sweep"]["metric"] == "validation.loss"

# Targets: numbers, and several yes or no; a validation split of the file's own.
table("regression", 500, lambda i: f"{random.normal():.4f}", "--validation-fraction", "0.3")
config, text = init("regression")
assert config["sweep"]["metric"] == "validation.loss" and "validation" not in config["data"], text
npy("labels", random.normal(size=(300, 5)).astype("f4"), random.integers(0, 2, (300, 3)).astype("f4"))
config, text = init("labels")
assert config["model"]["loss"] == "sigmoid"

# Of 300 rows one batch size alone is none to search.
assert config["data"]["batch_size"] == 16 and "data.batch_size" not in config["sweep"]["space"], text
assert "# 4. Hidden layers." in text, text
(folder / "labels-sweep.toml").unlink()
assert f', {len(config["sweep"]["space"])} hyperparameters searched;' in run("sweep", "--init", "labels.h5")

# Images: channels and blocks of a network for them, but where channels come last.
images = random.integers(0, 255, (200, 3, 16, 16), dtype="u1")
classes = np.arange(200) % 4
npy("images", images, classes)
config, text = init("images")
assert config["model"]["preset"] == "resnet8" and {"model.channels", "model.blocks"} <= set(config["sweep"]["space"])
npy("last", images.transpose(0, 2, 3, 1).copy(), classes)
config, text = init("last")
assert "preset" not in config["model"] and "model.width" in config["sweep"]["space"], text

# A name of any letters: TOML takes no control characters in comments, and nothing but UTF-8.
shutil.copy(folder / "regression.h5", folder / "new\nline.h5")
run("sweep", "--init", "new\nline.h5", "-o", "line.toml")
run("sweep", "line.toml", "--set", "sweep.trials=1", "--set", "train.epochs=1", "--run", "runs/line")
shutil.copy(folder / "regression.h5", folder / "caf\udce9.h5")
assert "not UTF-8" in run("sweep", "--init", "caf\udce9.h5", "-o", "cafe.toml", status=64)

# What is no data set, or has nothing to learn.
assert "shoal import csv mixed.csv --label COLUMN" in run("sweep", "--init", "mixed.csv", status=64)
run("sweep", "--init", "none.h5", status=66)
np.save(folder / "x.npy", random.normal(size=(50, 3)).astype("f4"))
run("import", "npy", "--x", "x.npy", "-o", "bare.h5")
assert "has no y to learn" in run("sweep", "--init", "bare.h5", status=65)
assert not (folder / "bare-sweep.toml").exists()
run("sweep", "-o", "x.toml", status=64)
run("sweep", "digits-sweep.toml", "--init", "digits.h5", status=64)
print("first sweeps suit their data")
