"""Columns on which careless statistics go wrong, by name."""

from __future__ import annotations

import numpy as np

_RNG = np.random.default_rng(7)

NASTY: dict[str, np.ndarray] = {
    "normal": _RNG.normal(size=20_000),
    "heavy tails": _RNG.standard_cauchy(size=20_000),
    "ties": _RNG.integers(0, 5, size=20_000).astype(float),
    "many ties and a tail": np.concatenate((np.zeros(15_000), _RNG.lognormal(size=5_000))),
    "constant": np.full(5_000, 3.25),
    "integers": _RNG.integers(-(10**6), 10**6, size=20_000).astype(float),
    "epoch seconds": 1.7e9 + _RNG.uniform(0, 3600, size=20_000),
    "denormals": _RNG.integers(1, 10**6, size=20_000) * 5e-324,
    "tiny and huge": np.concatenate((_RNG.normal(size=9_000) * 1e-200, [1e300, -1e300])),
    "infinities": np.concatenate((_RNG.normal(size=9_000), [np.inf] * 500, [-np.inf] * 500)),
    "not a number": np.concatenate((_RNG.normal(size=9_000), [np.nan] * 1_000)),
    "all not a number": np.full(1_000, np.nan),
    "all infinite": np.full(1_000, np.inf),
    "signed zeros": np.array([0.0, -0.0] * 500),
    "one row": np.array([42.0]),
    "empty": np.empty(0),
}
