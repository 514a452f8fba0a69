"""Columns of events under one comparison: what `field` asks, for all events at once.

    value [19, 20, missing] >= 20   ->   true [no, yes, no]        false [yes, no, no]

What is missing is neither. Money is compared in whole millionths: a bound in decimals is the
number as it is written, so 19.99 is 19,990,000 and nothing beside it. Text is compared once for
each word that occurs, then by code.
"""

import math
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from onefold._check import hint, quoted
from onefold._columns import Coded
from onefold._types import MICROS, NO_MONEY, Array, Bools, Floats, Ints
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, UnknownName
from onefold.traits.asking import ORDERS, Value
from onefold.traits.history import LABELS, History
from onefold.traits.rhythm import DAYS, local_hours

OWN = ("value", "quantity", "event", "item", "channel", "basket")
DERIVED = ("category", "price", "hour", "weekday")  # where no property has the name
TEXTUAL = ("==", "!=", "in")  # what text can be asked for
LARGEST = int(np.iinfo(np.int64).max)


@attrs.frozen(eq=False)
class Money:
    """Amounts (m,) in micros; the smallest int64 where there is none."""

    micros: Ints


def column(history: History, name: str) -> Coded | Money | Floats:
    """One column over the events (m,): text, money or numbers.

    Raises:
        UnknownName: If there is none of this name.
    """
    if name == "value":
        return Money(history.value)
    if name == "quantity":
        return history.quantity
    if name in (*LABELS, "event"):
        return history.words("kind" if name == "event" else name)
    if name in history.properties:
        return history.extra(name)
    catalog = history.catalog
    if name == "category" or (catalog is not None and name in catalog.columns):
        return history.words(name)
    if name == "price":
        if catalog is None:
            return Money(np.full(len(history.time), NO_MONEY))
        where = np.append(catalog.items.codes(history.items.values), np.int32(-1))[history.item]
        return Money(np.append(catalog.price, NO_MONEY)[where])
    if name in DERIVED:
        return _clock(history, name)
    known = [*OWN, *history.properties, *(catalog.columns if catalog is not None else ())]
    known += [n for n in DERIVED if n not in known]
    raise UnknownName(
        f"field: no column {name!r} of the events, and none of the catalogue. Columns: "
        f"{quoted(known, 24)}.{hint(name, known)}"
    )


def settled(held: Coded | Money | Floats, op: str, value: Value, *, to: bool, of: str) -> Bools:
    """Where (m,) the comparison is known to be true, or known to be false where `to` is False.

    Raises:
        ArgumentError: If text is compared with a number, or the reverse; `of` names the column.
    """
    given = value if isinstance(value, tuple) else (value,)
    if isinstance(held, Coded):
        if op != "known" and len(held.vocab) and (op not in TEXTUAL or not _texts(given)):
            raise ArgumentError(_unlike(of, "text", held.vocab[0], op, value))
        return _words(held, op, given, to=to)
    known = held.micros != NO_MONEY if isinstance(held, Money) else ~np.isnan(held)
    if op == "known":
        return known if to else ~known
    if _texts(given):
        if not known.any():
            return known
        raw = held.micros[known][0] / MICROS if isinstance(held, Money) else held[known][0]
        raise ArgumentError(_unlike(of, "numbers", float(raw), op, value))
    if isinstance(held, Money):
        held_so = _money(held.micros, op, given)
    else:
        held_so = _numbers(held, op, given)
    return held_so & known if to else known & ~held_so


def _texts(given: tuple[Any, ...]) -> bool:
    return isinstance(given[0], str)


def _words(held: Coded, op: str, given: tuple[Any, ...], *, to: bool) -> Bools:
    if op == "known":
        return held.codes >= 0 if to else held.codes < 0
    if not len(held.vocab):
        return np.zeros(len(held), dtype=bool)
    codes = held.vocab.codes(given)
    codes = codes[codes >= 0]
    if len(codes) < 2:
        among = held.codes == codes[0] if len(codes) else np.zeros(len(held), dtype=bool)
    else:
        board = np.zeros(len(held.vocab) + 1, dtype=bool)  # the last place is that of code -1
        board[codes] = True
        among = board[held.codes]
    return among if to == (op != "!=") else ~among & (held.codes >= 0)


def _money(micros: Ints, op: str, given: tuple[Any, ...]) -> Bools:
    """What holds of amounts that are known; bounds that are no whole micros lie between two."""
    exact = [Fraction(repr(bound)) * MICROS for bound in given]  # 19.99 as it is written
    low, high = math.ceil(exact[0]), math.floor(exact[-1])
    if op in ("==", "!=", "in"):
        some = [int(e) for e in exact if e.denominator == 1 and abs(e) <= LARGEST]
        same = np.isin(micros, some) if len(some) > 1 else micros == (some or [NO_MONEY])[0]
        return ~same if op == "!=" else same
    if op == "between":
        return _least(micros, low) & _most(micros, high)
    if op in (">=", "<"):
        return _least(micros, low) if op == ">=" else _most(micros, low - 1)
    return _most(micros, high) if op == "<=" else _least(micros, high + 1)


def _least(micros: Ints, bound: int) -> Bools:
    if bound > LARGEST:
        return np.zeros(len(micros), dtype=bool)
    return micros >= max(bound, -LARGEST)


def _most(micros: Ints, bound: int) -> Bools:
    if bound < -LARGEST:
        return np.zeros(len(micros), dtype=bool)
    return micros <= min(bound, LARGEST)


def _numbers(held: Floats, op: str, given: tuple[Any, ...]) -> Bools:
    if op == "in":
        return np.isin(held, np.array(given, dtype=np.float64))
    if op == "between":
        return np.asarray((held >= given[0]) & (held <= given[-1]))
    return np.asarray(ORDERS[op](held, given[0]))


def _clock(history: History, name: str) -> Coded | Floats:
    """The hour of the day, 0 to 23, or the day of the week, on the customer's own clock."""
    hour, known = local_hours(history)
    if name == "hour":
        return np.where(known, hour % 24, np.nan)
    vocab = Vocab.of(DAYS)
    codes: Array = np.where(known, vocab.codes(DAYS)[hour // 24], np.int32(-1))
    return Coded(codes, vocab)


def _unlike(of: str, kind: str, example: object, op: str, value: Value) -> str:
    return f"{of} holds {kind}, such as {example!r}; it can't be asked for {op} {value!r}."
