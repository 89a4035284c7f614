#!/usr/bin/env python3
"""Saving where the disk fills up or the folder becomes read-only while a run is under way.

  disk.py SHOAL PRELOAD [--tmpfs] [--count N]

With --tmpfs the disk is a small one that is mounted for the test (root alone may do that) and filled with a file; else
PRELOAD, a library, answers each write to it that it is full. Freed in time, the run must go on and save again; otherwise
it must end with 74 and name the last good checkpoint, which must be sound.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("shoal")
parser.add_argument("preload")
parser.add_argument("--tmpfs", action="store_true")
parser.add_argument("--count", type=int, default=1)
options = parser.parse_args()
NOBODY = 65534


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"disk.py: waited {seconds} s for {what}")
        time.sleep(0.02)


class FullDisk:
    """A disk without space: a mark for the library, or a file that takes the rest of a tmpfs."""

    def __init__(self, folder):
        self.place = os.path.join(folder, "disk")
        os.mkdir(self.place)
        self.mark = os.path.join(self.place if options.tmpfs else folder, "full")
        if options.tmpfs:
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.place], stderr=subprocess.PIPE)
            if done.returncode != 0:
                sys.exit("disk.py: cannot mount a tmpfs: " + done.stderr.decode().strip())
        library = os.path.join(folder, "preload.so")  # LD_PRELOAD ends a path at a space
        os.symlink(os.path.abspath(options.preload), library)
        self.variables = {} if options.tmpfs else {"LD_PRELOAD": library, "SHOAL_FULL": self.mark,
                                                   "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.demote = None
        self.shoal = options.shoal

    def block(self, _):
        with open(self.mark, "wb", buffering=0) as file:
            try:
                while options.tmpfs:
                    file.write(bytes(4096))
            except OSError:
                pass

    def free(self, _):
        os.remove(self.mark)

    def close(self):
        if options.tmpfs:
            subprocess.run(["umount", self.place], check=True)


class ReadOnlyFolder:
    """The folder of the checkpoints cannot be written. Root could all the same, so then it is another who trains."""

    def __init__(self, folder):
        self.place = os.path.join(folder, "disk")
        os.mkdir(self.place)
        self.variables = {}
        self.demote = None
        self.shoal = options.shoal
        if os.geteuid() == 0:
            for path in (folder, self.place):
                os.chmod(path, 0o755)
            os.chown(self.place, NOBODY, NOBODY)
            # That one may not see into the folder of the build: /root is closed to all others.
            self.shoal = shutil.copy(options.shoal, folder)
            self.demote = lambda: (os.setgid(NOBODY), os.setuid(NOBODY))

    def block(self, run):
        os.chmod(os.path.join(run, "checkpoints"), 0o555)

    def free(self, run):
        os.chmod(os.path.join(run, "checkpoints"), 0o755)

    def close(self):
        pass


def latest(run):
    return int(os.readlink(os.path.join(run, "checkpoints", "latest"))[5:-3])


def check(kind, freed):
    with tempfile.TemporaryDirectory() as folder:
        disk = kind(folder)
        data = os.path.join(folder, "a.h5")
        subprocess.run([options.shoal, "synth", "spirals", "--samples", "300", "--features", "2", "--classes", "3", "-o",
                        data], check=True, stdout=subprocess.DEVNULL)
        run = os.path.join(disk.place, "run")
        log_path = os.path.join(folder, "log")
        sets = [f"data.file={data}", "model.hidden=[16]", "train.epochs=100000000", "train.log_every=1000000",
                "checkpoint.every_epochs=0", "checkpoint.every_steps=200", "train.evaluate_every=1000000",
                f"checkpoint.give_up={9 if freed else 2}"]
        command = [disk.shoal, "train", "--run", run]
        for setting in sets:
            command += ["--set", setting]
        with open(log_path, "w", encoding="utf-8") as log:
            job = subprocess.Popen(command, stderr=log, preexec_fn=disk.demote,
                                   env={**os.environ, **disk.variables, "OMP_NUM_THREADS": "1"})
        try:
            text = lambda: open(log_path, encoding="utf-8").read()
            wait_for("a checkpoint", lambda: os.path.lexists(os.path.join(run, "checkpoints", "latest")) and latest(run) > 0)
            disk.block(run)
            wait_for("a warning", lambda: "saves again" in text())
            good = latest(run)
            assert f"the last good checkpoint is {run}/checkpoints/step-{good:08}.h5" in text(), text()
            if freed:
                assert job.poll() is None, text()
                disk.free(run)
                wait_for("the next save", lambda: latest(run) > good)
                job.send_signal(signal.SIGUSR1)
                assert job.wait(30) == 75, text()
            else:
                assert job.wait(60) == 74, text()
                errors = [line for line in text().splitlines() if line.startswith("shoal: error: ")]
                assert len(errors) == 1 and f"step-{good:08}.h5" in errors[0], text()
                assert latest(run) == good
                disk.free(run)
            assert len(re.findall("saves again", text())) == 1 or freed, text()
            subprocess.run([options.shoal, "inspect", run], check=True, stdout=subprocess.DEVNULL)
        finally:
            job.kill()
            job.wait()
            disk.close()


for kind in (FullDisk, ReadOnlyFolder):
    for freed in (True, False):
        for _ in range(options.count):
            check(kind, freed)
        print(f"{kind.__name__} {'freed in time: goes on and saves again' if freed else 'for ever: 74'}: "
              f"{options.count} of {options.count}")
