#!/usr/bin/env bash
# The numerical layers for Arm (NEON) and for this processor: a few training steps, one hash.
#   arm.sh BUILD      for example build/release, whose libraries are the side of this processor
# Needs a cross compiler and an emulator (Debian: g++-aarch64-linux-gnu, qemu-user) beside what shoal is built with; takes
# a minute or more. Prints both hashes; ends with 1 when they differ or a tool is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in aarch64-linux-gnu-g++ qemu-aarch64 "${CXX:-c++}"; do
  command -v "$tool" >/dev/null || { echo "FAILED: $tool is missing; install g++-aarch64-linux-gnu and qemu-user" >&2; exit 1; }
done
# Libraries of headers alone are the same for every processor; the rest of /usr/include is not.
mkdir "$work/include"
for library in hwy fmt nlohmann Random123 xxhash.h; do ln -s "/usr/include/$library" "$work/include/"; done

for source in "$here"/src/{core,tensor,graph,nn,optim}/*.cpp "$here/tests/promise/step_hash.cpp"; do
  case $source in */isa.cpp) continue ;; esac # asks Highway's library, which is not there for Arm
  echo "$source $work/$(echo "${source#"$here/"}" | tr / _).o"
done | xargs -P "$(nproc)" -L 1 bash -c "aarch64-linux-gnu-g++ -std=c++20 -O1 -ffp-contract=off -fopenmp -DFMT_HEADER_ONLY \
  -DXXH_INLINE_ALL -DSHOAL_VERSION='\"arm\"' -I'$here/include' -I'$here/src' -isystem '$work/include' -c \"\$0\" -o \"\$1\""
aarch64-linux-gnu-g++ -fopenmp "$work"/*.o -o "$work/arm"
libraries=()
for layer in optim nn graph tensor core; do libraries+=("$build/src/$layer/libshoal_$layer.a"); done
"${CXX:-c++}" -std=c++20 -O1 -fopenmp -I"$here/include" "$here/tests/promise/step_hash.cpp" "${libraries[@]}" \
  -lhwy -lfmt -lxxhash -o "$work/native"
arm=$(OMP_NUM_THREADS=2 qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/arm")
native=$(OMP_NUM_THREADS=2 "$work/native")
echo "$arm  NEON (emulated)"
echo "$native  this processor"
[ "$arm" = "$native" ] || { echo "FAILED: the hashes differ" >&2; exit 1; }
