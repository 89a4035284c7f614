#!/usr/bin/env python3
"""Array files drawn at random: NumPy, archives of it, IDX, HDF5 and LIBSVM, in any type, byte order, layout and spelling, with
labels of any kind. What `import` makes of each must be the values that were written, with their classes in order. What no data
set can hold (texts, records, NaN, whole numbers beyond float64, another length) must be refused, and nothing else. `predict`
of the same file, and of the same values in another order and another file, must give what it gives for the imported set, and
data/shoal_load.py too.

  any_arrays.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each file is a function of its number.
"""
import gzip
import pathlib
import random
import sys

import h5py
import numpy as np

sys.dont_write_bytecode = True
top = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(top / "data"), str(top / "tests"), str(top / "tests" / "cli")]
from array_files import IDX, ArrayFiles  # noqa: E402
from drawn import Failure, campaign, compare, predicted, run, train  # noqa: E402
from shoal_load import load  # noqa: E402

np.seterr(all="ignore")  # of casts that are tried
WHOLE = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]
KINDS = ["npy", "npy", "npz", "idx", "hdf5", "hdf5", "libsvm", "libsvm"]
EXACT = 2**53


def exact(value):
    """Whether float64 holds a whole number."""
    return int(float(value)) == int(value)


class Arrays(ArrayFiles):
    """x and y as they are written, and what they stand for: numbers in float64, or why a data set cannot hold them."""

    def __init__(self, number, folder):
        self.draw = random.Random(number)
        self.some = np.random.default_rng(number)
        self.folder = folder
        self.kind = self.draw.choice(KINDS)
        self.rows = self.draw.choice([1, 2, self.draw.randint(3, 30), self.draw.randint(30, 200)])
        self.options, self.faults, self.gaps, self.attributes = [], [], [], {}
        self.draw_x()
        self.draw_y()

    def numbers(self, dtype, shape):
        kind, size = dtype[0], int(dtype[1:])
        if kind == "b":
            return self.some.integers(0, 2, shape).astype(bool)
        if kind in "ui":
            limits = np.iinfo(dtype)
            low, high = self.draw.choice([(0, 9), (-5, 100), (limits.min, limits.max), (-(2**24) - 9, 2**24 + 9), (-EXACT, EXACT)])
            low, high = max(low, int(limits.min)), min(high, int(limits.max))
            return self.some.integers(low, high, shape, dtype=dtype, endpoint=True)
        scale = 10.0 ** self.draw.choice([0, 0, 2, -3, {2: 4, 4: 30, 8: 36}[size], {2: -6, 4: -40, 8: -300}[size], 0 if size < 8 else 200])
        values = self.some.normal(size=shape) * scale
        if self.chance(0.3):
            values = np.rint(values)
        return np.clip(values, -6e4, 6e4).astype(dtype) if size == 2 else values.astype(dtype)

    def draw_x(self):
        types = list(IDX) if self.kind == "idx" else WHOLE + ["f2", "f4", "f8", "f4", "f8", "b1"]
        self.shape = [self.draw.randint(1, 5) for _ in range(self.draw.choice([0, 1, 1, 1, 2, 3]))]
        dtype = self.draw.choice(types)
        if self.kind == "libsvm":
            return self.draw_sparse()
        self.x = np.asarray(self.numbers(dtype, [self.rows, *self.shape]))
        if dtype[0] == "f" and self.chance(0.15):
            special = self.draw.choice([np.nan, np.nan, np.inf, -np.inf, -0.0])
            self.x.flat[self.draw.randrange(self.x.size)] = special
            if np.isnan(special) and self.kind != "idx" and self.chance(0.7):
                self.gaps.append("nan")
        if self.kind != "idx" and self.chance(0.1):
            number = self.x.flat[self.draw.randrange(self.x.size)]
            if np.isfinite(float(number)) and exact(number if dtype[0] != "f" else 0):
                self.gaps.append(repr(float(number)))
        if self.gaps:
            self.options += ["--missing=" + ",".join(self.gaps)]
        self.truth = self.x.astype(float)
        self.attributes = self.draw_attributes(dtype) if self.kind == "hdf5" else {}
        for gap in self.gaps:
            self.truth[self.x.astype(float) == float(gap)] = np.nan
        if np.isinf(self.truth).any() or np.isnan(self.x.astype(float)).any() and "nan" not in self.gaps:
            self.faults.append("not finite")
        if not all(exact(v) for v in self.x.flat if dtype[0] in "ui"):
            self.faults.append("too exact")
        self.truth = self.truth.reshape(self.rows, *(self.shape or [1]))

    def draw_attributes(self, dtype):
        """What a file says itself of its numbers: which is missing, and how they are packed."""
        made, draw = {}, self.draw
        whole = dtype[0] in "uib"
        if dtype != "f2" and self.chance(0.15):
            held = self.x.flat[draw.randrange(self.x.size)]
            odd = draw.choice([-1.0, -999.0, 2.5, 1e300, 1e-60, np.nan])
            number = held if np.isfinite(float(held)) and self.chance(0.5) else odd
            made[draw.choice(["_FillValue", "missing_value"])] = number
            low, high = (0, 1) if dtype == "b1" else (np.iinfo(dtype).min, np.iinfo(dtype).max) if whole else (-np.inf, np.inf)
            if whole and not (low <= number <= high and number == np.floor(number)) or dtype == "f4" and number in (1e300, 1e-60):
                self.faults.append("no such number")
            self.truth[(self.x == number) | (np.isnan(number) & np.isnan(self.truth))] = np.nan
            self.gaps += ["nan"] if np.isnan(number) else []
        if self.chance(0.1) and dtype != "b1":
            made["scale_factor"], made["add_offset"] = draw.choice([(0.5, 0.0), (2.0, -3.0), (0.1, 20.0)])
            self.truth = self.truth * made["scale_factor"] + made["add_offset"]
        return made

    def draw_sparse(self):
        """Rows as their entries; the truth knows no place that no row has."""
        self.base, width = self.draw.randint(0, 1), self.draw.randint(1, 12)
        dtype = self.draw.choice(["f4", "f8", "u1", "i4"])
        values = np.where(self.some.random((self.rows, width)) < 0.6, self.numbers(dtype, [self.rows, width]).astype(float), 0)
        values[0, 0] = values[0, 0] or 1  # so that index 0 occurs, and the last
        values[0, -1] = values[0, -1] or 1
        self.digits = self.draw.choice([3, 6, 17])
        self.x = np.array([[float(f"{v:.{self.digits}g}") for v in row] for row in values])
        self.truth, self.shape = self.x.copy(), [width]

    def draw_y(self):
        """self.targets: as numbers; None: there is no y. self.names: classes, in their order; None: targets."""
        draw, rows = self.draw, self.rows
        kinds = ["classes", "classes", "from 1", "signs", "negative", "codes", "real", "halves", "large"]
        if self.kind != "libsvm":
            kinds += ["none", "several", "one-hot", "nan", "flags", "column"]
        kind = draw.choice(kinds)
        self.y_kind, self.names = kind, None
        count = draw.randint(1, 6)
        wish = draw.choice(["", "", "", "--classes", "--regression"])
        if self.kind == "idx" and wish == "--classes" or kind in ("none", "several", "one-hot", "nan"):
            wish = ""
        if kind in ("classes", "column"):
            y = self.some.integers(0, count, rows)
        elif kind == "from 1":
            y = self.some.integers(1, count + 1, rows)
        elif kind == "signs":
            y = self.some.integers(0, 2, rows) * 2 - 1
            y[:2] = [-1, 1][:rows]
        elif kind == "negative":
            y = self.some.integers(-3, 4, rows)
        elif kind == "codes":
            y = self.some.choice([7, 99, 1000, 20000], rows)
        elif kind == "flags":
            y = self.some.integers(0, 2, rows).astype(bool)
        elif kind == "large":
            y = self.some.choice([2**24 + 1, 2**31 + 5, 123456789], rows)
        elif kind in ("real", "nan"):
            y = self.some.normal(size=rows) * 10.0 ** draw.randint(-5, 8)
            if kind == "nan":
                y[draw.randrange(rows)] = draw.choice([np.nan, np.inf])
                self.faults.append("no label")
        elif kind == "halves":
            y = self.some.integers(0, 25, rows) / 2
        elif kind == "several":
            y = self.some.normal(size=[rows, draw.randint(2, 4)]) + 0.1
        elif kind == "one-hot":
            y = np.eye(3)[self.some.integers(0, 3, rows)].astype(draw.choice(["f4", "f8", "i4", "u1"]))
            self.faults.append("one-hot")
        self.y = None if kind == "none" else self.in_some_type(y)
        if kind == "column":
            self.y = self.y.reshape(rows, 1)
        if self.y is None:
            return
        self.targets = self.y.astype(float)
        if wish:
            self.options.append(wish)
        if self.y.ndim == 1 or kind == "column":
            self.name_classes(np.unique(self.targets), wish)

    def in_some_type(self, y):
        """Another type that holds the values as well."""
        types = list(IDX) if self.kind == "idx" else WHOLE + ["f2", "f4", "f8"]
        fit = [t for t in types if y.dtype.kind != "b" and np.array_equal(y.astype(t).astype(float), y.astype(float))
               and (y.dtype.kind == "f" or t[0] == "f" or y.min() >= 0 or t[0] == "i")] if y.ndim == 1 else []
        if self.kind == "idx" and not fit:
            return y.astype("u1" if y.dtype.kind == "b" or y.dtype == np.uint8 else "i4" if y.dtype.kind == "i" else "f8")
        return y.astype(self.draw.choice(fit)) if fit else y

    def name_classes(self, found, wish):
        """What labels are to be taken for, as `shoal help data` has it."""
        if not np.isfinite(found).all() or wish == "--regression":
            return
        whole = bool((np.floor(found) == found).all())
        signs = list(found) == [-1, 1]
        few = len(found) <= 20 or self.rows >= 20 * len(found)
        idx = self.kind == "idx" and self.y.dtype.kind in "iu"
        if not (wish == "--classes" or idx or whole and (signs or found[0] >= 0 and few)):
            return
        if not whole:
            self.names = sorted(repr(float(v)).removesuffix(".0") for v in found)
        elif found[0] < 0 or found[-1] // 10 >= len(found) or self.kind == "libsvm" and not wish:
            self.names = [str(int(v)) for v in found]
        elif found[-1] >= 2**20:
            self.faults.append("classes beyond the most")
        else:
            self.names = [str(k) for k in range(int(found[-1]) + 1)]

    def spoil(self, arguments):
        """Makes of x something that no data set can be, in a file that is whole; or a file that is not."""
        x = pathlib.Path(arguments[1 if self.kind in ("hdf5", "libsvm") else 2].split(".npz:")[0])
        x = x if x.exists() else x.with_name(x.name + ".npz")
        data = x.read_bytes()
        packed = data[:2] == b"\x1f\x8b"
        more = {"libsvm": b"\n1 2:1 2:1\n", "hdf5": b"", "npz": b""}.get(self.kind, b"\0")
        odd = {"records": np.zeros(self.rows, "i4,f4"), "texts": np.full(self.rows, "a"), "scalar": np.array(1.0),
               "objects": np.array([1.5] * self.rows, dtype=object), "complex": np.zeros(self.rows, "c8")}
        how = self.draw.choice(["cut", "more", *odd])
        if self.kind == "npy" and how in odd:
            np.save(x, odd[how], allow_pickle=True)
        elif how == "more" and more:
            x.write_bytes(gzip.compress(gzip.decompress(data) + more) if packed else data + more)
        elif how == "cut" and (packed or self.kind != "libsvm"):
            x.write_bytes(data[:self.draw.randrange(len(data) - 1)])
        else:
            return
        self.faults.append(how)


