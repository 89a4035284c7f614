#!/usr/bin/env bash
# One table, whatever happens: a sweep on the digits at other numbers of ranks, with two ranks a trial, and killed with
# kill -9 three times at random (one rank, then twice all of them) and resumed at other numbers of ranks, has the results
# of a sweep that one rank made undisturbed: sweep.csv, sweep.jsonl, sweep.h5, best.h5 and best/, byte for byte.
#   table_test.sh SHOAL FOLDER [--search random|coarse_to_fine|population|bayesian|tpe] [--folds K] [--trials N] [--epochs N] [--count N] [--seed S]
# count: how many sweeps are killed. coarse_to_fine is tried with successive halving on top; of a population, whose members
# are a third of the trials, the winner is repeated as well. With folds the models of the winner's folds are compared, and
# best.h5 is the final fit.
# The rounds of bayesian and tpe are set, for by default a sweep takes them from its first job's ranks.
shoal=$(realpath "$1") folder=$2
shift 2
export OMPI_MCA_odls_base_sigkill_timeout=1  # mpirun waits this long when a rank has died
. "$(dirname "$0")/../promise/common.sh"
search=random folds=0 trials=24 epochs=60 count=1 seed=1
while [ $# -gt 0 ]; do
  case $1 in
    --search) search=$2 ;;
    --folds) folds=$2 ;;
    --trials) trials=$2 ;;
    --epochs) epochs=$2 ;;
    --count) count=$2 ;;
    --seed) seed=$2 ;;
    *) fail "unknown option $1" ;;
  esac
  shift 2
done
RANDOM=$seed
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

"$shoal" import csv "$here/data/digits.csv.gz" --label label -o digits.h5 >/dev/null
cat >sweep.toml <<TOML
[data]
file = "digits.h5"
normalize = "unit"
[model]
depth = 1
batch_norm = true
[train]
epochs = $epochs
[parallel]
leaves = $([ "$search" = population ] && echo 4 || echo 0)
[sweep]
$([ "$search" = population ] && echo "population = $((trials / 3))" || echo "trials = $trials
search = \"$search\"")
folds = $folds
$([ "$search" != coarse_to_fine ] || echo 'successive_halving = {eta = 2, min_epochs = 4}')
$([[ $search != bayesian && $search != tpe ]] || echo 'round = 4')
[sweep.space]
"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1.0}
"optimizer.beta1" = {scale = "one_minus_log", min = 0.9, max = 0.999}
"model.width" = {scale = "log", min = 16, max = 128}
"data.batch_size" = {choices = [64, 128]}
TOML

sweep() { # ranks, folder, further options
  local ranks=$1 run=$2
  shift 2
  OMP_NUM_THREADS=1 exec mpirun --bind-to none -np "$ranks" "$shoal" sweep sweep.toml --run "$run" "$@" >/dev/null 2>log
}
whole() { (sweep "$@") || fail "the sweep with $1 ranks in $2 ended with $?: $(cat log)"; }
results() { (cd "$1" && sha256sum sweep.csv sweep.jsonl sweep.h5 best*.h5 $(ls best/*.h5 2>/dev/null)); }
finished() { cat "$1"/journal*.jsonl 2>/dev/null | grep -c '}$' || true; }
same() { # folder, what happened
  [ "$(results "$1")" = "$expected" ] || fail "$2: other results than those of one rank undisturbed"
  [ "$(finished "$1")" = "$all" ] || fail "$2: $(finished "$1") trainings in the journals, $all were needed"
  echo "the same: $2"
}

whole 1 alone
expected=$(results alone)
all=$(finished alone)
for ranks in 2 3 4; do
  whole $ranks "np-$ranks"
  same "np-$ranks" "np $ranks"
done
whole 4 pairs --set sweep.ranks_per_trial=2
same pairs "np 4, two ranks a trial"

# Starts or resumes the sweep in $1, and kills $2 (one or all) of its ranks after some new results: at a random time.
disturb() {
  local run=$1 victims=$2 ranks=$((RANDOM % 3 + 2)) before part after pids pid
  before=$(finished "$run")
  part=$(((all - before) / 4))
  [ $part -gt 0 ] || fail "only $((all - before)) of $all were left to kill in $run: it is too short for this test"
  after=$((before + RANDOM % part + 1))
  (sweep $ranks "$run" --resume) &
  local job=$!
  while [ "$(finished "$run")" -lt $after ]; do
    kill -0 $job 2>/dev/null || fail "$run ended before it could be killed: $(cat log)"
    sleep 0.02
  done
  sleep "0.0$((RANDOM % 10))"
  pids=$(pgrep -P $job | shuf --random-source=<(yes "$RANDOM"))
  [ "$victims" = all ] || pids=$(head -n 1 <<<"$pids")
  for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
  [ "$victims" = one ] || kill -9 $job 2>/dev/null || true
  wait $job 2>/dev/null || true
  [ ! -e "$run/sweep.csv" ] || fail "$run had ended when it was killed: it is too short for this test"
  said+="np $ranks, kill -9 of $victims after $(finished "$run") of $all; "
}

for ((i = 1; i <= count; ++i)); do
  said=
  disturb killed-$i one
  disturb killed-$i all
  disturb killed-$i all
  ranks=$((RANDOM % 4 + 1))
  whole $ranks killed-$i --resume
  same killed-$i "${said}ended at np $ranks"
done

digest() { "$shoal" inspect "$1" | sed -n 's/^digest  *//p'; }
for ranks in 1 2 3; do
  [ "$search" = population ] || break
  OMP_NUM_THREADS=1 mpirun --bind-to none -np $ranks "$shoal" train --replay alone --run "again-$ranks" >/dev/null 2>log ||
    fail "the replay with $ranks ranks ended with $?: $(cat log)"
  [ -n "$(digest alone/best.h5)" ] || fail "alone/best.h5 has no digest"
  [ "$(digest "again-$ranks/checkpoints/latest")" = "$(digest alone/best.h5)" ] || fail "np $ranks: another winner"
  grep -q "the same digest as" log || fail "the replay with $ranks ranks does not say so: $(cat log)"
  echo "the same: the winner, repeated at np $ranks"
done
