#!/usr/bin/env python3
"""Sweeps drawn at random from all that [sweep] can say, each held to the promise: the same tables and checkpoints, byte for
byte, at other numbers of ranks, with several ranks a trial, begun with fewer trials, and ended or killed at random times,
with files cut short, and resumed at another number of ranks. And judged: values lie in the space as the search says, places
and who goes on follow from the metric, the tables agree, trials, folds and the final fit trained anew by `shoal train` come
to the same digest and figures, and `cv`, `evaluate`, `predict --best`, `watch` and `report` say what the table says. What a
config refuses is drawn again.

  any_sweep.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each sweep is a function of its number, but for what disturbs it. --keep: leaves the files of sweeps that failed there.
"""
import csv
import json
import math
import os
import pathlib
import sys
import time

import h5py
import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from disturb import damage, disturb  # noqa: E402
from drawn import Failure, campaign  # noqa: E402
from drawn_run import DIVERGED, REFUSED, Caller  # noqa: E402
from drawn_sweep import LEARNS, OPEN_ENDED, DrawnSweep  # noqa: E402
from space_check import check_bounds, check_space  # noqa: E402
from standing_check import Standings  # noqa: E402

MEASURES = ("train.loss", "train.accuracy", "validation.loss", "validation.accuracy")
OF_A_JOB = ("journal", "incarnation", "fingerprint", "times.jsonl", "config.toml")  # files that tell of ranks and times


def is_near(a, b, by):
    return (a is None and b is None) or (a is not None and b is not None and abs(a - b) <= by * max(1.0, abs(a)))


