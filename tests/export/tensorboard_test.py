#!/usr/bin/env python3
"""Event files, of train.tensorboard and of `shoal export tensorboard`, hold what metrics.jsonl does, as TensorBoard's own
reader has it: every number, step and time, also of a run that was resumed, that went back, and that follows live.

tensorboard_test.py SHOAL DATA_FOLDER FOLDER PYTHON      PYTHON: one with tensorboard
"""
import json
import pathlib
import subprocess
import sys

READER = """
import json, sys
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util
reader = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={event_accumulator.TENSORS: 0, event_accumulator.SCALARS: 0})
def curves():
    reader.Reload()
    scalars = {tag: reader.Scalars(tag) for tag in reader.Tags()["scalars"]}
    return {tag: [[e.step, e.wall_time, e.value] for e in events] for tag, events in scalars.items()}
print(json.dumps(curves()), flush=True)
for _ in sys.stdin:
    print(json.dumps(curves()), flush=True)
"""
shoal, ships, folder, python = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
import numpy as np  # noqa: E402


def run(*arguments, status=0):
    done = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done.stdout + done.stderr


class Reader:
    """TensorBoard's, which goes on reading where it stopped."""

    def __init__(self, place):
        self.process = subprocess.Popen([python, "-c", READER, str(place)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.curves = json.loads(self.process.stdout.readline())

    def again(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.curves = json.loads(self.process.stdout.readline())
        return self.curves


def metrics(where):
    """{tag: [[step, seconds of training, number]]}; each job counts its seconds from 0."""
    curves, before, last = {}, 0.0, 0.0
    for line in (where / "metrics.jsonl").read_text().splitlines():
        line = json.loads(line)
        before += last if line["time"] < last else 0.0
        last = line["time"]
        for key, value in line.items():
            if key not in ("step", "epoch", "split", "time"):
                tag = f"{line['split']}/{key}" if "split" in line else key
                curves.setdefault(tag, []).append([line["step"], before + last, float(np.float32(value))])
    return curves


def compare(read, written, times):
    """times: whether seconds between all points are known, not those within a job alone."""
    assert set(read) == set(written), (set(read), set(written))
    assert {"loss", "learning_rate", "samples_per_second", "validation/loss", "validation/accuracy"} <= set(read)
    origins = []
    for tag, points in written.items():
        assert [[step, value] for step, _, value in read[tag]] == [[step, value] for step, _, value in points], tag
        origins += [wall - seconds for (_, wall, _), (_, seconds, _) in zip(read[tag], points)]
    if times:
        assert max(origins) - min(origins) < 1e-5, (min(origins), max(origins))
    return max(origins)


def main():
    digits, where = folder / "digits.h5", folder / "run"
    run("import", "csv", ships / "digits.csv.gz", "--label", "label", "--shape", "8,8", "--test-fraction", "0.2",
        "--validation-fraction", "0.1", "-o", digits)
    start = ["train", "--set", f"data.file={digits}", "--set", "model.hidden=[16]", "--set", "train.epochs=3", "--set",
             "checkpoint.keep=9"]
    run(*start, "--set", "train.tensorboard=true", "--run", where)
    live = Reader(where / "tensorboard")
    began = compare(live.curves, metrics(where), True)
    assert abs(began - (where / "config.toml").stat().st_mtime) < 60, "times are not those of the clock"

    # Resumed: one file has all that was, earlier ones nothing; who follows the folder sees each point once.
    run("train", "--run", where, "--resume", "auto", "--set", "train.epochs=5")
    assert sum(file.stat().st_size > 0 for file in (where / "tensorboard").iterdir()) == 1
    compare(Reader(where / "tensorboard").curves, metrics(where), False)
    compare(live.again(), metrics(where), False)

    # Gone back: what is after the checkpoint went from metrics.jsonl, and so from the curves.
    steps = sorted((where / "checkpoints").glob("step-*.h5"))
    run("train", "--resume", steps[1], "--set", "train.epochs=2")
    compare(Reader(where / "tensorboard").curves, metrics(where), False)
    compare(live.again(), metrics(where), False)

    # Exported: the same curves, of a run without event files of its own, whose parameters are the same.
    plain = folder / "plain"
    run(*start, "--run", plain)
    assert not (plain / "tensorboard").exists()
    run("export", "tensorboard", plain, "-o", folder / "events/plain")
    ended = compare(Reader(folder / "events/plain").curves, metrics(plain), True)
    last = json.loads((plain / "metrics.jsonl").read_text().splitlines()[-1])["time"]
    assert abs(ended + last - (plain / "metrics.jsonl").stat().st_mtime) < 1e-5
    digest = [json.loads(run("inspect", w / f"checkpoints/{steps[1].name}", "--json"))["digest"] for w in (plain, where)]
    assert digest[0] == digest[1], "train.tensorboard changed a bit"
    run("export", "tensorboard", where, "-o", folder / "events/run")
    compare(Reader(folder / "events/run").curves, metrics(where), True)

    # Mistakes.
    assert "event files already" in run("export", "tensorboard", plain, "-o", folder / "events/plain", status=64)
    for folder_of_run in ("checkpoints", "tensorboard"):
        assert "belongs to the run" in run("export", "tensorboard", plain, "-o", plain / folder_of_run, status=64)
    assert "no run" in run("export", "tensorboard", folder / "nothing", "-o", folder / "events/x", status=66)
    print("every curve, step and time is that of metrics.jsonl")


main()
