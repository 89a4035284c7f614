#!/usr/bin/env python3
"""Best validation loss after 48 trials of real trainings: searches of shoal against Optuna's samplers on the same
objective.

    search_objectives.py SHOAL [--data digits mnist diamonds] [--seeds 10] [--trials 48] [--searches NAME[:ROUND] ...] [--keep FILE]

SHOAL_MNIST and SHOAL_TABLES name the folders of MNIST's ten thousand test images (IDX) and of diamonds.csv.gz; digits
are those of the repository. A search of shoal is a whole `shoal sweep`, of one process with 1 thread. For Optuna
(optuna-gp, optuna-tpe: multivariate; both with 10 random trials first, as they come; they decide trial by trial, or on
ROUND trials at a time) each trial is a sweep of that one trial, from a space of single choices, with the seed of the
others: the same initial weights, order and rows set apart, so the same loss for the same values. Training is short: 5
epochs of digits, 2 of MNIST, 1 of diamonds, so that all takes less than an hour of a core. Needs optuna, torch and scipy.
"""
import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

from kept_results import KeptResults

HERE = pathlib.Path(__file__).resolve().parent
# of a dimension: kind, ends or choices; kinds are those of shoal's scales, with "whole" for whole numbers
SETS = {
    "digits": ("normalize = \"unit\"\n[model]\nhidden = [64]\nbatch_norm = true\n[optimizer]\nname = \"momentum\"\n"
               "[train]\nepochs = 5", {
                   "optimizer.learning_rate": ("log", 1e-4, 10.0),
                   "optimizer.momentum": ("one_minus_log", 0.1, 0.999),
                   "optimizer.l2": ("log", 1e-9, 1e-6),
                   "model.batch_norm.epsilon": ("log", 1e-6, 1e-4)}),
    "mnist": ("normalize = \"unit\"\n[model]\ndepth = 1\n[optimizer]\nname = \"momentum\"\n[train]\nepochs = 2", {
        "optimizer.learning_rate": ("log", 1e-4, 10.0),
        "optimizer.momentum": ("one_minus_log", 0.1, 0.999),
        "model.width": ("log whole", 8, 128),
        "model.dropout": ("linear", 0.0, 0.5),
        "model.activation": ("choices", "relu", "tanh", "gelu"),
        "data.batch_size": ("choices", 32, 64, 128)}),
    "diamonds": ("batch_size = 256\n[model]\nbatch_norm = true\n[train]\nepochs = 1", {
        "optimizer.learning_rate": ("log", 1e-4, 1.0),
        "optimizer.beta1": ("one_minus_log", 0.1, 0.999),
        "model.width": ("log whole", 8, 128),
        "model.depth": ("whole", 1, 3),
        "optimizer.l2": ("log", 1e-8, 1e-2)}),
}


def make(shoal, name, path):
    if name == "digits":
        command = ["csv", str(HERE / "../../data/digits.csv.gz"), "--label", "label", "--shape", "8,8",
                   "--test-fraction", "0.2"]
    elif name == "mnist":
        folder = os.environ["SHOAL_MNIST"]
        command = ["idx", "--images", f"{folder}/t10k-images-idx3-ubyte.gz", "--labels",
                   f"{folder}/t10k-labels-idx1-ubyte.gz"]
    else:
        command = ["csv", os.environ["SHOAL_TABLES"] + "/diamonds.csv.gz", "--label", "price", "--split", "split",
                   "--regression"]
    subprocess.run([shoal, "import"] + command + ["-o", path], check=True, stdout=subprocess.DEVNULL)


def toml(value):
    return json.dumps(value)


def range_of(dimension):
    kind, *ends = dimension
    if kind == "choices":
        return f"{{choices = {toml(ends)}}}"
    return f"{{scale = {toml(kind.split()[0] if kind != 'whole' else 'linear')}, min = {toml(ends[0])}, max = {toml(ends[1])}}}"


