#!/usr/bin/env bash
# One digest over ranks, threads, instruction sets, shifted memory and the build without MPI.
#   digests.sh SHOAL [SHOAL_WITHOUT_MPI] [--mnist FOLDER | --data FILE.h5 --config FILE.toml]
# On the digits; or on MNIST's test images in FOLDER, with hidden = [256, 128]. Prints a line per case; ends with 1 at
# the first digest that differs.
shoal=$(realpath "$1")
without_mpi=
[ -n "${2:-}" ] && [ "${2#--}" = "$2" ] && without_mpi=$(realpath "$2") && shift
shift
. "$(dirname "$0")/common.sh"
data= config= mnist=
while [ $# -gt 0 ]; do
  case $1 in
    --mnist) mnist=$(realpath "$2"); shift 2 ;;
    --data) data=$(realpath "$2"); shift 2 ;;
    --config) config=$(realpath "$2"); shift 2 ;;
    *) fail "unknown option $1" ;;
  esac
done
hidden="48, 40"
if [ -n "$mnist" ]; then
  hidden="256, 128" data=$work/mnist.h5
  images=("$shoal" import idx --images "$mnist/t10k-images-idx3-ubyte.gz" --labels "$mnist/t10k-labels-idx1-ubyte.gz")
  "${images[@]}" --test-last 2000 -o "$data" >/dev/null
  "${images[@]}" --test-last 8999 -o "$work/odd.h5" >/dev/null
else
  "$shoal" synth gaussians --samples 1001 --features 20 --classes 5 --seed 3 -o "$work/odd.h5" >/dev/null
fi
if [ -z "$data" ]; then
  data=$work/digits.h5
  "$shoal" import csv "$here/data/digits.csv.gz" --label label --test-fraction 0.2 -o "$data" >/dev/null
fi
if [ -z "$config" ]; then
  config=$work/net.toml
  cat >"$config" <<TOML
[model]
hidden = [$hidden]
batch_norm = true
dropout = 0.2
[optimizer]
learning_rate = 3e-3
clip_norm = 5.0
[schedule]
name = "cosine"
[train]
epochs = 3
[checkpoint]
every_epochs = 0
TOML
fi

n=0
run() { # name, ranks, threads, then settings
  local ranks=$2 threads=$3
  name=$1
  shift 3
  n=$((n + 1))
  train "$ranks" "$threads" "$config" --set "data.file=$data" "$@" --run "$work/run-$n" 2>"$work/log" ||
    { cat "$work/log"; fail "$name"; }
  digest=$(digest_of "$work/run-$n")
  [ -n "$digest" ] || fail "$name: no digest"
}
same() {
  echo "$digest  $name"
  [ "$digest" = "$expected" ] || fail "$name: digest $digest, expected $expected"
}
matrix() { # name, then settings
  local title=$1
  shift
  run "$title, alone x 1" 0 1 "$@"
  expected=$digest
  same
  run "$title, alone x 2" 0 2 "$@"
  same
  for ranks in $ranks_tried; do
    for threads in 1 2; do
      run "$title, np $ranks x $threads" "$ranks" "$threads" "$@"
      same
    done
  done
  if [ -n "$without_mpi" ]; then
    local with=$shoal
    shoal=$without_mpi
    run "$title, build without MPI" 0 2 "$@"
    same
    shoal=$with
  fi
}

ranks_tried="1 2 3 4"
matrix "batch 256" --set data.batch_size=256
for shift in 1 3 16; do
  SHOAL_MEMORY_SHIFT=$shift run "batch 256, memory shifted by $shift floats, np 2" 2 1 --set data.batch_size=256
  same
done
for isa in avx512 avx2 neon scalar; do
  SHOAL_ISA=$isa "$shoal" --version >/dev/null 2>&1 || continue
  SHOAL_ISA=$isa run "batch 256, $isa" 0 1 --set data.batch_size=256
  same
done
matrix "batch 250" --set data.batch_size=250
matrix "batch 100 in 4 leaves" --set data.batch_size=100 --set parallel.leaves=4
cat >"$work/functions.toml" <<'TOML'
[model]
layers = [{type = "dense", units = 48}, {type = "gelu"}, {type = "dense", units = 45}, {type = "sigmoid"},
          {type = "dense", units = 33}, {type = "tanh"}, {type = "dense", units = 16}, {type = "silu"}]
[train]
epochs = 1
[checkpoint]
every_epochs = 0
TOML
expected=
for case in "0 1" "2 2" "3 1"; do
  config=$work/functions.toml run "gelu, sigmoid, tanh, silu, np $case" $case --set data.batch_size=250
  expected=${expected:-$digest}
  same
done
matrix "batch 100 in 5 leaves" --set data.batch_size=100 --set parallel.leaves=5
# Images: residual, strides, groups, pools, norms, dropout; ragged batches, leaves cut into pieces, one image a leaf.
"$shoal" import csv "$here/data/digits.csv.gz" --label label --shape 8,8 --test-fraction 0.6 -o "$work/images.h5" >/dev/null
cat >"$work/images.toml" <<'TOML'
[data]
augment = {crop = 1, flip = true, cutout = 2}
[model]
layers = [
  {type = "conv", channels = 12, kernel = 3}, {type = "batch_norm"}, {type = "relu"},
  {type = "residual", layers = [
    {type = "conv", channels = 40, kernel = 3, stride = 2, groups = 4}, {type = "batch_norm"}, {type = "relu"},
    {type = "conv", channels = 40, kernel = 5}, {type = "group_norm", groups = 5}]},
  {type = "relu"}, {type = "dropout", rate = 0.1},
  {type = "concat", branches = [[{type = "max_pool", size = 3, stride = 1, padding = 1}],
                                [{type = "conv", channels = 8, kernel = 1}, {type = "layer_norm"}, {type = "silu"}]]},
  {type = "conv", channels = 48, kernel = 3, groups = 48}, {type = "batch_norm"}, {type = "relu"},
  {type = "average_pool", size = 2}, {type = "flatten"}]
