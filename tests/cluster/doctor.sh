#!/usr/bin/env bash
# shoal doctor on two hosts of one machine: it knows both, how fast they talk, and that each has a small /dev/shm; and it
# names a folder that is not the same on both, and a way between them that lets no datagrams of the watch through.
#   doctor.sh SHOAL
# Needs root and iproute2; ends with 77 without.
shoal=$(realpath "$1")
. "$(dirname "$0")/../promise/common.sh"
hosts=$(realpath "$(dirname "$0")/hosts.sh")
export HOSTS=dd$$
export OMP_NUM_THREADS=1
if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! "$hosts" up 2; then
  echo "two hosts: left out, they need root and iproute2" >&2
  exit 77
fi
trap '"$hosts" down; rm -rf "$work"' EXIT
cd "$work"
"$hosts" run 2 "$shoal" doctor --json >said 2>log || fail "two hosts: $(cat said log)"
python3 - <<'PYTHON' || fail "$(cat said)"
import json
told = json.load(open("said"))
assert [h["name"][-1] for h in told["hosts"]] == ["1", "2"], told["hosts"]
link, = told["links"]
assert link["latency_us"] > 0 and link["gb_per_s"] > 0, link
small = [f for f in told["findings"] if "/dev/shm" in f["what"]]
assert len(small) == 2 and not any(f["hurts"] for f in small), told["findings"]
assert " --host " in told["use"], told["use"]
PYTHON
status=0
"$hosts" run 2 "$shoal" doctor --folder /dev/shm >said 2>log || status=$?  # each has its own
[ "$status" = 78 ] || fail "a folder of each host: $status: $(cat said log)"
grep -q 'is not the same folder on dd.*2$' said || fail "$(cat said)"
grep -q 'that all hosts share' said || fail "$(cat said)"
echo "two hosts known"
