"""Models taken elsewhere: examples in C, C++ and Fortran, built from an installed prefix as a user would, give what
`shoal predict` writes, to the bit, for nets of each kind; misuse of the C interface is refused; its library takes libc,
libm and libstdc++ alone, and no memory once a model is open.

    elsewhere_test.py SHOAL FOLDER SOURCES BUILD CMAKE CC CXX FORTRAN VALGRIND SANITIZERS
"""
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys

import h5py
import numpy as np

import nets

shoal, folder, sources, build = (os.path.abspath(word) for word in sys.argv[1:5])
cmake, cc, cxx, fortran, valgrind, sanitizers = sys.argv[5:11]
sanitized = [f"-fsanitize={sanitizers}", "-DSANITIZED"] if sanitizers else []
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
here = os.path.dirname(os.path.abspath(__file__))
prefix = os.path.join(folder, "prefix")
examples = os.path.join(prefix, "share/shoal/examples")


def run(*words, status=0, **more):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    assert done.returncode == status, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def pkg_config(*asked):
    path = [os.path.dirname(found) for found, _, files in os.walk(prefix) for name in files if name == "shoal_infer.pc"
            for found in [os.path.join(found, name)]]
    words = subprocess.run(["pkg-config", *asked, "shoal_infer"], env={**os.environ, "PKG_CONFIG_PATH": path[0]}, check=True,
                           capture_output=True).stdout
    return shlex.split(os.fsdecode(words))  # as a shell would take them: what is odd in a path is escaped, byte by byte


