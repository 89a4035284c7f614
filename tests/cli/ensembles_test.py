"""Ensembles and explanations as the command line has them: an ensemble predicts the mean of what its members predict by
themselves, with the spread that NumPy makes of these; its metrics are those of its predictions; a sweep keeps its best
trials; members that do not fit are refused; explain finds the column that matters. All of it the same bytes for any ranks.

    ensembles_test.py SHOAL FOLDER [MPIRUN...]
"""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np

shoal, folder, launcher = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)


def run(*words, ranks=0, given=None):
    launch = [*launcher, "-n", str(ranks)] if ranks else []
    return subprocess.run([*launch, shoal, *words], input=given, capture_output=True, text=True,
                          **({} if given else {"stdin": subprocess.DEVNULL}))


def must(*words, **how):
    done = run(*words, **how)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def refused(words, status, *texts):
    done = run(*words)
    lines = done.stderr.splitlines()
    assert done.returncode == status and lines, f"{words}: {done.returncode} {done.stderr}"
    for text in texts:
        assert text in lines[-1], f"{words}: {lines[-1]}"


def table(text):
    header, *rows = csv.reader(text.splitlines())
    return header, rows


def predicted(*words, **how):
    header, rows = table(must("predict", *words, "--out", "-", **how))
    first = 1 if header[0] == "label" else 0
    return header, [row[0] for row in rows], np.array([[np.float32(v) for v in row[first:]] for row in rows], float)


def same_bytes(words, out):
    """One output of 1 to 4 ranks."""
    texts = []
    for ranks in [0, *([1, 2, 3, 4] if launcher else [])]:
        printed = must(*words, ranks=ranks)
        if out:
            with open(out, "rb") as file:
                printed = file.read()
            os.remove(out)
        texts.append(printed)
    assert all(text == texts[0] for text in texts), f"{words}: other bytes with other ranks"
    return texts[0]


def near(what, a, b, tolerance=1e-12):
    assert np.allclose(a, b, rtol=tolerance, atol=tolerance), f"{what}: {a} is not {b}"


# A table with categories, gaps, a column that alone matters, one that is constant, and one that is noise.
rng = np.random.default_rng(7)
CITIES = ["Oslo", "Bergen", "Odda", "Voss"]
with open("homes.csv", "w") as file:
    file.write("area,city,noise,floor,kind,price\n")
    for i in range(700):
        area = rng.uniform(20, 200)
        city = int(rng.integers(4))
        kind = "large" if area + 12 * city > 130 else ("small" if area < 60 else "medium")
        noise = f"{rng.normal():.3f}" if rng.uniform() > 0.1 else ""
        file.write(f"{area:.2f},{CITIES[city]},{noise},7,{kind},{900 * area + 20000 * city + 3000 * rng.normal():.0f}\n")
split = ["--test-fraction", "0.3"]
must("import", "csv", "homes.csv", "--label", "kind", "--ignore", "price", *split, "-o", "kinds.h5")
must("import", "csv", "homes.csv", "--label", "price", "--ignore", "kind", *split, "-o", "prices.h5")
ORDER = {"kinds": 0, "prices": 1}
CONFIG = """data.batch_size = 64
optimizer.learning_rate = 0.02
train.epochs = 4
"""
for name in ORDER:
    with open(f"{name}.toml", "w") as file:
        file.write(f'data.file = "{name}.h5"\n' + CONFIG)
    # Other architectures, encodings and normalisations.
    for member, sets in (("a", ["model.hidden=[12]"]), ("b", ["model.hidden=[8,8]", "seed=2", "data.one_hot=2"]),
                         ("c", ["model.hidden=[]", "data.normalize=unit", "data.validation=0.2"])):
        must("train", f"{name}.toml", "--run", f"{name}-{member}", *[w for s in sets for w in ("--set", s)])

