#!/usr/bin/env python3
"""Time of a training step in PyTorch: dense layers, batch norm, relu, Adam, on made-up data that is in memory.

  torch_step.py [--ranks P] [--threads T] [--batch B] [--widths 784,1024,1024,1024,10] [--steps N] [--adam fused]
  torch_step.py --activation gelu ...   another function, and no batch norm
  torch_step.py --net resnet20|lenet [--channels-last] [--compile] ...   on images of 3 x 32 x 32, or 1 x 28 x 28
  torch_step.py --tune ...   tries every way of Adam, and prints the fastest

With --ranks above 1: DistributedDataParallel over gloo on this host, the batch shared out, batch norm over each rank's
own part (PyTorch has no synchronised batch norm on CPUs). --compile: torch.compile as it is by default, which needs g++;
what it takes does not count. Prints one line: the median step and the least, in ms, parameters, the first loss and the last.
Fails unless it fell.
"""
import argparse
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each rank")
    parser.add_argument("--batch", type=int, default=256, help="of all ranks together")
    parser.add_argument("--widths", default="784,1024,1024,1024,10")
    parser.add_argument("--net", choices=["dense", "resnet20", "lenet"], default="dense")
    parser.add_argument("--activation", choices=["relu", "gelu", "sigmoid", "tanh", "silu"], help="without batch norm")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--adam", choices=["loop", "foreach", "fused"], default="fused")
    parser.add_argument("--tune", action="store_true")
    return parser.parse_args()


def start_ranks(options):
    """This process stays small: the ranks are its children, so that their memory can be added up."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    ranks = []
    for rank in range(options.ranks):
        environment = dict(os.environ, SHOAL_BENCH_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
                           OMP_NUM_THREADS=str(options.threads))
        ranks.append(subprocess.Popen([sys.executable, *sys.argv], env=environment))
    return max(rank.wait() for rank in ranks)


def residual(torch, inputs, channels, stride):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = nn.Sequential(
                nn.Conv2d(inputs, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
            same = inputs == channels and stride == 1
            self.shortcut = nn.Identity() if same else nn.Sequential(
                nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

        def forward(self, x):
            return torch.relu(self.branch(x) + self.shortcut(x))

    return Block()


def image_net(torch, name):
    """The model, and the shape of an image."""
    nn = torch.nn
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2),
                             nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(),
                             nn.Linear(128, 10)), (1, 28, 28)
    layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    inputs = 16
    for channels in (16, 32, 64):
        for block in range(3):
            layers.append(residual(torch, inputs, channels, 2 if block == 0 and channels > 16 else 1))
            inputs = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)), (3, 32, 32)


def make(torch, options, adam):
    if options.net != "dense":
        torch.manual_seed(1)
        model, shape = image_net(torch, options.net)
        if options.channels_last:
            model = model.to(memory_format=torch.channels_last)
        return shape, *finish(torch, options, adam, model)
    widths = [int(w) for w in options.widths.split(",")]
    torch.manual_seed(1)
    layers = []
    for inputs, outputs in zip(widths[:-2], widths[1:-1]):
        if options.activation:
            names = {"relu": "ReLU", "gelu": "GELU", "sigmoid": "Sigmoid", "tanh": "Tanh", "silu": "SiLU"}
            layers += [torch.nn.Linear(inputs, outputs), getattr(torch.nn, names[options.activation])()]
        else:
            layers += [torch.nn.Linear(inputs, outputs, bias=False), torch.nn.BatchNorm1d(outputs), torch.nn.ReLU()]
    layers.append(torch.nn.Linear(widths[-2], widths[-1]))
    return (widths[0],), *finish(torch, options, adam, torch.nn.Sequential(*layers))


def finish(torch, options, adam, model):
    if options.ranks > 1:
        model = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True, static_graph=True)
    if options.compile:
        model = torch.compile(model)
    keys = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}[adam]
    return model, torch.optim.Adam(model.parameters(), lr=1e-4, **keys)


def measure(torch, options, adam, rank):
    shape, model, optimizer = make(torch, options, adam)
    rows = options.batch // options.ranks
    x = torch.randn(rows, *shape, generator=torch.Generator().manual_seed(rank + 1))
    if options.channels_last:
        x = x.to(memory_format=torch.channels_last)
    y = torch.arange(rows) % (10 if options.net != "dense" else int(options.widths.split(",")[-1]))
    loss_of = torch.nn.CrossEntropyLoss()
    times = []
    for step in range(options.steps + 5):
        if options.ranks > 1:
            torch.distributed.barrier()
        before = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        if step >= 5:
            times.append(1e3 * (time.perf_counter() - before))
        if step == 0:
            first = loss.item()
    return {"median": statistics.median(times), "least": min(times), "first": first, "last": loss.item(),
            "parameters": sum(p.numel() for p in model.parameters())}


def main():
    options = arguments()
    rank = os.environ.get("SHOAL_BENCH_RANK")
    if options.ranks > 1 and rank is None:
        return start_ranks(options)
    rank = int(rank or 0)
    try:
        import torch
    except ImportError:
        print(f"torch_step: {sys.executable} has no PyTorch; install it: pip install torch==2.13.0", file=sys.stderr)
        return 69
    if options.compile and not shutil.which("g++"):
        print("torch_step: torch.compile needs g++; apt-get install g++", file=sys.stderr)
        return 69
    torch.set_num_threads(options.threads)
    if options.ranks > 1:
        torch.distributed.init_process_group("gloo", rank=rank, world_size=options.ranks)
    results = {}
    for adam in ["loop", "foreach", "fused"] if options.tune else [options.adam]:
        results[adam] = measure(torch, options, adam, rank)
    adam = min(results, key=lambda name: results[name]["median"])
    best = results[adam]
    if rank == 0:
        if options.tune:
            print("; ".join(f"{name} {result['median']:.3f} ms" for name, result in results.items()))
        ways = (" channels last" if options.channels_last else "") + (" compiled" if options.compile else "")
        print(f"torch {torch.__version__} batch {options.batch} ranks {options.ranks} threads {options.threads} adam {adam}{ways}:"
              f" step {best['median']:.3f} ms (min {best['least']:.3f}), {best['parameters']} parameters, "
              f"loss {best['first']:.4f} to {best['last']:.4f}", flush=True)
    if options.ranks > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    if not (math.isfinite(best["last"]) and best["last"] < best["first"]):
        print("torch_step: the loss did not fall", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
