#!/usr/bin/env bash
# All benchmarks side by side, in alternation (A B A B), as one table: medians, least and greatest, and the bar of each
# row. Run it on a machine that does nothing else.
#   run.sh BUILD_DIR [--rows 1,2,3,...] [--rounds 3] [--python PYTHON] [--steps 30] [--big FILE.h5]
# Rows: 1 limit  2 M at 256 against DDP  3 M at 1024  4 S  5 without the promise  6 ranks against threads
#       7 sync batch norm  8 sum within a host  9 fused update  10 reading  11 foreign process  12 memory  13 scaling
#   run.sh [BUILD_DIR] --peers [--nets S,M1,M2,D,resnet20,lenet] [--rounds 3] [--steps 30] [--python PYTHON] [--jax-python ONE]
# A net a line: shoal, PyTorch, torch.compile, DDP, JAX (jit of a step, and scan), median (least-greatest) in ms, then the ratio
# to shoal. M1 and M2: M with 1 and 2 threads. --steps are those of M; other nets have more or fewer.
# M: 784-1024-1024-1024-10, batch norm, relu, Adam. S: 64-128-64-10, batch 64. D: 784-512-512-10, relu without batch norm.
# PYTHON (or the variable of that name) has PyTorch: pip install torch==2.13.0. ONE (or JAX_PYTHON; else PYTHON) has JAX: pip
# install jax==0.10.2. A row or peer whose program or library is missing says so. BUILD_DIR is build/release if not named.
# Row 10 makes a data set of 4 GB in TMPDIR and removes it, unless --big names one.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] && [ "$1" != --help ] || { sed '1d;/^#/!Q' "$0"; exit 64; }
if [[ "$1" == --* ]]; then build=$here/../../build/release; else build=$1; shift; fi
build=$(realpath "$build") || exit 66
rows=1,2,3,4,5,6,7,8,9,10,11,12,13 rounds=3 python=${PYTHON:-python3} steps=30 big=
peers= nets=S,M1,M2,D,resnet20,lenet jax_python=${JAX_PYTHON:-}
while [ $# -gt 0 ]; do
  case $1 in
    --peers) peers=yes; shift; continue ;;
    --nets) nets=$2 ;; --jax-python) jax_python=$2 ;;
    --rows) rows=$2 ;; --rounds) rounds=$2 ;; --python) python=$2 ;; --steps) steps=$2 ;; --big) big=$(realpath "$2") ;;
    *) echo "bench: unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done
jax_python=${jax_python:-$python}
. "$here/../../launch/environment.sh"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
M=784,1024,1024,1024,10
S=64,128,64,10
D=784,512,512,10

