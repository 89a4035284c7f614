"""Names of files and folders as users have them: not UTF-8, with `..` behind a link, with a slash at the end, as long as
the system takes them, on two file systems; and what a command leaves of a file when a signal ends it.

    paths_test.py SHOAL FOLDER
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

shoal, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
faults = []


def run(*words, cwd=None):
    return subprocess.run([shoal, *words], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="surrogateescape")


def expect(status, words, *command, cwd=None):
    done = run(*command, cwd=cwd)
    if done.returncode != status or words not in done.stderr:
        faults.append(f"{command}: status {done.returncode} for {status}, no \"{words}\" in {done.stderr}")
    return done.stdout


def equal(what, seen, wanted):
    if seen != wanted:
        faults.append(f"{what}: {seen} is not {wanted}")


def synth(out, samples="300", features="4"):
    return ["synth", "gaussians", "--samples", samples, "--features", features, "--classes", "3", "--test-fraction",
            "0.3", "-o", out]


def write_config(path, data):
    with open(path, "w") as file:
        file.write(f'[data]\nfile = "{data}"\nbatch_size = 64\n[model]\nhidden = [4]\n[train]\nepochs = 2\n')


def begin(name):
    place = os.path.join(folder, name)
    os.makedirs(place)
    os.chdir(place)


SPACE = ["--set", "sweep.trials=1", "--set", 'sweep.space."optimizer.l2"={min=0.0,max=0.1}']


def not_utf8():
    begin("not_utf8")
    latin = "caf\udce9"  # the byte E9, as Latin-1 writes the letter
    os.mkdir(latin)
    for place in (".", latin):
        expect(0, "", *synth("d.h5"), cwd=place)
        write_config(os.path.join(place, "c.toml"), "d.h5")
    words = r"caf\xE9/d.h5 is not UTF-8"
    expect(64, words, "train", "c.toml", "--run", "run", cwd=latin)
    expect(64, words, "train", f"{latin}/c.toml", "--run", "run")
    expect(64, words, "sweep", "c.toml", *SPACE, "--run", "run", cwd=latin)
    expect(64, "not UTF-8", "train", "c.toml", "--set", f"data.file={latin}/d.h5", "--run", "run")
    expect(64, "not UTF-8", "train", "c.toml", "--set", f"data.validation={latin}", "--run", "run")
    equal("what was made", sorted(os.listdir(".")), sorted(["c.toml", "d.h5", latin]))
    equal("what was made", sorted(os.listdir(latin)), ["c.toml", "d.h5"])
    # A run may lie there: nothing in it names its own folder. What names it is another that begins from it.
    expect(0, "", "train", "c.toml", "--run", f"{latin}/run")
    expect(0, "", "train", "--run", f"{latin}/run", "--resume", "auto", "--set", "train.epochs=3")
    expect(0, "", "evaluate", f"{latin}/run", "--data", "d.h5")
    best = f"{latin}/run/checkpoints/best"
    expect(64, "not UTF-8", "train", "c.toml", "--init-from", best, "--run", "run")
    expect(64, "not UTF-8", "train", "--resume", best, "--set", "train.epochs=9", "--run", "run")
    equal("what was made", os.path.exists("run"), False)
    # What is only a note
    with open(f"{latin}.csv", "w") as table:
        table.write("a,b,y\n1,2,0\n2,1,1\n")
    expect(0, "", "import", "csv", f"{latin}.csv", "--label", "y", "-o", "imported.h5")
    equal("source", r'"caf\\xE9.csv"' in expect(0, "", "inspect", "imported.h5", "--json"), True)


def dots():
    begin("dots")
    os.makedirs("real/inside")
    os.symlink("real/inside", "link")
    expect(0, "", *synth("d.h5", samples="900"))
    expect(0, "", *synth("real/d.h5", samples="300"))
    write_config("c.toml", "link/../d.h5")  # real/d.h5, as for every other program
    expect(0, "; 220 samples", "train", "c.toml", "--run", "real/demo")
    with open("real/demo/config.toml") as config:
        path = os.path.join(folder, "dots", "real/d.h5")
        equal("the resolved config", [line for line in config if line.startswith("file")], [f'file = "{path}"\n'])
    expect(0, "finished after step 12", "train", "--resume", "link/../demo/checkpoints/latest", "--set", "train.epochs=3")
    expect(0, "finished after step 12", "train", "c.toml", "--init-from", "link/../demo", "--run", "link/../second",
           "--set", "train.epochs=3")
    start = os.path.join(folder, "dots", "real/demo/checkpoints/step-00000012.h5")
    if os.path.exists("real/second"):
        with h5py.File("real/second/checkpoints/latest") as checkpoint:
            equal("init_from", checkpoint.attrs["init_from"].decode(), start)
    equal("folders", sorted(os.listdir("real")), ["d.h5", "demo", "inside", "second"])
    expect(0, "", "predict", "link/../demo", "--data", "d.h5", "--out", "link/../p.csv")
    equal("where predictions are", (os.path.exists("p.csv"), os.path.exists("real/p.csv")), (False, True))


def branches():
    begin("branches")
    expect(0, "", *synth("d.h5"))
    write_config("c.toml", "d.h5")
    expect(0, "", "train", "c.toml", "--run", "demo")
    inside = sorted(os.listdir("demo"))
    rewind = ["--rewind", "4", "--set", "train.epochs=1", "--set", "train.steps=5"]
    for given, cwd in (("demo/", "."), ("demo/.", "."), ("./demo//", "."), (".", "demo"), ("checkpoints/..", "demo")):
        expect(0, "run directory", "train", "--resume", given, *rewind, cwd=cwd)
    expect(0, "", "train", "--run", "demo/", "--resume", "auto", *rewind)
    expect(0, "", "train", "--replay", "demo/.")
    expect(0, "", "train", "--replay", ".", cwd="demo")
    equal("the parent", sorted(os.listdir("demo")), inside)
    made = [f"demo-{n}" for n in range(2, 8)] + ["demo-replay", "demo-replay-2"]
    equal("branches", sorted(os.listdir(".")), sorted(["c.toml", "d.h5", "demo", *made]))


def long_names():
    begin("long_names")
    expect(0, "", *synth("d.h5"))
    write_config("c.toml", "d.h5")
    expect(0, "", "train", "c.toml", "--run", "run")
    long = {length: {end: "x" * (length - len(end)) + end for end in (".csv", ".h5", ".json")} for length in (250, 255, 256)}
    for length in (250, 255):
        name = long[length]
        expect(0, "", "predict", "run", "--data", "d.h5", "--out", name[".csv"])
        expect(0, "", *synth(name[".h5"]))
        expect(0, "", "train", "c.toml", "--run", f"traced{length}", "--profile-trace", name[".json"])
        equal("files", [os.path.isfile(n) for n in name.values()], [True] * 3)
    name = long[256]
    expect(74, "File name too long; choose a shorter", "predict", "run", "--data", "d.h5", "--out", name[".csv"])
    expect(74, "File name too long; choose a shorter", *synth(name[".h5"]))
    expect(74, "File name too long", "train", "c.toml", "--run", "never", "--profile-trace", name[".json"])
    equal("what was made", os.path.exists("never"), False)


def two_file_systems():
    begin("two_file_systems")
    other = "/dev/shm"
    if not os.access(other, os.W_OK) or os.stat(other).st_dev == os.stat(".").st_dev:
        print("one file system: not tried")
        return
    other = os.path.join(other, f"shoal-paths-{os.getpid()}")
    os.mkdir(other)
    try:
        expect(0, "", *synth("d.h5"))
        write_config("c.toml", "d.h5")
        os.mkdir("run")
        os.symlink(other, "run/checkpoints")
        expect(74, "run/checkpoints is a link to another file system", "train", "c.toml", "--run", "run")
        equal("checkpoints", os.listdir(other), [])
        os.symlink(other, "linked")  # the whole of it may be one
        expect(0, "", "train", "c.toml", "--run", "linked")
    finally:
        shutil.rmtree(other)


def signals():
    begin("signals")
    expect(0, "", *synth("d.h5"))
    write_config("c.toml", "d.h5")
    expect(0, "", "train", "c.toml", "--set", "model.hidden=[512, 512]", "--run", "run")
    np.save("x.npy", np.zeros((200000, 100), np.float32))
    expect(0, "", *synth("many.h5", samples="100000"))
    big = synth("out.h5", samples="300000", features="64")
    commands = [(big, signal.SIGTERM), (big, signal.SIGINT), (big, signal.SIGHUP),
                (["import", "npy", "--x", "x.npy", "-o", "out.h5"], signal.SIGTERM),
                (["predict", "run", "--data", "many.h5", "--split", "train", "--out", "out.h5"], signal.SIGTERM)]
    for command, number in commands:
        for _ in range(10):  # one that was faster than this script starts again
            process = subprocess.Popen([shoal, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and not glob.glob("out.h5.*.tmp"):
                time.sleep(0.001)
            process.send_signal(number)
            status = process.wait()
            left = glob.glob("out.h5*")
            for file in left:
                os.remove(file)
            if status != 0:
                break
        equal(f"what {command[0]} leaves after signal {number}", (status, left), (-number, []))


shutil.rmtree(folder, ignore_errors=True)
for part in (not_utf8, dots, branches, long_names, two_file_systems, signals):
    part()
sys.exit("\n".join(faults).encode(errors="backslashreplace").decode() if faults else 0)
