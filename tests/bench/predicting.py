#!/usr/bin/env python3
"""Time of a prediction of few rows by the net 16-128-128-3: libshoal_infer's C interface, onnxruntime's and PyTorch's
Python ones, each with one thread, in alternation, and onnxruntime with as many as it takes by default; what they predict
is compared first.

  predicting.py BUILD [--rounds 7]      BUILD: a build folder; needs onnxruntime, onnx, torch, h5py and NumPy

Prints for one row and for 64 the median of the rounds in microseconds, the least and the most, and the ratio to shoal.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

import h5py
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("build")
options.add_argument("--rounds", type=int, default=7)
options = options.parse_args()
build = os.path.abspath(options.build)
source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(tempfile.mkdtemp(prefix="predicting-"))
CALLS = {1: 3000, 64: 300}


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def numbers(rows):
    return ((np.arange(rows * 16) % 37).astype(np.float32) * np.float32(0.1) - np.float32(1.8)).reshape(rows, 16)


np.save("x.npy", numbers(512))
np.save("y.npy", np.arange(512, dtype=np.int32) % 3)
run(f"{build}/shoal", "import", "npy", "--x", "x.npy", "--y", "y.npy", "-o", "data.h5")
run(f"{build}/shoal", "train", "--run", "net", "--set", "data.file=data.h5", "--set", "data.normalize=none", "--set",
    "model.hidden=[128, 128]", "--set", "train.steps=20")
run(f"{build}/shoal", "predict", "net", "--data", "data.h5", "--split", "train", "--out", "predicted.h5")
run("cc", "-O2", f"-I{source}/include", f"{source}/tests/bench/predict_bench.c", f"-L{build}", "-lshoal_infer",
    f"-Wl,-rpath,{build}", "-o", "predict_bench")
with h5py.File("net/checkpoints/latest") as file:
    layers = [(file[f"parameters/{name}/weight"][:], file[f"parameters/{name}/bias"][:])
              for name in sorted(file["parameters"])]
with h5py.File("predicted.h5") as file:
    expected = file["probabilities"][:]

nodes, values, name = [], [], "x"
for i, (weight, bias) in enumerate(layers):
    values += [numpy_helper.from_array(weight, f"w{i}"), numpy_helper.from_array(bias, f"b{i}")]
    last = i + 1 == len(layers)
    nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"]))
    nodes.append(helper.make_node("Softmax", [f"z{i}"], ["p"], axis=-1) if last else
                 helper.make_node("Relu", [f"z{i}"], [f"a{i}"]))
    name = f"a{i}"
graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", 1, ["rows", 16])],
                          [helper.make_tensor_value_info("p", 1, ["rows", 3])], values)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, "net.onnx")
one_thread = onnxruntime.SessionOptions()
one_thread.intra_op_num_threads = 1
session = onnxruntime.InferenceSession("net.onnx", one_thread)
by_default = onnxruntime.InferenceSession("net.onnx")

torch.set_num_threads(1)
modules = []
for weight, bias in layers:
    linear = torch.nn.Linear(*weight.shape)
    linear.weight.data, linear.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias)
    modules += [linear, torch.nn.ReLU()]
net = torch.nn.Sequential(*modules[:-1], torch.nn.Softmax(-1)).eval()


def by_torch(x):
    with torch.inference_mode():
        return net(x)


assert np.abs(session.run(None, {"x": numbers(512)})[0] - expected).max() < 1e-5
assert np.abs(by_torch(torch.from_numpy(numbers(512))).numpy() - expected).max() < 1e-5


def microseconds(call, calls):
    stretches = []
    for _ in range(11):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        stretches.append((time.perf_counter() - begin) / calls * 1e6)
    return statistics.median(stretches)


for rows, calls in CALLS.items():
    x, feed = torch.from_numpy(numbers(rows)), {"x": numbers(rows)}
    ways = {"shoal": lambda: float(run("./predict_bench", "net", str(rows), str(calls))),
            "onnxruntime": lambda: microseconds(lambda: session.run(None, feed), calls // 3),
            "with threads": lambda: microseconds(lambda: by_default.run(None, feed), calls // 3),
            "torch": lambda: microseconds(lambda: by_torch(x), calls // 3)}
    measured = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, measure in ways.items():
            measured[way].append(measure())
    for way, us in measured.items():
        ratio = statistics.median(s / other for s, other in zip(measured["shoal"], us))
        print(f"{rows:3} rows, {way:12} {statistics.median(us):8.2f} us ({min(us):.2f} to {max(us):.2f}), shoal takes {ratio:.3f} of it")
