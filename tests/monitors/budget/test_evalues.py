"""E-values against published numbers, SciPy, and their defining property: a mean of at most 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from watchkeeper.monitors.budget.evalues import (
    chi2_tail,
    e_bh,
    e_bh_logs,
    log_calibrated,
    log_gauss,
    log_mean,
    log_rate,
)
from watchkeeper.monitors.budget.process import log_step


@pytest.mark.parametrize(
    ("p_value", "e_value"),
    [(0.5, 0.6387), (0.1, 1.2632), (0.05, 1.7833), (0.01, 4.4510), (0.001, 20.791),
     (1e-4, 117.76), (1e-6, 5239.1)],
)  # fmt: skip
def test_the_calibrator(p_value, e_value):
    """The seven values of section 15.2 of the notes."""
    assert np.exp(log_calibrated(p_value)) == pytest.approx(e_value, rel=5e-5)


def test_the_calibrator_pays_nothing_on_average():
    """Its integral over uniform p-values is 1; p = 1 gives one half, p = 0 is finite."""
    total, _ = integrate.quad(lambda p: float(np.exp(log_calibrated(p))), 1e-12, 1.0, limit=500)
    # Below 1e-12 lies 1 / ln(1e12) of it.
    assert total + 1 / np.log(1e12) == pytest.approx(1.0, abs=2e-3)
    assert np.exp(log_calibrated(1.0)) == pytest.approx(0.5)
    assert np.isfinite(log_calibrated(0.0))
    near = np.exp(log_calibrated(np.array([0.9989, 0.999, 0.9991])))
    assert np.all(np.diff(near) < 0)


def test_shiryaev_roberts_on_p_values():
    """Section 15.2: p = .2 .03 .6 .004 .001."""
    log_m, found = np.array(-np.inf), []
    for p_value in (0.2, 0.03, 0.6, 0.004, 0.001):
        log_m = log_step(log_m, log_calibrated(p_value))
        found.append(float(np.exp(log_m)))
    assert found == pytest.approx([0.9229, 4.5081, 3.2895, 34.258, 733.06], rel=5e-5)


def test_rates():
    """Section 15.2: p0 = .10, equal mixture of .12 .15 .20 inside e, n = 200."""
    q, log_m, found, sums = np.array([0.12, 0.15, 0.20]), np.array(-np.inf), [], []
    for k in (20, 25, 18, 31, 30, 33):
        e_value = np.exp(log_rate(k, 200, 0.10, q)).mean()
        log_m = log_step(log_m, np.log(e_value))
        found.append(float(e_value))
        sums.append(float(np.exp(log_m)))
    assert found == pytest.approx(
        [0.261661, 1.016524, 0.163535, 9.867255, 6.306536, 26.846549], abs=5e-7
    )
    assert sums == pytest.approx(
        [0.261661, 1.282510, 0.373270, 13.550406, 91.762656, 2490.357216], abs=5e-6
    )


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 4.0])
@pytest.mark.parametrize("n", [1, 30, 400])
def test_a_rate_pays_nothing_on_average(n, dispersion):
    """Exactly 1 at the null and dispersion 1; less below the null and at larger dispersions."""
    k, q = np.arange(n + 1), np.array([0.12, 0.15, 0.20])[:, None]
    e_values = np.exp(log_rate(k, n, 0.10, q, dispersion))
    at_null = (e_values * stats.binom.pmf(k, n, 0.10)).sum(axis=1)
    below = (e_values * stats.binom.pmf(k, n, 0.08)).sum(axis=1)
    if dispersion == 1.0:
        assert at_null == pytest.approx(1.0, rel=1e-9)
    else:
        assert np.all(at_null < 1.0)
    assert np.all(below < 1.0)


@given(
    share=st.floats(0.001, 0.999),
    shift=st.sampled_from([-0.5, -0.25, -0.1, 0.1, 0.25, 0.5]),
    scale=st.floats(1e-3, 1e3),
)
def test_a_mean_pays_nothing_on_average_whatever_the_law(share, shift, scale):
    """For one row of any two-point law, the hardest of their variance, the mean is at most 1."""
    deviation = scale * np.sqrt(share * (1 - share))
    values = scale * np.array([1.0 - share, -share])
    e_values = np.exp(log_mean((1.0, values, values**2), 0.0, deviation, shift))
    assert e_values @ np.array([share, 1 - share]) <= 1 + 1e-12


def test_a_mean_bets_as_the_normal_law_where_the_scatter_is_as_it_was():
    """With as much scatter as the reference it is the likelihood ratio of two normal laws."""
    rows = np.linspace(-1, 1, 101)
    rows = 0.2 + (rows - rows.mean()) / rows.std()
    found = log_mean((101, rows.sum(), (rows**2).sum()), 0.0, 1.0, 0.25)
    ratio = stats.norm.logpdf(rows, 0.25).sum() - stats.norm.logpdf(rows, 0.0).sum()
    assert found == pytest.approx(ratio, abs=0.06)


def test_an_estimate_pays_nothing_on_average():
    """The mean over a normal law at the null is 1."""

    def weighed(x):
        return float(np.exp(log_gauss(x, 0.8, 0.01**2, -0.02))) * stats.norm.pdf(x, 0.8, 0.01)

    assert integrate.quad(weighed, 0.65, 0.9)[0] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("freedom", [1.0, 2.7, 9.0])
@pytest.mark.parametrize("noncentrality", [0.1, 3.0, 100.0, 1e4])
def test_the_tail_of_the_chi_squared_law(freedom, noncentrality):
    """Down to 1e-4 never below 0.9 of SciPy's, and at most 0.7 too large: on the quiet side."""
    p_values = np.array([0.5, 0.1, 0.01, 1e-3, 1e-4])
    x = stats.ncx2.isf(p_values, freedom, noncentrality)
    ratio = chi2_tail(x, freedom, noncentrality) / p_values
    assert np.all((ratio > 0.9) & (ratio < 1.7)), ratio


def test_e_bh():
    """Section 15.2: one discovery of [1, 4, 80, 12, .5, 25] at 0.1; none of nothing."""
    assert e_bh([1, 4, 80, 12, 0.5, 25], 0.1) == (2,)
    assert e_bh([30, 4, 80, 30, 0.5, 25], 0.1) == (2, 0, 3, 5)
    assert e_bh([], 0.1) == ()
    assert e_bh([0.0, 0.0], 0.1) == ()
    assert e_bh_logs(np.array([1e4, -np.inf, 1e5])) == (2, 0)
