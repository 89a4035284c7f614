#!/usr/bin/env bash
# Runs every command on the digits that ship, and compares what they say with one another.
#   commands_test.sh SHOAL DATA_FOLDER SCRATCH_FOLDER [LAUNCHER...]
set -euo pipefail
shoal=$1
data=$2
scratch=$3
shift 3
launched=("$@" "$shoal")

fail() { echo "commands_test: $*" >&2; exit 1; }
equal() { [ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""; }
# json KEY...: a value of the object on standard input
json() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda o, k: o[k], sys.argv[1:], json.load(sys.stdin)))' "$@"; }
lines() { grep -c "$@" || true; }

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

equal 'versions printed' "$("${launched[@]}" --version | lines '^shoal [0-9]')" 1
equal 'helps printed' "$("${launched[@]}" train --help | lines '^Usage: shoal train')" 1
status=0
"${launched[@]}" >help.txt 2>errors.txt || status=$?
equal 'status without arguments' $status 64
grep -q '^Usage: shoal' help.txt || fail 'no arguments, no help'

"${launched[@]}" import csv "$data/digits.csv.gz" --label label --shape 8,8 --test-fraction 0.2 -o digits.h5 >import.txt
grep -Eq '^train +1438$' import.txt || fail "the summary has no 1438 rows to train: $(cat import.txt)"
equal 'rows to test' "$("$shoal" inspect digits.h5 --json | json splits test rows)" 359
content=$("$shoal" inspect digits.h5 --json | json content)
grep -q "content $content" import.txt || fail 'the summary has another content'

# 8 leaves: for up to 8 ranks
set_all=(--set data.file=digits.h5 --set 'model.hidden=[32, 16]' --set model.batch_norm=true --set data.batch_size=256
  --set data.normalize=unit --set optimizer.learning_rate=1e-2)
