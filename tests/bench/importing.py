#!/usr/bin/env python3
"""How long imports take beside the Python libraries that read the same files, in alternation: the medians, and ranges.

    importing.py images SHOAL DIR [--repeat 5]    DIR holds a folder of images a class, all of one size; beside Pillow
    importing.py hdf5 SHOAL FILE.h5 [--repeat 5]  x is made there where there is no such file, 1 GB; beside h5py

shoal writes a data set, which is compared with what Python has read; Python only reads, on one core. Needs NumPy, and
Pillow or h5py.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np


def read_images(folder):
    from PIL import Image

    folders = sorted(p for p in pathlib.Path(folder).iterdir() if p.is_dir())
    files = [file for each in folders for file in sorted(each.iterdir())]
    return np.stack([np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1) for file in files])


def make_hdf5(file):
    import h5py

    draw = np.random.default_rng(1)
    with h5py.File(file, "w") as f:
        x = f.create_dataset("x", (1_250_000, 100), "f8", chunks=(1250, 100), compression="gzip", compression_opts=4)
        for row in range(0, len(x), 12500):
            x[row : row + 12500] = np.round(draw.normal(size=(12500, 100)), 3)


def read_hdf5(file):
    import h5py

    with h5py.File(file) as f:
        return f["x"][:]


def timed(call):
    begun = time.monotonic()
    result = call()
    return time.monotonic() - begun, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["images", "hdf5"])
    parser.add_argument("shoal", type=os.path.abspath)
    parser.add_argument("source", type=os.path.abspath)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if options.what == "images":
        import PIL.Image

        first = next(p for p in sorted(pathlib.Path(options.source).glob("*/*")))
        extra = ["--size", "{}x{}".format(*PIL.Image.open(first).size)]
        read = read_images
    else:
        if not os.path.exists(options.source):
            make_hdf5(options.source)
        extra = ["--x", "x"]
        read = read_hdf5
    with tempfile.TemporaryDirectory() as work:
        out = work + "/out.h5"
        command = [options.shoal, "import", options.what, options.source, *extra, "-o", out]
        times = {"shoal": [], "python": []}
        for turn in range(options.repeat):
            pathlib.Path(out).unlink(missing_ok=True)
            times["shoal"].append(timed(lambda: subprocess.run(command, check=True, capture_output=True))[0])
            seconds, x = timed(lambda: read(options.source))
            times["python"].append(seconds)
            if turn == 0:
                import h5py

                with h5py.File(out) as f:
                    assert np.array_equal(f["train/x"][:], x), "the values differ"
            del x
    for name, each in times.items():
        print(f"{name}: {statistics.median(each):.2f} s ({min(each):.2f} to {max(each):.2f})")
    print(f"ratio of medians: {statistics.median(times['python']) / statistics.median(times['shoal']):.2f}")


if __name__ == "__main__":
    main()
