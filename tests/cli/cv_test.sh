#!/usr/bin/env bash
# shoal cv as users call it: its table and JSON, the same folds by shoal train, groups kept from import, columns learnt
# without the rows that a fold validates on, the final fit, refusals.
#   cv_test.sh SHOAL FOLDER
shoal=$(realpath "$1") folder=$2
. "$(dirname "$0")/../promise/common.sh"
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

expect() { # status, words of the message, command
  local wanted=$1 words=$2 status=0
  shift 2
  "$@" >out 2>log || status=$?
  [ $status = "$wanted" ] || fail "$*: ended with $status: $(cat log)"
  grep -qF -- "$words" log || fail "$*: no \"$words\" in: $(cat log)"
}

# Twelve groups of 10 rows; a column of categories, one of which a single group has; a feature with gaps.
python3 - <<'PYTHON'
import csv
with open("t.csv", "w", newline="") as file:
    w = csv.writer(file)
    w.writerow(["who", "kind", "height", "amount"])
    for i in range(120):
        group = i // 10
        kind = "lonely" if group == 11 else "abc"[i % 3]
        w.writerow([f"g{group:02}", kind, "" if i % 7 == 0 else i * 0.5, (i % 10) + group * 100.0])
PYTHON
"$shoal" import csv t.csv --label amount --regression --group who -o t.h5 >/dev/null 2>log || fail "import: $(cat log)"
cat >t.toml <<'TOML'
[data]
file = "t.h5"
batch_size = 16
[model]
hidden = [4]
[train]
epochs = 2
TOML
OMP_NUM_THREADS=1 mpirun --bind-to none -np 2 "$shoal" cv t.toml --folds 4 --run cv --json >cv.json 2>log ||
  fail "cv: $(cat log)"
grep -q '4 folds of the 120 rows of train, of whole groups' log || fail "not said what folds are made of: $(cat log)"
"$shoal" cv t.toml --folds 4 --run cv-alone >table 2>log || fail "cv on one rank: $(cat log)"
cmp cv/sweep.csv cv-alone/sweep.csv
for word in fold mean deviation best-fold-4.h5; do
  grep -q "$word" table || fail "no $word in: $(cat table)"
done
for fold in 1 2 3 4; do
  "$shoal" train t.toml --set data.fold=$fold/4 --run train-$fold >/dev/null 2>log || fail "fold $fold: $(cat log)"
done
python3 - <<'PYTHON'
import json, math
import h5py
cv = json.load(open("cv.json"))
table = [json.loads(line) for line in open("cv/sweep.jsonl")]
assert len(table) == 1 and len(cv["folds"]) == 4
losses = [fold["validation.loss"] for fold in cv["folds"]]
assert cv["mean"]["validation.loss"] == ((losses[0] + losses[1]) + losses[2] + losses[3]) / 4
mean = cv["mean"]["validation.loss"]
off = math.sqrt(sum((x - mean) ** 2 for x in losses) / 3)
assert math.isclose(cv["deviation"]["validation.loss"], off, rel_tol=1e-14)
assert [f["validation.loss"] for f in table[0]["folds"]] == losses
inputs = []
for fold in range(1, 5):
    with h5py.File(f"cv/best-fold-{fold}.h5") as own, h5py.File(f"train-{fold}/checkpoints/latest") as trained:
        names = []
        own["parameters"].visititems(lambda name, x: names.append(name) if isinstance(x, h5py.Dataset) else None)
        assert names
        for name in names:
            assert (own["parameters"][name][()] == trained["parameters"][name][()]).all(), name
        inputs.append(own["parameters"][names[0].split("/")[0]]["weight"].shape[0])
        metrics = [json.loads(line) for line in open(f"train-{fold}/metrics.jsonl")]
        last = [m for m in metrics if m.get("split") == "validation"][-1]
        assert math.isclose(last["loss"], losses[fold - 1], rel_tol=1e-6), (last, losses)
# The category that one group alone has is known to the folds that train on it.
assert inputs.count(max(inputs)) == 3 and min(inputs) == max(inputs) - 1, inputs
with h5py.File("t.h5") as data:
    assert len(set(data["train/group"][()])) == 12
PYTHON

