#!/usr/bin/env python3
"""Ranks that are slow but sound: nobody gives them up, and a job that was told to stop ends with its checkpoint.

    patient.py SHOAL SLOW [--count N] [--seed S] [--only HOW...]
                SHOAL is the binary with fault points, SLOW the library of slow.cpp

  save      a checkpoint takes long where no datagram gets through: 75 at USR1, and a warning before
  stop      a checkpoint takes long after TERM: 75
  diverge   the run diverges while a checkpoint is being written: 76
  sweep     TERM while one rank has nothing to do and the other saves its trial: 75
  pause     SIGSTOP and SIGCONT within a moment, as cpulimit sends them: the run goes on
  announce  mpirun's own SIGCONT, long before its TERM: the run stops
  silent    TERM while a rank is stopped: 77, naming it, long before parallel.stall_timeout
"""

import argparse
import glob
import os
import re
import signal
import time

from harness import Campaign, wait_until

ENDLESS = ("train.steps=100000000", "checkpoint.every_steps=0", "checkpoint.every_epochs=0",
           "train.evaluate_every=100000000", "train.log_every=1000")
HOW = ("save", "stop", "diverge", "sweep", "pause", "announce", "silent")
SWEEP = """
data.file = "digits.h5"
model.hidden = [16]
train.evaluate_every = 10000000
[sweep]
trials = 2
search = "grid"
[sweep.space]
"train.epochs" = {choices = [1, 100000000]}
"""


class Slow:
    """A campaign's jobs under the library."""

    def __init__(self, campaign, library):
        self.campaign = campaign
        self.mark = campaign.path("slow")
        linked = campaign.path("preload.so")  # LD_PRELOAD ends a path at a space
        os.symlink(os.path.abspath(library), linked)
        self.variables = {"LD_PRELOAD": linked, "SHOAL_SLOW": self.mark,
                          "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}

    def begin(self):
        self.campaign.write("slow", "")

    def end(self):
        if os.path.exists(self.mark):
            os.remove(self.mark)

    def train(self, ranks, run, *settings, **variables):
        return self.campaign.train(ranks, run, *settings, **self.variables, **variables)


def tell(pids, number):
    for pid in pids:
        os.kill(pid, number)


def started(campaign, job, run):
    latest = campaign.path(run, "checkpoints", "latest")
    return wait_until(lambda: os.path.lexists(latest) or job.process.poll() is not None, 60) and job.process.poll() is None


def ends(job, status, pattern=""):
    ended = job.wait(60)
    if ended != status:
        return f"status {ended} instead of {status}: {job.said()}"
    if not job.all_gone():
        return f"left behind: {job.processes()}"
    return "" if re.search(pattern, job.said()) else f"no '{pattern}': {job.said()}"


def stopped(slow, ranks, run, number, *settings, **variables):
    """Tells all ranks to stop; the checkpoint of that takes long."""
    with slow.train(ranks, run, *ENDLESS, *settings, **variables) as job:
        if not started(slow.campaign, job, run):
            return "does not start: " + job.said()
        if variables and not job.wait_for("not answer datagrams"):
            return "no warning: " + job.said()
        slow.begin()
        tell(job.ranks().values(), number)
        wrong = ends(job, 75, "the last good checkpoint is .*step-0*[1-9]")
        return wrong or ("" if slow.campaign.saved_step(run) > 0 else "the checkpoint is not sound")


def save(slow, ranks, run):
    return stopped(slow, ranks, run, signal.SIGUSR1, "parallel.stall_timeout=2", SHOAL_NO_DATAGRAMS="1")


def stop(slow, ranks, run):
    return stopped(slow, ranks, run, signal.SIGTERM)


def diverge(slow, ranks, run):
    slow.begin()
    with slow.train(ranks, run, *ENDLESS, "parallel.stall_timeout=2", "checkpoint.every_steps=200",
                    SHOAL_FAULT="gradient:0:201:nan") as job:
        return ends(job, 76, "the last good checkpoint is .*step-00000200")


def sweep(slow, ranks, run):
    slow.campaign.write("sweep.toml", SWEEP)
    with slow.campaign.start(["sweep", "sweep.toml", "--run", run], ranks, **slow.variables) as job:
        ended = lambda: any(os.path.getsize(path) for path in glob.glob(slow.campaign.path(run, "**", "*.jsonl"),
                                                                      recursive=True))
        if not wait_until(lambda: ended() or job.process.poll() is not None, 60):
            return "the short trial does not end: " + job.said()
        slow.begin()
        tell(job.ranks().values(), signal.SIGTERM)
        return ends(job, 75, "stopped by SIGTERM")


def pause(slow, ranks, run):
    with slow.train(ranks, run, *ENDLESS) as job:
        if not started(slow.campaign, job, run):
            return "does not start: " + job.said()
        tell(job.ranks().values(), signal.SIGSTOP)
        time.sleep(0.3)
        tell(job.ranks().values(), signal.SIGCONT)
        time.sleep(1)
        tell([job.process.pid], signal.SIGUSR1)
        return ends(job, 75, "stopped by SIGUSR1")


def announce(slow, ranks, run):
    with slow.train(ranks, run, *ENDLESS, OMPI_MCA_odls_base_sigkill_timeout="100") as job:
        if not started(slow.campaign, job, run):
            return "does not start: " + job.said()
        tell([job.process.pid], signal.SIGTERM)
        if not wait_until(lambda: not job.ranks(), 60):  # mpirun itself waits on, and passes no word on meanwhile
            return f"alive: {job.processes()}"
    return "" if slow.campaign.saved_step(run) > 0 else "no checkpoint"


def silent(slow, ranks, run):
    with slow.train(ranks, run, *ENDLESS) as job:
        if not started(slow.campaign, job, run):
            return "does not start: " + job.said()
        pids = job.ranks()
        victim = pids.pop(slow.campaign.random.randrange(ranks))
        tell([victim], signal.SIGSTOP)
        tell(pids.values(), signal.SIGTERM)
        return ends(job, 77, rf"waited \d+ s at step \d+ for rank \d \(process {victim} on [^)]*\), which does not answer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("slow")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=HOW)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    slow = Slow(campaign, options.slow)
    for number in range(options.count):
        for how in options.only or HOW:
            run = f"{how}-{number}"
            ranks = 2 if how == "sweep" else [2, 3, 4][number % 3]
            campaign.judge(f"{run}, np {ranks}", globals()[how](slow, ranks, run))
            slow.end()
            campaign.remove(run)
    raise SystemExit(0 if campaign.close("patience with slow ranks") else 1)


if __name__ == "__main__":
    main()
