#!/usr/bin/env python3
"""LIBSVM, NumPy, IDX, HDF5 and folders of images given to evaluate and predict, against the data set made of them.

  raw_files_test.py SHOAL SCRATCH_FOLDER"""
import gzip
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import zlib

import h5py
import numpy as np

shoal, scratch = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
os.chdir(scratch)
draw = np.random.default_rng(1)


def run(*arguments):
    return subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True)


def done(*arguments):
    ran = run(*arguments)
    assert ran.returncode == 0, (arguments, ran.stderr)
    return ran


def refused(status, words, *arguments):
    ran = run(*arguments)
    assert ran.returncode == status and ran.stdout == "", (arguments, ran)
    error = ran.stderr.splitlines()[-1]
    assert all(word in error for word in ([words] if isinstance(words, str) else words)), (words, ran.stderr)


def train(name):
    done("train", "--set", f"data.file={name}.h5", "--set", "train.epochs=2", "--set", "model.hidden=[4]", "--run", name)


def predicted(name, data, *options):
    return done("predict", name, "--data", data, "--out", "-", *options).stdout


def evaluated(name, data, *options):
    said = done("evaluate", name, "--data", data, "--json", *options).stdout
    assert ('"split":"train"' in said) == ("--split" in options), said  # a raw file is called test
    return said.replace('"split":"train"', '"split":"test"')


# A point between thousands: rows without a comma do not tell, and are read as those that the model learnt from.
pathlib.Path("preis.csv").write_text("preis;flaeche;y\n" + "".join(
    "{}.{:03},{:02};{},5;{}\n".format(i % 7 + 1, i * 37 % 1000, i % 100, i % 50 + 20, i % 2) for i in range(80)))
done("import", "csv", "preis.csv", "--label", "y", "-o", "preis.h5")
train("preis")
pathlib.Path("whole.csv").write_text("preis;flaeche\n2.000;50\n5.000;30\n")
pathlib.Path("clear.csv").write_text("preis;flaeche\n2.000,00;50\n5.000,00;30\n")
assert predicted("preis", "whole.csv") == predicted("preis", "clear.csv")
done("import", "csv", "whole.csv", "--like", "preis.h5", "-o", "whole.h5")
assert predicted("preis", "whole.h5", "--split", "train") == predicted("preis", "clear.csv")

# LIBSVM that counts from 0: a file without index 0, without a class, with one index more, with what is no class of it.
rows = ["{} {}".format(i % 3 + 5, " ".join(f"{k}:{draw.integers(1, 99)}" for k in range(4) if (i + k) % 4)) for i in range(60)]
pathlib.Path("zero.svm").write_text("\n".join(rows) + "\n")
done("import", "libsvm", "zero.svm", "-o", "zero.h5")
train("zero")
assert predicted("zero", "zero.svm") == predicted("zero", "zero.h5", "--split", "train")
assert evaluated("zero", "zero.svm") == evaluated("zero", "zero.h5", "--split", "train")
whole = predicted("zero", "zero.svm").splitlines()
some = [i for i, row in enumerate(rows) if " 0:" not in row and not row.startswith("6")]
pathlib.Path("some.svm").write_text("# a comment\n\n" + "\n".join(rows[i] + " 9:1" for i in some) + "\n")
with gzip.open("some.svm.gz", "wb") as f:
    f.write(pathlib.Path("some.svm").read_bytes())
for file in "some.svm", "some.svm.gz":
    assert predicted("zero", file).splitlines()[1:] == [whole[i + 1] for i in some], file
ran = done("evaluate", "zero", "--data", "some.svm")
assert "features above 3, up to 9, are left out: the model has none" in ran.stderr, ran.stderr
pathlib.Path("other.svm").write_text("7 1:1\n8 1:2\n")
for split in ("test", "train"):  # all rows would be taken for those of a split
    refused(64, "clear.csv has no splits, all of its rows are taken", "evaluate", "preis", "--data", "clear.csv", "--split", split)
refused(65, ["other.svm:2", '"8" is none of the 3 classes'], "evaluate", "zero", "--data", "other.svm")
done("predict", "zero", "--data", "other.svm", "--out", "other.csv")
pathlib.Path("bare.svm").write_text("5\n6 1:3\n")
assert len(predicted("zero", "bare.svm").splitlines()) == 3
pathlib.Path("ones.svm").write_text("".join(f"{i % 2} 1:{i} 2:{i % 5}\n" for i in range(40)))
done("import", "libsvm", "ones.svm", "-o", "ones.h5")
train("ones")
refused(65, "it counts features from 0, and the model from 1", "predict", "ones", "--data", "zero.svm", "--out", "-")
pathlib.Path("merged.svm").write_text("0 1:9007199254740993\n")
refused(65, ["merged.svm:1", "9007199254740993"], "predict", "ones", "--data", "merged.svm", "--out", "-")
refused(65, "9007199254740993", "import", "libsvm", "merged.svm", "-o", "no.h5")

