#!/usr/bin/env bash
# Makes virtual environments with packages that Debian does not have, for the tests of this folder; at once where they
# are there. Prints their Pythons, in the order of the arguments.
#
#   venv.sh FOLDER old|new|tensorboard...
#
#   old          the oldest ONNX Runtime of these that has a wheel for this Python
#   new          the newest on PyPI when this was written
set -euo pipefail

folder=$1
shift
mkdir -p "$folder"

# $1: name; then packages, those alone that are imported here. A note of them is written last, so that one that was
# interrupted is made again.
make() {
  local name=$1 place=$folder/$1
  shift
  if [ "$(cat "$place/packages" 2>/dev/null)" != "$*" ]; then
    rm -rf "$place"
    python3 -m venv --without-pip "$place" && python3 -m pip --python "$place/bin/python" install -q \
      --disable-pip-version-check --no-deps --no-compile "$@" >&2 || return 1
    echo "$*" >"$place/packages"
  fi
  echo "$place/bin/python"
}

for which in "$@"; do
  case $which in
    old)
      done=
      for version in 1.15.1:1.26.4 1.17.3:1.26.4 1.20.1:2.2.6; do # and NumPy, for which it was built
        make "old-${version%:*}" "onnxruntime==${version%:*}" "numpy==${version#*:}" 2>/dev/null && done=yes && break
      done
      if [ -z "$done" ]; then
        echo "venv.sh: no old ONNX Runtime could be installed by pip for $(python3 --version)" >&2
        exit 1
      fi
      ;;
    new) make new onnxruntime==1.32.0 numpy==2.2.6 ;;
    tensorboard) make tensorboard tensorboard==2.21.0 numpy==2.2.6 protobuf==6.31.1 absl-py==2.3.1 ;;
    *) echo "venv.sh: unknown environment $which" >&2; exit 64 ;;
  esac
done
