"""Whether the places of a sweep's trials, who went on, who was copied and what mattered follow from what trials came to."""
import json
import math

import numpy as np

from drawn import Failure

LOWER = ("validation.loss", "train.loss", "validation.rmse", "validation.mae")


def ranks_of(values):
    """From 1; equal values share theirs."""
    values = np.asarray(values)
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


class Standings:
    """Of the rows of sweep.jsonl."""

    def __init__(self, drawn, rows):
        self.drawn, self.metric, self.rows = drawn, drawn.metric, rows
        self.halving, self.members = drawn.sweep.get("successive_halving"), drawn.sweep.get("population", 0)
        self.trained = [row for row in rows if "same_as" not in row]
        self.epochs = drawn.base.get("train.epochs", 10)

    def fail(self, what):
        raise Failure(f"{self.drawn.sweep}, {self.metric}, {list(self.drawn.space)}: {what}")

    def score(self, point):
        """The lower the better; the loss decides between equals."""
        sign = 1 if self.metric in LOWER else -1
        return sign * point[self.metric], point[self.metric if "loss" in self.metric else "validation.loss"]

    def score_at(self, row, epoch):
        return self.score([point for point in row["curve"] if point["epoch"] <= epoch][-1])

    def check(self, folder, said):
        placed = [row for row in self.trained if row["status"] != "failed"]
        placed.sort(key=lambda row: (-row["rung"], self.score(row["curve"][-1]), row["trial"]))
        if [row["place"] for row in placed] != list(range(1, len(placed) + 1)):
            self.fail(f"places: {[(row['trial'], row['place'], row['rung'], row[self.metric]) for row in placed]}")
        if len(placed) == len(self.trained):  # who fails is out of the count
            if self.halving:
                self.check_halving()
            if self.members:
                self.check_population(folder)
        if not self.members:
            self.check_correlations(said)

    def ends(self):
        """The last epoch of each rung of successive halving."""
        ends = [self.epochs]
        while ends[0] and self.epochs // self.halving["eta"] ** len(ends) >= self.halving["min_epochs"]:
            ends.insert(0, self.epochs // self.halving["eta"] ** len(ends))
        return ends

    def check_halving(self):
        for number in {row["round"] for row in self.trained}:
            of_round = [row for row in self.trained if row["round"] == number]
            for rung, end in enumerate(self.ends()[:-1], 1):
                before = [row for row in of_round if row["rung"] >= rung - 1]
                before.sort(key=lambda row: (self.score_at(row, end), row["trial"]))
                wanted = {row["trial"] for row in before[:max(1, len(of_round) // self.halving["eta"] ** rung)]}
                if {row["trial"] for row in of_round if row["rung"] >= rung} != wanted:
                    self.fail(f"rung {rung}, after {end} epochs: {wanted} should go on: {of_round}")

    def check_population(self, folder):
        """Who was copied was among the best at the end of its generation, and who copied among the worst."""
        outcomes = [json.loads(line) for file in folder.glob("journal*.jsonl") for line in file.read_text().splitlines()]
        if any(one["failed"] for one in outcomes):
            return
        names = ("epoch", "train.loss", "train.accuracy", "validation.loss", "validation.accuracy", self.metric)
        ended = {(one["rung"], one["trial"]): self.score(dict(zip(names, one["curve"][-1]))) for one in outcomes}
        cut = min(max(math.floor(self.drawn.sweep["exploit"] * self.members + 0.5), 1), self.members // 2)
        generation = self.drawn.sweep["generation"] or (self.epochs + 9) // 10
        curves = {}
        for row in self.rows:
            for g, (was, now) in enumerate(zip(row["lineage"], row["lineage"][1:])):
                order = sorted(range(self.members), key=lambda member: (ended[g, member], member))
                copied, last = was["member"] != now["member"], now["member"] in order[self.members - cut:]
                if copied != last or (copied and was["member"] not in order[:cut]):
                    self.fail(f"generation {g}, {cut} of {order} are cut off: {row['trial']} was {was} and became {now}")
                curve = [point for point in row["curve"] if point["epoch"] <= (g + 1) * generation]
                if curves.setdefault(json.dumps(row["lineage"][:g + 1]), curve) != curve:
                    self.fail(f"generation {g}: two of one lineage, and one of them has {curve}")

    def check_correlations(self, said):
        """What is said of Spearman's rank correlation of numbers with the metric, at the end of the first rung."""
        told = {line.split()[0]: line.split()[-1] for line in said.split("\nhyperparameter")[-1].splitlines()[1:] if line.strip()}
        if any(row["status"] == "failed" and row["rung"] > 0 for row in self.trained):
            return  # its first rung counts
        ended = [row for row in self.trained if row["status"] != "failed"]
        end = self.ends()[0] if self.halving else math.inf
        metric = [[p[self.metric] for p in row["curve"] if p["epoch"] <= end][-1] for row in ended]
        for key in self.drawn.space:
            number = told.get(key, "-")
            values = [row["hyperparameters"][key] for row in ended]
            if number == "-":
                continue
            wanted = np.corrcoef(ranks_of(values), ranks_of(metric))[0, 1]
            if abs(float(number) - wanted) > 0.0051:
                self.fail(f"the rank correlation of {key} is said to be {number}, and is {wanted}")
