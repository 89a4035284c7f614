#!/usr/bin/env python3
"""What `shoal serve` costs: the first page of many runs, and the time of a training's steps beside an open page.

    serving.py SHOAL [--runs 1000] [--pairs 6]

The page is played by a client that asks as it does: the open run once a second, the list every fifth time. A browser draws on the
machine of who looks; so the client gives way to what runs here.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "show" / "serve"))
from server import Server, wait_for  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("shoal", type=os.path.abspath)
parser.add_argument("--runs", type=int, default=1000)
parser.add_argument("--pairs", type=int, default=6)
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


def last_time(metrics):
    lines = metrics.read_text().splitlines()
    return json.loads(lines[-1 if lines[-1].endswith("}") else -2])["time"]


def look(server, name, seconds, mark):
    """What a page with this run open asks for."""
    for second in range(seconds):
        if second % 5 == 0:
            server.json(f"/api/runs?version={look.version}")
        mark = server.json(f"/api/run?name={name}&from={mark}")["mark"]
        time.sleep(1)
    return mark


def beside_a_page():
    """Medians of steps, in ms, in windows of one training with a page open and without, by turns: pairs of neighbours."""
    name, seconds = "watched", 8
    metrics = pathlib.Path(name) / "metrics.jsonl"
    trainer = subprocess.Popen(
        [options.shoal, "train", "--set", "data.file=large.h5", "--set", "train.epochs=1000000", "--set", "data.batch_size=256",
         "--set", "model.hidden=[256,256]", "--set", "checkpoint.every_epochs=0", "--run", name], stderr=subprocess.DEVNULL)
    with Server(options.shoal, ".") as server:
        os.nice(19)
        wait_for(lambda: metrics.exists() and metrics.stat().st_size > 10000, "run")
        wait_for(lambda: server.ask(f"/api/run?name={name}&from=")[0] == 200, "run in the list")
        look.version = server.json("/api/runs?version=0")["version"]
        mark = look(server, name, 2, "")
        edges, used, looked = [last_time(metrics)], 0.0, 0
        for window in range(2 * options.pairs):
            if window % 4 in (0, 3):  # open, closed, closed, open: what grows with time falls on both alike
                before = cpu_seconds(server)
                mark = look(server, name, seconds, mark)
                used, looked = used + cpu_seconds(server) - before, looked + seconds
            else:
                time.sleep(seconds)
            edges.append(last_time(metrics))
    trainer.send_signal(signal.SIGUSR1)
    trainer.wait()
    steps = [record for record in map(json.loads, metrics.read_text().splitlines()) if "split" not in record]
    # Lines come up to a second late: those near an edge belong to neither side.
    medians = [statistics.median(256e3 / record["samples_per_second"] for record in steps if begin + 1.5 < record["time"] < end - 0.5)
               for begin, end in zip(edges, edges[1:])]
    pairs = [(a, b) if i % 2 == 0 else (b, a) for i, (a, b) in enumerate(zip(medians[::2], medians[1::2]))]
    return pairs, used / looked


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
    pairs, share = beside_a_page()
    for watched, alone in pairs:
        print(f"  step {alone:.3f} ms alone, {watched:.3f} ms beside a page")
    ratios = [watched / alone for watched, alone in pairs]
    # The machine may do other things, in long waves: what pairs of neighbours say is more than what all windows say.
    print(f"step time beside an open page: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) of that "
          f"alone; the server takes {100 * share:.2f} % of a core")
