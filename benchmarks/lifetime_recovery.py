"""Lifetime models: is what they were drawn from found again, and do the intervals hold it.

500 sets of customers are drawn from each model at published parameters, and 500 of a harder
setting with few customers; each is fitted. For every set: whether the search converged, whether
the data told every parameter, and whether the log likelihood at the estimate is at least that at
the truth. For every parameter: the estimate over the truth, and whether its nominal 95 %
intervals hold the truth.

    a profile interval holds the truth  <=>
        2 (log L(estimate) - max of log L with the parameter held at the truth) <= chi2(.95, 1)

so one refit a parameter says what the whole interval would; on each 25th set the interval itself
is made as well, and must say the same. Shares have Wilson's interval. The parameters of one set
are not independent: the pooled share has the interval of a mean over sets. How long customers are
seen, and how often those of Gamma-Gamma bought, is CDNOW's where the data are there.

Run it as ``python benchmarks/lifetime_recovery.py [--quick] [--data FOLDER] [--write]``.
"""

import argparse
import json
import os
import platform
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from scipy.stats import chi2  # noqa: E402

from onefold._stats.shares import wilson  # noqa: E402
from onefold.errors import FitWarning  # noqa: E402
from onefold.lifetime import fitting, spend  # noqa: E402
from onefold.lifetime.gammagamma import GammaGamma  # noqa: E402
from onefold.lifetime.models import BGBB, BGNBD, MBGNBD, ParetoNBD  # noqa: E402
from onefold.lifetime.newton import maximise  # noqa: E402
from onefold.lifetime.processes.bgbb import BetaBernoulli  # noqa: E402
from onefold.lifetime.processes.bgnbd import BetaGeometric  # noqa: E402
from onefold.lifetime.processes.paretonbd import Pareto  # noqa: E402

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- lifetime recovery: begin -->", "<!-- lifetime recovery: end -->"
SETS, QUICK, WHOLE = 500, 20, 25
ELSEWHERE = 5  # searches from starts at random, each letter by a factor of exp(2) or so
THRESHOLD = chi2.ppf(0.95, 1) / 2
UNIT = {"BGBB": "Y"}
# Settings, process, truth, customers, customers of the harder setting. The first three are fits to
# CDNOW, as published; BG/BB's truth is that of the donors in Fader, Hardie and Shang (2010), and
# Gamma-Gamma's that of Fader and Hardie (2013).
MODELS: dict[str, tuple[Any, Any, dict[str, float], int, int]] = {
    "BG/NBD": (
        BGNBD(), BetaGeometric(False),
        {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, 2357, 500,
    ),
    "MBG/NBD": (
        MBGNBD(), BetaGeometric(True),
        {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, 2357, 500,
    ),
    "Pareto/NBD": (
        ParetoNBD(), Pareto(),
        {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, 2357, 500,
    ),
    "BG/BB": (
        BGBB(), BetaBernoulli(),
        {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}, 11_104, 500,
    ),
    "Gamma-Gamma": (GammaGamma(), None, {"p": 6.25, "q": 3.74, "v": 15.44}, 946, 150),
}  # fmt: skip


def cdnow(folder: str | None) -> tuple[Any, Any, bool]:
    """How long CDNOW's customers are seen, in weeks; how often those who did bought again."""
    path = Path(folder or ".") / "cdnow" / "cdnow_customers_summary.parquet"
    if folder and path.exists():
        frame = pd.read_parquet(path)
        x = frame["frequency"].to_numpy(np.float64)
        # In whole days: the file's weeks are rounded to two places.
        return np.round(frame["T"].to_numpy(np.float64) * 7) / 7, x[x > 0], True
    rng = np.random.default_rng(39)
    T = rng.integers(189, 273, 2357) / 7
    x, _ = BetaGeometric(False).draw(_column(MODELS["BG/NBD"][2]), T, rng)
    return T, x[x > 0], False


def _column(params: dict[str, float]) -> Any:
    return np.array(list(params.values()))[:, None]


def draw(model: str, n: int, seen: Any, often: Any, rng: np.random.Generator) -> pd.DataFrame:
    """Customers of a model at its truth; all that were seen, or so many of them by chance."""
    process, truth = MODELS[model][1:3]
    if process is None:
        x = often if n == len(often) else rng.choice(often, n)
        nu = rng.gamma(truth["q"], 1 / truth["v"], n)
        return pd.DataFrame({"frequency": x, "monetary": rng.gamma(truth["p"] * x, 1 / nu) / x})
    T = np.full(n, 6.0) if process.discrete else seen if n == len(seen) else rng.choice(seen, n)
    x, t_x = process.draw(_column(truth), T, rng)
    return pd.DataFrame({"frequency": x, "recency": t_x, "T": T})


def one(model: str, n: int, seen: Any, often: Any, key: tuple[int, ...]) -> dict[str, Any]:
    """One set: drawn, fitted, and asked."""
    settings, process, truth, *_ = MODELS[model]
    frame = draw(model, n, seen, often, np.random.default_rng(key))
    values = np.array(list(truth.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # what it says is counted below
        if process is None:
            fit = settings.fit(frame)
            rows = spend.Means.of(*frame[["frequency", "monetary"]].to_numpy().T).compressed()
            function: Callable[..., Any] = partial(spend.likelihood, rows)
            wald = fit.intervals(0.95)
        else:
            fit = settings.fit(frame, time_unit=UNIT.get(type(settings).__name__, "W"))
            function = partial(_purchases, process, fit._design, fit._rows)
            wald = fit.intervals(0.95, method="wald")
    scatter = fit.covariance.to_numpy()
    point = np.log([fit.params[letter] for letter in truth])
    refits = [held(function, point, scatter, i, v) for i, v in enumerate(np.log(values))]
    best = fit.log_likelihood
    covers = [best - value <= THRESHOLD for value, _ in refits]
    rng = np.random.default_rng((*key, 1))
    starts = point + rng.normal(0.0, 2.0, (ELSEWHERE, len(point)))
    others = [maximise(partial(_both, function), np.clip(start, -12, 12)).value for start in starts]
    found: dict[str, Any] = {
        "key": key,
        "missed": bool(max(others) > best + 1e-3),
        "converged": bool(fit.converged),
        "refitted": all(done for _, done in refits),
        "untold": list(fit.untold),
        "over": list(np.exp(point) / values),
        "gain": best - function(np.log(values), second=False)[0],
        "profile": covers,
        "wald": _within(wald, values),
        "agree": None,
    }
    if process is not None and key[-1] % WHOLE == 0:
        found["agree"] = _within(fit.intervals(0.95, method="profile"), values) == covers
    return found


def _purchases(process: Any, design: Any, rows: Any, theta: Any, *, second: bool) -> Any:
    return fitting.likelihood(process, design, theta, rows, second=second)


def _both(function: Callable[..., Any], theta: Any, second: bool) -> Any:
    return function(theta, second=second)


def _within(intervals: pd.DataFrame, values: Any) -> list[bool]:
    low, high = intervals["low"].to_numpy(), intervals["high"].to_numpy()
    return [bool(x) for x in (low <= values) & (values <= high)]


def held(
    function: Callable[..., Any], point: Any, scatter: Any, i: int, value: float
) -> tuple[float, bool]:
    """The greatest log likelihood with the logarithm i held at a value."""
    others = np.arange(len(point)) != i
    own = scatter[i, i]
    slope = scatter[others, i] / own if np.isfinite(own) and own > 0 else 0.0

    def rest(theta: Any, second: bool) -> tuple[float, Any, Any]:
        whole = np.insert(theta, i, value)
        found, gradient, hessian = function(whole, second=second)
        return found, gradient[others], hessian[np.ix_(others, others)]

    start = point[others] + slope * (value - point[i])
    found = maximise(rest, start, np.full(others.sum(), 60.0))
    return found.value, found.converged


def measure(
    sets: int, workers: int, folder: str | None, models: list[str]
) -> tuple[list[dict[str, Any]], bool]:
    """For each model and setting what all its sets say."""
    seen, often, real = cdnow(folder)
    found = []
    with ProcessPoolExecutor(workers) as pool:
        for k, (model, (*_, usual, few)) in enumerate(MODELS.items()):
            if model not in models:
                continue
            for hard, n in enumerate((usual, few)):
                n = len(often) if model == "Gamma-Gamma" and not hard else n
                began = perf_counter()
                keys = [(11, k, hard, i) for i in range(sets)]
                ask = partial(one, model, n, seen, often)
                runs = list(pool.map(ask, keys, chunksize=5))
                seconds = perf_counter() - began
                found.append({"model": model, "hard": bool(hard), "n": n, "runs": runs})
                print(f"{model}, {n:,} customers: {sets} sets in {seconds:.0f} s", flush=True)
                for run in runs:
                    sound = run["converged"] and run["refitted"] and run["gain"] >= -1e-6
                    if not sound or run["agree"] is False:
                        print("  look at", json.dumps(run, default=float), flush=True)
    return found, real


def _share(hits: Any) -> str:
    """A share in per cent with Wilson's interval."""
    k, n = int(np.sum(hits)), len(hits)
    low, high = wilson(k, n)
    return f"{100 * k / n:.1f} ({100 * float(low):.1f} to {100 * float(high):.1f})"


def _pooled(hits: Any) -> str:
    """The share of all parameters, with the interval of a mean over sets."""
    by_set = np.asarray(hits, dtype=np.float64).mean(axis=1)
    half = 1.96 * by_set.std(ddof=1) / np.sqrt(len(by_set))
    mean = by_set.mean()
    return f"{100 * mean:.1f} ({100 * (mean - half):.1f} to {100 * (mean + half):.1f})"


def whole(found: list[dict[str, Any]]) -> list[str]:
    """A row for each model and setting."""
    lines = [
        (
            "| | customers | converged | a higher maximum from five random starts "
            "| a parameter untold | below the truth's log likelihood "
            "| profile, all parameters: % | Wald, all: % | profile, all told: % (sets) |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one_ in found:
        runs = one_["runs"]
        told = [run["profile"] for run in runs if not run["untold"]]
        lines.append(
            f"| {one_['model']} | {one_['n']:,} "
            f"| {sum(r['converged'] for r in runs)} of {len(runs)} "
            f"| {sum(r['missed'] for r in runs)} "
            f"| {sum(bool(r['untold']) for r in runs)} | {sum(r['gain'] < -1e-6 for r in runs)} "
            f"| {_pooled([r['profile'] for r in runs])} | {_pooled([r['wald'] for r in runs])} "
            f"| {_pooled(told)} ({len(told)}) |"
        )
    return lines


def by_parameter(found: list[dict[str, Any]]) -> list[str]:
    """A row for each parameter of the usual settings."""
    lines = [
        (
            "| | parameter | truth | estimate / truth: median (5th to 95th percentile) "
            "| profile: % (Wilson) | Wald: % (Wilson) |"
        ),
        "|---|---|---:|---:|---:|---:|",
    ]
    for one_ in found:
        if one_["hard"]:
            continue
        for i, (letter, value) in enumerate(MODELS[one_["model"]][2].items()):
            over = [run["over"][i] for run in one_["runs"]]
            low, middle, high = np.quantile(over, [0.05, 0.5, 0.95])
            lines.append(
                f"| {one_['model']} | {letter} | {value:g} "
                f"| {middle:.3f} ({low:.2f} to {high:.2f}) "
                f"| {_share([run['profile'][i] for run in one_['runs']])} "
                f"| {_share([run['wald'][i] for run in one_['runs']])} |"
            )
    return lines


def page(found: list[dict[str, Any]], real: bool) -> str:
    """What stands between the markers of the page."""
    sets = len(found[0]["runs"])
    times = "CDNOW's own" if real else "drawn evenly from 27 to 39 weeks, for CDNOW was not there"
    agreed = [run["agree"] for one_ in found for run in one_["runs"] if run["agree"] is not None]
    said = (
        f"{sets} sets a row; times of observation are {times}. Python {platform.python_version()}, "
        f"numpy {np.__version__}. The refits that stand for profile intervals said the same as "
        f"the intervals in {sum(agreed)} of {len(agreed)} sets where both were made."
    )
    return "\n".join([START, said, "", *whole(found), "", *by_parameter(found), STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="Lifetime models on sets drawn from them.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} sets of each")
    parser.add_argument("--sets", type=int, default=SETS, help="sets of each")
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"), help="folder of cdnow")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    given = parser.parse_args()
    sets = QUICK if given.quick else given.sets
    shown = page(*measure(sets, given.workers, given.data, given.models))
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