LEVELS = [0.05, 0.5, 0.95]
for name in ORDER:
    members = [f"{name}-{m}" for m in "abc"]
    data = ["--data", f"{name}.h5"]
    singles = [predicted(m, *data) for m in members]
    names = [n for n in singles[0][0] if n != "label"]
    each = np.array([s[2] for s in singles])
    mean = np.zeros(each[0].shape)
    for values in each:
        mean += values
    mean /= 3
    header, labels, whole = predicted(*members, *data)
    assert header == singles[0][0], header
    assert np.array_equal(whole, mean.astype(np.float32)), f"{name}: not the mean of the members"

    text = same_bytes(["predict", *members, *data, "--spread", "--out", "p.csv"], "p.csv").decode()
    header, rows = table(text)
    spread = {n: np.array([np.float32(row[header.index(n)]) for row in rows], float) for n in header if n != "label"}
    for k, n in enumerate(names):
        assert np.array_equal(spread[n], whole[:, k])
        near("deviation", spread[f"deviation_{n}"], each.std(axis=0)[:, k], 2e-6)
    same_bytes(["predict", *members, *data, "--spread", "--out", "p.h5"], "p.h5")
    must("predict", *members, *data, "--spread", "--out", "p.h5")
    with h5py.File("p.h5") as f:
        arrays = {n: a[:] for n, a in f.items() if isinstance(a, h5py.Dataset)}
    os.remove("p.h5")
    near("deviation", arrays["deviation"], each.std(axis=0), 2e-6)
    judged = json.loads(must("evaluate", *members, *data, "--json"))
    assert same_bytes(["evaluate", *members, *data, "--json"], None) == must("evaluate", *members, *data, "--json")
    alone = [json.loads(must("evaluate", m, *data, "--json")) for m in members]
    for one, of in zip(judged["members"], alone):
        assert all(one[k] == of[k] for k in one if k != "checkpoint"), (one, of)
    with h5py.File(f"{name}.h5") as f:
        y = f["test/y"][:]
    if name == "kinds":
        class_names = [n[2:] for n in names]
        assert labels == [class_names[k] for k in mean.argmax(axis=1)]
        entropy = lambda p: -np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0), axis=-1)
        near("entropy", spread["entropy"], entropy(mean), 1e-6)
        near("mutual information", spread["mutual_information"], entropy(mean) - entropy(each).mean(axis=0), 1e-6)
        near("entropy", arrays["entropy"], spread["entropy"], 1e-7)
        true = mean[np.arange(len(y)), y]
        near("loss", judged["loss"], -np.log(true).mean(), 1e-9)
        near("nll", judged["nll"], -np.log(whole[np.arange(len(y)), y]).mean(), 1e-9)
        near("accuracy", judged["accuracy"], (mean.argmax(axis=1) == y).mean())
        for one in alone:
            near("a net's nll is its loss", one["nll"], one["loss"], 1e-5)
        confidence, right = whole.max(axis=1), whole.argmax(axis=1) == y
        bins = np.clip(np.ceil(confidence * 15) - 1, 0, 14)
        near("ece", judged["ece"], sum(abs((right - confidence)[bins == b].sum()) for b in range(15)) / len(y), 1e-9)
    else:
        assert header[:2] == ["price", "deviation_price"], header
        for level in LEVELS:
            near("quantile", spread[f"members_q{level}_price"], np.quantile(each[:, :, 0], level, axis=0), 1e-6)
        near("quantiles", arrays["quantiles"][:, 0, :], np.quantile(each[:, :, 0], LEVELS, axis=0).T, 1e-6)
        near("rmse", judged["rmse"], np.sqrt(((whole[:, 0] - y.ravel()) ** 2).mean()), 1e-9)
        assert "the loss is in the units of" in judged["notes"][-1], judged  # c was trained on fewer rows
        with open("prices-a/config.toml") as file:
            pass
        two = json.loads(must("evaluate", *members[:2], *data, "--json"))
        with h5py.File(os.path.join("prices-a/checkpoints", os.readlink("prices-a/checkpoints/latest"))) as f:
            found = []
            f.visit(lambda n: found.append(n) if "deviation" in n and "target" in n else None)
            deviation = float(np.ravel(f[found[0]][()])[0])
        near("loss", two["loss"], (((each[:2, :, 0].mean(axis=0) - y.ravel()) / deviation) ** 2).mean(), 1e-5)

    # The file itself, and a row of it from standard input: a city that a member did not see, a gap.
    header = "area,city,noise,floor"
    row = f"{header}\n61.5,Voss,,7\n"
    own = [predicted(m, "--data", "-", given=row)[2] for m in members]
    assert np.array_equal(predicted(*members, "--data", "-", given=row)[2],
                          ((own[0] + own[1] + own[2]) / 3).astype(np.float32)), "one row"

