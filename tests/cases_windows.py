"""Windows, filters and horizons over many traits, as cases: `Over` beside brute force.

Windows are whole hours, and so are most events and moments: many lie just at the start of a
window, and a microsecond to each side.
"""

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from onefold import field
from onefold.traits import (
    Affinity,
    Breadth,
    Count,
    Frequency,
    Gap,
    Latest,
    Monetary,
    Over,
    Recency,
    Rhythm,
    Share,
    Tenure,
    horizons,
)
from tests import oracle
from tests.case import Case, Rule
from tests.plugins import Spree
from tests.strategies import Row

Test = Callable[[Row], bool | None]  # of one event; None is unknown
HOUR = dt.timedelta(hours=1)
WEEK = 7 * 24 * HOUR


def over(rule: Rule, last: Any = None, *, until: Any = None, where: Test | None = None) -> Rule:
    """The brute force of a trait on only some of the events."""

    def read(mine: Sequence[Row], t: dt.datetime) -> Any:
        some = [
            row
            for row in mine
            if (last is None or t - last <= row["time"])
            and (until is None or row["time"] < t - until)
            and (where is None or where(row) is True)
        ]
        return rule(some, t)

    return read


def kind(name: str, rule: Rule) -> Rule:
    return over(rule, where=lambda row: row["event"] == name)


def purchases(rule: Rule) -> Rule:
    return kind("purchase", rule)


def web(row: Row) -> bool | None:
    return None if row["channel"] is None else row["channel"] == "web"


def dear(row: Row) -> bool | None:
    return None if row["value"] is None else row["value"] >= Decimal("2.5")


def unlike(test: Test) -> Test:
    def read(row: Row) -> bool | None:
        answer = test(row)
        return None if answer is None else not answer

    return read


def early(row: Row) -> bool | None:
    if row["zone"] is None:
        return None
    return row["time"].astimezone(zoneinfo.ZoneInfo(row["zone"])).hour < 2


def spree(mine: Sequence[Row], t: dt.datetime) -> float | None:
    days = Counter(row["time"].date() for row in mine)
    return float(max(days.values())) if days else None


def share(of: str) -> Rule:
    return lambda mine, t: oracle.share(mine, of)


def affinity(of: str, half_life: dt.timedelta) -> Rule:
    return lambda mine, t: oracle.affinity(mine, of, half_life, t)


WEB, DEAR = field("channel") == "web", field("value") >= 2.5

WINDOWS = [
    Case(Over(Recency(None), last="3h"), over(oracle.recency, 3 * HOUR)),
    Case(Over(Tenure(), last="3h"), over(purchases(oracle.tenure), 3 * HOUR)),
    Case(Over(Monetary(), last="2h"), over(purchases(oracle.monetary), 2 * HOUR)),
    Case(Over(Monetary(None, mean=True), last="1h"), over(oracle.mean_monetary, HOUR)),
    Case(Over(Count(), last="1us"), over(oracle.count, dt.timedelta(microseconds=1))),
    Case(Over(Count("view"), last="7D"), over(kind("view", oracle.count), WEEK)),
    Case(Over(Frequency(None), last="4h"), over(oracle.frequency, 4 * HOUR)),
    Case(Over(Breadth(None), last="4h"), over(oracle.breadth, 4 * HOUR)),
    Case(Over(Gap(None), last="5h"), over(oracle.gap, 5 * HOUR)),
    Case(Over(Gap(), last="40D"), over(purchases(oracle.gap), 40 * 24 * HOUR)),
    Case(Over(Share("channel"), last="3h"), over(share("channel"), 3 * HOUR)),
    Case(Over(Share("category"), last="7D"), over(share("category"), WEEK)),
    Case(Over(Rhythm(by="day"), last="5h"), over(lambda m, t: oracle.rhythm(m, "day"), 5 * HOUR)),
    Case(
        Over(Latest("item", None), last="2h"), over(lambda m, t: oracle.latest(m, "item"), 2 * HOUR)
    ),
    Case(
        Over(Affinity("item", None, half_life="2h"), last="4h"),
        over(affinity("item", 2 * HOUR), 4 * HOUR),
    ),
    Case(Over(Spree(), last="3h"), over(spree, 3 * HOUR)),
    Case(Over(Recency(None), until="3h", name="before"), over(oracle.recency, until=3 * HOUR)),
    Case(
        Over(Monetary(None), last="5h", until="2h"), over(oracle.monetary, 5 * HOUR, until=2 * HOUR)
    ),
    Case(
        Over(Over(Count(), last="2h"), last="6h", name="the shorter"),
        over(oracle.count, 2 * HOUR),
    ),
    Case(
        Over(Over(Count(), until="2h"), last="6h", name="between"),
        over(oracle.count, 6 * HOUR, until=2 * HOUR),
    ),
]

