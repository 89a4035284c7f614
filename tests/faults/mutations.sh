#!/usr/bin/env bash
# Takes one safeguard at a time out of a copy of the sources, builds that, and shows that a test fails without it.
#
#   tests/faults/mutations.sh [NAME...]       all of mutations.txt, or those named
#
# A line of mutations.txt: name | file | sed program that takes the safeguard out | targets to build | command that fails
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/mutated
export CCACHE_BASEDIR=$work
rm -rf "$work/source"
mkdir -p "$work/source"
(cd "$root" && cp -a CMakeLists.txt include src data launch tests README.md "$work/source")
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSHOAL_TESTS=ON >"$work/log" 2>&1
survived=0 caught=0
while IFS='|' read -r name file program targets command <&3; do
  read -r name <<<"$name"
  read -r file <<<"$file"
  [ -n "$name" ] && [ "${name:0:1}" != '#' ] || continue
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  cp "$root/$file" "$work/source/$file"
  sed -i -E "$program" "$work/source/$file"
  if cmp -s "$root/$file" "$work/source/$file"; then
    echo "$name: $file has nothing that the sed program changes"
    exit 1
  fi
  # shellcheck disable=SC2086  # several targets
  cmake --build "$work/build" --parallel "$(nproc)" --target $targets >"$work/log" 2>&1 || {
    tail "$work/log"
    exit 1
  }
  if (cd "$work/build" && eval "$command") >"$work/log.$name" 2>&1; then
    echo "$name: nothing fails without it"
    survived=$((survived + 1))
  else
    echo "$name: caught by$command"
    caught=$((caught + 1))
  fi
  cp "$root/$file" "$work/source/$file"  # newer than what was built of the other
done 3<"$here/mutations.txt"
echo "$caught caught, $survived survived"
[ "$survived" = 0 ]