# NumPy with labels beside, whose classes are the model's; an archive; numbers that stood for missing ones in training.
x, y = draw.normal(size=(50, 3)), 3 * (np.arange(50) % 3) + 30
x[::7, 1] = -999
np.savez("a.npz", x=x, y=y, some=y[:2])
np.save("x.npy", x)
np.save("y.npy", y)
np.save("two.npy", x[:2])
done("import", "npy", "--x", "x.npy", "--y", "y.npy", "--missing=-999", "-o", "a.h5")
train("a")
assert evaluated("a", "a.npz:x", "--y", "a.npz:y") == evaluated("a", "a.h5", "--split", "train")
assert predicted("a", "x.npy") == predicted("a", "a.h5", "--split", "train"), "-999 is missing as it was in training"
assert evaluated("a", "two.npy", "--y", "a.npz:some"), "two classes of three"
refused(64, ["x.npy holds no labels", "--y"], "evaluate", "a", "--data", "x.npy")
refused(64, "--x names arrays of an HDF5", "predict", "a", "--data", "x.npy", "--x", "x", "--out", "-")
refused(64, "--y", "predict", "a", "--data", "a.npz:x", "--y", "y.npy", "--out", "p.csv")

# LIBSVM for a model that does not count its features, or calls them 0, 1, 2 as a CSV has it: by the file's own index.
def write_svm(name, values, labels, first):
    lines = [" ".join([str(label), *(f"{k + first}:{v!r}" for k, v in enumerate(map(float, row)))]) for row, label in zip(values, labels)]
    pathlib.Path(name).write_text("\n".join(lines) + "\n")


plain, kind = np.random.default_rng(2).normal(size=(40, 3)), np.arange(40) % 2
np.save("plain.npy", plain)
np.save("kind.npy", kind)
done("import", "npy", "--x", "plain.npy", "--y", "kind.npy", "-o", "bare.h5")
pathlib.Path("counted.csv").write_text("".join(f"{','.join(map(repr, row))},{k}\n" for row, k in zip(plain.tolist(), kind)))
pathlib.Path("pandas.csv").write_text("0,1,2,3\n" + pathlib.Path("counted.csv").read_text())
for name in "counted", "pandas":
    done("import", "csv", f"{name}.csv", "--label", "3", "--classes", "-o", f"{name}.h5")
for name, first in (("bare", 0), ("bare", 1), ("counted", 0), ("counted", 1), ("pandas", 0), ("pandas", 1)):
    if not os.path.exists(name):
        train(name)
    write_svm(f"{name}.svm", plain, kind, first)
    ran = done("evaluate", name, "--data", f"{name}.svm", "--json")
    assert "left out" not in ran.stderr, ran.stderr
    assert ran.stdout == evaluated(name, f"{name}.h5", "--split", "train"), (name, first)
    done("import", "libsvm", f"{name}.svm", "--like", f"{name}.h5", "-o", f"like-{name}-{first}.h5")
    assert predicted(name, f"{name}.svm") == predicted(name, f"{name}.h5", "--split", "train"), (name, first)

# What a CSV may say for a missing number is no matter where a file holds numbers alone.
assert predicted("counted", "plain.npy") == predicted("counted", "counted.h5", "--split", "train")
assert evaluated("counted", "plain.npy", "--y", "kind.npy") == evaluated("counted", "counted.h5", "--split", "train")
with h5py.File("bare-raw.h5", "w") as f:
    f["x"] = plain
assert predicted("counted", "bare-raw.h5", "--x", "x") == predicted("counted", "plain.npy")

# HDF5 of another layout, and netCDF's gaps
with h5py.File("raw.h5", "w") as f:
    f.create_dataset("in/x", data=x, chunks=(7, 2), compression="gzip")
    f["in/x"].attrs["_FillValue"] = np.array([-999.0])
    f["y"] = y
assert evaluated("a", "raw.h5", "--x", "in/x", "--y", "y") == evaluated("a", "a.h5", "--split", "train")
assert predicted("a", "raw.h5", "--x", "in/x") == predicted("a", "x.npy")
refused(64, "raw.h5 is a data set, or HDF5 whose arrays", "evaluate", "a", "--data", "raw.h5", "--y", "y")
refused(65, "in/z", "predict", "a", "--data", "raw.h5", "--x", "in/z", "--out", "-")
np.save("nan.npy", np.where(x == -999, np.nan, x))