FILTERS = [
    Case(Over(Count(), where=WEB), over(oracle.count, where=web)),
    Case(Over(Count(), where=~WEB), over(oracle.count, where=unlike(web))),
    Case(Over(Monetary(None), where=DEAR), over(oracle.monetary, where=dear)),
    Case(
        Over(Recency(None), where=field("value") < 2.5),
        over(oracle.recency, where=unlike(dear)),
    ),
    Case(
        Over(Tenure(None), where=field("value") != 2.5),
        over(oracle.tenure, where=lambda r: r["value"] not in (None, Decimal("2.5"))),
    ),
    Case(
        Over(Breadth(), where=field("value").between(-1, 4.01)),
        over(
            purchases(oracle.breadth),
            where=lambda r: r["value"] is not None and -1 <= r["value"] <= Decimal("4.01"),
        ),
    ),
    Case(
        Over(Gap(None), where=field("event") != "view"),
        over(oracle.gap, where=lambda r: r["event"] != "view"),
    ),
    Case(
        Over(Share("channel"), where=field("item").isin(["tea", "jam", "no such"])),
        over(share("channel"), where=lambda r: r["item"] in ("tea", "jam")),
    ),
    Case(
        Over(Latest("channel", None), where=field("quantity") > 0),
        over(
            lambda m, t: oracle.latest(m, "channel"),
            where=lambda r: r["quantity"] is not None and r["quantity"] > 0,
        ),
    ),
    Case(
        Over(Affinity("category", None, half_life="3h"), where=field("colour") == "red"),
        over(affinity("category", 3 * HOUR), where=lambda r: r["colour"] == "red"),
    ),
    Case(
        Over(Rhythm(by="part"), where=field("hour") < 2),
        over(lambda m, t: oracle.rhythm(m, "part"), where=early),
    ),
    Case(
        Over(Frequency(None), where=field("size").isin([0, 40]) | ~field("basket").known()),
        over(oracle.frequency, where=lambda r: r["size"] in (0, 40) or r["basket"] is None),
    ),
    Case(
        Over(Spree(), where=field("category") == "grain"),
        over(spree, where=lambda r: r["item"] in ("oat", "rye")),
    ),
]

BOTH = [
    Case(
        Over(Monetary(), last="4h", where=WEB),
        over(purchases(oracle.monetary), 4 * HOUR, where=web),
    ),
    Case(
        Over(Share("item", "purchase"), last="4h", where=WEB | DEAR),
        over(
            purchases(share("item")),
            4 * HOUR,
            where=lambda r: True if True in (web(r), dear(r)) else None,
        ),
    ),
    Case(
        Over(Count(), last="7D", where=~(WEB & DEAR)),
        over(
            oracle.count,
            WEEK,
            where=lambda r: True if False in (web(r), dear(r)) else None,
        ),
    ),
    Case(
        Over(Over(Recency(None), where=WEB), last="3h", name="web, then 3h"),
        over(oracle.recency, 3 * HOUR, where=web),
    ),
    Case(
        Over(Over(Recency(None), last="3h"), where=WEB, name="3h, then web"),
        over(oracle.recency, 3 * HOUR, where=web),
    ),
    Case(
        Over(Over(Breadth(None), last="5h", where=WEB), last="8h", where=DEAR, name="all four"),
        over(oracle.breadth, 5 * HOUR, where=lambda r: web(r) and dear(r)),
    ),
]

HORIZONS = [
    Case(trait, over(oracle.monetary, last))
    for trait, last in zip(
        horizons(Monetary(None, name="spent"), last=["1h", "3h", "7D", None]),
        [HOUR, 3 * HOUR, WEEK, None],
        strict=True,
    )
] + [
    Case(trait, over(affinity("item", half_life), last, where=web))
    for trait, (half_life, last) in zip(
        horizons(
            Over(Affinity("item", None, name="taste"), where=WEB),
            half_life=["1h", "2D"],
            last=["3h", "40D"],
        ),
        [(h, last) for h in (HOUR, 48 * HOUR) for last in (3 * HOUR, 40 * 24 * HOUR)],
        strict=True,
    )
]

CASES: list[Case] = [*WINDOWS, *FILTERS, *BOTH, *HORIZONS]
