#!/usr/bin/env python3
"""What is said of models, drawn at random: data and a quickly trained net, whose predictions are judged here in NumPy, by
definitions and with labels that were drawn. `evaluate` (JSON, text, --confusion, raw files, several models), `explain`, `cv`
and `report` must say these numbers, and none where there is none; CSV and HDF5 of `predict` the same, and data/shoal_load.py.

  any_judgement.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each case is a function of its number: classes without rows, weights of 0, ties, constants, targets of any size, odd names.
"""
import csv
import json
import pathlib
import re
import sys

import h5py
import numpy as np

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2] / "data")]
from drawn import Failure, campaign, compare  # noqa: E402
from drawn_run import Caller, DrawnRun  # noqa: E402
from judged import METRICS, hold_notes, hold_text, read_model, same, true_loss, true_of_classes, true_of_outputs, true_squares  # noqa: E402
from shoal_load import load  # noqa: E402

NAMES = ["red", "dark green", 'say "hi"', "com,ma", " led by a space", "=1+1", "Ærø", "1.0", "nan", "two\nlines", "label", "p_red", "fold", "-"]


class DrawnJudgement(DrawnRun):
    def features(self, rows, shape):
        x = super().features(rows, shape)
        if not self.table and self.some(0.3):  # rows that are equal
            x = x[self.rows.integers(0, max(1, rows // 4), rows)]
        return x

    def targets(self, x, y_type):
        y = super().targets(x, y_type)
        self.soft = self.shares and self.target == "two"
        if self.soft:  # the share of the second
            y = self.rows.random(len(y)).astype(np.float32)
        elif self.target in ("classes", "two"):
            kind = self.one("", "", "rare", "one", "absent")
            if kind == "rare":
                y[self.rows.random(len(y)) < 0.9] = 0
            elif kind == "one":
                y[:] = self.draw.randrange(self.classes)
            elif kind == "absent":
                y[y == self.classes - 1] = 0
        elif self.target == "numbers":
            y = y.astype(np.float64) * self.size + self.offset
            if self.some(0.2):
                y.reshape(len(y), -1)[:, -1] = y.flat[0]
            if self.some(0.2):
                y = np.round(y)
        elif self.some(0.3):
            y[:, 0] = self.one(0, 1)
        elif self.some(0.3):
            y = self.rows.random(y.shape).astype(np.float32)
        return y

    def write_data(self):
        self.size, self.offset = self.one(1.0, 1.0, 10.0 ** self.draw.randint(-40, 30)), self.one(0.0, 0.0, 1e4)
        self.shares = self.some(0.2)
        super().write_data()
        with h5py.File(self.folder / "data.h5", "a") as f:
            count = self.classes if self.target != "numbers" or self.some(0.5) else 0
            self.names = self.draw.sample(NAMES, count) if self.some(0.5) and not self.table else []
            if self.names:
                f.attrs["class_names"] = [name.encode() for name in self.names]
            for name in list(f["test"]) if self.some(0.3) else []:  # so few rows
                kept = f["test"][name][:5]
                del f["test"][name]
                f["test"][name] = kept
            if self.weighted:
                for weight in (f[split]["weight"] for split in f):
                    zero = self.rows.random(len(weight)) < self.one(0.0, 0.3, 0.9)
                    scale = np.float32(self.one(1.0, 1e-12, 1e12))
                    weight[...] = np.where(zero & (np.arange(len(weight)) > 0), 0, weight[()] * scale)
            if self.table:
                self.table["weight"] = "w" if self.weighted and self.some(0.5) else ""
                f.attrs["table"] = [json.dumps(self.table)]
            if self.some(0.3) and not self.table:
                f.attrs["id_names"] = ["id", "a,b"]
                for split, i in [(split, i) for split in list(f) for i in range(2)]:
                    texts = b"".join(f'{r},"{i}"'.encode().ljust(9, b"\0") for r in range(len(f[split]["x"])))
                    f[f"{split}/ids/{i}"] = np.frombuffer(texts, np.uint8).reshape(-1, 9)

    def draw_config(self):
        super().draw_config()
        keys = self.keys
        keys["train.epochs"] = min(3, keys.get("train.epochs", 1))
        keys["checkpoint.keep"], keys["checkpoint.every_steps"] = 3, 0
        if "model.layers" in keys and self.takes_images():
            keys["model.layers"] = [*keys["model.layers"], {"type": "global_average_pool"}]
        if self.soft or self.names and keys.get("model.loss") == "mse" or self.target in ("classes", "two") and self.some(0.3):
            keys["model.loss"] = self.one("sigmoid", {"name": "sigmoid", "pos_weight": 3.0} if self.classes == 2 else "sigmoid")
        if self.some(0.4):
            numbers = self.target == "numbers" or keys.get("model.loss") == "mse"
            of_classes = ["accuracy", "auc"] + ["balanced_accuracy", "macro_f1"] * (self.target != "several")
            keys["train.metric"] = "validation." + self.one(*(["rmse", "mae", "r2"] if numbers else of_classes))
        if self.some(0.2):
            keys["optimizer.learning_rate"] = self.one(1e-12, 10.0)


def rows_of(made, rows):
    return {name: values[rows] for name, values in made.items()}


def cell_of(value, feature):
    if "categories" in feature:
        return "" if np.isnan(value) else feature["categories"][int(value)]
    return "" if np.isnan(value) else str(np.datetime64(int(value), "s")) if feature["type"] == "date" else repr(float(value))


class Judged:
    def __init__(self, case, caller):
        self.case, self.caller, self.folder = case, caller, case.folder
        self.model = read_model(case.folder / "net" / "checkpoints" / "latest", case.keys.get("model.loss"))
        self.names = case.names or [str(k) for k in range(case.classes)]
        self.validates = "validation" in case.sizes and not {"data.validation", "data.fold"} & set(case.keys)

    def table(self, name):
        with open(self.folder / name, newline="", encoding="utf-8") as f:
            return list(csv.reader(f))

    def predict(self, runs, *data):
        """The numbers as they are written, in full; CSV is the same."""
        (self.folder / "p.csv").unlink(missing_ok=True)
        self.caller.ok("predict", *runs, *data, "--out", "p.h5", *["--spread"] * (len(runs) > 1))
        self.caller.ok("predict", *runs, *data, "--out", "p.csv", *["--spread"] * (len(runs) > 1))
        with h5py.File(self.folder / "p.h5") as f:
            made = {name: f[name][()] for name in f if name != "ids"}
            ids = [[bytes(row).rstrip(b"\0").decode() for row in f[f"ids/{i}"][()]] for i in range(len(f.get("ids", [])))]
            names = [n.decode() for n in f.attrs.get("class_names", f.attrs.get("output_names", []))]
        table = self.table("p.csv")
        values = made["probabilities" if "probabilities" in made else "outputs"]
        first = len(ids) + ("labels" in made)
        parts = [values, *(made[n].reshape(len(values), -1) for n in ("deviation", "entropy", "mutual_information", "quantiles") if n in made)]
        wanted = np.hstack(parts).astype(values.dtype)
        if len(table) != len(values) + 1 or len(set(map(len, table))) != 1 or table[0][:len(ids)] != ["id", "a,b"][:len(ids)]:
            raise Failure(f"predictions have the headings {table[0]} and {len(table)} lines for {len(values)} rows")
        if np.array([row[first:] for row in table[1:]]).astype(values.dtype).tobytes() != wanted.tobytes():
            raise Failure("CSV and HDF5 of predictions differ")
        texts = ids + ([[names[k] for k in made["labels"]]] if "labels" in made else [])
        if [list(column) for column in zip(*table[1:])][:first] != texts:
            raise Failure(f"ids or labels of CSV and HDF5 differ: {table[:3]}")
        if "labels" in made and (values[np.arange(len(values)), made["labels"]] != values.max(axis=1)).any():
            raise Failure("a label is not the most probable class")
        if self.model["loss"] == "softmax" and np.abs(values.astype(float).sum(axis=1) - 1).max() > 1e-6:
            raise Failure("probabilities do not add up to 1")
        self.headings = self.case.names if self.case.names and not names else table[0][first:first + values.shape[1]]
        return values.astype(float), made

    def truth(self, p, made, y, w, of_mean=False):
        w = np.ones(len(p)) if w is None else w.astype(float)
        if "labels" in made:
            labels = y if y.dtype.kind != "f" or not self.case.soft else y > 0.5
            said, self.calibration = true_of_classes(p, made["labels"], labels.astype(int), w, self.names)
        else:
            said = true_of_outputs(p, y.astype(float), w, self.headings, self.model["levels"], "probabilities" in made)
        return {"samples": len(p), **said}, *true_loss(self.model, p, y, w, of_mean), p

    def hold(self, what, said, truth, split):
        true, loss, far, p = truth
        said = dict(said)
        told, notes, _ = said.pop("loss"), said.pop("notes", []), said.pop("weights", None)
        for one in said.get("intervals", []):
            del one["name"]
        if not np.isfinite(told) or abs(told - loss) > far + 1e-5 * abs(loss):
            raise Failure(f"{what}.loss is {told}, not {loss} within {far}")
        same(what, said, {"split": split, **true})
        hold_notes(what, notes, true, p, self.model)

    def evaluate(self, runs, *data):
        said = json.loads(self.caller.ok("evaluate", *runs, *data, "--json"))
        hold_text(said, self.caller.ok("evaluate", *runs, *data))
        return said

    def split(self, name):
        with h5py.File(self.folder / "data.h5") as f:
            return f[name]["y"][()], f[name]["weight"][()] if "weight" in f[name] else None, f[name]["x"][()]

    def hold_split(self, name):
        y, w, x = self.split(name)
        data = ["--data", "data.h5", "--split", name]
        p, made = self.predict(["net"], *data)
        far = 1e-4 if self.model["loss"] in ("softmax", "sigmoid") else 2e-3
        compare("shoal_load.py", load(self.folder / "net" / "checkpoints" / "latest")(x), p, far)
        said = self.evaluate(["net"], *data)
        self.hold(name, said, self.truth(p, made, y, w), name)
        if "confusion" in said:
            self.caller.ok("evaluate", "net", *data, "--confusion", "c.csv", "--json")
            table = self.table("c.csv")
            if table[0][1:] != self.names or [row[0] for row in table[1:]] != self.names:
                raise Failure(f"the classes of --confusion are {table}")
            same("--confusion", [[float(v) for v in row[1:]] for row in table[1:]], said["confusion"], 0)
        return said, p, made

    def hold_raw(self, x, y, w, p, made):
        """The rows of test in files as people have them, where without a weight every row counts once."""
        order = self.case.rows.permutation(len(x))
        np.save(self.folder / "x.npy", x)
        np.save(self.folder / "y.npy", y)
        with h5py.File(self.folder / "raw.h5", "w") as f:
            f["a"], f["b"] = x[order], y[order]
        ways = [("npy", slice(None), ["x.npy", "--y", "y.npy"]), ("hdf5", order, ["raw.h5", "--x", "a", "--y", "b"])]
        meant = y
        if y.ndim == 1 and self.case.names and "labels" in made:  # a number is the class that is called so
            number = {float(n): float(k) for k, n in enumerate(self.case.names) if re.fullmatch(r"[0-9.]+", n)}
            meant = np.array([number.get(float(v), np.nan) for v in y])
        for way, at, data in ways if not self.case.table else []:
            done = self.caller.call("evaluate", "net", "--data", *data, "--json")
            if done.returncode == 0 and np.isfinite(meant).all():
                self.hold(way, json.loads(done.stdout), self.truth(p[at], rows_of(made, at), meant[at], None), "test")
            elif done.returncode == 0 or np.isfinite(meant).all():
                raise Failure(f"{way}: classes {self.case.names} of numbers {y[:9]}: {done.stdout}{done.stderr}")
        if y.ndim == 1 and x.ndim == 2:
            self.hold_csv(x, y, w, p, made, order)

    def hold_csv(self, x, y, w, p, made, order):
        features = self.case.table["features"] if self.case.table else [{"type": "number"}] * x.shape[1]
        columns = [[f"c{c}" if self.case.table else str(c), *(cell_of(v, one) for v in x[order, c])] for c, one in enumerate(features)]
        columns.append(["y", *(self.names[int(v)] if "labels" in made else repr(float(v)) for v in y[order])])
        if w is not None and self.case.table:
            columns.append(["w", *(repr(float(v)) for v in w[order])])
        with open(self.folder / "raw.csv", "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows(zip(*(self.case.draw.sample(columns, len(columns)) if self.case.table else columns)))
        done = self.caller.call("evaluate", "net", "--data", "raw.csv", "--json", *([] if self.case.table else ["--y", "y"]))
        if done.returncode != 0 and {"nan", " led by a space"} & set(self.names):  # which no cell is
            return
        if done.returncode != 0:
            raise Failure(f"raw.csv: {done.stderr}")
        weight = w[order] if w is not None and self.case.table and self.case.table["weight"] else None
        self.hold("csv", json.loads(done.stdout), self.truth(p[order], rows_of(made, order), y[order], weight), "test")

    def hold_ensemble(self, said, p, made):
        y, w, _ = self.split("test")
        data = ["--data", "data.h5", "--split", "test"]
        q, _ = self.predict(["other"], *data)
        both, together = self.predict(["net", "other"], *data)
        wanted = (p + q) / 2
        values = together["probabilities" if "probabilities" in together else "outputs"]
        if (wanted.astype(values.dtype) != values).any() or "labels" in together and (together["labels"] != wanted.argmax(axis=1)).any():
            raise Failure("two models do not predict their mean")
        same("deviation", together["deviation"].tolist(), (np.abs(p - q) / 2).astype(values.dtype).tolist(), 1e-5)
        if "entropy" in together:
            shares = wanted / np.maximum(wanted.sum(axis=1, keepdims=True), 1e-300)
            same("entropy", together["entropy"].tolist(), (-shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1).tolist(), 1e-5)
        told = self.evaluate(["net", "other"], *data)
        members = told.pop("members")
        self.hold("ensemble", told, self.truth(both, together, y, w, True), "test")
        for one, alone in zip(members, (said, self.evaluate(["other"], *data))):
            same(one.pop("checkpoint"), one, {n: alone[n] for n in ("loss", *METRICS) if alone.get(n) is not None}, 0)

    def hold_explained(self, said):
        metric = self.case.one(*(n for n in ("loss", *METRICS) if n in said))
        done = self.caller.call("explain", "net", "--data", "data.h5", "--split", "test", "--metric", metric, "--json", "--repeats", "2")
        x = self.split("test")[2]
        if done.returncode != 0 and (said[metric] is None or len(x) < 2 or x.ndim > 2):
            return
        if done.returncode != 0 or said[metric] is None:
            raise Failure(f"explain {metric}, which is {said[metric]}: {done.stdout}{done.stderr}")
        told = json.loads(done.stdout)
        same("explain.score", told["score"], said[metric], 0)
        x = x.reshape(len(x), -1)
        for one in told["columns"]:
            same(one["name"], [one["importance"], one["deviation"]], [float(np.mean(one["repeats"])), float(np.std(one["repeats"]))])
            c = int(re.sub(r"\D", "", one["name"]))
            if len(np.unique(x[:, c].astype(float), equal_nan=True)) == 1 and one["importance"] != 0:
                raise Failure(f"column {c} is constant, its importance {one['importance']}")
        if [one["importance"] for one in told["columns"]] != sorted((one["importance"] for one in told["columns"]), reverse=True):
            raise Failure("columns are not in the order of their importance")

    def hold_report(self):
        self.caller.ok("report", "net", "-o", "r.html")
        page = (self.folder / "r.html").read_text(encoding="utf-8")
        told = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["runs"][0]["judgement"]
        p, made = self.predict(["net/checkpoints/best"], "--data", "data.h5", "--split", "validation")
        y, w, _ = self.split("validation")
        true, loss, far, _ = self.truth(p, made, y, w)
        metrics = dict(told["metrics"])
        if abs(metrics.pop("loss") - loss) > far + 1e-5 * abs(loss):
            raise Failure(f"the report has the loss {told['loss']}, not {loss}")
        same("report", metrics, {n: true[n] for n in METRICS if true.get(n) is not None}, 2e-5)
        for one, other in zip(told.get("classes", []) + told.get("outputs", []), true.get("classes", []) + true.get("outputs", [])):
            same("report", {n: v for n, v in one.items() if n in other}, {n: v for n, v in other.items() if n in one}, 2e-5)
        for k, one in enumerate(told.get("outputs", [])):
            targets = y.reshape(len(y), -1)[:, k // max(1, len(self.model["levels"]))].astype(float)
            same("report.squares", [one["low"], one["high"], one["squares"]], true_squares(targets, p[:, k], w), 2e-5)
        if "calibration" in told:
            same("report.bins", [told["calibration"], told["confusion"]], [self.calibration, true["confusion"]], 2e-5)

    def hold_record(self):
        """The last line that the run wrote of its validation, of rows that it has under a name."""
        lines = map(json.loads, (self.folder / "net" / "metrics.jsonl").read_text().splitlines())
        last = [line for line in lines if line.get("split") == "validation"][-1]
        said = self.evaluate(["net"], "--data", "data.h5", "--split", "validation")
        last = {n: last[n] for n in ("loss", *METRICS) if n in last}
        same("metrics.jsonl", last, {n: said.get(n) for n in last}, 1e-8)

    def hold_folds(self, made):
        done = self.caller.call("cv", "run.toml", "--folds", "2", "--run", "cv", "--predictions", "cv.csv", "--json")
        if done.returncode != 0:
            return
        told, (y, w, _) = json.loads(done.stdout), self.split("train")
        heading, *table = self.table("cv.csv")
        fold = np.array([int(row[-1]) for row in table])
        first = 2 * (heading[0] == "id") + ("labels" in made)
        p = np.array([row[first:-1] for row in table]).astype(made["probabilities" if "probabilities" in made else "outputs"].dtype).astype(float)
        labels = {"labels": np.array([self.names.index(row[first - 1]) for row in table])} if "labels" in made else {n: p for n in made}
        for one in told["folds"]:
            at = fold == one["fold"]
            if "reason" in one or (w is not None and not w[at].any()):
                continue
            true, loss, far, _ = self.truth(p[at], rows_of(labels, at), y[at], None if w is None else w[at])
            if not self.model["scaling"] and abs(one["validation.loss"] - loss) > far + 1e-5 * abs(loss):
                raise Failure(f"{one}: the loss is {loss}")
            said = {n.removeprefix("validation."): v for n, v in one.items() if n.startswith("validation.") and n != "validation.loss"}
            same(f"fold {one['fold']}", said, {n: true.get(n) for n in said})
        for name in told["mean"] or []:
            all_of = [one[name] for one in told["folds"]]
            same(f"cv {name}", [told["mean"][name], told["deviation"][name]], [float(np.mean(all_of)), float(np.std(all_of, ddof=1))])


def hold(shoal, case):
    case.write_config()
    caller = Caller(shoal, case.folder)
    for run, seed in ("net", case.keys["seed"]), ("other", case.keys["seed"] + 1):
        done = caller.call("train", "run.toml", "--set", f"seed={seed}", "--run", run)
        if done.returncode != 0:
            return "train: " + done.stderr.strip().split("\n")[-1]
    judged = Judged(case, caller)
    for name in case.sizes:
        y, w, x = judged.split(name)
        said, p, made = judged.hold_split(name)
        if name == "test":
            if not case.soft:
                judged.hold_raw(x, y, w, p, made)
            judged.hold_ensemble(said, p, made)
            judged.hold_explained(said)
    if judged.validates:
        judged.hold_record()
        judged.hold_report()
    judged.hold_folds(made)
    return ""


if __name__ == "__main__":
    campaign(__doc__, lambda shoal, number, folder: hold(shoal, DrawnJudgement(number, folder)))
