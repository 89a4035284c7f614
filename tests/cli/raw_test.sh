#!/usr/bin/env bash
# Files as a user has them, given to evaluate and predict: the same row has the same numbers wherever it stands.
#   raw_test.sh SHOAL SCRATCH_FOLDER [RANKS...]
set -euo pipefail
shoal=$(realpath "$1")
scratch=$2
shift 2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=launch/environment.sh
. "$here/launch/environment.sh"
rm -rf "$scratch"
mkdir -p "$scratch/tmp"
cd "$scratch"
export TMPDIR=$PWD/tmp

fail() { echo "raw_test: $*" >&2; exit 1; }
equal() { [ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""; }
by() { # RANKS COMMAND...; 0: without a launcher
  local ranks=$1
  shift
  if [ "$ranks" = 0 ]; then "$shoal" "$@"; else mpirun --bind-to none -np "$ranks" "$shoal" "$@"; fi
}
refused() { # STATUS WORDS COMMAND...: ends with that status and one line that holds the words
  local status=0 wanted=$1 words=$2
  shift 2
  "$@" >out.txt 2>error.txt || status=$?
  equal "status of $*: $(cat error.txt)" $status "$wanted"
  grep -qF -- "$words" error.txt || fail "no \"$words\" of $* in $(cat error.txt)"
  [ ! -s out.txt ] || fail "$* printed $(cat out.txt)"
}

awk -v OFS=, 'BEGIN {
  print "size,town,when,hue,flag,price"
  for (i = 0; i < 500; ++i) {
    s = (i * 7919) % 1000
    print (i % 11 ? s / 8 : ""), "t" (i * 31) % 60, "2020-0" 1 + i % 9 "-1" i % 10, substr("rgb", 1 + i % 3, i % 13 ? 1 : 0),
      i % 2 ? "yes" : "no", (s % 7 > 3 ? "high" : "low")
  }
}' >all.csv
(head -1 all.csv && sed -n 2,401p all.csv) >train.csv
(head -1 all.csv && sed -n 402,501p all.csv) >test.csv
"$shoal" import csv train.csv --label price -o train.h5 >/dev/null
"$shoal" train --set data.file=train.h5 --set model.hidden=[16] --set train.epochs=3 --run run 2>/dev/null
# Rows in another order, columns turned round and one more; a row alone; a cell of many digits beside others.
{ echo 'more,price,flag,hue,when,town,size'
  tail -n +2 test.csv | awk -F, '{print "z", $6, $5, $4, $3, $2, $1}' OFS=, | sort; } >turned.csv
(head -1 test.csv && sed -n 18p test.csv) >one.csv
awk -F, 'NR == 3 {$1 = "3.14159265358979"} {print}' OFS=, test.csv >digits.csv
cut -d, -f1-5 test.csv >unlabelled.csv
gzip -k test.csv
awk -F, 'NR == 3 {$2 = "Atlantis"} NR == 4 {$2 = "Avalon"} {print}' OFS=, test.csv >unseen.csv
awk -F, 'NR == 5 {$1 = "many"} {print}' OFS=, test.csv >word.csv
cut -d, -f1,3-6 test.csv >lacks.csv
sed 's/,high$/,higher/' test.csv >label.csv
printf 'size,town,when,hue,flag\n1,t1,2020-01-11,r,yes\n' >fresh.csv

# The rows of the set itself, by three ways.
by 0 predict run --data train.h5 --split train --out set.csv >/dev/null
by 0 predict run --data train.csv --out - >train.out
cmp set.csv train.out || fail 'predict of a data set and of the file that it was made of'
by 0 predict run --data test.csv --out expected.csv | grep -q '100 rows written' || fail 'rows written'
[ "$(wc -l <expected.csv)" = 101 ] || fail 'lines of expected.csv'

for ranks in 0 "$@"; do
  for data in unlabelled.csv test.csv.gz; do
    by "$ranks" predict run --data $data --out - 2>/dev/null | cmp - expected.csv || fail "$data at np $ranks"
  done
  by "$ranks" predict run --data - --out - <test.csv 2>/dev/null | cmp - expected.csv || fail "standard input at np $ranks"
  by "$ranks" predict run --data turned.csv --out - 2>notes.txt >turned.out
  grep -q 'more' notes.txt || fail "a column more is not said: $(cat notes.txt)"
  equal "rows in another order at np $ranks" "$(tail -n +2 turned.out | sort)" "$(tail -n +2 expected.csv | sort)"
  paste -d, <(tail -n +2 turned.csv) <(tail -n +2 turned.out) | awk -F, '{print $7, $6, $5, $4, $3, $8, $9, $10}' | sort >a.txt
  paste -d, <(tail -n +2 test.csv) <(tail -n +2 expected.csv) | awk -F, '{print $1, $2, $3, $4, $5, $7, $8, $9}' | sort >b.txt
  cmp a.txt b.txt || fail "each row in another order at np $ranks"
  equal "a row alone at np $ranks" "$(by "$ranks" predict run --data one.csv --out - 2>/dev/null | tail -1)" \
    "$(sed -n 18p expected.csv)"
  equal "rows beside one of many digits" "$(by "$ranks" predict run --data digits.csv --out - | sed 3d)" "$(sed 3d expected.csv)"
  by "$ranks" evaluate run --data unseen.csv --json >unseen.json 2>notes.txt
  grep -q 'column "town": 2 values that training did not see' notes.txt || fail "unseen values: $(cat notes.txt)"
  by "$ranks" evaluate run --data test.csv --json >eval.$ranks.json 2>/dev/null
  cmp eval.0.json "eval.$ranks.json" || fail "evaluate at np $ranks"
  refused 65 'word.csv:5' by "$ranks" predict run --data word.csv --out -
  refused 65 '"town"' by "$ranks" predict run --data lacks.csv --out -
  refused 65 'no y to compare with' by "$ranks" evaluate run --data unlabelled.csv
  refused 65 'label.csv' by "$ranks" evaluate run --data label.csv
  refused 66 'nowhere.csv' by "$ranks" predict run --data nowhere.csv --out no.csv
  refused 64 '--split is train' by "$ranks" predict run --data test.csv --split train --out no.csv
done
[ ! -e no.csv ] || fail 'a file of what was refused'
by 0 predict run --data fresh.csv --out - >/dev/null

# Sets without a table, whose columns have names: in another order, and without one.
python3 - <<'PYTHON'
import h5py, shutil
import numpy as np

x = np.random.default_rng(1).normal(size=(60, 4)).astype("f4")
for name, order in (("named", [0, 1, 2, 3]), ("other", [3, 1, 0, 2]), ("lacking", [0, 1, 3])):
    with h5py.File(f"{name}.h5", "w") as f:
        f["test/x"], f["test/y"] = x[:, order], (x[:, 0] > 0).astype("i4")
        f["train/x"], f["train/y"] = x[:, order], (x[:, 0] > 0).astype("i4")
        f.attrs["columns"] = [b"abcd"[i:i + 1] for i in order]
PYTHON
"$shoal" train --set data.file=named.h5 --set train.epochs=20 --set optimizer.learning_rate=0.05 --run named 2>/dev/null
by 0 predict named --data named.h5 --out named.csv >/dev/null
by 0 predict named --data other.h5 --out - | cmp - named.csv || fail 'columns of numbers in another order'
refused 65 'lacking.h5 has no column "c"' by 0 predict named --data lacking.h5 --out -
equal 'what stays in the folder of temporary files' "$(ls tmp)" ''
