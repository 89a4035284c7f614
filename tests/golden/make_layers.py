"""Makes layers.json: values and derivatives of PyTorch 2.13 in float64, which tests/nn/layer_values_test.cpp must follow.

    python3 make_layers.py     # needs torch

Inputs, parameters and the derivative of the loss with respect to the output follow from their numbers, see number().
"""

import json
import pathlib

import torch
from torch.nn import functional as f


def number(i, step, modulus, scale):
    return (i * step % modulus - modulus // 2) / scale


def tensor(shape, step, modulus, scale, shift=0.0):
    flat = [shift + number(i, step, modulus, scale) for i in range(torch.Size(shape).numel())]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def case(layer, shape, function, modulus=101):
    """shape: (N, C, H, W); modulus: so many values of the input differ"""
    x = tensor(shape, 79, modulus, 25).requires_grad_()
    gamma = tensor(shape[1:2], 5, 7, 4, 1.0).requires_grad_()
    beta = tensor(shape[1:2], 3, 5, 4).requires_grad_()
    y = function(x, gamma, beta)
    y.backward(tensor(y.shape, 31, 17, 8))
    made = dict(layer=layer, shape=shape, modulus=modulus, out_shape=list(y.shape), y=y.flatten().tolist(),
                dx=x.grad.flatten().tolist())
    if gamma.grad is not None:
        made |= dict(dgamma=gamma.grad.tolist(), dbeta=beta.grad.tolist())
    return made


def pool(kind, shape, modulus=101, **window):
    function = {"max_pool": f.max_pool2d, "average_pool": f.avg_pool2d}[kind]
    stride, padding = window.get("stride"), window.get("padding", 0)
    return case(dict(type=kind, **window), shape, lambda x, *_: function(x, window.get("size", 2), stride, padding),
                modulus)


def layer_norm(x, gamma, beta):  # over the channels of each position
    return f.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], gamma, beta).permute(0, 3, 1, 2)


cases = [pool(kind, shape, **window) for kind in ("max_pool", "average_pool") for shape, window in (
    ([2, 3, 6, 8], {}),
    ([2, 2, 7, 5], dict(size=3, stride=2, padding=1, modulus=5)),  # windows with several largest
    ([1, 33, 4, 5], dict(size=3, stride=1)),
    ([1, 1, 31, 29], dict(size=5, stride=3, padding=2)),
    ([2, 2, 5, 4], dict(size=1, stride=2)),
    ([1, 2, 3, 3], dict(size=4, padding=1)),
)]
cases += [
    case(dict(type="global_average_pool"), [2, 35, 3, 2], lambda x, *_: x.mean((2, 3))),
    case(dict(type="flatten"), [2, 35, 3, 2], lambda x, *_: x.flatten(1)),
    case(dict(type="layer_norm"), [2, 35, 2, 3], layer_norm),
    case(dict(type="layer_norm"), [3, 70, 1, 1], layer_norm),
    case(dict(type="group_norm", groups=5), [2, 35, 2, 3], lambda x, g, b: f.group_norm(x, 5, g, b)),
    case(dict(type="group_norm", groups=1, epsilon=0.1), [2, 6, 3, 2], lambda x, g, b: f.group_norm(x, 1, g, b, 0.1)),
    case(dict(type="group_norm", groups=6), [1, 6, 3, 4], lambda x, g, b: f.group_norm(x, 6, g, b)),
    case(dict(type="group_norm", groups=2), [3, 66, 1, 1], lambda x, g, b: f.group_norm(x, 2, g, b)),
    case(dict(type="silu"), [2, 3, 4, 5], lambda x, *_: f.silu(x)),
]
pathlib.Path(__file__).with_name("layers.json").write_text(
    "[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
