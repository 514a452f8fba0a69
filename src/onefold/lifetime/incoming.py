"""Columns of customers on their way in, from whatever holds them, and how they are refused.

An error says what a column held, of whom (by id, or by row where there are no ids), and in how many
rows more:

    BGNBD.fit: column 'T' is -1 for customer 'ann', the first of 3 such rows of 9; it takes ...
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._check import hint, is_several, is_whole, quoted, shown
from onefold._types import Array, Bools, Floats
from onefold.errors import ArgumentError, ColumnError
from onefold.events import door

ID = "customer"
FAR = 1e100  # the largest size of a covariate, so that its square is a number too
FOREIGN = {  # names under which other libraries know the same columns
    "monetary": ("monetary_value", "monetary value", "mean_spend"),
    "frequency": ("x", "n_repeat", "repeat_purchases"),
    "recency": ("t_x", "tx"),
    "T": ("t", "tenure", "T_cal", "n_periods"),
}
MEANING = {
    "frequency": "repeat purchases, the first not counted",
    "recency": "time of the last purchase since the first",
    "T": "time since the first purchase",
    "monetary": "mean value of the repeat purchases",
    "frequency_holdout": "purchases in the holdout",
    "duration_holdout": "how long the holdout is",
}


@attrs.frozen(eq=False)
class Table:
    """Columns on their way in."""

    columns: Mapping[str, Array | pa.Array]
    index: "pd.Index[Any]"
    single: bool
    call: str
    own: bool = False  # whether it was a summary of this library

    @property
    def without(self) -> str:
        """How customers with nothing spent are left out."""
        held = "summary.select({})" if self.own else "frame[{}]"
        name = "summary" if self.own else "frame"
        return held.format(f"({name}['frequency'] == 0) | ({name}['monetary'] > 0)")

    def numbers(self, name: str, *, gaps: bool = False) -> Floats:
        """A column (n,) of finite numbers, or with `gaps` NaN where missing; a new array."""
        held = self.columns[name]
        if isinstance(held, pa.Array):
            held = self._plain(held, name)
        elif held.dtype.kind not in "iuf":
            first = held[0].item() if isinstance(held[0], np.generic) else held[0]
            raise self._error(name, f"holds {shown(first)}; it takes a number.")
        values = np.array(held, dtype=np.float64)
        self.refuse(name, values, np.isinf(values), "it takes finite numbers")
        if not gaps:
            advice = f"it takes a number for every customer ({MEANING.get(name, 'a covariate')})"
            self.refuse(name, values, np.isnan(values), advice + ". Leave such customers out")
        return values

    def covariate(self, name: str) -> Floats:
        """A column (n,) of finite numbers, or of booleans as 0 and 1."""
        held = self.columns[name]
        if isinstance(held, pa.Array) and pa.types.is_boolean(held.type):
            held = held.cast(pa.int8())
        elif isinstance(held, np.ndarray) and held.dtype.kind == "b":
            held = held.astype(np.float64)
        values = attrs.evolve(self, columns={name: held}).numbers(name)
        self.refuse(name, values, np.abs(values) > FAR, f"it takes at most {FAR:g} in size")
        return values

    def refuse(self, name: str, values: Floats, wrong: Bools, problem: str) -> None:
        """Refuse a column of which some rows are wrong, with what it says there."""
        if wrong.any():
            self.refuse_rows(f"column {name!r} is {values[wrong][0]:g}", wrong, problem)

    def refuse_rows(self, what: str, wrong: Bools, problem: str) -> None:
        """Refuse rows that are wrong: the first by its id, the others by their number."""
        if not wrong.any():
            return
        if self.single:
            raise ColumnError(f"{self.call}: {what.replace('column ', '')}; {problem}.")
        at, many = int(np.argmax(wrong)), int(wrong.sum())
        who = self.index[at]
        counts = isinstance(self.index, pd.RangeIndex)
        where = f"in row {at}" if counts else f"for customer {_id(who)}"
        more = f", the first of {many:,} such rows" if many > 1 else ", the only one"
        raise ColumnError(f"{self.call}: {what} {where}{more} of {len(self.index):,}; {problem}.")

    def _plain(self, held: pa.Array, name: str) -> Array:
        kind = held.type
        if pa.types.is_decimal(kind):
            held = held.cast(pa.float64())
        elif pa.types.is_null(kind):
            return np.full(len(held), np.nan)
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            said = f"is of type {kind}, {shown(held[0].as_py())} in its first row"
            raise self._error(name, f"{said}; it takes numbers. {_how(kind, name)}")
        if held.null_count:
            held = held.cast(pa.float64(), safe=False)
        return np.asarray(held.to_numpy(zero_copy_only=False))

    def _error(self, name: str, problem: str) -> ColumnError:
        return ColumnError(f"{self.call}: column {name!r} {problem}")


def table_of(customers: Any, call: str, needed: Sequence[str]) -> Table:
    """The columns that are needed, of whatever make; a table of them stays as it is."""
    if isinstance(customers, Table):
        return customers
    if isinstance(customers, (Mapping, pd.Series)):
        return _one(customers, call, needed)
    frame = _framed(customers)
    try:
        opened = door.opened(frame, call)
    except ArgumentError as error:
        if not isinstance(error.__cause__, TypeError):
            raise
        raise ArgumentError(
            f"{call}: it was given a {type(customers).__name__}; it takes what "
            "lifetime.rfm_summary(log) returns, a pandas, polars, pyarrow or duckdb frame with the "
            f"columns {quoted(needed)}, or a mapping of them for one customer."
        ) from error
    _all_there(opened.names, call, needed)
    columns = {name: opened.column(name, name) for name in needed}
    return Table(columns, _index(frame, opened), False, call, frame is not customers)


def _id(who: Any) -> str:
    return shown(who.item() if isinstance(who, np.generic) else who)


def parts(customers: Any, call: str, size: int) -> Iterator[Any]:
    """The same customers, at most `size` at once; nothing is copied."""
    if isinstance(customers, (Mapping, pd.Series)):
        yield customers
        return
    frame = _framed(customers)
    held: Any = frame if isinstance(frame, pd.DataFrame) else door.opened(frame, call).frame
    for start in range(0, len(held), size):
        some = held[start : start + size]
        yield some if held is frame else some.to_native()


def _one(customer: Any, call: str, needed: Sequence[str]) -> Table:
    """A table of one row."""
    _all_there(tuple(customer.keys()), call, needed)
    columns = {}
    for name in needed:
        value = customer[name]
        if is_several(value):
            raise ArgumentError(
                f"{call}: {name!r} holds {shown(value)}; a mapping is one customer, with a number "
                "under each name. Give several as a frame: pandas.DataFrame(...)."
            )
        columns[name] = np.asarray(_one_number(value)).reshape(1)
    return Table(columns, pd.RangeIndex(1), True, call)


def _one_number(value: Any) -> Any:
    """A value that stands alone: NaN where it is missing, whole numbers and decimals as floats."""
    if value is None or value is pd.NA or value is pd.NaT or np.ma.is_masked(value):
        return np.nan
    if isinstance(value, Decimal):
        return np.nan if value.is_nan() else float(value)
    return real(value) if is_whole(value) else value


def real(value: Any) -> float:
    """A number as a float, infinite where it is too large for one; NaN where it is none."""
    kinds = (int, float, np.integer, np.floating)
    if not isinstance(value, kinds) or isinstance(value, (bool, np.timedelta64)):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def numbers(value: Any) -> Floats | None:
    """A number, or a list or an array of them, as an array; None where it is none."""
    try:
        held = np.asarray(value)
    except (TypeError, ValueError):  # lists of several lengths
        return None
    if held.dtype.kind == "O":
        held = np.array([_one_number(one) for one in held.flat]).reshape(held.shape)
    return held.astype(np.float64) if held.dtype.kind in "iuf" else None


def _all_there(names: Sequence[Any], call: str, needed: Sequence[str]) -> None:
    for name in needed:
        if name in names:
            continue
        foreign = [other for other in FOREIGN.get(name, ()) if other in names]
        alike = [other for other in names if str(other).casefold() == name.casefold()]
        foreign = foreign or alike
        near = hint(name, names)
        if foreign:
            renamed = f".rename(columns={{{foreign[0]!r}: {name!r}}})"
            near = f" If {foreign[0]!r} is it, rename it: {renamed}."
        meaning = f" ({MEANING[name]})" if name in MEANING else ""
        raise ColumnError(f"{call}: no column {name!r}{meaning}. Columns: {quoted(names)}.{near}")


def _framed(value: Any) -> Any:
    """A summary of this library, which is no frame of any make, as one."""
    own = type(value).__module__.startswith("onefold.")
    return value.to_pandas() if own and callable(getattr(value, "to_pandas", None)) else value


def _index(frame: Any, opened: door.Door) -> "pd.Index[Any]":
    """Ids: the index of a pandas frame, unless it only counts; then a column of that name."""
    own: pd.Index[Any] = pd.RangeIndex(len(opened))
    if isinstance(frame, pd.DataFrame):
        own = frame.index
    if ID in opened.names and isinstance(own, pd.RangeIndex):
        own = pd.Index(opened.frame[ID].to_pandas(), name=ID)
    return own


def _how(kind: pa.DataType, name: str) -> str:
    """What to do with a column that holds no numbers."""
    if pa.types.is_boolean(kind):
        return f"Convert it first with frame[{name!r}].astype(int), if 1 is meant by true."
    if pa.types.is_duration(kind):
        return f"Convert it first, to days with frame[{name!r}] / pandas.Timedelta('1D')."
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "Give the time since the first purchase; lifetime.rfm_summary(log) computes it."
    return f"Convert it first with pandas.to_numeric(frame[{name!r}])."
