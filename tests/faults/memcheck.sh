#!/usr/bin/env bash
# Trains on 2 ranks under valgrind, with checkpoints, comparisons of ranks and a resume: no error may be found.
#   memcheck.sh SHOAL         needs valgrind
set -euo pipefail
shoal=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../launch/environment.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$shoal" synth spirals --samples 600 --features 8 --classes 3 --seed 1 --validation-fraction 0.2 -o "$work/data.h5" >/dev/null
general=/usr/share/openmpi/openmpi-valgrind.supp
for steps in 12 20; do
  OMP_NUM_THREADS=1 mpirun --bind-to none -np 2 valgrind -q --error-exitcode=99 --suppressions="$here/openmpi.supp" \
    ${general:+--suppressions="$general"} --log-file="$work/valgrind-%p" "$shoal" train --set "data.file=$work/data.h5" \
    --set data.batch_size=128 --set "model.hidden=[32]" --set model.batch_norm=true --set "train.steps=$steps" \
    --set parallel.check_every=5 --set checkpoint.every_steps=6 --run "$work/run" --resume auto 2>"$work/log" ||
    { cat "$work/log" "$work"/valgrind-*; echo "memcheck: failed" >&2; exit 1; }
done
if [ -n "$(cat "$work"/valgrind-*)" ]; then
  cat "$work"/valgrind-*
  exit 1
fi
echo "memcheck: no errors, 2 ranks, $(ls "$work/run/checkpoints" | grep -c step-) checkpoints"
