"""Jobs that campaigns break: started with a mark in their environment by which every process of theirs is found again."""

import atexit
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARK = "SHOAL_TEST_JOB"

LONGEST = 1500  # characters of what a job has said, at its end

NET = """
[data]
file = "digits.h5"
batch_size = 100
[parallel]
leaves = 4
[model]
hidden = [64]
batch_norm = true
dropout = 0.1
[checkpoint]
every_steps = 5
"""


def launcher_environment():
    """What launch/environment.sh sets, with mpirun ending a broken job quickly."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", OMPI_MCA_odls_base_sigkill_timeout="1")
    script = f". {shlex.quote(REPOSITORY)}/launch/environment.sh && env -0"
    output = subprocess.run(["bash", "-c", script], env=environment, check=True, capture_output=True).stdout
    return dict(line.split("=", 1) for line in output.decode().split("\0") if "=" in line)


def wait_until(condition, seconds, every=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())


class Job:
    """A command and all that it starts. `ranks` 0: without a launcher."""

    environment = None

    def __init__(self, command, ranks, folder, launcher=None, **variables):
        if Job.environment is None:
            Job.environment = launcher_environment()
        self.mark = uuid.uuid4().hex
        self.started = time.monotonic()
        if launcher is None:
            launcher = ["mpirun", "--bind-to", "none", "-np", str(ranks)] if ranks else []
        self.log = open(os.path.join(folder, f"log-{self.mark}"), "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([*launcher, *command], cwd=folder, stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, start_new_session=True,
                                        env={**Job.environment, **variables, MARK: self.mark})

    def processes(self):
        """{pid: rank}, rank None for launchers; those that have ended but wait for their parent do not count."""
        found = {}
        mark = f"{MARK}={self.mark}".encode()
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
                with open(f"/proc/{name}/stat", "rb") as file:
                    state = file.read().rsplit(b")", 1)[1].split()[0]
                with open(f"/proc/{name}/comm", "rb") as file:
                    shoal = file.read().startswith(b"shoal")
            except OSError:
                continue
            if mark not in variables or state == b"Z":
                continue
            rank = None
            for variable in variables:
                key, _, value = variable.partition(b"=")
                if shoal and key in (b"OMPI_COMM_WORLD_RANK", b"PMIX_RANK"):
                    rank = int(value)
            found[int(name)] = rank
        return found

    def ranks(self):
        return {rank: pid for pid, rank in self.processes().items() if rank is not None}

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, text, seconds=60):
        """Whether the job says `text` before it ends."""
        wait_until(lambda: text in self.said() or self.process.poll() is not None, seconds)
        return text in self.said()

    def wait(self, seconds):
        """The exit status; None when it has not ended by then."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def all_gone(self, seconds=5):
        return wait_until(lambda: not self.processes(), seconds, 0.1)

    def end(self):
        """Leaves nothing behind, whatever happened."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.log.close()
        os.remove(self.log.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Campaign:
    """Trials that all must go right. What went wrong is printed, and counted."""

    def __init__(self, shoal, seed):
        self.shoal = os.path.abspath(shoal)
        self.random = random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="shoal-faults-")
        self.tried = self.right = 0
        self.faults = []
        self.numbers = {}
        self.open = True
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # jobs end, and what was done counts
        atexit.register(self.close, "interrupted")
        self.alone("import", "csv", f"{REPOSITORY}/data/digits.csv.gz", "--label", "label", "--test-fraction", "0.2",
                   "--validation-fraction", "0.1", "-o", "digits.h5")
        self.write("net.toml", NET)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def alone(self, *arguments):
        return subprocess.run([self.shoal, *arguments], cwd=self.folder, check=True, capture_output=True, text=True,
                              env=dict(os.environ, OMP_NUM_THREADS="1")).stdout

    def start(self, command, ranks, launcher=None, **variables):
        return Job([self.shoal, *command], ranks, self.folder, launcher, **variables)

    def train(self, ranks, run, *settings, resume=False, launcher=None, **variables):
        command = ["train", "net.toml", "--run", run, *(["--resume", "auto"] if resume else [])]
        for setting in settings:
            command += ["--set", setting]
        return self.start(command, ranks, launcher, **variables)

    def has_run(self, run):
        """A moment after the line that names its directory."""
        return os.path.exists(self.path(run, "config.toml"))

    def nudge(self, run, *changes):
        """Asks for a nudge, and does not wait for the answer: the run may not live to give it."""
        return subprocess.Popen([self.shoal, "nudge", run, *changes], cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def inspect(self, run, checkpoint="latest"):
        return json.loads(self.alone("inspect", self.path(run, "checkpoints", checkpoint), "--json"))

    def digest(self, run):
        return self.inspect(run)["digest"]

    def saved_step(self, run):
        """Of the newest checkpoint that is whole; -1 without any."""
        for name in sorted(os.listdir(self.path(run, "checkpoints")), reverse=True):
            if name.startswith("step-") and name.endswith(".h5"):
                try:
                    self.inspect(run, name)
                    return int(name[5:13])
                except subprocess.CalledProcessError:
                    continue
        return -1

    def finish(self, run, ranks, *settings):
        """Goes on to the end; what it says when it does not get there."""
        with self.train(ranks, run, *settings, resume=True) as job:
            status = job.wait(120)
            return "" if status == 0 else f"resuming {run} at np {ranks} ends with {status}: {job.said()}"

    def uninterrupted(self, *settings):
        with self.train(2, "whole", *settings) as job:
            assert job.wait(600) == 0, job.said()[-LONGEST:]
            self.seconds = time.monotonic() - job.started
        self.expected = self.digest("whole")

    def remove(self, run):
        shutil.rmtree(self.path(run), ignore_errors=True)

    def judge(self, what, fault):
        """Notes one trial; `fault` is what went wrong with it, if anything."""
        self.tried += 1
        if fault:
            fault = fault if len(fault) < 2 * LONGEST else f"{fault[:LONGEST]} ... {fault[-LONGEST:]}"
            self.faults.append(f"{what}: {fault}")
            print(f"FAILED {what}: {fault}", file=sys.stderr, flush=True)
        else:
            self.right += 1

    def worst(self, name, value):
        self.numbers[name] = max(value, self.numbers.get(name, value))

    def count(self, name, yes):
        self.numbers[name] = self.numbers.get(name, 0) + int(yes)

    def close(self, title):
        if not self.open:
            return False
        self.open = False
        numbers = "".join(f"; {name} {value:.3g}" for name, value in self.numbers.items())
        print(f"{title}: {self.right} of {self.tried}{numbers}", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.right == self.tried and self.tried > 0