# Members that know other categories: each is asked for all that it knows.
with open("homes.csv") as file:
    lines = file.read().splitlines()
for part, without in (("north", "Oslo"), ("south", "Voss")):
    with open(f"{part}.csv", "w") as file:
        file.write("\n".join(l for l in lines if f",{without}," not in l) + "\n")
    must("import", "csv", f"{part}.csv", "--label", "price", "--ignore", "kind", "-o", f"{part}.h5")
    must("train", "prices.toml", "--set", f"data.file={part}.h5", "--run", part)
rows = "area,city,noise,floor\n" + "".join(f"80,{city},0.5,7\n" for city in CITIES)
own = [predicted(m, "--data", "-", given=rows)[2] for m in ("north", "south")]
both = predicted("north", "south", "--data", "-", given=rows)[2]
assert np.array_equal(both, ((own[0] + own[1]) / 2).astype(np.float32)), "categories of all members"

# What does not fit.
data = ["--data", "kinds.h5", "--out", "-"]
refused(["predict", "kinds-a", "prices-a", *data], 65, "kinds-a", "prices-a", "predicts classes", "outputs")
refused(["predict", "kinds-a", "--spread", *data], 64, "there is one")
refused(["predict", "kinds-a", "kinds-a", *data], 64, "given twice")
# ... nor the model of a member by another name.
shutil.copy(os.path.realpath("kinds-a/checkpoints/latest"), "copied.h5")
must("train", "--resume", "kinds-a/checkpoints/step-00000024.h5", "--run", "kinds-a-again")  # a branch, to the same end
for same in ("kinds-a/checkpoints/latest", "kinds-a/../kinds-a", "./kinds-a", "copied.h5", "kinds-a-again"):
    refused(["predict", "kinds-b", "kinds-a", same, "--spread", *data], 64, "kinds-a", same, "one model to the bit")
    refused(["evaluate", same, "kinds-a", "--data", "kinds.h5"], 64, "kinds-a", same, "one model to the bit")
refused(["evaluate", "kinds-a", "--data", "kinds.h5", "homes.csv"], 64, "homes.csv is no checkpoint", "--data")
must("train", "prices.toml", "--set", "model.loss=mae", "--run", "prices-mae")
refused(["predict", "prices-a", "prices-mae", "--data", "prices.h5", "--out", "-"], 65, '"mse"', '"mae"', "prices-mae")
with open("fewer.csv", "w") as file:
    file.write("\n".join(l for l in lines if not l.endswith("x") and ",medium," not in l) + "\n")
must("import", "csv", "fewer.csv", "--label", "kind", "--ignore", "price", "-o", "fewer.h5")
must("train", "kinds.toml", "--set", "data.file=fewer.h5", "--run", "fewer")
refused(["predict", "kinds-a", "fewer", *data], 65, "kinds-a", "3 classes", "fewer", "has 2")

# A sweep keeps its best.
with open("sweep.toml", "w") as file:
    file.write('data.file = "kinds.h5"\nmodel.depth = 1\n' + CONFIG + """
[sweep]
trials = 4
keep = 3
[sweep.space]
"model.width" = {min = 4, max = 16, integer = true}
"optimizer.learning_rate" = {scale = "log", min = 1e-3, max = 1e-1}
""")
must("sweep", "sweep.toml", "--run", "sweep")
with open("sweep/sweep.csv") as file:
    places = {int(row["place"]): int(row["trial"]) for row in csv.DictReader(file)}
