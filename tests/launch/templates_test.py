#!/usr/bin/env python3
"""The templates of launch/clusters: what can run here runs, the schedulers with stand-ins for what they set and offer.

    templates_test.py SHOAL FOLDER SOURCES BUILD CMAKE [CASE...]

Jobs of PBS, LSF and Slurm are stopped by USR1, asked to be queued again, and go on to the end; one that loses ranks is not
queued for ever. The launcher of the MPIJob runs, module load finds shoal and its manual. Of the Spack package and the
Apptainer definition the words are checked alone.
"""
import ast
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import types

import yaml

shoal, folder, sources, build = (pathlib.Path(word).resolve() for word in sys.argv[1:5])
cmake = sys.argv[5]
templates = sources / "launch/clusters"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PBS_", "LSB_", "SLURM_"))}
ENVIRONMENT |= {"OMP_NUM_THREADS": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PRTE_ALLOW_RUN_AS_ROOT": "1", "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
NET = """[data]
file = "data.h5"
batch_size = 128
[model]
hidden = [256, 256]
[train]
steps = {steps}
[checkpoint]
every_steps = 100
"""


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def place(name):
    """A folder with data and a config that trains for ever, as one would submit from."""
    here = folder / name
    (here / "bin").mkdir(parents=True)
    shutil.copy(folder / "data.h5", here)
    (here / "net.toml").write_text(NET.format(steps=10**9))
    return here


def stand_in(here, name, script):
    command = here / "bin" / name
    command.write_text(f"#!/usr/bin/env bash\n{script}\n")
    command.chmod(0o755)
    return command


def start(here, script, *arguments, **variables):
    """A job as the scheduler would start it: a session of its own, so that a signal may go to all of it."""
    path = f"{here / 'bin'}:{shoal.parent}:{ENVIRONMENT['PATH']}"
    return subprocess.Popen(["bash", str(script), *arguments], cwd=here, env=ENVIRONMENT | {"PATH": path} | variables,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)


def ends(status, job):
    said, _ = job.communicate()
    assert job.returncode == status, f"{job.args} ended with {job.returncode}, not {status}:\n{said}"


def wait_for(path):
    for _ in range(600):
        if path.exists() and path.stat().st_size > 0:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} does not come")


def shorten(here, run_folder):
    """The job to come shall end: 20 steps after what is saved."""
    saved = int(re.search(r"step-0*(\d+)\.h5", os.readlink(run_folder / "checkpoints/latest"))[1])
    assert saved > 0
    (here / "net.toml").write_text(NET.format(steps=saved + 20))
    return saved + 20


def went_on(run_folder, steps):
    lines = (run_folder / "metrics.jsonl").read_text().splitlines()
    told = [json.loads(line)["step"] for line in lines if '"learning_rate"' in line]
    assert told == list(range(1, steps + 1)), f"{run_folder}: {len(told)} lines of metrics, not each step once"
    jobs = [json.loads(line) for line in (run_folder / "jobs.jsonl").read_text().splitlines()]
    assert len(jobs) == 4, jobs  # two that began, two that ended


def says_what_it_is():
    """What one changes, and whether it has been run."""
    for path in sorted(templates.iterdir()):
        head = path.read_text()[:2500]
        assert "Change:" in head and ("Not run: no " in head or "Has been run:" in head), f"{path} says too little"
        if path.suffix in (".pbs", ".lsf", ".sbatch"):
            run("bash", "-n", path)


