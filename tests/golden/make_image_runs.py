#!/usr/bin/env python3
"""Writes image_runs.h5: runs of convolutional nets in PyTorch, float64, that shoal must follow.

Run: pip install torch==2.13.0 numpy h5py && python3 tests/golden/make_image_runs.py     (about 5 s)

Every case trains 20 steps on batches of 8 of 32 images in turn. The file:

  x            (32, 3, 31, 29) uint8   the model gets (x - 128) / 64
  labels       (32)      int32     classes 0..9
  cases/<case>/config               text: a TOML fragment with shoal's keys; every layer but the last has a name
  cases/<case>/initial/<layer>/<name>   float64, in the shapes of shoal's files
  cases/<case>/losses   (20)        float64, mean over the batch before the update
  cases/<case>/final/<layer>/<name> parameters after the last step
  cases/<case>/running/<layer>/{mean,variance}   of batch norm
"""

import pathlib

import h5py
import numpy
import torch
from torch import nn

BATCH, IMAGES, STEPS = 8, 32, 20

FRONT = """
  {type = "conv", name = "stem", channels = 12, kernel = [3, 5]}, {type = "batch_norm", name = "stem_norm"}, {type = "relu"},
  {type = "max_pool", size = 2},
  {type = "conv", name = "wide", channels = 16, kernel = [5, 3], stride = 2, padding = "valid"}, {type = "silu"},
  {type = "layer_norm", name = "row_norm"},
  {type = "residual", name = "block", layers = [
    {type = "conv", name = "reduced", channels = 24, kernel = 3, stride = 2, groups = 4},
    {type = "batch_norm", name = "reduced_norm"}, {type = "relu"},
    {type = "conv", name = "full", channels = 24, kernel = 3}, {type = "batch_norm", name = "full_norm"}]}, {type = "relu"},
  {type = "concat", branches = [[{type = "conv", name = "one", channels = 8, kernel = 1}, {type = "relu"}],
                                [{type = "average_pool", size = 3, stride = 1, padding = 1}]]},
  {type = "group_norm", name = "group", groups = 4}, {type = "gelu"},
  {type = "residual", layers = [
    {type = "conv", name = "each", channels = 32, kernel = 3, groups = 32}, {type = "batch_norm", name = "each_norm"}]},
  {type = "leaky_relu"},
  {type = "conv", name = "last", channels = 6, kernel = 7}, {type = "tanh"},"""
ENDS = {
    "flat": '{type = "flatten"}, {type = "dense", name = "hidden", units = 20}, {type = "sigmoid"}',
    "pooled": '{type = "global_average_pool"}, {type = "identity"}',
}
OPTIMIZERS = {
    "momentum": '{name = "momentum", learning_rate = 0.02, nesterov = true}',
    "lars": '{name = "lars", learning_rate = 0.5, trust_coefficient = 0.01, weight_decay = 1e-3}',
}
CASES = [("flat", "momentum"), ("pooled", "lars")]


