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

from onefold._check import shown
from onefold._columns import same_in_all
from onefold._types import Bools, Floats
from onefold.errors import ArgumentError
from onefold.lifetime.incoming import Table, table_of

OFF = 1e-9  # relative: by so much a recency may exceed T through rounding
MOST = 1e15  # purchases, and units of time, up to which all whole numbers are floats
LONG = 100_000  # opportunities: what models of them compute grows with each


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
    table = table_of(customers, call, [*needed, *covariates])
    if not len(table.index):
        raise ArgumentError(f"{call}: it was given no customers; it takes one or more.")
    x = table.numbers("frequency")
    table.refuse("frequency", x, _not_least(x, 0), "it takes whole numbers, 0 or more")
    table.refuse("frequency", x, _fractions(x), "it takes whole numbers")
    table.refuse("frequency", x, x > MOST, f"it takes at most {MOST:g}")
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


def read_covariates(
    given: Any, wanted: Sequence[str], call: str, *, model: str = "this model"
) -> dict[str, float]:
    """The covariates of one new customer, all that are wanted and no others."""
    held = {} if given is None else given
    if not isinstance(held, (Mapping, pd.Series)) or set(held.keys()) != set(wanted):
        raise ArgumentError(
            f"{call}: covariates is {shown(given)}; {model} has "
            f"{', '.join(wanted) or 'none'}: give a number for each, and no others."
        )
    table = table_of(held, f"{call}: covariates", wanted)
    return {name: float(table.covariate(name)[0]) for name in wanted}


def _times(table: Table, x: Floats) -> tuple[Floats, Floats]:
    """The checked t_x and T (n,)."""
    t_x, T = table.numbers("recency"), table.numbers("T")
    for name, values in (("recency", t_x), ("T", T)):
        table.refuse(name, values, _not_least(values, 0), "it takes 0 or more")
        table.refuse(name, values, values > MOST, f"it takes at most {MOST:g}")
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
            f"free purchases and no returns. Leave such customers out: {table.without}",
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


def whole_periods(x: Floats, t_x: Floats, T: Floats, call: str) -> None:
    """Refuse rows that a model of whole periods can't have."""
    for name, held in (("recency", t_x), ("T", T)):
        odd = np.flatnonzero(held != np.round(held))
        if len(odd):
            raise ArgumentError(
                f"{call}: {name} holds {held[odd[0]]:g}; this model counts opportunities, which "
                "are whole. Make the summary with collapse= equal to time_unit=, such as "
                "rfm_summary(log, collapse='W', time_unit='W')."
            )
    if T.max(initial=0) > LONG:
        raise ArgumentError(
            f"{call}: T holds {T.max():g}; this model takes at most {LONG:,} opportunities, for "
            "its work grows with each. Give T in longer periods, such as weeks."
        )
    many = np.flatnonzero(x > t_x)
    if len(many):
        raise ArgumentError(
            f"{call}: frequency is {x[many[0]]:g} where recency is {t_x[many[0]]:g}; at most one "
            "purchase can be made at each opportunity."
        )
