#!/usr/bin/env python3
"""Wrong numbers on one rank. SHOAL is the binary with fault points.

    spoil.py SHOAL [--count N] [--seed S] [--only sample|gradient|parameters|sweep|flip]

In turn: a NaN in one sample, one gradient, one parameter of one rank: all ranks stop at one step with 76, and the last
checkpoint is finite. A NaN in a trial of a sweep: that trial fails, the others do not. One flipped bit of a parameter or of
a running average on one rank: the drift alarm, 70, naming the rank; the last checkpoint is one on which all agreed. A flip in
parameters that are just being received has no effect: the digest must be that of the run without it.
"""

import argparse
import re

import h5py
import numpy

from harness import Campaign

KINDS = ["sample", "gradient", "parameters", "sweep", "flip"]
SWEEP = """
data.file = "digits.h5"
model.hidden = [16]
train.epochs = 1
[sweep]
trials = 6
[sweep.space]
"optimizer.learning_rate" = {scale = "log", min = 1e-3, max = 1e-1}
"""


def is_finite(path):
    wrong = []

    def look(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and not numpy.isfinite(item[()]).all():
            wrong.append(name)

    with h5py.File(path) as file:
        file.visititems(look)
    return not wrong


def nan(campaign, run, ranks, what):
    victim = campaign.random.randrange(ranks)
    step = 50 * campaign.random.randrange(3) + campaign.random.randrange(3, 40)  # no save, which looks as well, is near
    with campaign.train(ranks, run, "train.epochs=15", "checkpoint.every_steps=50", "checkpoint.every_epochs=0",
                        SHOAL_FAULT=f"{what}:{victim}:{step}:nan") as job:
        status = job.wait(60)
        said = job.said()
    if status != 76:
        return f"NaN in a {what} of step {step}: status {status}: {said}"
    errors = re.findall(r"shoal: error.*", said)
    if len(errors) != 1 or "the last good checkpoint is" not in errors[0]:
        return f"not one line that names the last good checkpoint: {said}"
    found = int(re.search(r"step (\d+)", errors[0]).group(1))
    campaign.worst("steps until a NaN is noticed", found - step)
    if found - step > 1:  # the loss of the next step knows of any wrong parameter
        return f"NaN in a {what} of step {step}, noticed in step {found}"
    return "" if is_finite(campaign.path(run, "checkpoints", "latest")) else "the last checkpoint is not finite"


def trial_of_sweep(campaign, run, ranks):
    campaign.write("sweep.toml", SWEEP)
    what = campaign.random.choice(["sample", "gradient", "parameters"])
    victim = campaign.random.randrange(ranks)
    with campaign.start(["sweep", "sweep.toml", "--run", run], ranks, SHOAL_FAULT=f"{what}:{victim}:5:nan") as job:
        status = job.wait(120)
        if status != 0:
            return f"the sweep ends with {status}: {job.said()}"
        spoiled = "fault:" in job.said()
    with open(campaign.path(run, "sweep.jsonl"), encoding="utf-8") as file:
        failed = sum("not finite" in line or "nan" in line for line in file)
    if spoiled and failed != 1:
        return f"{failed} trials failed, 1 was spoiled"
    return "" if spoiled else "no trial was spoiled"


def flip(campaign, run, ranks, launcher):
    victim = campaign.random.randrange(ranks)
    what = campaign.random.choice(["parameters", "statistics"])
    step = campaign.random.randrange(3, 40)
    every = 1 if what == "parameters" else 10  # each step hands parameters round anew, and a flipped one lasts until then
    with campaign.train(ranks, run, "train.epochs=20", f"parallel.check_every={every}", "checkpoint.every_steps=7",
                        launcher=launcher, SHOAL_FAULT=f"{what}:{victim}:{step}:flip", **campaign.apart) as job:
        status = job.wait(60)
        said = job.said()
    if status == 0 and what == "parameters" and campaign.digest(run) == campaign.expected:
        campaign.replaced += 1
        return ""
    if status != 70:
        return f"flipped in {what}: status {status}: {said}"
    other = ranks > 2 or victim == 1  # with two ranks it is rank 0 that is believed
    named = rf"drift after step \d+: .*rank{'s' if ranks < 2 else ''}" if not other else rf"drift after step \d+: of {ranks} ranks, {victim} has"
    if not re.search(named, said) or "the last good checkpoint is" not in said:
        return f"no line that names the rank and the last good checkpoint: {said}"
    found = int(re.search(r"drift after step (\d+)", said).group(1))
    campaign.worst("steps until a flip is noticed", found - step)
    saved = campaign.saved_step(run)
    return "" if saved < step else f"flipped in step {step}, and a checkpoint of step {saved}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    campaign.apart = {"SHOAL_WINDOWS": "off"}  # else the ranks of a host have one copy, and it cannot drift
    campaign.replaced = 0
    campaign.uninterrupted("train.epochs=20")
    for number in range(options.count):
        run = f"run-{number}"
        ranks = [2, 3, 4][number // 5 % 3]
        kind = options.only or KINDS[number % 5]
        if kind == "sweep":
            wrong = trial_of_sweep(campaign, run, ranks)
        elif kind == "flip":
            wrong = flip(campaign, run, ranks, None)
        else:
            wrong = nan(campaign, run, ranks, kind)
        campaign.judge(f"{kind} {number}, np {ranks}", wrong)
        campaign.remove(run)
    campaign.numbers["flips replaced by messages under way"] = campaign.replaced
    raise SystemExit(0 if campaign.close("wrong numbers") else 1)


if __name__ == "__main__":
    main()
