"""The likelihood of coefficients: its slopes, the covariates' units, the penalty, and recovery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold.lifetime import BGNBD, MBGNBD, ParetoNBD, fitting
from onefold.lifetime.fitting import Design, likelihood, search
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.rows import Rows
from tests.lifetime import cdnow

LOYAL, PAID = 0.4, -0.5  # what covariates do in the customers below


def customers(n, seed, *, process=None):
    """Customers of BG/NBD: the loyal buy more often, those of a paid channel leave less soon."""
    rng = np.random.default_rng(seed)
    loyal, paid = rng.normal(3, 2, n), rng.integers(0, 2, n) * 1.0
    r, alpha, a, b = cdnow.BGNBD_PARAMS
    params = np.stack(
        [
            np.full(n, r),
            alpha * np.exp(-LOYAL * (loyal - 3)),
            a * np.exp(PAID * paid),
            np.full(n, b),
        ]
    )
    T = rng.integers(189, 273, n) / 7
    x, t_x = (process or BetaGeometric(False)).draw(params, T, rng)
    return pd.DataFrame({"frequency": x, "recency": t_x, "T": T, "loyal": loyal, "paid": paid})


FRAME = customers(3000, 5)


def rows_of(frame):
    x, t_x, T = (frame[c].to_numpy() for c in ("frequency", "recency", "T"))
    return Rows.of(x, t_x, T, {c: frame[c].to_numpy() for c in ("loyal", "paid")})


def design_of(frame, *, letters=("r", "alpha", "a", "b"), acts=None, l2=0.0):
    acts = acts or {"alpha": (("loyal", "paid"), -1), "a": (("paid",), 1), "b": (("paid",), 1)}
    names = ("loyal", "paid")
    return Design(
        letters,
        acts,
        {c: float(frame[c].mean()) for c in names},
        {c: float(frame[c].std(ddof=0)) for c in names},
        l2,
    )


@pytest.mark.parametrize("l2", [0.0, 3.0])
@pytest.mark.parametrize("at_once", [64, 8192], ids=["parts", "whole"])
@pytest.mark.parametrize("process", [BetaGeometric(False), BetaGeometric(True), Pareto()])
def test_slopes_and_bends_of_coefficients(process, at_once, l2, monkeypatch):
    monkeypatch.setattr(fitting, "AT_ONCE", at_once)
    frame = customers(150, 2)
    rows = rows_of(frame)
    acts = None
    if isinstance(process, Pareto):
        acts = {"alpha": (("loyal", "paid"), -1), "beta": (("paid",), -1)}
    design = design_of(frame, letters=process.letters, acts=acts, l2=l2)
    p = len(design.names)
    theta = np.random.default_rng(1).normal(0, 0.3, p)
    value, gradient, hessian = likelihood(process, design, theta, rows)
    assert value == pytest.approx(
        likelihood(process, design, theta, rows, second=False)[0], rel=1e-12
    )
    h = 1e-5
    for i, step in enumerate(h * np.eye(p)):
        up, down = (likelihood(process, design, theta + s, rows) for s in (step, -step))
        size = np.abs(gradient).max()
        assert gradient[i] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-5 * size)
        bend = (up[1] - down[1]) / (2 * h)
        np.testing.assert_allclose(hessian[i], bend, atol=1e-5 * np.abs(hessian).max())
    np.testing.assert_allclose(hessian, hessian.T)


def test_rows_that_are_alike_count_as_often_as_they_are_there():
    frame = customers(300, 3)
    design, theta = design_of(frame), np.full(8, 0.1)
    twice = rows_of(pd.concat([frame, frame], ignore_index=True))
    held = twice.compressed()
    assert len(held) <= 300
    for one, two in zip(
        likelihood(BetaGeometric(False), design, theta, twice),
        likelihood(BetaGeometric(False), design, theta, held),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, rtol=1e-9)


@settings(max_examples=5, deadline=None)
@given(mean=st.floats(-50, 50), factor=st.sampled_from([1e-3, 0.3, 7.0, 1e3]))
def test_a_covariate_in_other_units_is_the_same_covariate(mean, factor):
    shift = mean * factor
    frame = FRAME.iloc[:1000]
    model = BGNBD(purchase=("loyal",), dropout=("paid",))
    plain = model.fit(frame)
    other = model.fit(frame.assign(loyal=frame["loyal"] * factor + shift))
    assert other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    coefficient = other.params["alpha:loyal"]
    assert coefficient * factor == pytest.approx(plain.params["alpha:loyal"], rel=1e-5)
    # alpha is that of a customer whose covariates are 0, wherever their 0 is now.
    moved = plain.params["alpha"] * np.exp(coefficient * shift)
    assert other.params["alpha"] == pytest.approx(moved, rel=1e-4)
    for name in ("r", "a", "b", "a:paid", "b:paid"):
        assert other.params[name] == pytest.approx(plain.params[name], rel=1e-3, abs=1e-4)
    error = other.standard_errors["alpha:loyal"] * factor
    assert error == pytest.approx(plain.standard_errors["alpha:loyal"], rel=1e-3)
    one = frame.iloc[7]
    moved_one = {**one.to_dict(), "loyal": one["loyal"] * factor + shift}
    assert other.p_alive(moved_one) == pytest.approx(plain.p_alive(one.to_dict()), rel=1e-4)


def test_a_penalty_shrinks_the_coefficients_and_leaves_the_letters():
    frame = FRAME.iloc[:1500]
    fits = [BGNBD(purchase=("loyal",), l2=l2).fit(frame) for l2 in (0.0, 30.0, 300.0, 1e6)]
    sizes = [abs(fit.params["alpha:loyal"]) for fit in fits]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3]
    assert sizes[3] < 0.01 * sizes[0]
    without = BGNBD().fit(frame)
    assert fits[3].params["r"] == pytest.approx(without.params["r"], rel=0.01)
    likelihoods = [fit.log_likelihood for fit in fits]
    assert likelihoods == sorted(likelihoods, reverse=True)
    assert likelihoods[3] == pytest.approx(without.log_likelihood, abs=0.5)


def test_the_log_likelihood_of_a_penalised_fit_is_without_the_penalty():
    fit = BGNBD(purchase=("loyal",), l2=30.0).fit(FRAME)
    rows = rows_of(FRAME)
    theta = fit._theta
    design = design_of(FRAME, acts={"alpha": (("loyal",), -1)})
    value = likelihood(BetaGeometric(False), design, theta, rows, second=False)[0]
    assert fit.log_likelihood == pytest.approx(value, abs=1e-6)


def test_covariates_are_found_again():
    fit = BGNBD(purchase=("loyal",), dropout=("paid",)).fit(customers(8000, 4))
    assert fit.converged and not fit.untold
    r, alpha, a, b = cdnow.BGNBD_PARAMS
    truth = {
        "r": r,
        "alpha": alpha * np.exp(3 * LOYAL),
        "a": a,
        "b": b,
        "alpha:loyal": LOYAL,
        "a:paid": PAID,
        "b:paid": 0.0,
    }
    errors = np.sqrt(np.diag(fit.covariance))  # of the logarithms of the letters
    for (name, value), error in zip(truth.items(), errors, strict=True):
        found = fit.params[name]
        off = found - value if ":" in name else np.log(found / value)
        assert abs(off) < 3 * error, name
    assert fit.standard_errors["alpha:loyal"] < 0.05


def test_a_search_on_some_rows_first_ends_where_one_on_all_does():
    frame = customers(50_000, 6)
    rows = rows_of(frame)
    design = Design(("r", "alpha", "a", "b"), {}, {}, {})
    process = BetaGeometric(False)
    found = search(process, design, rows)
    direct = search(process, design, rows, np.log(process.starts(rows)[0]))
    assert found.converged and direct.converged
    np.testing.assert_allclose(found.point, direct.point, atol=1e-4)
    assert found.steps < direct.steps


@pytest.mark.parametrize(
    ("model", "process", "params"),
    [
        (BGNBD(), BetaGeometric(False), cdnow.BGNBD_PARAMS),
        (MBGNBD(), BetaGeometric(True), cdnow.MBGNBD_PARAMS),
        (ParetoNBD(), Pareto(), cdnow.PARETO_PARAMS),
    ],
    ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"],
)
def test_what_customers_were_drawn_from_is_found_again(model, process, params):
    hits = []
    for seed in range(60):
        frame = cdnow.drawn(process, params, 2357, seed=1000 + seed)
        fit = model.fit(frame)
        assert fit.converged and not fit.untold
        rows = Rows.of(*(frame[c].to_numpy() for c in ("frequency", "recency", "T")))
        at_truth = process.value(np.array(params)[:, None], rows).sum()
        assert fit.log_likelihood >= at_truth
        held, truth = fit.intervals(0.95, method="wald"), np.array(params)
        hits.append(((held["low"] <= truth) & (truth <= held["high"])).mean())
    # 60 sets: the share of intervals that hold the truth is .95, give or take .02.
    assert 0.88 < np.mean(hits) <= 1.0


@pytest.mark.parametrize("process", [BetaGeometric(False), BetaGeometric(True), Pareto()])
def test_slopes_hold_far_out_where_gammas_nearly_cancel(process):
    """Along a and b (s and beta) together the likelihood levels off as 1 / size; so must slopes."""
    rows = rows_of(customers(200, 2))
    design = Design(process.letters, {}, {}, {})
    along = np.array([0.0, 0.0, 1.0, 1.0])

    def slope(size):
        theta = np.array([-1.4, 1.4, size - 1.5, size])
        return likelihood(process, design, theta, rows)[1] @ along

    assert slope(14.0) / slope(16.0) == pytest.approx(np.exp(2), rel=1e-3)


def test_a_likelihood_that_rises_to_infinity_is_followed_and_said():
    """Customers who all leave with the same chance: a and b go to infinity together."""
    rng = np.random.default_rng(3)
    T = rng.integers(189, 273, 500) / 7
    n = rng.poisson(rng.gamma(0.243, 1 / 4.414, 500) * T)
    x = np.minimum(n, rng.geometric(0.2, 500)) * 1.0
    t_x = np.where(x > 0, T * rng.beta(np.maximum(x, 1), np.maximum(n - x + 1, 1)), 0.0)
    with pytest.warns(match="don't tell a, b"):
        fit = BGNBD().fit(pd.DataFrame({"frequency": x, "recency": t_x, "T": T}))
    assert fit.converged and fit.untold == ("a", "b")
    assert min(fit.params["a"], fit.params["b"]) > 1e4
    assert fit.params["a"] / (fit.params["a"] + fit.params["b"]) == pytest.approx(0.2, abs=0.1)
    bounds = fit.intervals().set_index("param")
    assert np.isinf(bounds.loc[["a", "b"], "high"]).all()
    assert (bounds.loc[["a", "b"], "low"] > 0).all()
    assert np.isfinite(bounds.loc[["r", "alpha"], ["low", "high"]]).all(axis=None)