kept = [f"sweep/best/{places[p]:04}.h5" for p in (1, 2, 3)]
assert sorted(os.listdir("sweep/best")) == sorted(os.path.basename(k) for k in kept), os.listdir("sweep/best")
assert open(kept[0], "rb").read() == open("sweep/best.h5", "rb").read()
assert must("predict", "sweep", "--best", "3", *data) == must("predict", *kept, *data)
assert must("predict", "sweep", "--best", "1", *data) == must("predict", "sweep/best.h5", *data)
refused(["predict", "sweep", "--best", "4", *data], 64, "keeps 3 checkpoints", "sweep.keep")
refused(["predict", "sweep", "--best", "5", *data], 64, "only 4 of 4 trials")  # more to keep would not help
refused(["predict", "kinds-a", "--best", "2", *data], 66, "no sweep")
if launcher:
    must("sweep", "sweep.toml", "--run", "sweep-2", ranks=2)
    for file in kept:
        assert open(file, "rb").read() == open(file.replace("sweep/", "sweep-2/"), "rb").read(), file
must("sweep", "--run", "sweep", "--resume", "--set", "sweep.trials=5", "--set", "sweep.keep=5")
assert len(os.listdir("sweep/best")) == 5
assert "the best 4 as one: shoal predict sweep-4 --best 4" in must("sweep", "sweep.toml", "--run", "sweep-4", "--set", "sweep.keep=9")
must("predict", "sweep", "--best", "5", *data)
refused(["evaluate", "sweep", "--best", "0", "--data", "kinds.h5"], 64, "--best 0")
# Of equal trials one alone is a member.
four = ["--set", 'sweep.space={"model.width"={choices=[4,8]},"model.activation"={choices=["relu","tanh"]}}']
said = must("sweep", "sweep.toml", "--run", "equal", "--set", "sweep.trials=12", "--set", "sweep.keep=5", *four)
assert "the best 4 as one: shoal predict equal --best 4" in said, said
must("predict", "equal", "--best", "4", *data)
refused(["predict", "equal", "--best", "5", *data], 64, "only 4 of 12 trials")
# ... nor of those that differ in what leaves no trace: the next best are taken, also over sweeps that share trials.
same = ["--set", 'sweep.space={"optimizer.learning_rate"={choices=[0.01,0.02,0.03]},"optimizer.momentum"={choices=[0.8,0.9]}}',
        "--set", "sweep.search=grid", "--set", "sweep.trials=6", "--set", "sweep.keep=6", "--set", "model.width=8"]
must("sweep", "sweep.toml", "--run", "traceless", *same)  # of adam


def best_of(sweep):
    with open(f"{sweep}/sweep.csv") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["place"]))
    return [(f"{sweep}/best/{int(row['trial']):04}.h5", float(row["optimizer.learning_rate"])) for row in rows]


best = best_of("traceless")
three = run("predict", "traceless", "--best", "3", *data)
assert three.returncode == 0 and "2 trials left out" in three.stderr, three.stderr
assert three.stdout == must("predict", *[file for file, _ in best[::2]], *data)
refused(["predict", "traceless", "--best", "4", *data], 64, "3 hold a model", "give 3 or fewer")
must("sweep", "sweep.toml", "--run", "sharing", *same, "--set", "sweep.trials=4",
     "--set", 'sweep.space={"optimizer.learning_rate"={choices=[0.01,0.02,0.03,0.04]}}')
other = next(file for file, rate in best_of("sharing") if rate != best[0][1])
assert must("predict", "traceless", "sharing", "--best", "1", *data) == must("predict", best[0][0], other, *data)
refused(["predict", "traceless", "sharing", "--best", "3", *data], 64, "--best 3", "sharing", "hold a model")
assert "the best 3 as one: shoal predict traceless --best 3" in must("sweep", "--run", "traceless", "--resume")
# ... nor are models of several losses one.
several = ["--set", "data.file=prices.h5", "--set", "sweep.metric=validation.mae", "--set", "sweep.trials=4",
           "--set", 'sweep.space={"model.loss"={choices=["mse","mae"]},"seed"={choices=[1,2,3,4]}}']
