#!/usr/bin/env python3
"""One rank fails or hangs, and the others must leave by themselves: soon, with the right status, naming the rank.

    leave.py SHOAL HOW [--count N] [--seed S]       HOW: throw, stop, hang, collectives

  throw        an exception on one rank at each fault point, at np 2, 3 and 4 in turn: 70 within 5 s; now and then one
               that nobody can catch, out of memory, or a full disk. SHOAL is the binary with fault points
  stop         SIGSTOP of a random rank at a random time: 77 within parallel.stall_timeout + 5 s
  hang         a rank that goes on for ever without coming to the next exchange, at a random point, in a run or in a
               sweep with two ranks a trial: the same
  collectives  ranks call different collectives: 70 where it happens
No process of the job may be left, the stopped one included.
"""

import argparse
import os
import re
import signal
import time

from harness import Campaign, wait_until

TIMEOUT = 4.0  # parallel.stall_timeout of the runs; a busy machine must not look like a hanging one
POINTS = ("plan", "open", "check", "start", "save_begin", "snapshot", "save_write", "save_end", "read", "forward", "backward",
          "reduce", "update", "exchange", "epoch_end", "evaluation", "exact", "nudge", "trial", "trial_save")
MODES = {"throw": 70, "memory": 70, "error": 74, "terminate": 70}

SWEEP = """
data.file = "digits.h5"
model.hidden = [16]
train.epochs = 1
[sweep]
trials = 4
ranks_per_trial = 2
[sweep.space]
"optimizer.learning_rate" = {scale = "log", min = 1e-3, max = 1e-1}
"""


def gone(campaign, job, seconds, status):
    """Waits for the end of a job that is broken now."""
    begun = time.monotonic()
    ended = job.wait(seconds + 10)
    if not job.all_gone(5):
        return f"left behind: {job.processes()}"
    campaign.worst("slowest s", time.monotonic() - begun)
    if ended != status:
        return f"status {ended} instead of {status}: {job.said()}"
    if time.monotonic() - begun > seconds:
        return f"took {time.monotonic() - begun:.1f} s: {job.said()}"
    return ""


def names_rank(job, pattern):
    return "" if re.search(pattern, job.said()) else f"no line like '{pattern}': {job.said()}"


