#!/usr/bin/env bash
# Builds shoal with its tests, warnings as errors, and runs them all. The last line counts them.
#
#   tests/run.sh [--sanitizers | --lint]
#
#   --sanitizers   instead: tests at up to 2 ranks with AddressSanitizer and UndefinedBehaviorSanitizer (g++), training
#                  on 2 ranks among them; then the build without MPI with ThreadSanitizer (clang) and 2 OpenMP threads
#   --lint         instead: clang-format over all files and clang-tidy over all sources; counts files. Debian 12's
#                  LLVM 14 is meant: other versions format otherwise and find other things. Then tests/odr.py: types of one name,
#                  tests/alone.py: sources that include what they use, and a build of the benchmarks
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_MCA_odls_base_sigkill_timeout=1  # mpirun waits this long whenever a rank fails, as many tests want
. launch/environment.sh
# A python3 of pyenv or conda need not have what Debian's has.
python3 -c 'import h5py' 2>/dev/null || export PATH="/usr/bin:$PATH"

passed=0 failed=0 skipped=0

finish() {
  local summary="$passed passed, $failed failed"
  [ "$skipped" = 0 ] || summary+=", $skipped skipped"
  echo "$summary"
  [ "$failed" = 0 ]
  exit
}

ended_early() {
  echo "tests/run.sh: $1"
  failed=$((failed + 1))
  finish
}

configure_and_build() { # preset, then cmake options
  local preset=$1
  shift
  cmake --preset "$preset" -DSHOAL_WERROR=ON "$@" || ended_early "the configuration of $preset failed"
  cmake --build --preset "$preset" --parallel "$(nproc)" --target "${build_target:-all}" || ended_early "the build of $preset failed"
}

# Open MPI 5 names the folder of a session by the number of its mpirun, and ends where there is one. What the runs leave that
# tests kill stays, and numbers come again.
clear_dead_sessions() {
  local folder number
  while sleep 20 && kill -0 "$$"; do  # as long as this script lives
    while read -r folder; do
      number=${folder%.*}
      [ -e "/proc/${number##*.}" ] || rm -rf "$folder"
    done < <(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'prterun.*' -user "$(id -u)" -mmin +5)
  done
}

run_tests() { # preset, then ctest options
  local log=build/$1/tests.log bad all without clearing
  clear_dead_sessions >/dev/null 2>&1 &
  clearing=$!
  ctest --test-dir "build/$1" --parallel "$(nproc)" --no-tests=error --output-on-failure "${@:2}" 2>&1 | tee "$log" || true
  kill "$clearing"
  # ctest counts tests that were skipped among those that passed.
  read -r bad all < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p' "$log") ||
    ended_early "no test of $1 ran"
  without=$(grep -c '\*\*\*Skipped' "$log" || true)
  passed=$((passed + all - bad - without)) failed=$((failed + bad)) skipped=$((skipped + without))
}

run_sanitizers() {
  launch/install-dependencies.sh --tests --checks || ended_early 'dependencies are missing'
  configure_and_build asan -DSHOAL_TESTS=ON
  # The promise's scripts train for minutes at full speed already.
  run_tests asan -LE promise -E '\.np[34]$'

  configure_and_build tsan -DSHOAL_TESTS=ON
  # Archer, which clang's OpenMP library loads by itself, tells ThreadSanitizer what that library puts in order; the
  # library's own code is not instrumented and must be ignored. Idle threads sleep: their spinning is what takes time.
  export TSAN_OPTIONS="ignore_noninstrumented_modules=1 ${TSAN_OPTIONS:-}" OMP_WAIT_POLICY=passive
  run_tests tsan -LE promise
}

format_is_clean() { clang-format --dry-run -Werror "$1"; }
# Sources come in batches (SHOAL_UNITY): headers are what takes time. What a batch includes are sources, which clang-tidy
# would call suspicious, and take for headers of others. Of what it has to say of itself, the number of warnings that it
# leaves out is of no use.
tidy_is_clean() {
  clang-tidy --quiet -p build/lint --config-file=.clang-tidy --checks=-bugprone-suspicious-include \
    --header-filter='/(include/shoal|src)/.*\.[ch]pp$' "$1" 2> >(grep -v ' generated\.$' >&2)
}

# Applies a check to files, several at a time; each file counts as one test.
check_files() { # function, files
  local check=$1 bad all
  shift
  bad=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c "$check {} >&2 || echo {}" | tee >(cat >&2) | wc -l)
  passed=$((passed + $# - bad)) failed=$((failed + bad))
}

run_lint() {
  launch/install-dependencies.sh --tests --checks || ended_early 'dependencies are missing'
  cmake --preset lint -DSHOAL_TESTS=OFF || ended_early 'the configuration failed'
  ninja -C build/lint src/show/page_assets.cpp || ended_early 'the pages could not be embedded'
  sed -i 's/ -fvect-cost-model=dynamic//' build/lint/compile_commands.json  # which clang-tidy does not know
  export -f format_is_clean tidy_is_clean
  local sources files
  mapfile -t files < <(find include src tests -name '*.[ch]pp' | sort)
  mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' build/lint/compile_commands.json | sort -u)
  check_files format_is_clean "${files[@]}"
  check_files tidy_is_clean "${sources[@]}"
  if tests/odr.py build/lint; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  cmake --preset lint -B build/lint-alone -DSHOAL_TESTS=OFF -DSHOAL_UNITY=OFF || ended_early 'the configuration failed'
  if tests/alone.py build/lint-alone; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  build_target=benchmarks configure_and_build release -DSHOAL_TESTS=ON  # which no test builds
}

run_all() {
  launch/install-dependencies.sh --tests || ended_early 'dependencies are missing'
  # Without MPI nothing but comm is another program: the rest of that build is part of the next one.
  build_target=shoal_comm configure_and_build no-mpi -DSHOAL_TESTS=OFF
  configure_and_build release -DSHOAL_TESTS=ON
  run_tests release
}

case ${1:-} in
  '') run_all ;;
  --sanitizers) run_sanitizers ;;
  --lint) run_lint ;;
  -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "tests/run.sh: unknown option $1; see --help" >&2; exit 64 ;;
esac
finish
