"""What a list must look like, as `rank` was asked for it: checked once, and in codes.

    at_most={"category": 2}    new=2    calibrate="category"    stock={"tea": 3}

A value of the catalogue that is missing is no value: two items without a category are not known
to be of one, so a cap does not count them. Shares do: what has no category is a share of its own.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import fraction, hint, quoted, shown, text, whole
from onefold._columns import Coded, frozen
from onefold._types import Codes, Duration, Floats, Ints
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.errors import ArgumentError
from onefold.levels.protocol import Choices

WITHOUT = np.iinfo(np.int64).max  # no limit


def _column(value: Any) -> str:
    return text(value, "Calibration: by")


def _weight(value: Any) -> float:
    return fraction(value, "Calibration: weight", ends=True)


def _half_life(value: Any) -> np.timedelta64:
    return _time.duration(value, "Calibration: half_life")


def _shares(value: Any) -> Mapping[str, float] | None:
    if value is None:
        return None
    name = "Calibration: shares"
    if not isinstance(value, Mapping) or not value:
        raise ArgumentError(
            f"{name} is {shown(value)}; it takes a share for each category, such as "
            "{'drinks': 0.7, 'snacks': 0.3}, or None for the customer's own."
        )
    held = {text(key, name): _number(share, f"{name}: {key!r}") for key, share in value.items()}
    if not sum(held.values()) > 0:
        raise ArgumentError(f"{name} adds up to 0; give at least one category a share above 0.")
    return held


def _number(value: Any, name: str) -> float:
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not 0 <= value < np.inf:
        raise ArgumentError(f"{name} is {shown(value)}; it takes a number, at least 0.")
    return float(value)


@attrs.frozen
class Calibration:
    """Lists whose categories come in the shares in which the customer chooses them.

    A list I is put together item by item, each time the one that makes most of

        (1 - weight) * p(I) / p(the n best)  -  weight * KL(p || q)

    p(I) is the sum of its items' probabilities, p the shares of categories asked for, q those of
    the list, of which .01 is p so that a category that lacks does not count as infinitely bad.
    Divided by the n best, the first term is the share of the choices that is kept, so that
    `weight` means the same for every customer and every catalogue.

    Args:
        by: Column of the catalogue: "category", "kind" or an attribute.
        weight: How much the shares count, from 0 (not at all) to 1 (nothing else does).
        shares: What each value should have of a list, scaled to a sum of 1. None: its share of
            the customer's own choices, decayed. Who has none gets the most probable items.
        half_life: Age at which a customer's choice counts half.

    Raises:
        ArgumentError: If an argument is wrong.

    Examples:
        >>> Calibration("brand", weight=0.8).weight
        0.8

    Source: Steck, "Calibrated recommendations", RecSys 2018, equations 2, 3, 6 and 7; there the
    scores are taken as they come.
    """

    by: str = attrs.field(default="category", converter=_column)
    weight: float = attrs.field(default=0.5, kw_only=True, converter=_weight)
    shares: Mapping[str, float] | None = attrs.field(default=None, kw_only=True, converter=_shares)
    half_life: Duration = attrs.field(default="180D", kw_only=True, converter=_half_life)


@attrs.frozen(eq=False)
class Column:
    """A column of the catalogue over the items of a scorer: `of` (n_items,), the last is none."""

    name: str
    vocab: Vocab
    of: Codes = attrs.field(converter=frozen)

    @property
    def width(self) -> int:
        """How many groups there are, that of none included."""
        return len(self.vocab) + 1


@attrs.frozen(eq=False)
class Limits:
    """The limits of one call, over the items of a scorer.

    Attributes:
        at_most: columns with the most of one value, by name.
        new: fewest items that the customer has not chosen before.
        calibration: with its column, if there is one.
        stock: (n_items,) units left, `WITHOUT` where there is no limit; None without any.
    """

    at_most: tuple[tuple[Column, int], ...]
    new: int
    calibration: tuple[Column, Calibration] | None
    stock: Ints | None

    @property
    def any(self) -> bool:
        """Whether there is a limit that the n best items may not keep to."""
        asked = self.at_most, self.new, self.calibration
        return any(bool(held) for held in asked) or self.stock is not None

    def shares(self, choices: Choices) -> Floats:
        """The shares (n, g) that each row's list should have, zeros where it has none."""
        assert self.calibration is not None
        column, asked = self.calibration
        out = np.zeros((len(choices), column.width))
        if asked.shares is not None:
            out[:, column.vocab.codes(list(asked.shares))] = list(asked.shares.values())
        else:
            row = choices.row
            ages = (choices.moments[row] - choices.time) / _time.duration(asked.half_life, "")
            np.add.at(out, (row, column.of[choices.item]), np.exp2(-ages))
        total = out.sum(axis=1, keepdims=True)
        np.divide(out, total, out=out, where=total > 0)
        return out


