#!/usr/bin/env bash
# Takes one safeguard at a time out of a copy of the sources, builds that, and shows that a test which passes with it fails
# without it.
#
#   tests/faults/mutations.sh [NAME...]       all of mutations.txt, or those named
#
# A line of mutations.txt: name | file | sed program that takes the safeguard out | target to build | command that fails
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/mutated
export CCACHE_BASEDIR=$work
rm -rf "$work"  # with all that was built of mutated sources
mkdir -p "$work/source"
(cd "$root" && cp -a CMakeLists.txt include src data launch tests README.md "$work/source")
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSHOAL_TESTS=ON >"$work/log" 2>&1

build() { # targets
  cmake --build "$work/build" --parallel "$(nproc)" --target "$@" >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
}
passes() { # name, command
  (cd "$work/build" && eval "$2") >"$work/log.$1" 2>&1
}

names=() files=() programs=() targets=() commands=()
while IFS='|' read -r name file program target command; do
  read -r name <<<"$name"
  [ -n "$name" ] && [ "${name:0:1}" != '#' ] || continue
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  names+=("$name") programs+=("$program") commands+=("${command# }")
  read -r file <<<"$file" && files+=("$file")
  read -r target <<<"$target" && targets+=("$target")
done <"$here/mutations.txt"
[ ${#names[@]} -gt 0 ] || { echo "mutations.sh: none of mutations.txt is named $*" >&2; exit 64; }

build "${targets[@]}"
declare -A tried
for i in "${!names[@]}"; do
  [ -z "${tried[${commands[i]}]:-}" ] || continue
  tried[${commands[i]}]=yes
  passes sound "${commands[i]}" || { tail "$work/log.sound"; echo "fails with every safeguard in place: ${commands[i]}"; exit 1; }
done

survived=0
for i in "${!names[@]}"; do
  name=${names[i]} file=${files[i]}
  cp "$work/source/$file" "$work/whole"
  sed -i -E "${programs[i]}" "$work/source/$file"
  ! cmp -s "$work/whole" "$work/source/$file" || { echo "$name: $file has nothing that the sed program changes"; exit 1; }
  build "${targets[i]}"
  if passes "$name" "${commands[i]}"; then
    echo "$name: nothing fails without it"
    survived=$((survived + 1))
  else
    echo "$name: caught by ${commands[i]}"
  fi
  cp "$work/whole" "$work/source/$file"  # newer than what was built of the other
done
echo "$((${#names[@]} - survived)) of ${#names[@]} caught"
[ "$survived" = 0 ]
