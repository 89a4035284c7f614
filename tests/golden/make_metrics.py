"""Makes metrics.json: metrics of scikit-learn 1.9 on small sets with ties, weights (some 0) and classes without rows, which
tests/infer/metrics_test.cpp must follow. Nothing (null) stands where scikit-learn has to make up a number.

    python3 make_metrics.py     # needs numpy and scikit-learn
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn.metrics as m

warnings.simplefilter("ignore")  # of classes without rows, which are what is tried here
rng = np.random.default_rng(15)


def expected_calibration_error(right, confidence, w):
    edges = np.linspace(0, 1, 16)
    bins = [(confidence > a) & (confidence <= b) for a, b in zip(edges, edges[1:])]
    return sum(abs(np.sum((w * (right - confidence))[b])) for b in bins) / w.sum()


def ranked(y, k, score, w):
    y = (y == k).astype(int)
    if not (w[y == 1].sum() > 0 and w[y == 0].sum() > 0):
        return None, None
    return m.roc_auc_score(y, score, sample_weight=w), m.average_precision_score(y, score, sample_weight=w)


def mean(values, weights=None):
    there = [i for i, v in enumerate(values) if v is not None]
    return float(np.average([values[i] for i in there], weights=None if weights is None else [weights[i] for i in there]))


def classes_case(n, k, weighted, absent=()):
    y = rng.choice([c for c in range(k) if c not in absent], n)
    p = np.round(rng.dirichlet(np.full(k, 0.8), n) + np.eye(k)[y] * 0.3, 1) + 0.05  # of one digit: many ties
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32).astype(float)
    predicted = p.argmax(axis=1)
    w = rng.choice([0.0, 0.25, 1.0, 3.5], n) if weighted else np.ones(n)
    every = dict(labels=range(k), sample_weight=w, zero_division=np.nan)
    precision, recall, f1, support = m.precision_recall_fscore_support(y, predicted, **every)
    rankings = [ranked(y, c, p[:, c], w) for c in range(k)]
    none = lambda v: None if np.isnan(v) else float(v)
    one_hot = np.eye(k)[y]
    brier = np.average((p[:, 1] - y) ** 2 if k == 2 else ((p - one_hot) ** 2).sum(axis=1), weights=w)
    if k == 2:
        assert np.isclose(brier, m.brier_score_loss(y, p[:, 1], sample_weight=w), rtol=1e-12)
        auc, average_precision = rankings[1]
    else:
        auc, average_precision = mean([r[0] for r in rankings]), mean([r[1] for r in rankings])
    nll = float(np.average(-np.log(p[np.arange(n), y]), weights=w))
    assert np.isclose(nll, m.log_loss(y, p, labels=range(k), sample_weight=w), rtol=1e-6)  # which wants sums of exactly 1
    if k > 2 and not absent:
        assert np.isclose(auc, m.roc_auc_score(one_hot, p, average="macro", sample_weight=w), rtol=1e-12)
    return dict(
        labels=y.tolist(), predicted=predicted.tolist(), probabilities=p.T.tolist(), weights=w.tolist() if weighted else [],
        balanced_accuracy=m.balanced_accuracy_score(y, predicted, sample_weight=w),
        macro_f1=m.f1_score(y, predicted, average="macro", sample_weight=w),
        weighted_f1=m.f1_score(y, predicted, average="weighted", sample_weight=w),
        auc=auc, average_precision=average_precision, brier=float(brier),
        nll=nll, ece=expected_calibration_error(predicted == y, p.max(axis=1), w),
        confusion=m.confusion_matrix(y, predicted, labels=range(k), sample_weight=w).ravel().tolist(),
        classes=[dict(precision=none(precision[c]), recall=none(recall[c]), f1=none(f1[c]), support=float(support[c]),
                      auc=rankings[c][0], average_precision=rankings[c][1]) for c in range(k)])


def outputs_case(n, weighted, offset):
    y = offset + rng.normal(size=(n, 3)).round(2)
    y[:, 2] = offset
    p = y + 0.3 * rng.normal(size=(n, 3)).round(3)
    w = rng.choice([0.0, 0.25, 1.0, 3.5], n) if weighted else np.ones(n)
    raw = dict(sample_weight=w, multioutput="raw_values")
    r2 = m.r2_score(y, p, force_finite=False, **raw)
    rmse, mae = m.root_mean_squared_error(y, p, **raw), m.mean_absolute_error(y, p, **raw)
    inside = (p - 0.25 <= y) & (y <= p + 0.35)
    return dict(targets=y.T.tolist(), predicted=p.T.tolist(), coverage=np.average(inside, axis=0, weights=w).tolist(), weights=w.tolist() if weighted else [],
                outputs=[dict(rmse=rmse[k], mae=mae[k], r2=r2[k] if np.isfinite(r2[k]) else None) for k in range(3)],
                rmse=float(rmse.mean()), mae=float(mae.mean()), r2=float(r2[:2].mean()))


def probabilities_case(n, weighted):
    """Of several classes a row may have any; the last one is of all rows."""
    y = rng.integers(0, 2, (n, 4))
    y[:, 3] = 1
    p = np.clip(np.round(rng.random((n, 4)) * 0.7 + y * 0.3, 1), 0.05, 0.95).astype(np.float32).astype(float)  # many ties
    w = rng.choice([0.0, 0.25, 1.0, 3.5], n) if weighted else np.ones(n)
    rankings = [ranked(y[:, k], 1, p[:, k], w) for k in range(4)]
    for average, of in (("auc", m.roc_auc_score), ("average_precision", m.average_precision_score)):
        macro = mean([r[average != "auc"] for r in rankings[:3]])
        assert np.isclose(macro, of(y[:, :3], p[:, :3], average="macro", sample_weight=w), rtol=1e-12)
    accuracy = [m.accuracy_score(y[:, k], p[:, k] > 0.5, sample_weight=w) for k in range(4)]
    return dict(targets=y.T.tolist(), predicted=p.T.tolist(), weights=w.tolist() if weighted else [],
                outputs=[dict(accuracy=float(accuracy[k]), auc=rankings[k][0], average_precision=rankings[k][1]) for k in range(4)],
                accuracy=float(np.mean(accuracy)), auc=mean([r[0] for r in rankings]),
                average_precision=mean([r[1] for r in rankings]))


cases = dict(classes=[classes_case(60, 2, False), classes_case(60, 2, True), classes_case(80, 4, False),
                      classes_case(80, 4, True), classes_case(60, 4, True, absent=(2,)), classes_case(20, 2, False, absent=(0,))],
             outputs=[outputs_case(40, False, 0.0), outputs_case(40, True, 1e5)],
             probabilities=[probabilities_case(50, False), probabilities_case(70, True)])
path = pathlib.Path(__file__).parent / "metrics.json"
path.write_text("{\n" + ",\n".join(f'"{kind}": [\n' + ",\n".join(json.dumps(c) for c in cases[kind]) + "\n]" for kind in cases) + "\n}\n")
