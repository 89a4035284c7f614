#!/usr/bin/env python3
"""What `shoal serve` costs: the first page of many runs, and the time of a training's steps beside an open page.

    serving.py SHOAL [--runs 1000] [--pairs 5] [--steps 400]

The page is played by a client that asks as it does: the open run once a second, the list every fifth time. A browser draws on the
machine of who looks.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "show" / "serve"))
from server import Server  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("shoal", type=os.path.abspath)
parser.add_argument("--runs", type=int, default=1000)
parser.add_argument("--pairs", type=int, default=5)
parser.add_argument("--steps", type=int, default=400)
options = parser.parse_args()


def many_runs(folder):
    """Copies of a real run, each with 2,000 lines of metrics."""
    subprocess.run([options.shoal, "train", "--set", "data.file=data.h5", "--set", "train.steps=20", "--run", "one"],
                   check=True, stderr=subprocess.DEVNULL)
    config = pathlib.Path("one/config.toml").read_text()
    lines = "".join(json.dumps({"step": step, "epoch": step // 8 + 1, "loss": 1 / step, "learning_rate": 0.001,
                                "samples_per_second": 5000.5, "time": step / 10}) + "\n" for step in range(1, 2000))
    for i in range(options.runs):
        run = folder / f"run-{i:04}"
        (run / "checkpoints").mkdir(parents=True)
        (run / "checkpoints/step-00001999.h5").touch()
        (run / "config.toml").write_text(config)
        (run / "metrics.jsonl").write_text(lines)


def first_page():
    """Seconds from the start of the server's process, and from the request on, to the whole list."""
    begin = time.perf_counter()
    with Server(options.shoal, "many", "--read-only") as server:
        asked = time.perf_counter()
        for path in ("/", "/serve.css", "/serve.js"):
            server.ask(path, token=False)
        found = server.json("/api/runs?version=0")["changed"]
        end = time.perf_counter()
        assert len(found) == options.runs, len(found)
        begin_again = time.perf_counter()
        server.json("/api/runs?version=0")
        return end - begin, end - asked, time.perf_counter() - begin_again


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def step_ms(name, watched):
    """The median step of a training of 784-256-256-10 in batches of 256, and the server's share of a core."""
    arguments = ["--set", "data.file=large.h5", "--set", f"train.steps={options.steps}", "--set", "data.batch_size=256",
                 "--set", "model.hidden=[256,256]", "--set", "checkpoint.every_epochs=0", "--run", f"runs/{name}"]
    if not watched:
        subprocess.run([options.shoal, "train", *arguments], check=True, stderr=subprocess.DEVNULL)
        share = 0.0
    else:
        with Server(options.shoal, ".") as server:
            version = server.json("/api/runs?version=0")["version"]
            used = cpu_seconds(server)
            begin = time.time()
            trainer = subprocess.Popen([options.shoal, "train", *arguments], stderr=subprocess.DEVNULL)
            mark, turn = "", 0
            while trainer.poll() is None:
                if turn % 5 == 0:
                    version = server.json(f"/api/runs?version={version}")["version"]
                status, _, text = server.ask(f"/api/run?name=runs/{name}&from={mark}")
                mark = json.loads(text)["mark"] if status == 200 else ""  # not listed yet
                turn += status == 200
                time.sleep(1)
            assert trainer.wait() == 0 and mark != ""
            share = (cpu_seconds(server) - used) / (time.time() - begin)
    records = [json.loads(line) for line in open(f"runs/{name}/metrics.jsonl")]
    steps = [record for record in records if "split" not in record]
    return statistics.median(256e3 / record["samples_per_second"] for record in steps[20:]), share


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name, features, samples in (("data.h5", 4, 600), ("large.h5", 784, 5120)):
        subprocess.run([options.shoal, "synth", "gaussians", "--samples", str(samples), "--features", str(features), "--classes", "10",
                        "--seed", "1", "-o", name], check=True, stdout=subprocess.DEVNULL)
    many_runs(pathlib.Path("many"))
    pages = [first_page() for _ in range(options.pairs)]
    print(f"{options.runs} runs: first page {statistics.median(p[1] for p in pages):.3f} s "
          f"({min(p[1] for p in pages):.3f} to {max(p[1] for p in pages):.3f}), with the start of the server "
          f"{statistics.median(p[0] for p in pages):.3f} s, the list again {statistics.median(p[2] for p in pages):.3f} s")
    ratios, shares = [], []
    for pair in range(options.pairs):
        order = (False, True) if pair % 2 == 0 else (True, False)
        times = {watched: step_ms(f"{pair}-{watched}", watched) for watched in order}
        ratios.append(times[True][0] / times[False][0])
        shares.append(times[True][1])
        print(f"  step {times[False][0]:.3f} ms alone, {times[True][0]:.3f} ms beside a page")
    print(f"step time beside an open page: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) of that "
          f"alone; the server takes {100 * statistics.median(shares):.2f} % of a core")