class RowNorm(nn.Module):
    """Layer norm over the channels of each position."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Net(nn.Module):
    def __init__(self, end):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 12, (3, 5), padding=(1, 2), bias=False), nn.BatchNorm2d(12)
        self.wide, self.row_norm = nn.Conv2d(12, 16, (5, 3), stride=2), RowNorm(16)
        self.reduced = nn.Conv2d(16, 24, 3, stride=2, padding=1, groups=4, bias=False)
        self.reduced_norm = nn.BatchNorm2d(24)
        self.full, self.full_norm = nn.Conv2d(24, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24)
        self.block_shortcut_conv = nn.Conv2d(16, 24, 1, stride=2, bias=False)
        self.block_shortcut_batch_norm = nn.BatchNorm2d(24)
        self.one, self.group = nn.Conv2d(24, 8, 1), nn.GroupNorm(4, 32)
        self.each, self.each_norm = nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False), nn.BatchNorm2d(32)
        self.last = nn.Conv2d(32, 6, 7, padding=3)
        self.end = end
        if end == "flat":
            self.hidden = nn.Linear(6 * 3 * 3, 20)
        self.output = nn.Linear(20 if end == "flat" else 6, 10)

    def forward(self, x):
        f = nn.functional
        x = f.max_pool2d(f.relu(self.stem_norm(self.stem(x))), 2)
        x = self.row_norm(f.silu(self.wide(x)))
        branch = self.full_norm(self.full(f.relu(self.reduced_norm(self.reduced(x)))))
        x = f.relu(branch + self.block_shortcut_batch_norm(self.block_shortcut_conv(x)))
        x = torch.cat([f.relu(self.one(x)), f.avg_pool2d(x, 3, stride=1, padding=1)], 1)
        x = f.gelu(self.group(x))
        x = f.leaky_relu(x + self.each_norm(self.each(x)), 0.01)
        x = torch.tanh(self.last(x))
        x = torch.sigmoid(self.hidden(x.flatten(1))) if self.end == "flat" else x.mean((2, 3))
        return self.output(x)


def names(net):
    """(shoal's name, PyTorch's tensor, whether it is transposed) of each parameter."""
    for layer, module in net.named_children():
        module = module.norm if isinstance(module, RowNorm) else module
        norm = isinstance(module, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm))
        for own, tensor in module.named_parameters():
            name = {"weight": "gamma", "bias": "beta"}[own] if norm else own
            yield f"{layer}/{name}", tensor, isinstance(module, nn.Linear) and own == "weight"


def lars_step(net, velocities, rate):
    """You, Gitman & Ginsburg 2017, as in make_golden.py."""
    with torch.no_grad():
        for w in net.parameters():
            change = w.grad
            if w.dim() > 1:
                norm = w.norm()
                change = 0.01 * norm / (w.grad.norm() + 1e-3 * norm) * (w.grad + 1e-3 * w)
            velocities[w] = 0.9 * velocities.get(w, torch.zeros_like(w)) + change
            w -= rate * velocities[w]


def write_case(file, name, end, optimizer, x, labels):
    torch.manual_seed(3)
    net = Net(end).double()
    group = file.create_group(f"cases/{name}")
    with torch.no_grad():
        for path, tensor, _ in names(net):
            if tensor.dim() == 1:  # not zero and not one: a parameter that is forgotten must show
                tensor += 0.1 * torch.randn_like(tensor)
            tensor.copy_(tensor.float().double())

    def write(where):
        for path, tensor, transposed in names(net):
            value = tensor.detach().numpy()
            group[f"{where}/{path}"] = (value.T if transposed else value).astype(numpy.float32)

    config = f"[model]\nlayers = [{FRONT}\n  {ENDS[end]}]\n[optimizer]\n" + OPTIMIZERS[optimizer].strip("{}").replace(
        ", ", "\n"
    )
    group["config"] = numpy.bytes_(config)
    write("initial")
    momentum = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, nesterov=True)
    velocities, losses = {}, []
    for step in range(STEPS):
        rows = slice(step * BATCH % IMAGES, step * BATCH % IMAGES + BATCH)
        net.zero_grad()
        loss = nn.functional.cross_entropy(net(x[rows]), labels[rows])
        loss.backward()
        losses.append(loss.item())
        if optimizer == "momentum":
            momentum.step()
        else:
            lars_step(net, velocities, 0.5)
    group["losses"] = numpy.array(losses)
    write("final")
    for layer, module in net.named_children():
        if isinstance(module, nn.BatchNorm2d):
            group[f"running/{layer}/mean"] = module.running_mean.numpy()
            group[f"running/{layer}/variance"] = module.running_var.numpy()
    print(name, [round(v, 4) for v in (losses[0], losses[-1])])


def main():
    rng = numpy.random.default_rng(11)
    images = rng.integers(0, 256, (IMAGES, 3, 31, 29), dtype=numpy.uint8)
    labels = rng.integers(0, 10, IMAGES).astype(numpy.int32)
    for i, label in enumerate(labels):  # something to learn
        images[i, label % 3, label : label + 12, 4:20] //= 4
    x = torch.tensor((images.astype(numpy.float64) - 128) / 64)
    with h5py.File(pathlib.Path(__file__).with_name("image_runs.h5"), "w", libver="earliest", track_order=False) as file:
        file["x"], file["labels"] = images, labels
        for end, optimizer in CASES:
            write_case(file, f"{end}_{optimizer}", end, optimizer, x, torch.tensor(labels, dtype=torch.int64))


if __name__ == "__main__":
    main()
