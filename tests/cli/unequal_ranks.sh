#!/usr/bin/env bash
# Ranks that are given different data, folders, commands, versions and surroundings: they end before the first step and
# say what differs and where; what may differ changes no bit.
#   unequal_ranks.sh SHOAL FAULTS SCRATCH_FOLDER     FAULTS: the binary with fault points
set -euo pipefail
shoal=$(realpath "$1")
faults=$(realpath "$2")
scratch=$3
export OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0
export OMPI_MCA_odls_base_sigkill_timeout=1  # mpirun waits this long when a rank has left
# shellcheck source=launch/environment.sh
. "$(dirname "$0")/../../launch/environment.sh"

fail() { echo "unequal_ranks: $*" >&2; exit 1; }

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
mkdir usual odd
make() { rm -f "$1" && "$shoal" synth gaussians --features 6 --classes 3 --test-fraction 0.2 "${@:2}" -o "$1" >/dev/null; }
make usual/data.h5 --samples 300 --seed 1
cat >config.toml <<TOML
data.file = "/proc/self/cwd/data.h5"
data.batch_size = 128
model.hidden = [8]
train.epochs = 1
parallel.stall_timeout = 20
[sweep]
trials = 3
[sweep.space]
"optimizer.l2" = {min = 0.0, max = 0.1}
TOML
cp config.toml usual/
cp config.toml odd/

# Starts a command, on the last rank with what ODD says in place of its surroundings.
cat >ranks.sh <<'SH'
#!/bin/sh
if [ "$OMPI_COMM_WORLD_RANK" = "$LAST" ]; then
  eval "$ODD"
fi
exec "$@"
SH
chmod +x ranks.sh

