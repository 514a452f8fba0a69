"""How well numbers were foreseen, by a model and by a guess, with paired intervals.

    correlation, mean |error|, root of mean error^2, total expected / total actual

All are functions of means over customers, so that a draw of the bootstrap is a weighted sum of
columns; the same draws for both make their difference paired. Source: Efron and Tibshirani, "An
introduction to the bootstrap", 1993, chapter 13 (percentile intervals).
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._stats import verdict
from onefold._types import Floats, Ints

CELLS = 1 << 22  # weights held at a time
GROUPS = 10_000  # of customers, who are drawn together where there are more
METRICS = (
    "correlation",
    "mean absolute error",
    "root mean squared error",
    "expected / actual total",
)


@attrs.frozen(eq=False)
class Foresight:
    """Metrics, means by bin, and how intervals were found."""

    metrics: pd.DataFrame
    by_bin: pd.DataFrame
    method: str


def foresight(
    actual: Floats,
    guesses: tuple[Floats, Floats],
    *,
    bins: Ints,
    most: int,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> Foresight:
    """Compare two guesses (n,), a model's and a naive one, with what was (n,).

    Args:
        actual: What was.
        guesses: The model's and the naive ones.
        bins: The bin (n,) of each customer, 0 to `most`.
        most: The last bin, which holds all from there on.
        level: Of the intervals.
        draws: Resamples.
        rng: Chance.
    """
    expected, naive = guesses
    n = len(actual)
    columns = _columns(actual, expected, naive)
    m = columns.shape[1]
    parts = [*columns.T, *_by_bin(bins, np.ones(n), most), *_by_bin(bins, actual, most)]
    means, drawn = _resampled(np.stack(parts, axis=1), draws, rng)
    ends = [(1 - level) / 2, (1 + level) / 2]
    who = "customers" if n <= GROUPS else f"{GROUPS:,} random groups of customers"
    return Foresight(
        metrics=_metrics(means[:m], drawn[:, :m], _means(actual, expected, naive), ends),
        by_bin=_bins(bins, (actual, expected, naive), drawn[:, m:], ends),
        method=f"percentile bootstrap over {who}, {draws:,} draws",
    )


def _means(*columns: Floats) -> Floats:
    return np.array([column.mean() for column in columns])


def _columns(actual: Floats, expected: Floats, naive: Floats) -> Floats:
    """What all metrics are functions of, once summed (n, 12); centred, so that no digits go."""
    a, e, v = (column - column.mean() for column in (actual, expected, naive))
    products = [a, e, v, a * a, e * e, v * v, a * e, a * v]
    off = [expected - actual, naive - actual]
    return np.stack([*products, *map(np.abs, off), *map(np.square, off)], axis=1)


def _by_bin(bins: Ints, values: Floats, most: int) -> list[Floats]:
    return [np.where(bins == i, values, 0.0) for i in range(most + 1)]


def _resampled(parts: Floats, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Means of the columns (m,), and of customers drawn again (draws, m).

    Of more than GROUPS customers random groups of one size are drawn, to within one: the spread is
    the same, known from that many.
    """
    n = len(parts)
    size = np.ones(n)
    if n > GROUPS:
        place = rng.permutation(n) % GROUPS
        size = np.bincount(place, minlength=GROUPS).astype(np.float64)
        columns = (np.bincount(place, weights=c, minlength=GROUPS) for c in parts.T)
        parts = np.stack(list(columns), axis=1)
    groups = len(parts)
    summed = np.column_stack([parts, size])
    drawn = np.empty((draws, parts.shape[1]))
    step = max(1, CELLS // groups)
    for start in range(0, draws, step):
        weights = np.empty((min(step, draws - start), groups))
        for row in weights:
            row[:] = np.bincount(rng.integers(groups, size=groups), minlength=groups)
        sums = weights @ summed
        drawn[start : start + step] = sums[:, :-1] / sums[:, -1:]
    return parts.sum(axis=0) / n, drawn


def _metrics(held: Floats, drawn: Floats, means: Floats, quantiles: list[float]) -> pd.DataFrame:
    """The table of metrics, from means of `_columns`."""
    point, spread = _measures(held[None], means), _measures(drawn, means)
    rows = []
    for at, metric in enumerate(METRICS):
        row: dict[str, Any] = {"metric": metric}
        for who, which in enumerate(("model", "naive")):
            low, high = _quantiles(spread[:, who, at], quantiles)
            row |= {which: point[0, who, at], f"{which}_low": low, f"{which}_high": high}
        better = 1 if metric == "correlation" else -1
        gap = _gap(spread, at)
        low, high = _quantiles(gap, quantiles)
        row |= {"difference": float(_gap(point, at)[0]), "low": low, "high": high}
        row["shown"] = verdict(*sorted((better * low, better * high)))
        rows.append(row)
    return pd.DataFrame(rows)


def _gap(measures: Floats, at: int) -> Floats:
    model, naive = measures[:, 0, at], measures[:, 1, at]
    if METRICS[at] == METRICS[-1]:
        model, naive = np.abs(model - 1), np.abs(naive - 1)
    gap: Floats = model - naive
    return gap


def _measures(sums: Floats, means: Floats) -> Floats:
    """The metrics (d, 2, 4) of model and naive guess."""
    a, e, v, aa, ee, vv, ae, av, off_e, off_v, far_e, far_v = sums.T
    out = np.empty((len(sums), 2, len(METRICS)))
    with np.errstate(divide="ignore", invalid="ignore"):
        for who, (b, bb, ab, off, far, mean) in enumerate(
            ((e, ee, ae, off_e, far_e, means[1]), (v, vv, av, off_v, far_v, means[2]))
        ):
            out[:, who, 0] = (ab - a * b) / np.sqrt((aa - a * a) * (bb - b * b))
            out[:, who, 1] = off
            out[:, who, 2] = np.sqrt(far)
            out[:, who, 3] = (b + mean) / (a + means[0])
    out[~np.isfinite(out)] = np.nan
    return out


def _bins(
    bins: Ints, columns: tuple[Floats, Floats, Floats], drawn: Floats, quantiles: list[float]
) -> pd.DataFrame:
    """Means by purchases before the split, the actual ones with intervals."""
    k = drawn.shape[1] // 2
    n = np.bincount(bins, minlength=k)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [np.bincount(bins, weights=c, minlength=k) / n for c in columns]
        spread = np.where(drawn[:, :k] > 0, drawn[:, k:] / drawn[:, :k], np.nan)
    ends = [_quantiles(spread[:, i], quantiles) if n[i] > 1 else (np.nan,) * 2 for i in range(k)]
    low, high = np.array(ends).T
    return pd.DataFrame(
        {
            "purchases": [*map(str, range(k - 1)), f"{k - 1}+"],
            "customers": n,
            "actual": means[0],
            "low": low,
            "high": high,
            "expected": means[1],
            "naive": means[2],
        }
    )


def _quantiles(values: Floats, quantiles: list[float]) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, quantiles)
    return float(low), float(high)
