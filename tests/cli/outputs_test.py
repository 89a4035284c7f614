"""What belongs to a run, a sweep, a data set or a config is never written over, by whatever name a command is given it
for its output: each is refused, and afterwards nothing has changed.

    outputs_test.py SHOAL FOLDER
"""
import concurrent.futures
import hashlib
import itertools
import os
import shutil
import subprocess
import sys

shoal, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)


def run(*words):
    return subprocess.run([shoal, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")


def must(*words):
    done = run(*words)
    assert done.returncode == 0, f"{words}: {done.stderr}"


SPACE = ["--set", "sweep.trials=1", "--set", 'sweep.space."optimizer.l2"={min=0.0,max=0.1}']
synth = "synth gaussians --samples 300 --features 4 --classes 3 --test-fraction 0.3 -o".split()
must(*synth, "data.h5")
must(*synth, "read.h5")
with open("table.csv", "w") as table:
    table.write("a,b,y\n" + "1,2,0\n2,1,1\n" * 9)
with open("config.toml", "w") as config:
    config.write('[data]\nfile = "read.h5"\nbatch_size = 64\n[model]\nhidden = [4]\n[train]\nepochs = 2\n')
must("train", "config.toml", "--run", "run")
must("sweep", "config.toml", *SPACE, "--run", "sweep")
os.mkdir("empty")  # where a run may be made
os.makedirs("elsewhere/inside")

COMMANDS = {
    "import": lambda out: ["import", "csv", "table.csv", "--label", "y", "-o", out],
    "synth": lambda out: ["synth", "spirals", "--samples", "9", "--features", "2", "--classes", "3", "-o", out],
    "predict": lambda out: ["predict", "run", "--data", "read.h5", "--out", out],
    "trace": lambda out: ["train", "config.toml", "--run", "new", "--profile-trace", out],
    "train": lambda out: ["train", "config.toml", "--run", out],
    "sweep": lambda out: ["sweep", "config.toml", *SPACE, "--run", out],
}
# Also names that a run has at other times, and folders
VICTIMS = ["data.h5", "read.h5", "config.toml", "run", "sweep"]
VICTIMS += ["run/" + name for name in (
    "config.toml metrics.jsonl nudges.jsonl lock checkpoints checkpoints/latest checkpoints/step-00000008.h5 "
    "checkpoints/step-00000009.h5 checkpoints/p.csv incarnation-1 incarnation-1/t.csv incarnation-2 requests/t").split()]
VICTIMS += ["sweep/" + name for name in (
    "config.toml fingerprint lock journal.jsonl journal-0.jsonl journal-9.jsonl claims-1/t trials trials/0000.h5 sweep.csv "
    "sweep.jsonl sweep.h5 times.jsonl best.h5 incarnation-1").split()]

os.symlink("elsewhere/inside", "away")  # away/.. is elsewhere, and no part of this folder's name
os.symlink("..", "elsewhere/back")
os.mkdir("aliases")


def alias(make, victim, command):
    name = f"aliases/{make.__name__}-{command}-" + victim.replace("/", "-")
    make(os.path.realpath(victim) if make is os.link else os.path.abspath(victim), name)
    return name


SPELLINGS = {
    "plain": lambda victim, command: victim,
    "dot": lambda victim, command: "./" + victim,
    "absolute": lambda victim, command: os.path.abspath(victim),
    "dots": lambda victim, command: "run/../" + victim,
    "dots behind a link": lambda victim, command: "away/../back/" + victim,
    "link": lambda victim, command: alias(os.symlink, victim, command),
    "hard link": lambda victim, command: alias(os.link, victim, command) if os.path.isfile(victim) else victim,
    "slash": lambda victim, command: victim + "/",
    "slash and dot": lambda victim, command: victim + "/.",
}

cases = [(c, v, "plain") for c in ("predict", "train") for v in VICTIMS]
some = itertools.cycle(["run/metrics.jsonl", "sweep/fingerprint", "data.h5", "config.toml", "run/nudges.jsonl", "sweep/sweep.csv",
                        "run/checkpoints/latest"])
cases += [(c, next(some), s) for s in SPELLINGS for c in COMMANDS for _ in range(2)]
cases = [(c, v, s, COMMANDS[c](SPELLINGS[s](v, f"{c}{i}"))) for i, (c, v, s) in enumerate(cases)]
cases += [("trace", "what the new run will write", name, ["train", "config.toml", "--run", "empty", "--profile-trace", name])
          for name in ("empty/config.toml", "empty/metrics.jsonl", "away/../back/empty/nudges.jsonl")]


def tree():
    seen = {}
    for root, folders, files in os.walk("."):
        for name in folders + files:
            path = os.path.join(root, name)
            status = os.lstat(path)
            content = None
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            seen[path] = (status.st_ino, status.st_mode, content)
    return seen


def judge(case):
    command, victim, spelling, words = case
    done = run(*words)
    if done.returncode not in (64, 73, 74) or not done.stderr.startswith("shoal: error: ") or done.stderr.count("\n") != 1:
        return f"{command} over {victim} ({spelling}): {' '.join(words)}\n  status {done.returncode}, {done.stderr}"
    return None


before = tree()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    faults = [fault for fault in pool.map(judge, cases) if fault]
after = tree()
faults += [f"{path} has changed" for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
if faults:
    sys.exit("\n".join(faults))

# What is nobody's, or an earlier result, is written.
for words in (["predict", "run", "--data", "read.h5", "--out", "run/p.csv"],
              ["predict", "run", "--data", "read.h5", "--out", "run/p.h5"],
              ["predict", "run", "--data", "read.h5", "--split", "train", "--out", "sweep/p.csv"]):
    for time in ("first", "second"):
        done = run(*words)
        if done.returncode != 0:
            faults.append(f"{words}, for the {time} time: {done.stderr}")
open("nothing", "w").close()
must(*synth, "nothing")
must("train", "config.toml", "--run", "traced", "--profile-trace", "run/t.json")
must("train", "config.toml", "--run", "traced2", "--profile-trace", "run/t.json")

# A new run or sweep does not take over what a user keeps by the names of its own.
for command, names in {"train": ["metrics.jsonl", "nudges.jsonl"],
                       "sweep": ["sweep.csv", "best.h5", "journal-1.jsonl", "trials/mine.txt"]}.items():
    for name in names:
        mine = os.path.join("own", command + name.replace("/", "-"))
        os.makedirs(os.path.dirname(os.path.join(mine, name)))
        with open(os.path.join(mine, name), "w") as file:
            file.write("mine\n")
        done = run(*COMMANDS[command](mine))
        kept = os.path.exists(os.path.join(mine, name)) and open(os.path.join(mine, name)).read()
        if done.returncode != 73 or kept != "mine\n" or len(os.listdir(mine)) != 1:
            faults.append(f"{command} where {name} is: status {done.returncode}, {done.stderr}, {os.listdir(mine)}")
os.mkdir("notes")
open("notes/thesis.tmp", "w").close()
must(*COMMANDS["sweep"]("notes"))
if not os.path.exists("notes/thesis.tmp"):
    faults.append("a sweep has removed a user's thesis.tmp")

print(f"{len(cases)} refusals")
sys.exit("\n".join(faults) if faults else 0)
