"""What a person should know of a log before trusting it.

A count for each thing that can be wrong with events, the share of rows it touches, and what
it means for what is built on them. Nothing is mended here; nothing is left out in silence.
"""

import re

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, quoted
from onefold._columns import Coded, Columns, missing
from onefold._display import html_table, text_table
from onefold._types import NO_MONEY, NO_OFFSET, Array, Times
from onefold.errors import UnknownName
from onefold.events.identifiers import identified
from onefold.events.naming import measures
from onefold.events.placeholders import SHAPES, WORDS

SUSPICIOUS = re.compile(
    "|".join((*SHAPES, "admin", "example", r".*@example\.(com|org)", r"test@test\.com")),
    re.IGNORECASE,
)
MISSING = frozenset(WORDS)
SINGLE = 0.05  # one id with more than this share of all events is suspicious, if there are many


@attrs.frozen(eq=False, repr=False)
class Quality:
    """The quality of a log: a table with the columns measure, count, share and meaning."""

    table: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """A copy of the table: measure, value, share of rows, what it means."""
        return self.table.copy()

    def __getitem__(self, measure: str) -> object:
        """The value of one measure, such as "duplicates"."""
        held = dict(zip(self.table["measure"], self.table["value"], strict=True))
        if measure not in held:
            raise UnknownName(
                f"quality: no measure {measure!r}. Measures: {quoted(held, 40)}."
                f"{hint(measure, held)}"
            )
        return held[measure]

    def __repr__(self) -> str:
        return text_table(*_shown(self.table), width=120)

    def _repr_html_(self) -> str:
        return html_table(*_shown(self.table), caption="Quality of the log")


def _shown(table: pd.DataFrame) -> tuple[list[list[str]], list[str]]:
    rows = [
        [
            str(m),
            f"{v:,}" if isinstance(v, int) else str(v),
            "" if np.isnan(s) else f"{s:.1%}",
            str(w),
        ]
        for m, v, s, w in table.itertuples(index=False)
    ]
    return rows, ["measure", "value", "of rows", "meaning"]


def quality(events: Columns, facts: Columns) -> Quality:
    """The table of quality of events and facts."""
    n = len(events)
    time, who, value = events.array("time"), events.coded("customer"), events.array("value")
    ids = events.array("has_id")
    same, clash, shared = _deliveries(events)
    odd, examples = suspicious(who)
    paid = value[value != NO_MONEY]
    rows: list[tuple[str, object, float, str]] = []

    def add(measure: str, count: int, meaning: str) -> None:
        rows.append((measure, int(count), count / n if n else np.nan, meaning))

    rows.append(("events", n, np.nan, "rows, one an event"))
    people = len(np.unique(who.codes[who.codes >= 0]))
    rows.append(("customers", people, np.nan, "distinct ids of customers"))
    rows.append(("facts", len(facts), np.nan, "statements about customers"))
    kinds = len(np.unique(events.array("kind")))
    rows.append(("kinds", kinds, np.nan, _kinds(events.coded("kind"))))
    rows.append(("first", _time.show(time.min()) if n else "none", np.nan, "UTC"))
    rows.append(("last", _time.show(time.max()) if n else "none", np.nan, "UTC"))
    nobody = int(((who.codes < 0) & ~identified(events)).sum())
    add("missing customer", nobody, "nor another identifier; left out by fold: nobody's profile")
    add("missing item", int((events.array("item") < 0).sum()), "counts, but teaches no taste")
    add("without id", int((~ids).sum()), "a second delivery of such a row counts twice")
    add("duplicates", same, "deliveries of an id its customer already has; counted once")
    add(
        "conflicts",
        clash,
        "the same id with other contents; the earliest is kept, of one instant the last received",
    )
    add("shared event ids", shared, "ids of events that more than one customer has")
    add("identical rows", _identical(events), "without id, alike in all columns; all are counted")
    add("far in the future", far_after(time), "far after all others: a wrong clock")
    add("before 1990", int((time < np.datetime64("1990-01-01")).sum()), "a wrong clock, or 0")
    add(
        "negative value",
        int((paid < 0).sum()),
        "lower totals, but count as visits and choices",
    )
    add("zero value", int((paid == 0).sum()), "gifts, vouchers, or prices that are missing")
    add(
        "negative quantity",
        int((events.array("quantity") < 0).sum()),
        "returns or corrections",
    )
    add("at midnight", _midnight(events), "dates without an hour? Give a column of dates instead")
    add("without local clock", int((events.array("local") == NO_OFFSET).sum()), "no zone given")
    add("suspicious ids", odd, f"rows of ids such as {examples}" if odd else "none look made up")
    rows.extend(measures(events, facts, _made_up))
    return Quality(pd.DataFrame(rows, columns=["measure", "value", "share", "meaning"]))


