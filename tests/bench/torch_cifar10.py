#!/usr/bin/env python3
"""The recipe of cifar10.toml in PyTorch: resnet20 on the data set that shoal import made of CIFAR-10.

  torch_cifar10.py runs/cifar.h5 [--epochs 10] [--threads 2] [--steps N] [--seed 1] [--first]

All images are in memory and are shifted and mirrored a batch at a time, so that no worker process is needed; channels
stand last in memory unless --first is given. Prints a line an epoch, and the accuracy on the split test at the end.
"""
import argparse
import sys
import time

import h5py
import numpy as np
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, seen, channels, stride):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(seen, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
        self.shortcut = nn.Identity() if seen == channels and stride == 1 else nn.Sequential(
            nn.Conv2d(seen, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return torch.relu(self.layers(x) + self.shortcut(x))


def resnet20(classes):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    seen = 16
    for channels in 16, 32, 64:
        for block in range(3):
            layers.append(Block(seen, channels, 2 if channels > 16 and block == 0 else 1))
            seen = channels
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(seen, classes))
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return model


def augmented(images, crop, generator):
    """Each shifted by up to `crop` pixels into zeros, and mirrored half the time: RandomCrop(padding), RandomHorizontalFlip."""
    count, _, height, width = images.shape
    padded = nn.functional.pad(images, (crop,) * 4)
    down = torch.randint(0, 2 * crop + 1, (count, 1), generator=generator)
    right = torch.randint(0, 2 * crop + 1, (count, 1), generator=generator)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    rows = down + torch.arange(height)
    columns = right + torch.where(mirrored, torch.arange(width - 1, -1, -1), torch.arange(width))
    sample = torch.arange(count)[:, None, None]
    return padded.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="end after so many, for times alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", action="store_true", help="channels first in memory")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    with h5py.File(options.data) as file:
        x, y, test_x, test_y = (torch.from_numpy(np.asarray(file[name])) for name in
                                ("train/x", "train/y", "test/x", "test/y"))
    y, test_y = y.long(), test_y.long()
    deviation, mean = (s.view(1, 3, 1, 1) for s in torch.std_mean(x.double(), (0, 2, 3), correction=0))
    mean, deviation = mean.float(), deviation.float()
    layout = torch.contiguous_format if options.first else torch.channels_last

    def prepared(images):
        return ((images.float() - mean) / deviation).contiguous(memory_format=layout)

    model = resnet20(int(y.max()) + 1).to(memory_format=layout)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 5e-4}, {"params": others}], lr=0.2, momentum=0.9,
                                nesterov=True)
    per_epoch = -(-len(x) // options.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=options.epochs * per_epoch,
                                                   cycle_momentum=False)
    loss_of = nn.CrossEntropyLoss()
    begun = time.perf_counter()
    step, times = 0, []
    for epoch in range(options.epochs):
        total = 0.0
        order = torch.randperm(len(x), generator=generator)
        model.train()
        for rows in order.split(options.batch):
            before = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(prepared(augmented(x[rows], 4, generator))), y[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
            times.append(time.perf_counter() - before)
            step += 1
            if step == options.steps:
                print(f"{step} steps, median {1e3 * float(np.median(times[3:])):.1f} ms")
                return 0
        print(f"epoch {epoch + 1}: loss {total / len(x):.4f}, {time.perf_counter() - begun:.1f} s", flush=True)
    model.eval()
    with torch.no_grad():
        right = sum(int((model(prepared(a)).argmax(1) == b).sum())
                    for a, b in zip(test_x.split(500), test_y.split(500)))
    print(f"test accuracy {right / len(test_x):.4f}, {(time.perf_counter() - begun) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
