#!/usr/bin/env python3
"""The same trials (64 by default) with shoal (2 ranks) and with Optuna (2 worker processes, random sampler, journal storage) and
PyTorch, one after the other on the same cores, 1 thread each.

    sweep_optuna.py SHOAL DIGITS.h5 [--repeat 3] [--trials 64]

Needs optuna, torch, h5py and numpy. Both train the same networks on the same rows for as many steps of as many samples;
the peer is timed from the start of its workers' first trial, so that importing PyTorch does not count against it, shoal
from the start of mpirun, which is a sixth of the time of 64 trials where they take a second. "from the command" has the
starts of both in it: what whoever waits for the table waits for.
"""
import argparse
import multiprocessing
import os
import subprocess
import tempfile
import time

EPOCHS = 10
CONFIG = """
[data]
file = "{data}"
normalize = "unit"
batch_size = 64
[model]
depth = 2
batch_norm = true
[train]
epochs = {epochs}
[sweep]
trials = {trials}
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-4, max = 1e-1}}
"model.width" = {{scale = "log", min = 32, max = 256}}
"model.dropout" = {{min = 0.0, max = 0.5}}
"""


def shoal_seconds(shoal, data, trials):
    with tempfile.TemporaryDirectory() as work:
        config = work + "/sweep.toml"
        with open(config, "w") as file:
            file.write(CONFIG.format(data=os.path.abspath(data), epochs=EPOCHS, trials=trials))
        begun = time.monotonic()
        subprocess.run(
            ["mpirun", "--bind-to", "none", "-np", "2", os.path.abspath(shoal), "sweep", config, "--run",
             work + "/run"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"})
        return time.monotonic() - begun


def storage_in(folder):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return JournalStorage(JournalFileBackend(folder + "/journal.log"))


def worker(folder, data, number, ready, trials_left):
    import h5py
    import numpy as np
    import optuna
    import torch
    torch.set_num_threads(1)
    with h5py.File(data) as file:
        x = torch.from_numpy(file["train/x"][:].astype(np.float32) / 255.0).flatten(1)
        y = torch.from_numpy(file["train/y"][:].astype(np.int64))
    held_out = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    cut = len(x) // 10
    x_val, y_val, x, y = x[held_out[:cut]], y[held_out[:cut]], x[held_out[cut:]], y[held_out[cut:]]

    def objective(trial):
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
        width = trial.suggest_int("width", 32, 256, log=True)
        dropout = trial.suggest_float("dropout", 0.0, 0.5)
        torch.manual_seed(1)
        layers, inputs = [], x.shape[1]
        for _ in range(2):
            layers += [torch.nn.Linear(inputs, width, bias=False), torch.nn.BatchNorm1d(width), torch.nn.ReLU(),
                       torch.nn.Dropout(dropout)]
            inputs = width
        model = torch.nn.Sequential(*layers, torch.nn.Linear(inputs, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        loss_of = torch.nn.functional.cross_entropy
        loss = None
        for _ in range(EPOCHS):
            model.train()
            order = torch.randperm(len(x))
            for first in range(0, len(x), 64):
                rows = order[first:first + 64]
                optimizer.zero_grad()
                loss_of(model(x[rows]), y[rows]).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                loss = loss_of(model(x_val), y_val).item()
        return loss

    study = optuna.load_study(study_name="digits", storage=storage_in(folder),
                              sampler=optuna.samplers.RandomSampler(seed=number))
    loss = torch.nn.Linear(2, 2)(torch.zeros(2, 2)).sum()  # what starts on first use
    loss.backward()
    ready.wait()
    while True:
        with trials_left.get_lock():
            if trials_left.value == 0:
                return
            trials_left.value -= 1
        study.optimize(objective, n_trials=1)


def optuna_seconds(data, trials):
    """From the first trial, and from the start of the workers."""
    import optuna
    with tempfile.TemporaryDirectory() as folder:
        optuna.create_study(study_name="digits", storage=storage_in(folder))
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(3)
        left = context.Value("i", trials)
        workers = [context.Process(target=worker, args=(folder, data, n, ready, left)) for n in range(2)]
        started = time.monotonic()
        for process in workers:
            process.start()
        ready.wait()
        begun = time.monotonic()
        for process in workers:
            process.join()
        if any(process.exitcode != 0 for process in workers):
            raise RuntimeError("a worker failed: there is nothing to compare with")
        ended = time.monotonic()
        return ended - begun, ended - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("data")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--trials", type=int, default=64)
    options = parser.parse_args()
    import optuna
    import torch
    print(f"Optuna {optuna.__version__}, PyTorch {torch.__version__}; {options.trials} trials of {EPOCHS} epochs, 2 processes "
          "x 1 thread")
    for _ in range(options.repeat):
        ours = shoal_seconds(options.shoal, options.data, options.trials)
        theirs, from_command = optuna_seconds(options.data, options.trials)
        print(f"shoal {options.trials * 60 / ours:6.0f} trials a minute, Optuna {options.trials * 60 / theirs:6.0f}, ratio "
              f"{theirs / ours:.1f}; from the command {from_command / ours:.1f}", flush=True)


if __name__ == "__main__":
    main()
