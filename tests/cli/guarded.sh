#!/usr/bin/env bash
# Runs a command that is to fail, and looks at what it left behind.
#   guarded.sh [--keeps FILE | --makes-no PATH]... -- COMMAND [ARGUMENT]...
# Exit status and standard error pass through, without the log lines of a run that had begun: "shoal: ..." that is not
# "shoal: error...". A FILE that is not as before, or a PATH that is there, adds a line and makes the status 1.
set -u
kept=()
sums=()
absent=()
while [ "$1" != -- ]; do
  case $1 in
    --keeps) kept+=("$2") sums+=("$(sha256sum <"$2")") ;;
    --makes-no) absent+=("$2") ;;
    *) echo "guarded.sh: unknown option $1" >&2 && exit 1 ;;
  esac
  shift 2
done
shift

errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
status=0
"$@" 2>"$errors" || status=$?
sed '/^shoal: error/!{/^shoal: /d}' "$errors" >&2

for i in "${!kept[@]}"; do
  [ "$(sha256sum <"${kept[$i]}")" = "${sums[$i]}" ] || { echo "${kept[$i]} has changed" >&2 && status=1; }
done
for path in "${absent[@]}"; do
  [ ! -e "$path" ] || { echo "$path is there" >&2 && status=1; }
done
exit "$status"
