#!/usr/bin/env python3
"""kill -9 at random times, or in the midst of a save, and resume at another number of ranks.

    kill.py SHOAL WHO [--count N] [--seed S]        WHO: rank, save, launcher, all, mixed

  rank       a random rank dies at a random time: the rest must be gone within 10 s
  save       a rank dies at a random step before, in or after a save
  launcher   mpirun dies: no rank may be alive 5 s later
  all        every process of the job dies at once
  mixed      up to three times in one run: a rank dies, or mpirun gets TERM or USR1
SHOAL is the binary with fault points. Each run is then resumed at another number of ranks, and must end with the digest
of the uninterrupted run. It says how many steps were lost at most, and how often more than one interval between checkpoints
(5 steps): possible where a save is still being written, but rare, as training waits for saves that take longer than an
interval. More than two must never be lost.
"""

import argparse
import os
import signal
import time

from harness import Campaign, wait_until

STEPS = 400
SAVES = ("save_begin", "snapshot", "save_write", "save_end")
INTERVAL = 5


def steps_in(path):
    try:
        with open(path, encoding="utf-8") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def trial(campaign, who, number, ranks, later):
    run = f"run-{number}"
    steps = campaign.path(f"steps-{number}")
    fault = {"SHOAL_STEPS": steps}
    if who == "save":
        victim = campaign.random.randrange(ranks)
        point = campaign.random.choice(SAVES if victim == 0 else ("save_begin", "snapshot", "save_end"))
        done = campaign.random.randrange(STEPS // INTERVAL) * INTERVAL
        fault["SHOAL_FAULT"] = f"{point}:{victim}:{done}:kill"
    with campaign.train(ranks, run, f"train.steps={STEPS}", **fault) as job:
        if who == "save":
            if job.wait(60) in (None, 0):
                return f"{fault} does not end it"
        else:
            if not job.wait_for("run directory"):
                return "does not start: " + job.said()
            time.sleep(campaign.random.random() * campaign.seconds)
            processes = job.processes()
            pids = sorted(pid for pid, rank in processes.items() if rank is not None)
            if not pids:
                return "" if job.wait(10) == 0 else "no rank: " + job.said()  # it was faster
            if who == "rank":
                kill([campaign.random.choice(pids)])
            elif who == "launcher":
                kill([job.process.pid])
            else:
                kill(processes)
        if not wait_until(lambda: not job.ranks(), 5 if who != "rank" else 10, 0.1):
            return f"ranks are alive: {job.ranks()}"
        job.wait(10)
    lost = steps_in(steps) - max(0, campaign.saved_step(run))
    if lost < 0:
        return f"{-lost} steps more are saved than were trained, or {campaign.shoal} has no fault points"
    campaign.worst("most steps lost", lost)
    campaign.count("lost more than one interval", lost > INTERVAL)
    if lost > 2 * INTERVAL:
        return f"{lost} steps lost"
    wrong = campaign.finish(run, later, f"train.steps={STEPS}")
    if not wrong and campaign.digest(run) != campaign.expected:
        wrong = f"digest {campaign.digest(run)}, expected {campaign.expected}"
    campaign.remove(run)
    return wrong


def mixed(campaign, number, ranks):
    """A run that is stopped again and again."""
    run = f"run-{number}"
    for _ in range(3):
        with campaign.train(ranks, run, f"train.steps={STEPS}", resume=True) as job:
            if not (job.wait_for("run directory") or "is finished" in job.said()):
                return "does not start: " + job.said()
            time.sleep(campaign.random.random() * campaign.seconds)
            how = campaign.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
            pids = sorted(job.ranks().values())
            if how == signal.SIGKILL:
                kill([campaign.random.choice(pids)] if pids else [])
            elif job.process.poll() is None:
                os.kill(job.process.pid, how)
            if job.wait(20) is None or not job.all_gone():
                return f"{how.name}: left behind: {job.processes()}: {job.said()}"
        ranks = campaign.random.randrange(1, 5)
    wrong = campaign.finish(run, ranks, f"train.steps={STEPS}")
    if not wrong and campaign.digest(run) != campaign.expected:
        wrong = f"digest {campaign.digest(run)}, expected {campaign.expected}"
    campaign.remove(run)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("who", choices=["rank", "save", "launcher", "all", "mixed"])
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, options.seed)
    campaign.uninterrupted(f"train.steps={STEPS}")
    for number in range(options.count):
        ranks = [2, 4, 1][number % 3] if options.who == "rank" else [2, 3, 4][number % 3]
        later = campaign.random.choice([r for r in (1, 2, 3, 4) if r != ranks])
        campaign.judge(f"{options.who} {number}, np {ranks} then {later}",
                       mixed(campaign, number, ranks) if options.who == "mixed"
                       else trial(campaign, options.who, number, ranks, later))
    raise SystemExit(0 if campaign.close(f"kill -9, {options.who}") else 1)


if __name__ == "__main__":
    main()
