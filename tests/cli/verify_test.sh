#!/usr/bin/env bash
# A run of 3 ranks that was nudged, stopped and resumed, verified on 1 and on 2; then with one bit of a checkpoint, and with a
# line of nudges.jsonl, that are not what they were.
#   verify_test.sh SHOAL FLIP_BIT FOLDER
shoal=$(realpath "$1")
flip_bit=$(realpath "$2")
folder=$3
. "$(dirname "$0")/../promise/common.sh"
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

"$shoal" synth spirals --samples 1600 --features 4 --classes 3 --seed 1 --validation-fraction 0.2 -o data.h5 >/dev/null
sets=(--set data.file=data.h5 --set data.batch_size=128 --set 'model.hidden=[32]' --set model.batch_norm=true
  --set model.dropout=0.1 --set optimizer.clip_norm=1 --set checkpoint.every_steps=3 --set checkpoint.keep=2)
train 3 1 "${sets[@]}" --set train.steps=8 --run run 2>log || fail "first part: $(cat log)"
# Nudges that act later, one of them behind a stop.
printf '{"step":12,"key":"optimizer.learning_rate","value":0.004}\n{"step":17,"key":"model.dropout","value":0.3}\n' \
  >>run/nudges.jsonl
train 3 1 --run run --resume auto --set train.steps=14 2>log || fail "second part: $(cat log)"
train 3 1 --run run --resume auto --set train.steps=21 2>log || fail "third part: $(cat log)"
[ "$(wc -l <run/digests.jsonl)" -ge 9 ] || fail "lines: $(cat run/digests.jsonl)"
[ "$(find run/checkpoints -name 'step-*' | wc -l)" -lt "$(wc -l <run/digests.jsonl)" ] || fail "nothing was pruned"

find run -type f -exec sha256sum {} + | sort >before
OMP_NUM_THREADS=2 "$shoal" verify run >table 2>log || fail "1 rank: $(cat log table)"
! grep -q differs table || fail "$(cat table)"
[ "$(grep -c ' same$' table)" = "$(wc -l <run/digests.jsonl)" ] || fail "not every line: $(cat table)"
OMP_NUM_THREADS=1 mpirun --bind-to none -np 2 "$shoal" verify run --all --json >table.json 2>log ||
  fail "2 ranks: $(cat log)"
python3 -c '
import json
told = json.load(open("table.json"))
assert told["same"] and told["chain"] == "whole"
lines = [json.loads(line) for line in open("run/digests.jsonl")]
assert [(s["to"], s["found"]) for s in told["stretches"]] == [(l["step"], l["digest"]) for l in lines]'
find run -type f -exec sha256sum {} + | sort | diff before - || fail "verify has written into the run"

step=$(find run/checkpoints -name 'step-*' | sort | sed -n 2p)  # the checkpoint before the first nudge
number=$((10#$(basename "$step" .h5 | tr -dc 0-9)))

# What nobody can train again is not called the same: the beginning of a branch whose parent is gone.
"$shoal" train --resume run --rewind "$number" --run branch --set "train.steps=$((number + 6))" 2>log ||
  fail "branch: $(cat log)"
"$shoal" verify branch --to $((number + 1)) >table 2>log || fail "branch: $(cat log table)"
mv run parent
rm -f "branch/checkpoints/$(basename "$step")"
status=0
"$shoal" verify branch --to $((number + 1)) --json >table.json 2>log || status=$?
mv parent run
[ "$status" = 66 ] || fail "without its parent: status $status: $(cat log table.json)"
[ "$(grep -c '^shoal: error' log)" = 1 ] || fail "without its parent: $(cat log)"
grep -q 'stretches of .*branch could not be verified, first that to step' log || fail "without its parent: $(cat log)"
python3 -c '
import json
told = json.load(open("table.json"))
assert told["same"] is None and told["stretches"][0]["verdict"] == "unknown", told'

differs() { # title, from, to, words of the error; the command is that of 1 rank
  local title=$1 from=$2 to=$3 status=0
  shift 3
  "$shoal" verify run >table 2>log || status=$?
  [ "$status" = 65 ] || fail "$title: status $status: $(cat log)"
  [ "$(grep -c '^shoal: error' log)" = 1 ] || fail "$title: $(cat log)"
  [ "$(awk '$4 == "differs" { print $1, $2; exit }' table)" = "$from $to" ] || fail "$title: $(cat table)"
  for words; do grep -q -- "$words" log || fail "$title: no \"$words\" in: $(cat log)"; done
}

before=$(awk -F'[:,]' -v n="$number" '$2 == n { print last } { last = $2 }' run/digests.jsonl)
cp "$step" kept.h5
"$flip_bit" "$step" parameters/01_dense/weight
"$shoal" inspect "$step" >/dev/null || fail "its hashes are not right again"
differs "a bit" "$before" "$number" "first in parameters/01_dense/weight"
cp kept.h5 "$step"

cp run/nudges.jsonl kept.jsonl
sed -i 's/0\.004/0.0040001/' run/nudges.jsonl
after=$(awk -F'[:,]' '$2 >= 12 { print $2; exit }' run/digests.jsonl)
before=$(awk -F'[:,]' '$2 < 12 { last = $2 } END { print last }' run/digests.jsonl)
differs "a nudge" "$before" "$after"
cp kept.jsonl run/nudges.jsonl

sed -i '2s/"digest":"./"digest":"x/' run/digests.jsonl
differs "a digest" "0" "$(awk -F'[:,]' 'NR == 2 { print $2 }' run/digests.jsonl)" "digests.jsonl:3: does not follow"

rm run/digests.jsonl
"$shoal" verify run --json >table.json 2>log || fail "without digests.jsonl: $(cat log)"
grep -q '"chain": "none"' table.json || fail "without digests.jsonl: $(cat table.json)"
grep -q 'warning: .* has no digests.jsonl' log || fail "without digests.jsonl: $(cat log)"
echo "verified"
