#!/usr/bin/env python3
"""Runs the commands of README.md, in order, in one shell, in a folder with what a clone has; then its C++ programs there.

readme_test.py SOURCE FOLDER SHOAL [PROGRAM...]

Fails at the first command that fails, and where README.md shows a digest that no command printed.
"""
import os
import pathlib
import shutil
import subprocess
import sys

from readme_blocks import blocks, digests


def script(text):
    """The blocks as one script in which every command has the line number that it has in the text."""
    lines = []
    for line, code in blocks(text, "sh"):
        lines += [""] * (line - 1 - len(lines))
        lines += code.rstrip("\n").split("\n")
    # On line 1, before any block. Programs that a block leaves running end with the script.
    lines[0] = (
        "set -eEuo pipefail; trap 'echo \"README.md:$LINENO: status $?: $BASH_COMMAND\" >&2' ERR; "
        "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
    )
    return "\n".join(lines) + "\n"


def run(command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with status {done.returncode}")
    return done.stdout


def main():
    source, folder, shoal = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    programs = [str(pathlib.Path(program).resolve()) for program in sys.argv[4:]]
    text = (source / "README.md").read_text()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("data", "launch"):
        shutil.copytree(source / name, folder / name)
    (folder / "README.sh").write_text(script(text))

    environment = dict(os.environ)
    environment["PATH"] = f"{shoal.parent}:{environment['PATH']}"
    output = run(["bash", "README.sh"], folder, environment)
    for digest in digests(text):
        if digest not in output:
            sys.exit(f"README.md shows {digest}, and no command printed it")
    for program in programs:
        run([program], folder, environment)
    print(f"{len(blocks(text, 'sh'))} blocks of commands, {len(programs)} programs, {len(digests(text))} digests")


main()
