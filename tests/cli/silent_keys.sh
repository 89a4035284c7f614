#!/usr/bin/env bash
# What is set and does nothing says so, once; what would train nothing, or compare nothing, is refused.
#   silent_keys.sh SHOAL SCRATCH_FOLDER
set -euo pipefail
shoal=$1
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

failures=0
fail() {
  echo "silent_keys: $*" >&2
  sed 's/^/    /' errors.txt >&2
  failures=$((failures + 1))
}
# status N COMMAND...: standard output and error go to output.txt and errors.txt
status() {
  local expected=$1 seen=0
  shift
  "$shoal" "$@" >output.txt 2>errors.txt || seen=$?
  [ "$seen" = "$expected" ] || fail "status $seen and not $expected of: $*"
}
# says TIMES WORDS: so many lines of standard error
says() { [ "$(grep -Fc -- "$2" errors.txt || true)" = "$1" ] || fail "not $1 times: $2"; }

"$shoal" synth gaussians --samples 150 --features 4 --classes 3 --validation-fraction 0.2 -o data.h5 >/dev/null
cat >plain.toml <<'TOML'
data = {file = "data.h5", batch_size = 32}
train = {epochs = 1}
TOML
cat >layers.toml <<'TOML'
data = {file = "data.h5", batch_size = 32}
train = {epochs = 1}
model.layers = [{type = "dense", units = 8}, {type = "batch_norm"}, {type = "tanh"}]
TOML

# A run: once, with its place, and also in a dry run; not again where it goes on, nor from the config that it kept.
idle='layers.toml:4:20: model.activation = "gelu" has no effect: model.layers names each activation'
{ cat layers.toml; echo 'model.activation = "gelu"'; } >layers_idle.toml
sed 's/^layers/layers_idle/' <<<"$idle" >idle.txt
status 0 train layers_idle.toml --run idle
says 1 "warning: $(cat idle.txt)"
says 1 'has no effect'
status 0 train layers_idle.toml --dry-run
says 1 "$(cat idle.txt)"
status 0 train --resume idle --set train.epochs=2
says 0 'has no effect'
status 0 train layers_idle.toml --run idle --resume auto --set train.epochs=3
says 0 'has no effect'
status 0 train --resume idle --set train.epochs=4 --set optimizer.rho=0.5
says 1 '--set optimizer.rho=0.5: optimizer.rho = 0.5 has no effect: optimizer.name = "adam" does not use it'
status 0 train plain.toml --run kept
says 0 'has no effect'
status 0 train kept/config.toml --run again
says 0 'has no effect'

# A warm-up that outlasts the run of 4 steps.
four=(--set data.batch_size=1000 --set train.epochs=4)
status 0 train plain.toml "${four[@]}" --set schedule.warmup_steps=5 --dry-run
says 1 '--set schedule.warmup_steps=5: schedule.warmup_steps = 5 lasts longer than the run, which has 4 steps'
status 0 train plain.toml "${four[@]}" --set schedule.warmup_steps=4 --dry-run
says 0 'warning'

# A rate that is nothing for most of the run of 60 steps.
status 0 train plain.toml "${four[@]}" --set train.epochs=60 --set schedule.name=exponential --dry-run
says 1 'schedule.name = "exponential" leaves less than 5e-08 of the learning rate after step 8 of 60'
status 0 train plain.toml "${four[@]}" --set train.epochs=60 --set schedule.name=exponential --set schedule.factor=0.9 --dry-run
says 0 'warning'
status 0 train plain.toml "${four[@]}" --set train.epochs=60 --set schedule.name=cosine --dry-run
says 0 'warning'
# What helps is a key of that schedule, and no other length where it is stretched over the run.
rest=("${four[@]}" --set train.epochs=60 --dry-run)
status 0 train plain.toml "${rest[@]}" --set schedule.name=polynomial --set schedule.power=100
says 1 'nothing is learnt behind it; set schedule.power lower'
status 0 train plain.toml "${rest[@]}" --set schedule.name=inverse_time --set schedule.decay=1e9
says 1 'nothing is learnt behind it; train for fewer epochs, or set schedule.decay lower'
status 0 train plain.toml "${rest[@]}" --set schedule.name=exponential
says 1 'nothing is learnt behind it; train for fewer epochs, or set schedule.factor nearer to 1'

# Exact statistics go with a list of layers, and are exact.
status 0 train layers.toml --set model.batch_norm.running=exact --run exact
says 0 'has no effect'
says 0 'running statistics'
status 0 train layers.toml --run average
# What judges by averages of few steps says so.
says 1 '66 % of the running statistics of batch norm is still what they began with, after 4 steps'
status 0 train layers.toml --set train.epochs=12 --run longer
says 0 'running statistics'
status 0 train plain.toml --set model.hidden=[4] --run without
says 0 'running statistics'

