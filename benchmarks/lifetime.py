"""Lifetime models: what a fit and a million values cost, beside lifetimes and pymc-marketing.

Customers: CDNOW's 2,357 (drawn from the same parameters where the data are not there), and a
million drawn from them: seen in whole days, so that many share a row, and in continuous time, so
that no two are alike. Each measurement runs in a process of its own, in turns: the table is in
memory, a fit of 500 rows has loaded whatever loads late, the clock starts, and it stops when the
fitted model (checks of the table, standard errors and all) or the table of values is there.
Before a time is written, the parameters of lifetimes must be those of onefold within .1 %, and
onefold's log likelihood at least as high; pymc-marketing's MAP has priors, so its parameters are
others. Memory is what is needed at most above the loaded table.

    ratio = median over the turns of (seconds of the other / seconds of onefold in the same turn)

The others need not live beside onefold: --lifetimes and --pymc name the Python of an environment
that has them. Run it as ``python benchmarks/lifetime.py [--quick] [--data FOLDER] [--write]``.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- lifetime: begin -->", "<!-- lifetime: end -->"
MANY, QUICK = 1_000_000, 100_000
WARM, FITTED = (
    500,
    20_000,
)  # rows that load what loads late; rows that models of values are fitted on
MONTHS, MONTHLY, PATIENCE = 12, 0.01, 600
PACKAGES = {"lifetimes": "lifetimes", "pymc-marketing": "pymc_marketing"}
MODELS = ("BG/NBD", "MBG/NBD", "Pareto/NBD", "BG/BB", "Gamma-Gamma")
ROWS = {"usual": "a published set's size", "few": "many alike", "all": "no two alike"}
GOALS = {"usual": 0.05, "few": 0.25, "all": 1.2, "value": 5.0}  # seconds, BG/NBD's and the values'


# ---------------------------------------------------------------- the customers


def make(rows: str, model: str, n: int, folder: str | None, path: Path) -> None:
    """Draw the customers of a model, or take CDNOW's, and keep them as arrays."""
    from onefold.lifetime.processes.bgbb import BetaBernoulli
    from onefold.lifetime.processes.bgnbd import BetaGeometric

    rng = np.random.default_rng(17)
    if model == "BG/BB":
        truth = np.array([[1.204], [0.750], [0.657], [2.783]])
        T = rng.integers(1, 13, n) * 1.0 if rows == "few" else np.full(n, 6.0)
        x, t_x = BetaBernoulli().draw(truth, T, rng)
    else:
        truth = np.array([[0.243], [4.414], [0.793], [2.426]])
        days = rng.uniform(189, 273, n)
        T = (days if rows == "all" else np.round(days)) / 7
        x, t_x = BetaGeometric(False).draw(truth, T, rng)
        if rows != "all":
            t_x = np.where(x > 0, np.clip(np.round(t_x * 7), 1, None) / 7, 0.0)
    source = Path(folder or ".") / "cdnow" / "cdnow_customers_summary.parquet"
    if rows == "usual" and model != "BG/BB" and folder and source.exists():
        import pandas as pd

        frame = pd.read_parquet(source)
        x, t_x, T = (frame[c].to_numpy(np.float64) for c in ("frequency", "recency", "T"))
    again = np.maximum(x, 1)
    money = rng.gamma(6.25 * again, 1 / rng.gamma(3.74, 1 / 15.44, len(x))) / again
    if rows != "all":
        money = np.maximum(np.round(money, 2), 0.01)
    np.savez(path, frequency=x, recency=t_x, T=T, monetary=np.where(x > 0, money, 0.0))


def frame_of(path: Path, n: int | None = None) -> Any:
    """The customers as a frame."""
    import pandas as pd

    held = np.load(path)
    return pd.DataFrame({name: held[name][:n] for name in held.files})


# ---------------------------------------------------------------- the engines


def by_onefold(model: str, frame: Any) -> Any:
    from onefold import lifetime

    if model == "Gamma-Gamma":
        return lifetime.GammaGamma().fit(frame)
    settings = {"BG/NBD": "BGNBD", "MBG/NBD": "MBGNBD", "Pareto/NBD": "ParetoNBD", "BG/BB": "BGBB"}
    return getattr(lifetime, settings[model])().fit(
        frame, time_unit="Y" if model == "BG/BB" else "W"
    )


def by_lifetimes(model: str, frame: Any) -> Any:
    import lifetimes

    if model == "Gamma-Gamma":
        again = frame[frame["frequency"] > 0]
        return lifetimes.GammaGammaFitter().fit(again["frequency"], again["monetary"])
    return lifetimes.BetaGeoFitter().fit(frame["frequency"], frame["recency"], frame["T"])


