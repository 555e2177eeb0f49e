"""How fast the error budget of an SLO is spent, from the events that a source counts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.conditions.numbers import Number
from watchkeeper.monitors.slo.burn import Z_TWO_SIDED, wilson
from watchkeeper.monitors.source import Source, Times

ANY = "slo"
"""The name under which a model's only SLO may be asked for."""


def burn(source: Source, name: str, window: timedelta, times: Times) -> Number:
    """The burn rate at each time: the share of bad events over the share that may be bad.

    Raises
    ------
    InputError
        The model has no such SLO.
    """
    slos = source.constants().get("slo", {})
    if name not in slos and name == ANY and len(slos) == 1:
        name = next(iter(slos))
    if name not in slos:
        hint = suggest(name, slos) or f"; it has {', '.join(slos) or 'none'}"
        raise InputError(f"the model has no SLO {name!r}{hint}")
    budget = 1.0 - float(slos[name]["objective"])
    bad, total = source.events(name, window, times)
    ratio, low, high = wilson(bad.astype(np.float64), total.astype(np.float64), Z_TWO_SIDED)
    return Number(ratio / budget, low / budget, high / budget, total)
