#!/usr/bin/env python3
"""The node of a Slurm job is cut off, and Slurm queues the job again: it must finish elsewhere with the digest of the
uninterrupted run, and the old ranks, which go on training on the cut node with the file system still there, must write
nothing from then on. The run is made long enough for this machine at this time; a trial in which the cut node finishes the
run before the job starts again is counted apart and made again.

    requeue.py SHOAL [--count N] [--seed S] [--seconds T]   as root, with slurm-wlm and munge: tests/cluster makes hosts and Slurm
"""

import argparse
import json
import os
import random
import re
import subprocess
import time

from harness import MARK, REPOSITORY, Campaign, Job, wait_until

NAME = "requeue"
ENVIRONMENT = dict(os.environ, HOSTS=NAME, CPUS="2", SLURMD_TIMEOUT="6", SLURM_CONF=f"/tmp/slurm-{NAME}/slurm.conf")


def script(name, *arguments):
    subprocess.run([f"{REPOSITORY}/tests/cluster/{name}", *arguments], env=ENVIRONMENT, check=True)


def slurm(*command):
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False).stdout.strip()


def steps_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["step"] for line in file if '"learning_rate"' in line]


def both_idle():
    """A node that comes back may be drained: the step that it was cut off with could not be ended in time."""
    def idle():
        states = slurm("sinfo", "-h", "-N", "-o", "%t").split()
        if any(state.startswith("drain") for state in states):
            slurm("scontrol", "update", f"nodename={NAME}[1-2]", "state=resume")
        return states == ["idle", "idle"]
    if not wait_until(idle, 120, 0.5):
        raise SystemExit("requeue.py: the nodes do not come back: " + slurm("sinfo", "-N", "-l"))


def settings_of(steps):
    return (f"train.steps={steps}", "checkpoint.every_steps=20")


def steps_in(campaign, seconds):
    """How many a run takes in so long, while the machine is as busy as now."""
    with campaign.train(2, "pace", "train.max_seconds=5", "train.epochs=100000000", "checkpoint.every_steps=20") as job:
        assert job.wait(60) == 75, job.said()
    steps = campaign.saved_step("pace")
    campaign.remove("pace")
    return int(steps * seconds / 5)


def trial(campaign, number, steps):
    """What went wrong, "" for nothing, None where the cut node was faster than Slurm."""
    settings = [word for setting in settings_of(steps) for word in ("--set", setting)]
    mark = f"{NAME}-{number}-{os.getpid()}"
    submitted = subprocess.run(
        ["sbatch", "--parsable", "-N1", "-n2", f"--output={campaign.path('log-%j')}", f"--export=ALL,SHOAL={campaign.shoal},{MARK}={mark}",
         f"{REPOSITORY}/launch/slurm.sbatch", "net.toml", *settings],
        cwd=campaign.folder, env=dict(ENVIRONMENT, OMP_NUM_THREADS="1"), capture_output=True, text=True, check=True)
    job = submitted.stdout.strip()
    run = campaign.path("runs", f"slurm-{job}")
    log = campaign.path(f"log-{job}")

    def said():
        return open(log, encoding="utf-8").read() if os.path.exists(log) else ""

    try:
        if not wait_until(lambda: os.path.exists(f"{run}/checkpoints/latest") and campaign.saved_step(run) > 0, 60, 0.2):
            return "does not start: " + said() + slurm("squeue")
        time.sleep(campaign.random.random())
        node = slurm("squeue", "-h", "-j", job, "-o", "%N")
        script("hosts.sh", "cut", node.removeprefix(NAME))
        reached = campaign.saved_step(run)
        try:
            if not wait_until(lambda: "SLURM_RESTART_COUNT=1" in slurm("scontrol", "show", "job", job) or
                              re.search(r"Restarts=[1-9]", slurm("scontrol", "show", "job", job)), 60, 0.5):
                return "was not queued again: " + slurm("scontrol", "show", "job", job)
            if not wait_until(lambda: f"finished after step {steps}" in said() or not slurm("squeue", "-h", "-j", job), 300, 0.5):
                return "does not finish: " + said() + slurm("squeue")
        finally:
            script("hosts.sh", "heal", node.removeprefix(NAME))
        if "going on after step" not in said():
            campaign.faster += 1
            return None
        lines = steps_of(f"{run}/metrics.jsonl")
        if lines != list(range(1, steps + 1)):
            return f"{len(lines)} lines of metrics, not each step once; cut after step {reached}: {said()}"
        digest = campaign.inspect(os.path.join("runs", f"slurm-{job}"))["digest"]
        return "" if digest == campaign.expected else f"digest {digest}, expected {campaign.expected}: {said()}"
    finally:
        slurm("scancel", job)
        both_idle()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=90, help="of a run; Slurm needs some 40 to give up a node and to start the job again")
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    campaign.faster = 0
    steps = steps_in(campaign, options.seconds)
    campaign.uninterrupted(*settings_of(steps))
    script("hosts.sh", "up", "2")
    try:
        script("slurm.sh", "up", "--hosts")
        for number in range(3 * options.count):
            if campaign.tried == options.count:
                break
            wrong = trial(campaign, number, steps)
            if wrong is not None:
                campaign.judge(f"requeue {number}", wrong)
    finally:
        script("slurm.sh", "down")
        script("hosts.sh", "down")
    campaign.numbers["made again, cut node was faster"] = campaign.faster
    raise SystemExit(0 if campaign.close("Slurm: node cut off, job queued again") else 1)


if __name__ == "__main__":
    main()
