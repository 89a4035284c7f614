#!/usr/bin/env python3
"""Time of a training step in JAX: the nets of torch_step.py (see jax_nets.py), Adam, float32, on made-up data in memory.

  jax_step.py [--threads T] [--batch B] [--widths 784,1024,1024,1024,10] [--activation gelu] [--steps N] [--scan]
  jax_step.py --net resnet20|lenet ...   on images of 32 x 32 x 3, or 28 x 28 x 1

One step is one jit, called by a loop of Python; with --scan, several steps are one: lax.scan over them. Each hands its state on
(donated). Five stretches of steps are timed, each until its results are there; what the compiler takes does not count. The scan
is unrolled for images: in a loop XLA computes convolutions on CPUs by plain code of one thread, more than ten times as slow.

XLA makes as many threads as the process may use cores: it gets the first T of them. For one thread it is also told not to
share products out (--xla_cpu_multi_thread_eigen=false), unless XLA_FLAGS is set.

Prints one line: the median step and the least, in ms, parameters, the first loss and the last. Fails unless it fell.
"""
import argparse
import math
import os
import statistics
import sys
import time

STRETCHES = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--widths", default="784,1024,1024,1024,10")
    parser.add_argument("--net", choices=["dense", "resnet20", "lenet"], default="dense")
    parser.add_argument("--activation", choices=["relu", "gelu", "sigmoid", "tanh", "silu"], help="without batch norm")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--scan", action="store_true")
    return parser.parse_args()


def limit_threads(threads):
    """Before JAX is imported."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ["JAX_PLATFORMS"] = "cpu"
    if threads == 1:
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")


def net_of(options):
    """The net, the shape of a sample and the number of classes."""
    import jax_nets
    if options.net == "lenet":
        return jax_nets.lenet(), (28, 28, 1), 10
    if options.net == "resnet20":
        return jax_nets.resnet20(), (32, 32, 3), 10
    widths = [int(w) for w in options.widths.split(",")]
    return jax_nets.dense_net(widths, options.activation), (widths[0],), widths[-1]


def make_step(jax, net):
    """A function of (state, x, y) that gives the next state and the loss before it."""
    jnp = jax.numpy

    def loss_of(parameters, running, x, y):
        logits, running = net(parameters, running, x)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)), running

    def step(state, x, y):
        parameters, running, m, v, t = state
        (loss, running), gradient = jax.value_and_grad(loss_of, has_aux=True)(parameters, running, x, y)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        m_scale, v_scale = 1.0 / (1.0 - 0.9 ** t), 1.0 / (1.0 - 0.999 ** t)
        parameters = jax.tree.map(
            lambda p, m, v: p - 1e-4 * (m * m_scale) / (jnp.sqrt(v * v_scale) + 1e-8), parameters, m, v)
        return (parameters, running, m, v, t), loss

    return step


def measure(jax, options):
    """Milliseconds of a step in each stretch, the number of parameters, the loss of the first step and of the last."""
    jnp = jax.numpy
    (start, net), shape, classes = net_of(options)
    parameters, running = jax.jit(start)(jax.random.key(1))
    x = jax.random.normal(jax.random.key(2), (options.batch, *shape))
    y = jnp.arange(options.batch) % classes
    state = (parameters, running, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)), jnp.float32(0))
    count = sum(p.size for p in jax.tree.leaves(parameters))
    step = make_step(jax, net)
    length = max(2, options.steps // STRETCHES)
    if options.scan:
        def steps(state, x, y):
            return jax.lax.scan(lambda state, _: step(state, x, y), state, length=length, unroll=options.net != "dense")
        run, calls = jax.jit(steps, donate_argnums=0), 1
    else:
        run, calls = jax.jit(step, donate_argnums=0), length
    times, losses = [], []
    for stretch in range(STRETCHES + 1):
        before = time.perf_counter()
        for _ in range(calls):
            state, loss = run(state, x, y)
            losses.append(loss)
        jax.block_until_ready((state, loss))
        times.append(1e3 * (time.perf_counter() - before) / length)
    losses = [float(loss) for loss in jnp.hstack(losses)]
    return times[1:], count, losses[0], losses[-1]  # the first stretch compiled


def main():
    options = arguments()
    limit_threads(options.threads)
    try:
        import jax
    except ImportError:
        print(f"jax_step: {sys.executable} has no JAX; install it: pip install jax==0.10.2", file=sys.stderr)
        return 69
    times, count, first, last = measure(jax, options)
    print(f"jax {jax.__version__} batch {options.batch} threads {options.threads} {'scan' if options.scan else 'jit'}: "
          f"step {statistics.median(times):.3f} ms (min {min(times):.3f}), {count} parameters, loss {first:.4f} to {last:.4f}")
    if not (math.isfinite(last) and last < first):
        print("jax_step: the loss did not fall", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
