#!/usr/bin/env python3
"""Folders of images drawn at random, with PNG files of any depth, palette, filter and interlace written here, the JPEG files of
tests/golden and, where Python has Pillow, its own; names of all kinds, sizes that differ, files that are cut short, no image
or something else than their names say, classes without images. What `import images` makes of each must be the pixels that were
written and the classes of the folders, with what is left out counted; what has no such pixels must be refused by its name.
`predict` of the folder, of one class and of one file must give what it gives for the imported set.

  any_images.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each folder is a function of its number.
"""
import io
import os
import pathlib
import random
import struct
import sys
import zlib

import h5py
import numpy as np

try:
    from PIL import Image
except ImportError:
    Image = None

sys.dont_write_bytecode = True
top = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(top / "data"), str(top / "tests")]
from drawn import Failure, campaign, compare, predicted, run, train  # noqa: E402
from shoal_load import load  # noqa: E402

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
CLASSES = [["cat", "dog", "Bird", "äffchen", "big house", "Ærø", "cat.old", b"x\xe9", "x\\xE9", "北京", "-1", "it's", b"caf\xe9"],
           ["0", "1", "2", "10", "9", "007", "7", "100"]]
NAMES = ["img {}", "Bild ä {}", "photo.{}", "IMG_{}", "{}", "a'b{}", "北{}", "x.png.{}", b"\xff{}", "-{}", "--size {}", "%d{}", "two\nlines {}"]
GOLDEN = top / "tests" / "golden" / "images"
JPEGS = ["colour.jpg", "full.jpg", "progressive.jpg", "gray.jpg"]
OTHERS = {"gif": (b"GIF89a" + bytes(30), "GIF"), "webp": (b"RIFF\x20\0\0\0WEBPVP8 " + bytes(20), "WebP"), "empty": (b"", "empty"),
          "text": (b"<html>404</html>", "neither"), "bmp": (b"BM\x46\0\0\0\0\0\0\0" + bytes(60), "BMP")}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(samples, depth):
    """(width, channels) as the bytes of a row."""
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype("u1").tobytes()
    bits = "".join(f"{int(v):0{depth}b}" for v in samples.reshape(-1))
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def filtered(kind, row, above, step):
    """Source: Portable Network Graphics Specification, section 9."""
    left = [bytes(step) + row[:-step], bytes(step) + above[:-step]]
    out = bytearray([kind])
    for x, a, b, c in zip(row, left[0], above, left[1]):
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        out.append((x - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
    return bytes(out)


class Png:
    """`pixels` (height, width, 3) are what it shows; `fault`: why it has none, a word of the message."""

    def __init__(self, draw, some, width, height):
        self.draw, self.fault = draw, None
        kind = draw.choice([GRAY, RGB, RGB, PALETTE, PALETTE, GRAY_ALPHA, RGBA])
        depth = draw.choice({GRAY: [1, 2, 4, 8, 8], PALETTE: [1, 2, 4, 8, 8]}.get(kind, [8]))
        if kind != PALETTE and draw.random() < 0.04:
            depth, self.fault = 16, "16 bits"
        most = 2**depth
        samples = some.integers(0, most, (height, width, CHANNELS[kind]))
        if draw.random() < 0.3:  # smooth, so that filters matter
            samples = np.cumsum(samples % 3, axis=1) % most
        chunks = []
        if kind == PALETTE:
            entries = draw.randint(1, most)
            samples %= entries
            colours = some.integers(0, 256, (entries, 3)).astype("u1")
            chunks.append(chunk(b"PLTE", colours.tobytes()))
            if draw.random() < 0.3:
                alpha = np.full(draw.randint(1, entries), 255, "u1")
                if draw.random() < 0.3:
                    alpha[-1] = draw.randint(0, 254)
                    if (samples == len(alpha) - 1).any():
                        self.fault = "transparent"
                chunks.append(chunk(b"tRNS", alpha.tobytes()))
            self.pixels = colours[samples[:, :, 0]]
        else:
            shown = samples[:, :, :3 if CHANNELS[kind] > 2 else 1]
            self.pixels = np.broadcast_to((shown * 255 // (most - 1)).astype("u1"), (height, width, 3))
            if kind in (GRAY_ALPHA, RGBA) and draw.random() < 0.9:
                samples[:, :, -1] = most - 1
            if kind in (GRAY_ALPHA, RGBA) and (samples[:, :, -1] != most - 1).any():
                self.fault = self.fault or "transparent"
            if kind in (GRAY, RGB) and draw.random() < 0.1:
                clear = samples[0, 0] if draw.random() < 0.3 else some.integers(0, most, CHANNELS[kind])
                if (samples == clear).all(axis=2).any():
                    self.fault = self.fault or "transparent"
                chunks.append(chunk(b"tRNS", clear.astype(">u2").tobytes()))
        extras = [chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"tEXt", b"Comment\0made by hand"), chunk(b"pHYs", bytes(8) + b"\1")]
        extras = [one for one in extras if draw.random() < 0.2]
        laced = draw.random() < 0.3
        rows = b"".join(self.rows_of(samples[y0::dy, x0::dx], depth) for x0, y0, dx, dy in (PASSES if laced else ((0, 0, 1, 1),)))
        data = zlib.compress(rows)
        cut = draw.randint(1, len(data))  # IDAT in pieces
        header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(laced))
        self.data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extras + chunks + [chunk(b"IDAT", p) for p in (data[:cut], data[cut:]) if p])
        self.data += chunk(b"IEND", b"")

    def rows_of(self, samples, depth):
        if samples.size == 0:
            return b""
        step, above, out = max(1, samples.shape[2] * depth // 8), None, b""
        for row in samples:
            row = packed(row, depth)
            out += filtered(self.draw.randint(0, 4), row, above or bytes(len(row)), step)
            above = row
        return out


class Jpeg:
    def __init__(self, draw, some, width, height):
        self.fault, self.turned = None, False
        if Image is None or draw.random() < 0.3:
            name = draw.choice(JPEGS + ["cmyk.jpg"])
            self.data = (GOLDEN / name).read_bytes()
            if name == "cmyk.jpg":
                self.fault, self.pixels = "CMYK", np.zeros((17, 23, 3), "u1")
            else:
                self.pixels = np.frombuffer((GOLDEN / (name + ".rgb")).read_bytes(), "u1").reshape(17, 23, 3)
        else:
            file = io.BytesIO()
            smooth = some.integers(0, 256, (2, 2, 3)).astype("u1")
            mode = draw.choice(["RGB", "RGB", "L", "CMYK"] if draw.random() < 0.3 else ["RGB", "L"])
            image = Image.fromarray(smooth).resize((width, height), Image.BILINEAR).convert(mode)
            image.save(file, "JPEG", quality=draw.randint(5, 100), progressive=draw.random() < 0.3, optimize=draw.random() < 0.3,
                       subsampling=draw.choice([0, 1, 2]), restart_marker_rows=draw.choice([0, 1]))
            self.data, self.fault = file.getvalue(), "CMYK" if mode == "CMYK" else None
            self.pixels = np.asarray(Image.open(file).convert("RGB"))
        if draw.random() < 0.15:  # EXIF behind the first marker
            order = draw.choice("<>")
            turn = draw.randint(1, 8)
            entry = struct.pack(order + "H", 1) + struct.pack(order + "HHIHH", 0x112, 3, 1, turn, 0) + bytes(4)
            exif = b"Exif\0\0" + (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + entry
            self.data = self.data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + self.data[2:]
            self.turned = turn != 1


class Broken:
    def __init__(self, draw):
        self.data, self.fault = OTHERS[draw.choice(sorted(OTHERS))]
        self.pixels = np.zeros((4, 4, 3), "u1")


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


class Folder:
    def __init__(self, number, folder):
        draw = self.draw = random.Random(number)
        self.some = np.random.default_rng(number)
        self.folder = folder
        self.size = draw.choice([(5, 7), (8, 8), (23, 17), (1, 1), (16, 3)])  # width, height
        self.gray = draw.random() < 0.3
        self.mixed = draw.choice([0.0, 0.0, 0.3, 1.0])
        self.bad = draw.choice([0.0, 0.0, 0.1, 0.5])
        pool = draw.choice(CLASSES)
        self.classes = draw.sample(pool, draw.randint(1, min(6, len(pool)))) if draw.random() < 0.9 else []
        if all(as_bytes(name).isdigit() for name in self.classes):
            self.classes.sort(key=lambda name: (int(name), as_bytes(name)))
        else:
            self.classes.sort(key=as_bytes)
        self.tested = bool(self.classes) and draw.random() < 0.3
        self.images = {"train": self.fill("pictures", self.classes)}
        if self.tested:
            self.images["test"] = self.fill("test", [name for name in self.classes if draw.random() < 0.8] or self.classes[:1])

    def fill(self, name, classes):
        """Writes a folder. Returns its images in the order of the set: path below it, class, image."""
        draw, found, self.left_out = self.draw, [], getattr(self, "left_out", {})
        base = os.path.join(os.fsencode(self.folder), as_bytes(name))
        os.mkdir(base)
        files = []
        for c in classes or [None]:
            place = b"" if c is None else as_bytes(c)
            if c is not None:
                os.mkdir(os.path.join(base, place))
            named = {}
            count = draw.choice([0, 1, 2, 3, 5, 12]) if classes and c != classes[0] else draw.randint(2, 6)
            for k in range(count):
                image = self.draw_image()
                end = draw.choice(["png", "jpg", "PNG", "JPEG", "Jpg", "jpe", "tif"]) if draw.random() < 0.3 else "png" if isinstance(image, Png) else "jpg"
                stem = draw.choice(NAMES)
                stem = stem.replace(b"{}", b"%d" % k) if isinstance(stem, bytes) else stem.format(k).encode()
                named[stem + b"." + end.encode()] = image
            for file in sorted(named):
                found.append((os.path.join(place, file), None if c is None else self.classes.index(c), named[file]))
                files.append((os.path.join(base, place, file), named[file].data))
            for junk in draw.sample([b".DS_Store", b"._x.png", b"Thumbs.db", b"notes.txt", b"list.csv", b"x.png.bak"], draw.choice([0, 0, 1, 3])):
                files.append((os.path.join(base, place, junk), b"nothing"))
                self.left_out[name] = self.left_out.get(name, 0) + 1
        draw.shuffle(files)  # a folder keeps them as they come
        for path, data in files:
            with open(path, "wb") as f:
                f.write(data)
        return found

    def draw_image(self):
        draw = self.draw
        width, height = self.size if draw.random() >= self.mixed else (draw.randint(1, 30), draw.randint(1, 30))
        if draw.random() < self.bad and draw.random() < 0.3:
            return Broken(draw)
        image = draw.choice([Png, Png, Jpeg])(draw, self.some, width, height)
        if draw.random() < self.bad:
            if draw.random() < 0.4:
                image.data, image.fault = image.data[:draw.randrange(len(image.data))], ""
            elif isinstance(image, Png):  # one bit
                at, data = draw.randrange(8, len(image.data)), bytearray(image.data)
                data[at] ^= 1 << draw.randrange(8)
                image.data, image.fault = bytes(data), image.fault or "or not"
        return image


def resized(pixels, width, height):
    """A triangle about the centre, as wide as the coarser grid: (height, width, C) in float64, not rounded."""
    def weights(n, m):
        centres = (np.arange(m)[:, None] + 0.5) * n / m
        taps = np.maximum(0, 1 - np.abs(np.arange(n)[None, :] + 0.5 - centres) / max(1, n / m))
        return taps / taps.sum(axis=1, keepdims=True) if n != m else np.eye(n)
    if pixels.shape[:2] == (height, width):
        return pixels.astype(float)
    return np.einsum("yh,xw,hwc->yxc", weights(pixels.shape[0], height), weights(pixels.shape[1], width), pixels.astype(float))


def compare_pixels(folder, part, f, images):
    width, height = folder.size
    x = f[f"{part}/x"][()]
    if x.shape != (len(images), 1 if folder.gray else 3, height, width):
        raise Failure(f"{part}: x of {x.shape}, {len(images)} images were written")
    files = [bytes(row).rstrip(b"\0") for row in f[f"{part}/ids/0"][()]]
    for i, (name, k, image) in enumerate(images):
        if files[i] != name and b"\\" not in files[i]:
            raise Failure(f"{part}: row {i} is {files[i]}, not {name}")
        if k is not None and f[f"{part}/y"][i] != k:
            raise Failure(f"{part}: {name} is of class {f[f'{part}/y'][i]}, not {k}")
        pixels = image.pixels
        if folder.gray and pixels.size and not (pixels == pixels[:, :, :1]).all():
            r, g, b = (pixels[:, :, c].astype(int) for c in range(3))
            pixels = (19595 * r + 38470 * g + 7471 * b + 32768 >> 16)[:, :, None]
        wanted = resized(pixels[:, :, :x.shape[1]], width, height).transpose(2, 0, 1)
        far = np.abs(x[i] - wanted).max()
        if far > (0 if pixels.shape[:2] == (height, width) and not (Image and isinstance(image, Jpeg)) else 1):
            raise Failure(f"{part}: {name} ({pixels.shape[:2]}) differs by {far}\n{x[i].reshape(-1)[:9]} {wanted.reshape(-1)[:9]}")


def hold(shoal, folder):
    draw = folder.draw
    every = [(part, *one) for part, images in folder.images.items() for one in images]
    faults = [one for one in every if one[3].fault]
    silent = [one for one in every if one[3].fault == ""]
    size = f"{folder.size[0]}x{folder.size[1]}"
    options = (["--gray"] if folder.gray else []) + (["--test", "test"] if folder.tested else [])
    done = run(shoal, folder.folder, "import", "images", "pictures", "--size", size, *options, "-o", "set.h5")
    told = done.stdout + done.stderr
    sure = [one for one in faults + silent if one[3].fault != "or not"]
    if {b"x\xe9", "x\\xE9"} <= set(folder.classes):  # written alike in messages and in the set
        if "two folders are called" not in told:
            raise Failure(f"two classes of one name: {told}")
        return told.strip()
    if done.returncode != 0:
        if not faults and not silent and all(folder.images.values()):
            raise Failure(f"refused without a fault: {told}")
        if not all(folder.images.values()) and "no image in it" in told:
            return "no image"
        if "--skip-bad" not in told and len(every) > 1:
            raise Failure(f"not refused for an image: {told}")
        options.append("--skip-bad")
        done = run(shoal, folder.folder, "import", "images", "pictures", "--size", size, *options, "-o", "set.h5")
        told = done.stdout + done.stderr
        if done.returncode != 0:
            return told.strip().split("\n")[-1]
    elif sure:
        raise Failure(f"taken: {[(name, image.fault) for _, name, _, image in sure]}\n{told}")
    kept = {}
    with h5py.File(folder.folder / "set.h5") as f:
        classes = list(f.attrs.get("class_names", []))
        for part, images in folder.images.items():
            files = {bytes(row).rstrip(b"\0") for row in f[f"{part}/ids/0"][()]}
            kept[part] = [one for one in images if one[2].fault is None or one[2].fault == "or not" and one[0] in files]
            if len(kept[part]) < len(images) and f"left out: {len(images) - len(kept[part])} of {len(images)}" not in told:
                raise Failure(f"{part}: not said that {len(images) - len(kept[part])} of {len(images)} are left out: {told}")
            compare_pixels(folder, part, f, kept[part])
        x = f["train/x"][()]
    if len(classes) != len(folder.classes) or any(a != as_bytes(b) for a, b in zip(classes, folder.classes) if b"\\" not in a):
        raise Failure(f"classes {classes}, folders {folder.classes}")
    for name, count in folder.left_out.items():
        if f"{name}: {count} file" not in told:
            raise Failure(f"not said that {count} files of {name} are no images: {told}")
    for part, images in kept.items():
        turned = sum(getattr(one[2], "turned", False) for one in images)
        if turned and f"{turned} of {len(images)} image" not in told:
            raise Failure(f"{part}: not said that {turned} of {len(images)} images are turned: {told}")
        if folder.classes and len({one[1] for one in images}) < len(classes) and f"of {len(classes)} class" not in told:
            raise Failure(f"{part}: not said that classes are empty: {told}")
    return hold_predictions(shoal, folder, kept["train"], x) if folder.classes and "--skip-bad" not in options else ""


def hold_predictions(shoal, folder, kept, x):
    if why := train(shoal, folder.folder):
        return why
    wanted = predicted(shoal, folder.folder, "set.h5", "--split", "train")
    compare("shoal_load.py", load(folder.folder / "net" / "checkpoints" / "latest")(x), wanted, 1e-4)
    row = folder.draw.randrange(len(wanted))
    name, k, _ = kept[row]
    of_class = [i for i, one in enumerate(kept) if one[1] == k]
    for path, rows in (b"", range(len(kept))), (os.path.dirname(name), of_class), (name, [row]):
        compare(path, predicted(shoal, folder.folder, os.fsdecode(os.path.join(b"pictures", path))), wanted[list(rows)])
    return ""


if __name__ == "__main__":
    campaign(__doc__, lambda shoal, number, folder: hold(shoal, Folder(number, folder)))