# Each row of train is predicted by the one model that was not trained on it.
OMP_NUM_THREADS=1 mpirun --bind-to none -np 2 "$shoal" cv t.toml --folds 4 --run again --predictions oof.csv >/dev/null \
  2>log || fail "predictions: $(cat log)"
for fold in 1 2 3 4; do
  "$shoal" predict again/best-fold-$fold.h5 --data t.h5 --split train --out p-$fold.csv >/dev/null 2>log ||
    fail "predict: $(cat log)"
done
python3 - <<'PYTHON'
import collections, csv
import h5py
rows = list(csv.reader(open("oof.csv")))
own = {fold: list(csv.reader(open(f"p-{fold}.csv"))) for fold in "1234"}
assert rows[0] == own["1"][0] + ["fold"], rows[0]
assert len(rows) == 121
for i, row in enumerate(rows[1:], 1):
    assert row[:-1] == own[row[-1]][i], (i, row)
with h5py.File("t.h5") as data:
    folds = collections.defaultdict(set)
    for group, row in zip(data["train/group"][()], rows[1:]):
        folds[group].add(row[-1])
assert len(folds) == 12 and all(len(found) == 1 for found in folds.values()), folds
PYTHON
expect 64 'give a name that ends in .csv' "$shoal" cv t.toml --run x --predictions oof.h5
# What cannot be written is told before a fold is trained.
expect 74 'nowhere/oof.csv' "$shoal" cv t.toml --run x --predictions nowhere/oof.csv
sed 's/^who,/fold,/' t.csv >fold.csv
"$shoal" import csv fold.csv --label amount --regression --id fold -o fold.h5 >/dev/null 2>log || fail "import: $(cat log)"
expect 65 'the ids "fold" of the data' "$shoal" cv t.toml --set data.file=fold.h5 --run x --predictions oof-2.csv
sed 's/^who,kind,height,amount/output_0,kind,height,fold/' t.csv >target.csv
"$shoal" import csv target.csv --label fold --regression --id output_0 -o target.h5 >/dev/null 2>log || fail "import: $(cat log)"
expect 65 'would be called "fold"' "$shoal" cv t.toml --set data.file=target.h5 --run x --predictions oof-2.csv
sed 's/^who,kind,height,amount/p_a,height,kind,amount/' t.csv >class.csv
"$shoal" import csv class.csv --label height --id p_a -o class.h5 >/dev/null 2>log || fail "import: $(cat log)"
expect 65 'the ids "p_a" of the data' "$shoal" cv t.toml --set data.file=class.h5 --run x --predictions oof-2.csv
[ ! -e oof-2.csv ] || fail "predictions of a refused command"
expect 64 'needs labels, and y holds floats' "$shoal" cv t.toml --set train.class_weights=balanced --run x

# A final fit, asked for later, and its use.
expect 66 'holds a sweep and no run; name a model of one fold' "$shoal" train --resume cv --run x
expect 0 'final fit: trial 0 on all 120 rows' "$shoal" cv --run cv --resume --final-fit
[ -e cv/best.h5 ] || fail "no best.h5 after a final fit"
"$shoal" predict cv/best.h5 --data t.csv --out p.csv >/dev/null 2>log || fail "predict: $(cat log)"

# A share to validate on cuts no group either: 25 of 120 rows are two groups of 10.
expect 0 '; 100 samples in batches' "$shoal" train t.toml --set data.validation=0.21 --run whole
expect 64 'leaves no row for one side, as groups stay whole' "$shoal" train t.toml --set data.validation=0.01 --run x

expect 64 'use 2 or more' "$shoal" cv t.toml --folds 1 --run x
expect 64 'folds cannot share' "$shoal" cv t.toml --folds 13 --run x
expect 64 'sweep.folds' "$shoal" cv t.toml --folds many --run x
expect 64 'data.fold is the string "5/4"' "$shoal" train t.toml --set data.fold=5/4 --run x
expect 0 'data.validation = 0.1 has no effect' "$shoal" cv t.toml --set data.validation=0.1 --folds 2 --run said
expect 0 'data.validation = 0.1 has no effect: data.fold = "1/2"' "$shoal" train t.toml --set data.validation=0.1 \
  --set data.fold=1/2 --run said-too
[ ! -e x ] || fail "a refused command has left x"