assert " as one: " not in must("sweep", "sweep.toml", "--run", "losses", "--set", "model.width=8", *several)
# More are kept, and another wins.
must("sweep", "sweep.toml", "--run", "none-kept", "--set", "sweep.keep=0", "--set", "sweep.trials=3")
must("sweep", "--run", "none-kept", "--resume", "--set", "sweep.trials=9", "--set", "sweep.keep=9")
must("predict", "none-kept", "--best", "9", *data)
# A folder whose config somebody removed holds nothing of the sweep before.
os.remove("none-kept/config.toml")
must("sweep", "sweep.toml", "--run", "none-kept", "--set", "seed=7")
must("sweep", "sweep.toml", "--run", "anew", "--set", "seed=7")
for name in ("best.h5", "sweep.csv"):
    assert open(f"none-kept/{name}", "rb").read() == open(f"anew/{name}", "rb").read(), name
assert sorted(os.listdir("none-kept/best")) == sorted(os.listdir("anew/best"))

# Two classes by one output: an ensemble of equal members judges as they do, however sure they are.
must("synth", "gaussians", "--samples", "400", "--features", "3", "--classes", "2", "--seed", "5", "-o", "two.h5")
must("train", "--set", "data.file=two.h5", "--set", "model.loss=sigmoid", "--set", "optimizer.learning_rate=0.3",
     "--set", "train.epochs=60", "--run", "sure")
alone = json.loads(must("evaluate", "sure", "--data", "two.h5", "--split", "train", "--json"))
must("train", "--resume", "sure/checkpoints/latest", "--run", "as-sure", "--set", "train.epochs=61",
     "--set", "optimizer.learning_rate=1e-6")  # as good as equal
both = json.loads(must("evaluate", "sure", "as-sure", "--data", "two.h5", "--split", "train", "--json"))
assert abs(both["loss"] - alone["loss"]) <= 1e-5 * alone["loss"], (alone["loss"], both["loss"])
assert abs(both["nll"] - both["loss"]) <= 1e-5 * both["loss"], (both["nll"], both["loss"])

# Levels of quantiles are learnt apart, so that they may cross: in how many rows is said.
must("train", "prices.toml", "--set", 'model.loss={name="quantile",levels=[0.48,0.5,0.52]}', "--set", "train.epochs=1",
     "--run", "crossing")
said = run("predict", "crossing", "--data", "prices.h5", "--out", "-")
_, rows = table(said.stdout)
made = np.array([[float(v) for v in row] for row in rows])
crossing = int((np.diff(made, axis=1) < 0).any(axis=1).sum())
assert made.shape[1] == 3 and crossing > 0, crossing
note = f"quantiles cross in {crossing} of {len(made)} rows"
assert note in said.stderr, said.stderr
for ranks in (0, *([3] if launcher else [])):
    notes = json.loads(must("evaluate", "crossing", "--data", "prices.h5", "--json", ranks=ranks))["notes"]
    assert any(note in n for n in notes), notes

# Explanations.
told = same_bytes(["explain", "kinds-a", "--data", "kinds.h5", "--json"], None)
same_bytes(["explain", "kinds-a", "--data", "kinds.h5", "--metric", "auc", "--repeats", "2", "--out", "i.csv"], "i.csv")
e = json.loads(told)
columns = {c["name"]: c for c in e["columns"]}
assert list(columns)[0] == "area" and set(columns) == {"area", "city", "noise", "floor"}, told
assert columns["floor"]["repeats"] == [0.0] * 5, columns["floor"]  # constant
assert columns["area"]["importance"] > 5 * abs(columns["noise"]["importance"]) > 0, told
near("mean", columns["area"]["importance"], np.mean(columns["area"]["repeats"]))
near("deviation", columns["area"]["deviation"], np.std(columns["area"]["repeats"]))
assert e["score"] == json.loads(must("evaluate", "kinds-a", "--data", "kinds.h5", "--json"))["loss"]
for metric in ("accuracy", "balanced_accuracy", "ece", "nll"):
    of = json.loads(must("explain", "kinds-a", "--data", "kinds.h5", "--json", "--repeats", "1", "--metric", metric))
    assert of["score"] == json.loads(must("evaluate", "kinds-a", "--data", "kinds.h5", "--json"))[metric], metric
