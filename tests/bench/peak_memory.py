#!/usr/bin/env python3
"""Greatest memory of a command's child processes together: peak_memory.py COMMAND...

Adds up, many times a second, the proportional set size (PSS) of all descendants of COMMAND, which itself is left out:
with mpirun or a script that starts ranks these are the ranks. PSS counts a page that n processes share 1/n each, so
that shared memory and libraries count once. Prints `peak_mb X processes N` behind what the command prints.
"""
import os
import subprocess
import sys
import time


def children_of(parents):
    """Every process: (pid, its parent)."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    found.append((int(name), int(f.read().rsplit(")", 1)[1].split()[1])))
            except OSError:
                pass
    family = set(parents)
    grown = True
    while grown:
        grown = False
        for pid, parent in found:
            if parent in family and pid not in family:
                family.add(pid)
                grown = True
    return family - set(parents)


def pss_kb(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def main():
    command = subprocess.Popen(sys.argv[1:])
    peak, processes = 0, 0
    while command.poll() is None:
        family = children_of([command.pid])
        total = sum(pss_kb(pid) for pid in family)
        if total > peak:
            peak, processes = total, len(family)
        time.sleep(0.02)
    print(f"peak_mb {peak / 1024:.1f} processes {processes}")
    return command.returncode


if __name__ == "__main__":
    sys.exit(main())
