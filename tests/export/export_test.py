#!/usr/bin/env python3
"""What `shoal export` writes, and data/shoal_load.py, give what `shoal predict` writes, for every layer, loss, place of
batch norm and encoding: C to the bit, Python and ONNX to 1e-5.

export_test.py SHOAL DATA_FOLDER FOLDER PYTHONS [NET...]
    DATA_FOLDER: with digits.csv.gz and shoal_load.py; PYTHONS: those with an onnxruntime, with commas between them
"""
import ctypes
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

shoal, ships, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
sys.dont_write_bytecode = True
sys.path[:0] = [str(ships), str(pathlib.Path(__file__).parent)]
from nets import FEATURES, all_nets, write_targets  # noqa: E402
from shoal_load import columns_by_name, load  # noqa: E402

COMPILER = [os.environ.get("CC", "cc"), "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off"]


def run(*arguments, status=0):
    done = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done.stdout if status == 0 else done.stderr


class Net:
    """A trained one, with its rows of the split test and what shoal predict makes of them."""

    def __init__(self, name, data, settings):
        self.name, self.run = name, folder / name
        sets = [word for setting in settings for word in ("--set", setting)]
        run("train", "--set", f"data.file={data}", "--set", "train.steps=40", "--set", "optimizer.learning_rate=1e-2",
            *sets, "--run", self.run)
        self.predictions = self.predict(data, "predicted")
        if any("average_decay" in setting for setting in settings):
            self.last = self.predict(data, "last", "--weights", "last")
        with h5py.File(data) as f:
            self.x = f["test/x"][:]
            self.table = "table" in f.attrs
        self.spread = self.predictions[0].std(axis=0).max()
        assert len(self.x) >= 1000 and self.spread > 0.05, "the outputs are nearly constant: nothing is compared"

    def predict(self, data, name, *more):
        out = folder / f"{self.name}.{name}.h5"
        run("predict", self.run, "--data", data, "--out", out, *more)
        with h5py.File(out) as p:
            return p["outputs" if "outputs" in p else "probabilities"][:], p["labels"][:] if "labels" in p else None

    def texts(self, column):
        """Cells of a column of categories."""
        names = FEATURES[column]["categories"]
        return ["" if np.isnan(v) else names[int(v)] for v in self.x[:, column]]

    def sizes(self):
        """Its first column, where -999 stands for half of the missing numbers."""
        size = self.x[:, 0].astype(float)
        assert np.isnan(size[::14]).all()
        size[::14] = -999
        return size


def check_columns_by_name():
    """Cells as data frames have them: what is no text is never taken for a category that training did not see."""
    table = {"features": [{"name": "size", "type": "number"}, {"name": "price", "type": "number", "marks": {}},
                          {"name": "zip", "type": "category", "categories": ["11", "7", "ayr"]},
                          {"name": "flag", "type": "flag", "categories": ["TRUE", "false"]},
                          {"name": "when", "type": "date"}], "missing": ["-", "-999"]}
    known = {"size": [1.5, -999, None, 3], "price": np.array([1, -999, 3, 4]), "zip": np.array([11, 7, 8, 11]),
             "flag": np.array([True, False, True, False]), "when": np.array([0, 1, 2, 3])}
    nan = np.nan
    wanted = np.array([[1.5, nan, nan, 3], [1, -999, 3, 4], [0, 1, 3, 0], [0, 1, 0, 1], [0, 1, 2, 3]]).T

    def same(given, column=None, values=None):
        made, expected = columns_by_name(table, {**known, **given}), wanted.copy()
        if column is not None:
            expected[:, column] = values
        assert np.array_equal(made, expected, equal_nan=True), (given, made)

    def refused(words, given):
        try:
            columns_by_name(table, {**known, **given})
        except ValueError as error:
            assert words in str(error), error
        else:
            raise AssertionError(f"{given} is taken")

    same({})
    same({"zip": np.array([b"11", b"ayr", b"", b"x"])}, 2, [0, 2, nan, 3])
    same({"zip": [" ayr ", None, nan, 7]}, 2, [2, nan, nan, 1])
    table["features"][2]["categories"] = ["0011", "007", "ayr"]
    same({"zip": np.array([11, 7, 8, 11])}, 2, [0, 1, 3, 0])
    table["features"][2]["categories"] = ["007", "07", "ayr"]
    refused("'007' or '07'", {"zip": [11, 7, 8, 11]})
    table["features"][2]["categories"] = ["ayr", "bath"]
    refused("none of its categories", {"zip": [11, 7, 8, 11]})
    table["features"][2]["categories"] = ["11", "7", "ayr"]
    same({"flag": np.array([True, None, "false", "no"], object)}, 3, [0, nan, 1, 2])
    refused("'zip'", {"zip": np.array([11.0, 7.0, nan, 11.0])})
    refused("'zip'", {"zip": [True, False, True, True]})
    refused("'size'", {"size": ["1", "2", "3", "many"]})
    refused("'size'", {"size": np.array(["2020-01-01"] * 4, "datetime64[s]")})


