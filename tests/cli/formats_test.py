#!/usr/bin/env python3
"""What import makes of HDF5 files of every layout, of NumPy's files, IDX, LIBSVM and images, against what wrote them.

  formats_test.py SHOAL SCRATCH_FOLDER"""
import os
import pathlib
import shutil
import subprocess
import sys
import warnings
import zipfile

import h5py
import numpy as np

shoal, scratch = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
os.chdir(scratch)
draw = np.random.default_rng(1)


def run(*arguments):
    pathlib.Path("out.h5").unlink(missing_ok=True)
    return subprocess.run([shoal, "import", *map(str, arguments), "-o", "out.h5"], capture_output=True, text=True)


def imported(*arguments, split="train"):
    """x, y and what was said."""
    done = run(*arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    with h5py.File("out.h5") as f:
        return f[split + "/x"][:], f[split + "/y"][:] if split + "/y" in f else None, done.stderr


def shoal_says(*arguments):
    """Of another command, to the end."""
    done = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stderr


def refused(status, words, *arguments):
    done = run(*arguments)
    assert done.returncode == status, (arguments, done)
    *said, error = done.stderr.splitlines()
    assert words in error and "error" in error and not any("error" in line for line in said), (words, done.stderr)
    assert not os.path.exists("out.h5")


def same(actual, expected, dtype, name):
    assert actual.dtype == dtype and np.array_equal(actual, expected, equal_nan=True), (name, actual, expected)


# Layouts: chunks that divide nothing evenly, filters alone and together, more dimensions, chunks never written.
value = draw.integers(0, 100, (37, 5, 3)).astype("f8") / 8
with h5py.File("layouts.h5", "w", libver="latest") as f:
    f["plain"] = value
    for name, options in {
        "chunks": {},
        "deflate": dict(compression="gzip"),
        "shuffle": dict(shuffle=True),
        "checksum": dict(fletcher32=True),
        "all": dict(compression="gzip", shuffle=True, fletcher32=True),
        "scaled": dict(scaleoffset=4),
    }.items():
        f.create_dataset(name, data=value, chunks=(8, 2, 2), **options)
    f.create_dataset("wide", data=value, chunks=(10, 5, 3), compression="gzip")
    f.create_dataset("tall", data=value, chunks=(37, 1, 1), compression="gzip", shuffle=True)
    f.create_dataset("grown", data=value, chunks=(8, 2, 2), maxshape=(None, None, None), compression="gzip")
    part = f.create_dataset("part", value.shape, "f8", chunks=(8, 5, 3), fillvalue=0.25, compression="gzip")
    part[16:24] = value[16:24]
    f["soft"] = h5py.SoftLink("/group/there")
    f["group/there"] = h5py.SoftLink("/plain")
    f["external"] = h5py.ExternalLink("other.h5", "/x")
    f["to_external"] = h5py.SoftLink("/external")
    f["texts"] = ["a", "b"]
    f["records"] = np.zeros(3, [("a", "f4"), ("b", "i4")])
    f["scalar"] = 1.0
    f["empty"] = np.zeros((0, 3))
    f["nothing"] = np.zeros((3, 0))
    f.create_dataset("lzf", data=value, compression="lzf")
    f.create_dataset("outside", (4, 2), "f4", external=[("raw.bin", 0, 32)])
    layout = h5py.VirtualLayout((37, 5, 3), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (37, 5, 3))
    f.create_virtual_dataset("virtual", layout)
expected = value.astype("f4")
for name in ("plain", "chunks", "deflate", "shuffle", "checksum", "all", "wide", "tall", "grown", "soft"):
    same(imported("hdf5", "layouts.h5", "--x", name)[0], expected, "f4", name)
with h5py.File("layouts.h5") as f:
    for name in ("part", "scaled"):
        stored = f[name][:]
        same(imported("hdf5", "layouts.h5", "--x", name)[0], stored.astype("f4"), "f4", name)
for name, words in {
    "external": "another file", "to_external": "another file", "texts": "an array of texts", "records": "records",
    "scalar": "one number", "empty": "no row", "nothing": "holds no value", "lzf": "(lzf)", "outside": "other files",
    "virtual": "other files", "group": "a group", "none": "no such array", "plain/x": "no such array",
}.items():  # fmt: skip
    refused(65, words, "hdf5", "layouts.h5", "--x", name)
refused(66, "none.h5", "hdf5", "none.h5", "--x", "x")
pathlib.Path("text.h5").write_text("no HDF5 at all")
refused(65, "text.h5", "hdf5", "text.h5", "--x", "x")
whole = pathlib.Path("layouts.h5").read_bytes()
pathlib.Path("cut.h5").write_bytes(whole[: len(whole) // 2])
refused(65, "cut.h5", "hdf5", "cut.h5", "--x", "all")

# A changed byte in a chunk with a checksum
with h5py.File("layouts.h5") as f:
    place = f["checksum"].id.get_chunk_info(3).byte_offset
spoiled = bytearray(whole)
spoiled[place + 5] ^= 1
pathlib.Path("spoiled.h5").write_bytes(spoiled)
refused(65, "checksum", "hdf5", "spoiled.h5", "--x", "checksum")

# Types, and what they become
types = ["u1", "i1", ">u2", "<i2", ">i4", "<u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "?"]
with h5py.File("types.h5", "w") as f:
    for t in types:
        values = draw.integers(0, 2 if t == "?" else 100, (50, 4)).astype(t)
        f[t + "_plain"] = values
        f.create_dataset(t + "_chunked", data=values, chunks=(7, 3), compression="gzip", shuffle=True)
    f["long"] = np.array([[2**24 + 1, 3]] * 4)
    f["beyond"] = np.array([[2**53 + 1, 3]] * 4)
    f["even"] = np.array([[2**62, -(2**63)]] * 4)
    f["third"] = np.array([[1 / 3, 3]] * 4)
    f["bfloat"] = np.arange(4.0)
    f["nan"] = np.array([[0, 1], [2, np.nan], [-9, 5]])
    f["inf"] = np.array([[0, 1], [2, -np.inf]], "f4")
    for t in ("i1", ">i4", "?"):  # two names of numbers, which a boolean is as well
        f["names_" + t] = np.array([[0, 1], [1, 0]], "?") if t == "?" else np.array([[-1, 1], [1, -1]]).astype(h5py.enum_dtype({"N": -1, "P": 1}, t))
with h5py.File("types.h5") as f:
    for t in types:
        for layout in ("plain", "chunked"):
            name = f"{t}_{layout}"
            dtype = "u1" if t in ("u1", "?") else "f4"
            same(imported("hdf5", "types.h5", "--x", name)[0], f[name][:].astype(dtype), dtype, name)
    for name in ("long", "even", "third"):
        dtype = "f4" if name == "even" else "f8"
        same(imported("hdf5", "types.h5", "--x", name)[0], f[name][:].astype(dtype), dtype, name)
    for t in ("i1", ">i4", "?"):
        values = f["names_" + t][:]
        same(imported("hdf5", "types.h5", "--x", "names_" + t)[0], values.astype("u1" if t == "?" else "f4"), "u1" if t == "?" else "f4", t)
refused(65, "types.h5: beyond: row 0, element 0 is a whole number that float64 does not hold", "hdf5", "types.h5", "--x",
        "beyond")
refused(65, "types.h5: nan: row 1, element 1 is nan", "hdf5", "types.h5", "--x", "nan")
refused(65, "types.h5: inf: row 1, element 1 is -inf", "hdf5", "types.h5", "--x", "inf")
x, _, said = imported("hdf5", "types.h5", "--x", "nan", "--missing", "nan,-9")
same(x, np.array([[0, 1], [2, np.nan], [np.nan, 5]], "f4"), "f4", "nan")
assert "nan: 2 missing cells" in said, said
refused(64, '--missing "x" is no number', "hdf5", "types.h5", "--x", "nan", "--missing", "x")

# The conventions of netCDF; several arrays, several files, a test file, splits
for i in range(3):
    with h5py.File(f"part{i}.nc", "w") as f:
        rows = 20 + i
        packed = f.create_dataset("g/t", data=draw.integers(-50, 50, (rows, 2)).astype("i2"), chunks=(6, 1), shuffle=True)
        packed.attrs.update(_FillValue=np.int16(-7), scale_factor=0.1, add_offset=np.float32(20))
        wind = f.create_dataset("wind", data=draw.integers(0, 9, rows).astype("f4"))
        wind.attrs.update(missing_value=np.array([3, 4], "f4"), valid_max=np.float32(7))
        f["y"] = draw.integers(0, 2, rows).astype("f4")
files = [f"part{i}.nc" for i in range(3)]


def decoded(file):
    with h5py.File(file) as f:
        t, wind = f["g/t"][:], f["wind"][:]
        t = np.where(t == -7, np.nan, t.astype("f8") * 0.1 + 20.0)
        wind = np.where(np.isin(wind, (3, 4)) | (wind > 7), np.nan, wind)
        return np.column_stack([t, wind]), f["y"][:]


parts = [decoded(file) for file in files]
joined_x, joined_y = np.concatenate([p[0] for p in parts[:2]]), np.concatenate([p[1] for p in parts[:2]])
x, y, said = imported("hdf5", *files[:2], "--x", "g/t,wind", "--y", "y", "--test", files[2])
same(x, joined_x, "f8", "joined")
same(y, joined_y, "i4", "labels that are floats of 0 and 1")
assert "0.1 * stored + 20, where -7 is missing" in said and "y: classes: 2 different whole numbers" in said, said
with h5py.File("out.h5") as f:
    same(f["test/x"][:], parts[2][0], "f8", "test")
    same(f["test/y"][:], parts[2][1], "i4", "labels of test")
    assert [n.decode() for n in f.attrs["columns"]] == ["t[0]", "t[1]", "wind"], f.attrs["columns"]
shutil.copy("out.h5", "like.h5")

# Files that say different things of one array, or of what cannot be
for file, scale, fill, units in (("k.nc", 1.0, -7, b"K"), ("c.nc", 0.5, -8, "degC"), ("d.nc", 1.0, -7, "degC")):
    with h5py.File(file, "w") as f:
        f["t"], f["y"] = np.arange(3, dtype="i2"), np.arange(3.0)
        f["t"].attrs.update(scale_factor=scale, _FillValue=np.int16(fill), units=units)
with h5py.File("plain.nc", "w") as f:
    f["t"], f["y"] = np.arange(3, dtype="i2"), np.arange(3.0)
x, _, said = imported("hdf5", "k.nc", "c.nc", "d.nc", "--x", "t", "--y", "y")
same(x[:, 0], [0, 1, 2, 0, 0.5, 1, 0, 1, 2], "f4", "files of different scales")
assert "t: int16 that stand for 1 * stored + 0, where -7 is missing; 1 of 3 files says otherwise, the first is c.nc: t: " in said, said
assert 'warning: k.nc: t is in "K", and c.nc: t in "degC"' in said and "among --x" not in said, said
_, _, said = imported("hdf5", "plain.nc", "--x", "t", "--test", "k.nc,d.nc")
assert "in test t: int16 that stand for 1" in said and 'k.nc: t is in "K", and d.nc: t in "degC"' in said, said
_, _, said = imported("hdf5", "plain.nc", "c.nc", "d.nc", "--x", "t")
assert "t: values are as they are stored; 2 of 3 files say otherwise, the first is c.nc" in said, said
assert "warning" not in said, said
_, _, said = imported("hdf5", "k.nc", "--x", "t,/y", "--y", "y")
assert "warning: --y y is among --x as well: the features hold what is to be predicted" in said, said
# Limits of floating type are of what packed numbers stand for, those of the packed type of these
with h5py.File("limits.nc", "w") as f:
    for name, limits in (("wide", [-20.0, 20.0]), ("narrow", np.array([-20, 20], "i2")), ("turned", [-20.0, 20.0])):
        t = f.create_dataset(name, data=np.array([-41, -40, -21, 0, 20, 40, 41], "i2"))
        t.attrs.update(scale_factor=-0.5 if name == "turned" else 0.5, valid_range=limits)
    f["dim"] = np.zeros(7, "f4")
    f["dim"].attrs["NAME"] = "This is a netCDF dimension but not a netCDF variable.         7"
for name, known in (("wide", [1, 2, 3, 4, 5]), ("narrow", [3, 4]), ("turned", [1, 2, 3, 4, 5])):
    x, _, _ = imported("hdf5", "limits.nc", "--x", name)
    want = np.full(7, np.nan)
    want[known] = np.array([-41, -40, -21, 0, 20, 40, 41])[known] * (-0.5 if name == "turned" else 0.5)
    same(x[:, 0], want, "f4", "limits " + name)
refused(65, "limits.nc: dim: a dimension of netCDF without values of its own", "hdf5", "limits.nc", "--x", "dim")
with open("old.nc", "wb") as f:
    f.write(b"CDF\x01" + bytes(40))
refused(65, "old.nc: t: a file of netCDF-3; write it as netCDF-4", "hdf5", "old.nc", "--x", "t")

# What stands for a missing number is one of the array's own type; targets keep their value
with h5py.File("own.h5", "w") as f:
    f["x"] = np.array([1.5, -999.9, 3.0], "f4")
    f["seconds"] = 1.7e9 + np.arange(3) * 0.5
    f["tenths"] = np.arange(3) / 10
x, y, _ = imported("hdf5", "own.h5", "--x", "x", "--y", "seconds", "--missing", "-999.9", "--regression")
same(x[:, 0], [1.5, np.nan, 3.0], "f4", "a missing number in float32")
same(y, 1.7e9 + np.arange(3) * 0.5, "f8", "targets that float32 does not tell apart")
_, y, _ = imported("hdf5", "own.h5", "--x", "x", "--y", "tenths", "--missing", "-999.9")
same(y, np.arange(3, dtype="f4") / np.float32(10), "f4", "targets of a few digits")

# A model knows the units of its columns
for file, units in (("degc.nc", "degC"), ("degf.nc", "degF")):
    with h5py.File(file, "w") as f:
        f["t"] = draw.normal(10, 5, 60).astype("f4")
        f["y"] = (f["t"][:] > 10).astype("i4")
        f["t"].attrs.update(units=units, _FillValue=np.float32(-1))
imported("hdf5", "degc.nc", "--x", "t", "--y", "y")
shutil.copy("out.h5", "degc.h5")
shoal_says("train", "-q", "--set", "data.file=degc.h5", "--set", "train.epochs=1", "--run", "degrees")
other = 'warning: t is in "degF" in {}, and in "degC" in '
assert "warning" not in shoal_says("evaluate", "degrees", "--data", "degc.nc", "--x", "t", "--y", "y"), "one unit"
for file in ("degf.nc", "degf.h5"):
    if file == "degf.h5":
        imported("hdf5", "degf.nc", "--x", "t", "--y", "y")
        shutil.copy("out.h5", file)
    said = shoal_says("evaluate", "degrees", "--data", file, *(["--x", "t", "--y", "y"] if file == "degf.nc" else ["--split", "train"]))
    assert other.format(file) in said, said
_, _, said = imported("hdf5", "degf.nc", "--x", "t", "--y", "y", "--like", "degc.h5")
assert 'warning: t is in "degF"' in said and 'in "degC" in degc.h5' in said, said

# A number that stands for missing ones and that the array cannot hold is not the nearest that it can.
for dtype, number, told in (("u1", -1, "-1"), ("u2", -999.0, "-999"), ("i2", 1e20, "1e+20"), ("i4", 2.5, "2.5"), ("i2", np.nan, "nan"), ("f4", 1e300, "1e+300")):
    for name in "_FillValue", "missing_value":
        with h5py.File("fill.h5", "w") as f:
            f["t"] = np.arange(8).reshape(4, 2).astype(dtype)
            f["t"].attrs[name] = number
        refused(65, f"fill.h5: t: the attribute {name} is {told}, which", "hdf5", "fill.h5", "--x", "t")
with h5py.File("fill.h5", "w") as f:
    f["t"] = np.arange(8).reshape(4, 2).astype("f4") + np.float32(0.1)
    f["t"].attrs["_FillValue"] = 3.1  # as float32 has it
assert np.isnan(imported("hdf5", "fill.h5", "--x", "t")[0][1, 1])

with h5py.File("k.nc", "a") as f:
    f["t"].attrs["scale_factor"] = [1.0, 2.0]
refused(65, "the attribute scale_factor holds 2 numbers, and is to hold 1; correct or remove it", "hdf5", "k.nc", "--x", "t")
with h5py.File("k.nc", "a") as f:
    f["t"].attrs["scale_factor"] = 1.0
    f["t"].attrs["valid_range"] = 1.0
refused(65, "the attribute valid_range holds 1 number, and is to hold 2", "hdf5", "k.nc", "--x", "t")
x, y, _ = imported("hdf5", *files, "--x", "g/t,wind", "--y", "y", "--regression", "--test-fraction", 0.3)
assert y.dtype == "f4" and len(x) == 63 - 19
with h5py.File("part2.nc", "a") as f:
    f["y"][...] = 1
_, y, _ = imported("hdf5", "part2.nc", "--x", "g/t,wind", "--y", "y", "--like", "like.h5")
assert set(y) == {1}
with h5py.File("part2.nc", "a") as f:
    f["y"][3] = 5
refused(65, 'part2.nc: y: row 3: label "5" is none of the 2 classes', "hdf5", "part2.nc", "--x", "g/t,wind", "--y", "y", "--like", "like.h5")
with h5py.File("part2.nc", "a") as f:
    f["y"][[3, 5]] = np.nan
refused(65, "part2.nc: y: row 3: the label is missing or nan, one of 2", "hdf5", "part2.nc", "--x", "wind", "--y", "y")
refused(64, "leave out one", "hdf5", *files, "--x", "wind", "--y", "y", "--regression", "--classes")

# NumPy's archives and arrays of every type and order
arrays = {t: draw.integers(0, 2 if t == "?" else 100, (30, 3, 2)).astype(t) for t in types}
np.save("again.npy", value)
np.savez("plain.npz", **{str(i): a for i, a in enumerate(arrays.values())}, f=np.asfortranarray(value), y=np.arange(30) % 3)
np.savez_compressed("packed.npz", **{str(i): np.asfortranarray(a) for i, a in enumerate(arrays.values())})
np.savez_compressed("one.npz", only=value)
for i, (t, array) in enumerate(arrays.items()):
    dtype = "u1" if t in ("u1", "?") else "f8" if "f8" in t else "f4"
    for archive in ("plain", "packed"):
        same(imported("npy", "--x", f"{archive}.npz:{i}")[0], array.astype(dtype), dtype, (archive, t))
same(imported("npy", "--x", "plain.npz:f")[0], value, "f8", "Fortran's order")
same(imported("npy", "--x", "one.npz")[0], value, "f8", "the only array")
x, y, _ = imported("npy", "--x", "plain.npz:3", "--y", "plain.npz:y", "--test-x", "plain.npz:4", "--test-y", "plain.npz:y")
same(y, np.arange(30) % 3, "i4", "labels of an archive")
with h5py.File("out.h5") as f:
    same(f["test/x"][:], list(arrays.values())[4].astype("f4"), "f4", "test of an archive")
refused(65, "which of its arrays? It holds 0, 1,", "npy", "--x", "plain.npz")
refused(65, 'no array "z" in it; it holds', "npy", "--x", "plain.npz:z")
shutil.copy("plain.npz", "twice.npz")
for name in "0.npy", "1":
    with warnings.catch_warnings(), zipfile.ZipFile("twice.npz", "a") as archive:
        warnings.simplefilter("ignore")
        archive.write("again.npy", name)
for name in "0", "1":
    refused(65, f"two arrays in it are called {name}", "npy", "--x", f"twice.npz:{name}")
np.save("objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
refused(65, "an NPY array of Python objects", "npy", "--x", "objects.npy")
np.save("texts.npy", np.array(["a", "b"]))
refused(65, "NPY element type '<U1'", "npy", "--x", "texts.npy")
for archive in ("plain", "packed"):
    archived = pathlib.Path(f"{archive}.npz").read_bytes()
    pathlib.Path("cut.npz").write_bytes(archived[:-30])
    refused(65, "no NPZ file", "npy", "--x", "cut.npz:0")
    place = archived.find(b"12.npy") + 250  # inside of the data of array 12
    pathlib.Path("spoiled.npz").write_bytes(archived[:place] + bytes([archived[place] ^ 1]) + archived[place + 1 :])
    refused(65, "the data of 12.npy is damaged", "npy", "--x", "spoiled.npz:12")
holes = np.array([[1, np.nan], [3, 4]], "f4")
np.save("holes.npy", holes)
refused(65, "row 0, element 1 is nan; replace it or remove the row, or say --missing nan", "npy", "--x", "holes.npy")
same(imported("npy", "--x", "holes.npy", "--missing", "nan")[0], holes, "f4", "holes")
np.save("floats.npy", np.arange(2.0))
_, y, said = imported("npy", "--x", "holes.npy", "--missing", "nan", "--y", "floats.npy")
same(y, [0, 1], "i4", "labels 0.0 and 1.0")
assert "--y floats.npy is among --x as well" in imported("npy", "--x", "floats.npy", "--y", "floats.npy")[2]
assert "floats: classes: 2 different whole numbers; --regression" in said, said

# LIBSVM: a test file that lacks the last feature and a class
pathlib.Path("a.svm").write_text("1 1:1 3:2 # x\n2 qid:1 2:5 1:1\n3 2:1\n")
pathlib.Path("a.t").write_text("2 1:4\n")
x, y, said = imported("libsvm", "a.svm", "--test", "a.t")
same(x, [[1, 0, 2], [1, 5, 0], [0, 1, 0]], "f4", "rows of LIBSVM")
assert "qid: of 1 rows is left out" in said, said
with h5py.File("out.h5") as f:
    same(f["test/x"][:], [[4, 0, 0]], "f4", "a short row")
    same(f["test/y"][:], [1], "i4", "a label of test")
shutil.copy("out.h5", "like.h5")
same(imported("libsvm", "a.t", "--like", "like.h5")[0], [[4, 0, 0]], "f4", "--like")
refused(64, "--features is \"none\"", "libsvm", "a.svm", "--features", "none")
for reader in (["libsvm", "-"], ["libsvm", "a.svm", "--test", "-"], ["npy", "--x", "-"], ["hdf5", "-", "--x", "x"],
               ["idx", "--images", "-"]):
    refused(64, "- is standard input, which shoal import csv alone reads", *reader)

# Images: the folder of another set, gray, a file that is none
golden = pathlib.Path(__file__).resolve().parents[1] / "golden" / "images"
for name, file in {"in/b/1.jpg": "colour.jpg", "in/a/2.png": "colour.png", "test/b/x.png": "gray.png"}.items():
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(golden / file, name)
x, y, _ = imported("images", "in", "--test", "test", "--size", "23x17")
pixels = [np.frombuffer((golden / f"{n}.rgb").read_bytes(), "u1").reshape(17, 23, 3) for n in ("colour.png", "colour.jpg")]
same(x, np.stack(pixels).transpose(0, 3, 1, 2), "u1", "images")
same(y, [0, 1], "i4", "classes of folders")
with h5py.File("out.h5") as f:
    same(f["test/y"][:], [1], "i4", "a class of test")
x, _, _ = imported("images", "in", "--size", "8x9", "--gray")
assert x.shape == (2, 1, 9, 8), x.shape
pathlib.Path("in/a/bad.jpg").write_bytes((golden / "colour.jpg").read_bytes()[:300])
pathlib.Path("in/a/notes.txt").write_text("?")
refused(65, "in/a/bad.jpg: a damaged JPEG", "images", "in", "--size", "8x9")
x, y, said = imported("images", "in", "--size", "8x9", "--skip-bad")
assert run("images", "in", "--size", "8x9", "--skip-bad").stdout.startswith("y: 2 classes: a (1), b (1)\n")
assert len(x) == 2 and "left out: 1 of 3 images" in said and "the first is a/notes.txt" in said, said
refused(64, '--size is "8"; it must be width and height', "images", "in", "--size", "8")
pathlib.Path("in/c").mkdir()
x, y, said = imported("images", "in", "--size", "8x9", "--skip-bad")
assert "1 of 3 classes has no image, the first is \"c\"" in said and "--regression" not in said, said
for size in ("0x4", "4x4x4", "4,4", "x"):
    refused(64, f'--size is "{size}"; it must be width and height', "images", "in", "--size", size)
refused(64, "--size is missing", "images", "in")
refused(66, "nowhere", "images", "nowhere", "--size", "8x9")


# Memory does not grow with the rows, but for a few bits of each: labels are put away, splits drawn without a list.
def peak_bytes(rows):
    np.save("long_x.npy", (np.arange(rows) % 251).astype("u1")[:, None])
    np.save("long_y.npy", np.arange(rows) * 0.25)
    pathlib.Path("out.h5").unlink(missing_ok=True)
    child = subprocess.Popen([shoal, "import", "npy", "--x", "long_x.npy", "--y", "long_y.npy", "--test-fraction", "0.2", "-o",
                              "out.h5", "-q"])
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, status
    return used.ru_maxrss * 1024


rows = 6_000_000
grown = peak_bytes(2 * rows) - peak_bytes(rows)
binary = pathlib.Path(shoal).read_bytes()
sanitized = b"__asan_init" in binary or b"__tsan_init" in binary  # these keep memory of their own
assert sanitized or grown < 2 * rows, f"{grown} bytes for {rows} more rows"
for name in ("long_x.npy", "long_y.npy", "out.h5"):
    os.unlink(name)
