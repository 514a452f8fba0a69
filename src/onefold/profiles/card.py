"""The card of one profile: what is known of one customer, for a person to read.

recency      2 days
monetary  1,204.90 EUR
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from onefold import _time
from onefold._display import html_card, number, percent, text_table
from onefold._types import MICROS, NO_MONEY
from onefold.ledger import Ledger
from onefold.profiles.traits import TraitTable
from onefold.traits.wide import Wide

MOMENT = 1 / 86_400  # days below which an event is just now: a second


def text(table: TraitTable, ledger: Ledger) -> str:
    """One profile as text: its traits, and its ledger."""
    moment = _time.show(table.as_of[0])
    head = f"Profile({table.ids[0]!r}, {_events(len(ledger.events))}, as of {moment} UTC)\n"
    lines = _lines(table, ledger.currency)
    return head + text_table([[name, said] for name, said in lines], ["trait", ""])


def html(table: TraitTable, ledger: Ledger) -> str:
    """One profile as HTML: its traits, and its ledger."""
    stated = table.history.facts
    lines = _lines(table, ledger.currency)
    facts = dict(line for line in lines if line[0] in stated)
    traits = dict(line for line in lines if line[0] not in stated)
    last = pd.DataFrame(_latest(ledger, 5), columns=["time (UTC)", "event", "item", "value"])
    sections: dict[str, Mapping[str, object] | pd.DataFrame] = {"Traits": traits}
    if facts:
        sections["Facts"] = facts
    sections["Latest events"] = last.fillna("")
    return html_card(f"Customer {table.ids[0]}, as of {_time.show(table.as_of[0])} UTC", sections)


def _lines(table: TraitTable, currency: str | None) -> list[tuple[str, str]]:
    units = {t.name: getattr(t, "unit", "") for t in table.traits}
    return [
        (name, _said(_held(table, name), units.get(name, ""), currency)) for name in table.names
    ]


def _held(table: TraitTable, name: str) -> Any:
    reading = table.reading(name)
    if isinstance(reading, Wide):
        return reading.row(0) if reading.known[0] else None
    if reading.ndim == 2:
        return dict(zip(table.labels(name), reading[0].tolist(), strict=True))
    held = reading[0]
    if isinstance(held, (float, np.floating)):
        return None if np.isnan(held) else float(held)
    return held


def _said(held: Any, unit: str, currency: str | None) -> str:
    """A trait in words: with its unit, and only as exact as anybody reads it."""
    if held is None:
        return "no data"
    if isinstance(held, dict):
        write = percent if unit == "share" else number
        return ", ".join(f"{label} {write(x)}" for label, x in list(held.items())[:3]) or "none"
    if not isinstance(held, float):
        return str(held)
    if unit == "days":
        return "0 days" if abs(held) < MOMENT else _time_span(held)
    if unit == "money":
        return f"{held:,.2f}" + (f" {currency}" if currency else "")
    return number(held) + (f" {unit}" if unit == "years" else "")


def _latest(ledger: Ledger, n: int) -> list[tuple[str, str | None, str | None, str]]:
    events = ledger.events
    few = events.take(np.arange(len(events))[::-1][:n])
    amounts = ["" if v == NO_MONEY else f"{v / MICROS:,.2f}" for v in few.array("value").tolist()]
    kinds, items = few.coded("kind").decode(), few.coded("item").decode()
    times = [_time.show(t) for t in few.array("time").astype("datetime64[s]")]
    return list(zip(times, kinds, items, amounts, strict=True))


def _events(n: int) -> str:
    return f"{n:,} event" if n == 1 else f"{n:,} events"


def _time_span(days: float) -> str:
    """`1 day`, `12.5 days`: the unit of the trait, whatever the size."""
    said = number(days)
    return f"{said} day" if said == "1" else f"{said} days"