def check_refused(predict, x, name):
    try:
        predict(x)
    except ValueError:
        return
    raise AssertionError(f"{name} takes {x} of the shape {np.shape(x)}")


def check_python(net):
    def compare(made, predicted, name):
        spread = np.maximum(1, predicted.std(axis=0))  # of each column, whose values may all be large
        difference = (np.abs(made - predicted).max(axis=0) / spread).max()
        print(f"{name}: largest difference {difference:.2e}, spread {net.spread:.2f}")
        assert difference <= 1e-5, difference

    predict = load(net.run / "checkpoints/latest")
    if net.table:  # by name; codes of x are those of the set trained on, which has towns that occur in no row of it
        given = {feature["name"]: net.texts(d) if "categories" in feature else net.x[:, d]
                 for d, feature in enumerate(FEATURES)}
        given["when"] = np.where(np.isnan(net.x[:, 5]), "NaT", np.nan_to_num(net.x[:, 5]).astype("datetime64[s]").astype(str))
        given["when"] = given["when"].astype("datetime64[s]")
        given["outputs"] = net.sizes()
        compare(predict(given), net.predictions[0], net.name + ", by name")
    compare(predict(net.x), net.predictions[0], net.name)
    rows = net.x[:2].reshape(2, -1).astype(float)
    assert np.array_equal(predict(rows), predict(net.x[:2]))
    assert predict(net.x[:0]).shape == predict(rows[:0]).shape == (0, net.predictions[0].shape[1])
    beyond = len(FEATURES[3]["categories"]) + 1
    for column, value in ((3, -1), (3, 0.5), (3, beyond), (3, np.inf), (5, np.inf)) if net.table else ((-1, np.nan),):
        bad = rows.copy()
        bad[1, column] = value
        check_refused(predict, bad, net.name)
    bad = [rows[0], rows[:, :1], np.hstack([rows, rows[:, :1]]), net.x[0], 1.0]
    if net.x.ndim == 4 and len(set(net.x.shape[1:])) == 3:
        bad += [net.x[:2].transpose(0, 2, 3, 1), net.x[:2].transpose(0, 1, 3, 2)]
    for x in bad:
        check_refused(predict, x, net.name)
    if hasattr(net, "last"):
        last = load(net.run / "checkpoints/latest", "last")(net.x)
        compare(last, net.last[0], net.name + ", last")
        assert np.abs(last - net.predictions[0]).max() > 1e-3, "the average is not taken"


