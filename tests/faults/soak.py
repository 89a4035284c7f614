#!/usr/bin/env python3
"""Trains for a long time while the clock jumps back and forth by an hour, and looks at memory and open files.

    soak.py SHOAL [--minutes M] [--ranks N]

The clock that jumps is the calendar's (faketime moves it for the ranks, by a file that is rewritten every few seconds). Resident
memory after a fifth of the time is compared with the end: growth below 1 %, and as many open files.
"""

import argparse
import glob
import os
import sys
import time

from harness import Campaign, wait_until


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def measure(job):
    return {rank: (resident_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))) for rank, pid in job.ranks().items()}


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
    with campaign.train(options.ranks, "run", "train.epochs=100000000", "checkpoint.every_steps=200",
                        LD_PRELOAD=library[0], FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE="1",
                        DONT_FAKE_MONOTONIC="1") as job:
        if not job.wait_for("run directory"):
            sys.exit("does not start: " + job.said())
        begun = time.monotonic()
        first = None
        while time.monotonic() - begun < 60 * options.minutes:
            campaign.write("clock", campaign.random.choice(["-3600", "+0", "+3600"]))
            jumps += 1
            time.sleep(3)
            if job.process.poll() is not None:
                sys.exit(f"ended with {job.process.returncode}: {job.said()[-2000:]}")
            if first is None and time.monotonic() - begun >= 12 * options.minutes:
                first = measure(job)
        last = measure(job)
        steps = campaign.saved_step("run")
        os.kill(job.process.pid, 10)
        status = job.wait(30)
    print(f"{options.minutes:g} minutes, {steps} steps, {jumps} jumps of the clock, status {status}")
    right = status == 75
    for rank in sorted(last):
        growth = 100.0 * (last[rank][0] / first[rank][0] - 1.0)
        print(f"rank {rank}: {first[rank][0]} kB, then {last[rank][0]} kB ({growth:+.2f} %); "
              f"open files {first[rank][1]}, then {last[rank][1]}")
        right = right and growth < 1.0 and first[rank][1] == last[rank][1]
    campaign.judge("soak", "" if right else "see above")
    raise SystemExit(0 if campaign.close("soak") else 1)


if __name__ == "__main__":
    main()
