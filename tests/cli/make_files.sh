#!/usr/bin/env bash
# Makes what the tests of the command line read, in a new folder: a data set, runs of a model on it, and bad files.
#   make_files.sh SHOAL FOLDER
set -euo pipefail
shoal=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
"$shoal" synth gaussians --samples 700 --features 8 --classes 3 --test-fraction 0.1 -o data.h5
"$shoal" synth gaussians --samples 700 --features 9 --classes 3 --test-fraction 0.1 -o wide.h5
# 4 leaves, for up to 4 ranks; a checkpoint of 3 MB, beyond the file size limit of the tests of a full disk
cat >config.toml <<TOML
[data]
file = "data.h5"
batch_size = 128
[model]
hidden = [512, 512]
[train]
epochs = 1
TOML
"$shoal" train config.toml --run run
# Parameters that are finite, and outputs that are not
"$shoal" train config.toml --set optimizer.name=gd --set optimizer.learning_rate=1e30 --set train.steps=1 --run wild
for copy in 1 3; do cp -a run "run$copy"; done  # tests at that many ranks own one each
"$shoal" sweep config.toml --set "model.hidden=[4]" --set sweep.trials=1 \
  --set 'sweep.space."optimizer.l2"={min=0.0,max=0.1}' --run sweep
mkdir unstarted
cp config.toml unstarted/
python3 "$here/make_bad_files.py"
