"""Values in words, with their units: as a person says them, and no more exact than is read.

    2.5 and "days" -> 2.50 days      1 and "visits" -> 1 visit      0.125 and "share" -> 12.5%

Text may be anything, and of any length: it is cut before it is looked at.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

from onefold._display import number, percent, printable, span
from onefold._display.words import cut, wide
from onefold.catalog import Catalog
from onefold.errors import BeyondKept
from onefold.profiles.spread import Spread, called, spread
from onefold.profiles.traits import TraitTable
from onefold.traits.conversion import ViewedNotBought
from onefold.traits.protocol import Trait

TOLD = 5  # labels of a trait, at most
NAME = 40  # columns of a name in a terminal
WIDTH = 100  # columns of a line in a terminal
NAMED = 32  # columns of an item's name and id, among others
ROOM = 70  # columns of labels or texts of one customer
LONG = 60  # letters of a text that are shown
MOMENT = 1 / 86_400  # days below which an event is just now: a second


def looked_at(table: TraitTable, name: str) -> Spread:
    """What one trait or fact of a table looks like, with its own unit."""
    trait = next((trait for trait in table.traits if trait.name == name), None)
    unit = getattr(trait, "unit", "")
    unit = unit if isinstance(unit, str) else ""
    try:
        name_of = _naming(trait, table.history.catalog)
        return spread(table, name, unit=unit, fact=trait is None, name_of=name_of)
    except BeyondKept:  # it needs events that were let go
        return Spread(name, unit, fact=trait is None, rows=len(table), known=0, beyond=True)


def unread(held: Sequence[Spread]) -> list[tuple[str, list[Spread]]]:
    """What is not known of anybody, and what can't be read of what `keep=` has kept."""
    none = [one for one in held if not one.known and not one.beyond]
    beyond = [one for one in held if one.beyond]
    return [(said, some) for said, some in (("no data", none), ("beyond keep=", beyond)) if some]


def _naming(trait: Trait | None, catalog: Catalog | None) -> Callable[[str], str] | None:
    """What to call the labels of a trait, where they are items."""
    within: object = trait
    while hasattr(within, "trait"):  # a window or a filter around another trait
        within = within.trait
    items = getattr(within, "of", None) == "item" or isinstance(within, ViewedNotBought)
    if catalog is None or not items:
        return None
    return lambda item: item_name(item, catalog, NAMED)


def said(held: Spread, currency: str | None) -> str:
    """A trait in words, with its unit, and only as exact as anybody reads it."""
    if held.figures is not None:
        return quantity(held.figures.median, held.unit, currency=currency)
    if held.labels is None:
        return "no data"
    if not held.labels.texts:
        return told(held, partial(_quantity, held.unit, currency), room=ROOM) or "none"
    names = [short(name) for name, _ in called(held)]
    shown = [name for i, name in enumerate(names) if sum(map(len, names[: i + 1])) + 2 * i <= ROOM]
    more = held.labels.different - len(shown)
    return ", ".join(shown + [f"{more:,} more"] * (more > 0))


def _quantity(unit: str, currency: str | None, size: float) -> str:
    return quantity(size, unit, currency=currency)


def amount(x: float, unit: str) -> str:
    """A number without its unit; a share as a percentage."""
    if unit == "share":
        return percent(x)
    if unit == "days" and abs(x) < MOMENT:
        return "0"
    return number(x)


def quantity(x: float, unit: str, *, currency: str | None = None) -> str:
    """A number with its unit: `1 day`, `12.50 EUR`, `12.5%`; of days, less than one as hours."""
    if unit == "days" and MOMENT <= abs(x) < 1:
        return span(dt.timedelta(days=x))
    if unit == "money":
        cents = abs(x) < 999.995 and (x == 0 or abs(x) >= 0.005)
        text = f"{x:.2f}" if cents else number(x)
        return f"{text} {short(currency)}" if currency else text
    text = amount(x, unit)
    if unit in ("", "share"):
        return text
    return f"{text} {unit[:-1] if text == '1' and unit.endswith('s') else unit}"


def many(n: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def short(text: str, most: int = LONG) -> str:
    """A text in printable letters, cut to `most` columns."""
    return cut(printable(text[: most + 1]), most)


def wrapped(start: str, parts: Sequence[str]) -> list[str]:
    """A start and parts with commas between them, in lines that fit."""
    lines = [start]
    for i, part in enumerate(parts):
        text = cut(part, WIDTH - 4) + ("," if i < len(parts) - 1 else "")
        if wide(lines[-1]) + wide(text) + 1 > WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append(f"  {text}")
        else:
            lines[-1] += text if lines[-1] in ("", start) else f" {text}"
    return lines


def item_name(item: str, catalog: Catalog | None, most: int = LONG) -> str:
    """What the catalogue calls an item, and its id; where it is not known, the id."""
    code = -1 if catalog is None else catalog.items.code(item)
    if catalog is None or code < 0 or catalog.text.codes[code] < 0:
        return short(item)
    own = f" ({short(item, 20)})"
    return short(catalog.text.vocab[int(catalog.text.codes[code])], max(most - wide(own), 8)) + own


def told(held: Spread, write: Callable[[float], str], *, room: int) -> str:
    """The largest labels or texts and their sizes, as many as there is room for."""
    out = ""
    for i, (name, size) in enumerate(called(held)[:TOLD]):
        part = f"{short(name, min(room - 8, 40))} {write(size)}"
        if i and wide(out) + wide(part) + 2 > room:
            break
        out += f", {part}" if i else part
    return out