def far_after(times: Times, *, count: int | None = None, first: np.datetime64 | None = None) -> int:
    """How many instants, at most one in a thousand, lie far after all others.

    Far is a gap longer than a year (among fewer than a hundred instants: ten years), and longer
    than the whole span of those before it. Of `count` instants, of which one is the `first`, it
    is enough to know the latest: one in a thousand, and one more.
    """
    count = len(times) if count is None else count
    if count < 2:
        return 0
    most = max(1, count // 1000)
    ticks = times.view(np.int64)  # which numpy partitions faster than instants
    top = np.sort(np.partition(ticks, len(ticks) - most - 1)[-most - 1 :]).view(times.dtype)
    gaps = np.diff(top)
    first = times.min() if first is None else first
    least = np.timedelta64(366 if count >= 100 else 3653, "D")
    far = (gaps > least) & (gaps > top[:-1] - first)
    return int(most - np.argmax(far)) if far.any() else 0


def suspicious(who: Coded) -> tuple[int, str]:
    """Rows whose customer id looks made up, and up to three such ids."""
    counts = np.bincount(who.codes[who.codes >= 0], minlength=len(who.vocab))
    total = int(counts.sum())
    busy = max(1000.0, SINGLE * total)
    found = [
        (int(counts[code]), word)
        for code, word in enumerate(who.vocab)  # distinct ids, once
        if counts[code] and (_made_up(word) or (counts[code] > busy and len(counts) > 100))
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return sum(c for c, _ in found), ", ".join(repr(word[:40]) for _, word in found[:3])


def _made_up(word: str) -> bool:
    return word.lower() in MISSING or SUSPICIOUS.fullmatch(word) is not None


def _kinds(kind: Coded) -> str:
    counts = np.bincount(kind.codes[kind.codes >= 0], minlength=len(kind.vocab))
    order = np.argsort(-counts, kind="stable")[:6]
    return ", ".join(f"{kind.vocab[int(k)]} {counts[k]:,}" for k in order if counts[k])


def _midnight(events: Columns) -> int:
    """Events at exactly midnight, of their own clock or, where there is none, of UTC."""
    local = events.array("local")
    seconds = np.where(local == NO_OFFSET, 0, local).astype("timedelta64[s]")
    clock = events.array("time") + seconds
    return int((clock == clock.astype("datetime64[D]")).sum())


def _deliveries(events: Columns) -> tuple[int, int, int]:
    """Repeated deliveries, those of them with other contents, and ids of several customers."""
    rows = np.flatnonzero(events.array("has_id"))
    if not len(rows):
        return 0, 0, 0
    key, who = events.array("key")[rows], events.array("customer")[rows]
    content = events.content(leave_out=("key", "has_id"))[rows]
    order = np.lexsort((content, who, key))
    key, who, content = key[order], who[order], content[order]
    again = key[1:] == key[:-1]
    mine = again & (who[1:] == who[:-1])
    other = mine & (content[1:] != content[:-1])
    return int(mine.sum()), int(other.sum()), int((again & ~mine).sum())


def _identical(events: Columns) -> int:
    somebody = ~missing(events.coded("customer")) | identified(events)
    rows = np.flatnonzero(~events.array("has_id") & somebody)
    if not len(rows):
        return 0
    content: Array = np.sort(events.take(rows).content(leave_out=("key", "has_id")))
    return int((content[1:] == content[:-1]).sum())
