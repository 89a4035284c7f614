#!/usr/bin/env python3
"""Writes golden.h5, the runs of PyTorch in float64 that shoal must follow.

Run: pip install torch==2.13.0 numpy h5py && python3 tests/golden/make_golden.py     (about 10 s, one file beside this one)

Every case trains 20 steps on batches of 64. The file:

  x            (1280, 64) float32   batch k is rows [64 k, 64 k + 64)
  labels       (1280)     int32     classes 0..9, for softmax
  multi_label  (1280, 10) float32   0 or 1, for sigmoid
  regression   (1280, 10) float32   for mse
  root attributes batch_size, steps, steps_per_epoch (5: what schedules by epoch see), torch
  initial/<net>/<layer>/<name>      float32; dense weights are (inputs, units), the transpose of PyTorch's
  cases/<case>/config               text: a TOML fragment with shoal's keys
  cases/<case>/initial              link to the net's initial values
  cases/<case>/losses   (20)        float64, mean over the batch before the update, without L2
  cases/<case>/learning_rates (20)  float64, of each update
  cases/<case>/final/<layer>/<name> parameters after the last step, float32 (rounded from float64)
  cases/<case>/running/<layer>/{mean,variance}   of batch norm, likewise

Layers with parameters are numbered in forward order. Batch norm stands before the activation; the dense layer under it
has no bias. L2 acts on weights alone and after clipping, so it is added to the gradients by hand. PyTorch has no LARS and
no LAMB: they are written out below, from their papers.
"""

import pathlib
import sys

import h5py
import numpy
import torch

BATCH, STEPS, STEPS_PER_EPOCH = 64, 20, 5
INPUTS, CLASSES = 64, 10
NETS = {"small": [32], "large": [48, 32]}


def make_data(rng):
    n = BATCH * STEPS
    x = rng.standard_normal((n, INPUTS)).astype(numpy.float32)
    # Classes depend on x, so that there is something to learn; a tenth of the labels is noise.
    scores = x @ rng.standard_normal((INPUTS, CLASSES)).astype(numpy.float32)
    labels = scores.argmax(1)
    noisy = rng.random(n) < 0.1
    labels[noisy] = rng.integers(0, CLASSES, noisy.sum())
    return {
        "x": x,
        "labels": labels.astype(numpy.int32),
        "multi_label": (scores + rng.standard_normal(scores.shape) > 4).astype(numpy.float32),
        "regression": (0.1 * scores + 0.1 * rng.standard_normal(scores.shape)).astype(numpy.float32),
    }


def make_initial(rng, hidden, batch_norm):
    """{layer: {name: float32 array}} in shoal's names and shapes."""
    layers = {}

    def add(kind, **parameters):
        layers[f"{len(layers) + 1:02d}_{kind}"] = {k: v.astype(numpy.float32) for k, v in parameters.items()}

    inputs = INPUTS
    for units in hidden + [CLASSES]:
        weight = rng.standard_normal((inputs, units)) * (2 / inputs) ** 0.5
        # Not zero and not one, as they would be in practice: a parameter that is forgotten must show.
        if batch_norm and len(layers) < 2 * len(hidden):
            add("dense", weight=weight)
            add("batch_norm", gamma=1 + 0.1 * rng.standard_normal(units), beta=0.1 * rng.standard_normal(units))
        else:
            add("dense", weight=weight, bias=0.1 * rng.standard_normal(units))
        inputs = units
    return layers


def build(initial, dtype):
    """The model in PyTorch, and {shoal's layer: module}."""
    modules, named = [], {}
    for layer, parameters in initial.items():
        tensors = {k: torch.tensor(v, dtype=dtype) for k, v in parameters.items()}
        last = layer == list(initial)[-1]
        if "gamma" in tensors:
            module = torch.nn.BatchNorm1d(len(tensors["gamma"]), eps=1e-5, momentum=0.1, dtype=dtype)
            module.weight.data, module.bias.data = tensors["gamma"], tensors["beta"]
        else:
            inputs, units = tensors["weight"].shape
            module = torch.nn.Linear(inputs, units, bias="bias" in tensors, dtype=dtype)
            module.weight.data = tensors["weight"].T.clone()
            if "bias" in tensors:
                module.bias.data = tensors["bias"]
        named[layer] = module
        modules.append(module)
        if not last and (isinstance(module, torch.nn.BatchNorm1d) or "bias" in tensors):
            modules.append(torch.nn.ReLU())
    return torch.nn.Sequential(*modules), named


