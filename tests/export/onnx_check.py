#!/usr/bin/env python3
"""Exported ONNX against what shoal predict wrote, by the onnxruntime (and, if it is there, the checker of onnx) of this Python.

onnx_check.py FOLDER NET...      FOLDER: with <net>.onnx, <net>.onnx-test_data/ and <net>.npz: inputs by name, `predicted`
"""
import pathlib
import sys

import numpy as np
import onnxruntime

KINDS = {1: np.float32, 11: np.float64}


def fields(data):
    """(number, value) of each field of a message of Protocol Buffers."""
    at = 0

    def whole():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = whole()
        if tag & 7 == 0:
            yield tag >> 3, whole()
        else:
            size = whole()
            yield tag >> 3, data[at:at + size]
            at += size


def tensor(path):
    """(name, array) of a TensorProto."""
    shape, texts, found = [], [], {}
    for number, value in fields(path.read_bytes()):
        if number == 1:
            shape.append(value)
        elif number == 6:
            texts.append(value.decode())
        else:
            found[number] = value
    if found[2] == 8:
        return found[8].decode(), np.array(texts, dtype=object).reshape(shape)
    return found[8].decode(), np.frombuffer(found[9], KINDS[found[2]]).reshape(shape)


def close(made, wanted, what, spread=None):
    """Each column against its own spread, by default that of the wanted rows: its values may all be large."""
    spread = np.maximum(1, wanted.std(axis=0) if spread is None else spread)
    assert made.shape == wanted.shape and made.dtype == wanted.dtype, (what, made.shape, made.dtype)
    difference = (np.abs(made - wanted).max(axis=0) / spread).max()
    assert difference <= 1e-5, (what, difference)
    return difference


def check(folder, net):
    path = folder / f"{net}.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    output = session.get_outputs()[0]
    assert output.shape[0] == "batch" and all(i.shape[0] == "batch" for i in session.get_inputs())
    rows = np.load(folder / f"{net}.npz", allow_pickle=True)
    given = {i.name: rows[i.name] for i in session.get_inputs()}
    wanted = rows["predicted"]
    largest = close(session.run(None, given)[0], wanted, net)
    one = session.run(None, {name: column[:1] for name, column in given.items()})[0]  # another batch
    close(one, wanted[:1], net + ", one row", wanted.std(axis=0))
    if net.startswith("raised_"):  # made-up rows are far from what it was trained on
        return largest
    tests = sorted((folder / f"{net}.onnx-test_data").glob("input_*.pb"))
    given = dict(tensor(test) for test in tests)
    assert set(given) == {i.name for i in session.get_inputs()}
    name, wanted = tensor(folder / f"{net}.onnx-test_data" / "output_0.pb")
    assert name == output.name
    close(session.run(None, given)[0], wanted, net + ", test data")
    assert wanted.std(axis=0).max() > 1e-3, "the test data say nothing"
    meta = session.get_modelmeta().custom_metadata_map
    assert set(meta) == {"digest", "step", "config", "columns", "classes", "outputs"} and len(meta["digest"]) == 32
    return largest


def main():
    folder = pathlib.Path(sys.argv[1])
    for net in sys.argv[2:]:
        print(f"onnxruntime {onnxruntime.__version__}, {net}: largest difference {check(folder, net):.2e}")
    try:
        import onnx
    except ImportError:
        return
    for net in sys.argv[2:]:
        onnx.checker.check_model(str(folder / f"{net}.onnx"), full_check=True)
    print(f"onnx {onnx.__version__}: its checker accepts them")


main()