wanted() { [[ ",$rows," == *",$1,"* ]]; }
missing() { echo "row $1: $2"; }
have() { # row, target
  [ -x "$build/$2" ] && return
  missing "$1" "no $2; cmake --build $build --target $2"; false
}
have_torch() {
  "$python" -c 'import torch' 2>/dev/null && return
  missing "$1" "$python has no PyTorch; pip install torch==2.13.0, or --python PYTHON"; false
}
# A measurement is a command that prints one number; its samples go to a file of its name.
ranks() { # ranks, command...
  local n=$1; shift
  mpirun --bind-to core -np "$n" "$@"
}
step_ms() { tee -a "$work/lines" | grep -oE 'step [0-9.]+ ms' | grep -oE '[0-9.]+'; }
shoal_threads() { OMP_NUM_THREADS=$1 "$build/step_bench" "${@:2}" | step_ms; }
shoal_ranks() { OMP_NUM_THREADS=1 ranks "$1" "$build/step_bench" "${@:2}" | step_ms; }
variant() { OMP_NUM_THREADS=1 ranks 2 "$build/variant_bench" "$@" 256 "$steps" $M | step_ms; }
torch() { "$python" "$here/torch_step.py" --steps "$steps" "$@" | step_ms; }
limit() { "$build/limit_bench" "$1" "$2" 15 | sed -nE 's/^limit_ms ([0-9.]+).*/\1/p'; }
alternate() { # name=command ...
  rm -f "$work"/*.samples
  for ((round = 0; round < rounds; ++round)); do
    for each in "$@"; do ${each#*=} >>"$work/${each%%=*}.samples"; done
  done
}
# The cores of a virtual machine can be near or far, and what is small follows it: said before and after such rows.
distance() { [ ! -x "$build/core_distance" ] || echo "row $1: $("$build/core_distance")"; }
statistics() { # file -> median least greatest
  sort -g "$work/$1.samples" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)], v[1], v[NR]; else print "- - -" }'
}
line() { # row, what, numerator, denominator, bar, unit
  local a b
  a=$(statistics "$3"); b=$(statistics "$4")
  awk -v row="$1" -v what="$2" -v a="$a" -v b="$b" -v bar="$5" -v unit="$6" 'BEGIN {
    split(a, x, " "); split(b, y, " ")
    ratio = (x[1] > 0 && y[1] > 0) ? sprintf("%.3f", x[1] / y[1]) : "-"
    printf "| %s | %s | %s (%s-%s) %s | %s (%s-%s) %s | %s | %s |\n", row, what, x[1], x[2], x[3], unit, y[1], y[2], y[3], unit,
      ratio, bar }'
}
if [ -n "$peers" ]; then . "$here/peers.sh"; exit; fi
echo "| row | what | A: median (least-greatest) | B | A / B | bar |"
echo "|---|---|---|---|---|---|"

if wanted 1 && have 1 step_bench && have 1 limit_bench; then
  for batch in 256 1024; do
    for threads in 1 2; do
      alternate "shoal=shoal_threads $threads $batch $steps $M" "limit=limit $batch $threads"
      line 1 "M at $batch, 1 process x $threads, against the limit" shoal limit "$([ $batch$threads = 2562 ] && echo '<= 1.20' || echo '')" ms
    done
  done
fi
ddp() { # row, batch, bar
  have "$1" step_bench && have_torch "$1" || return
  alternate "ddp=torch --ranks 2 --batch $2" "shoal=shoal_ranks 2 $2 $steps $M" "torch2=torch --threads 2 --batch $2"
  line "$1" "M at $2, DDP 2 ranks x 1 against shoal 2 x 1 with sync BN" ddp shoal "$3" ms
  line "$1" "M at $2, PyTorch 1 x 2 threads against shoal 2 x 1" torch2 shoal "" ms
}
wanted 2 && ddp 2 256 ">= 1.5"
wanted 3 && ddp 3 1024 ">= 1.2"
if wanted 4 && have 4 step_bench && have_torch 4; then
  small="--widths $S --batch 64 --steps 300"
  distance 4
  alternate "ddp=torch $small --ranks 2" "shoal2=shoal_ranks 2 64 300 $S" "torch1=torch $small" "torch2=torch $small --threads 2" \
    "shoal1=shoal_threads 1 64 300 $S" "shoal12=shoal_threads 2 64 300 $S"
  line 4 "S, DDP 2 ranks against shoal 2 ranks" ddp shoal2 ">= 12" ms
  for a in torch1 torch2; do
    for b in shoal1 shoal12; do line 4 "S, PyTorch $a against $b" $a $b ">= 6 (faster of each)" ms; done
  done
  distance 4
fi
if wanted 5 && have 5 step_bench; then
  alternate "promise=shoal_threads 2 256 $steps $M" "free=shoal_threads 2 256 $steps $M 2"
  line 5 "M at 256, 1 x 2: default leaves against one a thread" promise free "<= 1.03" ms
  if have 5 variant_bench; then
    alternate "promise=variant sync tree" "free=variant sync allreduce"
    line 5 "M at 256, 2 x 1: against one leaf a rank and MPI_Allreduce" promise free "<= 1.03" ms
  fi
fi
if wanted 6 && have 6 step_bench; then
  alternate "threads=shoal_threads 2 256 $steps $M" "ranks=shoal_ranks 2 256 $steps $M"
  line 6 "M at 256, 1 process x 2 threads against 2 ranks x 1 (speed)" threads ranks ">= 0.95" ms
fi
if wanted 7 && have 7 variant_bench; then
  alternate "sync=variant sync tree" "local=variant local tree"
  line 7 "M at 256, 2 ranks: sync BN against local statistics" sync local "<= 1.03" ms
fi
if wanted 8 && have 8 exchange_bench; then
  for ((round = 0; round < rounds; ++round)); do
    distance 8
    echo "row 8 (bar >= 5): $(OMP_NUM_THREADS=1 ranks 2 "$build/exchange_bench" sum)"
  done
fi
if wanted 9 && have 9 exchange_bench; then
  echo "row 9 (bar >= 0.85): $(OMP_NUM_THREADS=1 ranks 2 "$build/exchange_bench" update)"
fi
if wanted 10 && have 10 shoal; then
  if [ -z "$big" ]; then
    big=$work/big.h5
    "$build/shoal" synth gaussians --samples 1370000 --features 784 --classes 10 --seed 3 -o "$big" >/dev/null
  fi
  "$build/shoal" synth gaussians --samples 1280 --features 784 --classes 10 --seed 3 -o "$work/small.h5" >/dev/null
  # Milliseconds of each step but the first, from the run's own record.
  train_ms() { # data
    rm -rf "$work/run"
    OMP_NUM_THREADS=2 "$build/shoal" train --set "data.file=$1" --set data.batch_size=256 --set 'model.hidden=[1024,1024,1024]' \
      --set model.batch_norm=true --set train.steps=300 --set checkpoint.every_epochs=0 --set train.evaluate_every=1000000 \
      --run "$work/run" 2>/dev/null
    sed -nE 's/.*"samples_per_second":([0-9.e+]+).*/\1/p' "$work/run/metrics.jsonl" |
      awk 'NR > 20 { sum += 256e3 / $1; ++n } END { printf "%.3f\n", sum / n }'
  }
  # From a resumed run, since the start of one reads all rows.
  cold_ms() {
    rm -rf "$work/cold"
    train="$build/shoal train --run $work/cold"
    OMP_NUM_THREADS=2 $train --set "data.file=$big" --set data.batch_size=256 --set 'model.hidden=[1024,1024,1024]' \
      --set model.batch_norm=true --set train.steps=1 --set checkpoint.every_epochs=0 --set train.evaluate_every=1000000 2>/dev/null
    sync; echo 3 2>/dev/null >/proc/sys/vm/drop_caches || echo "row 10: not root, the cache stays warm" >&2
    OMP_NUM_THREADS=2 $train --resume auto --set train.steps=301 2>/dev/null
    sed -nE 's/.*"samples_per_second":([0-9.e+]+).*/\1/p' "$work/cold/metrics.jsonl" |
      awk 'NR > 21 { sum += 256e3 / $1; ++n } END { printf "%.3f\n", sum / n }'
  }
  cat "$big" >/dev/null
  alternate "small=train_ms $work/small.h5" "warm=train_ms $big"
  line 10 "M at 256: a set in the reader's buffer against 4 GB, page cache warm (mean step)" small warm ">= 0.97" ms
  cold_ms >"$work/cold.samples"
  line 10 "the same, page cache cold" small cold "" ms
