#!/usr/bin/env bash
# On MNIST's 10,000 test images, 8,000 to train and 2,000 to test: the accuracy, and one digest (see digests.sh).
#   SHOAL_MNIST=FOLDER mnist.sh SHOAL [SHOAL_WITHOUT_MPI]
# FOLDER holds t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz. Where SHOAL_MNIST is not set, ends with 77.
shoal=$(realpath "$1")
without_mpi=${2:+$(realpath "$2")}
. "$(dirname "$0")/common.sh"
if [ -z "${SHOAL_MNIST:-}" ]; then
  echo "skipped: SHOAL_MNIST names no folder with MNIST's test images"
  exit 77
fi
least=0.97

"$shoal" import idx --images "$SHOAL_MNIST/t10k-images-idx3-ubyte.gz" --labels "$SHOAL_MNIST/t10k-labels-idx1-ubyte.gz" \
  --test-last 2000 -o "$work/mnist.h5" >/dev/null
for seed in 1 2 3; do
  train 2 1 --set data.file="$work/mnist.h5" --set data.batch_size=256 --set data.normalize=unit \
    --set "model.hidden=[256, 128]" --set model.batch_norm=true --set model.dropout=0.2 \
    --set optimizer.learning_rate=3e-3 --set schedule.name=cosine --set train.epochs=20 --set seed=$seed \
    --run "$work/run-$seed" 2>"$work/log" || { cat "$work/log"; fail "training"; }
  accuracy=$("$shoal" evaluate "$work/run-$seed" --data "$work/mnist.h5" --json | sed -n 's/.*"accuracy": *\([0-9.]*\).*/\1/p')
  echo "seed $seed: test accuracy $accuracy"
  awk -v a="$accuracy" -v least=$least 'BEGIN { exit !(a >= least) }' || fail "accuracy $accuracy is below $least"
done
"$(dirname "$0")/digests.sh" "$shoal" ${without_mpi:+"$without_mpi"} --mnist "$SHOAL_MNIST"