assert json.loads(must("explain", "kinds-a", "--data", "homes.csv", "--json"))["columns"][0]["name"] == "area"
assert json.loads(must("explain", "kinds-a", "--data", "kinds.h5", "--seed", "2", "--json")) != e
refused(["explain", "kinds-a", "--data", "kinds.h5", "--metric", "acuracy"], 64, "acuracy", "accuracy")
refused(["explain", "kinds-a", "--data", "kinds.h5", "--metric", "rmse"], 64, "rmse cannot be told",
        '"test" of kinds.h5: it is of numbers, and the model predicts classes; use another')
refused(["explain", "prices-a", "--data", "prices.h5", "--metric", "auc"], 64, "auc cannot be told",
        ": it is of classes, and the model predicts none; use another")
with open("one-row.csv", "w") as file:
    file.write("\n".join(lines[:2]) + "\n")
refused(["explain", "prices-a", "--data", "one-row.csv"], 65, "has 1 row", "handed round among rows")
refused(["explain", "kinds-a", "--data", "kinds.h5", "--repeats", "0"], 64, "--repeats 0")

# A column that a net does not look at, of plain features without names: exactly nothing. Equal ones stay in order.
x = rng.normal(size=(300, 4)).astype(np.float32)
x[:, 3] = 2
with h5py.File("plain.h5", "w") as f:
    f["train/x"], f["train/y"] = x, (x[:, 1] > 0).astype(np.int32)
    f["test/x"], f["test/y"] = x, (x[:, 1] > 0).astype(np.int32)
must("train", "--set", "data.file=plain.h5", "--set", "model.hidden=[]", "--set", "train.epochs=30", "--set",
     "data.batch_size=32", "--set", "optimizer.learning_rate=0.05", "--run", "plain")
e = json.loads(must("explain", "plain", "--data", "plain.h5", "--metric", "accuracy", "--json"))
assert e["columns"][0]["name"] == "1" and e["columns"][0]["importance"] > 0.3, e
assert all(c["importance"] < 0.05 for c in e["columns"][1:]), e
assert {c["name"]: c["repeats"] for c in e["columns"]}["3"] == [0.0] * 5, e
# What was given the run is left in it, and shown by a report.
with open("plain/explain.json") as file:
    assert json.load(file) == e
must("report", "plain", "-o", "plain.html")
with open("plain.html") as file:
    page = file.read()
assert "What matters" in page and "\u2588" * 24 in page and "\u2588" * 25 not in page
must("train", "--run", "plain", "--resume", "auto", "--set", "train.epochs=31")
# ... for the checkpoint that was asked: not for what the run has become, nor where that step was trained anew.


def reported():
    must("report", "plain", "-o", "plain.html")
    return pathlib.Path("plain.html").read_text()


assert f"at step {e['step']}" in reported(), e
assert e["digest"] in pathlib.Path("plain/digests.jsonl").read_text()
pathlib.Path("plain/explain.json").write_text(json.dumps(dict(e, digest="0" * 32)))
assert "What matters" not in reported()
refused(["explain", "plain", "--data", "plain.h5", "--out", "plain/explain.json"], 64, "belongs to the run")
with h5py.File("images.h5", "w") as f:
    f["train/x"], f["train/y"] = rng.integers(0, 255, (40, 9, 9)).astype(np.uint8), rng.integers(0, 2, 40).astype(np.int32)
must("train", "--set", "data.file=images.h5", "--set", "train.epochs=1", "--run", "images")
refused(["explain", "images", "--data", "images.h5", "--split", "train"], 64, "images of 81 pixels")
# A report proposes to judge where there is a split for it.
must("report", "images", "-o", "images.html")
assert "shoal evaluate plain/checkpoints/best" in reported() and "--split test" in reported()
assert "shoal evaluate" not in pathlib.Path("images.html").read_text()
print("all is well")
