#!/usr/bin/env python3
"""`shoal explain` against scikit-learn's permutation_importance on the same model's predictions: diamonds, RMSE.

    explain_sklearn.py SHOAL FOLDER --tables DIR [--repeats 5] [--rows 5394]      a Python with pandas and scikit-learn

DIR holds diamonds.csv.gz. A net is trained on the split train of the file and explained on the first rows of the rest. The
estimator that scikit-learn asks writes the permuted rows as CSV, and reads what `shoal predict` makes of them. Ends with 1
unless both have the same first five columns in the same order.
"""
import argparse
import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("shoal")
parser.add_argument("folder")
parser.add_argument("--tables", required=True)
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--rows", type=int, default=5394)
options = parser.parse_args()
shoal = os.path.abspath(options.shoal)
table = os.path.abspath(os.path.join(options.tables, "diamonds.csv.gz"))
os.makedirs(options.folder, exist_ok=True)
os.chdir(options.folder)


def run(*words, given=None):
    return subprocess.run([shoal, *words], check=True, capture_output=True, text=True, input=given).stdout


if not os.path.exists("diamonds.h5"):
    run("import", "csv", table, "--label", "price", "--split", "split", "-o", "diamonds.h5")
if not os.path.exists("diamonds"):
    run("train", "--set", "data.file=diamonds.h5", "--set", "model.hidden=[64, 64]", "--set", "optimizer.learning_rate=3e-3",
        "--set", "data.batch_size=256", "--set", "train.epochs=10", "--run", "diamonds")
rows = pd.read_csv(table, dtype=str)
rows = rows[rows["split"] != "train"].head(options.rows).drop(columns="split")
rows.to_csv("rows.csv", index=False)
told = json.loads(run("explain", "diamonds", "--data", "rows.csv", "--metric", "rmse", "--repeats", str(options.repeats), "--json"))


class Net(RegressorMixin, BaseEstimator):
    def fit(self, x, y):
        return self

    def predict(self, x):
        text = run("predict", "diamonds", "--data", "-", "--out", "-", given=x.to_csv(index=False))
        return pd.read_csv(io.StringIO(text))["price"].to_numpy()


y = rows["price"].astype(float).to_numpy()
x = rows.drop(columns="price")
theirs = permutation_importance(Net(), x, y, scoring="neg_root_mean_squared_error", n_repeats=options.repeats, random_state=1)
order = np.argsort(-theirs.importances_mean)
print(f"{'shoal explain':24}{'':22}scikit-learn")
for ours, d in zip(told["columns"], order):
    print(f"{ours['name']:10}{ours['importance']:12.2f} +- {ours['deviation']:7.2f}      "
          f"{x.columns[d]:10}{theirs.importances_mean[d]:12.2f} +- {theirs.importances_std[d]:7.2f}")
same = [c["name"] for c in told["columns"][:5]] == [x.columns[d] for d in order[:5]]
print("the first five are", "the same" if same else "others")
sys.exit(0 if same else 1)
