#!/usr/bin/env bash
# Builds shoal with its tests, warnings as errors, and runs them all. The last line counts them.
set -euo pipefail
cd "$(dirname "$0")/.."
. launch/environment.sh

ended_early() {
  echo "tests/run.sh: $1"
  echo '0 passed, 1 failed'
  exit 1
}

launch/install-dependencies.sh --tests || ended_early 'dependencies are missing'
cmake --preset release -DSHOAL_TESTS=ON -DSHOAL_WERROR=ON || ended_early 'the configuration failed'
cmake --build --preset release --parallel "$(nproc)" || ended_early 'the build failed'

log=build/release/tests.log
status=0
ctest --test-dir build/release --parallel "$(nproc)" --no-tests=error --output-on-failure 2>&1 | tee "$log" || status=$?

# ctest counts tests that were skipped among those that passed.
read -r failed total < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p' "$log") ||
  ended_early 'no test ran'
skipped=$(grep -c '\*\*\*Skipped' "$log" || true)
summary="$((total - failed - skipped)) passed, $failed failed"
[ "$skipped" = 0 ] || summary+=", $skipped skipped"
echo "$summary"
exit "$status"