# A model that has learnt nothing says so, of the rows it is validated on, else of those it was trained on.
status 0 train plain.toml --set optimizer.learning_rate=1e-9 --set train.epochs=3 -q --run nothing
says 1 'warning: on validation after step 12, nll is no better than that of a constant: the shares of the classes'
says 2 '; shoal evaluate nothing/checkpoints/best tells of the best, of step 4'
"$shoal" inspect nothing/checkpoints/best --json | grep -Eq '"step": ?4[,}]' || fail 'the best is not of step 4'
"$shoal" synth gaussians --samples 120 --features 4 --classes 3 -o train.h5 >/dev/null
status 0 train plain.toml --set optimizer.learning_rate=1e-9 --set data.file=train.h5 -q --run nothing-of-train
says 1 'warning: on train after step 4, nll is no better than that of a constant: the shares of the classes'
status 0 train plain.toml --set optimizer.learning_rate=1e-2 --set train.epochs=20 --run something
says 0 'no better'
digest() { "$shoal" inspect "$1" --json | grep '"digest"'; }
[ "$(digest exact)" != "$(digest average)" ] || fail 'exact statistics are those of the average'

# What would train nothing
status 64 train plain.toml --set optimizer.learning_rate=1e-60 --run none
says 1 'optimizer.learning_rate is 1e-60; use a number from 1.2e-38 to 3.4e+38'
for key in l2 momentum clip_norm weight_decay; do
  status 64 train plain.toml --set optimizer.$key=1e-60 --run none
  says 1 "optimizer.$key is 1e-60; use 0, or a number"
done
status 64 train plain.toml --set optimizer.epsilon=1e300 --run none
says 1 'optimizer.epsilon is 1e+300'
one='data.batch_size = 1, and batch norm makes 0 of a batch of one sample'
status 64 train layers.toml --set data.batch_size=1 --run none
says 1 "error: --set data.batch_size=1: $one"
status 64 train plain.toml --set data.batch_size=1 --set 'model.hidden=[8]' --set model.batch_norm=true --run none
says 1 "$one"
status 0 train plain.toml --set data.batch_size=1 --set 'model.hidden=[8]' --run one
[ ! -e none ] || fail 'a refused run left something'
# An image has as many rows for batch norm as it has positions.
norms='model.layers=[{type="conv",channels=2,kernel=3},{type="batch_norm"},{type="global_average_pool"}'
python3 -c 'import h5py; f = h5py.File("dots.h5", "w"); f["train/x"] = [[[i, 1.0], [2.0, i * i]] for i in range(5)]; f["train/y"] = range(5)'
status 0 train plain.toml --set data.file=dots.h5 --set data.batch_size=1 --set "$norms]" --run dots
status 64 train plain.toml --set data.file=dots.h5 --set data.batch_size=1 --set "$norms,{type=\"batch_norm\"}]" --run none
says 1 "$one"

# What predictions and checkpoints of trials do not depend on is said.
metrics='sweep.space."train.metric"={choices=["validation.loss","validation.accuracy"]}'
status 0 sweep plain.toml --set "$metrics" --set sweep.trials=2 --run metrics
says 1 'sweep.space."train.metric" has no effect: trials are compared by sweep.metric'
status 0 sweep plain.toml --set "$metrics" --set sweep.trials=2 --set train.early_stopping.patience=1 --run stopping
says 0 'has no effect'

# A sweep: what no trial reads is said; a metric that a trial lacks, or that is none, is refused; and so is one that
# ends with nothing.
space() { echo "sweep.space.\"$1\"=$2"; }
activations=$(space model.activation '{choices=["relu","tanh"]}')
status 0 sweep layers.toml --set "$activations" --set sweep.trials=2 --run s1
says 1 'sweep.space."model.activation" has no effect: model.layers names each activation'
status 0 sweep --run s1 --resume
says 0 'has no effect'
status 0 sweep plain.toml --set "$activations" --set "$(space model.depth '{choices=[0,1]}')" --set model.width=4 \
  --set optimizer.momentum=0.5 --set sweep.search=grid --set sweep.trials=4 --run s2
says 0 'sweep.space."model.activation" has no effect'
says 1 'optimizer.momentum = 0.5 has no effect'
says 1 'grid: 2 values of model.activation, 2 values of model.depth; 4 points'
status 0 sweep plain.toml --set optimizer.momentum=0.5 --set "$(space optimizer.name '{choices=["adam","momentum"]}')" \
  --set sweep.search=grid --set sweep.trials=2 --run s3