"${launched[@]}" train "${set_all[@]}" --dry-run >dry.txt
grep -Eq '^01_dense +\(32\) +2048 +2048$' dry.txt || fail "the dry run has no first layer: $(cat dry.txt)"
[ ! -e runs ] || fail 'a dry run wrote something'
# More threads than cores are said once, wherever models are trained; also where each rank alone has enough cores.
processors=$(env -u OMP_NUM_THREADS nproc)
OMP_NUM_THREADS=$((processors + 1)) "$shoal" train "${set_all[@]}" --dry-run 2>errors.txt >/dev/null
equal 'crowded threads in a dry run' "$(lines "warning: $((processors + 1)) threads on $processors core" <errors.txt)" 1
OMP_NUM_THREADS=$((processors + 1)) "$shoal" cv "${set_all[@]}" --folds 2 --set train.epochs=1 --run crowded 2>errors.txt >/dev/null
equal 'crowded threads in a sweep' "$(lines "warning: $((processors + 1)) threads on $processors core" <errors.txt)" 1
if [ $# -gt 0 ] && [ "$processors" -gt 1 ]; then
  OMP_NUM_THREADS=$processors mpirun --oversubscribe --bind-to none -np 2 "$shoal" train "${set_all[@]}" --dry-run 2>errors.txt >/dev/null
  equal 'crowded ranks' "$(lines "warning: $processors threads for each of the ranks that share $processors cores" <errors.txt)" 1
fi
# Narrow layers, whose rows are padded in memory and not in a file.
narrow=(--set data.file=digits.h5 --set 'model.hidden=[4200, 2]' --set data.batch_size=256 --set optimizer.name=momentum
  --set train.average_decay=0.9)
said=$("$shoal" train "${narrow[@]}" --dry-run 2>/dev/null | sed -n 's/.*checkpoint: about \([0-9.]*\) MB$/\1/p')
"$shoal" train "${narrow[@]}" --set train.steps=1 --run narrow 2>/dev/null
equal 'MB of a checkpoint' "$said" "$(stat -c %s narrow/checkpoints/step-00000001.h5 | awk '{ printf "%.1f", $1 / 1e6 }')"

"${launched[@]}" train "${set_all[@]}" --set train.epochs=12 --run run 2>log.txt
[ "$(lines 'epoch 12/12' <log.txt)" = 1 ] || fail "not one line of the last epoch: $(cat log.txt)"
equal 'epoch' "$("$shoal" inspect run --json | json epoch)" 12
equal 'step' "$("$shoal" inspect run --json | json step)" 72
equal 'content' "$("$shoal" inspect run --json | json content)" "$content"
digest=$("${launched[@]}" inspect run/checkpoints/latest --json | json digest)
"$shoal" inspect run | grep -Eq "^digest +$digest$" || fail 'text and JSON disagree on the digest'

# Stopped after half of it and gone on with, by one process: the same bits.
"${launched[@]}" train "${set_all[@]}" --set train.epochs=6 --run half 2>/dev/null
"$shoal" train --resume half --set train.epochs=12 2>/dev/null
equal 'digest after --resume' "$("$shoal" inspect half --json | json digest)" "$digest"

# Quiet: nothing of what goes well, all of what does not.
"${launched[@]}" train "${set_all[@]}" --quiet --set train.epochs=1 --run quiet >quiet.txt 2>&1
equal 'said with --quiet' "$(cat quiet.txt)" ''
status=0
"${launched[@]}" train "${set_all[@]}" --quiet --set train.epochs=1 --run quiet >quiet.txt 2>&1 || status=$?
equal 'status of a run that is there' $status 73
equal 'errors with --quiet' "$(lines '^shoal: error: ' <quiet.txt)" 1

accuracy=$("${launched[@]}" evaluate run --data digits.h5 --json | json accuracy)
python3 -c 'import sys; sys.exit(float(sys.argv[1]) < 0.9)' "$accuracy" || fail "accuracy $accuracy is below 0.9"
equal 'evaluate as a table' "$("${launched[@]}" evaluate run --data digits.h5 --split test | awk 'NR == 2 { print $1, $2, $4 }')" \
  "test 359 $(LC_ALL=C printf %.4f "$accuracy")"

"${launched[@]}" predict run --data digits.h5 --out p.csv >predict.txt
equal 'what predict says' "$(cat predict.txt)" '359 rows written to p.csv'
equal 'lines of p.csv' "$(wc -l <p.csv)" 360
"${launched[@]}" predict run --data digits.h5 --split train --out p.h5
python3 - "$accuracy" <<'PYTHON'
import sys

import h5py
import numpy as np

labels = np.loadtxt("p.csv", delimiter=",", skiprows=1)[:, 0]
with h5py.File("digits.h5") as data, h5py.File("p.h5") as p:
    assert abs(np.mean(labels == data["test/y"][:]) - float(sys.argv[1])) < 1e-9
    assert p["probabilities"].shape == (1438, 10) and p["labels"].shape == (1438,)
PYTHON

# With an average of weights that is what counts, unless the last are asked for.
"${launched[@]}" train "${set_all[@]}" --set train.epochs=1 --set train.average_decay=0.9 --run average 2>log.txt
grep -q 'what is evaluated is the average of weights' log.txt || fail "nothing is said of an average: $(cat log.txt)"
averaged=$("$shoal" evaluate average --data digits.h5 --json)
equal 'weights judged' "$(json weights <<<"$averaged")" average
equal 'the same by name' "$("${launched[@]}" evaluate average --data digits.h5 --weights average --json)" "$averaged"
last=$("$shoal" evaluate average --data digits.h5 --weights last --json)
equal 'weights judged' "$(json weights <<<"$last")" last
[ "$(json loss <<<"$last")" != "$(json loss <<<"$averaged")" ] || fail 'the average has the loss of the last weights'
equal 'as a table' "$("$shoal" evaluate average --data digits.h5 | awk 'NR <= 2 { print $NF }' | xargs)" 'weights average'
equal 'what predict says' "$("$shoal" predict average --data digits.h5 --weights last --out l.h5)" \
  '359 rows written to l.h5, by weights: last'
"$shoal" evaluate run --data digits.h5 --weights average 2>err.txt && fail 'an average that there is not was taken'
grep -q 'run/checkpoints/.* keeps no average of its weights' err.txt || fail "$(cat err.txt)"

# A set of somebody's own, without attributes and without the last classes: its labels are the model's.
python3 - <<'PYTHON'
import h5py

with h5py.File("digits.h5") as data, h5py.File("own.h5", "w") as own:
    few = data["test/y"][:] < 8
    own["test/x"] = data["test/x"][:][few]
    own["test/y"] = data["test/y"][:][few].astype("i8")
PYTHON
equal 'rows of the set without classes' "$("${launched[@]}" evaluate run --data own.h5 --json | json samples)" \
  "$(python3 -c 'import h5py; print(len(h5py.File("own.h5")["test/y"]))')"
python3 -c 'import h5py; h5py.File("own.h5", "a").attrs["class_names"] = ["0", "1", "2", "3", "4", "5", "seven", "6"]'
status=0
"${launched[@]}" evaluate run --data own.h5 2>log.txt || status=$?
equal 'status of a set with other names' $status 65
grep -q 'class 6 is "seven" in own.h5 and "6" in' log.txt || fail "why: $(cat log.txt)"

# How a run ended, and how it goes on
small=(--set data.file=digits.h5 --set 'model.hidden=[8]' --set data.batch_size=256)
status=0
"${launched[@]}" train "${small[@]}" --set train.max_seconds=1e-9 --run stopped 2>log.txt || status=$?
equal 'status of a run out of time' $status 75
grep -q 'go on with --run stopped --resume auto' log.txt || fail "no way on: $(cat log.txt)"
"$shoal" train "${small[@]}" --set train.steps=1 --dry-run 2>/dev/null | grep -q '^1 step, ' || fail 'one step is not one step'
"${launched[@]}" train "${small[@]}" --set train.steps=7 --run seven 2>/dev/null
"${launched[@]}" train --run seven --resume auto 2>log.txt
grep -q 'seven is finished: 7 steps are done; raise train.steps to train on' log.txt || fail "no way on: $(cat log.txt)"
status=0
"${launched[@]}" train --resume seven/checkpoints/latest --run branch 2>log.txt || status=$?
equal 'status of a branch without a step' $status 64
grep -q '7 steps are done; raise train.steps to train on; there is no branch without a step' log.txt || fail "why: $(cat log.txt)"
[ ! -e branch ] || fail 'a branch without a step left a directory'
early=(--set train.epochs=20 --set 'train.early_stopping={patience = 2, min_delta = 10.0}')
"${launched[@]}" train "${small[@]}" "${early[@]}" --run early 2>log.txt
grep -q 'finished after step 18, early: 2 evaluations without progress' log.txt || fail "how it ended: $(cat log.txt)"
"${launched[@]}" train --run early --resume auto 2>log.txt
grep -q 'stopped early after step 18, 2 evaluations without progress; raise train.early_stopping.patience' log.txt || fail "no way on: $(cat log.txt)"

# A sigmoid: two classes of one output, and several classes at once
"$shoal" synth gaussians --samples 300 --features 4 --classes 2 --test-fraction 0.3 -o two.h5 >/dev/null
python3 - <<'PYTHON'
import h5py
import numpy as np

with h5py.File("two.h5") as two, h5py.File("several.h5", "w") as several:
    for split in two:
        y = two[split]["y"][:]
        several[split + "/x"] = two[split]["x"][:]
        several[split + "/y"] = np.stack([y, 1 - y, y], axis=1).astype(np.float32)
PYTHON
for set in two several; do
  "${launched[@]}" train --set "data.file=$set.h5" --set model.loss=sigmoid --set data.batch_size=128 \
    --set optimizer.learning_rate=0.05 --run "$set" 2>/dev/null
  "${launched[@]}" predict "$set" --data "$set.h5" --out "$set.csv" >/dev/null
  "${launched[@]}" predict "$set" --data "$set.h5" --out "$set-p.h5" >/dev/null
done
python3 - "$("$shoal" evaluate two --data two.h5 --json | json accuracy)" <<'PYTHON'
import sys

import h5py
import numpy as np

assert open("two.csv").readline() == "label,p_0,p_1\n", open("two.csv").readline()
rows = np.loadtxt("two.csv", delimiter=",", skiprows=1)
with h5py.File("two.h5") as data, h5py.File("two-p.h5") as p:
    y = data["test/y"][:]
    assert np.allclose(rows[:, 1] + rows[:, 2], 1) and (rows[:, 0] == (rows[:, 2] > 0.5)).all()
    assert abs(np.mean(rows[:, 0] == y) - float(sys.argv[1])) < 1e-9 and float(sys.argv[1]) > 0.8
    assert np.array_equal(p["probabilities"][:], rows[:, 1:].astype(np.float32)) and (p["labels"][:] == rows[:, 0]).all()
assert open("several.csv").readline() == "p_0,p_1,p_2\n", open("several.csv").readline()
with h5py.File("several-p.h5") as p:
    assert p["probabilities"].shape == (len(y), 3) and "labels" not in p
PYTHON
