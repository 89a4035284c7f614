#!/usr/bin/env bash
# A sweep is killed with kill -9 again and again, one rank or all of them, and resumed: its table must be that of a sweep
# that nobody disturbed.
#   kill_test.sh SHOAL random|coarse_to_fine FOLDER MPIEXEC...
set -euo pipefail
shoal=$1 search=$2 folder=$3
shift 3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

"$shoal" synth spirals --samples 2000 --features 4 --classes 3 --seed 1 -o data.h5 >/dev/null
cat >sweep.toml <<TOML
data.file = "data.h5"
model.depth = 1
train.epochs = 8
[sweep]
trials = 24
search = "$search"
[sweep.space]
"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1.0}
"model.width" = {scale = "log", min = 16, max = 256}
TOML
if [ "$search" = coarse_to_fine ]; then
  sed -i 's/^trials/successive_halving = {eta = 2, min_epochs = 1}\ntrials/' sweep.toml
fi

fail() {
  echo "kill_test: $*" >&2
  exit 1
}
results() { (cd "$1" && sha256sum sweep.csv sweep.jsonl sweep.h5 best.h5); }
finished() { cat "$1"/journal*.jsonl 2>/dev/null | grep -c '}$' || true; }

"$shoal" sweep sweep.toml --run whole >/dev/null 2>&1 || fail "the undisturbed sweep ended with $?"
all=$(finished whole)

killed=0
for ranks in 2 1 3; do
  for victims in one all; do
    before=$(finished run)
    [ "$before" -lt "$all" ] || continue
    "$@" "$ranks" "$shoal" sweep sweep.toml --run run --resume >/dev/null 2>log &
    job=$!
    # Until it has done something new, or has ended.
    for ((i = 0; i < 500; ++i)); do
      [ "$(finished run)" -gt $((before + 1)) ] && break
      kill -0 $job 2>/dev/null || break
      sleep 0.02
    done
    # The ranks of this job alone: children of its mpiexec.
    pids=$(pgrep -P $job || true)
    [ "$victims" = all ] || pids=$(head -1 <<<"$pids")
    for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
    if wait $job || [ -e run/sweep.csv ]; then continue; fi  # it was faster
    killed=$((killed + 1))
  done
done
[ "$killed" -ge 2 ] || fail "only $killed kills hit the sweep: it is too short for this test"

"$@" 3 "$shoal" sweep sweep.toml --run run --resume >/dev/null 2>log || fail "the last resume ended with $?: $(cat log)"
[ "$(results whole)" = "$(results run)" ] || fail "after $killed kills the results differ from those of an undisturbed sweep"
[ "$(finished run)" = "$all" ] || fail "$(finished run) trainings in the journals, $all were needed"
echo "after $killed kills the results are the same"
