#!/usr/bin/env python3
"""Finds types of one name that differ between units of the library and program (undefined behaviour that no compiler
sees in one unit): g++ compares them when it links for link-time optimisation. Without optimisation, and linked to one
object, so that only reading and comparing take time: some minutes of one core. tests/layering_test.py finds most of
them by reading, at once.

Usage: tests/odr.py FOLDER   with a compile_commands.json; what goes to its folder src/ is compared
"""
import concurrent.futures
import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile


def compile_for_linking(entry, out):
    """Leaves the object in `out`; returns what the compiler had to say, empty if all went well."""
    words = shlex.split(entry["command"])
    del words[words.index("-o"):words.index("-o") + 2]
    words = [word for word in words if word != "-Werror" and not word.startswith("-O")]
    # -w: a precompiled header was made with other options, and is passed over.
    command = words + ["-O0", "-flto", "-w", "-o", out]
    ran = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True)
    return "" if ran.returncode == 0 else f"{entry['file']}: {ran.stderr}"


def main(folder):
    with open(os.path.join(folder, "compile_commands.json")) as file:
        # Tests compile some units once more, with other macros, and one that stands in for others; so does libshoal_infer.
        entries = [entry for entry in json.load(file)
                   if " -o src/" in entry["command"] and " -o src/infer/c/" not in entry["command"]]
    if not entries:
        return f"no units in {folder}"
    with tempfile.TemporaryDirectory() as objects, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outs = [os.path.join(objects, f"{i}.o") for i in range(len(entries))]
        failed = [said for said in pool.map(compile_for_linking, entries, outs) if said]
        if failed:
            return "\n".join(failed)
        compiler = itertools.takewhile(lambda word: not word.startswith("-"), shlex.split(entries[0]["command"]))
        # In one part: g++ 12 ends with an internal error where it deals some of our symbols to several.
        linked = subprocess.run([*compiler, "-O0", "-flto", "-flto-partition=none", "-Wodr", "-Werror=odr", "-r",
                                 "-flinker-output=nolto-rel", *outs, "-o", os.path.join(objects, "all.o")],
                                capture_output=True, text=True)
        if linked.returncode != 0:
            return linked.stderr
    print(f"{len(entries)} units, each type the same in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