class Lars(torch.optim.Optimizer):
    """You, Gitman & Ginsburg 2017, with the rate outside of the velocity; biases, gamma and beta as in momentum."""

    def __init__(self, parameters, lr, momentum, trust_coefficient, weight_decay, nesterov):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, eta=trust_coefficient, decay=weight_decay, nesterov=nesterov))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                change = w.grad
                if w.dim() > 1:
                    norm = w.norm()
                    ratio = group["eta"] * norm / (w.grad.norm() + group["decay"] * norm)
                    change = ratio * (w.grad + group["decay"] * w)
                velocity = group["momentum"] * self.state[w].get("velocity", torch.zeros_like(w)) + change
                self.state[w]["velocity"] = velocity
                w -= group["lr"] * (change + group["momentum"] * velocity if group["nesterov"] else velocity)


class Lamb(torch.optim.Optimizer):
    """You et al. 2019, algorithm 2 with phi(z) = z; biases, gamma and beta as in Adam."""

    def __init__(self, parameters, lr, betas, eps, weight_decay):
        super().__init__(parameters, dict(lr=lr, betas=betas, eps=eps, decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for w in group["params"]:
                state = self.state[w]
                t = state["t"] = state.get("t", 0) + 1
                state["m"] = beta1 * state.get("m", torch.zeros_like(w)) + (1 - beta1) * w.grad
                state["v"] = beta2 * state.get("v", torch.zeros_like(w)) + (1 - beta2) * w.grad**2
                u = state["m"] / (1 - beta1**t) / ((state["v"] / (1 - beta2**t)).sqrt() + group["eps"])
                if w.dim() > 1:
                    u = u + group["decay"] * w
                    u = w.norm() / u.norm() * u
                w -= group["lr"] * u


def build_optimizer(o, parameters):
    lr = o["learning_rate"]
    return {
        "gd": lambda: torch.optim.SGD(parameters, lr=lr),
        "momentum": lambda: torch.optim.SGD(
            parameters, lr=lr, momentum=o.get("momentum", 0.9), nesterov=o.get("nesterov", False)
        ),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=lr, alpha=o.get("rho", 0.99), eps=1e-8),
        "adam": lambda: torch.optim.Adam(parameters, lr=lr, betas=(o.get("beta1", 0.9), o.get("beta2", 0.999)), eps=1e-8),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=lr, weight_decay=o.get("weight_decay", 0.01), eps=1e-8),
        "lars": lambda: Lars(
            parameters, lr, o.get("momentum", 0.9), o.get("trust_coefficient", 1e-3), o.get("weight_decay", 0.01), o.get("nesterov", False)
        ),
        "lamb": lambda: Lamb(parameters, lr, (o.get("beta1", 0.9), o.get("beta2", 0.999)), 1e-8, o.get("weight_decay", 0.01)),
    }[o["name"]]()


