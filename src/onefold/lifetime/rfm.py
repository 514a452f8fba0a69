"""RFM: the four numbers that models of buying and leaving read of each customer.

    frequency = x        recency = t_x        T        monetary = mean of the repeat purchases

Who bought for 5, 8 and 4 on days 0, 3 and 10, and was seen for 30, has x = 2, t_x = 10, T = 30 and
a monetary value of 6.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, is_several, one_of, quoted, shown
from onefold._columns import frozen
from onefold._display import Html, html_table, text_table
from onefold._types import Floats, Strings
from onefold.errors import ArgumentError, UnknownCustomer, UnknownName
from onefold.lifetime import units
from onefold.lifetime.joining import joined

COLUMNS = ("frequency", "recency", "T", "monetary")
Row: TypeAlias = list[str | float | Html | None]
SAID = {"h": "by hour", "D": "by day", "W": "by week", "M": "by month", None: "by visit"}


def _owned(array: Any) -> Any:
    return frozen(np.array(array))


def _floats(array: Any) -> Floats:
    return frozen(np.array(array, dtype=np.float64))


def _floats_by_name(columns: Mapping[str, Any]) -> Mapping[str, Floats]:
    return MappingProxyType({name: _floats(column) for name, column in columns.items()})


def _unit(value: Any) -> str:
    return units.unit(value, "RFMSummary: time_unit")


def _collapse(value: Any) -> str | None:
    held: str | None = one_of(value, tuple(SAID), "RFMSummary: collapse")
    return held


def _of_all(instance: "RFMSummary", attribute: Any, value: Any) -> None:
    columns = value if isinstance(value, Mapping) else {attribute.name: value}
    for name, column in columns.items():
        if column.shape != (len(instance.ids),):
            raise ArgumentError(
                f"RFMSummary: {name} has the shape {column.shape}; ({len(instance.ids)},) is "
                "allowed, a number for each of the ids."
            )


def _sorted(instance: Any, attribute: Any, ids: Strings) -> None:
    if ids.ndim != 1 or not all(isinstance(i, str) for i in ids.tolist()):
        raise ArgumentError("RFMSummary: ids holds other than strings; it takes ids (n,) as text.")
    if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
        raise ArgumentError("RFMSummary: ids are not sorted, or one is there twice; sort them.")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RFMSummary:
    """Each customer's purchases in four numbers; make it with `rfm_summary` or `rfm_holdout`.

    `summary["frequency"]` is a column.

    Attributes:
        ids: Ids of the customers (n,), sorted.
        frequency: Purchases (n,) after the first.
        recency: Time (n,) from the first purchase to the last, in `time_unit`: the t_x of the
            papers, which is large where the last purchase was late.
        T: Time (n,) from the first purchase to the end, in `time_unit`.
        monetary: Mean (n,) that a repeat purchase brought, NaN where that is not known.
        time_unit: Unit of the times: h, D, W, M (a twelfth of a year) or Y (365.25 days).
        collapse: The periods of which purchases are merged, None for visits.
        start: The instant before which nobody here had bought; None where none was given.
        end: The instant before which purchases were seen.
        event: The kind of event that is a purchase.
        left_out: How many bought before `end`, and first before `start`: they are not here.
        holdout_end: The instant before which the holdout was seen; None without one.
        extra: Further columns (n,) by name: of the holdout, and covariates.
    """

    ids: Strings = attrs.field(converter=_owned, validator=_sorted)
    frequency: Floats = attrs.field(converter=_floats, validator=_of_all)
    recency: Floats = attrs.field(converter=_floats, validator=_of_all)
    T: Floats = attrs.field(converter=_floats, validator=_of_all)
    monetary: Floats = attrs.field(converter=_floats, validator=_of_all)
    time_unit: str = attrs.field(converter=_unit)
    collapse: str | None = attrs.field(converter=_collapse)
    start: np.datetime64 | None
    end: np.datetime64
    event: str = "purchase"
    left_out: int = 0
    holdout_end: np.datetime64 | None = None
    extra: Mapping[str, Floats] = attrs.field(
        factory=dict, converter=_floats_by_name, validator=_of_all
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return (*COLUMNS, *self.extra)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Floats:
        """One column (n,), read-only.

        Raises:
            UnknownName: If there is none of this name.
        """
        if not isinstance(name, str) or name not in self.columns:
            raise UnknownName(
                f"RFMSummary: no column {shown(name)}. Columns: {quoted(self.columns, 24)}."
                f"{hint(name, self.columns)}"
            )
        column: Floats = getattr(self, name) if name in COLUMNS else self.extra[name]
        return column

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RFMSummary):
            return NotImplemented
        return (
            self._settings() == other._settings()
            and np.array_equal(self.ids, other.ids)
            and all(np.array_equal(self[n], other[n], equal_nan=True) for n in self.columns)
        )

    __hash__ = None  # type: ignore[assignment]

    def _settings(self) -> tuple[Any, ...]:
        mine = (self.time_unit, self.collapse, self.start, self.end, self.event, self.left_out)
        return (*mine, self.holdout_end, self.columns)

    def to_pandas(self) -> pd.DataFrame:
        """A new frame of one row a customer, who is its index."""
        index = pd.Index(self.ids.copy(), name="customer", dtype=object)
        return pd.DataFrame({name: self[name].copy() for name in self.columns}, index=index)

    def select(self, who: Any) -> "RFMSummary":
        """The summary of some customers, in the order of their ids.

        Args:
            who: Ids, or a mask (n,) of booleans.

        Raises:
            ArgumentError: If it is neither.
            UnknownCustomer: If an id is not here.
        """
        chosen = self._chosen(who)
        columns = {name: getattr(self, name)[chosen] for name in COLUMNS}
        extra = {name: column[chosen] for name, column in self.extra.items()}
        return attrs.evolve(self, ids=self.ids[chosen], extra=extra, **columns)

    def _chosen(self, who: Any) -> Any:
        if not is_several(who):
            raise ArgumentError(
                f"RFMSummary.select: who is {shown(who)}; it takes several ids, or a mask of "
                f"{len(self):,} booleans."
            )
        held = np.asarray(who if isinstance(who, np.ndarray | pd.Series) else list(who))
        if held.dtype == bool:
            if held.shape != (len(self),):
                raise ArgumentError(
                    f"RFMSummary.select: who is a mask of shape {held.shape}; "
                    f"({len(self)},) is allowed."
                )
            return np.flatnonzero(held)
        names = [str(name) for name in held.tolist()]
        at = pd.Index(self.ids, dtype=object).get_indexer(pd.Index(names, dtype=object))
        if (at < 0).any():
            lost = [name for name, place in zip(names, at, strict=True) if place < 0]
            raise UnknownCustomer(
                f"RFMSummary.select: who holds {len(lost):,} ids that are not here, such as "
                f"{quoted(lost[:3])}.{hint(lost[0], self.ids[:5000])}"
            )
        return np.unique(at)

    def with_columns(self, table: Any) -> "RFMSummary":
        """The same summary with further columns, such as covariates, joined by customer.

        Args:
            table: A frame with a column `customer` (in pandas it may be the index) and columns of
                numbers or booleans; or a mapping from name to a mapping or a Series from customer
                to number. Customers who are not here are left out.

        Raises:
            ArgumentError: If a customer is missing or is there twice, a number is missing or
                infinite, or a column of this name is here already.
            ColumnError: If there is no column `customer`, or one holds no numbers.

        Examples:
            >>> import onefold as of
            >>> from onefold.lifetime.summary import rfm_summary
            >>> log = of.EventLog.from_events([
            ...     of.Event(who, "purchase", "2024-03-01") for who in ("ann", "bob")])
            >>> summary = rfm_summary(log).with_columns({"age": {"bob": 40, "ann": 30}})
            >>> summary["age"].tolist()
            [30.0, 40.0]
        """
        call = "RFMSummary.with_columns"
        more = joined(self.ids, table, call)
        taken = [name for name in more if name in self.columns]
        if taken or not more:
            raise ArgumentError(
                f"{call}: table has {quoted(taken)}, which are here already. Rename them."
                if taken
                else f"{call}: table has no column besides the customers; give at least one."
            )
        for name, column in more.items():
            bad = self.ids[~np.isfinite(column)]
            if len(bad):
                raise ArgumentError(
                    f"{call}: {name!r} is missing or infinite for {len(bad):,} of {len(self):,} "
                    f"customers, such as {quoted(bad[:3])}. Give a number, or leave them out with "
                    ".select(ids)."
                )
        return attrs.evolve(self, extra={**self.extra, **more})

    def __repr__(self) -> str:
        return f"RFMSummary({self._head()})\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return html_table(*self._table(), caption=self._head())

    def _head(self) -> str:
        again = int((self.frequency > 0).sum())
        n = f"{len(self):,} customer{'' if len(self) == 1 else 's'}, {again:,} bought again"
        n += f"; {SAID[self.collapse]}, in {units.said(self.time_unit)}, "
        n += "" if self.start is None else f"from {_time.show(self.start)} "
        n += f"up to {_time.show(self.end)}"
        n += "" if self.holdout_end is None else f", holdout up to {_time.show(self.holdout_end)}"
        older = f"customer{'' if self.left_out == 1 else 's'}"
        return n + (f"; {self.left_out:,} older {older} left out" if self.left_out else "")

    def _table(self) -> tuple[list[Row], list[str]]:
        return (
            [_told(name, self[name]) for name in self.columns],
            ["column", "mean", "least", "median", "largest", "missing"],
        )


def _told(name: str, column: Floats) -> Row:
    known = column[~np.isnan(column)]
    told: Row = [None] * 4
    if len(known):
        told = [float(of(known)) for of in (np.mean, np.min, np.median, np.max)]
    return [name, *told, len(column) - len(known)]
