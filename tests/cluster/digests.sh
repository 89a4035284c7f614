#!/usr/bin/env bash
# One digest however the ranks reach each other: by themselves, in shared memory, by messages in memory or TCP, on one host
# and on two hosts of one or two ranks, also over a slow link.
#   digests.sh SHOAL
# Two hosts need root and iproute2; without, those runs are left out and the script ends with 77.
shoal=$(realpath "$1")
. "$(dirname "$0")/../promise/common.sh"
hosts=$(realpath "$(dirname "$0")/hosts.sh")
export HOSTS=sd$$
export OMP_NUM_THREADS=1

"$shoal" import csv "$here/data/digits.csv.gz" --label label --shape 8,8 --test-fraction 0.2 -o "$work/digits.h5" >/dev/null
cat >"$work/net.toml" <<'TOML'
[data]
file = "digits.h5"
batch_size = 250
[model]
hidden = [400, 300]   # several buckets
batch_norm = true
dropout = 0.2
[optimizer]
clip_norm = 5.0
[train]
epochs = 2
[checkpoint]
every_epochs = 0
TOML
"$shoal" train "$work/net.toml" --run "$work/alone" 2>"$work/log" || fail "alone: $(cat "$work/log")"
expected=$(digest_of "$work/alone")
echo "$expected  alone"

n=0
check() { # title, then the command up to shoal; settings in the array
  local title=$1 digest
  shift
  n=$((n + 1))
  timeout -k 10 120 "$@" "$shoal" train "$work/net.toml" "${settings[@]}" --run "$work/run-$n" >"$work/log" 2>&1 ||
    fail "$title: $(cat "$work/log")"
  digest=$(digest_of "$work/run-$n")
  echo "$digest  $title"
  [ "$digest" = "$expected" ] || fail "$title: digest $digest, expected $expected"
}

settings=()
local_run=(mpirun --bind-to none -np)
for windows in on 2 off; do
  for ranks in 2 3 4; do check "np $ranks, windows $windows" env SHOAL_WINDOWS=$windows "${local_run[@]}" $ranks; done
done
tcp=(--mca pml ob1 --mca btl tcp,self)
for windows in off 2; do
  for ranks in 2 4; do
    check "np $ranks, TCP, windows $windows" env SHOAL_WINDOWS=$windows "${local_run[@]}" $ranks "${tcp[@]}"
  done
done

if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! "$hosts" up 2; then
  echo "two hosts: left out, they need root and iproute2" >&2
  exit 77
fi
trap '"$hosts" down; rm -rf "$work"' EXIT
for ranks in 2 3 4; do check "np $ranks on 2 hosts" "$hosts" run $ranks; done
check "np 4 on 2 hosts, windows off" env SHOAL_WINDOWS=off MPIARGS="-x SHOAL_WINDOWS" "$hosts" run 4
if "$hosts" shape 1ms 1gbit 2>/dev/null; then  # not every kernel can
  check "np 4 on 2 hosts, 1 ms apart" "$hosts" run 4
fi
echo "all equal"
