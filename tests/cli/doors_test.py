#!/usr/bin/env python3
"""Files that were once taken for something else without a word, from import to evaluate, by 1 and 2 ranks.

  doors_test.py SHOAL SCRATCH_FOLDER [MPIEXEC]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np

shoal, scratch, launcher = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
os.chdir(scratch)
draw = np.random.default_rng(1)
ranks = 1


def run(*arguments):
    by = [*launcher, "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
    return subprocess.run([*by, shoal, *map(str, arguments)], capture_output=True, text=True)


def done(*arguments):
    ran = run(*arguments)
    assert ran.returncode == 0, (ranks, arguments, ran.stderr)
    return ran


def refused(words, *arguments):
    ran = run(*arguments)
    assert ran.returncode != 0 and words in ran.stderr, (ranks, arguments, ran)


def imported(kind, out, *arguments):
    """Returns what import said and what inspect tells of the data set."""
    pathlib.Path(out).unlink(missing_ok=True)
    ran = done("import", kind, *arguments, "-o", out)
    return ran.stdout + ran.stderr, h5py.File(out)


def trained(data, *settings):
    name = data.removesuffix(".h5")
    shutil.rmtree(name, ignore_errors=True)
    sets = [word for setting in settings for word in ("--set", setting)]
    done("train", "--set", f"data.file={data}", "--set", "model.hidden=[8]", *sets, "--run", name)
    return name


def judged(model, data, *options):
    return json.loads(done("evaluate", model, "--data", data, "--json", *options).stdout)


def write(name, text, encoding="utf-8"):
    pathlib.Path(name).write_bytes(text.encode(encoding))
    return name


def many_columns_with_names():
    names = [f"measurement_number_{i}_of_a_long_list" for i in range(6000)]
    x = draw.integers(0, 9, size=(60, 6000))
    y = (x[:, 0] > 4).astype(int)
    head = ",".join([*names, "y"])
    write("wide.csv", "\n".join([head] + [",".join(map(str, [*row, k])) for row, k in zip(x, y)]) + "\n")
    write("reversed.csv", "\n".join([",".join(["y", *names[::-1]])] +
                                    [",".join(map(str, [k, *row[::-1]])) for row, k in zip(x, y)]) + "\n")
    imported("csv", "wide.h5", "wide.csv", "--label", "y")
    _, data = imported("csv", "reversed.h5", "reversed.csv", "--label", "y", "--like", "wide.h5")
    assert np.array_equal(data["train/x"][:], x)
    model = trained("wide.h5", "train.steps=20")
    for file in "reversed.h5", "reversed.csv":
        asked = ["--split", "train"] if file.endswith("h5") else []
        assert judged(model, file, *asked)["loss"] == judged(model, "wide.h5", "--split", "train")["loss"]


def a_name_that_occurs_twice():
    imported("csv", "once.h5", write("once.csv", "a,b,y\n1,2,0\n3,4,1\n"), "--label", "y")
    refused("\"a\"", "import", "csv", write("twice.csv", "a,a,b,y\n1,9,2,0\n3,9,4,1\n"), "--label", "y", "--like",
            "once.h5", "-o", "twice.h5")
    assert not os.path.exists("twice.h5")


def a_label_with_a_gap():
    rows = [f"{i},{i * 1.37}" for i in range(200)]
    gap = write("gap.csv", "\n".join(["a,y", *rows, "5,NA"]) + "\n")
    two = write("two.csv", "a,y\n" + "1,0\n2,1\n" * 20 + "3,NA\n")
    for file in gap, two:
        refused("--drop-unlabelled", "import", "csv", file, "--label", "y", "-o", "none.h5")
    said, data = imported("csv", "gap.h5", gap, "--label", "y", "--drop-unlabelled")
    assert data["train/y"].dtype.kind == "f" and len(data["train/y"]) == 200 and "of which 1 has no label" in said, said
    said, data = imported("csv", "two.h5", two, "--label", "y", "--drop-unlabelled")
    assert data.attrs["classes"] == 2 and len(data["train/y"]) == 40 and "of which 1 has no label" in said, said


def numbers_that_float32_would_round():
    write("days.csv", "day,y\n" + "20180128,0\n20180129,1\n" * 100)
    imported("csv", "days.h5", "days.csv", "--label", "y")
    model = trained("days.h5", "data.normalize=standard", "train.epochs=60", "parallel.leaves=2", "data.batch_size=16")
    assert judged(model, "days.csv")["accuracy"] == 1.0


def a_first_row_of_numbers():
    said, data = imported("csv", "numbered.h5", write("numbered.csv", "0,1,2,3\n" + "5.5,6.25,7,1\n8,9.5,1,0\n" * 9),
                          "--label", "3")
    assert len(data["train/x"]) == 18 and "header" in said, said
    _, data = imported("csv", "asked.h5", write("asked.csv", "?,6,0\n" + "5,6.5,0\n8,9,1\n" * 9), "--missing", "?",
                       "--label", "2")
    assert len(data["train/x"]) == 19 and np.isnan(data["train/x"][0, 0])


def columns_in_another_order():
    rows = [(round(draw.normal(), 3), round(draw.normal(), 3), k % 2) for k in range(80)]
    write("order.csv", "a,b,y\n" + "".join(f"{a},{b},{k}\n" for a, b, k in rows))
    write("other.csv", "extra,b,a\n" + "".join(f"x,{b},{a}\n" for a, b, _ in rows))
    imported("csv", "order.h5", "order.csv", "--label", "y")
    model = trained("order.h5", "train.epochs=3")
    own, other = (done("predict", model, "--data", f, "--out", "-").stdout for f in ("order.csv", "other.csv"))
    assert own == other
    refused("\"a\"", "predict", model, "--data", write("less.csv", "b\n1\n"), "--out", "-")


def targets_far_from_zero():
    x = draw.normal(size=400)
    write("far.csv", "x,price\n" + "".join(f"{v!r},{2e5 + 1e5 * v + 0.25!r}\n" for v in x.tolist()))
    imported("csv", "far.h5", "far.csv", "--label", "price")
    model = trained("far.h5", "train.epochs=40", "parallel.leaves=2", "data.batch_size=32", "optimizer.learning_rate=0.01")
    assert judged(model, "far.csv")["r2"] > 0.99


def labels_of_arrays():
    np.save("x.npy", draw.normal(size=(40, 3)).astype("f4"))
    halves = np.arange(40) % 2
    for name, y in ("float", halves.astype("f8")), ("bool", halves == 1), ("signs", 2 * halves - 1):
        np.save(f"{name}.npy", y)
        _, data = imported("npy", f"{name}.h5", "--x", "x.npy", "--y", f"{name}.npy")
        assert data.attrs["classes"] == 2 and np.array_equal(data["train/y"][:], halves), name


def codes_as_labels():
    write("codes.csv", "a,code\n" + "1,111000\n2,112000\n3,452000\n" * 20)
    _, data = imported("csv", "codes.h5", "codes.csv", "--label", "code")
    assert data.attrs["classes"] == 3
    model = trained("codes.h5", "train.steps=2")
    assert max(os.path.getsize(file) for file in pathlib.Path(model, "checkpoints").iterdir()) < 1e6
    assert "452000" in done("predict", model, "--data", "codes.csv", "--out", "-").stdout.splitlines()[0]


def trials_of_equal_accuracy():
    write("easy.csv", "a,y\n" + "".join(f"{(2 * (i % 2) - 1) * (3 + i / 9)},{i % 2}\n" for i in range(90)))
    imported("csv", "easy.h5", "easy.csv", "--label", "y", "--validation-fraction", "0.3")
    write("easy.toml", '[data]\nfile = "easy.h5"\n[train]\nepochs = 60\n[model]\nhidden = [4]\n[sweep]\ntrials = 4\n'
          'metric = "validation.accuracy"\n[sweep.space]\n'
          '"optimizer.learning_rate" = {scale = "log", min = 1e-2, max = 1e-1}\n')
    shutil.rmtree("easy", ignore_errors=True)
    done("sweep", "easy.toml", "--run", "easy")
    lines = pathlib.Path("easy/sweep.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:]]
    accuracy, loss = ([float(row[f"validation.{what}"]) for row in rows] for what in ("accuracy", "loss"))
    assert accuracy.count(max(accuracy)) > 1, rows
    (first,) = [row for row in rows if row["place"] == "1"]
    assert float(first["validation.loss"]) == min(l for a, l in zip(accuracy, loss) if a == max(accuracy)), rows


def sparse_rows():
    imported("libsvm", "sparse.h5", write("sparse.svm", "1 1:5 2:3 4:2\n2 2:1\n3 1:1 4:7\n" * 10))
    _, data = imported("libsvm", "less.h5", write("less.svm", "3 1:2\n1 2:4\n"), "--like", "sparse.h5")
    assert data["train/x"].shape == (2, 4) and list(data["train/y"]) == [2, 0]
    _, data = imported("libsvm", "unsorted.h5", write("unsorted.svm", "1 4:5 1:3\n2 1:2\n"))
    assert data["train/x"][:].tolist() == [[3, 0, 0, 5], [2, 0, 0, 0]]
    _, data = imported("libsvm", "bom.h5", write("bom.svm", "1 1:5\n2 1:6\n", "utf-8-sig"))
    assert len(data["train/y"]) == 2
    said, data = imported("libsvm", "qid.h5", write("qid.svm", "1 qid:3 1:5\n2 qid:3 1:6\n"))
    assert data["train/x"][:].tolist() == [[5], [6]] and "qid: of 2 rows is left out" in said, said


def other_spellings_of_a_table():
    table = "a,b,y\n" + "1,2.5,0\n3,4.5,1\n" * 10
    _, plain = imported("csv", "plain.h5", write("plain.csv", table), "--label", "y")
    for name, text, encoding in (("wide", table, "utf-16"), ("pipes", table.replace(",", "|"), "utf-8"),
                                 ("blanks", table.replace(",", "  "), "utf-8"), ("returns", table.replace("\n", "\r"), "utf-8"),
                                 ("commas", table.replace("\n", ",\n"), "utf-8")):
        _, data = imported("csv", f"{name}.h5", write(f"{name}.csv", text, encoding), "--label", "y")
        assert np.array_equal(data["train/x"][:], plain["train/x"][:]), name
        assert np.array_equal(data["train/y"][:], plain["train/y"][:]), name


def targets_in_another_order():
    numbers = [37 * i % 101 / 100 for i in range(300)]
    for name, columns in (("two", "x,big,small"), ("swapped", "x,small,big"), ("others", "x,foo,bar")):
        write(f"{name}.csv", columns + "\n" + "".join(
            "{:.3f},{:.4f},{:.4f}\n".format(v, *((2 - v, 1000 + 5 * v) if name == "swapped" else (1000 + 5 * v, 2 - v)))
            for v in numbers))
        imported("csv", f"{name}.h5", f"{name}.csv", "--label", columns[2:])
    model = trained("two.h5", "train.epochs=60", "optimizer.learning_rate=0.03")
    right = judged(model, "two.csv")
    assert right["r2"] > 0.9
    for options in [], ["--y", "big,small"], ["--y", "small,big"]:
        assert judged(model, "swapped.csv", *options) == right, options
    for command in ["evaluate"], ["explain", "--repeats", "1"]:
        refused("small, big", command[0], model, "--data", "swapped.h5", "--split", "train", *command[1:])
    imported("csv", "ordered.h5", "swapped.csv", "--label", "small,big", "--like", "two.h5")
    assert judged(model, "ordered.h5", "--split", "train")["loss"] == right["loss"]
    assert judged(model, "others.csv", "--y", "foo,bar") == right  # other names: as they are given
    assert judged(model, "others.csv", "--y", "bar,foo")["r2"] < 0
    ran = done("evaluate", model, "--data", "others.h5", "--split", "train")
    assert "\"foo\"" in ran.stderr and "\"big\"" in ran.stderr, ran.stderr


doors = [many_columns_with_names, a_name_that_occurs_twice, a_label_with_a_gap, numbers_that_float32_would_round,
         a_first_row_of_numbers, columns_in_another_order, targets_far_from_zero, labels_of_arrays, codes_as_labels,
         trials_of_equal_accuracy, sparse_rows, other_spellings_of_a_table, targets_in_another_order]
failed = 0
for ranks in (1, 2) if launcher else (1,):
    for door in doors:
        try:
            door()
        except Exception as error:  # pylint: disable=broad-except
            print(ranks, door.__name__, repr(error)[:900])
            failed += 1
sys.exit(failed > 0)
