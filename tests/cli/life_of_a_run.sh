#!/usr/bin/env bash
# Where runs begin, go on and end: which folder, which line of history, which checkpoint is the best; and that nothing of
# it is lost or changed without a word.
#   life_of_a_run.sh SHOAL SCRATCH_FOLDER [CASE...]
set -uo pipefail
shoal=$(realpath "$1")
scratch=$2
shift 2

failures=0
fail() { echo "life_of_a_run: $case: $*" >&2; failures=$((failures + 1)); }
equal() { [ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""; }
says() { grep -q -- "$1" log.txt || fail "nothing says \"$1\": $(cat log.txt)"; }
# ends STATUS ARGUMENT...: shoal with these, its lines in log.txt
ends() {
  local wanted=$1 status=0
  shift
  "$shoal" "$@" >log.txt 2>&1 || status=$?
  [ "$status" = "$wanted" ] || fail "shoal $*: status $status, not $wanted: $(cat log.txt)"
}
steps() { ls "$1/checkpoints" | sed -n 's/^step-0*\([0-9]\+\)\.h5$/\1/p' | paste -sd' '; }
best() { readlink "$1/checkpoints/best"; }
digest() { "$shoal" inspect "$1" | awk '$1 == "digest" { print $2 }'; }

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 1
"$shoal" synth spirals --samples 500 --features 4 --classes 3 --seed 3 --validation-fraction 0.2 -o data.h5 >/dev/null
cat >base.toml <<'TOML'
[data]
file = "data.h5"
batch_size = 100
[model]
hidden = [8]
[optimizer]
learning_rate = 1e-2
[train]
epochs = 4
TOML

config_alone() {  # a config.toml is no run, and the user's stays as it is
  mkdir exp
  { echo '# mine'; cat base.toml; } | sed 's/data.h5/..\/data.h5/' >exp/config.toml
  cp exp/config.toml before.toml
  ends 73 train exp/config.toml --run exp
  grep -q 'resume' log.txt && fail "advises to resume what is no run: $(cat log.txt)"
  ends 73 train exp/config.toml --run exp --resume auto
  says 'name another folder with --run'
  ends 66 train --resume exp
  ends 73 sweep exp/config.toml --run exp --set sweep.trials=1 --set 'sweep.space={"optimizer.beta1" = {choices = [0.8]}}'
  cmp -s exp/config.toml before.toml || fail 'the config was replaced'
  equal 'files' "$(ls exp)" config.toml
}

branch_has_best() {  # also where no evaluation of the branch is as good as the best before it
  ends 0 train base.toml --run parent --set train.epochs=1
  ends 0 train --resume parent --set train.epochs=3 --set optimizer.learning_rate=30
  equal 'the best of the parent' "$(best parent)" step-00000004.h5
  ends 0 train --resume parent --rewind 12 --run branch --set train.epochs=5
  [ -e branch/checkpoints/best ] || fail "no best: $(ls branch/checkpoints)"
  # A branch from the best has it.
  ends 0 train --resume parent --rewind 4 --run of-best --set train.epochs=3 --set optimizer.learning_rate=30
  equal 'the best of a branch from the best' "$(best of-best)" step-00000004.h5
}

going_back() {
  ends 0 train base.toml --run run --set checkpoint.keep=9
  cp -r run kept
  # Diverges before its first checkpoint: nothing is lost.
  ends 76 train --resume run/checkpoints/step-00000004.h5 --set optimizer.learning_rate=1e30 --set optimizer.clip_norm=0
  says 'run goes back to step 4: its checkpoints of step 8, 12, 16, and metrics after step 4, go as soon as'
  says "run/checkpoints/step-00000004.h5'\\? --run NEW"
  equal 'checkpoints after a way back that diverged' "$(steps run)" "$(steps kept)"
  ends 0 train --run run --resume auto
  says 'is finished'
  # Killed right after the last checkpoint was written: links and digests are behind.
  cp -r run killed
  for link in latest best; do ln -sfn step-00000012.h5 killed/checkpoints/$link; done
  sed -i '$d' killed/digests.jsonl
  equal 'digest of a killed run' "$(digest killed)" "$(digest run)"
  ends 0 train --run killed --resume auto
  says 'is finished'
  equal 'latest of a killed run' "$(readlink killed/checkpoints/latest)" step-00000016.h5
  equal 'best of a killed run' "$(best killed)" "$(best run)"
  cmp -s killed/digests.jsonl run/digests.jsonl || fail "digests of a killed run: $(cat killed/digests.jsonl)"
  # A copy without its newest checkpoint is no run up to the one before.
  rm killed/checkpoints/step-00000016.h5
  ends 66 inspect killed
  says 'the latest checkpoint of killed is that of step 16 by its link, and that is not there'
  ends 0 train --run killed --resume auto
  says 'going on after step 12 of 16'
  equal 'digest after the lost checkpoint' "$(digest killed)" "$(digest run)"
  ends 0 train --run run --resume auto --set train.epochs=5
  equal 'lines of steps' "$(grep -c learning_rate run/metrics.jsonl)" 20
  head -n "$(wc -l <kept/metrics.jsonl)" run/metrics.jsonl | cmp -s - kept/metrics.jsonl || fail 'metrics are not the old ones'
  equal 'nudges' "$(grep -c 1e30 run/nudges.jsonl)" 0
  # Comes to a checkpoint: the old line is gone.
  ends 0 train --resume run/checkpoints/step-00000004.h5 --set train.epochs=2 --set optimizer.beta1=0.5
  equal 'checkpoints of the new line' "$(steps run)" '0 4 8'
  equal 'lines of the new line' "$(grep -c learning_rate run/metrics.jsonl)" 8
  [ -e run/checkpoints/best ] || fail 'no best'
  ls -d run/going-back-* >/dev/null 2>&1 && fail 'something of the way back is left'
}

renamed_classes() {
  ends 0 train base.toml --run named --set train.epochs=2
  cp data.h5 renamed.h5
  python3 -c 'import h5py; h5py.File("renamed.h5", "a").attrs["class_names"] = ["cat", "dog", "owl"]'
  ends 65 train --resume named --set train.epochs=3 --set data.file=renamed.h5
  says 'class 0 is "cat" in'
  local sweep=(--set sweep.trials=1 --set 'sweep.space={"optimizer.beta1" = {choices = [0.8]}}' --run sweep)
  ends 0 sweep base.toml "${sweep[@]}"
  ends 65 sweep base.toml "${sweep[@]}" --resume --set data.file=renamed.h5
  says 'are called \["cat","dog","owl"\], and were called'
}

rate_jumps() {
  ends 0 train base.toml --run cosine --set schedule.name=cosine
  ends 0 train --resume cosine --set train.epochs=8
  says 'the learning rate jumps from .* with step 17, for train.epochs = 8 (was 4)'
  ends 75 train base.toml --run timed --set schedule.name=cosine --set train.steps=100 --set train.max_seconds=1e-9
  ends 0 train --resume timed --set train.max_seconds=0 --set train.steps=2
  says 'the learning rate jumps from .* with step 2, for train.steps = 2 (was 100)'
  ends 0 train base.toml --run constant
  ends 0 train --resume constant --set train.epochs=5
  grep -q jumps log.txt && fail "nothing jumps: $(cat log.txt)"
}

names_at_once() {
  local jobs=() job
  for job in {1..8}; do
    "$shoal" train base.toml >"log-$job.txt" 2>&1 &
    jobs+=($!)
  done
  for job in {1..8}; do
    wait "${jobs[$((job - 1))]}" || fail "status $? of a run that may take the next name: $(cat "log-$job.txt")"
  done
  equal 'runs' "$(ls runs | paste -sd' ')" 'base base-2 base-3 base-4 base-5 base-6 base-7 base-8'
}

the_last_of_a_name() {
  ends 0 train base.toml
  ends 75 train base.toml --set train.max_seconds=1e-9
  ends 0 train base.toml --resume auto
  says 'runs/base-2 is the last run of that name'
  equal 'checkpoints of the last' "$(steps runs/base-2 | awk '{print $NF}')" 16
  equal 'digests' "$(digest runs/base-2)" "$(digest runs/base)"
}

cases=("$@")
[ $# -gt 0 ] || cases=(config_alone branch_has_best going_back renamed_classes rate_jumps names_at_once the_last_of_a_name)
for case in "${cases[@]}"; do
  rm -rf runs
  "$case"
done
[ "$failures" = 0 ] || exit 1
