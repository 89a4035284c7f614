#!/usr/bin/env bash
# SIMULATED scaling of a training step over hosts, by SimGrid's SMPI, next to the alpha-beta model. Nothing is trained:
# step_pattern.cpp has the messages, and the times of computing are measured on this machine before, which stands for
# every host of the cluster.
#   run.sh BUILD_DIR [--hosts "1 4 16 64 256"] [--ranks 1: of each host] [--gbps "25 100"] [--weak "256 1024"] [--strong 8192]
#          [--latency-us 2] [--threads 2: of each rank] [--widths 784,1024,1024,1024,10 | --resnet20]
#          [--seconds 100: give up on a simulation that takes longer] [--times "FORWARD BACKWARD UPDATE": ms, measured before]
# --weak: samples of each rank, in turn. --strong: samples of all ranks together; at least 32 a rank. Ranks of a host do not
# wait for each other's traffic with its memory here, but where they sum gradients.
# Needs smpicxx (Debian: libsimgrid-dev) and step_bench, with --resnet20 image_bench, in BUILD_DIR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n 2,10p "$0"; exit 64; }
build=$(realpath "$1"); shift
hosts_tried="1 4 16 64 256" rates="25 100" weak="256 1024" strong=8192 latency_us=2 threads=2 seconds=100 ranks=1 told=
widths=784,1024,1024,1024,10 bench=step_bench
while [ $# -gt 0 ]; do
  case $1 in
    --hosts) hosts_tried=$2 ;; --gbps) rates=$2 ;; --weak) weak=$2 ;; --strong) strong=$2 ;; --threads) threads=$2 ;;
    --resnet20) bench=image_bench; shift; continue ;;
    --ranks) ranks=$2 ;; --times) told=$2 ;; --latency-us) latency_us=$2 ;; --widths) widths=$2 ;; --seconds) seconds=$2 ;;
    *) echo "scaling: unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done
command -v smpicxx >/dev/null || { echo "scaling: no smpicxx; install SimGrid (Debian: libsimgrid-dev)" >&2; exit 69; }
[ -x "$build/$bench" ] || { echo "scaling: no $bench; cmake --build $build --target $bench" >&2; exit 69; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
smpicxx -O2 -std=c++20 "$here/step_pattern.cpp" -o "$work/step_pattern"

# Of each layer parameters:multiplications:channels of its batch norm, as step_pattern takes them.
dense_layers() {
  awk -v w="$widths" 'BEGIN {
    n = split(w, width, ",")
    for (l = 1; l < n; ++l)
      printf "%s%d:%d:%d", (l > 1 ? "," : ""), (width[l] + (l < n - 1 ? 2 : 1)) * width[l + 1], width[l] * width[l + 1],
        (l < n - 1 ? width[l + 1] : 0) }'
}
resnet20_layers() { # of 3 x 32 x 32, 10 classes
  awk 'function conv(from, to, kernel, side) {
      printf "%d:%d:%d,", (from * kernel * kernel + 2) * to, side * side * from * kernel * kernel * to, to }
    BEGIN {
      conv(3, 16, 3, 32); from = 16; side = 32
      for (width = 16; width <= 64; width *= 2) for (block = 1; block <= 3; ++block) {
        if (width != from) { side /= 2; conv(from, width, 1, side) }
        conv(from, width, 3, side); conv(width, width, 3, side); from = width
      }
      printf "%d:%d:0", (from + 1) * 10, from * 10 }'
}
if [ "$bench" = step_bench ]; then network=$widths layers=$(dense_layers); else network=resnet20 layers=$(resnet20_layers); fi

