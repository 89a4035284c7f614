"""Makes gaussian_process.json: posteriors and likelihoods of scikit-learn 1.9's GaussianProcessRegressor with a Matern
kernel of nu = 2.5, which tests/tune/model/gaussian_process_test.cpp must follow.

    python3 make_gaussian_process.py     # needs scikit-learn
"""

import json
import pathlib

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

random = np.random.default_rng(18)


def case(n, lengths, amplitude, noise):
    d = len(lengths)
    x = random.random((n, d))
    y = np.sin(5 * x[:, 0]) + (x ** 2).sum(axis=1) + 0.1 * random.standard_normal(n)
    y = (y - y.mean()) / y.std()
    queries = np.concatenate([random.random((4, d)), x[:1]])
    kernel = ConstantKernel(amplitude) * Matern(lengths, nu=2.5) + WhiteKernel(noise)
    process = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(x, y)
    # theta: logarithms of amplitude, lengths, noise
    likelihood, gradient = process.log_marginal_likelihood(process.kernel_.theta, eval_gradient=True)
    mean, deviation = process.predict(queries, return_std=True)
    return dict(points=x.tolist(), targets=y.tolist(), lengths=lengths, amplitude=amplitude, noise=noise,
                queries=queries.tolist(), mean=mean.tolist(), variance=(deviation ** 2 - noise).tolist(),
                likelihood=float(likelihood), gradient=gradient[1:-1].tolist() + [gradient[0], gradient[-1]])


cases = [case(3, [0.5], 1.0, 0.1), case(9, [0.3, 1.7], 2.0, 1e-2), case(30, [0.2, 0.5, 1.0, 20.0], 0.7, 1e-4)]
path = pathlib.Path(__file__).with_name("gaussian_process.json")
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
