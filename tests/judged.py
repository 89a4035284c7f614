"""What is true of predictions p (rows, columns), labels or targets y and weights w, by definition; None where there is no
such number. Slow and plain on purpose: AUC is a share of all pairs."""
import re

import h5py
import numpy as np

from drawn import Failure

OF_CLASSES = ["accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "auc", "average_precision", "brier", "ece", "nll"]
METRICS = [*OF_CLASSES, "rmse", "mae", "r2"]
LEAST = float(np.finfo(np.float32).tiny)
EPSILON = 2.0**-24  # of float32


def read_model(checkpoint, settings):
    """@param settings  model.loss of the config"""
    with h5py.File(checkpoint) as f:
        kind = f.attrs["loss"].decode().removesuffix("_cross_entropy")
        settings = settings if isinstance(settings, dict) else {}
        return {"loss": kind, "settings": settings, "levels": settings.get("levels", [0.1, 0.5, 0.9]) if kind == "quantile" else [],
                "classes": int(f.attrs["classes"]),
                "scaling": (f["target_scaling/mean"][:], f["target_scaling/deviation"][:]) if "target_scaling" in f else None}


def ranking(score, of_class, w):
    """AUC by all pairs, and average precision."""
    of_class = of_class & (w > 0)
    others = ~of_class & (w > 0)
    if not of_class.any() or not others.any():
        return None, None
    a, b = score[of_class][:, None], score[others][None, :]
    weight = w[of_class] / w[of_class].sum()
    auc = float(weight @ ((a > b) + 0.5 * (a == b)) @ (w[others] / w[others].sum()))
    precision = 0.0
    for threshold in np.unique(score[of_class]):
        taken = (score >= threshold) & (w > 0)
        precision += weight[score[of_class] == threshold].sum() * w[taken & of_class].sum() / w[taken].sum()
    return auc, float(precision)


def ratio(a, b):
    return float(a / b) if b > 0 else None


def mean(values, w=None):
    there = [(v, 1.0 if w is None else w[i]) for i, v in enumerate(values) if v is not None]
    return ratio(sum(v * u for v, u in there), sum(u for _, u in there))


def true_of_classes(p, taken, y, w, names):
    total, two = w.sum(), len(names) == 2
    confusion = [[float(w[(y == r) & (taken == c)].sum()) for c in range(len(names))] for r in range(len(names))]
    classes = []
    for c, name in enumerate(names):
        of, as_c, right = w[y == c].sum(), w[taken == c].sum(), confusion[c][c]
        auc, precision = ranking(p[:, c], y == c, w)
        classes.append({"name": name, "support": float(of), "precision": ratio(right, as_c), "recall": ratio(right, of),
                        "f1": ratio(2 * right, of + as_c), "auc": auc, "average_precision": precision})
    hit, sure = taken == y, p.max(axis=1)
    bins = np.clip(np.ceil(sure * 15) - 1, 0, 14)
    squares = (p - np.eye(len(names))[y]) ** 2
    said = {"accuracy": float(w[hit].sum() / total), "balanced_accuracy": mean([c["recall"] for c in classes]),
            "macro_f1": mean([c["f1"] for c in classes]), "weighted_f1": mean([c["f1"] for c in classes], [c["support"] for c in classes]),
            "brier": float(w @ (squares[:, 1] if two else squares.sum(axis=1)) / total),
            "ece": float(sum(abs((w * (hit - sure))[bins == b].sum()) for b in range(15)) / total),
            "nll": float(w @ -np.log(np.maximum(p[np.arange(len(y)), y], LEAST)) / total), "classes": classes, "confusion": confusion}
    for name in "auc", "average_precision":
        said[name] = classes[1][name] if two else mean([c[name] for c in classes])
    calibration = [[float(w[of].sum()), mean(sure[of], w[of]) or 0.0, mean(hit[of], w[of]) or 0.0] for of in (bins == b for b in range(15))]
    return said, calibration


def true_of_outputs(p, y, w, names, levels, probabilities):
    outputs, count = [], max(1, len(levels))
    y = y.reshape(len(p), -1)
    share = w / w.sum()
    for k, name in enumerate(names):
        t, z = y[:, k // count], p[:, k]
        most = np.abs(t - z).max() or 1.0  # so that no square is out of range
        seen = t[w > 0]
        spread = np.abs(t - share @ t).max() or 1.0
        one = {"name": name, "rmse": float(most * np.sqrt(share @ ((t - z) / most) ** 2)), "mae": float(share @ np.abs(t - z)),
               "r2": None if (seen == seen[0]).all() else float(1 - (share @ ((t - z) / spread) ** 2) / (share @ ((t - share @ t) / spread) ** 2))}
        if probabilities:
            one["accuracy"] = float(share[(z > 0.5) == (t > 0.5)].sum())
            one["auc"], one["average_precision"] = ranking(z, t > 0.5, w)
        outputs.append(one)
    middle = min(range(count), key=lambda i: round(abs(levels[i] - 0.5), 9)) if levels else 0
    said = {name: mean([one[name] for one in outputs[middle::count]]) for name in ("rmse", "mae", "r2")}
    if probabilities:
        said |= {name: mean([one[name] for one in outputs]) for name in ("accuracy", "auc", "average_precision")}
    said["outputs"] = outputs
    if count > 1:
        low, high = p[:, ::count], p[:, count - 1::count]
        inside, width = share @ ((low <= y) & (y <= high)), share @ (high - low)
        said["intervals"] = [{"nominal": levels[-1] - levels[0], "coverage": float(inside[k]), "width": float(width[k])} for k in range(y.shape[1])]
    return said


def true_loss(model, p, y, w, of_mean=False):
    """And how far digits of p leave it open."""
    kind, settings = model["loss"], model["settings"]
    share = w / w.sum()
    if kind == "softmax":
        smooth = 0.0 if of_mean else settings.get("label_smoothing", 0.0)
        told = -np.log(np.maximum(p, LEAST))
        loss = (1 - smooth) * told[np.arange(len(y)), y] + smooth * told.mean(axis=1)
        return float(share @ loss), np.inf if (p < 1e-30).any() else 4 * EPSILON * float(told.max())
    if kind == "sigmoid":
        if p.shape[1] == 2 and model["classes"] == 2:
            t, yes, no = y.astype(float)[:, None], p[:, 1:], p[:, :1]
        else:
            t = np.eye(p.shape[1])[y] if y.ndim == 1 and p.shape[1] > 1 else y.reshape(p.shape)
            yes, no = p, 1 - p
        positive = np.asarray(settings.get("pos_weight", 1.0) if not of_mean else 1.0)
        loss = positive * t * -np.log(np.maximum(yes, LEAST)) + (1 - t) * -np.log(np.maximum(no, EPSILON / 2))
        return float(share @ loss.mean(axis=1)), np.inf if min(yes.min(), no.min()) < 1e-6 else 4 * EPSILON / float(min(yes.min(), no.min()))
    targets, levels = y.reshape(len(p), -1).astype(float), model["levels"]
    middle, scale = model["scaling"] or (np.zeros(targets.shape[1]), np.ones(targets.shape[1]))
    count = max(1, len(levels))
    off = (np.repeat(targets, count, axis=1) - p) / np.repeat(scale, count)
    loss = {"mse": off**2, "mae": np.abs(off), "huber": np.where(np.abs(off) <= 0.7, off**2 / 2, 0.7 * (np.abs(off) - 0.35))}.get(kind)
    if kind == "quantile":
        level = np.tile(levels, targets.shape[1])
        loss = np.maximum(level * off, (level - 1) * off)
    digits = 4 * EPSILON * (np.abs(p / np.repeat(scale, count)).max() + np.abs(targets / scale).max() + (np.abs(middle) / scale).max())
    return float(share @ loss.mean(axis=1)), digits * (1 + 2 * np.abs(off).max() * (kind == "mse"))


def same(what, said, true, far=1e-9):
    """Numbers within a share of theirs; null is null alone, and nothing is left out or made up."""
    if isinstance(true, dict):
        if set(said) != set(true):
            raise Failure(f"{what}: {sorted(set(said) ^ set(true))} said or not said")
        for key in true:
            same(f"{what}.{key}", said[key], true[key], far)
    elif isinstance(true, list):
        if len(said) != len(true):
            raise Failure(f"{what}: {len(said)} of {len(true)}")
        for i, (a, b) in enumerate(zip(said, true)):
            same(f"{what}[{i}]", a, b, far)
    elif isinstance(true, float) and said is not None:
        if not abs(said - true) <= far * max(abs(true), 1e-300) + (1e-12 if abs(true) < 2 and not what.endswith(("rmse", "mae", "width")) else 0):
            raise Failure(f"{what} is {said}, not {true}")
    elif said != true:
        raise Failure(f"{what} is {said!r}, not {true!r}")


def hold_notes(what, notes, true, p, model):
    """Each is one that is known, and stands there where it is true, and alone there."""
    classes, outputs, levels = true.get("classes", []), true.get("outputs", []), model["levels"]
    total = sum(c["support"] for c in classes)
    most = max((c["support"] for c in classes), default=0)
    entropy = -sum(c["support"] / total * np.log(c["support"] / total) for c in classes if c["support"] > 0)
    right = sum(true["confusion"][k][k] for k in range(len(classes)))
    middle = min(range(len(levels)), key=lambda i: round(abs(levels[i] - 0.5), 9)) if levels else 0
    counted = [one["r2"] for one in outputs[middle::max(1, len(levels))]]
    ordered = p.reshape(len(p), -1, max(1, len(levels)))
    crossing = int((np.diff(ordered, axis=2) < 0).any(axis=(1, 2)).sum())

    def at_most(a, b):
        return None if a != b and abs(a - b) < 1e-7 * abs(b) or (a == b and a != round(a)) else a <= b

    wanted = {r"accuracy is no better than that of a constant: .* for every row has [0-9.]+": most < total and at_most(right, most),
              r"nll is no better than that of a constant: .*": most < total and at_most(entropy, true["nll"]),
              r"no rows of .*: no recall and no AUC of it": any(c["recall"] is None for c in classes),
              r"nothing taken for .*: no precision": any(c["precision"] is None for c in classes),
              r"all rows are of one class: nothing to rank, so no AUC": bool(classes) and true["auc"] is None,
              r"auc and average_precision are means of each class against the rest": len(classes) > 2 and true["auc"] is not None,
              r"the target of .* is constant: no R2": None in counted,
              r"rmse of .* is no better than that of a constant, .*": None if any(r is not None and abs(r) < 1e-7 for r in counted)
              else any(r is not None and r <= 0 for r in counted),
              r"all rows are of the class, or none is, of .*: no AUC of it": any(one.get("auc", 0) is None for one in outputs),
              r"rmse, mae and r2 are those of the level .*": len(levels) > 1 or (bool(levels) and levels[0] != 0.5),
              rf"quantiles cross in {crossing} of .*": crossing > 0,
              r"the loss of the ensemble is without label smoothing and pos_weight|members normalise targets differently: .*": None}
    matched = [note for note in notes for pattern in wanted if re.fullmatch(pattern, note, re.DOTALL)]
    if matched != notes:
        raise Failure(f"{what}: notes {notes}")
    for pattern, true_of_it in wanted.items():
        if true_of_it is not None and any(re.fullmatch(pattern, note, re.DOTALL) for note in notes) != true_of_it:
            raise Failure(f"{what}: {pattern!r} is {true_of_it}, notes {notes}")


def hold_text(said, text):
    """Whether what is said as JSON is in the tables."""
    def four(one, *names):
        return " ".join("-" if one[name] is None else f"{one[name]:.4f}" for name in names)

    lines = [f"{said['split']} {said['samples']} {said['loss']:.9g} " + (four(said, "accuracy") if "accuracy" in said else "")]
    lines += [four(said, *OF_CLASSES[1:])] if "classes" in said else []
    for one in said.get("classes", []):
        lines.append(f"{one['name']} {one['support']:.10g} " + four(one, "precision", "recall", "f1", "auc", "average_precision"))
    for one in said.get("outputs", []):
        shares = [n for n in ("accuracy", "auc", "average_precision") if n in one]
        lines.append(f"{one['name']} {one['rmse']:.6g} {one['mae']:.6g} " + four(one, "r2", *shares))
    for one in said.get("intervals", []):
        lines.append(f"{one['name']} {one['nominal']:.6g} {four(one, 'coverage')} {one['width']:.6g}")
    words = " ".join(text.split())
    for line in lines + said.get("notes", []):
        if " ".join(line.split()) not in words:
            raise Failure(f"{line!r} is not in the text {text}")


def true_squares(y, p, w):
    """Of the chart of a report: least, most, and the weight of each square of 48 that has some."""
    low, high = min(y.min(), p.min()), max(y.max(), p.max())
    def place(v):
        return np.minimum(47, (48 * ((v - low) / (high - low))).astype(int)) if high > low else np.zeros(len(v), int)

    squares = np.zeros((48, 48))
    np.add.at(squares, (place(y), place(p)), 1.0 if w is None else w.astype(float))
    return [float(low), float(high), [[int(a), int(b), float(squares[a, b])] for a, b in np.argwhere(squares > 0)]]
