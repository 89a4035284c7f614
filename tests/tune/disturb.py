"""What may befall a sweep under way; when and what is drawn anew each time."""
import os
import random
import signal
import subprocess
import time

from drawn import Failure

PATIENCE = 60  # seconds
chance = random.Random()


def ranks_of(job):
    """The processes of an mpirun that have not ended."""
    found = subprocess.run(["pgrep", "-P", str(job.pid), "-r", "R,S,D"], capture_output=True, text=True)
    return list(map(int, found.stdout.split()))


def send(word, processes):
    for pid in processes:
        try:
            os.kill(pid, word)
        except ProcessLookupError:
            pass


def disturb(command, folder, seconds):
    """Twice: kill -9 of one rank or of all, or a word to stop in the midst of trials. It may come too late."""
    for _ in range(2):
        job = subprocess.Popen(["mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(chance.randint(2, 4)), *command],
                               cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, OMP_NUM_THREADS="1", OMPI_MCA_odls_base_sigkill_timeout="1"))
        time.sleep(chance.uniform(0.2, 0.5 + seconds))
        ranks = ranks_of(job)
        word, victims = chance.choice([(signal.SIGTERM, ranks[:1]), (signal.SIGKILL, ranks[:1]), (signal.SIGKILL, [*ranks, job.pid])])
        send(word, victims)
        try:
            job.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            left = ranks_of(job)
            send(signal.SIGKILL, [*left, job.pid])  # mpirun alone may wait for itself (PMIx_server_finalize of Open MPI 4.1.4)
            job.wait()
            if left:
                raise Failure(f"{len(left)} ranks were there {PATIENCE} s after signal {word} to {len(victims)} processes") from None


def damage(run):
    """As a disk may: the end of a journal is gone, or a checkpoint, or part of one. What has become of winner/, a run of its
    own, no sweep asks."""
    for journal in run.glob("journal*.jsonl"):
        if chance.random() < 0.2:
            journal.write_bytes(journal.read_bytes()[:-chance.randint(1, 200)])
    for checkpoint in run.rglob("*.h5"):
        if checkpoint.name != "sweep.h5" and "winner" not in checkpoint.parts and chance.random() < 0.2:
            if chance.random() < 0.5:
                checkpoint.unlink()
            else:
                checkpoint.write_bytes(checkpoint.read_bytes()[:chance.randint(0, 20000)])
