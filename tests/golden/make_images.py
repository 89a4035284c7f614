#!/usr/bin/env python3
"""Writes small images to tests/golden/images, and beside each what Pillow makes of it. Needs Pillow and NumPy.

NAME.rgb holds its pixels (height, width, 3); small.rgb and large.rgb hold colour.png by Pillow's BILINEAR, 7 x 5 and
40 x 31. Made with Pillow 13.0.0 and its libjpeg-turbo.
"""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "images")
WIDTH, HEIGHT = 23, 17
os.makedirs(FOLDER, exist_ok=True)

y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
waves = [127.5 + 127.5 * np.sin(x * a + y * b + c) for a, b, c in ((0.3, 0.2, 0), (0.1, -0.4, 1), (0.5, 0.05, 2))]
noise = np.random.default_rng(1).integers(-20, 21, (HEIGHT, WIDTH, 3))
pixels = np.clip(np.stack(waves, axis=2) + noise, 0, 255).astype("u1")
colour = Image.fromarray(pixels)


def put(name, data):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


def save(name, image, expected=True, **options):
    file = io.BytesIO()
    image.save(file, {"jpg": "JPEG", "png": "PNG"}[name.split(".")[1]], **options)
    put(name, file.getvalue())
    if expected:
        put(name + ".rgb", np.asarray(Image.open(file).convert("RGB")).tobytes())
    return file.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def interlaced():
    """Pillow writes none: the seven passes of Adam7, without filters."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = b""
    for x0, y0, dx, dy in passes:
        for row in pixels[y0::dy, x0::dx]:
            rows += b"\0" + row.tobytes()
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


save("colour.jpg", colour, quality=85)  # colours at half resolution
save("full.jpg", colour, quality=95, subsampling=0)
save("progressive.jpg", colour, quality=80, progressive=True)
save("gray.jpg", colour.convert("L"))
save("cmyk.jpg", colour.convert("CMYK"), expected=False)
save("colour.png", colour)
save("gray.png", colour.convert("L"))
save("bits.png", colour.convert("1"))
save("palette.png", colour.quantize(9))
save("opaque.png", colour.convert("RGBA"))
clear = colour.convert("RGBA")
clear.putpixel((3, 2), (1, 2, 3, 254))
save("clear.png", clear, expected=False)
palette = colour.quantize(9)
save("clear-palette.png", palette, expected=False, transparency=0)
save("deep.png", Image.fromarray(pixels[:, :, 0].astype("u2") * 257), expected=False)
put("interlaced.png", interlaced())
put("interlaced.png.rgb", pixels.tobytes())
put("colour.png.l", np.asarray(colour.convert("L")).tobytes())
for name, size in (("small", (7, 5)), ("large", (40, 31))):
    put(name + ".rgb", np.asarray(colour.resize(size, Image.Resampling.BILINEAR)).tobytes())
