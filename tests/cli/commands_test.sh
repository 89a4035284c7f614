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

"${launched[@]}" import csv "$data/digits.csv.gz" --label label --test-fraction 0.2 -o digits.h5 >import.txt
grep -Eq '^train +1438$' import.txt || fail "the summary has no 1438 rows to train: $(cat import.txt)"
equal 'rows to test' "$("$shoal" inspect digits.h5 --json | json splits test rows)" 359
content=$("$shoal" inspect digits.h5 --json | json content)
grep -q "content $content" import.txt || fail 'the summary has another content'

# 8 leaves: for up to 8 ranks
set_all=(--set data.file=digits.h5 --set 'model.hidden=[32, 16]' --set model.batch_norm=true --set data.batch_size=256
  --set data.normalize=unit --set optimizer.learning_rate=1e-2)
"${launched[@]}" train "${set_all[@]}" --dry-run >dry.txt
grep -Eq '^01_dense/weight +\(64, 32\) +2048$' dry.txt || fail "the dry run has no first layer: $(cat dry.txt)"
[ ! -e runs ] || fail 'a dry run wrote something'

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