# Time of a rank's samples alone, once for each number of samples: forward, backward, update, in ms.
declare -A times
measure() { # samples
  [ -n "${times[$1]:-}" ] && return
  local line
  if [ -n "$told" ]; then
    times[$1]=$told
    return
  elif [ "$bench" = step_bench ]; then
    line=$(OMP_NUM_THREADS=$threads "$build/step_bench" "$1" 21 "$widths" | tail -1)
  else
    echo 'model.preset = "resnet20"' >"$work/resnet20.toml"
    line=$(OMP_NUM_THREADS=$threads "$build/image_bench" "$work/resnet20.toml" 3,32,32 "$1" 21 | tail -1)
  fi
  times[$1]=$(sed -E 's/.*forward ([0-9.]+), backward ([0-9.]+), update ([0-9.]+).*/\1 \2 \3/' <<<"$line")
}
simulate() { # hosts, Gb/s, forward, backward, update
  cat >"$work/cluster.xml" <<XML
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="host-" suffix="" radical="0-$(($1 - 1))" speed="1Gf" bw="$2Gbps" lat="$(awk "BEGIN {print $latency_us / 2}")us"
    loopback_bw="100GBps" loopback_lat="0us" sharing_policy="SPLITDUPLEX"/>
</platform>
XML
  for ((i = 0; i < 2 * ranks * $1; ++i)); do echo "host-$((i / (2 * ranks)))"; done >"$work/hosts"
  timeout "$seconds" smpirun -np $((2 * ranks * $1)) -platform "$work/cluster.xml" -hostfile "$work/hosts" \
    --cfg=smpi/simulate-computation:no --cfg=smpi/shared-malloc-blocksize:67108864 --log=root.thres:critical \
    "$work/step_pattern" "$layers" "$3" "$4" "$5" "$ranks" 2>"$work/log" | tail -1
}
# A host sends 2 N (H - 1) / H floats, of which what the backward pass hides is the first half up to its last bucket; small
# sums in log2 H rounds; no contention.
model() { # hosts, Gb/s, forward, backward, update
  awk -v H="$1" -v rate="$2" -v f="$3" -v b="$4" -v u="$5" -v w="$layers" -v alpha_us="$latency_us" -v R="$ranks" 'BEGIN {
    n = split(w, layer, ","); N = 0; back = 0
    for (l = 1; l <= n; ++l) {
      split(layer[l], part, ":"); parameters[l] = part[1]; channels[l] = part[3]
      N += part[1]; back += part[2] * (l == 1 ? 1 : 2)
      if (l == 1) first = part[2]
    }
    ms = 4 * 8 / (rate * 1e6)       # of a float
    rounds = log(H) / log(2); small = 0
    for (l = 1; l <= n; ++l)
      if (channels[l] > 0) small += 2 * rounds * (alpha_us * 1e-3 + 2 * channels[l] * 8 * 8 / (rate * 1e6))
    last = parameters[1]                          # the bucket that nothing hides
    spread = N * ms * (H - 1) / H
    hidden = b - b * first / back
    wait = last * ms * (H - 1) / H
    if (spread - hidden > wait) wait = spread - hidden
    printf "%.3f", f + b + small + wait + u * (6 + R) / 7 / (H * R) + (H > 1 ? spread + 2 * alpha_us * 1e-3 : 0)
  }'
}
row() { # kind, hosts, samples a host, Gb/s, time of one host, factor
  measure "$3"
  # shellcheck disable=SC2086
  set -- "$1" "$2" "$3" "$4" ${times[$3]}
  local simulated modelled messages bytes
  read -r simulated messages bytes < <(simulate "$2" "$4" "$5" "$6" "$7") || true
  modelled=$(model "$2" "$4" "$5" "$6" "$7")
  [ "$2" != 1 ] || { one=$simulated; one_model=$modelled; one_samples=$3; }
  awk -v k="$1" -v H="$2" -v s="$3" -v g="$4" -v t="${simulated:-0}" -v m="$modelled" -v t1="$one" -v m1="$one_model" \
    -v s1="$one_samples" -v messages="${messages:--}" -v bytes="${bytes:-0}" 'BEGIN {
    efficiency = (t > 0) ? sprintf("%.3f", t1 * s / s1 / t) : "-"
    printf "%-7s %6d %8d %6d %10s %11s %10.3f %11.3f %9s %9s\n", k, H, s, g, (t > 0 ? sprintf("%.3f", t) : "gave up"),
      efficiency, m, m1 * s / s1 / m, messages, (t > 0 ? sprintf("%.1f", bytes / H / 1e6) : "-") }'
}
echo "SIMULATED (SimGrid SMPI $(dpkg-query -W -f '${Version}' libsimgrid-dev 2>/dev/null || true)); hosts of $ranks ranks of $threads threads, latency $latency_us us, network $network"
echo "kind     hosts  samples   Gb/s    step ms  efficiency   model ms  efficiency  messages MB a host"
for rate in $rates; do
  for samples in $weak; do
    for hosts in $hosts_tried; do row weak "$hosts" "$samples" "$rate"; done
  done
  for hosts in $hosts_tried; do
    [ $((strong / hosts / ranks)) -ge 32 ] || continue
    row strong "$hosts" $((strong / hosts / ranks)) "$rate"
  done
done
for samples in "${!times[@]}"; do echo "measured${told:+ before}, $samples samples: forward, backward, update ${times[$samples]} ms"; done | sort -k4 -n