def check_c(net, options, predictions, *more):
    """As a shared library: every number and label of every row, to the bit."""
    source = folder / f"{net.name}{''.join(more)}.c"
    run("export", "c", net.run, "-o", source, "--name", net.name, *more)
    library = source.with_suffix(f".{len(options)}.so")  # the linker keeps one that was loaded by the same name
    command = [word for word in COMPILER if word != "-ffp-contract=off" or "-std=gnu99" not in options]
    subprocess.run([*command, *options, "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    c = ctypes.CDLL(str(library))
    predict = getattr(c, f"{net.name}_predict")
    values, labels = predictions
    made = np.empty(values.shape[1], values.dtype)
    label, rows = ctypes.c_int(), net.x.reshape(len(net.x), -1).astype(float)
    if net.table:
        category = getattr(c, f"{net.name}_category")
        category.restype, category.argtypes = ctypes.c_double, [ctypes.c_int, ctypes.c_char_p]
        for column, feature in enumerate(FEATURES):
            if "categories" in feature:
                rows[:, column] = [category(column, text.encode()) for text in net.texts(column)]
            else:  # a text of a number is none: the row that holds what it gives is refused
                assert category(column, b"12.5") == np.inf, (net.name, feature)
    for r, row in enumerate(rows):
        row = np.ascontiguousarray(row)
        code = predict(ctypes.c_void_p(row.ctypes.data), ctypes.c_void_p(made.ctypes.data), ctypes.byref(label))
        assert code == 0 and made.tobytes() == values[r].tobytes(), (net.name, r, code, made, values[r])
        assert label.value == (-1 if labels is None else labels[r]), (net.name, r, label.value)
    if not net.table:
        before, bad = made.tobytes(), rows[0].copy()
        bad[-1] = np.nan
        assert predict(ctypes.c_void_p(bad.ctypes.data), ctypes.c_void_p(made.ctypes.data), None) == 1
        assert made.tobytes() == before, "a refused row has outputs"


def write_onnx(net):
    """With the rows and predictions that onnx_check.py compares."""
    path = folder / f"{net.name}.onnx"
    run("export", "onnx", net.run, "-o", path, "--check")
    given = {"x": net.x.astype(np.float32)}
    if net.table:
        given = {feature["name"]: np.array(net.texts(d), dtype=object) if "categories" in feature else
                 net.x[:, d].astype(float) for d, feature in enumerate(FEATURES)}
        given["outputs"] = net.sizes()
        given = {name: column[:, np.newaxis] for name, column in given.items()}
    np.savez(folder / f"{net.name}.npz", predicted=net.predictions[0], **given)


def check(net):
    number, net = net
    write_onnx(net)
    check_python(net)
    check_c(net, (["-O0"], ["-O2"], ["-O3", "-march=native"])[number % 3], net.predictions)
    if net.name == "floats_32":
        run("export", "c", net.run, "-o", folder / "first.c")  # a name that goes with those of its arrays
        subprocess.run([*COMPILER, "-c", folder / "first.c", "-o", folder / "first.o"], check=True)
    if net.name in ("far", "relu_before"):  # no compiler is told here not to fuse products with sums
        check_c(net, ["-O2", "-march=native", "-std=gnu99"], net.predictions)
    if hasattr(net, "last"):
        check_c(net, ["-O1"], net.last, "--weights", "last")


def check_fast_math(net):
    """A compiler that takes it that there is no NaN would let such rows pass."""
    for option in ("-ffast-math", "-ffinite-math-only"):
        done = subprocess.run([*COMPILER, "-O2", option, "-c", folder / f"{net.name}.c", "-o", folder / "fast.o"],
                              capture_output=True, text=True)
        assert done.returncode != 0 and "make other numbers" in done.stderr, (option, done.stderr)


def check_refusals(net):
    """No file that a user may need is written over, and nothing is written where something is wrong."""
    def refused(status, words, *arguments):
        message = run("export", *arguments, status=status)
        assert words in message and message.count("\n") == 1, message

    mine = folder / "mine.c"
    mine.write_text("int main(void) { return 0; }\n")
    refused(64, "is no earlier export", "c", net.run, "-o", mine)
    mine.with_suffix(".h").write_text("int f(void);\n")
    mine.unlink()
    refused(64, "mine.h is no earlier export", "c", net.run, "-o", mine)
    refused(64, "let it end in .c", "c", net.run, "-o", folder / "net.cpp")
    refused(64, "belongs to the run", "c", net.run, "-o", net.run / "checkpoints/net.c")
    stranger = folder / "other.onnx-test_data"
    stranger.mkdir()
    (stranger / "input_0.pb.txt").write_text("mine")
    refused(64, "input_0.pb.txt", "onnx", net.run, "-o", folder / "other.onnx", "--check")
    assert not (folder / "other.onnx").exists()
    refused(64, "--name", "c", net.run, "-o", folder / "9.c")
    refused(66, "nowhere", "c", folder / "nowhere", "-o", folder / "net.c")
    refused(64, "keeps no average", "onnx", net.run, "--weights", "average", "-o", folder / "net.onnx")
    refused(65, "not", "onnx", folder / "digits.h5", "-o", folder / "net.onnx")
    refused(74, "cannot", "onnx", net.run, "-o", folder / "nowhere/net.onnx")
    full = subprocess.run(["bash", "-c", 'ulimit -f 8 && exec "$@"', "full", shoal, "export", "c", net.run, "-o",
                           folder / "net.c"], capture_output=True, text=True)  # its header has a place, and it has none
    assert full.returncode == 74 and "net.c" in full.stderr, full
    assert not any((folder / name).exists() for name in ("net.c", "net.h", "net.onnx", "9.c", "9.h", "mine.c"))
    run("export", "c", net.run, "-o", folder / f"{net.name}.c")  # over an earlier export
    tests = folder / f"{net.name}.onnx-test_data"
    (tests / "input_7.pb").write_text("of an earlier model")
    run("export", "onnx", net.run, "-o", folder / f"{net.name}.onnx", "--check")
    assert sorted(file.name for file in tests.iterdir()) == ["input_0.pb", "output_0.pb"]


def main():
    check_columns_by_name()
    digits = folder / "digits.h5"
    run("import", "csv", ships / "digits.csv.gz", "--label", "label", "--shape", "8,8", "--test-fraction", "0.6", "-o",
        digits)
    write_targets(folder, digits)
    nets = [Net(*net) for net in all_nets(folder, digits) if net[0] in sys.argv[5:] or len(sys.argv) == 5]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, enumerate(nets)))
    check_refusals(nets[0])
    check_fast_math(nets[0])
    for python in sys.argv[4].split(","):
        subprocess.run([python, pathlib.Path(__file__).with_name("onnx_check.py"), folder, *(n.name for n in nets)],
                       check=True)


main()
