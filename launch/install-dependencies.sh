#!/usr/bin/env bash
# Installs what shoal is built from, by apt on Debian 12 or a later Debian or Ubuntu. Ends at once when all is there.
#
#   launch/install-dependencies.sh [--no-mpi] [--tests] [--checks]
#
#   --no-mpi   leave out MPI, for builds with SHOAL_MPI=OFF
#   --tests    also what tests/run.sh needs
#   --checks   also what the sanitizers, clang-format and clang-tidy need
#
# Without root, or where there is no apt, it installs nothing: it says what is missing and ends with status 1.
set -euo pipefail

# Package, and how else its presence shows: a command, a pkg-config module, a header, a file, a Python module (- for none).
build_needs='
g++                  command:g++
cmake                command:cmake
ninja-build          command:ninja
pkg-config           command:pkg-config
libeigen3-dev        module:eigen3
libhdf5-dev          module:hdf5-serial
libcli11-dev         module:CLI11
libtomlplusplus-dev  module:tomlplusplus
libfmt-dev           module:fmt
nlohmann-json3-dev   module:nlohmann_json
libcpp-httplib-dev   module:cpp-httplib
libxxhash-dev        module:libxxhash
librandom123-dev     header:Random123/philox.h
libhwy-dev           module:libhwy
zlib1g-dev           module:zlib
libzstd-dev          module:libzstd
libjpeg-dev          module:libjpeg
libpng-dev           module:libpng
node-d3              file:/usr/share/nodejs/d3/dist/d3.min.js'
mpi_needs='
libopenmpi-dev       command:mpicc
openmpi-bin          command:mpirun'
test_needs='
iproute2             command:ip
libgtest-dev         module:gtest
libgmock-dev         module:gmock
gfortran             command:gfortran
valgrind             command:valgrind
python3              command:python3
man-db               command:man
groff-base           command:groff
mandoc               command:mandoc
zsh                  command:zsh
fish                 command:fish
dpkg-dev             command:dpkg-shlibdeps
file                 command:file
rpm                  command:rpmbuild
environment-modules  file:/usr/share/modules/init/bash
python3-yaml         python:yaml
python3-numpy        python:numpy
python3-pip          python:pip
python3-h5py         python:h5py
python3-selenium     python:selenium
chromium             command:chromium
chromium-driver      command:chromedriver
npm                  command:npm'
check_needs='
clang                command:clang++
libclang-rt-dev      -
libomp-dev           -
clang-format         command:clang-format
clang-tidy           command:clang-tidy'

needs=$build_needs
mpi=$mpi_needs
for option in "$@"; do
  case $option in
    --no-mpi) mpi= ;;
    --tests) needs+=$test_needs ;;
    --checks) needs+=$check_needs ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install-dependencies: unknown option $option; see --help" >&2; exit 64 ;;
  esac
done
needs+=$mpi

there() {
  local what=${1#*:}
  case $1 in
    command:*) command -v "$what" ;;
    module:*) pkg-config --exists "$what" ;;
    python:*) python3 -c "import $what" ;;
    file:*) [ -e "$what" ] ;;
    header:*) echo "#include <$what>" | g++ -E -x c++ - ;;
    *) false ;;
  esac >/dev/null 2>&1
}

# What dpkg does not know may be there all the same: a newer cmake, h5py by pip.
packages=$(awk 'NF { print $1 }' <<<"$needs")
# shellcheck disable=SC2086  # one argument per package
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $packages 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
while read -r package probe; do
  [ -n "$package" ] || continue
  grep -qxF "$package" <<<"$installed" || there "$probe" || missing+=("$package")
done <<<"$needs"
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  {
    echo "install-dependencies: this system has no apt; install what its package manager has for these Debian packages:"
    echo "  ${missing[*]}"
  } >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  {
    echo "install-dependencies: these packages are missing, and only root can install them; run"
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  } >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
install_missing() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }

echo "install-dependencies: installing ${missing[*]}"
# The package lists may be absent (containers ship none) or too old to download by: fetch them only then.
apt-cache show "${missing[@]}" >/dev/null 2>&1 || apt-get update -qq
install_missing || { apt-get update -qq && install_missing; }
