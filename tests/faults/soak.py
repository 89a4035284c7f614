#!/usr/bin/env python3
"""Trains for a long time while the clock jumps back and forth by an hour, and looks at memory and open files.

    soak.py SHOAL [--minutes M] [--ranks N]

The clock that jumps is the calendar's (faketime moves it for the ranks, by a file that is rewritten every few seconds). Resident
memory after a fifth of the time is compared with the end: growth below 1 %, and as many open files. What is held or open
for a moment only, as during a save, is no growth: over a tenth of the time each, it is the median memory and the fewest files.
"""

import argparse
import glob
import os
import signal
import statistics
import sys
import time

from harness import Campaign


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def measure(job):
    return {rank: (resident_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))) for rank, pid in job.ranks().items()}


def usual(samples, rank):
    """Median resident memory in kB and fewest open files."""
    return statistics.median_low(sample[rank][0] for sample in samples), min(sample[rank][1] for sample in samples)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--ranks", type=int, default=2)
    options = parser.parse_args()
    campaign = Campaign(options.shoal, 1)
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library:
        sys.exit("soak.py: no libfaketime; install the package faketime")
    clock = campaign.path("clock")
    campaign.write("clock", "+0")
    jumps = 0
    with campaign.train(options.ranks, "run", "train.epochs=100000000", "checkpoint.every_epochs=40",
                        "checkpoint.every_steps=0", LD_PRELOAD=library[0], FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_CACHE_DURATION="1",
                        DONT_FAKE_MONOTONIC="1") as job:
        if not job.wait_for("run directory"):
            sys.exit("does not start: " + job.said())
        begun = time.monotonic()
        early, late = [], []
        while (share := (time.monotonic() - begun) / (60 * options.minutes)) < 1:
            campaign.write("clock", campaign.random.choice(["-3600", "+0", "+3600"]))
            jumps += 1
            time.sleep(3)
            if job.process.poll() is not None:
                sys.exit(f"ended with {job.process.returncode}: {job.said()[-2000:]}")
            if 0.2 <= share < 0.3:
                early.append(measure(job))
            elif share >= 0.9:
                late.append(measure(job))
        steps = campaign.saved_step("run")
        os.kill(job.process.pid, signal.SIGUSR1)
        status = job.wait(30)
    print(f"{options.minutes:g} minutes, {steps} steps, {jumps} jumps of the clock, status {status}")
    right = status == 75 and len(late[-1]) == options.ranks
    for rank in sorted(late[-1]):
        (kb, files), (kb_late, files_late) = usual(early, rank), usual(late, rank)
        growth = 100.0 * (kb_late / kb - 1.0)
        print(f"rank {rank}: {kb} kB, then {kb_late} kB ({growth:+.2f} %); open files {files}, then {files_late}")
        right = right and growth < 1.0 and files == files_late
    campaign.judge("soak", "" if right else "see above")
    raise SystemExit(0 if campaign.close("soak") else 1)


if __name__ == "__main__":
    main()