def by_pymc(model: str, frame: Any) -> Any:
    from pymc_marketing import clv

    data = frame[["frequency", "recency", "T"]].assign(customer_id=np.arange(len(frame)))
    fitted = clv.BetaGeoModel(data=data)
    fitted.fit(method="map", progressbar=False)
    return fitted


ENGINES = {"onefold": by_onefold, "lifetimes": by_lifetimes, "pymc-marketing": by_pymc}


def params_of(engine: str, fitted: Any) -> dict[str, float]:
    """The parameters by the papers' letters."""
    if engine == "pymc-marketing":
        return {name: float(fitted.fit_summary()[name]) for name in ("r", "alpha", "a", "b")}
    held = fitted.params if engine == "onefold" else fitted.params_
    return {str(name): float(value) for name, value in dict(held).items()}


def valued(engine: str, models: list[Any], frame: Any, horizon: str) -> Any:
    """The lifetime values (n,): for ever, or of a year; lifetimes adds up months."""
    if engine == "onefold":
        from onefold.lifetime.value import LifetimeValue

        ahead = None if horizon == "for ever" else "365D"
        yearly = (1 + MONTHLY) ** 12 - 1
        asked = LifetimeValue(*models, horizon=ahead, discount=yearly)
        return asked.table(frame)["lifetime_value"]
    columns = (frame[name] for name in ("frequency", "recency", "T", "monetary"))
    return models[1].customer_lifetime_value(
        models[0], *columns, time=MONTHS, discount_rate=MONTHLY, freq="W"
    )


def child(engine: str, what: str, path: Path) -> None:
    """One measurement, in this process."""
    warnings.simplefilter("ignore")
    frame, few = frame_of(path), frame_of(path, WARM)
    began = perf_counter()
    if what in MODELS:
        ENGINES[engine](what, few)
    else:
        some = frame_of(path, FITTED)
        models = [ENGINES[engine](model, some) for model in ("BG/NBD", "Gamma-Gamma")]
        valued(engine, models, few, what)
    first, held = perf_counter() - began, memory("VmRSS")
    forget_peak()
    began, worked = perf_counter(), process_time()
    fits = what in MODELS
    found = ENGINES[engine](what, frame) if fits else valued(engine, models, frame, what)
    seconds, work = perf_counter() - began, process_time() - worked
    peak = memory("VmHWM")
    said = {"first": first, "seconds": seconds, "work": work, "memory": peak - held}
    if what in MODELS:
        said |= {"params": params_of(engine, found)}
    else:
        said |= {"mean": float(np.mean(np.asarray(found, dtype=np.float64)))}
    print(json.dumps(said | {"version": version(engine)}))


def version(engine: str) -> str:
    from importlib.metadata import version as of

    return "" if engine == "onefold" else of(engine)