def sweep(shoal, text, space, folder, *settings):
    config = folder + ".toml"
    with open(config, "w") as file:
        file.write(text + "\n[sweep]\n" + "\n".join(settings) + "\n[sweep.space]\n"
                   + "\n".join(f"{toml(key)} = {value}" for key, value in space.items()) + "\n")
    done = subprocess.run([shoal, "sweep", config, "--run", folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode not in (0, 76):  # 76: every trial failed
        raise SystemExit(done.stderr)
    with open(folder + "/sweep.csv") as file:
        return [float(row["validation.loss"]) if row["status"] == "done" else float("inf") for row in csv.DictReader(file)]


def by_shoal(shoal, text, space, folder, search, trials, q):
    ranges = {key: range_of(d) for key, d in space.items()}
    settings = [f"trials = {trials}", f"search = {toml(search)}"]
    if search in ("bayesian", "tpe"):
        settings.append(f"round = {q}")
    return sweep(shoal, text, ranges, folder, *settings)


def suggest(trial, key, dimension):
    kind, *ends = dimension
    if kind == "choices":
        return trial.suggest_categorical(key, ends)
    if kind.endswith("whole"):
        return trial.suggest_int(key, *ends, log=kind.startswith("log"))
    if kind == "one_minus_log":
        return 1 - trial.suggest_float(key, 1 - ends[1], 1 - ends[0], log=True)
    return trial.suggest_float(key, *ends, log=kind == "log")


def by_optuna(shoal, text, space, folder, which, trials, q, seed):
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    sampler = {"gp": lambda: optuna.samplers.GPSampler(seed=seed),
               "tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=q > 1)}[which]()
    study = optuna.create_study(sampler=sampler)
    losses = []
    while len(losses) < trials:
        batch = [study.ask() for _ in range(min(q, trials - len(losses)))]
        points = [{key: suggest(trial, key, d) for key, d in space.items()} for trial in batch]
        for trial, point in zip(batch, points):
            choices = {key: f"{{choices = [{toml(value)}]}}" for key, value in point.items()}
            loss = sweep(shoal, text, choices, f"{folder}-{len(losses)}", "trials = 1")[0]
            losses.append(loss)
            if loss == float("inf"):
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, loss)
    return losses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("--data", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=48)
    parser.add_argument("--searches", nargs="+", default=["random", "bayesian:4", "bayesian:1", "tpe:4", "optuna-gp",
                                                          "optuna-tpe"])
    parser.add_argument("--keep", metavar="FILE", help="of results as they come; those in it are not computed again")
    options = parser.parse_args()
    kept = KeptResults(options.keep)
    for name in options.data:
        rest, space = SETS[name]
        with tempfile.TemporaryDirectory() as work:
            data = f"{work}/data.h5"
            make(options.shoal, name, data)

            def best(search, seed):
                which, _, q = search.partition(":")
                text = f"seed = {seed}\n[data]\nfile = {toml(data)}\n" + rest
                arguments = (options.shoal, text, space, f"{work}/{which}{q}-{seed}")
                begun = time.monotonic()
                losses = (by_optuna(*arguments, which[7:], options.trials, int(q or 1), seed)
                          if which.startswith("optuna-")
                          else by_shoal(*arguments, which, options.trials, int(q or 1)))
                return min(losses), time.monotonic() - begun

            found = {search: [] for search in options.searches}
            times = {search: [] for search in options.searches}
            for seed in range(1, options.seeds + 1):
                for search in options.searches:
                    loss, seconds = kept.get(f"{name} {options.trials} {search} {seed}", lambda: best(search, seed))
                    found[search].append(loss)
                    times[search].append(seconds)
            print(f"{name}: best validation loss of {options.trials} trials, seeds 1 to {options.seeds}")
            print(f"{'search':<14} {'median':>9} {'lowest':>9} {'highest':>9} {'seconds':>8}  better than {options.searches[0]}")
            for search, losses in found.items():
                wins = sum(a < b for a, b in zip(losses, found[options.searches[0]]))
                print(f"{search:<14} {statistics.median(losses):9.5f} {min(losses):9.5f} {max(losses):9.5f} "
                      f"{statistics.mean(times[search]):8.1f}  {wins} of {options.seeds}", flush=True)


if __name__ == "__main__":
    main()
