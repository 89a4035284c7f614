#!/usr/bin/env bash
# What shoal doctor must name on this machine, each with the line that mends it: more ranks than processors, more threads than
# processors, ranks bound to one core, srun without PMI, a small /dev/shm, a file system without locks; and nothing where all
# is well.
#   doctor_test.sh SHOAL NO_LOCKS [FOLDER]   NO_LOCKS: library to preload, or none
shoal=$(realpath "$1")
no_locks=$2
. "$(dirname "$0")/../../promise/common.sh"
cd "$work"
cores=$(nproc)
export OMP_NUM_THREADS=1
unset OMP_PROC_BIND OMP_PLACES

doctor() { # status, then the command up to shoal
  local expected=$1 status=0
  shift
  "$@" "$shoal" doctor >said 2>log || status=$?
  [ "$status" = "$expected" ] || fail "$*: status $status, expected $expected: $(cat said log)"
}
says() { grep -q -- "$1" said || fail "no \"$1\" in: $(cat said)"; }

doctor 0
says '^use: shoal train CONFIG'
! grep -q '^problem' said || fail "a problem where there is none: $(cat said)"
"$shoal" doctor --json | python3 -c '
import json, sys
told = json.load(sys.stdin)
assert told["sound"] and told["hosts"][0]["gb_per_s"] > 0 and told["ranks"][0]["threads"] == 1, told
assert told["place"]["sync_ms"] > 0 and not [f for f in told["findings"] if f["hurts"]], told'

# Where OpenMP binds threads itself, the first one is bound to one core before main begins.
env -u OMP_NUM_THREADS OMP_PROC_BIND=close "$shoal" doctor --json | python3 -c '
import json, sys
told = json.load(sys.stdin)
assert told["sound"] and told["ranks"][0]["threads"] == len(told["ranks"][0]["processors"]) == int(sys.argv[1]), told' "$cores"

OMP_NUM_THREADS=$((cores + 1)) doctor 78
says "1 rank with $((cores + 1)) threads share"
says '^  unset OMP_NUM_THREADS'

doctor 78 env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0
says 'srun started 4 tasks and told them nothing'
says '^use: srun --mpi=pmix -n 4 shoal train CONFIG'
doctor 78 env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=1
[ ! -s said ] || fail "a second task speaks as well: $(cat said)"

if [ "$no_locks" != none ]; then
  unspaced=$(mktemp -d)  # LD_PRELOAD ends a path at a space
  ln -s "$no_locks" "$unspaced/no_locks.so"
  doctor 78 env LD_PRELOAD="$unspaced/no_locks.so"
  rm -r "$unspaced"
  says 'does not lock files'
  says 'remount,flock'
fi
doctor_at() { "$shoal" doctor --folder "$1" >said 2>log; }
doctor_at not/there/yet || fail "a folder that will be made: $(cat said log)"
says '^folder for runs: \., '
mkdir sealed
if [ "$(id -u)" = 0 ]; then
  if mount -t tmpfs -o ro tmpfs sealed 2>/dev/null; then
    status=0
    "$shoal" doctor --folder sealed >said 2>log || status=$?
    umount sealed
    [ "$status" = 78 ] || fail "read-only: status $status: $(cat said log)"
    says 'sealed (tmpfs) cannot be written: Read-only'
  fi
fi

if "$shoal" --version | grep -q '^MPI: none'; then
  echo "all named that a build without MPI can meet"
  exit 0
fi
doctor 78 mpirun --bind-to none -np $((cores + 1))
says "runs $((cores + 1)) ranks on"
says "^  .*mpirun -np $cores --bind-to none shoal train CONFIG\|^  shoal train CONFIG"
if [ "$cores" -gt 1 ]; then
  doctor 78 mpirun --bind-to core -np 1
  says 'ranks are bound to 1 processor of'
  doctor 0 mpirun --bind-to none -np 2
  says '^use: mpirun -np 2 --bind-to none shoal train CONFIG'
  grep -Eq '^ +0 +1 +[0-9.]+ +[0-9.]+$' said || fail "no link between the ranks: $(cat said)"
fi

small=(unshare --mount)
[ "$(id -u)" = 0 ] || small=(unshare --map-root-user --mount)
if "${small[@]}" mount -t tmpfs -o size=64m tmpfs /dev/shm; then
  status=0
  "${small[@]}" bash -c 'mount -t tmpfs -o size=64m tmpfs /dev/shm; mpirun --bind-to none -np 9 "$1" doctor' _ "$shoal" >said 2>log ||
    status=$?
  [ "$status" = 78 ] || fail "small /dev/shm: $status: $(cat said log)"
  says '^problem: /dev/shm of .* has [0-9]* MB free'
  says 'btl_vader_backing_directory=/tmp'
  "${small[@]}" bash -c 'mount -t tmpfs -o size=64m tmpfs /dev/shm; "$1" doctor' _ "$shoal" >said 2>log ||
    fail "one rank needs none of it: $(cat said log)"
  says '^note: /dev/shm of .* has [0-9]* MB free'
fi
echo "all named"
