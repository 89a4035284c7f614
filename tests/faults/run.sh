#!/usr/bin/env bash
# The full campaigns: what must stand whatever breaks. Writes a table of counts to TABLE (faults.txt); takes hours.
#   run.sh [TABLE]
# After tests/run.sh, which builds. As root, with iproute2, slurm-wlm, munge and valgrind, it makes hosts and a Slurm of its own.
# SHARE (1) of the counts, for example 0.1; ONLY: campaigns whose name matches this pattern.
set -uo pipefail
cd "$(dirname "$0")/../.."
table=${1:-faults.txt}
shoal=build/release/shoal
faults=build/release/shoal_faults
bad=0

count() { awk -v share="${SHARE:-1}" -v full="$1" 'BEGIN { n = int(share * full); print (n < 1 ? 1 : n) }'; }
campaign() { # name, full count, then script and arguments
  local name=$1 n
  n=$(count "$2")
  shift 2
  [[ $name =~ ${ONLY:-.} ]] || return 0
  echo "== $name" >&2
  "tests/faults/$@" --count "$n" | sed "s/^/$name  /" | tee -a "$table"
  [ "${PIPESTATUS[0]}" = 0 ] || bad=1
}

date -u '+%F %H:%M' >>"$table"
campaign kill-rank 200 kill.py $faults rank
campaign kill-save 50 kill.py $faults save
campaign kill-launcher 50 kill.py $faults launcher
campaign kill-all 50 kill.py $faults all
campaign kill-mixed 20 kill.py $faults mixed
campaign throw 120 leave.py $faults throw
campaign sigstop 50 leave.py $shoal stop
campaign hang 20 leave.py $faults hang
campaign collectives 20 leave.py $faults collectives
campaign usr1 100 stop.py $shoal
campaign patient 5 patient.py $faults build/release/tests/faults/libslow.so
campaign spoil 50 spoil.py $faults
campaign cut 10 cut.py $shoal
campaign save 1 ../../build/release/save_campaign
campaign race 100 ../../build/release/race_campaign
campaign flipped-bits 10000 ../../build/release/damage_campaign --gtest_filter='*OneBit*'
campaign damage 2000 ../../build/release/damage_campaign --gtest_filter=-'*OneBit*'
campaign disk 5 saving/disk.py $shoal build/release/tests/faults/saving/libfull_disk.so
campaign full-tmpfs 5 saving/disk.py $shoal none --tmpfs
campaign requeue 20 requeue.py $shoal
if [[ usr1-srun =~ ${ONLY:-.} ]]; then
  export HOSTS=usr1
  tests/cluster/slurm.sh up && eval "$(tests/cluster/slurm.sh env)" && campaign usr1-srun 100 stop.py $shoal --srun
  tests/cluster/slurm.sh down
fi
if [[ memcheck =~ ${ONLY:-.} ]]; then
  tests/faults/memcheck.sh $shoal | sed 's/^/memcheck  /' | tee -a "$table"
  [ "${PIPESTATUS[0]}" = 0 ] || bad=1
fi
exit $bad