def memory(name: str) -> float:
    """Memory of this process in MB, as Linux tells it; elsewhere, the most it ever had."""
    status = Path("/proc/self/status")
    if not status.exists():
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    line = next(x for x in status.read_text().splitlines() if x.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6


def forget_peak() -> None:
    """From here on the peak counts anew, where that can be asked for."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


# ---------------------------------------------------------------- run, compare, show


def run(python: str, *arguments: Any) -> Any:
    """This script by some Python, in a process of its own; what it printed last."""
    environment = os.environ | dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)
    command = [python, __file__, *map(str, arguments)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=None if python == sys.executable else subprocess.DEVNULL,
        text=True,
        check=True,
        env=environment,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


def there(engine: str, python: str) -> bool:
    """Whether a Python has an engine."""
    ask = f"import importlib.util as u, sys; sys.exit(u.find_spec({PACKAGES[engine]!r}) is None)"
    return subprocess.run([python, "-c", ask], check=False).returncode == 0


def likelihood(model: str, path: Path, params: dict[str, float]) -> float:
    """The log likelihood, as onefold has it, of the customers at somebody's parameters."""
    from onefold.lifetime import spend
    from onefold.lifetime.processes.bgnbd import BetaGeometric
    from onefold.lifetime.rows import Rows

    frame = frame_of(path)
    if model == "Gamma-Gamma":
        again = frame[frame["frequency"] > 0]
        rows = spend.Means.of(again["frequency"].to_numpy(), again["monetary"].to_numpy())
        theta = np.log([params[letter] for letter in ("p", "q", "v")])
        return float(spend.likelihood(rows, theta, second=False)[0])
    at = np.array([[params[letter]] for letter in ("r", "alpha", "a", "b")])
    rows = Rows.of(*(frame[c].to_numpy() for c in ("frequency", "recency", "T"))).compressed()
    return float(rows.weight @ BetaGeometric(False).value(at, rows))


def compare(model: str, path: Path, ours: dict[str, float], theirs: dict[str, float]) -> Any:
    """How far the parameters of lifetimes are off, and how much lower its log likelihood is."""
    off = max(abs(theirs[letter] / value - 1) for letter, value in ours.items())
    gain = likelihood(model, path, ours) - likelihood(model, path, theirs)
    return {"off": off, "gain": gain}


def measure(
    given: argparse.Namespace, pythons: dict[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What fits and lifetime values take: a list of runs for each engine."""
    most = QUICK if given.quick else MANY
    sizes = {"usual": 2357, "few": most, "all": most}
    fits, values = [], []
    with tempfile.TemporaryDirectory() as folder:
        for rows, n in sizes.items():
            for model in MODELS:
                if model == "BG/BB" and rows == "all":
                    continue  # whole opportunities are always alike
                path = Path(folder) / f"{rows}-{model.replace('/', '')}.npz"
                n_ = 11_104 if model == "BG/BB" and rows == "usual" else n
                run(sys.executable, "--make", rows, model, n_, given.data or "", path)
                engines = ["onefold"]
                if model in ("BG/NBD", "Gamma-Gamma"):
                    engines += [
                        e for e in pythons if e == "lifetimes" or path.name == "usual-BGNBD.npz"
                    ]
                found = turns(engines, model, path, pythons, given.rounds)
                fits.append({"rows": rows, "model": model, "runs": found, **counted(path, model)})
                if "lifetimes" in found:
                    params = [found[e][-1]["params"] for e in ("onefold", "lifetimes")]
                    fits[-1] |= compare(model, path, *params)
                print(f"{model}, {rows}: {shortly(found)}", file=sys.stderr, flush=True)
            if rows == "usual":
                continue
            path = Path(folder) / f"{rows}-BGNBD.npz"
            found = turns(["onefold"], "for ever", path, pythons, given.rounds)
            engines = ["onefold", *(e for e in pythons if e == "lifetimes")]
            year = turns(engines, "a year", path, pythons, 1)
            values.append({"rows": rows, "runs": found, "year": year, **counted(path, "BG/NBD")})
            print(f"values, {rows}: {shortly(found)} {shortly(year)}", file=sys.stderr, flush=True)
    return fits, values


def turns(
    engines: list[str], what: str, path: Path, pythons: dict[str, str], rounds: int
) -> dict[str, list[Any]]:
    """Each engine in turns, so that a busy moment hits all."""
    found: dict[str, list[Any]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            python = pythons.get(engine, sys.executable)
            found[engine].append(run(python, "--child", engine, what, path))
    return found


def counted(path: Path, model: str) -> dict[str, int]:
    """Customers, and how many different rows they have."""
    frame = frame_of(path)
    columns = ["frequency", "recency", "T"]
    if model == "Gamma-Gamma":
        frame, columns = frame[frame["frequency"] > 0], ["frequency", "monetary"]
    return {"n": len(frame), "different": int((~frame.duplicated(columns)).sum())}


def shortly(found: dict[str, list[Any]]) -> str:
    parts = (f"{engine} {span(runs, 'seconds')} s" for engine, runs in found.items())
    return ", ".join(parts)


def span(runs: list[Any], name: str) -> str:
    values = [one[name] for one in runs]
    said = [f"{v:.3g}" if v < 10 else f"{v:.0f}" for v in (statistics.median(values), *values)]
    return said[0] if len(values) == 1 else f"{said[0]} ({_least(values)} to {_most(values)})"


def _least(values: list[float]) -> str:
    return f"{min(values):.3g}"


def _most(values: list[float]) -> str:
    return f"{max(values):.3g}"


def middle(runs: list[Any], name: str) -> float:
    return statistics.median(one[name] for one in runs)


def ratio(one: dict[str, list[Any]], other: str) -> str:
    pairs = zip(one["onefold"], one[other], strict=True)
    return f"{statistics.median(b['seconds'] / a['seconds'] for a, b in pairs):,.0f}"


def fit_lines(fits: list[dict[str, Any]]) -> list[str]:
    """A row for each model, size and engine."""
    lines = [
        (
            "| customers | different rows | model | | seconds: median (least to most) "
            "| processor seconds | its time / onefold's | memory above | its parameters off by "
            "| its log likelihood |"
        ),
        "|---:|---:|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for fit in fits:
        for engine, runs in fit["runs"].items():
            off = f"{100 * fit['off']:.1g} %" if engine == "lifetimes" else ""
            lower = f"{-fit['gain']:+.2g}" if engine == "lifetimes" else ""
            lines.append(
                f"| {fit['n']:,} | {fit['different']:,} | {fit['model']} "
                f"| {engine} {runs[0]['version']} | {span(runs, 'seconds')} "
                f"| {middle(runs, 'work'):.3g} "
                f"| {'1' if engine == 'onefold' else ratio(fit['runs'], engine)} "
                f"| {middle(runs, 'memory'):,.0f} MB | {off} | {lower} |"
            )
    return lines


def value_lines(values: list[dict[str, Any]]) -> list[str]:
    """A row for each size, horizon and engine."""
    lines = [
        (
            "| customers | different rows | | horizon | seconds: median (least to most) "
            "| processor seconds | memory above | mean value |"
        ),
        "|---:|---:|---|---|---:|---:|---:|---:|",
    ]
    for value in values:
        held = [("for ever", value["runs"]), (f"{MONTHS} months", value["year"])]
        for horizon, found in held:
            for engine, runs in found.items():
                lines.append(
                    f"| {value['n']:,} | {value['different']:,} | {engine} {runs[0]['version']} "
                    f"| {horizon} | {span(runs, 'seconds')} | {middle(runs, 'work'):.3g} "
                    f"| {middle(runs, 'memory'):,.0f} MB | {runs[0]['mean']:.3f} |"
                )
    return lines


def page(
    fits: list[dict[str, Any]], values: list[dict[str, Any]], pythons: dict[str, str], busy: float
) -> str:
    """What stands between the markers of the page."""
    gone = [engine for engine in PACKAGES if engine not in pythons]
    first = [
        f"pymc-marketing's first fit in a process, with compiling, takes {span(runs, 'first')} s."
        for fit in fits
        if (runs := fit["runs"].get("pymc-marketing"))
    ]
    missed = [
        f"{fit['model']} on {fit['n']:,} customers with {fit['different']:,} different rows"
        for fit in fits
        if fit["model"] == "BG/NBD"
        and middle(fit["runs"]["onefold"], "seconds") > GOALS[fit["rows"]]
    ]
    missed += [
        f"lifetime value with {value['different']:,} different rows"
        for value in values
        if middle(value["runs"]["onefold"], "seconds") > GOALS["value"]
        or middle(value["runs"]["onefold"], "memory") > 1000
    ]
    said = [
        (
            f"One thread, on a shared machine of {os.cpu_count()} cores (load average {busy:.1f} "
            f"at the start). Python {platform.python_version()}, numpy {np.__version__}."
        ),
        *(f"{engine}: not installed." for engine in gone),
        *first,
        (
            f"Goals for BG/NBD: {GOALS['usual']:g}, {GOALS['few']:g} and {GOALS['all']:g} s at the "
            f"three sizes; for values {GOALS['value']:g} s and 1 GB. Missed here: "
            f"{', '.join(missed) or 'none'}."
        ),
    ]
    return "\n".join([START, " ".join(said), "", *fit_lines(fits), "", *value_lines(values), STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="Lifetime models beside lifetimes and others.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} customers, one turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"), help="folder of cdnow")
    parser.add_argument("--lifetimes", default=sys.executable, help="a Python that has lifetimes")
    parser.add_argument("--pymc", default=sys.executable, help="a Python that has pymc-marketing")
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    parser.add_argument("--make", nargs=5, help="internal")
    parser.add_argument("--child", nargs=3, help="internal")
    given = parser.parse_args()
    if given.make:
        rows, model, n, folder, path = given.make
        make(rows, model, int(n), folder or None, Path(path))
        return
    if given.child:
        child(given.child[0], given.child[1], Path(given.child[2]))
        return
    if given.quick:
        given.rounds = 1
    wanted = {"lifetimes": given.lifetimes, "pymc-marketing": given.pymc}
    pythons = {engine: python for engine, python in wanted.items() if there(engine, python)}
    busy = os.getloadavg()[0]
    fits, values = measure(given, pythons)
    shown = page(fits, values, pythons, busy)
    print(shown)
    for fit in fits:
        if "off" in fit:
            where = f"{fit['model']}, {fit['n']:,} customers"
            assert fit["gain"] >= -1e-6 * fit["n"], (
                f"{where}: a lower log likelihood, {fit['gain']}"
            )
            assert fit["off"] < 1e-3, f"{where}: other parameters, {fit['off']:.2%} off"
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
