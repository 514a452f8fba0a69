"""Amounts, distinct counts, the most frequent, regularity, streaks and baskets, as cases."""

import datetime as dt
import itertools
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from onefold import traits
from tests import oracle
from tests.case import Case, Rule
from tests.strategies import Row

HOUR = dt.timedelta(hours=1)
Number = float | None
Total = Callable[[list[float]], float]


def of_kind(mine: Sequence[Row], kind: str | None) -> list[Row]:
    return [row for row in mine if kind is None or row["event"] == kind]


def told(mine: Sequence[Row], of: str, kind: str | None) -> list[float]:
    """The numbers of the events that have one, by time."""
    return [float(row[of]) for row in of_kind(mine, kind) if row[of] is not None]


def reduced(ufunc: Total, of: str, kind: str | None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> Number:
        held = told(mine, of, kind)
        return ufunc(held) if held else None

    return rule


def mean(add: Total) -> Total:
    return lambda held: add(held) / len(held)


def cents(held: list[float]) -> float:
    """Money in whole cents, which add up exactly."""
    return sum(round(100 * x) for x in held) / 100


def at_end(of: str, kind: str | None, *, last: bool) -> Rule:
    """The labels or numbers that the first or last event with one may have."""

    def read(row: Row) -> Any:
        if of in ("value", "quantity", "size"):
            return None if row[of] is None else float(row[of])
        return oracle.label(row, of)

    def rule(mine: Sequence[Row], t: dt.datetime) -> set[Any]:
        held = [row for row in of_kind(mine, kind) if read(row) is not None]
        if not held:
            return {None}
        moment = held[-1 if last else 0]["time"]
        return {read(row) for row in held if row["time"] == moment}

    return rule


def distinct(of: str, kind: str | None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> float:
        return float(len({oracle.label(row, of) for row in of_kind(mine, kind)} - {None}))

    return rule


def most_frequent(of: str, kind: str | None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> str | None:
        held = [(oracle.label(r, of), r["time"]) for r in of_kind(mine, kind)]
        count = Counter(name for name, _ in held if name is not None)
        last = dict(held)  # the later ones replace the earlier ones
        best: list[str] = sorted(count)
        for score in (count, last):
            best = [name for name in best if score[name] == max(score[b] for b in best)]
        return best[0] if best else None

    return rule


def regularity(kind: str | None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> Number:
        began = oracle.visits(of_kind(mine, kind))
        micros = [(b - a) // dt.timedelta(microseconds=1) for a, b in itertools.pairwise(began)]
        if len(micros) < 2 or not any(micros):
            return None
        return statistics.stdev(micros) / statistics.fmean(micros)

    return rule


def streak(kind: str | None, period: dt.timedelta) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> Number:
        times = [row["time"] for row in of_kind(mine, kind)]
        k = 0
        while any(t - (k + 1) * period <= time < t - k * period for time in times):
            k += 1
        return float(k) if times else None

    return rule


def longest(kind: str | None, period: dt.timedelta) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> Number:
        micro = dt.timedelta(microseconds=1)
        active = {(t - row["time"] - micro) // period for row in of_kind(mine, kind)}
        starts = [k for k in active if k - 1 not in active]
        return float(max(_length(active, k) for k in starts)) if starts else None

    return rule


def _length(active: set[int], k: int) -> int:
    return next(n for n in range(1, len(active) + 1) if k + n not in active)


def basket_size(of: str, kind: str | None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> Number:
        by_visit: dict[Any, list[Row]] = {}
        for row in of_kind(mine, kind):
            if of == "lines" or row[{"items": "item"}.get(of, of)] is not None:
                key = row["basket"] if row["basket"] is not None else row["time"]
                by_visit.setdefault(key, []).append(row)
        size: dict[str, Callable[[list[Row]], float]] = {
            "lines": len,
            "quantity": lambda rows: sum(row["quantity"] for row in rows),
            "items": lambda rows: len({row["item"] for row in rows}),
        }
        return statistics.fmean(map(size[of], by_visit.values())) if by_visit else None

    return rule


def amounts() -> Iterator[Case]:
    for kind in ("purchase", None, "never"):
        for of in ("value", "quantity", "size"):
            add: Total = cents if of == "value" else math.fsum
            name = f"{of} {kind}"
            yield Case(traits.Sum(of, kind, name=f"sum {name}"), reduced(add, of, kind))
            yield Case(traits.Mean(of, kind, name=f"mean {name}"), reduced(mean(add), of, kind))
            yield Case(traits.Min(of, kind, name=f"min {name}"), reduced(min, of, kind))
            yield Case(traits.Max(of, kind, name=f"max {name}"), reduced(max, of, kind))


def first_and_last() -> Iterator[Case]:
    for kind in ("purchase", None):
        for of in ("item", "category", "colour", "basket", "value", "quantity", "size"):
            name = f"{of} {kind}"
            yield Case(traits.First(of, kind, name=f"first {name}"), at_end(of, kind, last=False))
            yield Case(traits.Last(of, kind, name=f"last {name}"), at_end(of, kind, last=True))


def labels() -> Iterator[Case]:
    for kind in ("purchase", None, "never"):
        for of in ("item", "channel", "category", "colour", "kind"):
            name = f"{of} {kind}"
            yield Case(traits.Distinct(of, kind, name=f"distinct {name}"), distinct(of, kind))
            frequent = traits.MostFrequent(of, kind, name=f"frequent {name}")
            yield Case(frequent, most_frequent(of, kind))
    # A sketch of a few labels is exact too.
    yield Case(traits.Distinct("item", exact=2, name="sketched"), distinct("item", None))


def habits() -> Iterator[Case]:
    periods = {"1h": HOUR, "61min": 61 * HOUR / 60, "7D": 168 * HOUR, "40D": 960 * HOUR}
    for kind in ("purchase", None, "never"):
        yield Case(traits.Regularity(kind, name=f"regularity {kind}"), regularity(kind))
        for period, length in periods.items():
            name = f"streak {period} {kind}"
            yield Case(traits.Streak(kind, period=period, name=name), streak(kind, length))
            best = traits.Streak(kind, period=period, longest=True, name=f"longest {name}")
            yield Case(best, longest(kind, length))
        for of in ("lines", "quantity", "items"):
            size = traits.BasketSize(of, kind, name=f"basket {of} {kind}")
            yield Case(size, basket_size(of, kind))
    micro = dt.timedelta(microseconds=1)
    yield Case(traits.Streak(None, period="1us", name="streak 1us"), streak(None, micro))
    yield Case(
        traits.Streak(None, period="1us", longest=True, name="longest 1us"), longest(None, micro)
    )


CASES: list[Case] = [*amounts(), *first_and_last(), *labels(), *habits()]