# IDX with labels beside; a folder of images without one of the classes
pixels = draw.integers(0, 255, (20, 2, 2), "u1")
pathlib.Path("i.idx").write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">III", 20, 2, 2) + pixels.tobytes())
pathlib.Path("l.idx").write_bytes(bytes([0, 0, 8, 1]) + struct.pack(">I", 20) + bytes(i % 2 for i in range(20)))
with gzip.open("i.idx.gz", "wb") as f:
    f.write(pathlib.Path("i.idx").read_bytes())
done("import", "idx", "--images", "i.idx", "--labels", "l.idx", "-o", "i.h5")
train("i")
assert evaluated("i", "i.idx.gz", "--y", "l.idx") == evaluated("i", "i.h5", "--split", "train")
golden = pathlib.Path(__file__).resolve().parents[1] / "golden" / "images"
for name in "in/a/1.png", "in/b/1.png", "test/b/1.png":
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(golden / "colour.png", name)
done("import", "images", "in", "--size", "4x4", "-o", "in.h5")
train("in")
assert '"b"' in evaluated("in", "test")
pathlib.Path("fresh/unsorted").mkdir(parents=True)
shutil.copy(golden / "colour.png", "fresh/unsorted/1.png")
assert len(predicted("in", "fresh").splitlines()) == 2, "folders are no labels where none are needed"
refused(65, '"unsorted" is none of the 2 classes', "evaluate", "in", "--data", "fresh")

# A model of images: whatever brings it the same pixels gives the same numbers, with and without augmentation in training.
layers = '[{type="conv",channels=4,kernel=3},{type="batch_norm"},{type="relu"},{type="flatten"}]'


def train_images(name, data, *options):
    done("train", "--set", f"data.file={data}", "--set", "train.epochs=2", "--set", "data.batch_size=8", "--set",
         "model.layers=" + layers, "--run", name, *options)


def png(path, image):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b"".join(b"\0" + line.tobytes() for line in image)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def without_files(text):
    return [line.partition(",")[2] for line in text.splitlines()]


photos = draw.integers(0, 256, (24, 6, 5, 3), "u1")
for i, photo in enumerate(photos):
    folder = pathlib.Path("photos") / ("cat" if i < 10 else "dog")
    folder.mkdir(parents=True, exist_ok=True)
    png(folder / f"{i:02}.png", photo)
done("import", "images", "photos", "--size", "5x6", "-o", "photos.h5")
with h5py.File("photos.h5") as f:
    assert f["train/x"].dtype == "u1" and (f["train/x"][()] == photos.transpose(0, 3, 1, 2)).all(), "(C, H, W), as they are"