def compare_values(arrays, x, y, classes):
    truth = arrays.truth
    if x.shape != truth.shape:
        raise Failure(f"x of shape {x.shape}, {truth.shape} was written")
    brief = arrays.kind == "libsvm" and x.dtype == np.float32 and arrays.digits <= 6
    if not np.array_equal(x.astype(float), truth.astype("f4").astype(float) if brief else truth, equal_nan=True):
        at = np.argwhere(~((x == truth) | (np.isnan(x.astype(float)) & np.isnan(truth))))[0]
        raise Failure(f"x{list(at)}: {truth[tuple(at)]!r} became {x[tuple(at)]!r} ({x.dtype})")
    if arrays.y is None:
        if y is not None:
            raise Failure("a y that nobody wrote")
        return
    targets = arrays.targets
    if arrays.names is None:
        if classes:
            raise Failure(f"classes {classes} of numbers such as {targets.flat[:9]}")
        kept = y.astype(float)
        if kept.shape != targets.shape or not (np.array_equal(kept, targets) or np.allclose(kept, targets, rtol=1e-6, atol=0)):
            raise Failure(f"targets {targets.flat[:5]} became {kept.flat[:5]} ({y.dtype})")
        return
    if classes != arrays.names:
        raise Failure(f"classes {classes}, {arrays.names} were expected of {arrays.y_kind}")
    if [float(classes[k]) for k in y.reshape(-1)] != list(targets.reshape(-1)):
        raise Failure(f"labels {targets[:9]} became {y[:9]} of {classes}")