class Held(Caller):
    """A sweep held to the promise."""

    def __init__(self, shoal, drawn):
        super().__init__(shoal, drawn.folder)
        self.drawn, self.metric, self.sweep = drawn, drawn.metric, drawn.sweep
        self.folds = drawn.sweep.get("folds", 0)

    def fail(self, what):
        raise Failure(f"{self.sweep}, {self.metric}, {list(self.drawn.space)}: {what}")

    def hold(self):
        """Empty, or why the config is none; else Failure."""
        drawn = self.drawn
        drawn.write_sweep("sweep.toml")
        begun = time.monotonic()
        first = self.call("sweep", "sweep.toml", "--run", "run-a", ranks=1)
        self.seconds = time.monotonic() - begun
        if first.returncode not in (0, DIVERGED):
            other = self.call("sweep", "sweep.toml", "--run", "run-b", ranks=2)
            if other.returncode != first.returncode:
                self.fail(f"1 rank ends with {first.returncode}, 2 with {other.returncode}:\n{first.stderr}\n{other.stderr}")
            return first.stderr.strip().split("\n")[0]
        self.code, self.said = first.returncode, first.stdout
        self.rows = [json.loads(line) for line in (self.folder / "run-a/sweep.jsonl").read_text().splitlines()]
        self.repeat()
        self.check_tables()
        self.check_values()
        self.standings = Standings(drawn, self.rows)
        self.standings.check(self.folder / "run-a", self.said)
        if self.code == 0:
            self.winner = next(row for row in self.rows if row["place"] == 1 and "same_as" not in row)
            self.check_trainings()
            self.check_final_fit()
            self.check_judgements()
        self.check_views()
        return ""

    # The same bytes.

    def repeat(self):
        ranks = self.drawn.draw.sample((2, 3, 4), 2)
        self.again("run-b", ranks[0])
        together = self.drawn.one(2, 2, 3)
        self.drawn.write_sweep("together.toml", ranks_per_trial=together)
        self.again("run-c", self.drawn.one(1, 2, 3, 4), config="together.toml")
        disturb([self.shoal, "sweep", "sweep.toml", "--run", "run-d", "--resume"], self.folder, self.seconds)
        damage(self.folder / "run-d")
        self.again("run-d", ranks[1], "--resume")
        if self.drawn.search in OPEN_ENDED and not self.drawn.population and not self.drawn.halving:
            least = self.sweep.get("round", 1)
            some = self.drawn.draw.randint(least, self.sweep["trials"])
            self.drawn.write_sweep("some.toml", trials=some, keep=self.drawn.one(0, 1, 3))
            done = self.call("sweep", "some.toml", "--run", "run-e", ranks=self.drawn.one(1, 2))
            if done.returncode not in (0, DIVERGED):
                self.fail(f"{some} trials end with {done.returncode}: {done.stderr}")
            self.again("run-e", self.drawn.one(1, 2), "--resume")

    def again(self, run, ranks, *options, config="sweep.toml"):
        done = self.call("sweep", config, "--run", run, *options, ranks=ranks, threads=self.drawn.one(1, 1, 2))
        what = f"{run}, {config} {' '.join(options)} with {ranks} ranks"
        if done.returncode != self.code:
            self.fail(f"{what}: ends with {done.returncode}, not {self.code}: {done.stderr[-2000:]}")
        first, now = self.results("run-a"), self.results(run)
        if first != now:
            self.fail(f"{what}: {[name for name in {**first, **now} if first.get(name) != now.get(name)]} differ")
        if done.stdout.replace(run, "run-a") != self.said:
            self.fail(f"{what}: says\n{done.stdout}\nand not\n{self.said}")

    def results(self, run):
        top = self.folder / run
        return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*")
                if file.is_file() and not file.name.startswith(OF_A_JOB)}

    # What the tables say.

    def measures(self):
        return [*MEASURES, *([] if self.metric in MEASURES else [self.metric])]

    def check_tables(self):
        """sweep.csv, sweep.jsonl and sweep.h5 say the same."""
        with open(self.folder / "run-a/sweep.csv", newline="", encoding="utf-8") as f:
            cells = list(csv.DictReader(f))
        with h5py.File(self.folder / "run-a/sweep.h5") as h5:
            status = [name if isinstance(name, str) else name.decode() for name in h5.attrs["status_names"]]
            for t, (row, cell) in enumerate(zip(self.rows, cells, strict=True)):
                point = row["curve"][-1] if row["curve"] and row["status"] != "failed" else {}
                for name in self.measures():
                    wanted, text, number = point.get(name), cell[name], h5[f"metric/{name}"][t]
                    if (float(text) if text else None) != wanted or (None if np.isnan(number) else number) != wanted:
                        self.fail(f"trial {t}: {name} is {wanted}, {text} and {number}")
                if row[self.metric] != point.get(self.metric):
                    self.fail(f"trial {t}: {row}")
                if (cell["trial"], cell["place"], cell["epochs"]) != (str(t), str(row["place"] or ""), str(row["epochs"])) or \
                        h5["place"][t] != (row["place"] or 0) or status[h5["status"][t]] != row["status"] != cell["status"]:
                    self.fail(f"trial {t}: {row} and {cell}")
                for key, value in row["hyperparameters"].items():
                    number, choices = h5[f"hyperparameters/{key}"][t], self.drawn.space[key].get("choices")
                    good = value in choices if choices else float(cell[key]) == value == number
                    if not good or (choices and choices[int(number)] != value):
                        self.fail(f"trial {t}: {key} is {value}, {cell[key]} and {number}")

    def check_values(self):
        space, rows = self.drawn.space, self.rows
        check_bounds(space, rows)
        if self.drawn.population:
            if any(row["lineage"][-1]["hyperparameters"] != row["hyperparameters"] for row in rows):
                self.fail("a lineage does not end with its member")
            for one in (one for row in rows for one in row["lineage"]):
                check_bounds(space, [{"trial": one["member"], **one}])
            rows = [{**row, **row["lineage"][0]} for row in rows if row["lineage"][0]["member"] == row["trial"]]
            rows = rows if len(rows) == len(self.rows) else []
        if rows:
            first_round = sum(row["round"] == 0 for row in rows)
            try:
                check_space(self.drawn.search, space, rows, first_round)
            except Failure as failure:
                self.fail(failure)
        known = {}
        for row in rows:
            first = known.setdefault(str(row["hyperparameters"]), row)
            if not self.drawn.population and row.get("same_as", row["trial"]) != first["trial"]:
                self.fail(f"trial {row['trial']} is that of {first['trial']}, and the table says {row.get('same_as')}")
            if "same_as" in row and any(row[key] != first[key] for key in ("place", "status", "curve", "rung")):
                self.fail(f"trial {row['trial']} has not the result of {first['trial']}")

    # Trained anew.

    def train(self, run, keys, may_diverge=False):
        """What the run says of each epoch, and its digest; may_diverge: in epochs that the trial has not seen."""
        self.drawn.write(f"{run}.toml", keys)
        ended = self.call("train", f"{run}.toml", "--run", run, ranks=self.drawn.one(0, 1, 2))
        if ended.returncode not in (0, *[DIVERGED] * may_diverge):
            self.fail(f"{run}.toml trained anew ends with {ended.returncode}: {ended.stderr[-2000:]}")
        told = [json.loads(line) for line in (self.folder / run / "metrics.jsonl").read_text().splitlines()]
        validated = {one["epoch"]: one for one in told if "split" in one}
        steps = [one for one in told if "step" in one and "learning_rate" in one]
        self.losses = {e: [one["loss"] for one in steps if one["epoch"] == e] for e in {one["epoch"] for one in steps}}
        return validated, self.digest(f"{run}/checkpoints/latest")

    def same_digest(self, what, file, digest):
        kept = self.digest(f"run-a/{file}")
        if kept != digest:
            self.fail(f"{what}: {file} has {kept}, trained anew it has {digest}")

    def same_curve(self, what, curve, validated, epochs):
        for point in curve:
            losses = self.losses[point["epoch"]]
            if not min(losses) * (1 - 1e-6) <= point["train.loss"] <= max(losses) * (1 + 1e-6):
                self.fail(f"{what}, epoch {point['epoch']}: {point}, and the losses of its steps are {losses}")
            one = validated.get(point["epoch"])
            if one is None or point["epoch"] > epochs:
                continue
            for name in ("loss", "accuracy", self.metric.removeprefix("validation.")):
                if name in one and not is_near(one[name], point.get(f"validation.{name}"), 1e-7):
                    self.fail(f"{what}, epoch {point['epoch']}: {point}, and trained anew {one}")
        if "validation.loss" in curve[-1] and curve[-1]["epoch"] == max(validated, default=0) != epochs:
            self.fail(f"{what} has {curve[-1]['epoch']} epochs and {epochs}")

    def check_trainings(self):
        if self.drawn.population:
            self.ok("train", "--replay", "run-a", "--run", "again", ranks=self.drawn.one(1, 2, 3))
            return self.same_digest("the replay", "best.h5", self.digest("again/checkpoints/latest"))
        rows = [row for row in self.rows if row["status"] != "failed" and row is not self.winner]
        for i, row in enumerate([self.winner, *self.drawn.draw.sample(rows, min(len(rows), 0 if self.folds else 2))]):
            keys = self.drawn.training_of(row["hyperparameters"])
            if self.folds:
                return self.check_folds(keys)
            validated, digest = self.train(f"t{i}", keys, row["status"] == "stopped")
            self.same_curve(f"trial {row['trial']}", row["curve"], validated, row["epochs"])
            kept = f"best/{row.get('same_as', row['trial']):04}.h5"
            for file in [kept] * (self.folder / "run-a" / kept).exists() + ["best.h5"] * (row is self.winner):
                self.same_digest(f"trial {row['trial']}", file, digest)

    def check_folds(self, keys):
        row, fold = self.winner, self.drawn.draw.randint(1, self.folds)
        keys = {**{key: value for key, value in keys.items() if key != "data.validation"}, "data.fold": f"{fold}/{self.folds}"}
        validated, digest = self.train("t", keys)
        part = row["folds"][fold - 1]
        self.same_curve(f"trial {row['trial']}, fold {fold}", part["curve"], validated, part["epochs"])
        self.same_digest(f"trial {row['trial']}", f"best-fold-{fold}.h5", digest)
        said = json.loads(self.ok("cv", "t.toml", "--set", "data.fold=none", "--folds", self.folds, "--run", "cv", "--json"))
        for name in self.measures():
            if not is_near(row["curve"][-1].get(name), said["mean"].get(name), 1e-12) and name in said["mean"]:
                self.fail(f"cv says {said['mean']}, and the table {row['curve'][-1]}")
            parts = [one[name] for one in row["folds"] if name in one]
            if parts and not (is_near(np.mean(parts), row["curve"][-1][name], 1e-12) and
                              is_near(np.std(parts, ddof=1), row["deviation"][name], 1e-9)):
                self.fail(f"{name} of {parts}: {row['curve'][-1]}, deviation {row['deviation']}")

    def check_final_fit(self):
        if not self.sweep.get("final_fit", bool(self.folds)):
            return
        keys = self.drawn.training_of(self.winner["hyperparameters"])
        curves = [part["curve"] for part in self.winner["folds"]] if self.folds else [self.winner["curve"]]
        best = [min(curve, key=self.standings.score)["epoch"] for curve in curves]
        to_the_end = all(epoch == curve[-1]["epoch"] for epoch, curve in zip(best, curves))
        apart = "data.fold" not in keys and not self.folds and not isinstance(keys.get("data.validation"), float)
        if not (keys.get("train.steps") and to_the_end and not keys.get("train.early_stopping.patience")):
            keys.pop("train.steps", None)
            keys["train.epochs"] = max(1, math.floor(sum(best) / len(best) + 0.5))
        for key in ("data.fold", "train.early_stopping.patience", "train.metric"):
            keys.pop(key, None)
        keys.update({"data.validation": 0.0, "data.train": [*keys.get("data.train", ["train"]), *["validation"] * apart]})
        self.same_digest("the final fit", "best.h5" if self.folds else "final.h5", self.train("fit", keys)[1])

    # What other commands say.

    def check_judgements(self):
        if "validation" in self.drawn.sizes and not self.folds and not {"data.validation", "data.fold"} & set(self.drawn.base):
            said = json.loads(self.ok("evaluate", "run-a/best.h5", "--data", "data.h5", "--split", "validation", "--json"))
            for name in self.measures():
                wanted, found = self.winner["curve"][-1].get(name), said.get(name.removeprefix("validation."))
                if name.startswith("validation.") and found is not None and not is_near(wanted, found, 1e-6):
                    self.fail(f"evaluate says {name} {found}, and the table {wanted}")
        kept = sorted((self.folder / "run-a/best").glob("*.h5")) if (self.folder / "run-a/best").exists() else []
        done = [row for row in self.rows if row["status"] == "done" and "same_as" not in row]
        wanted = sorted(done, key=lambda row: row["place"])[:self.sweep.get("keep", 5)]
        if not self.folds and [int(file.stem) for file in kept] != sorted(row["trial"] for row in wanted):
            self.fail(f"{kept} are kept, and best are {[row['trial'] for row in wanted]}")
        if len(kept) > 1:
            self.check_ensemble([f"run-a/best/{row['trial']:04}.h5" for row in wanted])

    def check_ensemble(self, files):
        one = self.call("predict", "run-a", "--best", len(files), "--data", "data.h5", "--split", "test", "--out", "ensemble.h5", ranks=2)
        if one.returncode in REFUSED:  # equal models, or of several losses
            return
        for i, file in enumerate(files):
            self.ok("predict", file, "--data", "data.h5", "--split", "test", "--out", f"{i}.h5")
        with h5py.File(self.folder / "ensemble.h5") as mean:
            name = "outputs" if "outputs" in mean else "probabilities"
            parts = [h5py.File(self.folder / f"{i}.h5")[name][()].astype(float) for i in range(len(files))]
            if not np.allclose(np.mean(parts, axis=0), mean[name][()], rtol=1e-5, atol=1e-6):
                self.fail(f"the ensemble of {files} predicts something else than their mean")

    def check_views(self):
        self.ok("report", "run-a", "-o", "report.html")
        seen = self.ok("watch", "run-a", "--once")
        counts = {name: sum(row["status"] == name for row in self.rows if "same_as" not in row) for name in ("done", "stopped", "failed")}
        for said in (seen, self.said):
            if self.code == 0 and (f"{counts['done']} done" not in said or f"{counts['failed']} failed" not in said):
                self.fail(f"{counts}, and said is:\n{said}")
        if self.code == 0:
            first = next(line.split() for line in seen.splitlines() if line.split()[:2] == ["1", "trial"])
            if first[2] != str(self.winner["trial"]) or not is_near(float(first[3]), self.winner[self.metric], 1e-3):
                self.fail(f"watch says {first}, and the table {self.winner['trial']}, {self.winner[self.metric]}")


def hold(shoal, number, folder):
    return Held(shoal, DrawnSweep(number, folder)).hold()


if __name__ == "__main__":
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    campaign(__doc__, hold)