UNLIMITED = Limits((), 0, None, None)


def limits(
    items: Vocab,
    catalog: Catalog | None,
    *,
    n: int,
    at_most: Any,
    new: Any,
    calibrate: Any,
    stock: Any,
    kept: dict[Any, Any],
) -> Limits:
    """The limits as they were asked for, checked.

    Args:
        items: What can be chosen.
        catalog: What is known of it.
        n: Length of a list.
        at_most: A mapping from columns to whole numbers, or None.
        new: A whole number from 0 to n.
        calibrate: A `Calibration`, the name of a column, or None.
        stock: A mapping from items to units left, or None.
        kept: A cache of the scorer, for its columns.
    """
    name = "FittedScorer.rank: "
    if at_most is calibrate is stock is None and type(new) is int and new == 0:
        return UNLIMITED
    caps = {} if at_most is None else at_most
    if not isinstance(caps, Mapping):
        raise ArgumentError(
            f"{name}at_most is {shown(at_most)}; it takes columns of the catalogue with the most "
            "that a list may have of one value: {'category': 2}."
        )
    calibration = Calibration(calibrate) if isinstance(calibrate, str) else calibrate
    if not isinstance(calibration, (Calibration, type(None))):
        raise ArgumentError(
            f"{name}calibrate is {shown(calibrate)}; it takes a column of the catalogue, such as "
            "'category', or Calibration('category', weight=0.5)."
        )
    chosen = None
    if calibration is not None:
        column = _of(catalog, calibration.by, items, f"{name}calibrate", kept)
        _known(calibration.shares or {}, column)
        chosen = column, calibration
    columns = [_of(catalog, key, items, f"{name}at_most", kept) for key in caps]
    mosts = [whole(most, f"{name}at_most: {key!r}") for key, most in caps.items()]
    return Limits(
        tuple(zip(columns, mosts, strict=True)),
        whole(new, f"{name}new", least=0, most=n),
        chosen,
        None if stock is None else _units(stock, items, f"{name}stock"),
    )


def _of(catalog: Catalog | None, by: Any, items: Vocab, name: str, kept: dict[Any, Any]) -> Column:
    """One column of the catalogue, over the items."""
    if catalog is None:
        raise ArgumentError(
            f"{name} asks for {by!r}, and the scorer knows no catalogue. Fit it on profiles that "
            "have one: onefold.fold(log, catalog=onefold.Catalog.from_frame(...))."
        )
    if by not in catalog.columns:
        known = catalog.columns
        raise ArgumentError(
            f"{name} asks for {by!r}, which is no column of the catalogue. Columns: "
            f"{quoted(known)}.{hint(by, known)}"
        )
    made: Column | None = kept.get(("column", by))
    if made is None:
        held: Coded = catalog.column(by)
        codes = catalog.codes(by, items)
        of = np.where(codes < 0, len(held.vocab), codes).astype(np.int32)
        kept["column", by] = made = Column(by, held.vocab, of)
    return made


def _known(shares: Mapping[str, float], column: Column) -> None:
    lost = [key for key in shares if key not in column.vocab]
    if lost:
        known = column.vocab.values
        raise ArgumentError(
            f"Calibration: shares names {quoted(lost)}, which no item has as its {column.name}. "
            f"There are: {quoted(known)}.{hint(lost[0], known[:5000])}"
        )


def _units(stock: Any, items: Vocab, name: str) -> Ints:
    """The units left (n_items,) of each item; `WITHOUT` for those that are not named."""
    if not callable(getattr(stock, "items", None)):
        raise ArgumentError(
            f"{name} is {shown(stock)}; it takes the units left of each item: {{'tea': 3}}."
        )
    named = {
        str(item): min(whole(units, f"{name}: {shown(item)}", least=0), WITHOUT)
        for item, units in stock.items()
    }
    out = np.full(len(items) + 1, WITHOUT)
    out[items.codes(list(named))] = list(named.values())
    return out[:-1]
