#!/usr/bin/env python3
"""The link between two hosts is cut during a run: the ranks of both must leave with 77 by themselves, naming those of the
other host, within parallel.stall_timeout + 5 s. mpirun 4.1 itself hangs then, and is ended by the test.

    cut.py SHOAL [--count N] [--seed S]       as root: tests/cluster/hosts.sh makes the hosts
"""

import argparse
import os
import re
import subprocess
import time

from harness import REPOSITORY, Campaign, wait_until

TIMEOUT = 4.0
HOSTS = os.path.join(REPOSITORY, "tests/cluster/hosts.sh")
NAME = {"HOSTS": "cut"}

# Notes how a rank ends, which mpirun does not say when it hangs itself.
RANK = """#!/usr/bin/env bash
"$@"
echo $? > "$STATUS_FOLDER/status-$OMPI_COMM_WORLD_RANK"
"""


def hosts(*arguments):
    subprocess.run([HOSTS, *arguments], env=dict(os.environ, **NAME), check=True)


def trial(campaign, number):
    ranks = [2, 4][number % 2]
    folder = campaign.path(f"status-{number}")
    os.mkdir(folder)
    arguments = "-x SHOAL_TEST_JOB -x STATUS_FOLDER -x OMP_NUM_THREADS"
    launcher = [HOSTS, "run", str(ranks), campaign.path("rank.sh")]
    with campaign.train(ranks, f"run-{number}", "train.steps=10000000", "checkpoint.every_steps=1000",
                        f"parallel.stall_timeout={TIMEOUT}", launcher=launcher, MPIARGS=arguments, STATUS_FOLDER=folder,
                        **NAME) as job:
        if not job.wait_for("run directory"):
            return f"does not start: {job.processes()}: {job.said()}"
        time.sleep(campaign.random.random())
        if len(job.ranks()) != ranks:
            return f"not {ranks} ranks: {job.processes()}: {job.said()}"
        hosts("cut", "2")
        begun = time.monotonic()
        try:
            left = wait_until(lambda: not job.ranks(), TIMEOUT + 5, 0.05)
            campaign.worst("slowest s", time.monotonic() - begun)
            if not left:
                return f"alive: {job.ranks()}: {job.said()}"
            wait_until(lambda: len(os.listdir(folder)) == ranks, 1)
        finally:
            hosts("heal", "2")
        statuses = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                statuses[name] = file.read().strip()
        # On the host of mpirun, the first rank that leaves makes mpirun kill the other.
        if set(statuses.values()) - {"77", "137", "143"} or "77" not in statuses.values():
            return f"statuses {statuses}: {job.said()}"
        other = r"rank \d+ \(process \d+ on cut2\)"
        if not re.search(rf"waited \d+ s at step \d+ for {other}.*not answer", job.said()):
            return "no line that names the ranks of the other host: " + job.said()
    campaign.remove(f"run-{number}")
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    campaign.write("rank.sh", RANK)
    os.chmod(campaign.path("rank.sh"), 0o755)
    for number in range(options.count):
        hosts("up", "2")
        try:
            campaign.judge(f"cut {number}", trial(campaign, number))
        finally:
            hosts("down")
    raise SystemExit(0 if campaign.close("link cut between two hosts") else 1)


if __name__ == "__main__":
    main()