def build_schedules(s, optimizer):
    """[(scheduler, steps between its calls)]"""
    schedule = torch.optim.lr_scheduler
    warmup, name = s.get("warmup_steps", 0), s["name"]
    linear = [(schedule.LinearLR(optimizer, 1 / warmup, 1, warmup - 1), 1)] if warmup else []
    if name == "one_cycle":
        return [(schedule.OneCycleLR(optimizer, optimizer.param_groups[0]["lr"], STEPS, pct_start=s.get("rise_fraction", 0.3),
                                     div_factor=s.get("start_divisor", 25), final_div_factor=s.get("end_divisor", 1e4),
                                     cycle_momentum=False), 1)]
    if name in ("cosine", "polynomial"):
        # Starts when the warm-up ends; LinearLR and their recursions cannot share an optimizer unless in sequence.
        rest = (schedule.CosineAnnealingLR(optimizer, STEPS - warmup, s.get("min_rate", 0)) if name == "cosine"
                else schedule.PolynomialLR(optimizer, STEPS - warmup, s.get("power", 1.0)))
        return [(schedule.SequentialLR(optimizer, [linear[0][0], rest], [warmup]) if warmup else rest, 1)]
    # The warm-up here is shorter than an epoch, so that factors of the two never meet.
    assert warmup < STEPS_PER_EPOCH
    by_epoch = {
        "constant": lambda: schedule.ConstantLR(optimizer, 1),
        "step": lambda: schedule.StepLR(optimizer, s["step_epochs"], s["factor"]),
        "exponential": lambda: schedule.ExponentialLR(optimizer, s["factor"]),
        "inverse_time": lambda: schedule.LambdaLR(optimizer, lambda epoch: 1 / (1 + s["decay"] * epoch)),
    }[name]()
    if name == "inverse_time" and warmup:  # LambdaLR forgets what others did to the rate
        both = lambda t: (t + 1) / warmup if t < warmup else 1 / (1 + s["decay"] * (t // STEPS_PER_EPOCH))
        return [(schedule.LambdaLR(optimizer, both), 1)]
    return linear + [(by_epoch, STEPS_PER_EPOCH)]


def loss_of(name, logits, data, rows):
    if name == "softmax":
        return torch.nn.functional.cross_entropy(logits, torch.tensor(data["labels"][rows]).long())
    key = {"sigmoid": "multi_label", "mse": "regression"}[name]
    target = torch.tensor(data[key][rows], dtype=logits.dtype)
    function = {"sigmoid": torch.nn.functional.binary_cross_entropy_with_logits, "mse": torch.nn.functional.mse_loss}
    return function[name](logits, target)  # the mean over (B, K): K outputs first, then the batch


def train(case, initial, data, dtype=torch.float64):
    """(losses, learning rates, {layer: {name: array}}, {layer: {mean, variance}})"""
    model, named = build(initial, dtype)
    o = case["optimizer"]
    optimizer = build_optimizer(o, model.parameters())
    schedules = build_schedules(case["schedule"], optimizer)
    losses, rates = [], []
    for step in range(STEPS):
        rows = slice(BATCH * step, BATCH * (step + 1))
        optimizer.zero_grad()
        loss = loss_of(case["loss"], model(torch.tensor(data["x"][rows], dtype=dtype)), data, rows)
        losses.append(loss.item())
        loss.backward()
        if "clip_norm" in o:
            torch.nn.utils.clip_grad_norm_(model.parameters(), o["clip_norm"])
        if "l2" in o:
            for module in named.values():
                if isinstance(module, torch.nn.Linear):
                    module.weight.grad += o["l2"] * module.weight.detach()
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for scheduler, every in schedules:
            if (step + 1) % every == 0:
                scheduler.step()
    final, running = {}, {}
    for layer, module in named.items():
        norm = isinstance(module, torch.nn.BatchNorm1d)
        names = ("gamma", "beta") if norm else ("weight", "bias")
        final[layer] = {n: p.detach().numpy().T for n, p in zip(names, (module.weight, module.bias)) if p is not None}
        if norm:
            running[layer] = {"mean": module.running_mean.numpy(), "variance": module.running_var.numpy()}
    return numpy.array(losses), numpy.array(rates), final, running


def cases():
    """{name: case}; a case has net, batch_norm, loss and the settings of optimizer and schedule."""
    out = {}

    def add(case, /, net="small", batch_norm=False, loss="softmax", schedule=None, **optimizer):
        out[case] = dict(net=net, batch_norm=batch_norm, loss=loss, optimizer=optimizer, schedule=schedule or {"name": "constant"})

    rates = {"gd": 1e-2, "momentum": 1e-2, "rmsprop": 1e-3, "adam": 1e-2, "adamw": 1e-2}
    for name, rate in rates.items():
        for net in NETS:
            for bn in (False, True):
                add(f"{name}_{net}{'_bn' if bn else ''}", net, bn, name=name, learning_rate=rate)
        add(f"{name}_l2_bn", "small", True, name=name, learning_rate=rate, l2=0.05)
    for name in ("gd", "adam"):
        add(f"{name}_clip", name=name, learning_rate=1e-2, clip_norm=0.5)
        add(f"{name}_clip_l2_bn", "large", True, name=name, learning_rate=1e-2, clip_norm=0.5, l2=0.05)
    add("momentum_other_settings", name="momentum", learning_rate=1e-2, momentum=0.5)
    add("rmsprop_other_settings", name="rmsprop", learning_rate=1e-3, rho=0.9)
    add("adam_other_settings", name="adam", learning_rate=1e-3, beta1=0.8, beta2=0.99)
    add("adamw_other_settings", "small", True, name="adamw", learning_rate=1e-2, weight_decay=0.1)
    add("momentum_nesterov", name="momentum", learning_rate=1e-2, nesterov=True)
    add("momentum_nesterov_l2_bn", "large", True, name="momentum", learning_rate=1e-2, momentum=0.8, nesterov=True, l2=0.05)
    lars = dict(name="lars", learning_rate=0.1, trust_coefficient=0.05)
    add("lars_small", **lars)
    add("lars_large_bn", "large", True, **lars)
    add("lars_other_settings", "large", momentum=0.5, weight_decay=0.1, nesterov=True, clip_norm=0.5, l2=0.05, **lars)
    lamb = dict(name="lamb", learning_rate=1e-2)
    add("lamb_small", **lamb)
    add("lamb_large_bn", "large", True, **lamb)
    add("lamb_other_settings", "large", beta1=0.8, beta2=0.99, weight_decay=0.1, clip_norm=0.5, l2=0.05, **lamb)
    schedules = {
        "constant": {},
        "step": {"step_epochs": 2, "factor": 0.5},
        "exponential": {"factor": 0.5},
        "inverse_time": {"decay": 0.5},
        "cosine": {"min_rate": 1e-3},
        "polynomial": {"power": 2.0},
    }
    for name, settings in schedules.items():
        for warmup in (0, 4):
            if name == "constant" and warmup == 0:
                continue
            schedule = {"name": name, **settings, **({"warmup_steps": warmup} if warmup else {})}
            add(f"schedule_{name}{'_warmup' if warmup else ''}", schedule=schedule, name="adam", learning_rate=1e-2)
    add("schedule_one_cycle", schedule={"name": "one_cycle"}, name="adam", learning_rate=1e-2)
    one_cycle = {"name": "one_cycle", "rise_fraction": 0.45, "start_divisor": 10, "end_divisor": 5}
    add("schedule_one_cycle_other_settings", schedule=one_cycle, name="lars", learning_rate=0.1, trust_coefficient=0.05)
    add("schedule_polynomial_other_power", schedule={"name": "polynomial", "power": 0.9}, name="adam", learning_rate=1e-2)
    for loss in ("sigmoid", "mse"):
        for bn in (False, True):
            add(f"{loss}_{'large_bn' if bn else 'small'}", "large" if bn else "small", bn, loss, name="adam", learning_rate=1e-2)
    schedule = {"name": "cosine", "warmup_steps": 4, "min_rate": 1e-3}
    add("all_together", "large", True, "sigmoid", schedule, name="adamw", learning_rate=1e-2, l2=0.01, clip_norm=0.1)
    return out


def toml(case):
    def table(name, values):
        lines = [f"{k} = {str(v).lower() if isinstance(v, bool) else repr(v)}" for k, v in values.items()]
        return "\n".join([f"[{name}]"] + [line.replace("'", '"') for line in lines]) + "\n"

    model = dict(hidden=NETS[case["net"]], activation="relu", batch_norm=case["batch_norm"], loss=case["loss"])
    return (
        table("data", dict(batch_size=BATCH, normalize="none"))
        + table("model", model)
        + table("optimizer", case["optimizer"])
        + table("schedule", case["schedule"])
        + table("train", dict(steps=STEPS))
    )


def write_tree(group, layers):
    for layer, arrays in layers.items():
        for name, array in arrays.items():
            group.create_dataset(f"{layer}/{name}", data=numpy.ascontiguousarray(array, dtype=numpy.float32))


def main():
    torch.set_num_threads(1)
    rng = numpy.random.default_rng(20)
    data = make_data(rng)
    nets = {(net, bn): make_initial(rng, hidden, bn) for net, hidden in NETS.items() for bn in (False, True)}
    path = pathlib.Path(__file__).parent / "golden.h5"
    worst = [0.0, 0.0]
    with h5py.File(path, "w", track_order=False) as f:
        for name, array in data.items():
            f.create_dataset(name, data=array)
        f.attrs.update(batch_size=BATCH, steps=STEPS, steps_per_epoch=STEPS_PER_EPOCH)
        f.attrs["torch"] = str(torch.__version__)
        for (net, bn), initial in nets.items():
            write_tree(f.create_group(f"initial/{net}{'_bn' if bn else ''}"), initial)
        for name, case in cases().items():
            initial = nets[case["net"], case["batch_norm"]]
            losses, rates, final, running = train(case, initial, data)
            group = f.create_group(f"cases/{name}")
            group.create_dataset("config", data=toml(case), dtype=h5py.string_dtype(length=len(toml(case))))
            group["initial"] = f[f"initial/{case['net']}{'_bn' if case['batch_norm'] else ''}"]
            group.create_dataset("losses", data=losses)
            group.create_dataset("learning_rates", data=rates)
            write_tree(group.create_group("final"), final)
            write_tree(group.create_group("running"), running)

            # The same in float32 tells how far rounding alone leads: a case near the tolerances would tell nothing.
            losses32, _, final32, _ = train(case, initial, data, torch.float32)
            loss_error = numpy.abs(losses32 / losses - 1).max()
            final_error = max(numpy.abs(final32[l][n] - a).max() for l, arrays in final.items() for n, a in arrays.items())
            print(f"{name:28} loss {losses[0]:.4f} -> {losses[-1]:.4f}   float32: {loss_error:.1e} {final_error:.1e}")
            worst = [max(worst[0], loss_error), max(worst[1], final_error)]
    print(f"{len(cases())} cases, {path.stat().st_size / 1e6:.2f} MB; float32 leads away by {worst[0]:.1e} (losses, "
          f"relative) and {worst[1]:.1e} (parameters, absolute)")
    if worst[0] > 3e-6 or worst[1] > 3e-5:
        sys.exit("these data are too near a kink of relu: take another seed")


if __name__ == "__main__":
    main()
