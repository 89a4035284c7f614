#!/usr/bin/env bash
# What goes in and what comes out, where a word left out made a wrong answer.
#   data_test.sh SHOAL SCRATCH_FOLDER
set -euo pipefail
shoal=$1
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

fail() { echo "data_test: $*" >&2; exit 1; }
equal() { [ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""; }
# refused STATUS WORDS COMMAND...: ends with that status and one line that holds the words
refused() {
  local status=0 wanted=$1 words=$2
  shift 2
  "$@" >out.txt 2>error.txt || status=$?
  equal "status of $*: $(cat error.txt)" $status "$wanted"
  equal "lines of $*: $(cat error.txt)" "$(wc -l <error.txt)" 1
  grep -qF -- "$words" error.txt || fail "no \"$words\" of $* in $(cat error.txt)"
}
# accuracy_of_labels CHECKPOINT DATA: of what predict calls the rows of the split train
accuracy_of_labels() {
  "$shoal" predict "$1" --data "$2" --split train --out p.h5 >/dev/null
  "$shoal" predict "$1" --data "$2" --split train --out p.csv >/dev/null
  python3 - "$2" <<'PYTHON'
import csv, sys
import h5py
import numpy as np

with h5py.File(sys.argv[1]) as data, h5py.File("p.h5") as p:
    labels = p["labels"][:]
    print(repr(float(np.mean(labels == data["train/y"][:]))))
with open("p.csv", newline="") as rows:
    assert [int(row["label"]) for row in csv.DictReader(rows)] == list(labels)
PYTHON
}
accuracy() {
  "$shoal" evaluate "$1" --data "$2" --split train --json |
    python3 -c 'import json, sys; print(repr(json.load(sys.stdin)["accuracy"]))'
}

# evaluate and predict judge a row alike: several probabilities of 1, and a half on both sides of it.
python3 - <<'PYTHON'
import h5py
import numpy as np

draw = np.random.default_rng(1)
y = np.arange(300) % 5
x = 1e4 * (draw.normal(size=(5, 3))[y] + draw.normal(size=(300, 3)))
with h5py.File("far.h5", "w") as f:
    f["train/x"], f["train/y"] = x.astype("f4"), y
with h5py.File("near.h5", "w") as f:
    f["train/x"], f["train/y"] = np.where(y % 2, 1e-12, -1e-12)[:, None], y % 2
PYTHON
train() { "$shoal" train --set data.normalize=none --set model.loss=sigmoid --set train.steps=20 "$@" 2>/dev/null; }
touch empty.toml
train empty.toml --set data.file=far.h5 --run far
train empty.toml --set data.file=near.h5 --run near
equal 'accuracy of five sigmoids' "$(accuracy_of_labels far far.h5)" "$(accuracy far far.h5)"
for file in near/checkpoints/step-00000000.h5 near; do
  equal "accuracy of one sigmoid, $file" "$(accuracy_of_labels $file near.h5)" "$(accuracy $file near.h5)"
done

# Names have room: 1,000 classes by strings of variable length, and by import; 6,000 columns.
python3 - <<'PYTHON'
import h5py
import numpy as np

names = ["%03d %s" % (k, "long" * 30) for k in range(1000)]
with h5py.File("named.h5", "w") as f:
    f["train/x"], f["train/y"] = np.arange(2000, dtype="f4")[:, None], np.arange(2000) % 1000
    f.attrs["class_names"] = names
with open("named.csv", "w") as rows:
    rows.write("a,y\n" + "".join("%d.5,%s\n" % (i, names[i % 1000]) for i in range(2000)))
columns = ["gene %d %s" % (c, "x" * 20) for c in range(6000)]
with open("wide.csv", "w") as rows:
    rows.write(",".join(columns) + ",y\n" + ",".join(map(str, range(6000))) + ",0\n")
with open("turned.csv", "w") as rows:
    rows.write(",".join(reversed(columns)) + "\n" + ",".join(map(str, reversed(range(6000)))) + "\n")
PYTHON
"$shoal" import csv named.csv --label y -o imported.h5 >/dev/null 2>&1
for data in named imported; do
  "$shoal" train empty.toml --set data.file=$data.h5 --set train.epochs=1 --run $data 2>/dev/null
  "$shoal" evaluate $data --data $data.h5 --split train >/dev/null
  "$shoal" predict $data --data $data.h5 --split train --out $data-p.h5 >/dev/null
  "$shoal" predict $data --data $data.h5 --split train --out $data-p.csv >/dev/null
  head -1 $data-p.csv | grep -q ',p_999 longlong' || fail "$data: no name of the last class in the predictions"
  "$shoal" inspect $data --json | grep -q '"999 longlong' || fail "$data: no name of the last class in the checkpoint"
  "$shoal" train --resume $data --set train.epochs=2 2>/dev/null
done
"$shoal" import csv wide.csv --label y -o wide.h5 >/dev/null
"$shoal" import csv turned.csv --like wide.h5 -o turned.h5 >/dev/null
python3 - <<'PYTHON'
import h5py

with h5py.File("imported-p.h5") as p:
    names = p["class_names"][:].tobytes().split(b"\0")
    assert len(names) == 1001 and names[999].startswith(b"999 long") and names[1000] == b"", names[-2:]
with h5py.File("wide.h5") as wide, h5py.File("turned.h5") as turned:
    assert (wide["train/x"][:] == turned["train/x"][:]).all()
PYTHON

# A data set that contradicts itself is refused by whoever opens it.
python3 - <<'PYTHON'
import h5py
import numpy as np

def make(name, y, x=np.ones((4, 6), "f4"), test=None, **attributes):
    with h5py.File(name + ".h5", "w") as f:
        f["train/x"], f["train/y"] = x, y
        if test is not None:
            f["test/x"] = test
        for key, value in attributes.items():
            f.attrs[key] = value

floats = np.zeros((4, 3), "f4")
labels = np.arange(4)
make("classes", floats, classes=5)
make("names", labels, class_names=["a", "b", "a", "c"])
make("shape", labels, shape=[2, 3])
make("columns", labels, columns=["a", "b"])
make("types", labels, test=np.ones((2, 6), "u1"))
make("fits", floats, classes=3, class_names=["a", "b", "c"], shape=[6], columns=list("abcdef"))
make("binary", np.zeros(4, "f4"), classes=2, class_names=["no", "yes"])
PYTHON
for case in 'classes: attribute classes is 5, and y holds 3 floats' 'names: classes 0 and 2 are both called "a"' \
  'shape: attribute shape is (2, 3), and rows of x have shape (6)' 'columns: columns holds 2 names for 6 features' \
  'types: test/x is uint8 and train/x float32'; do
  data=${case%%:*}.h5 words=${case#*: }
  refused 65 "$words" "$shoal" train empty.toml --set data.file="$data" --run refused
  [ ! -e refused ] || fail "a run on $data"
  refused 65 "$words" "$shoal" inspect "$data"
done
for data in fits binary; do
  train empty.toml --set data.file=$data.h5 --run $data
  "$shoal" evaluate $data --data $data.h5 --split train >/dev/null
  "$shoal" train --resume $data --set train.steps=30 2>/dev/null
done

# unit: by what was learnt, whether or not import kept bytes; images by 255.
printf 'a,b,c,d,y\n0,1,0,1,0\n1,1,0,0,1\n0,0,1,1,0\n1,0,1,1,1\n' >bits.csv
sed '2s/0,1,0,1/0,300,0,1/' bits.csv >large.csv
divisors() {
  "$shoal" train empty.toml --set data.file="$1.h5" --set data.normalize=unit --set train.epochs=1 --run "$1" 2>/dev/null
  python3 - "$1" <<'PYTHON'
import sys
import h5py
with h5py.File(sys.argv[1] + "/checkpoints/latest") as f:
    print(*f["normalization/deviation"][:].astype(int))
PYTHON
}
"$shoal" import csv bits.csv --label y -o bits.h5 >/dev/null
"$shoal" import csv large.csv --label y -o large.h5 >/dev/null
"$shoal" import csv bits.csv --label y --shape 2,2 -o pixels.h5 >/dev/null
equal 'what bits are divided by' "$(divisors bits)" '1 1 1 1'
equal 'what bits and a large number are divided by' "$(divisors large)" '1 300 1 1'
equal 'what images are divided by' "$(divisors pixels)" '255 255 255 255'
refused 64 '--shape 3,2 has another number of values than the 4 feature columns' \
  "$shoal" import csv bits.csv --label y --shape 3,2 -o no.h5
refused 64 '--shape is "2x2"; it must be whole numbers' "$shoal" import csv bits.csv --label y --shape 2x2 -o no.h5

# Counts that are too large, alone or together
most=9223372036854775807
refused 64 '--classes is 2000000; it must be at most 1048576' \
  "$shoal" synth gaussians --samples 10 --features 2 --classes 2000000 -o no.h5
for kind in gaussians spirals; do
  refused 64 "--features is $most; it must be at most 67108864" \
    "$shoal" synth $kind --samples 10 --features $most --classes 2 -o no.h5
done
refused 64 "--samples is $most; it must be at most" \
  "$shoal" synth gaussians --samples $most --features 2 --classes 2 -o no.h5
"$shoal" synth gaussians --samples 2 --features 1000 --classes 1000000 -o few.h5 >/dev/null
refused 64 "$most rows to test and 1 to validate leave none of 4 to train" \
  "$shoal" import csv bits.csv --label y --test-last $most --validation-fraction 0.25 -o no.h5

# Labels and names that can be read in two ways
printf 'a,y\n1,17\n2,NA\n3,18\n' >missing.csv
refused 65 'missing.csv:3: label "NA" is no number, but "17" at missing.csv:2 is' \
  "$shoal" import csv missing.csv --label y -o no.h5
"$shoal" import csv missing.csv --label y --classes -o texts.h5 | grep -q 'y 3 classes' || fail 'no classes by --classes'
printf 'a,y\n1,111000\n2,452000\n3,112000\n4,111000\n' >codes.csv
"$shoal" import csv codes.csv --label y -o codes.h5 >/dev/null
equal 'classes of codes' "$("$shoal" inspect codes.h5 | awk '$1 == "classes"')" 'classes   3: 111000, 112000, 452000'
printf 'a,b,a,y\n1,2,3,0\n' >twice.csv
refused 65 'twice.csv:1: columns 0 and 2 are both called "a"' "$shoal" import csv twice.csv --label y -o no.h5
python3 - <<'PYTHON'
import h5py, shutil

shutil.copy("fits.h5", "twice.h5")
with h5py.File("twice.h5", "a") as f:
    f.attrs["columns"] = list("abcdea")
PYTHON
printf 'a,b,c,d,e,f\n1,2,3,4,5,6\n' >once.csv
refused 65 'twice.h5: columns 0 and 5 are both called "a"' "$shoal" import csv once.csv --like twice.h5 -o no.h5
printf 'a,y\n1,x\0one\n2,x\0two\n' >zero.csv
refused 65 'zero.csv:2: a byte 0' "$shoal" import csv zero.csv --label y -o no.h5
printf '\xef\xbe\xb1,y\n1,0\n2,1\n' >kana.csv  # a name that begins as a byte order mark does
"$shoal" import csv kana.csv --label y -o kana.h5 >/dev/null
python3 -c 'import h5py; names = h5py.File("kana.h5").attrs["columns"]; assert list(names) == [b"\xef\xbe\xb1"], names'
[ ! -e no.h5 ] || fail 'a file of what was refused'

# Tables as people have them: what went silently wrong once
python3 - <<'PYTHON'
import gzip, random

random.seed(1)
rows = [(20180128 + i % 2, i % 7, "abc"[i % 3], "yes" if i % 2 else "no") for i in range(60)]
with open("days.csv", "w") as f:
    f.write("day,n,kind,y\n" + "".join("%d,%d,%s,%s\n" % row for row in rows))
with open("days-turned.csv", "w") as f:
    f.write("y;kind;n;more;day\n" + "".join("%s;%s;%d;1,5;%d\n" % (y, k, n, d) for d, n, k, y in rows))
with open("pandas.csv", "w") as f:
    f.write("0,1,2,3\n" + "".join("%d.5,%d,%d,%d\n" % (i, i % 3, i, i % 2) for i in range(20)))
with open("targets.csv", "w") as f:
    f.write("a,y\n" + "".join("%d,%s\n" % (i, "NA" if i == 77 else "%.3f" % random.random()) for i in range(200)))
PYTHON
"$shoal" import csv days.csv --label y -o days.h5 --columns-out days.toml >days.txt
awk 'BEGIN { print "id,few,one,many,y"; for (i = 0; i < 1200; ++i) printf "r%d,%g,7,%d.5,%d\n", i % 900, i % 3 - 0.5, i, i % 2 }' >kinds.csv
"$shoal" import csv kinds.csv --label y --id id -o kinds.h5 >kinds.txt 2>&1
for line in '^id *id *0 *900 texts' '^few *feature *number *0 *3 values, -0.5 to 1.5 ' '^one .* 0 *1 value, 7 ' \
  '^many .* 0 *more than 1000 values, 0.5 to 1199.5 '; do
  grep -q "$line" kinds.txt || fail "different values of kinds.csv: $(cat kinds.txt)"
done
grep -q '^day *feature *number *0 *2 values, 20180128 to 20180129' days.txt || fail "what was understood of days.csv: $(cat days.txt)"
grep -q '^kind *feature *category *0 *3 texts: a, b, c' days.txt || fail "what was understood of days.csv: $(cat days.txt)"
"$shoal" import csv days.csv --columns days.toml -o again.h5 >again.txt
equal 'content by the file of columns' "$(grep content again.txt)" "$(grep content days.txt)"
gzip -c days.csv | "$shoal" import csv - --label y -o piped.h5 >piped.txt
equal 'content from standard input' "$(grep content piped.txt)" "$(grep content days.txt)"
"$shoal" import csv days-turned.csv --label y --like days.h5 -o turned2.h5 >/dev/null
python3 - <<'PYTHON'
import h5py, numpy as np

with h5py.File("days.h5") as days, h5py.File("turned2.h5") as turned:
    assert np.array_equal(np.unique(days["train/x"][:, 0]), [20180128, 20180129])
    assert np.array_equal(days["train/x"][:], turned["train/x"][:])
PYTHON
sed -i 's/role = "feature"/role = "featur"/' days.toml
refused 64 'days.toml: column "day": role is "featur"; use one of feature' \
  "$shoal" import csv days.csv --columns days.toml -o no.h5
echo 'column = [' >broken.toml
refused 64 'broken.toml:1' "$shoal" import csv days.csv --columns broken.toml -o no.h5

# What would be two things at once: texts as one of several labels, two columns of one role, points and commas as decimal
# marks, a date that is none, the weights that a file lacks, two files of one name.
printf 'c,k,a\nred,A,1\nblue,B,2\ngreen,A,3\nred,B,4\n' >many.csv
refused 65 'label "c" holds texts, and several labels are numbers' "$shoal" import csv many.csv --label c,k --classes -o no.h5
printf '[[column]]\nname = "a"\nrole = "weight"\n[[column]]\nname = "b"\nrole = "weight"\n[[column]]\nname = "y"\nrole = "label"\n' >two.toml
printf 'a,b,c,y\n1,2,3,0\n2,3,4,1\n3,4,5,0\n' >two.csv
refused 64 'columns "a" and "b" have one role' "$shoal" import csv two.csv --columns two.toml -o no.h5
printf 'a;b;y\n1.949;7,5;0\n500;7,7;1\n3.030;7,5;1\n' >marks.csv
refused 65 '"1.949" has a decimal point and "7,5" a decimal comma' "$shoal" import csv marks.csv --label y -o no.h5
awk 'BEGIN { print "day,y"; for (i = 0; i < 400; ++i) printf "%s,%d\n", i == 300 ? "unknown" : sprintf("2018-%02d-%02d", 1 + i % 12, 1 + i % 28), i % 2 }' >odd.csv
refused 65 'unknown' "$shoal" import csv odd.csv --label y -o no.h5
"$shoal" import csv two.csv --label y --weight a -o weighted.h5 >/dev/null
printf 'a,b,y\n1,2,0\n-1,3,1\n' >below.csv
refused 65 'below.csv:3: column "a" is "-1", below 0; correct it, or remove the row' "$shoal" import csv below.csv --label y --weight a -o no.h5
cut -d, -f2- two.csv >light.csv
"$shoal" train --set data.file=weighted.h5 --set data.batch_size=2 --set train.epochs=1 --run weighted 2>/dev/null
"$shoal" evaluate weighted --data light.csv >/dev/null 2>light.txt
grep -q 'no column "a" of weights, as in training: rows count alike' light.txt || fail "weights that lack: $(cat light.txt)"
refused 64 same.h5 "$shoal" import csv two.csv --label y --columns-out same.h5 -o same.h5
[ ! -e no.h5 ] && [ ! -e same.h5 ] || fail 'an error left a file'
refused 64 'days.csv is no earlier file of columns' "$shoal" import csv days-turned.csv --label y --columns-out days.csv -o no.h5
refused 64 '--label yy: no such column in days.csv; did you mean "y"' "$shoal" import csv days.csv --label yy -o no.h5
refused 65 'targets.csv:79: label "NA" is no number' "$shoal" import csv targets.csv --label y -o no.h5
"$shoal" import csv targets.csv --label y --drop-unlabelled -o targets.h5 >targets.txt
grep -q '200, of which 1 has no label' targets.txt || fail "rows left out: $(cat targets.txt)"
grep -q 'y 1 output' targets.txt || fail "targets with a gap: $(cat targets.txt)"
"$shoal" import csv pandas.csv --label 3 -o pandas.h5 >pandas.txt
grep -q '^train *20$' pandas.txt || fail "a header of numbers: $(cat pandas.txt)"
refused 65 'days.csv:2: column "n" says the split "0"; use one of train' "$shoal" import csv days.csv --label y --split n -o no.h5

# Names of classes that a config weighs are looked at before anything starts.
"$shoal" import csv two.csv --label y -o of-columns.h5 >/dev/null
refused 64 'train.class_weights names the class "yes"; the classes are 0, 1' \
  "$shoal" train --set data.file=of-columns.h5 --set 'train.class_weights={yes=2}' --dry-run
"$shoal" train --set data.file=of-columns.h5 --set 'train.class_weights={0=0.0}' --run without-one >/dev/null
refused 64 'train.class_weights gives 0 to all 2 classes; raise one' \
  "$shoal" train --set data.file=of-columns.h5 --set 'train.class_weights={0=0.0,1=0.0}' --dry-run

# An epoch whose rows all have the weight 0 has no loss; the sweep judges by others, and ends.
{
  echo 'a,b,w,y,part'
  for i in $(seq 40); do echo "$i,$((i * 7 % 11)),$((i > 38)),$((i % 2)),train"; done
  for i in $(seq 12); do echo "$i,$((i * 5 % 11)),1,$((i % 2)),validation"; done
} >light-epochs.csv
"$shoal" import csv light-epochs.csv --label y --weight w --split part -o light-epochs.h5 >/dev/null
printf '[data]\nfile = "light-epochs.h5"\nbatch_size = 2\n[train]\nsteps = 1\n[sweep]\ntrials = 4\n%s\n%s\n' \
  '[sweep.space]' '"optimizer.learning_rate" = {scale = "log", min = 1e-3, max = 1e-1}' >light-epochs.toml
"$shoal" sweep light-epochs.toml --run light-epochs 2>error.txt || fail "a sweep of epochs without weight: $(cat error.txt)"
equal "trials of epochs without weight" "$(grep -c ',done,' light-epochs/sweep.csv)" 4

# Parameters of another model belong to its columns: equal ones with and without a table, and no others.
sed '1s/a,b/a,d/' two.csv >other-names.csv
"$shoal" import csv other-names.csv --label y -o other-names.h5 >/dev/null
python3 - <<'PYTHON'
import h5py

with h5py.File("of-columns.h5") as table:
    for name, order in (("bare.h5", [0, 1, 2]), ("turned.h5", [1, 0, 2])):
        with h5py.File(name, "w") as f:
            f["train/x"], f["train/y"] = table["train/x"][:][:, order].astype("f4"), table["train/y"][:]
            f.attrs["columns"] = [b"abc"[i:i + 1] for i in order]
PYTHON
start() { "$shoal" train --set data.file="$1" --set data.batch_size=2 --set train.epochs=1 --run "$2" "${@:3}" 2>error.txt; }
start of-columns.h5 of-table
start bare.h5 of-numbers
start bare.h5 warm1 --init-from of-table || fail "a start by numbers from a table: $(cat error.txt)"
start of-columns.h5 warm2 --init-from of-numbers || fail "a start by a table from numbers: $(cat error.txt)"
no_start() { # WORDS DATA FROM
  local status=0
  "$shoal" train --set data.file="$2" --set data.batch_size=2 --run no --init-from "$3" 2>error.txt || status=$?
  equal "status of a start from $3: $(cat error.txt)" $status 65
  grep -qF -- "$1" error.txt || fail "a start from $3: $(cat error.txt)"
}
no_start 'the first that differs is "b"' turned.h5 of-table
no_start 'the first that differs is "b"' turned.h5 of-numbers
no_start 'encodes "d" otherwise' other-names.h5 of-table

# A start whose classes have other names goes on, and says so.
sed 's/,1$/,yes/; s/,0$/,no/' two.csv >worded.csv
"$shoal" import csv worded.csv --label y -o worded.h5 >/dev/null
start worded.h5 warm3 --init-from of-table || fail "a start of other classes: $(cat error.txt)"
grep -qF 'warning: class 0 is "no" here and "0" in ' error.txt || fail "other classes are not said: $(cat error.txt)"
start of-columns.h5 warm4 --init-from of-table && ! grep -q 'warning: class' error.txt || fail "equal classes: $(cat error.txt)"

# The same parameters mean something else behind another activation or normalisation.
start of-columns.h5 deep --set model.hidden=[4]
start of-columns.h5 warm5 --init-from deep --set model.hidden=[4] --set model.activation=tanh --set data.normalize=none
grep -qF 'learnt with another data.normalize (here "none", there "standard"), model.activation (here "tanh", there "relu")' error.txt ||
  fail "another meaning is not said: $(cat error.txt)"
! grep -q 'may mean something else' <(start of-columns.h5 warm6 --init-from deep --set model.hidden=[4] --set model.dropout=0.1; cat error.txt) ||
  fail "dropout changes no meaning: $(cat error.txt)"

# Rows on another scale move what the model begins as.
awk 'BEGIN { print "a,y"; for (i = 0; i < 20; ++i) printf "%d,%d\n", i, i % 2 }' >whole.csv
awk -F, 'NR == 1 || $1 < 6' whole.csv >part.csv
for name in whole part; do "$shoal" import csv $name.csv --label y -o $name.h5 >/dev/null; done
start whole.h5 of-whole
start part.h5 warm12 --init-from of-whole || fail "a start on a part of the rows: $(cat error.txt)"
grep -qF 'warning: feature "a" is 2.5 +- 1.708 in the rows to train on here and 9.5 +- 5.766 in those of ' error.txt ||
  fail "another scale is not said: $(cat error.txt)"
start whole.h5 warm13 --init-from of-whole && ! grep -q "warning: feature" error.txt || fail "the same rows: $(cat error.txt)"

# So do outputs of targets in another order, and those of another loss.
printf 'a,p,q\n1,10,0.5\n2,20,0.25\n3,15,0.75\n' >pair.csv
"$shoal" import csv pair.csv --label p,q -o pq.h5 >/dev/null
awk -F, -v OFS=, '{ print $1, $3, $2 }' pair.csv >turned-pair.csv
"$shoal" import csv turned-pair.csv --label p,q -o qp.h5 >/dev/null
start pq.h5 pq
start qp.h5 warm7 --init-from pq || fail "a start of other targets: $(cat error.txt)"
grep -qF 'warning: target 0 is "q" here and "p" in ' error.txt || fail "other targets are not said: $(cat error.txt)"
start pq.h5 warm8 --init-from pq --set data.normalize_targets=none || fail "a start of unscaled targets: $(cat error.txt)"
grep -qF 'another scale of targets (here as they are, there standardised)' error.txt || fail "scaling is not said: $(cat error.txt)"
start pq.h5 warm9 --init-from pq --set model.loss=mse --set data.normalize_targets=standard && ! grep -q "warning: target" error.txt || fail "the same targets: $(cat error.txt)"

# A quantile loss has an output for each level: a start from another loss is refused by that, not by shapes.
sed 's/,[^,]*$//' pair.csv >single.csv
"$shoal" import csv single.csv --label p --regression -o single.h5 >/dev/null
start single.h5 squares
levels='model.loss={name="quantile",levels=[0.1,0.9]}'
if start single.h5 warm10 --init-from squares --set "$levels"; then fail "a start of other outputs"; fi
grep -qF 'was trained by the loss mse, of 1 output, and the loss here is quantile, of 2 outputs' error.txt || fail "other outputs: $(cat error.txt)"
start single.h5 levels --set "$levels"
if start single.h5 warm11 --init-from levels; then fail "a start of fewer outputs"; fi
grep -qF 'was trained by the loss quantile, of 2 outputs, and the loss here is mse, of 1 output:' error.txt || fail "fewer outputs: $(cat error.txt)"
"$shoal" evaluate levels --data single.h5 --split train >evaluated.txt
grep -qF 'those of the level 0.1, for none is 0.5' evaluated.txt || fail "levels without a median: $(cat evaluated.txt)"
start single.h5 tie --set 'model.loss={name="quantile",levels=[0.05,0.95]}'
"$shoal" evaluate tie --data single.h5 --split train >evaluated.txt
grep -qF 'those of the level 0.05, for none is 0.5' evaluated.txt || fail "two levels as near 0.5: $(cat evaluated.txt)"
"$shoal" predict levels --data single.h5 --split train --out - | head -1 >heading.txt
equal "a column for each level" "$(cat heading.txt)" p_q0.1,p_q0.9

# Whoever reads the output may have seen enough.
python3 - "$shoal" of-columns.h5 <<'PYTHON'
import os, subprocess, sys

ends = os.pipe()
os.close(ends[0])
done = subprocess.run([sys.argv[1], "inspect", sys.argv[2]], stdout=ends[1], stderr=subprocess.PIPE, text=True)
assert (done.returncode, done.stderr) == (141, ""), done
PYTHON

# inspect shows what import understood, and what targets were scaled by.
"$shoal" inspect of-columns.h5 >inspect.txt
grep -q 'What shoal import understood' inspect.txt && grep -q '^name = "b"' inspect.txt || fail "inspect: $(cat inspect.txt)"
"$shoal" inspect of-columns.h5 --json | python3 -c 'import json, sys; assert "role = \"label\"" in json.load(sys.stdin)["understood"]'
printf 'a,price\n1,$100\n2,$300\n3,$200\n' >prices.csv
"$shoal" import csv prices.csv --label price -o prices.h5 >/dev/null
start prices.h5 prices
"$shoal" inspect prices | grep -q '^price *200 *81.6497$' || fail "target scaling: $("$shoal" inspect prices)"
"$shoal" inspect prices --json | python3 -c 'import json, sys; assert json.load(sys.stdin)["targets"][0]["mean"] == 200'

"$shoal" export onnx prices -o prices.txt | grep -q 'prices.txt written, as ONNX, though the name does not end in .onnx:' ||
  fail "an odd name of ONNX is not said"

# One class: every model is right, which is no success.
printf 'a,b,y\n1,2,x\n2,1,x\n3,5,x\n' >oneclass.csv
"$shoal" import csv oneclass.csv --label y -o oneclass.h5 >/dev/null
start oneclass.h5 oneclass
grep -qF 'warning: the data has one class, x: there is nothing to tell apart' error.txt || fail "one class is not said: $(cat error.txt)"
grep -qF 'no hidden layers: a linear model, trained for' error.txt || fail "a linear model is not said: $(cat error.txt)"
"$shoal" cv --set data.file=oneclass.h5 --set sweep.folds=3 --set train.epochs=1 --run oneclass-cv >/dev/null 2>error.txt
[ "$(grep -c 'the data has one class, x' error.txt)" = 1 ] || fail "one class is said for each fold: $(cat error.txt)"
printf 'a,b,y\n1,2,x\n1,1,y\n1,5,x\n1,3,y\n1,3,x\n2,5,y\n' >once.csv
"$shoal" import csv once.csv --label y -o once.h5 >/dev/null
"$shoal" cv --set data.file=once.h5 --set sweep.folds=3 --set train.epochs=1 --run once-cv >/dev/null 2>error.txt
grep -qE '^shoal: in fold [123]: all rows to train on have one value in a$' error.txt ||
  fail "a column that is constant in one fold: $(cat error.txt)"
printf 'a,b,u,v\n1,2,5,0.1\n2,1,6,0.1\n3,5,7,0.1\n' >constant.csv
"$shoal" import csv constant.csv --label u,v --regression -o constant.h5 >/dev/null
start constant.h5 constant
grep -qF 'warning: all rows to train on have one target in v: there is nothing to learn about it' error.txt ||
  fail "a constant target is not said: $(cat error.txt)"
"$shoal" sweep --set data.file=constant.h5 --set data.validation=0.4 --set sweep.trials=1 --set train.epochs=1 \
  --set 'sweep.space."optimizer.l2"={min=0.0,max=0.1}' --run constant-sweep >/dev/null 2>error.txt
[ "$(grep -c 'all rows to train on have one target in v' error.txt)" = 1 ] ||
  fail "a constant target is not said by a sweep: $(cat error.txt)"
# One row beside which all others look alike.
{ echo a,t,u,v; for i in $(seq 40); do echo "$i,$((i % 7)).5,$((i * i)),$((i == 9))"; done; echo 41,1e8,3,0; } >far-target.csv
"$shoal" import csv far-target.csv --label t,u,v --regression -o far-target.h5 >/dev/null
start far-target.h5 far-target
grep -qF 'warning: the target t in row 40 of split "train" is 100000000, and makes 98 % of the variance of all 41: what' error.txt ||
  fail "a far target is not said: $(cat error.txt)"
[ "$(grep -c 'the target' error.txt)" = 1 ] || fail "said of usual targets: $(cat error.txt)"
