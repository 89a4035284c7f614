"""Makes losses.json: values and derivatives of PyTorch 2.13 in float64, which tests/nn/losses_test.cpp must follow.

    python3 make_losses.py     # needs torch
"""

import json
import pathlib

import torch
import torch.nn.functional as f

torch.manual_seed(15)
f64 = torch.float64
N = 6


def case(settings, z, t, loss):
    z = z.to(torch.float32).to(f64).requires_grad_()  # shoal is given floats
    rows = loss(z, t.to(f64) if t.is_floating_point() else t)
    rows.sum().backward()
    return dict(settings=settings, outputs=z.detach().tolist(), targets=t.reshape(N, -1).tolist(), losses=rows.tolist(),
                derivatives=z.grad.tolist())


def pinball(levels):
    q = torch.tensor(levels, dtype=f64)

    def loss(z, t):  # (N, T L) and (N, T)
        above = t.repeat_interleave(len(levels), dim=1) - z
        q_all = q.repeat(t.shape[1])
        return torch.maximum(q_all * above, (q_all - 1) * above).mean(dim=1)

    return loss


numbers = torch.randn(N, 3).to(f64)
near = numbers + torch.randn(N, 3) * 1.5
shares = torch.tensor([[0, 1, 0.25]] * N, dtype=torch.float32).roll(1, 0)
classes = torch.arange(N) % 3
wide = torch.randn(N, 3) * 4
weights = torch.tensor([3.0, 0.5, 1.0], dtype=f64)
cases = [
    case({"name": "mae"}, near, numbers.float(), lambda z, t: f.l1_loss(z, t, reduction="none").mean(1)),
    case({"name": "huber"}, near, numbers.float(), lambda z, t: f.huber_loss(z, t, reduction="none").mean(1)),
    case({"name": "huber", "delta": 0.375}, near, numbers.float(),
         lambda z, t: f.huber_loss(z, t, reduction="none", delta=0.375).mean(1)),
    case({"name": "quantile", "levels": [0.1, 0.5, 0.9]}, near, numbers[:, :1].float(), pinball([0.1, 0.5, 0.9])),
    case({"name": "quantile", "levels": [0.25]}, near, numbers.float(), pinball([0.25])),
    case({"name": "softmax", "label_smoothing": 0.1}, wide, classes,
         lambda z, t: f.cross_entropy(z, t, reduction="none", label_smoothing=0.1)),
    case({"name": "sigmoid", "pos_weight": [3.0, 0.5, 1.0]}, wide, shares,
         lambda z, t: f.binary_cross_entropy_with_logits(z, t, reduction="none", pos_weight=weights).mean(1)),
    case({"name": "sigmoid", "pos_weight": [2.5]}, wide, shares,
         lambda z, t: f.binary_cross_entropy_with_logits(z, t, reduction="none", pos_weight=torch.tensor(2.5, dtype=f64)).mean(1)),
]
path = pathlib.Path(__file__).parent / "losses.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
