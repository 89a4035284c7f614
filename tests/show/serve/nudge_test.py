"""Nudges and a stop through `shoal serve`, in a run of 3 ranks, which is then repeated by 1 and 2 to the same digest.

    nudge_test.py SHOAL FOLDER [LAUNCHER]
"""
import json
import os
import shutil
import subprocess
import sys
import threading

from server import Server, wait_for

shoal, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
launcher = sys.argv[3:4]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
CONFIG = """
[data]
file = "data.h5"
batch_size = 128
[parallel]
leaves = 4
[model]
hidden = [64, 64]
[train]
steps = 1000000
[checkpoint]
every_epochs = 10
"""


def train(ranks, *arguments):
    start = [*launcher, "-np", str(ranks), shoal] if launcher else [shoal]
    return subprocess.Popen([*start, "train", *arguments], stderr=subprocess.PIPE, text=True)


def trained(ranks, *arguments):
    process = train(ranks, *arguments)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def digest(run):
    said = subprocess.run([shoal, "inspect", f"{run}/checkpoints/latest", "--json"], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)["digest"]


subprocess.run([shoal, *"synth spirals --samples 3000 --features 8 --classes 3 --seed 1 --validation-fraction 0.2 -o data.h5".split()],
               check=True, stdout=subprocess.DEVNULL)
with open("net.toml", "w") as file:
    file.write(CONFIG)

with Server(shoal, "runs" if os.path.isdir("runs") else ".") as server:
    job = train(3, "net.toml", "--run", "runs/nudged")

    def listed(**wanted):
        runs = server.json("/api/runs?version=0")["changed"]
        return next((r for r in runs if r["name"] == "runs/nudged" and all(r.get(k) == v for k, v in wanted.items())), None)

    wait_for(lambda: (listed(under_way=True) or {}).get("step", 0) > 10, "run under way")
    news = server.json("/api/run?name=runs/nudged&from=")
    keys = {key["key"]: key for key in news["keys"]}
    assert keys["optimizer.learning_rate"]["value"] == 0.001 and keys["optimizer.learning_rate"]["type"] == "number"
    assert "optimizer.name" not in keys or "adam" in keys["optimizer.name"]["words"]
    assert "data.batch_size" not in keys and "idle" in keys["optimizer.momentum"], "those that `shoal nudge` takes"

    status, said = server.post("/api/nudge", {"name": "runs/nudged", "settings": ["optimizer.learning_rate=3e-4", "model.dropout=0.2"]})
    assert status == 200, said
    first = said["nudges"][0]["step"]
    assert [n["assignment"] for n in said["nudges"]] == ["optimizer.learning_rate = 0.0003", "model.dropout = 0.2"], said
    assert {n["step"] for n in said["nudges"]} == {first} and said["notes"] == []
    status, said = server.post("/api/nudge", {"name": "runs/nudged", "settings": ["optimizer.momentum=0.5"]})
    assert status == 200 and "does not use it" in said["notes"][0], said
    for settings, at_step, words in ((["optimizer.l3=1"], None, 'did you mean "optimizer.l2"'), (["data.batch_size=64"], None, "cannot change"),
                                     (["optimizer.learning_rate=0"], None, "use a number"), (["optimizer.l2=1"], 1, "but the run has done"),
                                     ([], None, "nothing to nudge"), (["optimizer.l2=1"], 2000000, "but the run ends with step")):
        status, said = server.post("/api/nudge", {"name": "runs/nudged", "settings": settings, "at_step": at_step})
        assert status == 400 and words in said["error"], (settings, status, said)

    # Many at once: each is taken or told to come again, and the page goes on to be answered.
    answers = []
    askers = [threading.Thread(target=lambda i=i: answers.append(server.post("/api/nudge", {"name": "runs/nudged", "settings": [f"optimizer.l2=1e-{i + 4}"]})))
              for i in range(8)]
    for asker in askers:
        asker.start()
    assert listed() is not None
    for asker in askers:
        asker.join()
    taken = sum(status == 200 for status, _ in answers)
    assert taken >= 1 and all(status in (200, 503) for status, _ in answers), answers

    journal = [json.loads(line) for line in open("runs/nudged/nudges.jsonl")]
    assert len(journal) == 3 + taken and journal[0] == {"step": first, "key": "optimizer.learning_rate", "value": 0.0003}, journal
    assert os.listdir("runs/nudged/requests") == [], "nothing is left behind"
    news = server.json(f"/api/run?name=runs/nudged&from={news['mark']}")
    assert news["steps"]["step"][-1] >= first and len(news["nudges"]) == len(journal), "the page sees it"
    assert {k["key"]: k["value"] for k in news["keys"]}["optimizer.learning_rate"] == 0.0003

    status, said = server.post("/api/go-on", {"name": "runs/nudged"})
    assert status == 200 and said["said"].startswith("it is not paused"), said
    status, said = server.post("/api/pause", {"name": "runs/nudged"})
    assert status == 200 and said["said"].startswith("paused after step "), said
    paused = int(said["said"].split("paused after step ")[1].split(";")[0])
    wait_for(lambda: listed(under_way=True, paused=True), "pause in the list")
    seen = subprocess.run([shoal, "watch", "runs/nudged", "--once"], capture_output=True, text=True).stdout
    assert "runs/nudged  paused  step" in seen and os.path.exists(f"runs/nudged/checkpoints/step-{paused:08}.h5"), seen
    status, said = server.post("/api/nudge", {"name": "runs/nudged", "settings": ["optimizer.l2=1e-6"]})
    assert status == 200 and said["nudges"][0]["step"] == paused + 1, said
    status, said = server.post("/api/go-on", {"name": "runs/nudged"})
    assert status == 200 and said["said"] == f"goes on after step {paused}", said
    wait_for(lambda: (listed(under_way=True) or {}).get("step", 0) > paused and "paused" not in listed(), "steps after the pause")

    status, said = server.post("/api/stop", {"name": "runs/nudged"})
    assert status == 200 and said["said"].startswith("stopped after step "), said
    _, log = job.communicate(timeout=60)
    assert "stopped by request after step" in log, log
    if not launcher:
        assert job.returncode == 75, job.returncode
    wait_for(lambda: listed(under_way=False), "end in the list")
    status, said = server.post("/api/stop", {"name": "runs/nudged"})
    assert status == 400 and "nobody trains" in said["error"], said
    stopped = int(said_step) if (said_step := log.split("stopped by request after step ")[1].split(";")[0]).isdigit() else 0
    assert stopped > first

trained(2, "net.toml", "--run", "runs/nudged", "--resume", "auto", "--set", f"train.steps={stopped + 200}")
expected = digest("runs/nudged")
for ranks in (1, 2):
    trained(ranks, "--replay", "runs/nudged", "--run", f"runs/again-{ranks}")
    assert digest(f"runs/again-{ranks}") == expected, f"at {ranks} ranks"
print(f"ok, nudged at step {first}, stopped after {stopped}, digest {expected} at 3 then 2, 1 and 2 ranks")
