# Sourced by the tests of the promise. Usage: . common.sh; expects $shoal, the binary to test.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=launch/environment.sh
. "$here/launch/environment.sh"
export OMP_WAIT_POLICY=passive  # up to 8 threads on few cores: those that spin would keep the others from computing

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Training with $1 ranks and $2 threads a rank; 0 ranks: without a launcher.
train() {
  local ranks=$1 threads=$2
  shift 2
  if [ "$ranks" = 0 ]; then
    OMP_NUM_THREADS=$threads "$shoal" train "$@"
  else
    OMP_NUM_THREADS=$threads mpirun --bind-to none -np "$ranks" "$shoal" train "$@"
  fi
}

digest_in() { "$shoal" inspect "$1" --json | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p'; }
digest_of() { digest_in "$1/checkpoints/latest"; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