def pbs():
    here = place("pbs")
    (here / "nodes").write_text("localhost\nlocalhost\n")
    stand_in(here, "qsub", 'for word; do echo "$word"; done >>asked; echo 8.server')
    variables = {"PBS_O_WORKDIR": str(here), "PBS_NODEFILE": str(here / "nodes"), "PBS_JOBID": "7.server"}
    script = shutil.copy(templates / "train.pbs", here / "7.server.SC")  # PBS runs a copy

    ends(75, start(here, script, CONFIG="net.toml", SECONDS_TO_TRAIN="10", **variables))
    asked = (here / "asked").read_text().splitlines()
    assert asked[:3] == ["-W", "depend=afterany:7.server", "-v"] and asked[4:] == [str(script)], asked
    handed_on = dict(pair.split("=") for pair in asked[3].split(","))
    assert handed_on == {"CONFIG": "net.toml", "RUN": "runs/pbs-7", "SHOAL": "shoal"}, handed_on

    steps = shorten(here, here / "runs/pbs-7")
    (here / "asked").unlink()
    ends(0, start(here, script, **variables | handed_on | {"PBS_JOBID": "8.server"}))
    assert not (here / "asked").exists(), "a run that has ended was submitted again"
    went_on(here / "runs/pbs-7", steps)

    lost = str(stand_in(here, "lost", "exit 77"))
    ends(77, start(here, script, CONFIG="", SHOAL=lost, RUN="runs/lost", **variables))
    assert "RUN=runs/lost" in (here / "asked").read_text()
    (here / "asked").unlink()
    (here / "runs/lost.lost").write_text("then\n" * 20)
    ends(77, start(here, script, SHOAL=lost, RUN="runs/lost", **variables))
    assert not (here / "asked").exists(), "a job that loses ranks is submitted for ever"


def lsf():
    here = place("lsf")
    script = templates / "train.lsf"
    directives = re.findall(r"^#BSUB (.*)$", script.read_text(), re.M)
    assert '-Q "75 77"' in directives and "-wa USR1" in directives, directives
    (here / "hosts").write_text("localhost\nlocalhost\n")
    variables = {"LSB_JOBID": "7", "LSB_DJOB_HOSTFILE": str(here / "hosts"), "LSB_DJOB_NUMPROC": "2", "CONFIG": "net.toml"}
    job = start(here, script, **variables)
    wait_for(here / "runs/lsf-7/metrics.jsonl")
    os.killpg(job.pid, signal.SIGUSR1)  # as -wa does: this script and mpirun alike
    ends(75, job)
    steps = shorten(here, here / "runs/lsf-7")
    ends(0, start(here, script, **variables))
    went_on(here / "runs/lsf-7", steps)

    variables |= {"SHOAL": str(stand_in(here, "lost", "exit 77")), "LSB_JOBID": "8"}
    ends(77, start(here, script, **variables))
    (here / "runs/lsf-8.lost").write_text("then\n" * 20)
    ends(70, start(here, script, **variables))


def slurm_sweep():
    here = place("slurm")
    with open(here / "net.toml", "a", encoding="utf-8") as config:
        config.write('[sweep]\ntrials = 16\n[sweep.space]\n')
        config.write('"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1e-1}\n')
    text = (here / "net.toml").read_text().replace(f"steps = {10**9}", "epochs = 20")
    (here / "net.toml").write_text(text)
    stand_in(here, "scontrol", 'echo "$@" >>asked')
    # Of its own options srun drops those that mpirun does not know; with STOP it sends USR1 once a trial is done.
    stand_in(here, "srun", """while [[ $1 == --* ]]; do shift; done
mpirun --bind-to none -np 2 "$@" &
if [ -n "${STOP:-}" ]; then
  until cat "$STOP"/journal-*.jsonl 2>/dev/null | grep -q .; do sleep 0.05; done
  kill -USR1 %1
fi
wait %1""")
    script = templates / "slurm-sweep.sbatch"

    def task(seed, status, **more):
        ends(status, start(here, script, "net.toml", SLURM_ARRAY_JOB_ID="5", SLURM_ARRAY_TASK_ID=str(seed),
                           SLURM_JOB_ID=str(5 + seed), **more))

    task(1, 75, STOP="runs/sweep-5-1")
    assert (here / "asked").read_text() == "requeue 6\n", "not queued again"
    task(1, 0, SLURM_RESTART_COUNT="1")
    task(2, 0)
    assert (here / "asked").read_text() == "requeue 6\n", "a sweep that has ended was queued again"
    rates = []
    for seed in (1, 2):
        trials = [json.loads(line) for line in (here / f"runs/sweep-5-{seed}/sweep.jsonl").read_text().splitlines()]
        assert len(trials) == 16 and all(trial["status"] == "done" for trial in trials), trials
        rates.append({line.split(",")[-2] for line in (here / f"runs/sweep-5-{seed}/sweep.csv").read_text().splitlines()[1:]})
    assert not rates[0] & rates[1], "both tasks try the same"
    task(3, 77, SHOAL=str(stand_in(here, "lost", "exit 77")))
    assert (here / "asked").read_text() == "requeue 6\nrequeue 8\n"
    task(3, 77, SHOAL=str(here / "bin/lost"), SLURM_RESTART_COUNT="20")
    assert (here / "asked").read_text() == "requeue 6\nrequeue 8\n", "a sweep that loses ranks is queued for ever"