fi
if wanted 11 && have 11 step_bench; then
  disturbed() {
    (exec taskset -c 0 sh -c 'while :; do :; done') & local other=$!
    shoal_threads 2 256 "$steps" $M
    kill "$other"; wait "$other" 2>/dev/null
  }
  alternate "disturbed=disturbed" "alone=shoal_threads 2 256 $steps $M"
  line 11 "M at 256, 1 x 2: one core busy with another process, against alone" disturbed alone "<= 2.2" ms
fi
if wanted 12 && have 12 step_bench && have_torch 12; then
  memory() { "$python" "$here/peak_memory.py" "$@" | sed -nE 's/^peak_mb ([0-9.]+).*/\1/p'; }
  shoal_memory() { OMP_NUM_THREADS=1 memory mpirun --bind-to core -np 2 "$build/step_bench" 256 100 $M; }
  ddp_memory() { memory "$python" "$here/torch_step.py" --ranks 2 --batch 256 --steps 60; }
  alternate "shoal=shoal_memory" "ddp=ddp_memory"
  line 12 "M at 256, 2 ranks: peak PSS of the ranks, shoal against DDP" shoal ddp "<= 0.333" MB
fi
if wanted 13; then
  echo "row 13 (bar: efficiency >= 0.9 at 256 hosts)"
  "$here/scaling/run.sh" "$build" --hosts "1 16 256" --gbps 100 --weak 256 --strong 0
fi