# launch RANKS ODD COMMAND...: its exit status, and log.txt. A job that hangs ends with 124.
launch() {
  local ranks=$1 odd=$2 status=0
  shift 2
  LAST=$((ranks - 1)) ODD=$odd timeout 60 mpirun --bind-to none --wdir "$PWD/usual" -np "$ranks" "$PWD/ranks.sh" "$@" \
    >log.txt 2>&1 || status=$?
  echo "$status"
}
# refused STATUS WORDS RANKS ODD COMMAND...
refused() {
  local wanted=$1 words=$2 status
  shift 2
  status=$(launch "$@")
  [ "$status" = "$wanted" ] || fail "status $status instead of $wanted of np $1, $2: ${*:3}: $(cat log.txt)"
  grep -Eq "shoal: error: .*($words).* on rank $(($1 - 1)) \(" log.txt || fail "no \"$words\" at np $1: $(cat log.txt)"
  [ "$(grep -c 'shoal: error' log.txt)" = 1 ] || fail "more than one line: $(cat log.txt)"
  [ ! -e usual/new ] && [ ! -e odd/new ] || fail "it had begun: $(cat log.txt)"
}
digest() { "$shoal" inspect "$1" --json | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p'; }

[ "$(launch 2 : "$shoal" train config.toml --run trained)" = 0 ] || fail "does not train: $(cat log.txt)"
checkpoint=$PWD/usual/trained/checkpoints/latest
train=("$shoal" train config.toml --run new)
sweep=("$shoal" sweep config.toml --run new)
evaluate=("$shoal" evaluate "$checkpoint" --data data.h5)
predict=("$shoal" predict "$checkpoint" --data data.h5 --out new)

for ranks in 2 3; do
  # Data: a stale copy, one with other rows, one with more rows, none
  make odd/data.h5 --samples 300 --seed 2
  for command in train sweep evaluate predict; do
    declare -n words=$command
    refused 65 'differs between ranks: content [0-9a-f]{32}, test [0-9]+ rows, train 2[0-9]{2} rows' "$ranks" 'cd ../odd' "${words[@]}"
  done
  make odd/data.h5 --samples 200 --seed 1
  refused 65 'train 2[0-9]{2} rows.*; content [^;]*train 1[0-9]{2} rows' "$ranks" 'cd ../odd' "${train[@]}"
  make odd/data.h5 --samples 20000 --seed 1
  refused 65 'train 1[0-9]{4} rows' "$ranks" 'cd ../odd' "${predict[@]}"
  rm odd/data.h5
  refused 66 'there is no file .*data.h5; so it is' "$ranks" 'cd ../odd' "${evaluate[@]}"
  cp usual/data.h5 odd/
  [ "$(launch "$ranks" 'cd ../odd' "${evaluate[@]}")" = 0 ] || fail "a copy is no other data: $(cat log.txt)"

  # The folder of a sweep
  refused 74 'the folder of the sweep differs between ranks: there is .*there is no' "$ranks" 'cd ../odd' \
    "$shoal" sweep config.toml --run /proc/self/cwd/apart
  rm -r usual/apart

  # Surroundings, versions, commands
  for command in train sweep; do
    declare -n words=$command
    refused 64 'SHOAL_WINDOWS=on .*; SHOAL_WINDOWS=off' "$ranks" 'export SHOAL_WINDOWS=off' "${words[@]}"
    refused 64 'SHOAL_WINDOWS=on .*; SHOAL_WINDOWS=1' "$ranks" 'export SHOAL_WINDOWS=1' "${words[@]}" \
      --set parallel.stall_timeout=0
    refused 64 'SHOAL_MEMORY_SHIFT=0 .*; SHOAL_MEMORY_SHIFT=3' "$ranks" 'export SHOAL_MEMORY_SHIFT=3' "${words[@]}"
    refused 64 'the command line differs between ranks: --set .*nothing' "$ranks" 'set -- "$1" "$2" "$3" "$4" "$5"' \
      "${words[@]}" --set seed=2
  done
  refused 64 'the command line differs between ranks: train .*sweep' "$ranks" 'set -- "$1" sweep config.toml --run new' \
    "${train[@]}"
done

LC_ALL=C sed 's/\x000\.1\.0\x00/\x000.1.9\x00/g' "$shoal" >other
chmod +x other
./other --version | grep -q '^shoal 0.1.9' || fail "the version stands elsewhere: $(./other --version)"
for ranks in 2 3; do
  refused 64 'the version of shoal differs between ranks: 0.1.0 .*; 0.1.9' "$ranks" "shift; set -- '$PWD/other' \"\$@\"" \
    "${train[@]}"
done

# What a rank is told wrongly is refused by all.
[ "$(launch 2 'export SHOAL_MEMORY_SHIFT=far' "${train[@]}")" = 64 ] || fail "SHOAL_MEMORY_SHIFT=far: $(cat log.txt)"
grep -q 'SHOAL_MEMORY_SHIFT=far is none of its values' log.txt || fail "why: $(cat log.txt)"

# What may differ: the instruction set, the number of threads
expected=$(digest usual/trained)
status=$(launch 3 'export SHOAL_ISA=scalar OMP_NUM_THREADS=2' "$shoal" train config.toml --run mixed)
[ "$status" = 0 ] || fail "SHOAL_ISA differs: $(cat log.txt)"
[ "$(digest usual/mixed)" = "$expected" ] || fail 'SHOAL_ISA on one rank changes bits'

# A rank that hangs while it predicts or evaluates; with the patience of the run that the checkpoint is of.
[ "$(launch 2 : "$shoal" train config.toml --set parallel.stall_timeout=0.3 --run hasty)" = 0 ] || fail "$(cat log.txt)"
checkpoint=$PWD/usual/hasty/checkpoints/latest
for command in "predict --out new" evaluate; do
  # shellcheck disable=SC2086  # one word each
  status=$(SHOAL_FAULT='predict:1:*:hang' launch 2 : "$faults" $command "$checkpoint" --data data.h5)
  [ "$status" = 77 ] || fail "status $status of a rank that hangs: $command: $(cat log.txt)"
  grep -Eq 'error on rank 0: waited .* for rank 1 ' log.txt || fail "who hangs: $(cat log.txt)"
done

# A batch larger than the data set: its size costs no memory, and a leaf of many samples none. AddressSanitizer reserves terabytes.
memory=1000000
! grep -q __asan_init "$shoal" || memory=unlimited
limited() { (ulimit -v "$memory" && exec "$shoal" "$@" >log.txt 2>&1) || fail "$*: $(cat log.txt)"; }
cd usual
limited train config.toml --set data.batch_size=100000000 --set parallel.leaves=1 --run large
limited evaluate large --data data.h5
limited predict large --data data.h5 --out large.csv
