#!/usr/bin/env bash
# COUNTED: the messages of one training step between hosts, and their bytes. Groups of ranks on this machine play the hosts
# (SHOAL_WINDOWS), however few cores it has; what a step sends is what two steps send beyond one.
#   count.sh BUILD_DIR HOSTS RANKS_OF_A_HOST [WIDTHS]
# Needs mpicc, and step_bench in BUILD_DIR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || { sed -n 2,6p "$0"; exit 64; }
build=$(realpath "$1") hosts=$2 ranks=$3 widths=${4:-784,1024,1024,1024,10}
. "$here/../../../launch/environment.sh"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mpicc -shared -fPIC -O2 "$here/count_messages.c" -o "$work/count_messages.so"
count() { # steps
  OMP_NUM_THREADS=1 SHOAL_WINDOWS=$ranks HOST_RANKS=$ranks mpirun --bind-to none -np $((hosts * ranks)) \
    env LD_PRELOAD="$work/count_messages.so" "$build/step_bench" $((32 * hosts * ranks)) "$1" "$widths" | tail -1
}
read -r messages_of_one bytes_of_one < <(count 1)
read -r messages bytes < <(count 2)
echo "COUNTED: $hosts hosts of $ranks ranks, $widths: a step sends $((messages - messages_of_one)) messages between hosts," \
  "$(awk -v b=$((bytes - bytes_of_one)) -v h="$hosts" 'BEGIN { printf "%.2f MB", b / h / 1e6 }') from each"