def throw(campaign, number):
    ranks = [2, 3, 4][number % 3]
    point = POINTS[number // 3 % len(POINTS)]
    mode = campaign.random.choice(list(MODES)) if number >= 3 * len(POINTS) else "throw"
    # Of three ranks the last trains its trials alone, and a trial that fails costs itself alone.
    candidates = 2 if point == "trial" else ranks
    victim = 0 if point in ("save_write", "nudge", "trial_save") else campaign.random.randrange(candidates)
    step = {"plan": 0, "open": 0, "check": 0, "start": 0, "exact": "*", "nudge": "*", "trial": "*", "trial_save": "*",
            "epoch_end": "*", "evaluation": "*"}.get(point)
    if step is None:
        step = campaign.random.randrange(5, 15) if not point.startswith(("save", "snapshot")) else 10
    fault = {"SHOAL_FAULT": f"{point}:{victim}:{step}:{mode}"}
    run = f"run-{number}"
    if point.startswith("trial"):
        if mode == "error" and point == "trial_save":
            mode = fault["SHOAL_FAULT"] = "trial_save:0:*:throw"
        campaign.write("sweep.toml", SWEEP)
        job = campaign.start(["sweep", "sweep.toml", "--run", run], ranks, **fault)
    else:
        length = "train.steps=1000000" if point == "nudge" else "train.epochs=3"
        job = campaign.train(ranks, run, length, "model.batch_norm={running=\"exact\"}", **fault)
    with job:
        nudge = None
        if point == "nudge":
            if not job.wait_for("run directory") or not wait_until(lambda: campaign.has_run(run), 60):
                return "does not start: " + job.said()
            nudge = campaign.nudge(run, "optimizer.l2=1e-5")
        reached = job.wait_for("fault:")
        if nudge:
            nudge.kill()
            nudge.wait()
        if not reached:
            return "the point was not reached: " + job.said()
        mode = fault["SHOAL_FAULT"].rsplit(":", 1)[1]
        # What is foreseen, such as a bad row, is said of the data and not of the rank that met it.
        foreseen = mode == "error" and point in ("open", "check")
        rank = "" if foreseen else rf".* rank {victim}\b"
        return gone(campaign, job, 5, MODES[mode]) or names_rank(job, rf"shoal: error{rank}.*(fault|memory)")


def missing(campaign, job, victim):
    text = rf"shoal: error on rank \d+: waited \d+ s at step \d+ for rank {victim} \(process \d+ on [^)]*\), (which does not answer|still .* at step)"
    return gone(campaign, job, TIMEOUT + 5, 77) or names_rank(job, text)


def stop(campaign, number):
    ranks = [2, 3, 4][number % 3]
    with campaign.train(ranks, f"run-{number}", "train.steps=10000000", f"parallel.stall_timeout={TIMEOUT}") as job:
        if not job.wait_for("run directory"):
            return "does not start: " + job.said()
        time.sleep(campaign.random.random())
        victim = campaign.random.randrange(ranks)
        os.kill(job.ranks()[victim], signal.SIGSTOP)
        return missing(campaign, job, victim)


def hang(campaign, number):
    ranks = [2, 3, 4][number % 3]
    if number % 4 == 1:
        return hang_in_sweep(campaign, number, ranks)
    victim = campaign.random.randrange(ranks)
    point = campaign.random.choice(["forward", "backward", "reduce", "update"])
    fault = f"{point}:{victim}:{campaign.random.randrange(1, 200)}:{campaign.random.choice(['hang', 'spin'])}"
    with campaign.train(ranks, f"run-{number}", "train.steps=100000", f"parallel.stall_timeout={TIMEOUT}",
                        SHOAL_FAULT=fault) as job:
        if not job.wait_for("fault:"):
            return "the point was not reached: " + job.said()
        return missing(campaign, job, victim)


def hang_in_sweep(campaign, number, ranks):
    """Of the two ranks that train a trial together; nobody else knows how long a trial should take."""
    campaign.write("sweep.toml", SWEEP)
    victim = campaign.random.randrange(2)
    fault = f"{campaign.random.choice(['forward', 'update'])}:{victim}:3:{campaign.random.choice(['hang', 'spin'])}"
    with campaign.start(["sweep", "sweep.toml", "--run", f"run-{number}", "--set", f"parallel.stall_timeout={TIMEOUT}"],
                        ranks, SHOAL_FAULT=fault) as job:
        if not job.wait_for("fault:"):
            return "the point was not reached: " + job.said()
        return missing(campaign, job, victim)


def collectives(campaign, number):
    ranks = [2, 3, 4][number % 3]
    victim = campaign.random.randrange(ranks)
    kind = campaign.random.choice(["barrier", "broadcast", "count"])
    with campaign.train(ranks, f"run-{number}", "train.steps=100000", f"parallel.stall_timeout={TIMEOUT}",
                        SHOAL_FAULT=f"collective:{victim}:{campaign.random.randrange(1, 100)}:{kind}") as job:
        if not job.wait_for("fault:"):
            return "the point was not reached: " + job.said()
        return gone(campaign, job, 5, 70) or names_rank(job, rf"ranks call different collectives.*rank {victim} ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("how", choices=["throw", "stop", "hang", "collectives"])
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    for number in range(options.count):
        campaign.judge(f"{options.how} {number}", globals()[options.how](campaign, number))
        campaign.remove(f"run-{number}")
    raise SystemExit(0 if campaign.close(f"leave, {options.how}") else 1)


if __name__ == "__main__":
    main()