def mpijob():
    job = yaml.safe_load((templates / "mpijob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v2beta1", "MPIJob")
    spec = job["spec"]
    assert set(spec) <= {"slotsPerWorker", "mpiImplementation", "runPolicy", "mpiReplicaSpecs",
                         "launcherCreationPolicy", "runLauncherAsWorker"}, spec
    assert set(spec["runPolicy"]) <= {"cleanPodPolicy", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
                                      "schedulingPolicy", "suspend", "managedBy"}, spec["runPolicy"]
    assert set(spec["mpiReplicaSpecs"]) == {"Launcher", "Worker"}
    pods = {}
    for name, replica in spec["mpiReplicaSpecs"].items():
        assert set(replica) <= {"replicas", "restartPolicy", "template"}, replica
        pods[name] = replica["template"]["spec"]
        pod, (container,) = pods[name], pods[name]["containers"]
        assert set(pod) <= {"containers", "volumes", "terminationGracePeriodSeconds"}, pod
        assert set(container) <= {"name", "image", "workingDir", "env", "command", "args", "resources", "volumeMounts"}, name
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}, pod
        assert all(isinstance(word, str) for word in container["command"] + container["args"]), container
        assert all(isinstance(variable["value"], str) for variable in container.get("env", [])), container
    launcher, = pods["Launcher"]["containers"]
    workers = spec["mpiReplicaSpecs"]["Worker"]
    words = launcher["command"] + launcher["args"]
    ranks = words.index("-np") + 1
    assert int(words[ranks]) == workers["replicas"] * spec["slotsPerWorker"], words
    assert float(pods["Worker"]["containers"][0]["resources"]["limits"]["cpu"]) >= spec["slotsPerWorker"]

    here = place("kubernetes")
    (here / "net.toml").write_text(NET.format(steps=20))
    words[ranks] = "2"
    run(*words, cwd=here, env=ENVIRONMENT | {"PATH": f"{shoal.parent}:{ENVIRONMENT['PATH']}"} |
        {variable["name"]: variable["value"] for variable in launcher["env"]})
    assert os.readlink(here / "runs/kubernetes/checkpoints/latest") == "step-00000020.h5"


def modulefile():
    prefix = folder / "opt"
    run(cmake, "--install", build, "--prefix", prefix)
    text = (templates / "modulefile").read_text()
    version = re.search(r"^set version (\S+)$", text, re.M)[1]
    assert version == run(shoal, "--version").split()[1], version
    assert "set prefix /opt/shoal/$version\n" in text
    library, = prefix.rglob("libshoal_infer.so")
    text = text.replace("set prefix /opt/shoal/$version\n", f"set prefix {{{prefix}}}\n")
    text = text.replace("set lib $prefix/lib\n", f"set lib {{{library.parent}}}\n")
    (folder / "modules/shoal").mkdir(parents=True)
    (folder / "modules/shoal" / version).write_text(text)
    said = run("bash", "-c", '''set -e
. /usr/share/modules/init/bash
module use "$1"
! command -v shoal
module load shoal
command -v shoal
man -w shoal
shoal --version | head -n 1
pkg-config --modversion shoal_infer
module whatis shoal 2>&1 | grep -c "neural networks"
module unload shoal
! command -v shoal
''', "bash", folder / "modules", env={name: value for name, value in ENVIRONMENT.items() if name != "MANPATH"} |
               {"PATH": "/usr/local/bin:/usr/bin:/bin"}).splitlines()
    assert said[:3] == [str(prefix / "bin/shoal"), str(prefix / "share/man/man1/shoal.1"), f"shoal {version}"], said
    assert said[3].startswith("1.") and said[4] == "1", said


# What CMakeLists.txt looks for, and where Spack has it; "": with the compiler.
SPACK = {"PkgConfig": "pkgconfig", "OpenMP": "", "Eigen3": "eigen", "fmt": "fmt", "ZLIB": "zlib-api", "JPEG": "jpeg",
         "PNG": "libpng", "nlohmann_json": "nlohmann-json", "CLI11": "cli11", "tomlplusplus": "tomlplusplus",
         "xxhash": "xxhash", "hwy": "highway", "zstd": "zstd", "httplib": "cpp-httplib", "hdf5": "hdf5", "MPI": "mpi"}


