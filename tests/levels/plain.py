"""Choices and levels in plain Python: dictionaries and loops, as slow as they are plain.

The oracle reads the events of one profile after another, in their canonical order.
"""

import itertools
import math
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

import onefold as of
from onefold._vocab import Vocab
from onefold.levels import Choices
from tests.strategies import ITEMS

TARGET = "purchase"
EPOCH = pd.Timestamp("2024-03-30", tz="UTC")
Visit = tuple[Any, set[str]]  # start, and the distinct items that are known
Shares = dict[str, float]


few = settings(max_examples=30)
HOURS = (0, 0, 1, 2, 24, 25, 72, 24 * 7, 24 * 40, 24 * 200)


@st.composite
def shops(draw: st.DrawFn, *, least: int = 2, most: int = 25) -> of.Profiles:
    """Profiles of a few customers who buy, view and click; baskets are interleaved."""
    event = st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(HOURS),
        st.sampled_from([TARGET, TARGET, TARGET, "view"]),
        st.sampled_from([None, *ITEMS]),
        st.sampled_from([None, "b1", "b2"]),
    )
    sure = [("a", 3 + i, TARGET, draw(st.sampled_from(ITEMS)), None) for i in range(least)]
    return of.fold(log_of([*sure, *draw(st.lists(event, max_size=most))]))


def log_of(rows: list[tuple[str, int, str, str | None, str | None]]) -> of.EventLog:
    """A log of (customer, hours since the start, kind, item, basket)."""
    frame = pd.DataFrame(rows, columns=["who", "hours", "what", "item", "basket"])
    frame["at"] = EPOCH + pd.to_timedelta(frame.pop("hours"), unit="h")
    words = {name: frame[name].astype(object) for name in ("item", "basket")}
    return of.EventLog.from_frame(
        frame.assign(**words), customer="who", time="at", event="what", item="item", basket="basket"
    )


def items_of(profiles: of.Profiles, *, without: int = 0) -> Vocab:
    """The items that were chosen, but for the last few: those are unknown."""
    h = profiles.history.where(TARGET)
    words = sorted(set(h.items.values[h.item[h.item >= 0]].tolist()))
    return Vocab.of(words[: len(words) - without])


def choices_of(profiles: of.Profiles, items: Vocab, **groups: Any) -> Choices:
    return Choices.of(
        profiles.history,
        items,
        target=TARGET,
        moments=np.full(len(profiles), profiles.as_of),
        **groups,
    )


def visits_of(profile: of.Profile, items: Vocab) -> list[Visit]:
    """The visits of one customer, oldest first, those without a known item included."""
    found: dict[Any, Visit] = {}
    for row in profile.events().itertuples(index=False):
        if row.event != TARGET:
            continue
        key = ("basket", row.basket) if isinstance(row.basket, str) else ("time", row.time)
        visit = found.setdefault(key, (row.time, set()))
        if isinstance(row.item, str) and row.item in items:
            visit[1].add(row.item)
    return list(found.values())  # in the order of their first events


def all_visits(profiles: of.Profiles, items: Vocab) -> dict[str, list[Visit]]:
    return {p.id: visits_of(p, items) for p in profiles}


def aged(since: Any, then: Any, half_life_days: float) -> float:
    """2^(-age / half-life)."""
    days = (since - then).total_seconds() / 86_400
    return 2 ** (-days / half_life_days)


def stamp(moment: np.datetime64) -> Any:
    return pd.Timestamp(moment).tz_localize("UTC")


def everyone(profiles: of.Profiles, items: Vocab, half_life_days: float) -> Shares:
    total: dict[str, float] = defaultdict(float)
    for visits in all_visits(profiles, items).values():
        for start, chosen in visits:
            for item in chosen:
                total[item] += aged(stamp(profiles.as_of), start, half_life_days)
    return shares(total)


def shares(weights: Any) -> Shares:
    total = sum(weights.values())
    return {item: w / total for item, w in weights.items() if w > 1e-99 * total}


def transitions(every: dict[str, list[Visit]], kept: set[str], set_: Any) -> dict[Any, float]:
    """T_ji: how much i goes with j, over all pairs of visits of one customer."""
    t: dict[Any, float] = defaultdict(float)
    for visits in every.values():
        for (v, (_, here)), (w, (_, there)) in itertools.product(enumerate(visits), repeat=2):
            apart = w - v
            weight = math.exp(-(abs(apart) - 1) / set_.tau) if abs(apart) <= set_.window else 0.0
            weight *= set_.backward if apart < 0 else 1.0
            weight = set_.together if apart == 0 else weight
            for j, i in itertools.product(here & kept, there & kept):
                t[j, i] += weight
    return t


def considered(every: dict[str, list[Visit]], items: Vocab, set_: Any) -> set[str]:
    buyers = Counter(
        item for visits in every.values() for item in set().union(*(chosen for _, chosen in visits))
    )
    by_buyers = sorted(items, key=lambda i: (-buyers[i], i))[: set_.most]
    return {i for i in by_buyers if buyers[i] >= set_.buyers}


def neighbours(
    profiles: of.Profiles, items: Vocab, *, asking: list[Visit], set_: Any
) -> tuple[dict[str, Shares], Shares]:
    """The table W by definition, and what it says to a customer with these visits."""
    every = all_visits(profiles, items)
    kept = considered(every, items, set_)
    t = transitions(every, kept, set_)
    r = {j: sum(t[j, i] for i in kept) for j in kept}
    c = {i: sum(t[j, i] for j in kept) for i in kept}
    table: dict[str, Shares] = {}
    for j in kept:
        row = {i: t[j, i] * (c[i] + set_.shrink) ** -set_.damping for i in kept if t[j, i] > 0}
        best = sorted(row, key=lambda i: (-row[i], i))[: set_.top]
        total = sum(row[i] for i in best)
        table[j] = {i: row[i] / total * r[j] / (r[j] + set_.shrink) for i in best}
    asked: dict[str, float] = defaultdict(float)
    for ago, (_, chosen) in enumerate(reversed(asking)):
        for j in chosen if ago < 3 * set_.reach else ():
            asked[j] += math.exp(-ago / set_.reach)
    said: dict[str, float] = defaultdict(float)
    for j, weight in asked.items():
        for i, held in table.get(j, {}).items():
            said[i] += weight * held
    return table, shares(said)


def as_shares(row: Any, items: Vocab) -> Shares:
    """A dense distribution as a dictionary of what is above zero, but for what is next to it."""
    return {items[i]: float(p) for i, p in enumerate(np.asarray(row).ravel()) if p > 1e-99}


def near(mine: Shares, theirs: Shares, tolerance: float = 1e-9) -> bool:
    return mine.keys() == theirs.keys() and all(abs(mine[i] - theirs[i]) <= tolerance for i in mine)
