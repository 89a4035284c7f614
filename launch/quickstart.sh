#!/usr/bin/env bash
# From a fresh clone to a trained network: installs the dependencies, builds shoal, trains two MPI ranks on handwritten
# digits and evaluates on digits held out; then the same with a table of numbers, texts and gaps. Takes a few minutes
# the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=launch/environment.sh
. launch/environment.sh

say() { printf '\n== %s\n' "$*"; }

say 'Installing dependencies'
launch/install-dependencies.sh

say 'Building build/release/shoal'
cmake --preset release -DSHOAL_TESTS=OFF >/dev/null
cmake --build --preset release --target shoal

shoal=build/release/shoal
data=runs/digits.h5
mkdir -p runs

say "Importing data/digits.csv.gz, a fifth of it for the test"
rm -f "$data"
"$shoal" import csv data/digits.csv.gz --label label --shape 8,8 --test-fraction 0.2 --seed 1 -o "$data"

# A run is never overwritten.
free_name() {
  local name=$1 n
  for ((n = 2; 1; ++n)); do
    [ -e "$name" ] || break
    name=$1-$n
  done
  echo "$name"
}
run=$(free_name runs/quickstart)

say "Training with 2 ranks: mpirun -np 2 $shoal train launch/digits.toml --run $run"
mpirun --bind-to none -np 2 "$shoal" train launch/digits.toml --run "$run"

say 'Evaluating on the test split'
checkpoint=$run/checkpoints/latest
report=$("$shoal" evaluate "$checkpoint" --data "$data" --split test --json)
accuracy=$(sed -n 's/.*"accuracy"[[:space:]]*:[[:space:]]*\([0-9.eE+-]*\).*/\1/p' <<<"$report")
[ -n "$accuracy" ] || { echo "quickstart: no accuracy in: $report" >&2; exit 70; }
LC_ALL=C printf 'test accuracy %.4f\n' "$accuracy"

say 'The same with a table: data/penguins.csv'
table=runs/penguins.h5
rm -f "$table"
"$shoal" import csv data/penguins.csv --label species --test-fraction 0.2 --seed 1 -o "$table"
penguins=$(free_name runs/penguins)
mpirun --bind-to none -np 2 "$shoal" train launch/penguins.toml --run "$penguins"
"$shoal" evaluate "$penguins" --data "$table" --split test
say 'Species of the first three in data/penguins.csv, as it is'
head -4 data/penguins.csv | "$shoal" predict "$penguins" --data - --out -

cat <<TEXT

The trained network is $checkpoint. Next, try:

  $shoal inspect $checkpoint
  $shoal predict $checkpoint --data $data --split test --out predictions.csv
  $shoal predict $penguins --data data/penguins.csv --out runs/species.csv
  $shoal train launch/digits.toml --set optimizer.learning_rate=1e-3 --set "model.hidden=[256]"
  . launch/environment.sh; mpirun -np 4 $shoal train launch/digits.toml
TEXT
