#!/usr/bin/env python3
"""CSV of numbers: shoal import csv against pandas.read_csv (C engine) and pyarrow.csv, in alternation.

  csv_speed.py SHOAL FOLDER [MEGABYTES [ROUNDS]]

Makes FOLDER/numbers.csv of random normal numbers, 50 columns, once. Each program reads it in a process of its own; what
counts is the time of reading alone for pandas and pyarrow (imports are left out) and the whole command for shoal, which
also writes the data set. Prints seconds (and, on a machine that others use as well, what tells more: those of processor
time), the medians' ratios, and the greatest resident memory of shoal in MB.
Needs pandas and pyarrow.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

shoal, folder = sys.argv[1], pathlib.Path(sys.argv[2])
megabytes = int(sys.argv[3]) if len(sys.argv) > 3 else 200
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
table, out = folder / "numbers.csv", folder / "numbers.h5"

if not table.exists() or abs(table.stat().st_size / 1e6 - megabytes) > 0.1 * megabytes:
    import numpy as np
    rng = np.random.default_rng(1)
    with open(table, "w") as file:
        file.write(",".join(f"f{i}" for i in range(50)) + "\n")
        while file.tell() < megabytes * 1e6:
            for row in rng.normal(size=(2000, 50)).tolist():
                file.write(",".join(map(repr, row)) + "\n")
with open(table, "rb", buffering=0) as file:  # into the page cache; in pieces, as children inherit the peak of memory
    while file.read(1 << 20):
        pass


def of_python(load, read):
    code = (f"import time\n{load}\nwall, cpu = time.perf_counter(), time.process_time()\n{read}\n"
            "print(time.perf_counter() - wall, time.process_time() - cpu)")

    def run():
        text = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        return tuple(map(float, text.stdout.split()))
    return run


def of_shoal():
    out.unlink(missing_ok=True)
    start = time.perf_counter()
    process = subprocess.Popen([shoal, "import", "csv", str(table), "-o", str(out)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit("shoal failed")
    of_shoal.memory = max(of_shoal.memory, usage.ru_maxrss / 1024)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


of_shoal.memory = 0.0
programs = {
    "shoal": of_shoal,
    "pandas": of_python("import pandas", f"pandas.read_csv({str(table)!r}, engine='c')"),
    "pyarrow": of_python("import pyarrow.csv", f"pyarrow.csv.read_csv({str(table)!r})"),
}
seconds = {name: [] for name in programs}
for _ in range(rounds):
    for name, program in programs.items():
        seconds[name].append(program())
for kind, of in ("wall", 0), ("processor", 1):
    for name, values in seconds.items():
        times = [v[of] for v in values]
        print(f"{kind:9} {name:8}", " ".join(f"{t:6.2f}" for t in times), f"  median {statistics.median(times):.2f} s")
    for other in ("pandas", "pyarrow"):
        ratios = [o[of] / s[of] for o, s in zip(seconds[other], seconds["shoal"])]
        print(f"{kind:9} {other} / shoal: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
print(f"memory of shoal: {of_shoal.memory:.0f} MB")
