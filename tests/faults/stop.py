#!/usr/bin/env python3
"""SIGUSR1 at random times, from the start of a run to its end: 75, and the same digest after resuming.

    stop.py SHOAL [--count N] [--seed S] [--srun]

--srun starts the ranks by srun, in whose cluster this runs (tests/cluster/slurm.sh), and sends the signal by scancel. A signal
that comes before the launcher itself is ready for it ends the launcher, and some runs end before the signal: such trials are
counted apart and made again.
"""

import argparse
import os
import signal
import subprocess
import time

from harness import Campaign, wait_until

STEPS = 400
SETTINGS = (f"train.steps={STEPS}", "checkpoint.every_steps=50")


def trial(campaign, number, ranks, later, srun):
    """What went wrong, "" for nothing, None where the signal came too early or too late."""
    run = f"run-{number}"
    wait_s = campaign.random.uniform(0.0, campaign.seconds)
    launcher = ["srun", "--mpi=pmix", "-O", f"-n{ranks}"] if srun else None
    with campaign.train(ranks, run, *SETTINGS, launcher=launcher) as job:
        if srun:
            if not wait_until(lambda: job.ranks() or job.process.poll() is not None, 30):
                return "no rank starts: " + job.said()
            time.sleep(wait_s / 2)
            steps = subprocess.run(["squeue", "-h", "-s", "-o", "%i"], capture_output=True, text=True).stdout.split()
            for step in steps:
                subprocess.run(["scancel", "-s", "USR1", step], capture_output=True)
        else:
            time.sleep(wait_s)
            if job.process.poll() is None:
                os.kill(job.process.pid, signal.SIGUSR1)
        status = job.wait(60)
        if status == 0:
            campaign.faster += 1
            campaign.remove(run)
            return None
        elif status == -signal.SIGUSR1 or (status not in (75, None) and not job.wait_for("run directory", 0)):
            campaign.too_early += 1
            campaign.remove(run)
            return None
        elif status != 75:
            return f"status {status}: {job.said()}"
        if not job.all_gone(5):
            return f"left behind: {job.processes()}"
    wrong = campaign.finish(run, later, *SETTINGS)
    if wrong:
        return wrong
    digest = campaign.digest(run)
    campaign.remove(run)
    return "" if digest == campaign.expected else f"digest {digest}, expected {campaign.expected}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--srun", action="store_true")
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    campaign.faster = campaign.too_early = 0
    campaign.uninterrupted(*SETTINGS)
    number = 0
    while campaign.tried < options.count and number < 5 * options.count:
        ranks = [2, 3, 1, 4][number % 4] if not options.srun else 2
        later = campaign.random.choice([1, 2, 3, 4])
        wrong = trial(campaign, number, ranks, later, options.srun)
        if wrong is not None:
            campaign.judge(f"USR1 {number}, np {ranks} then {later}", wrong)
        number += 1
    campaign.numbers["made again, run was faster"] = campaign.faster
    campaign.numbers["made again, launcher not ready"] = campaign.too_early
    raise SystemExit(0 if campaign.close("SIGUSR1 under " + ("srun" if options.srun else "mpirun")) else 1)


if __name__ == "__main__":
    main()