class Recorded:
    """What the words of a Spack package would tell Spack."""

    def __init__(self):
        self.said = []
        self.words = {name: lambda *a, name=name, **k: self.said.append((name, a, k))
                      for name in ("license", "version", "resource", "variant", "depends_on")}
        self.words |= {"run_before": lambda phase: lambda function: function, "join_path": os.path.join}


def spack():
    source = (templates / "package.py").read_text()
    module = ast.parse(source)
    assert [node.name for node in module.body if isinstance(node, ast.ClassDef)] == ["Shoal"]
    imported = {node.module for node in module.body if isinstance(node, ast.ImportFrom)}
    assert imported == {"spack_repo.builtin.build_systems.cmake", "spack.package"}, imported
    recorded = Recorded()
    base = type("CMakePackage", (), {"define": lambda self, name, value: f"-D{name}={value}",
                                     "define_from_variant": lambda self, name, variant: f"-D{name}={variant}"})
    body = "\n".join(line for line in source.splitlines() if not line.startswith("from "))
    names = recorded.words | {"CMakePackage": base}
    exec(compile(body, "package.py", "exec"), names)  # pylint: disable=exec-used

    needs = {arguments[0] for word, arguments, _ in recorded.said if word == "depends_on"}
    names_alone = {re.match(r"[a-z0-9-]+", need)[0] for need in needs}
    text = (sources / "CMakeLists.txt").read_text()
    sought = re.findall(r"^ *(?:find_package|pkg_check_modules|pkg_search_module)\((\w+)", text, re.M)
    expected = {SPACK[name] for name in sought} - {""} | {"c", "cxx", "cmake", "random123"}  # Random123: headers alone
    assert names_alone == expected, f"{names_alone ^ expected} on one side alone"
    assert f"cmake@{re.search(r'cmake_minimum_required.VERSION ([0-9.]+)', text)[1]}:" in needs
    assert f"eigen@{re.search(r'find_package.Eigen3 ([0-9.]+)', text)[1]}:" in needs
    version, = [arguments[0] for word, arguments, _ in recorded.said if word == "version"]
    assert version == re.search(r"project\(shoal VERSION (\S+)", text)[1], version

    package = names["Shoal"]()
    package.run_tests = False
    package.stage = types.SimpleNamespace(path=str(folder), source_path="/s")
    package.spec = {"cpp-httplib": types.SimpleNamespace(prefix=types.SimpleNamespace(include="/usr/include/httplib"))}
    options = re.findall(r"^(?:option|set)\((SHOAL_\w+)", text, re.M) + ["SHOAL_D3"]
    for argument in package.cmake_args():
        assert re.match(r"-D(\w+)=", argument)[1] in options, argument
    package.describe_httplib()
    found = run("pkg-config", "--cflags", "cpp-httplib", env=ENVIRONMENT | {"PKG_CONFIG_PATH": str(folder)})
    assert found.strip() == "-I/usr/include/httplib", found


def apptainer():
    text = (templates / "shoal.def").read_text()
    parts = re.split(r"^%(\w+.*)\n", text, flags=re.M)
    sections = list(zip(parts[1::2], parts[2::2]))
    assert [name.split()[0] for name, _ in sections] == ["files", "post", "files", "post", "runscript", "test"], sections
    assert re.findall(r"^Bootstrap: docker\nFrom: debian:12\nStage: (\w+)$", text, re.M) == ["build", "final"]
    for name, body in sections:
        if not name.startswith("files"):
            commands = "\n".join(line for line in body.splitlines() if line.startswith("    "))
            run("sh", "-n", "-c", commands)
            for script in re.findall(r"\./(launch/\S+)", commands):
                assert (sources / script).exists(), script


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(shoal, "synth", "spirals", "--samples", "1000", "--features", "2", "--classes", "3", "-o", folder / "data.h5")
    cases = {test.__name__: test for test in (says_what_it_is, spack, apptainer, modulefile, mpijob, pbs, lsf, slurm_sweep)}
    for name in sys.argv[6:] or cases:
        began = time.monotonic()
        cases[name]()
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)


main()
