#!/usr/bin/env python3
"""64 trials of one shape with shoal (2 ranks of 1 thread) and with JAX (one vmap over all of them, 2 threads), one after
the other on the same cores.

    sweep_jax.py SHOAL DIGITS.h5 [--repeat 3] [--width 64 128] [--random rbg|threefry2x32]

Needs jax, h5py and numpy. Both train the same networks (two dense layers of that width with batch norm, relu and dropout)
on the same rows for as many steps of as many samples by Adam, each with a learning rate and a dropout rate of its own,
and judge the rows set apart after each epoch. JAX has all of it in one program: jit of vmap of scan. It is timed twice,
without what the compiler takes, and with it; importing JAX counts in neither. shoal is timed from the start of mpirun.
"""
import argparse
import os
import subprocess
import tempfile
import time

EPOCHS = 10
TRIALS = 64
BATCH = 64
CORES = 2
CONFIG = """
[data]
file = "{data}"
normalize = "unit"
batch_size = {batch}
[model]
depth = 2
width = {width}
batch_norm = true
[train]
epochs = {epochs}
[sweep]
trials = {trials}
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-4, max = 1e-1}}
"model.dropout" = {{min = 0.0, max = 0.5}}
"""


def shoal_seconds(shoal, data, width):
    with tempfile.TemporaryDirectory() as work:
        config = work + "/sweep.toml"
        with open(config, "w") as file:
            file.write(CONFIG.format(data=os.path.abspath(data), epochs=EPOCHS, trials=TRIALS, batch=BATCH, width=width))
        begun = time.monotonic()
        subprocess.run(
            ["mpirun", "--bind-to", "none", "-np", "2", os.path.abspath(shoal), "sweep", config, "--run", work + "/run"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        return time.monotonic() - begun


def make_program(rows, width):
    """A function of (keys, rates, dropouts) that trains all trials, and gives their validation losses by epoch."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    x, y = rows
    apart = np.random.default_rng(1).permutation(len(x))
    cut = len(x) // 10
    x_val, y_val = jnp.asarray(x[apart[:cut]]), jnp.asarray(y[apart[:cut]])
    x, y = jnp.asarray(x[apart[cut:]]), jnp.asarray(y[apart[cut:]])
    full, rest = divmod(len(x), BATCH)
    sizes = [x.shape[1], width, width]

    def start(key):
        keys = jax.random.split(key, 3)
        parameters, running = [], []
        for layer in range(2):
            w = jax.random.normal(keys[layer], (sizes[layer], sizes[layer + 1])) * jnp.sqrt(2.0 / sizes[layer])
            parameters.append({"w": w, "gamma": jnp.ones(width), "beta": jnp.zeros(width)})
            running.append((jnp.zeros(width), jnp.ones(width)))
        w = jax.random.normal(keys[2], (width, 10)) * jnp.sqrt(1.0 / width)
        parameters.append({"w": w, "b": jnp.zeros(10)})
        return parameters, running

    def logits(parameters, running, x, dropout, key):
        """Of training where there is a key, with the running averages after it."""
        after = []
        for layer in range(2):
            p = parameters[layer]
            z = x @ p["w"]
            if key is None:
                mean, variance = running[layer]
            else:
                mean, variance = jnp.mean(z, 0), jnp.var(z, 0)
                count = z.shape[0]
                after.append((0.9 * running[layer][0] + 0.1 * mean,
                              0.9 * running[layer][1] + 0.1 * variance * count / (count - 1)))
            x = jax.nn.relu((z - mean) * jax.lax.rsqrt(variance + 1e-5) * p["gamma"] + p["beta"])
            if key is not None:
                kept = jax.random.uniform(jax.random.fold_in(key, layer), x.shape) >= dropout
                x = jnp.where(kept, x / (1.0 - dropout), 0.0)
        return x @ parameters[2]["w"] + parameters[2]["b"], after

    def loss_of(parameters, running, x, y, dropout, key):
        z, after = logits(parameters, running, x, dropout, key)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1)), after

    def step(state, rows, rate, dropout, key):
        parameters, running, m, v, t = state
        (_, running), gradient = jax.value_and_grad(loss_of, has_aux=True)(parameters, running, x[rows], y[rows],
                                                                           dropout, jax.random.fold_in(key, t))
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        m_scale, v_scale = 1.0 / (1.0 - 0.9 ** t), 1.0 / (1.0 - 0.999 ** t)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m * m_scale / (jnp.sqrt(v * v_scale) + 1e-8), parameters, m, v)
        return parameters, running, m, v, t

    def train(key, rate, dropout, orders):
        parameters, running = start(jax.random.fold_in(key, 0))
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        key = jax.random.fold_in(key, 1)

        def epoch(state, order):
            batches = order[:full * BATCH].reshape(full, BATCH)
            state, _ = jax.lax.scan(lambda s, rows: (step(s, rows, rate, dropout, key), None), state, batches)
            if rest > 1:
                state = step(state, order[full * BATCH:], rate, dropout, key)
            return state, loss_of(state[0], state[1], x_val, y_val, dropout, None)[0]

        return jax.lax.scan(epoch, (parameters, running, zeros, zeros, jnp.int32(0)), orders)[1]

    orders = jnp.asarray(np.stack([np.random.default_rng(2 + e).permutation(len(x)) for e in range(EPOCHS)]))
    return jax.jit(jax.vmap(lambda key, rate, dropout: train(key, rate, dropout, orders)))


def jax_seconds(rows, width, generator):
    """Without and with compiling, and the best loss."""
    import jax
    import numpy as np
    program = make_program(rows, width)
    draw = np.random.default_rng(3)
    rates = np.exp(draw.uniform(np.log(1e-4), np.log(1e-1), TRIALS)).astype(np.float32)
    dropouts = draw.uniform(0.0, 0.5, TRIALS).astype(np.float32)
    keys = jax.random.split(jax.random.key(1, impl=generator), TRIALS)
    begun = time.monotonic()
    losses = np.asarray(program(keys, rates, dropouts))
    with_compiling = time.monotonic() - begun
    begun = time.monotonic()
    np.asarray(program(keys, rates, dropouts))
    return time.monotonic() - begun, with_compiling, float(np.nanmin(losses[:, -1]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("data")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--width", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--random", default="rbg", choices=["rbg", "threefry2x32"])
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:CORES]  # before JAX makes its threads, which are as many as cores
    os.sched_setaffinity(0, cores)
    os.environ["JAX_PLATFORMS"] = "cpu"
    import h5py
    import jax
    import numpy as np
    with h5py.File(options.data) as file:
        x = file["train/x"][:].reshape(len(file["train/x"]), -1).astype(np.float32) / 255.0
        rows = (x, file["train/y"][:].astype(np.int32))
    print(f"JAX {jax.__version__}, {options.random}; {TRIALS} trials of {EPOCHS} epochs, cores {cores}")
    for width in options.width:
        for _ in range(options.repeat):
            ours = shoal_seconds(options.shoal, options.data, width)
            run, with_compiling, loss = jax_seconds(rows, width, options.random)
            rate = TRIALS * 60
            print(f"width {width}: shoal {rate / ours:6.0f} trials a minute, JAX {rate / run:6.0f} (best loss {loss:.3f}), "
                  f"ratio {run / ours:.2f}; with compiling {rate / with_compiling:6.0f}, ratio "
                  f"{with_compiling / ours:.2f}", flush=True)


if __name__ == "__main__":
    main()
