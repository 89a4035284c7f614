#!/usr/bin/env bash
# A run at np 3, nudged from another process, killed between a nudge and its step, and resumed, must be repeated by
# --replay at other numbers of ranks to the same digest. What is wrong with a nudge is said to the one who typed it.
#   nudge_replay.sh SHOAL [--count N]
shoal=$(realpath "$1")
shift
. "$(dirname "$0")/common.sh"
count=1
while [ $# -gt 0 ]; do
  case $1 in
    --count) count=$2; shift 2 ;;
    *) fail "unknown option $1" ;;
  esac
done

cd "$work"
"$shoal" synth spirals --samples 3000 --features 8 --classes 3 --seed 1 --validation-fraction 0.2 -o data.h5 >/dev/null
cat >net.toml <<'TOML'
[data]
file = "data.h5"
batch_size = 128
[parallel]
leaves = 4
[model]
hidden = [192, 192]
batch_norm = true
[schedule]
name = "inverse_time"
decay = 0.01
[train]
steps = 1000000
[checkpoint]
every_epochs = 10
TOML

refused() { # status, words, then arguments of shoal nudge
  local expected=$1 words=$2 status=0
  shift 2
  "$shoal" nudge "$@" >out 2>err || status=$?
  [ "$status" = "$expected" ] || fail "nudge $*: status $status, expected $expected: $(cat err)"
  [ "$(wc -l <err)" = 1 ] && grep -q "$words" err || fail "nudge $*: $(cat err)"
}
started() { # waits until a run writes metrics
  for ((i = 0; i < 300; ++i)); do
    [ -s "$1/metrics.jsonl" ] && return
    sleep 0.1
  done
  fail "$1 does not start: $(cat log)"
}
step_of() { sed -n 's/.* from step \([0-9]*\) on$/\1/p' "$1" | tail -n 1; }

refused 66 "there is no run in missing" missing optimizer.l2=1
for ((n = 1; n <= count; ++n)); do
  run=run-$n
  train 3 1 net.toml --run "$run" 2>log &
  job=$!
  started "$run"
  "$shoal" nudge "$run" optimizer.learning_rate=3e-4 model.dropout=0.2 >said || fail "the first nudge"
  first=$(step_of said)
  [ "$(grep -c "\"step\":$first," "$run/nudges.jsonl")" = 2 ] || fail "the nudge is not in its file: $(cat said)"
  [ -e "$run/checkpoints/$(printf 'step-%08d.h5' $((first - 1)))" ] || fail "no checkpoint before step $first"
  "$shoal" nudge "$run" optimizer.l2=1e-4 --at-step $((first + 6000)) >/dev/null || fail "the pending nudge"
  "$shoal" nudge "$run" train.steps=$((first + 6100)) >/dev/null || fail "the nudge of the end"
  refused 64 'did you mean "optimizer.l2"' "$run" optimizer.l3=1
  refused 64 'use a number from 1.2e-38 to 3.4e+38' "$run" optimizer.learning_rate=0
  refused 64 'cannot change while a run is under way' "$run" data.batch_size=64
  refused 64 'but the run has done' "$run" optimizer.l2=1 --at-step 1
  refused 64 'but the run ends with step' "$run" optimizer.l2=1 --at-step 2000000
  "$shoal" watch "$run" --once >frame || fail "watch"
  grep -q "$run  under way  step" frame && grep -q "validation (marks)" frame || fail "watch shows $(cat frame)"
  # All ranks die before the pending one acts, if the machine is not too fast; then it acts all the same.
  # shellcheck disable=SC2046  # one word each
  if launcher=$(pgrep -P $job); then kill -9 $(pgrep -P "$launcher" || true) "$launcher" 2>/dev/null || true; fi
  wait $job 2>/dev/null || true
  echo "run $n: killed after step $(tail -n 1 "$run/metrics.jsonl" | sed 's/{"step":\([0-9]*\),.*/\1/') with nudges at $first and $((first + 6000))"
  train 2 1 net.toml --run "$run" --resume auto 2>log || fail "resume: $(cat log)"
  [ "$(wc -l <"$run/nudges.jsonl")" = 4 ] || fail "nudges: $(cat "$run/nudges.jsonl")"
  expected=$(digest_of "$run")
  for ranks in 2 1; do
    train $ranks 1 --replay "$run" --run "$run-at-$ranks" 2>log || fail "replay at np $ranks: $(cat log)"
    digest=$(digest_of "$run-at-$ranks")
    [ -n "$digest" ] && [ "$digest" = "$expected" ] || fail "run $n: np $ranks has $digest, expected $expected"
  done
  echo "run $n: $expected, replayed at np 2 and 1"
  refused 64 'it is finished or was stopped, after step' "$run" optimizer.l2=1
  "$shoal" watch "$run" | grep -q "  ended  step $((first + 6100)) of" || fail "watch of a run that has ended"
done
echo "$count of $count equal"
