"""Weights, scaled targets, losses and metrics as the command line has them: what evaluate says follows from what predict
writes, a run stopped and resumed, replayed or trained by two ranks or in a sweep has one digest, and what cannot be is
refused in a line.

    judgement_test.py SHOAL FOLDER [MPIRUN...]
"""
import csv
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np

shoal, folder, launcher = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)


def run(*words, ranks=0):
    launch = [*launcher, "-n", str(ranks)] if ranks else []
    return subprocess.run([*launch, shoal, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def must(*words, ranks=0):
    done = run(*words, ranks=ranks)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def refused(words, *texts):
    done = run(*words)
    lines = done.stderr.splitlines()
    assert done.returncode in (64, 65) and lines, f"{words}: {done.returncode} {done.stderr}"
    for text in texts:
        assert text in lines[-1], f"{words}: {lines[-1]}"


def near(what, a, b, tolerance=1e-12):
    assert abs(a - b) <= tolerance * abs(b), f"{what}: {a} is not {b}"


def auc_of(p, of, w):
    pairs, both = np.sign(p[of][:, None] - p[~of][None, :]) / 2 + 0.5, w[of][:, None] * w[~of][None, :]
    return (pairs * both).sum() / both.sum()


rng = np.random.default_rng(3)
x = rng.normal(size=(600, 5)).astype(np.float32)
score = x[:, 0] - 0.7 * x[:, 1] + 0.4 * rng.normal(size=600)
weight = rng.choice([0.0, 0.5, 1.0, 2.0], 600)
TABLE = {"features": [{"name": f"f{i}", "type": "number"} for i in range(5)], "labels": ["price"], "weight": "w", "ids": [],
         "missing": []}
SEVERAL = {**TABLE, "labels": ["warm", "wet", "late"]}
kinds = np.stack([score > 0.5, x[:, 2] + 0.3 * rng.normal(size=600) > 0, x[:, 3] * x[:, 4] > -0.4], 1)
with h5py.File("several.h5", "w") as f:
    for split, rows in (("train", slice(0, 400)), ("test", slice(400, 600))):
        f[f"{split}/x"], f[f"{split}/y"], f[f"{split}/weight"] = x[rows], kinds[rows].astype(np.float32), weight[rows]
    f.attrs["table"] = np.array([json.dumps(SEVERAL)], dtype="S")
with h5py.File("classes.h5", "w") as f, h5py.File("prices.h5", "w") as g:
    for split, rows in (("train", slice(0, 400)), ("test", slice(400, 600))):
        for h, y in ((f, (score > 0.9).astype(np.int32)), (g, 2e5 + 3e4 * score)):
            h[f"{split}/x"], h[f"{split}/y"], h[f"{split}/weight"] = x[rows], y[rows], weight[rows]
    f.attrs["classes"], f.attrs["class_names"] = 2, np.array(["no", "yes"], dtype="S")
    g.attrs["table"] = np.array([json.dumps(TABLE)], dtype="S")

NET = """
model.hidden = [12]
data.batch_size = 64
data.validation = 0.25
optimizer.learning_rate = 0.01
parallel.leaves = 4
"""
CONFIGS = {
    "classes": NET + """data.file = "classes.h5"
model.loss = {name = "softmax", label_smoothing = 0.05}
train = {epochs = 6, class_weights = "balanced", metric = "validation.auc"}
""",
    "prices": NET + """data.file = "prices.h5"
model.loss = {name = "huber", delta = 0.5}
train = {epochs = 6, metric = "validation.r2"}
""",
    "several": NET + """data.file = "several.h5"
model.loss = "sigmoid"
train = {epochs = 6, metric = "validation.auc"}
"""}


def digest(run_folder):
    return json.loads(must("inspect", run_folder, "--json"))["digest"]


def metric_lines(run_folder):
    with open(f"{run_folder}/metrics.jsonl") as lines:
        return [line for line in map(json.loads, lines) if "split" in line]


# Classes of which a row may have several are named by class_names, with `classes` beside them or without.
for name, attributes in (("bare", {}), ("counted", {"classes": 3}), ("named", {"class_names": SEVERAL["labels"]}),
                         ("both", {"classes": 3, "class_names": SEVERAL["labels"]})):
    shutil.copy("several.h5", f"{name}.h5")
    with h5py.File(f"{name}.h5", "a") as f:
        del f.attrs["table"]
        f.attrs.update(attributes)
    must("train", "--run", name, "--set", f'data.file="{name}.h5"', "--set", 'model.loss="sigmoid"', "--set", "model.hidden=[8]",
         "--set", "train.epochs=2", "--set", 'train.metric="validation.auc"', "--set", "data.validation=0.25")
    judged = json.loads(must("evaluate", name, "--data", f"{name}.h5", "--json"))
    first = first if name != "bare" else judged
    assert judged["accuracy"] == first["accuracy"] and judged["auc"] == first["auc"], f"{name}: {judged}"
    must("predict", name, "--data", f"{name}.h5", "--out", "p.csv")
    with open("p.csv") as file:
        header = file.readline().strip()
    os.remove("p.csv")
    assert header == ("p_warm,p_wet,p_late" if "class_names" in attributes else "p_0,p_1,p_2"), f"{name}: {header}"
assert "warm, wet, late" in must("inspect", "named.h5")
# A model of three labels judges a float a class as one class a row, whatever the attributes of the file.
labels = np.argmax(kinds + x[:, 2:], 1)
with h5py.File("labels.h5", "w") as f, h5py.File("shares.h5", "w") as g:
    for split, rows in (("train", slice(0, 400)), ("test", slice(400, 600))):
        f[f"{split}/x"], g[f"{split}/x"] = x[rows], x[rows]
        f[f"{split}/y"], g[f"{split}/y"] = labels[rows].astype(np.int32), np.eye(3, dtype=np.float32)[labels[rows]]
must("train", "--run", "labels", "--set", 'data.file="labels.h5"', "--set", 'model.loss="sigmoid"', "--set", "model.hidden=[8]",
     "--set", "train.epochs=2")
of_labels, of_shares = (json.loads(must("evaluate", "labels", "--data", f"{name}.h5", "--json")) for name in ("labels", "shares"))
assert of_labels["accuracy"] == of_shares["accuracy"], f"{of_labels} {of_shares}"

w = weight[400:]
for name, text in CONFIGS.items():
    with open(f"{name}.toml", "w") as config:
        config.write(text)
    must("train", f"{name}.toml", "--run", name)
    whole = digest(name)

    # Stopped in the middle of an epoch and resumed, replayed, by two ranks.
    must("train", f"{name}.toml", "--set", "train.steps=13", "--run", f"{name}-resumed")
    must("train", "--run", f"{name}-resumed", "--resume", "auto", "--set", "train.steps=0")
    assert digest(f"{name}-resumed") == whole, f"{name}: resumed"
    must("train", "--replay", name, "--run", f"{name}-replayed")
    assert digest(f"{name}-replayed") == whole, f"{name}: replayed"
    if launcher:
        must("train", f"{name}.toml", "--run", f"{name}-2", ranks=2)
        assert digest(f"{name}-2") == whole, f"{name}: two ranks"

    # The metric stands in every evaluation and decides what is best; a resumed run remembers.
    key = {"classes": "auc", "prices": "r2", "several": "auc"}[name]
    for where in (name, f"{name}-resumed"):
        lines = metric_lines(where)
        best = max(lines, key=lambda line: (line[key], -line["loss"]))
        kept = os.readlink(f"{where}/checkpoints/best")
        assert kept.endswith(f"{best['step']:08}.h5"), f"{where}: best is {kept}, not of step {best['step']}"

    # What is judged is what is predicted.
    must("predict", name, "--data", f"{name}.h5", "--out", "p.csv")
    with open("p.csv") as file:
        header, *rows = csv.reader(file)
    os.remove("p.csv")
    judged = json.loads(must("evaluate", name, "--data", f"{name}.h5", "--json"))
    if launcher:
        assert json.loads(must("evaluate", name, "--data", f"{name}.h5", "--json", ranks=2)) == judged
    table = must("evaluate", name, "--data", f"{name}.h5")
    with h5py.File(f"{name}.h5") as f:
        y = f["test/y"][:]
    if name == "classes":
        assert header == ["label", "p_no", "p_yes"]
        right = np.array([row[0] == ("yes" if label else "no") for row, label in zip(rows, y)])
        p = np.array([np.float32(row[2]) for row in rows], float)
        near("accuracy", judged["accuracy"], np.average(right, weights=w))
        near("brier", judged["brier"], np.average((p - y) ** 2, weights=w))
        near("auc", judged["auc"], auc_of(p, y == 1, w))
        assert judged["classes"][1]["name"] == "yes" and judged["classes"][1]["support"] == w[y == 1].sum()
        assert judged["classes"][1]["recall"] > 0.75, "balanced"
        assert "balanced_accuracy" in table and "yes" in table, table
        must("evaluate", name, "--data", f"{name}.h5", "--confusion", "c.csv")
        with open("c.csv") as file:
            assert [row[0] for row in csv.reader(file)] == ["true\\predicted", "no", "yes"]
        cells = np.genfromtxt("c.csv", delimiter=",", skip_header=1)[:, 1:]
        assert cells.tolist() == judged["confusion"] and cells.sum() == w.sum()
    elif name == "several":
        assert header == ["p_warm", "p_wet", "p_late"], header
        p = np.array([[np.float32(cell) for cell in row] for row in rows], float)
        near("accuracy", judged["accuracy"], np.average((p > 0.5) == (y > 0.5), axis=0, weights=w).mean())
        for k, output in enumerate(judged["outputs"]):
            assert output["name"] == SEVERAL["labels"][k], f"as the file calls it: {output}"
            near("auc of an output", output["auc"], auc_of(p[:, k], y[:, k] > 0.5, w))
            near("accuracy of an output", output["accuracy"], np.average((p[:, k] > 0.5) == (y[:, k] > 0.5), weights=w))
        near("auc", judged["auc"], np.mean([auc_of(p[:, k], y[:, k] > 0.5, w) for k in range(3)]))
        assert judged["auc"] > 0.6 and judged["accuracy"] > 0.6 and "average_precision" in judged, judged
        assert "average_precision" in table and "accuracy" in table, table
        assert all("accuracy" in line for line in metric_lines(name)), metric_lines(name)
        # What was trained in an epoch of one batch is the training split before the step.
        must("train", f"{name}.toml", "--set", "train.epochs=1", "--set", "data.batch_size=400", "--set", "data.validation=0.0",
             "--set", "train.metric=validation.loss", "--set", "optimizer.learning_rate=1e-12", "--run", "one-batch")
        trained = json.loads(must("evaluate", "one-batch", "--data", f"{name}.h5", "--split", "train", "--json"))
        near("accuracy of an epoch", metric_lines("one-batch")[-1]["accuracy"], trained["accuracy"], 1e-9)
        # Beside its other seed: the mean of both, whose scores predict has.
        must("train", f"{name}.toml", "--set", "seed=2", "--run", f"{name}-other")
        both = (name, f"{name}-other", "--data", f"{name}.h5")
        ensemble = json.loads(must("evaluate", *both, "--json"))
        must("predict", *both, "--out", "both.csv")
        with open("both.csv", newline="") as file:
            p = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
        near("accuracy of two models", ensemble["accuracy"], np.average((p > 0.5) == (y > 0.5), axis=0, weights=w).mean())
        near("auc of two models", ensemble["auc"], np.mean([auc_of(p[:, k], y[:, k] > 0.5, w) for k in range(3)]), 1e-6)
        must("explain", name, "--data", f"{name}.h5", "--metric", "auc", "--repeats", "1")
        must("report", name, "-o", "several.html")
    else:
        assert header == ["price"], header
        p = np.array([np.float32(row[0]) for row in rows], float)
        near("rmse", judged["rmse"], np.sqrt(np.average((p - y) ** 2, weights=w)))
        near("r2", judged["r2"], 1 - np.average((p - y) ** 2, weights=w) / np.average((y - np.average(y, weights=w)) ** 2, weights=w))
        assert judged["outputs"][0]["name"] == "price" and judged["r2"] > 0.6, judged
        assert "price" in table, table

# A run of a version that knew no normalised targets is repeated as it was.
must("train", "prices.toml", "--set", "data.normalize_targets=none", "--set", "optimizer.clip_norm=1", "--run", "older")
with open("older/config.toml") as file:
    lines = [line for line in file if "normalize_targets" not in line]
with open("older/config.toml", "w") as file:
    file.writelines(lines)
must("train", "--replay", "older", "--run", "repeated")
assert digest("repeated") == digest("older")

# A sweep by a metric, over losses told different things.
must("sweep", "classes.toml", "--set", "sweep.trials=3", "--set", "sweep.metric=validation.balanced_accuracy", "--set",
     'sweep.space."model.loss"={choices=["softmax",{name="softmax",label_smoothing=0.05},"sigmoid"]}', "--set",
     "sweep.search=grid", "--run", "sweep")
with open("sweep/sweep.csv") as file:
    trials = list(csv.DictReader(file))
first = min(trials, key=lambda t: (-float(t["validation.balanced_accuracy"]), float(t["validation.loss"])))
assert first["place"] == "1", trials
assert trials[1]["model.loss"] == '{name = "softmax", label_smoothing = 0.05}', trials[1]

train = ["train", "classes.toml", "--run", "refused"]
refused([*train, "--set", "train.metric=validation.rmse"], 'train.metric = "validation.rmse" needs targets')
refused([*train, "--set", "train.class_weights={maybe=2}"], 'names the class "maybe"; the classes are no, yes')
refused([*train, "--set", "data.normalize_targets=standard"], 'data.normalize_targets = "standard" needs targets')
refused(["train", "prices.toml", "--run", "refused", "--set", "train.class_weights=balanced"], "needs labels")
refused(["train", "prices.toml", "--run", "refused", "--set", 'model.loss={name="mae",delta=2}'], 'belongs to the loss "huber"')
refused(["train", "several.toml", "--run", "refused", "--set", "train.metric=validation.macro_f1"], "a row may have several")
refused(["evaluate", "prices", "--data", "prices.h5", "--confusion", "d.csv"], "--confusion needs classes")
# What cannot be told of the rows to validate on is told before the first trial, or epoch.
with h5py.File("one-class.h5", "w") as f:
    f["train/x"], f["train/y"] = x[:400], (score[:400] > 0.9).astype(np.int32)
    f["validation/x"], f["validation/y"] = x[400:], np.zeros(200, np.int32)
with h5py.File("flat.h5", "w") as f:
    f["train/x"], f["train/y"] = x[:400], score[:400]
    f["validation/x"], f["validation/y"] = x[400:], np.full(200, 0.5)
with h5py.File("rare.h5", "w") as f:  # one row of the second class: three folds of four have none
    f["train/x"], f["train/y"] = x[:400], (np.arange(400) == 7).astype(np.int32)
for data, metric, words in ("one-class", "auc", 'split "validation", whose rows are all of one class'), (
        "one-class", "average_precision", "of one class"), ("flat", "r2", "of one target"):
    refused(["train", "--set", f"data.file={data}.h5", "--set", f"train.metric=validation.{metric}", "--run", "refused"], words)
    refused(["sweep", "--set", f"data.file={data}.h5", "--set", f"sweep.metric=validation.{metric}", "--set", "sweep.trials=2",
             "--set", 'sweep.space."optimizer.l2"={min=0.0,max=1.0}', "--run", "refused"], "sweep.metric", words)
refused(["sweep", "--set", "data.file=rare.h5", "--set", "sweep.metric=validation.auc", "--set", "sweep.trials=2", "--set", "sweep.folds=4",
         "--set", 'sweep.space."optimizer.l2"={min=0.0,max=1.0}', "--run", "refused"], "cannot be told of fold ", "of one class")
assert not os.path.exists("refused") and not os.path.exists("d.csv"), "something was written"
print("ok")
