#!/usr/bin/env bash
# Runs a command while another process trains in a run directory, and passes its exit status on.
#   while_training.sh SHOAL CONFIG RUN -- COMMAND [ARGUMENT]...
set -u
shoal=$1
config=$2
run=$3
shift 4

rm -rf "$run"
"$shoal" train "$config" --set train.epochs=1000000 --set checkpoint.every_epochs=0 --run "$run" 2>/dev/null &
trainer=$!
trap 'kill "$trainer" 2>/dev/null; wait "$trainer"' EXIT
for ((i = 0; i < 300; ++i)); do
  [ -e "$run/checkpoints/latest" ] && break
  sleep 0.1
done
"$@"
status=$?
kill -0 "$trainer" || { echo "the other process has ended" >&2 && status=1; }
exit "$status"
