"""Price, returns, conversion and the latest items, as cases.

The catalogue of these logs has no prices, so what is paid beside them is not known here: prices
have brute force of their own in `tests/traits/test_price.py`.
"""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import attrs

from onefold import traits
from tests import oracle
from tests.case import Case, Rule, same
from tests.strategies import Row

HOUR = dt.timedelta(hours=1)
EDGE = dt.timedelta(hours=1, microseconds=1)


@attrs.frozen(eq=False)
class OneOf:
    """Equal to any of several answers, which may be dicts."""

    answers: Sequence[Any]

    def __eq__(self, other: object) -> bool:
        return any(same(other, answer) for answer in self.answers)

    __hash__ = None  # type: ignore[assignment]


# ------------------------------------------------------------------------------------ returns


def negative(row: Row) -> bool:
    return (row["value"] or 0) < 0 or (row["quantity"] or 0) < 0


def return_share(event: str, of: str, *, by: str = "events", sign: bool = True) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> float | None:
        back = [r for r in mine if r["event"] == event]
        bought = [r for r in mine if r["event"] == of]
        if sign:
            back += [r for r in bought if negative(r)]
            bought = [r for r in bought if not negative(r)]
        if by == "events":
            return len(back) / len(bought) if bought else None
        priced = [abs(r["value"]) for r in back if r["value"] is not None]
        over = sum(r["value"] for r in bought if r["value"] is not None)
        return None if over <= 0 or (back and not priced) else float(sum(priced)) / float(over)

    return rule


def discounted(event: str | None, of: str) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> float | None:
        kept = [r for r in mine if event in (None, r["event"]) and not negative(r)]
        off = [r[of] > 0 for r in kept if r[of] is not None]
        return sum(off) / len(off) if off else None

    return rule


# --------------------------------------------------------------------------------- conversion


def by_item(start: str, to: str, within: dt.timedelta | None = None) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> float | None:
        began = {r["item"] for r in mine if r["event"] == start and r["item"] is not None}
        led = {
            b["item"]
            for a, b in itertools.product(mine, mine)
            if a["event"] == start and b["event"] == to and a["item"] == b["item"]
            if b["time"] >= a["time"] and (within is None or b["time"] - a["time"] < within)
        }
        return len(led & began) / len(began) if began else None

    return rule


def by_visit(start: str, to: str) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> float | None:
        visits: defaultdict[Any, set[str]] = defaultdict(set)
        for r in mine:
            visits[r["basket"] if r["basket"] is not None else r["time"]].add(r["event"])
        began = [kinds for kinds in visits.values() if start in kinds]
        return sum(to in kinds for kinds in began) / len(began) if began else None

    return rule


def viewed_not_bought(view: str, buy: str) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> dict[str, float] | None:
        views = [r for r in mine if r["event"] == view and r["item"] is not None]
        if not views:
            return None
        bought = [(r["item"], r["time"]) for r in mine if r["event"] == buy]
        left = [
            r["item"]
            for r in views
            if not any(item == r["item"] and time >= r["time"] for item, time in bought)
        ]
        return {item: float(count) for item, count in Counter(left).items()}

    return rule


# ------------------------------------------------------------------------------------- recent


def last_items(n: int, of: str, event: str | None, *, distinct: bool) -> Rule:
    def rule(mine: Sequence[Row], t: dt.datetime) -> OneOf:
        told = [r for r in mine if event in (None, r["event"]) and oracle.label(r, of) is not None]
        lists: set[tuple[Any, ...]] = {()}
        for _, tied in itertools.groupby(reversed(told), key=lambda r: r["time"]):
            here = [oracle.label(r, of) for r in tied]
            lists = {new for held in lists for new in _longer(held, here, n, distinct)}
        places = [str(k + 1) for k in range(n)]
        padded = ((*held, *[None] * n)[:n] for held in lists)
        return OneOf([dict(zip(places, held, strict=True)) for held in padded])

    return rule


def _longer(
    held: tuple[Any, ...], here: Sequence[Any], n: int, distinct: bool
) -> set[tuple[Any, ...]]:
    """What `held` may become with the labels of one instant, in any order, up to n."""
    new = sorted(set(here) - set(held)) if distinct else here
    room = min(n - len(held), len(new))
    return {held + more for more in itertools.permutations(new, room)}


CASES: list[Case] = [
    Case(traits.PriceLevel(), lambda mine, t: None),
    Case(traits.PremiumShare(None), lambda mine, t: None),
    Case(traits.DiscountShare(), lambda mine, t: None),
    Case(traits.DiscountShare(of="size", name="off"), discounted("purchase", "size")),
    Case(traits.DiscountShare(None, of="size", name="any off"), discounted(None, "size")),
]
CASES += [
    Case(
        traits.ReturnShare(event, of, by=by, negative=sign, name=f"{event} {of} {by} {sign}"),
        return_share(event, of, by=by, sign=sign),
    )
    for event, of in (("click", "purchase"), ("purchase", "view"), ("return", "purchase"))
    for by in ("events", "value")
    for sign in (True, False)
]
CASES += [
    Case(
        traits.Conversion(start, to, within=within, name=f"{start} {to} {within}"),
        by_item(start, to, within),
    )
    for start, to in (("view", "purchase"), ("purchase", "click"), ("view", "return"))
    for within in (None, HOUR, EDGE, dt.timedelta(days=30))
]
CASES += [
    Case(traits.Conversion(start, to, by="visit", name=f"{start} {to}"), by_visit(start, to))
    for start, to in (("view", "purchase"), ("purchase", "click"), ("return", "view"))
]
CASES += [
    Case(traits.ViewedNotBought(view, buy, name=f"{view} not {buy}"), viewed_not_bought(view, buy))
    for view, buy in (("view", "purchase"), ("click", "view"), ("purchase", "return"))
]
CASES += [
    Case(
        traits.LastItems(n, of, event=event, distinct=distinct, name=f"last {n} {of} {distinct}"),
        last_items(n, of, event, distinct=distinct),
    )
    for n, of, event in ((3, "item", "purchase"), (2, "category", None), (1, "channel", "view"))
    for distinct in (True, False)
]
