"""The nets of torch_step.py in JAX. A layer is (start, apply):

  start(key) -> (parameters, running)       apply(parameters, running, x) -> (y, running after it)

Images are (N, H, W, C), kernels (H, W, in, out): the order in which XLA computes convolutions on CPUs.
"""
import jax
import jax.numpy as jnp

FUNCTIONS = {"relu": jax.nn.relu, "gelu": lambda x: jax.nn.gelu(x, approximate=False), "sigmoid": jax.nn.sigmoid,
             "tanh": jnp.tanh, "silu": jax.nn.silu}


def chain(*layers):
    def start(key):
        made = [layer_start(k) for (layer_start, _), k in zip(layers, jax.random.split(key, len(layers)))]
        return [parameters for parameters, _ in made], [running for _, running in made]

    def apply(parameters, running, x):
        after = []
        for (_, layer), p, r in zip(layers, parameters, running):
            x, r = layer(p, r, x)
            after.append(r)
        return x, after

    return start, apply


def plain(function):
    """A layer without parameters."""
    return lambda key: ((), ()), lambda parameters, running, x: (function(x), ())


def drawn(key, shape, inputs):
    return jax.random.uniform(key, shape, minval=-1.0, maxval=1.0) / jnp.sqrt(float(inputs))


def dense(inputs, outputs, bias=True):
    def start(key):
        keys = jax.random.split(key)
        parameters = {"weight": drawn(keys[0], (inputs, outputs), inputs)}
        return (parameters | {"bias": drawn(keys[1], (outputs,), inputs)} if bias else parameters), ()

    def apply(p, running, x):
        y = x @ p["weight"]
        return (y + p["bias"] if bias else y), ()

    return start, apply


def conv(inputs, outputs, kernel, stride=1, bias=False):
    size = kernel * kernel * inputs
    before = kernel // 2

    def start(key):
        keys = jax.random.split(key)
        parameters = {"weight": drawn(keys[0], (kernel, kernel, inputs, outputs), size)}
        return (parameters | {"bias": drawn(keys[1], (outputs,), size)} if bias else parameters), ()

    def apply(p, running, x):
        y = jax.lax.conv_general_dilated(x, p["weight"], (stride, stride), [(before, before)] * 2,
                                         dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return (y + p["bias"] if bias else y), ()

    return start, apply


def batch_norm(channels):
    def start(key):
        return ({"gamma": jnp.ones(channels), "beta": jnp.zeros(channels)},
                {"mean": jnp.zeros(channels), "variance": jnp.ones(channels)})

    def apply(p, running, x):
        axes = tuple(range(x.ndim - 1))
        count = x.size // x.shape[-1]
        mean = jnp.mean(x, axes)
        variance = jnp.mean(x * x, axes) - mean * mean  # as Flax has it: one pass, and faster than jnp.var
        after = {"mean": 0.9 * running["mean"] + 0.1 * mean,
                 "variance": 0.9 * running["variance"] + 0.1 * variance * count / (count - 1)}
        return (x - mean) * (jax.lax.rsqrt(variance + 1e-5) * p["gamma"]) + p["beta"], after

    return start, apply


def residual(branch, shortcut):
    def start(key):
        made = [s(k) for (s, _), k in zip((branch, shortcut), jax.random.split(key))]
        return [parameters for parameters, _ in made], [running for _, running in made]

    def apply(p, running, x):
        y, branch_running = branch[1](p[0], running[0], x)
        z, shortcut_running = shortcut[1](p[1], running[1], x)
        return y + z, [branch_running, shortcut_running]

    return start, apply


def max_pool(x):
    """The largest of 2 x 2. By shape: with reduce_window, whose gradient is a scatter, steps take longer."""
    n, h, w, c = x.shape
    return jnp.max(x.reshape(n, h // 2, 2, w // 2, 2, c), (2, 4))


relu = plain(jax.nn.relu)
flatten = plain(lambda x: x.reshape(x.shape[0], -1))


def dense_net(widths, activation):
    layers = []
    for inputs, outputs in zip(widths[:-2], widths[1:-1]):
        if activation:
            layers += [dense(inputs, outputs), plain(FUNCTIONS[activation])]
        else:
            layers += [dense(inputs, outputs, bias=False), batch_norm(outputs), relu]
    return chain(*layers, dense(widths[-2], widths[-1]))


def lenet():
    return chain(conv(1, 32, 5, bias=True), relu, plain(max_pool), conv(32, 64, 5, bias=True), relu, plain(max_pool), flatten,
                 dense(64 * 49, 128), relu, dense(128, 10))


def resnet20():
    layers = [conv(3, 16, 3), batch_norm(16), relu]
    inputs = 16
    for channels in (16, 32, 64):
        for block in range(3):
            stride = 2 if block == 0 and channels > 16 else 1
            branch = chain(conv(inputs, channels, 3, stride), batch_norm(channels), relu, conv(channels, channels, 3),
                           batch_norm(channels))
            same = inputs == channels and stride == 1
            shortcut = plain(lambda x: x) if same else chain(conv(inputs, channels, 1, stride), batch_norm(channels))
            layers += [residual(branch, shortcut), relu]
            inputs = channels
    return chain(*layers, plain(lambda x: jnp.mean(x, (1, 2))), dense(64, 10))