np.save("first.npy", photos.transpose(0, 3, 1, 2))
np.save("last.npy", photos)
np.save("kinds.npy", np.arange(24) // 10 > 0)
train_images("plain", "photos.h5")
train_images("changed", "photos.h5", "--set", "data.augment={crop=2, flip=true, cutout=2}")
for name in "plain", "changed":
    assert predicted(name, "photos") == predicted(name, "photos.h5", "--split", "train")
    assert without_files(predicted(name, "photos")) == predicted(name, "first.npy").splitlines()
    assert evaluated(name, "photos") == evaluated(name, "photos.h5", "--split", "train")
assert predicted("plain", "photos") != predicted("changed", "photos")
files = [line.split(",")[0] for line in predicted("plain", "photos").splitlines()]
assert files == ["file", *(f"{'cat' if i < 10 else 'dog'}/{i:02}.png" for i in range(24))], files
one_image = predicted("plain", "photos/cat/00.png").splitlines()
assert one_image[1].startswith("00.png,") and one_image[0].startswith("file,label,"), one_image
assert without_files("\n".join(one_image)) == without_files(predicted("plain", "photos"))[:2], "one image"
for out in "photos.csv", "photos-out.h5":
    done("predict", "plain", "--data", "photos", "--out", out)
assert pathlib.Path("photos.csv").read_text() == predicted("plain", "photos")
with h5py.File("photos-out.h5") as f:
    assert list(f.attrs["id_names"]) == [b"file"] and f["ids/0"][0].tobytes() == b"cat/00.png", dict(f.attrs)
assert predicted("plain", "photos/dog").splitlines()[1].startswith("10.png,"), "a folder without folders"
refused(65, "has no y", "evaluate", "plain", "--data", "photos/cat/00.png")
refused(65, ["(6, 5, 3)", "(3, 6, 5)"], "predict", "plain", "--data", "last.npy", "--out", "-")
done("import", "npy", "--x", "last.npy", "--y", "kinds.npy", "-o", "last.h5")
refused(65, "looks like (height, width, channels)", "train", "--set", "data.file=last.h5", "--set", "model.layers=" + layers)
refused(64, "data.augment.crop = 1 changes images, and the model takes none", "train", "--set", "data.file=photos.h5", "--set",
        "data.augment.crop=1", "--set", "model.hidden=[4]")

# What is plainly an image is no table, and the words are those of import.
pathlib.Path("photo.bmp").write_bytes(b"BM" + bytes(60))
pathlib.Path("scan.tiff").write_bytes(b"II*\0" + bytes(60))
pathlib.Path("scan").write_bytes(b"MM\0*" + bytes(60))
pathlib.Path("page.png").write_text("<!DOCTYPE html>\n<html></html>\n")
for file, words in (("photo.bmp", "a BMP file; convert it to PNG or JPEG"), ("scan.tiff", "a TIFF file; convert"),
                    ("scan", "a TIFF file; convert"), ("page.png", "neither JPEG nor PNG, by its first bytes")):
    refused(65, f"{file}: {words}", "predict", "plain", "--data", file, "--out", "-")
    refused(65, f"{file}: {words}", "import", "images", file, "--size", "5x6", "-o", "no.h5")
refused(65, "photo.bmp is an image, and the model was not trained on images", "predict", "a", "--data", "photo.bmp", "--out", "-")

# One channel: (H, W) and (1, H, W) are the same image.
train_images("gray", "i.h5")
np.save("one.npy", pixels[:, None])
assert predicted("gray", "i.idx") == predicted("gray", "one.npy") == predicted("gray", "i.h5", "--split", "train")
pathlib.Path("grays/all").mkdir(parents=True)
for i, image in enumerate(pixels):
    png(pathlib.Path(f"grays/all/{i:02}.png"), np.repeat(image[:, :, None], 3, 2))
assert [r.split(",")[1:] for r in without_files(predicted("gray", "grays"))] == [
    r.split(",")[1:] for r in predicted("gray", "i.idx").splitlines()]
cells = draw.integers(0, 17, (40, 16))
for name, shape in ("two", "4,4"), ("three", "1,4,4"):
    lines = [",".join(map(str, [*row, i % 3])) for i, row in enumerate(cells)]
    pathlib.Path(f"{name}.csv").write_text(",".join([f"p{k}" for k in range(16)] + ["y"]) + "\n" + "\n".join(lines) + "\n")
    done("import", "csv", f"{name}.csv", "--label", "y", "--shape", shape, "-o", f"{name}.h5")
    train_images("of-" + name, f"{name}.h5", "--set", "data.augment.flip=true")
assert predicted("of-two", "two.h5", "--split", "train") == predicted("of-three", "three.csv")
gaps = photos.transpose(0, 3, 1, 2).astype("f4")
gaps[3, 1, 2, 2] = -1
np.save("gaps.npy", gaps)
done("import", "npy", "--x", "gaps.npy", "--y", "kinds.npy", "--missing=-1", "-o", "gaps.h5")
refused(65, ["has gaps", "a pixel is a number"], "train", "--set", "data.file=gaps.h5", "--set", "model.layers=" + layers)

# What an importer advises is none of the options of these commands.
pathlib.Path("t.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
done("import", "csv", "t.csv", "--label", "y", "-o", "t.h5")
train("t")
pathlib.Path("word.csv").write_text("a,y\nmany,1\n")
refused(65, ["word.csv:2", '"many"', "options of shoal import: make a data set with it"], "evaluate", "t", "--data", "word.csv")

# Rows laid out in a shape of their own: the checkpoint knows the file's label, weights and ids all the same.
def write_rows(name, head, rows):
    pathlib.Path(name).write_text("".join(",".join(map(str, row)) + "\n" for row in ([head] if head else []) + rows))


cells = draw.integers(0, 256, size=(60, 6))
head = ["who", *(f"p{k}" for k in range(6)), "kind", "w"]
shaped = [[f"n{i:02}", *cells[i], "ab"[int(cells[i, 0]) % 2], 1 + i % 3] for i in range(60)]
write_rows("shaped.csv", head, shaped)
write_rows("turned.csv", head[::-1], [row[::-1] for row in shaped])
write_rows("first.csv", head, shaped[:25])
write_rows("second.csv", head, shaped[25:])
done("import", "csv", "shaped.csv", "--label", "kind", "--weight", "w", "--id", "who", "--shape", "2,3", "-o", "shaped.h5")
train("shaped")
of_set = predicted("shaped", "shaped.h5", "--split", "train")
assert of_set.splitlines()[0] == "who,label,p_a,p_b" and of_set.splitlines()[1].startswith("n00,"), of_set
for files in ["shaped.csv"], ["turned.csv"], ["first.csv", "--data", "second.csv"]:
    assert evaluated("shaped", *files) == evaluated("shaped", "shaped.h5", "--split", "train"), files
    assert predicted("shaped", *files) == of_set, files
done("predict", "shaped", "--data", "shaped.h5", "--split", "train", "--out", "ids.h5")
with h5py.File("ids.h5") as f:
    assert f.attrs["id_names"][0] in (b"who", "who") and bytes(f["ids/0"][7]) == b"n07"
refused(64, ["first.csv", "shaped.h5", "different kinds"], "predict", "shaped", "--data", "first.csv", "--data", "shaped.h5", "--out", "-")
refused(64, "is a data set, of which one is taken", "evaluate", "shaped", "--data", "shaped.h5", "--data", "shaped.h5")
refused(64, "several files are taken of CSV", "evaluate", "a", "--data", "x.npy", "--data", "two.npy", "--y", "y.npy")
refused(64, "give each file its own --data", "evaluate", "shaped", "--data", "first.csv", "second.csv")
# Without a header columns are called by number, and a label that the model does not know is named.
write_rows("bare.csv", None, [[*row[1:8]] for row in shaped])
done("import", "csv", "bare.csv", "--label", "6", "--shape", "2,3", "-o", "numbered.h5")
train("numbered")
assert evaluated("numbered", "bare.csv") == evaluated("numbered", "numbered.h5", "--split", "train")
shutil.copy("shaped.h5", "older.h5")
with h5py.File("older.h5", "a") as f:
    del f.attrs["file_columns"], f["train/ids"], f["train/weight"]
train("older")
refused(64, ["shaped.csv", "--y COLUMN"], "evaluate", "older", "--data", "shaped.csv")
assert evaluated("older", "shaped.csv", "--y", "kind") == evaluated("older", "older.h5", "--split", "train")
refused(64, ["--y knid", "kind"], "evaluate", "older", "--data", "shaped.csv", "--y", "knid")
refused(65, ["p1", "feature"], "evaluate", "older", "--data", "shaped.csv", "--y", "p1")

# Class numbers without names, for a model whose classes are called by numbers in another order: two meanings.
x, numbers = draw.normal(size=(120, 4)), np.arange(120) % 12
names = sorted(map(str, range(12)))  # 0, 1, 10, 11, 2, ...
def write_set(name, y, class_names=None):
    with h5py.File(name, "w") as f:
        f["train/x"], f["train/y"] = x, y.astype("i4")
        f.attrs["classes"] = 12
        if class_names:
            f.attrs["class_names"] = class_names


write_set("sorted.h5", np.array([names.index(str(k)) for k in numbers]), names)
write_set("nameless.h5", numbers)
write_set("named.h5", numbers, list(map(str, range(12))))
train("sorted")
refused(65, ["nameless.h5 does not name its classes", 'class 2 "10"', 'called "2"', "class_names", "--like"],
        "evaluate", "sorted", "--data", "nameless.h5", "--split", "train")
done("train", "--set", "data.file=sorted.h5", "--set", "train.epochs=1", "--set", "model.hidden=[4]", "--run", "again")
refused(65, "does not name its classes", "evaluate", "sorted", "again", "--data", "nameless.h5", "--split", "train")
refused(65, "import the data with --like", "evaluate", "sorted", "--data", "named.h5", "--split", "train")
done("import", "hdf5", "nameless.h5", "--x", "train/x", "--y", "train/y", "--like", "sorted.h5", "-o", "alike.h5")
assert evaluated("sorted", "alike.h5", "--split", "train") == evaluated("sorted", "sorted.h5", "--split", "train")
train("nameless")
evaluated("nameless", "nameless.h5", "--split", "train")

# Columns without names are taken in order by a model that knows names, and that is said.
in_order = "x.h5: its columns have no names and are taken in the order of those of training"
write_rows("order.csv", ["a", "b", "c", "y"], [[*row[:3], i % 2] for i, row in enumerate(x)])
write_rows("numbered.csv", None, [[*row[:3], i % 2] for i, row in enumerate(x)])
for name, column in ("order", "y"), ("numbered", "3"):
    done("import", "csv", f"{name}.csv", "--label", column, "-o", f"of-{name}.h5")
    train(f"of-{name}")
with h5py.File("x.h5", "w") as f:
    f["test/x"] = x[:, :3]
assert in_order in done("predict", "of-order", "--data", "x.h5", "--out", "-").stderr
assert in_order not in done("predict", "of-numbered", "--data", "x.h5", "--out", "-").stderr

# An id that is called as a column of predictions would stand there twice.
write_rows("clash.csv", ["label", "size", "y"], [[f"r{i}", i % 9, i % 2] for i in range(40)])
done("import", "csv", "clash.csv", "--label", "y", "--id", "label", "-o", "clash.h5")
train("clash")
refused(65, 'the ids "label"', "predict", "clash", "--data", "clash.h5", "--split", "train", "--out", "clash.out")

# Bytes for a model of numbers of 0 to 1, and the other way round, are another scale; bytes as floats are not.
pixels, kinds = draw.integers(0, 256, size=(60, 4, 4), dtype="u1"), np.arange(60) % 2
for name, values in ("bytes", pixels), ("floats", pixels.astype("f8")), ("shares", (pixels / 255).astype("f4")), ("zeros", (pixels > 99).astype("f4")):
    np.save(f"{name}.npy", values)
np.save("kinds.npy", kinds)
for name in "bytes", "shares":
    done("import", "npy", "--x", f"{name}.npy", "--y", "kinds.npy", "-o", f"{name}.h5")
for mode in "standard", "unit":
    for name in "bytes", "shares":
        shutil.rmtree(name, ignore_errors=True)
        done("train", "--set", f"data.file={name}.h5", "--set", f"data.normalize={mode}", "--set", "train.epochs=1", "--run", name)
    assert predicted("bytes", "floats.npy") == predicted("bytes", "bytes.npy"), mode
    refused(65, ["shares.npy", "multiply by 255"], "predict", "bytes", "--data", "shares.npy", "--out", "no.csv")
    refused(65, ["bytes.npy", "up to 255", "divide"], "evaluate", "shares", "--data", "bytes.npy", "--y", "kinds.npy")
    refused(65, "divide", "predict", "shares", "--data", "floats.npy", "--out", "no.csv")
    ran = done("predict", "bytes", "--data", "zeros.npy", "--out", "-")
    assert "is that meant?" in ran.stderr, ran.stderr
assert not os.path.exists("no.csv")
done("train", "--set", "data.file=bytes.h5", "--set", "data.normalize=none", "--set", "train.epochs=1", "--run", "plain-bytes")
assert "is that meant?" in done("predict", "plain-bytes", "--data", "shares.npy", "--out", "-").stderr
# Bytes that are stored as other numbers: the model does not know that they were such, but how large they were.
large = draw.integers(0, 256, size=(200, 16))
large[0], large[1] = 255, 0
sides = np.arange(200) % 2
forms = {"halves": large / 127.5 - 1, "beyond": np.where(large == large.max(), 1.02 * large, large) / 255, "parts": large / 255,
         "standard": (large - large.mean(0)) / large.std(0), "u1": large.astype("u1")}
for name, values in forms.items():
    np.save(f"{name}.npy", values)
np.save("sides.npy", sides)
for kind in "i4", "i8", "f4", "u1", "halves", "standard":
    np.save("of.npy", forms.get(kind, large) if len(kind) > 2 else large.astype(kind))
    done("import", "npy", "--x", "of.npy", "--y", "sides.npy", "-o", f"of-{kind}.h5")
    for mode in "standard", "unit":
        run_of = f"of-{kind}-{mode}"
        done("train", "--set", f"data.file=of-{kind}.h5", "--set", f"data.normalize={mode}", "--set", "train.epochs=1", "--run", run_of)
        own = done("evaluate", run_of, "--data", "of.npy", "--y", "sides.npy")
        assert "scale" not in own.stderr and "meant" not in own.stderr, own.stderr
        one = np.load("of.npy")[:1]
        for row in one, one * 0:
            np.save("row.npy", row.astype(np.load("of.npy").dtype))
            assert "scale" not in done("predict", run_of, "--data", "row.npy", "--out", "-").stderr, (kind, mode)
        if kind in ("halves", "standard"):  # bytes for a model of small numbers
            ran = run("evaluate", run_of, "--data", "u1.npy", "--y", "sides.npy")
            assert ran.returncode == 65 or (kind, mode) == ("standard", "unit") and "are the units the same?" in ran.stderr, ran
            continue
        for form in "parts", "beyond", "halves", "standard":
            if kind == "u1" or (mode == "unit" and form != "standard"):
                refused(65, [f"{form}.npy", "trained on bytes"], "evaluate", run_of, "--data", f"{form}.npy", "--y", "sides.npy")
                continue
            ran = run("evaluate", run_of, "--data", f"{form}.npy", "--y", "sides.npy")
            assert ran.returncode in (0, 65) and ("are they on one scale?" in ran.stderr or "trained on bytes" in ran.stderr), (
                kind, mode, form, ran.stderr)
        assert "on one scale" not in done("predict", run_of, "--data", "u1.npy", "--out", "-").stderr
# Small whole numbers are stored as bytes, and fractions are no other scale for them.
counts = draw.integers(0, 6, size=(200, 10)).astype("u1")
np.save("counts.npy", counts)
np.save("half.npy", np.full((1, 10), 0.5))
done("import", "npy", "--x", "counts.npy", "--y", "sides.npy", "-o", "counts.h5")
done("train", "--set", "data.file=counts.h5", "--set", "train.epochs=1", "--run", "counts")
done("predict", "counts", "--data", "half.npy", "--out", "-")
# NaN is a gap for a model that had some, whatever stood for them.
gaps = draw.normal(size=(200, 3))
gaps[::7, 1] = -999
np.save("holes.npy", gaps)
np.save("nans.npy", np.where(gaps == -999, np.nan, gaps))
ran = done("import", "npy", "--x", "holes.npy", "--y", "sides.npy", "--missing", "-999", "-o", "holes.h5")
assert "missing cells" in ran.stderr, ran.stderr
done("train", "--set", "data.file=holes.h5", "--set", "train.epochs=1", "--run", "holes")
assert predicted("holes", "nans.npy") == predicted("holes", "holes.npy")
ran = done("import", "npy", "--x", "nans.npy", "--y", "sides.npy", "--missing", "-999,nan", "-o", "nans.h5")
ran = done("import", "npy", "--x", "counts.npy", "--y", "sides.npy", "--missing", "-999", "-o", "never.h5")
assert "no cell is -999, as --missing has it" in ran.stderr, ran.stderr
# The same at import, where splits come from files of their own, and before training.
for one, other in ("u1", "parts"), ("parts", "u1"):
    pathlib.Path("both.h5").unlink(missing_ok=True)
    ran = done("import", "npy", "--x", f"{one}.npy", "--y", "sides.npy", "--test-x", f"{other}.npy", "--test-y", "sides.npy", "-o", "both.h5")
    assert "are both on one scale" in ran.stderr, ran.stderr
    ran = done("train", "--set", "data.file=both.h5", "--set", "data.validation=test", "--set", "train.epochs=1")
    assert "are both on one scale" in ran.stderr, ran.stderr

# Bytes that lie at -128 to 127, and numbers of more bits; and the other way round.
signed = {"int16": (large - 128).astype("i2"), "int8": (large - 128).astype("i1"), "twelve": (large * 16 + 3).astype("u2"), "centred": large - 127.5}
for name, values in signed.items():
    np.save(f"{name}.npy", values)
for mode in "standard", "unit":
    for name in signed:
        refused(65, [f"{name}.npy", "trained on bytes, 0 to 255"], "evaluate", f"of-u1-{mode}", "--data", f"{name}.npy", "--y", "sides.npy")
        np.save("row.npy", np.load(f"{name}.npy")[5:6])
        refused(65, ["row.npy", "trained on bytes, 0 to 255"], "predict", f"of-u1-{mode}", "--data", "row.npy", "--out", "-")
    for name in "int8", "int16", "centred":  # stored as int32, which tells less
        ran = run("evaluate", f"of-i4-{mode}", "--data", f"{name}.npy", "--y", "sides.npy")
        assert "are they on one scale?" in ran.stderr or "trained on bytes" in ran.stderr, (mode, name, ran.stderr)
np.save("spots.npy", np.where(large == large.max(), 260, large).astype("i2"))
assert "is that meant?" in done("evaluate", "of-u1-unit", "--data", "spots.npy", "--y", "sides.npy").stderr
low = large - 140  # of which the means are below 0
np.save("low.npy", low.astype("i2"))
done("import", "npy", "--x", "low.npy", "--y", "sides.npy", "-o", "low.h5")
for mode in "standard", "unit":
    done("train", "--set", "data.file=low.h5", "--set", f"data.normalize={mode}", "--set", "train.epochs=1", "--run", f"low-{mode}")
    assert "scale" not in done("evaluate", f"low-{mode}", "--data", "low.npy", "--y", "sides.npy").stderr
    refused(65, ["u1.npy", "below 0"], "evaluate", f"low-{mode}", "--data", "u1.npy", "--y", "sides.npy")
for one, other in ("u1", "int16"), ("int16", "u1"), ("u1", "twelve"):
    for made in "one.h5", "other.h5":
        pathlib.Path(made).unlink(missing_ok=True)
    done("import", "npy", "--x", f"{one}.npy", "--y", "sides.npy", "-o", "one.h5")
    ran = done("import", "npy", "--x", f"{other}.npy", "--y", "sides.npy", "--like", "one.h5", "-o", "other.h5")
    assert "of one.h5" in ran.stderr and "are both on one scale" in ran.stderr, ran.stderr
    assert "scale" not in done("import", "npy", "--x", f"{one}.npy", "--y", "sides.npy", "--like", "one.h5", "-o", "same.h5").stderr
    os.remove("same.h5")

# CSV for a model of arrays, which knows no names: columns by their places, as many as there are.
plain = draw.normal(size=(40, 3)).round(3)
np.save("plain.npy", plain)
np.save("plain-y.npy", (plain[:, 0] > 0).astype("i4"))
done("import", "npy", "--x", "plain.npy", "--y", "plain-y.npy", "-o", "plain-x.h5")
train("plain-x")
rows = [",".join(map(str, row)) for row in plain]
kinds = [str(int(row[0] > 0)) for row in plain]
pathlib.Path("bare.csv").write_text("\n".join(rows) + "\n")
pathlib.Path("named.csv").write_text("u,v,w\n" + "\n".join(rows) + "\n")
pathlib.Path("labelled.csv").write_text("\n".join(f"{row},{kind}" for row, kind in zip(rows, kinds)) + "\n")
pathlib.Path("labelled-names.csv").write_text("kind,u,v,w\n" + "\n".join(f"{kind},{row}" for row, kind in zip(rows, kinds)) + "\n")
for file in "bare.csv", "named.csv":
    ran = done("predict", "plain-x", "--data", file, "--out", "-")
    assert ran.stdout == predicted("plain-x", "plain.npy") and "are taken in their order" in ran.stderr, ran.stderr
for file, y in ("labelled.csv", "3"), ("labelled-names.csv", "kind"):
    assert evaluated("plain-x", file, "--y", y) == evaluated("plain-x", "plain.npy", "--y", "plain-y.npy")
    refused(65, [file, "4 columns for features", "takes 3, in their order"], "predict", "plain-x", "--data", file, "--out", "-")

# Rare flags beside an amount: a row of whole numbers, many of them far from the mean, is no row of bytes.
flags = (draw.random((400, 12)) < 0.004).astype(int)
write_rows("flags.csv", [*(f"f{k}" for k in range(12)), "amount", "y"], [[*row, i / 4, i % 2] for i, row in enumerate(flags)])
write_rows("one.csv", [*(f"f{k}" for k in range(12)), "amount"], [[1] * 12 + [20]])
done("import", "csv", "flags.csv", "--label", "y", "-o", "flags.h5")
train("flags")
done("predict", "flags", "--data", "one.csv", "--out", "-")

# Numbers far from all that training had are counted; what it had itself is not.
sizes = draw.normal(size=(200, 3)) * 10 + 50
write_rows("metres.csv", ["a", "b", "c", "y"], [[*row, i % 2] for i, row in enumerate(sizes)])
write_rows("grams.csv", ["a", "b", "c"], [[a, 1000 * b, c] for a, b, c in sizes])
done("import", "csv", "metres.csv", "--label", "y", "-o", "metres.h5")
train("metres")
assert "deviations" not in done("predict", "metres", "--data", "metres.csv", "--out", "far.csv").stderr
write_rows("single.csv", ["a", "b", "c"], [[50, 50, 50000]])
assert '1 of 1 values in column "c"' in done("predict", "metres", "--data", "single.csv", "--out", "far.csv").stderr
# A few rows of many columns, of which each has something rare in one of them: by chance.
rare = (draw.random((300, 60)) < 0.005).astype(float)
np.save("rare.npy", rare)
np.save("rarely.npy", np.vstack([np.eye(60)[:20], np.zeros((60, 60))]))
np.save("sides.npy", np.arange(300) % 2)
done("import", "npy", "--x", "rare.npy", "--y", "sides.npy", "-o", "rare.h5")
train("rare")
assert "deviations" not in done("predict", "rare", "--data", "rarely.npy", "--out", "far.csv").stderr
ran = done("predict", "metres", "--data", "grams.csv", "--out", "far.csv")
assert '200 of 200 values in column "b" lie more than 10 deviations' in ran.stderr, ran.stderr