FOR_TEST = {"--x": "--test-x", "--y": "--test-y", "--images": "--test-images", "--labels": "--test-labels"}


def hold(shoal, arrays):
    draw, folder, x, y = arrays.draw, arrays.folder, arrays.x, arrays.y
    some = draw.randint(1, arrays.rows - 1) if arrays.rows > 1 and arrays.chance(0.4) else 0  # for the split test
    split = []
    if some and arrays.chance(0.5):
        first = arrays.rows - some
        arguments, raw = arrays.write_as(arrays.kind, x[:first], y if y is None else y[:first], "one")
        others, _ = arrays.write_as(arrays.kind, x[first:], y if y is None else y[first:], "test")
        split = ["--test", ",".join(one for one in others[1:] if one.startswith(str(folder)))]
        if arrays.kind in ("npy", "npz", "idx"):
            split = [FOR_TEST.get(one, one) for one in others[1:]]
    else:
        arguments, raw = arrays.write_as(arrays.kind, x, y, "one")
        split = ["--test-last", some] if some else []
    if arrays.chance(0.12):
        arrays.spoil(arguments)
    done = run(shoal, folder, "import", *arguments, *arrays.options, *split, "-o", "set.h5")
    told = f"{arguments} {split} {arrays.options} {arrays.x.dtype.str} {arrays.y_kind} {'' if arrays.y is None else arrays.y.dtype.str}\n{done.stdout}{done.stderr}"
    if done.returncode != 0:
        if not arrays.faults:
            raise Failure(f"refused without a fault: {told}")
        return f"{arrays.faults[0]}: " + done.stderr.strip().split("\n")[-1]
    if arrays.faults:
        raise Failure(f"{arrays.faults} taken: {told}")
    with h5py.File(folder / "set.h5") as f:
        parts = [part for part in ("train", "test") if part in f]
        x = np.concatenate([f[part]["x"][()] for part in parts])
        y = np.concatenate([f[part]["y"][()] for part in parts]) if "y" in f["train"] else None
        classes = [name.decode() for name in f.attrs.get("class_names", [])]
    try:
        compare_values(arrays, x, y, classes)
    except Failure as failure:
        raise Failure(f"{failure}\n{told}") from None
    if some and ["test", str(some)] not in [line.split() for line in done.stdout.splitlines()]:
        raise Failure(f"not said that test has {some} rows: {told}")
    if y is None or (np.abs(np.nan_to_num(x.astype(float))) > np.finfo("f4").max).any():  # which no model takes
        return ""
    return hold_predictions(shoal, arrays, raw, parts, x)


def hold_predictions(shoal, arrays, raw, parts, x):
    folder = arrays.folder
    if why := train(shoal, folder):
        return why
    wanted = np.concatenate([predicted(shoal, folder, "set.h5", "--split", part) for part in parts])
    made = predicted(shoal, folder, *raw)
    compare(raw, made, wanted[:len(made)])
    others = {"libsvm": ["libsvm"], "hdf5": ["hdf5"]}.get(arrays.kind, ["npy", "npz", "hdf5"])
    order = arrays.some.permutation(arrays.rows)
    _, second = arrays.write_as(arrays.draw.choice(others), arrays.x[order], arrays.y[order], "two")
    compare(second, predicted(shoal, folder, *second), wanted[order])
    compare("shoal_load.py", load(folder / "net" / "checkpoints" / "latest")(x), wanted, 1e-4)
    return ""


if __name__ == "__main__":
    campaign(__doc__, lambda shoal, number, folder: hold(shoal, Arrays(number, folder)))