[optimizer]
learning_rate = 3e-3
[train]
epochs = 2
[checkpoint]
every_epochs = 1
TOML
digits=$data dense=$config data=$work/images.h5 config=$work/images.toml
matrix "images, batch 128" --set data.batch_size=128
for isa in avx512 avx2 neon scalar; do
  SHOAL_ISA=$isa "$shoal" --version >/dev/null 2>&1 || continue
  SHOAL_ISA=$isa run "images, batch 128, $isa" 0 1 --set data.batch_size=128
  same
done
run "images, before it is stopped" 3 1 --set data.batch_size=128
train 2 2 --resume "$work/run-$n/checkpoints/step-00000006.h5" --run "$work/images-resumed" 2>"$work/log" ||
  { cat "$work/log"; fail "images, resumed"; }
digest=$(digest_of "$work/images-resumed") name="images, resumed at np 2"
same
train 2 1 --replay "$work/images-resumed" --run "$work/images-replayed" 2>"$work/log" ||
  { cat "$work/log"; fail "images, replayed"; }
digest=$(digest_of "$work/images-replayed") name="images, replayed at np 2"
same
mpirun --bind-to none -np 3 "$shoal" sweep "$config" --set "data.file=$data" --set data.batch_size=128 --set sweep.trials=1 --set sweep.ranks_per_trial=2 \
  --set 'sweep.space."optimizer.learning_rate"={choices=[3e-3]}' --run "$work/images-sweep" >/dev/null 2>"$work/log" ||
  { cat "$work/log"; fail "images, from a sweep"; }
run "images, with rows to validate on" 1 1 --set data.batch_size=128 --set data.validation=0.1  # as a sweep sets apart by itself
expected=$digest digest=$(digest_in "$work/images-sweep/best.h5") name="images, a trial of two ranks"
same
ranks_tried="1 3 4"
matrix "images, one a leaf" --set data.batch_size=6 --set parallel.leaves=6 --set train.steps=20
ranks_tried="1 2 3"
matrix "images, 5 in 3 leaves of 2" --set data.batch_size=5 --set parallel.leaves=3 --set train.steps=20
ranks_tried="1 2 3 4"
data=$digits config=$dense
awk -v OFS=, 'BEGIN {
  print "size,town,when,hue,price,cost,count"
  for (i = 0; i < 600; ++i) {
    s = (i * 7919) % 1000
    print (i % 11 ? s / 8 : ""), "t" (i * 31) % 60, "2020-0" 1 + i % 9 "-1" i % 10, substr("rgb", 1 + i % 3, i % 13 ? 1 : 0),
      (s % 7 > 5 ? "high" : s % 7 > 2 ? "fair" : "low"), s * s / 64, i % 4 / 2
  }
}' >"$work/table.csv"
"$shoal" import csv "$work/table.csv" --label cost --weight count --ignore price -o "$work/cost.h5" >/dev/null 2>&1
"$shoal" import csv "$work/table.csv" --label price --weight count --ignore cost -o "$work/table.h5" >/dev/null 2>&1
data=$work/cost.h5
table=(--set data.batch_size=128 --set parallel.leaves=4 --set optimizer.l2=1e-4)
matrix "a table of targets: embeddings, weights, huber" "${table[@]}" --set 'model.loss={name="huber", delta=0.5}'
data=$work/table.h5
table+=(--set train.class_weights=balanced --set 'model.loss={name="softmax", label_smoothing=0.1}')
matrix "a table of classes: embeddings, weights, class weights, label smoothing" "${table[@]}"
mpirun --bind-to none -np 3 "$shoal" sweep "$config" --set "data.file=$data" "${table[@]}" --set data.validation=0.1 \
  --set sweep.trials=1 --set 'sweep.space."optimizer.learning_rate"={choices=[3e-3]}' --run "$work/table-sweep" \
  >/dev/null 2>"$work/log" || { cat "$work/log"; fail "a table, from a sweep"; }
of_classes=$expected
run "a table, with rows to validate on" 2 1 "${table[@]}" --set data.validation=0.1
expected=$digest digest=$(digest_in "$work/table-sweep/best.h5") name="a table, a trial of a sweep"
same
expected=$of_classes
# Stopped after the first epoch, and gone on with at another number of ranks.
run "a table, the first epoch" 3 1 "${table[@]}" --set train.epochs=3 --set checkpoint.every_epochs=1
train 2 2 --resume "$work/run-$n/checkpoints/step-00000005.h5" --run "$work/resumed" 2>"$work/log" ||
  { cat "$work/log"; fail "a table, resumed"; }
digest=$(digest_of "$work/resumed") name="a table, resumed at np 2"
same
train 2 1 --replay "$work/run-$n" --run "$work/replayed" 2>"$work/log" || { cat "$work/log"; fail "a table, replayed"; }
digest=$(digest_of "$work/replayed") name="a table, replayed"
same
data=$work/odd.h5
matrix "1,001 samples in batches of 250" --set data.batch_size=250
ranks_tried=1
matrix "1 leaf" --set data.batch_size=64 --set parallel.leaves=1
echo "all equal"
