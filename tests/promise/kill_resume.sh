#!/usr/bin/env bash
# A run stopped at a random time by SIGTERM, SIGUSR1 or kill -9 and resumed at another number of ranks, until it is done,
# must end with the digest of the uninterrupted run.
#   kill_resume.sh SHOAL [--count N] [--seed S]
shoal=$(realpath "$1")
shift
export OMPI_MCA_odls_base_sigkill_timeout=2  # mpirun takes this long to end after TERM or a rank's death
. "$(dirname "$0")/common.sh"
count=4 seed=1
while [ $# -gt 0 ]; do
  case $1 in
    --count) count=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    *) fail "unknown option $1" ;;
  esac
done
RANDOM=$seed

"$shoal" import csv "$here/data/digits.csv.gz" --label label --test-fraction 0.2 --validation-fraction 0.1 -o "$work/digits.h5" >/dev/null
cat >"$work/net.toml" <<TOML
[data]
file = "digits.h5"
batch_size = 100
[parallel]
leaves = 4
[model]
hidden = [256, 256]
batch_norm = true
dropout = 0.1
[train]
epochs = 120
[checkpoint]
every_steps = 7
TOML
train 2 1 "$work/net.toml" --run "$work/whole" 2>"$work/log" || { cat "$work/log"; fail "the uninterrupted run"; }
expected=$(digest_of "$work/whole")
echo "uninterrupted: $expected"

for ((i = 1; i <= count; ++i)); do
  run=$work/run-$i
  stops=0
  while :; do
    ranks=$((RANDOM % 4 + 1))
    train "$ranks" 1 "$work/net.toml" --run "$run" --resume auto 2>"$work/log" &
    job=$!
    # Not while MPI starts: mpirun 4.1 itself can hang when it is told to end then.
    for ((t = 0; t < 200; ++t)); do
      grep -qE 'run directory|is finished' "$work/log" && break
      sleep 0.05
    done
    sleep "$((RANDOM % 3)).$((RANDOM % 10))"
    how=done
    if [ "$stops" -lt 3 ] && kill -0 $job 2>/dev/null; then
      # mpirun is a child of this job's shell, the ranks are mpirun's.
      launcher=$(pgrep -P $job -x mpirun || true)
      victim=$(pgrep -P "${launcher:-0}" | shuf -n 1 --random-source=<(yes "$RANDOM") || true)
      case $((RANDOM % 3)) in
        0) how="TERM to mpirun" && { kill -TERM "$launcher" 2>/dev/null || true; } ;;
        1) how="USR1 to mpirun" && { kill -USR1 "$launcher" 2>/dev/null || true; } ;;
        2) how="kill -9 of a rank" && { kill -9 "$victim" 2>/dev/null || true; } ;;
      esac
      stops=$((stops + 1))
    fi
    status=0
    wait $job || status=$?
    echo "run $i, np $ranks, $how: status $status, $(ls "$run"/checkpoints 2>/dev/null | grep -c step-) checkpoints"
    [ $status = 0 ] && break
    [ $stops -lt 4 ] || fail "run $i does not end: $(cat "$work/log")"
  done
  digest=$(digest_of "$run")
  [ "$digest" = "$expected" ] || fail "run $i: digest $digest, expected $expected"
done
echo "$count of $count equal"
