"""Customers as the models read them: checked once, whatever they come in.

A summary of `lifetime.rfm_summary`, a frame of any make with its columns, or a mapping for one
customer, such as

    {"frequency": 2, "recency": 30.4, "T": 38.9, "monetary": 22.35}

Here recency is the time of the last purchase since the first, so 0 <= recency <= T; and it is 0
where, and only where, nothing was bought again (frequency 0). An error names the first row that
is wrong, by its id, and counts the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._check import hint, quoted, shown
from onefold._columns import same_in_all
from onefold._types import Array, Bools, Floats
from onefold.errors import ArgumentError, ColumnError
from onefold.events import door

ID = "customer"
OFF = 1e-9  # relative: by so much a recency may exceed T through rounding
FOREIGN = {  # names under which other libraries know the same columns
    "monetary": ("monetary_value", "monetary value", "mean_spend"),
    "frequency": ("x", "n_repeat", "repeat_purchases"),
    "recency": ("t_x", "tx"),
    "T": ("age", "tenure", "T_cal", "n_periods"),
}
MEANING = {
    "frequency": "repeat purchases, the first not counted",
    "recency": "time of the last purchase since the first",
    "T": "time since the first purchase",
    "monetary": "mean value of the repeat purchases",
}


@attrs.frozen(eq=False)
class Customers:
    """Checked customers (n,); what was not asked for is NaN.

    Attributes:
        x: Repeat purchases.
        t_x: Time of the last purchase since the first; 0 where x is 0.
        T: Time since the first purchase.
        monetary: Mean value of the repeat purchases, NaN where x is 0.
        z: Covariates by name.
        index: Ids.
        single: Whether it was a mapping of one customer.
    """

    x: Floats
    t_x: Floats
    T: Floats
    monetary: Floats
    z: Mapping[str, Floats]
    index: "pd.Index[Any]"
    single: bool

    def __len__(self) -> int:
        return len(self.x)


def read_customers(
    customers: Any,
    call: str,
    *,
    times: bool = True,
    monetary: bool = False,
    covariates: Sequence[str] = (),
) -> Customers:
    """Read and check customers.

    Args:
        customers: A summary, a frame, or a mapping of one customer; it is not changed. Further
            columns are allowed. Ids are the index of a pandas frame, or a column "customer".
        call: The method, by which errors begin: "BGNBD.fit".
        times: Whether recency and T are needed.
        monetary: Whether monetary is.
        covariates: Further columns that are needed: finite numbers, or booleans (0 and 1).

    Raises:
        ColumnError: If a column is not there, or holds what is not allowed.
        ArgumentError: If it is nothing of the kind, or holds no customers.
    """
    needed = ["frequency", *(("recency", "T") if times else ())]
    needed += ["monetary"] if monetary else []
    table = _table(customers, call, [*needed, *covariates])
    if not len(table.index):
        raise ArgumentError(f"{call}: it was given no customers; it takes one or more.")
    x = table.numbers("frequency")
    table.refuse("frequency", x, _not_least(x, 0), "it takes whole numbers, 0 or more")
    table.refuse("frequency", x, _fractions(x), "it takes whole numbers")
    nothing = same_in_all(np.nan, len(x))
    t_x, T = _times(table, x) if times else (nothing, nothing)
    return Customers(
        x=x,
        t_x=t_x,
        T=T,
        monetary=_monetary(table, x) if monetary else nothing,
        z={name: table.covariate(name) for name in covariates},
        index=table.index,
        single=table.single,
    )


@attrs.frozen(eq=False)
class Table:
    """Columns on their way in."""

    columns: Mapping[str, Array | pa.Array]
    index: "pd.Index[Any]"
    single: bool
    call: str

    def numbers(self, name: str, *, gaps: bool = False) -> Floats:
        """A column (n,) of finite numbers, or with `gaps` NaN where missing; a new array."""
        held = self.columns[name]
        if isinstance(held, pa.Array):
            held = self._plain(held, name)
        elif held.dtype.kind not in "iuf":
            raise self._error(name, f"holds {shown(held[0].item())}; it takes a number.")
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
        return attrs.evolve(self, columns={name: held}).numbers(name)

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


def _id(who: Any) -> str:
    return shown(who.item() if isinstance(who, np.generic) else who)


def _times(table: Table, x: Floats) -> tuple[Floats, Floats]:
    """The checked t_x and T (n,)."""
    t_x, T = table.numbers("recency"), table.numbers("T")
    for name, values in (("recency", t_x), ("T", T)):
        table.refuse(name, values, _not_least(values, 0), "it takes 0 or more")
    again = x > 0
    late = t_x > T
    if late.any():
        late = t_x > T * (1 + OFF)
        i = int(np.argmax(late))
        table.refuse_rows(
            f"recency is {t_x[i]:g} and T is {T[i]:g}",
            late,
            "recency is the time of the last purchase since the first, so it takes at most T. "
            "Where it is the time since the last purchase, give T - recency",
        )
        np.minimum(t_x, T, out=t_x)
    table.refuse_rows(
        "frequency is above 0 with recency 0",
        again & (t_x == 0),
        "whoever bought again did so some time after the first purchase. Purchases of one moment "
        "are one: lifetime.rfm_summary merges those of a day",
    )
    table.refuse_rows(
        "frequency is 0 with recency above 0",
        ~again & (t_x > 0),
        "recency is the time of the last purchase since the first, so it takes 0 where nothing "
        "was bought again. Where it is the time since the last purchase, give T - recency",
    )
    return t_x, T


def _monetary(table: Table, x: Floats) -> Floats:
    """The checked mean value (n,) of repeat purchases, NaN where there are none."""
    z = table.numbers("monetary", gaps=True)
    again = x > 0
    wrong = again & ~(z > 0)
    if wrong.any():
        said = "missing" if np.isnan(z[wrong][0]) else f"{z[wrong][0]:g}"
        table.refuse_rows(
            f"monetary is {said} with frequency above 0",
            wrong,
            "it takes the mean value of the repeat purchases, above 0, for the model knows no "
            "free purchases and no returns. Leave such customers out: "
            "summary[(summary.frequency == 0) | (summary.monetary > 0)]",
        )
    odd = ~again & (z != 0) & ~np.isnan(z)
    if odd.any():
        table.refuse_rows(
            f"monetary is {z[odd][0]:g} with frequency 0",
            odd,
            "it takes the mean value of the repeat purchases, so 0 or NaN where there are none. A "
            "mean over all purchases, the first among them, is another number: make the columns "
            "with lifetime.rfm_summary",
        )
    z[~again] = np.nan
    return z


def _not_least(values: Floats, least: float) -> Bools:
    return np.asarray(values < least)


def _fractions(values: Floats) -> Bools:
    return np.asarray(values != np.rint(values))


def _table(customers: Any, call: str, needed: Sequence[str]) -> Table:
    """The columns that are needed, of whatever make."""
    if isinstance(customers, (Mapping, pd.Series)):
        return _one(customers, call, needed)
    frame = customers
    if not isinstance(frame, pd.DataFrame) and _is_summary(frame):
        frame = frame.to_pandas()
    try:
        opened = door.opened(frame, call)
    except ArgumentError as error:
        if not isinstance(error.__cause__, TypeError):
            raise
        raise ArgumentError(
            f"{call}: it was given a {type(customers).__name__}; it takes what lifetime.rfm_summary(log) "
            "returns, a pandas, polars, pyarrow or duckdb frame with the columns "
            f"{quoted(needed)}, or a mapping of them for one customer."
        ) from error
    _all_there(opened.names, call, needed)
    columns = {name: opened.column(name, name) for name in needed}
    return Table(columns, _index(frame, opened), False, call)


def _one(customer: Any, call: str, needed: Sequence[str]) -> Table:
    """A table of one row."""
    _all_there(tuple(customer.keys()), call, needed)
    columns = {}
    for name in needed:
        value = np.nan if customer[name] is None else customer[name]
        held = np.asarray(value)
        if held.ndim:
            raise ArgumentError(
                f"{call}: {name!r} holds {shown(value)}; a mapping is one customer, with a number "
                "under each name. Give several as a frame: pandas.DataFrame(...)."
            )
        columns[name] = held.reshape(1)
    return Table(columns, pd.RangeIndex(1), True, call)


def _all_there(names: Sequence[Any], call: str, needed: Sequence[str]) -> None:
    for name in needed:
        if name in names:
            continue
        foreign = [other for other in FOREIGN.get(name, ()) if other in names]
        near = hint(name, names)
        if foreign:
            renamed = f".rename(columns={{{foreign[0]!r}: {name!r}}})"
            near = f" If {foreign[0]!r} is it, rename it: {renamed}."
        meaning = f" ({MEANING[name]})" if name in MEANING else ""
        raise ColumnError(f"{call}: no column {name!r}{meaning}. Columns: {quoted(names)}.{near}")


def _is_summary(value: Any) -> bool:
    """Whether it is a summary of this library: a table that is no frame of another make."""
    module = type(value).__module__
    return module.startswith("onefold.") and callable(getattr(value, "to_pandas", None))


def _index(frame: Any, opened: door.Door) -> "pd.Index[Any]":
    """Ids: the index of a pandas frame, unless it only counts; then a column of that name."""
    own = frame.index if isinstance(frame, pd.DataFrame) else pd.RangeIndex(len(opened))
    if ID in opened.names and isinstance(own, pd.RangeIndex):
        return pd.Index(opened.frame[ID].to_pandas(), name=ID)
    return own.copy()


def _how(kind: pa.DataType, name: str) -> str:
    """What to do with a column that holds no numbers."""
    if pa.types.is_boolean(kind):
        return f"Convert it first with frame[{name!r}].astype(int), if 1 is meant by true."
    if pa.types.is_duration(kind):
        return f"Convert it first, to days with frame[{name!r}] / pandas.Timedelta('1D')."
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "Give the time since the first purchase; lifetime.rfm_summary(log) computes it."
    return f"Convert it first with pandas.to_numeric(frame[{name!r}])."
