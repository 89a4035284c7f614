#!/usr/bin/env python3
"""Runs the commands of a README, in order, in one shell, in a folder with what a clone has; then its C++ programs there.

readme_test.py SOURCE README FOLDER SHOAL [PROGRAM...]      README: relative to SOURCE

Fails at the first command that fails, where the README shows a digest that no command printed or points to a file that is not
there, and where that of the root is too long for a newcomer.
"""
import os
import pathlib
import shutil
import subprocess
import sys

from readme_blocks import blocks, digests, links

MOST_BYTES = {"README.md": 12288}


def script(name, text):
    """The blocks as one script in which every command has the line number that it has in the text."""
    lines = [""]
    for line, code in blocks(text, "sh"):
        lines += [""] * (line - 1 - len(lines))
        lines += code.rstrip("\n").split("\n")
    # On line 1, before any block. Programs that a block leaves running end with the script.
    lines[0] = (
        f"set -eEuo pipefail; trap 'echo \"{name}:$LINENO: status $?: $BASH_COMMAND\" >&2' ERR; "
        "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
    )
    return "\n".join(lines) + "\n"


def run(command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with status {done.returncode}")
    return done.stdout


def check_text(source, name, text):
    size = len(text.encode())
    if size > MOST_BYTES.get(name, size):
        sys.exit(f"{name} has {size} bytes, and {MOST_BYTES[name]} at most; move what a newcomer does not need")
    for link in links(text):
        if not (source / name).parent.joinpath(link).exists():
            sys.exit(f"{name} points to {link}, which is not there")


def main():
    source, name = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    folder, shoal = (pathlib.Path(argument).resolve() for argument in sys.argv[3:5])
    programs = [str(pathlib.Path(program).resolve()) for program in sys.argv[5:]]
    text = (source / name).read_text()
    check_text(source, name, text)

    shutil.rmtree(folder, ignore_errors=True)
    (folder / "build").mkdir(parents=True)
    for part in ("data", "launch"):
        shutil.copytree(source / part, folder / part)
    (folder / "tests").symlink_to(source / "tests")
    (folder / "build/release").symlink_to(shoal.parent)
    (folder / "README.sh").write_text(script(name, text))

    environment = dict(os.environ)
    environment["PATH"] = f"{shoal.parent}:{environment['PATH']}"
    output = run(["bash", "README.sh"], folder, environment)
    for digest in digests(text):
        if digest not in output:
            sys.exit(f"{name} shows {digest}, and no command printed it")
    for program in programs:
        run([program], folder, environment)
    print(f"{len(blocks(text, 'sh'))} blocks of commands, {len(programs)} programs, {len(digests(text))} digests")


main()