says 0 'has no effect'
# What a run reads and no trial: files of a run, and which checkpoint is best.
rates=(--set "$(space optimizer.l2 '{min=0.0,max=0.1}')" --set sweep.trials=2)
status 0 sweep plain.toml "${rates[@]}" --set train.metric=validation.accuracy --set sweep.metric=validation.loss \
  --set train.log_every=2 --set checkpoint.every_steps=3 --run of-runs
says 1 'train.metric = "validation.accuracy" has no effect: trials are compared by sweep.metric'
says 1 'train.log_every = 2 has no effect: trials write no metrics.jsonl'
says 1 'checkpoint.every_steps = 3 has no effect: trials are saved at their end, and where they are stopped'
status 0 sweep --run of-runs --resume
says 0 'has no effect'
status 0 cv plain.toml --folds 2 --set train.metric=validation.accuracy --set sweep.metric=validation.loss --run of-folds
says 1 'train.metric = "validation.accuracy" has no effect'
# Where it alone is given, it is the metric of the sweep.
status 0 sweep plain.toml "${rates[@]}" --set train.metric=validation.accuracy --run decides
says 0 'has no effect'
says 1 'compared by validation.accuracy'
grep -q '^metric = "validation.accuracy"' <(sed -n '/^\[sweep\]/,$p' decides/config.toml) || fail 'the config has another metric'
status 0 sweep --run decides --resume
status 0 sweep plain.toml "${rates[@]}" --set train.metric=validation.accuracy --run decides --resume
status 0 cv plain.toml --folds 2 --set train.metric=validation.accuracy --run decides-folds
says 0 'has no effect'
status 64 sweep plain.toml "${rates[@]}" --set model.loss=mse --set train.metric=validation.accuracy --run none
says 1 '--set train.metric=validation.accuracy: sweep.metric = "validation.accuracy" counts right classes'
status 0 sweep plain.toml "${rates[@]}" --set train.metric=validation.accuracy --set sweep.metric=validation.accuracy --run same
says 0 'has no effect'
status 0 sweep plain.toml "${rates[@]}" --set train.metric=validation.accuracy --set train.early_stopping.patience=1 --run early
says 0 'has no effect'
status 64 sweep plain.toml --set model.loss=mse --set sweep.metric=validation.accuracy \
  --set "$(space optimizer.l2 '{min=0.0,max=0.1}')" --run s4
says 1 '--set sweep.metric=validation.accuracy: sweep.metric = "validation.accuracy" counts right classes'
[ ! -e s4 ] || fail 'a refused sweep left something'
status 76 sweep plain.toml --set 'model.hidden=[8]' --set optimizer.name=gd --set "$(space optimizer.learning_rate '{min=1e35,max=1e36}')" \
  --set sweep.trials=2 --set train.epochs=3 --run s5
says 1 'every trial failed, so there is no best.h5; trial 0: '
grep -q '^0 done, 2 failed' output.txt || fail 'no count of the trials that failed'

# All whole numbers of a grid, each once; and what too few trials estimate
status 0 sweep plain.toml --set "$(space model.width '{scale="log",min=1,max=8}')" --set model.depth=1 \
  --set sweep.search=grid --set sweep.trials=8 --run s6
widths=$(tail -n +2 s6/sweep.csv | cut -d, -f11 | sort -n | tr '\n' ' ')
[ "$widths" = '1 2 3 4 5 6 7 8 ' ] || fail "the widths of the grid are $widths"
status 0 sweep plain.toml --set "$(space optimizer.l2 '{min=0.0,max=0.1}')" --set sweep.trials=2 \
  --set sweep.generation=2 --run s7
says 1 '--set sweep.generation=2: sweep.generation = 2 has no effect: sweep.population is 0, which is off'
grep -Eq '^optimizer.l2 +- +-' output.txt || fail "two trials estimate something: $(cat output.txt)"

# A nudge: said to the one who nudges, and in the log of the run
"$shoal" train plain.toml --set train.steps=100000000 --set checkpoint.every_epochs=0 --run nudged 2>log.txt &
run=$!
until [ -s nudged/metrics.jsonl ]; do sleep 0.05; done
nudge='warning: optimizer.rho = 0.5 has no effect: optimizer.name = "adam" does not use it'
status 0 nudge nudged optimizer.rho=0.5 optimizer.l2=0.1
says 1 "$nudge"
says 1 'has no effect'
kill -USR1 $run
wait $run || true
cp log.txt errors.txt
says 1 "$nudge"

[ "$failures" = 0 ] || exit 1
echo 'nothing is silent'