def build_examples():
    run(cmake, "--install", build, "--prefix", prefix)
    libs = pkg_config("--libs")
    library = libs[0].removeprefix("-L")
    link = [*libs, f"-Wl,-rpath,{library}", *sanitized]
    c99 = [cc, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", *pkg_config("--cflags")]
    c11 = [cc, "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", *pkg_config("--cflags"), "-pthread"]
    f08 = [fortran, "-std=f2008", "-Wall", "-Wextra", "-Werror", "-O2", "-fopenmp"]
    commands = [[*c99, f"{examples}/predict.c", *link, "-o", "predict_c"],
                [*c99, f"{examples}/table.c", *link, "-o", "table_c"],
                [*c99, f"{here}/misuse.c", *link, "-o", "misuse"],
                [*c11, f"{here}/threads.c", *link, "-o", "threads"]]
    if "thread" not in sanitizers:  # OpenMP's library is not told of there
        commands.append([*f08, *pkg_config("--variable=fortran"), f"{examples}/predict.f90", *link, "-o", "predict_f90"])
        os.makedirs("sections_modules", exist_ok=True)  # beside the module file of the other
        commands.append([*f08, "-J", "sections_modules", *pkg_config("--variable=fortran"), f"{here}/sections.f90", *link,
                         "-o", "sections"])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda words: run(*words), commands))
    run(cmake, "-S", f"{here}/cpp", "-B", "cpp", "-G", "Ninja", f"-DEXAMPLES={examples}", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={cxx}", "-DCMAKE_CXX_FLAGS=" + " ".join(sanitized), "-DCMAKE_BUILD_TYPE=Release")
    run(cmake, "--build", "cpp")
    version, = pkg_config("--modversion")
    with open(f"{prefix}/include/shoal/shoal.h") as header:
        assert version == "1.%s.0" % re.search(r"#define SHOAL_ABI_VERSION (\d+)", header.read())[1], version
    so = os.path.join(library, "libshoal_infer.so.1")
    assert os.path.basename(os.path.realpath(so)) == f"libshoal_infer.so.{version}", os.path.realpath(so)
    return so


def takes_little(library):
    """Of the system's libraries; and gives nothing but its own functions."""
    names = set(re.findall(r"^\s*(\S+)", run("ldd", library), re.M))
    known = re.compile(r"linux-vdso|lib(c|m|stdc\+\+|gcc_s)\.so|/lib\S*/ld-linux")
    assert sanitizers or all(known.match(name) for name in names), names
    given = re.findall(r"\b[A-Z] (\S+)", run("nm", "-D", "--defined-only", library))
    assert all(re.match("(shoal_|SHOAL_)", name) for name in given) and len(given) > 15, given


def import_data():
    nets.write_files()
    digits = ["import", "csv", f"{sources}/data/digits.csv.gz", "--label", "label", "--shape", "8,8"]
    run(shoal, *digits, "--test-last", str(nets.ROWS), "-o", "digits.h5")
    run(shoal, "import", "npy", "--x", "x.npy", "--y", "y.npy", "--test-last", str(nets.ROWS), "-o", "numbers.h5")
    for name in ("table", "far"):
        run(shoal, "import", "csv", f"{name}.csv", "--label", "price", "--regression", "--test-last", str(nets.ROWS), "-o",
            f"{name}.h5")


def rows_of(data):
    """The rows of the split test as doubles, in a file; their outputs by `shoal predict`, as doubles."""
    with h5py.File(f"{data}.h5") as file:
        file["test/x"][:].reshape(nets.ROWS, -1).astype(np.float64).tofile(f"{data}.rows")
    return f"{data}.rows"


def predictions(name, data):
    run(shoal, "predict", f"runs/{name}", "--data", f"{data}.h5", "--split", "test", "--out", f"{name}.predicted.h5")
    with h5py.File(f"{name}.predicted.h5") as file:
        return (file["probabilities"] if "probabilities" in file else file["outputs"])[:].astype(np.float64)


def same(what, made, expected):
    made = np.fromfile(made) if isinstance(made, str) else made
    assert made.size == expected.size, f"{what}: {made.size} numbers, not {expected.size}"
    worst = np.flatnonzero(made.view(np.uint64) != expected.reshape(-1).view(np.uint64))
    assert worst.size == 0, f"{what}: {worst.size} differ, first {made[worst[0]]!r} and {expected.reshape(-1)[worst[0]]!r}"


def each_net(name):
    data, settings = nets.NETS[name]
    sets = [word for setting in settings for word in ("--set", setting)]
    run(shoal, "train", "--run", f"runs/{name}", "--set", f"data.file={data}.h5", "--set", "train.steps=12", *sets,
        env={**os.environ, "OMP_NUM_THREADS": "1"})
    expected = predictions(name, data)
    assert np.unique(expected).size > nets.ROWS // 2, f"{name} says little"
    programs = [program for program in ("./predict_c", "cpp/predict_cpp", "./predict_f90") if os.path.exists(program)]
    for program in programs:
        out = f"{name}.{os.path.basename(program)}"
        run(program, f"runs/{name}", f"{data}.rows", out)
        same(f"{name} by {program}", out, expected)
    return expected


library = build_examples()
takes_little(library)
import_data()
for data in ("digits", "numbers", "table", "far"):
    rows_of(data)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    expected = dict(zip(nets.NETS, pool.map(each_net, nets.NETS)))

# Rows by the names of columns, from the file itself.
with open("table.csv") as file:
    lines = file.readlines()
with open("test.csv", "w") as file:
    file.writelines([lines[0], *lines[-nets.ROWS:]])
printed = run("./table_c", "runs/table", "test.csv")
same("table by columns", np.array([float(v) for v in re.split("[,\n]", printed.strip())]), expected["table"])

hardest, data = f"runs/{nets.HARDEST}", nets.NETS[nets.HARDEST][0]
run("./predict_c", hardest, f"{data}.rows", "scalar", env={**os.environ, "SHOAL_ISA": "scalar"})
same("without vectors", "scalar", expected[nets.HARDEST])

run("./misuse", "runs/relu/checkpoints/latest", "numbers.h5")
if os.path.exists("sections"):
    run("./sections", "runs/relu", "numbers.rows")
print(run("./threads", hardest, f"{data}.rows", "8", "3").strip())
print(run("./threads", "runs/relu", "numbers.rows", "8", "3").strip())

if not sanitizers:
    few = np.fromfile(f"{data}.rows")[: 64 * 40]
    few.tofile("few.rows")
    checked = [valgrind, "-q", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    run(*checked, "./predict_f90", hardest, "few.rows", "few.out", env={**os.environ, "OMP_NUM_THREADS": "2"})
    run(*checked, "./misuse", "runs/relu/checkpoints/latest", "numbers.h5")
    same("under valgrind", "few.out", expected[nets.HARDEST].reshape(nets.ROWS, -1)[:40])
print(f"{len(nets.NETS)} nets, the same bits in C, C++ and Fortran")
