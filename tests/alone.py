#!/usr/bin/env python3
"""Whether each source compiles by itself, without the others of its batch and without precompiled headers.

  alone.py BUILD      configured with SHOAL_UNITY=OFF and its sources generated; prints the first errors of each that does not
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys


def errors_of(entry):
    command = re.sub(r" -o \S+ ", " -fsyntax-only ", entry["command"], count=1)
    done = subprocess.run(command, shell=True, cwd=entry["directory"], capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error" in line][:3] if done.returncode else []


with open(os.path.join(sys.argv[1], "compile_commands.json")) as file:
    entries = [entry for entry in json.load(file) if os.path.exists(entry["file"])]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    found = list(pool.map(errors_of, entries))
for entry, errors in zip(entries, found):
    for error in errors:
        print(error)
wrong = sum(1 for errors in found if errors)
print(f"{len(entries)} sources, {wrong} of them do not compile alone")
sys.exit(1 if wrong or not entries else 0)
