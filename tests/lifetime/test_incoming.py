"""Incoming: one customer's odd values, frames' odd columns, and numbers that stand alone."""

import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from onefold.errors import ArgumentError, ColumnError
from onefold.lifetime.incoming import numbers, real
from onefold.lifetime.reading import read_covariates, read_customers

ONE = {"frequency": 2, "recency": 3.0, "T": 5.0, "age": 30}
FRAME = pd.DataFrame({"frequency": [2, 0], "recency": [3.0, 0.0], "T": [5.0, 5.0]})
MISSING: Any = (
    None,
    np.nan,
    pd.NA,
    pd.NaT,
    Decimal("nan"),
    np.ma.masked,
    np.ma.array(2, mask=True),
)


def read(customers, **asked):
    return read_customers(customers, "BGNBD.p_alive", **asked)


@pytest.mark.parametrize("two", [2, 2.0, Decimal("2"), np.int8(2), np.float32(2), np.array(2)])
def test_every_make_of_number_is_one(two):
    found = read({**ONE, "frequency": two, "age": two}, covariates=["age"])
    assert found.x.tolist() == found.z["age"].tolist() == [2.0]


@pytest.mark.parametrize("name", ["frequency", "recency", "T", "age"])
@pytest.mark.parametrize("value", MISSING, ids=lambda v: type(v).__name__)
def test_what_is_missing_is_refused(name, value):
    with pytest.raises(ColumnError, match=f"{name}' is nan; it takes a number for every customer"):
        read({**ONE, name: value}, covariates=["age"])


@pytest.mark.parametrize(
    "value", [pd.Timedelta("1D"), np.timedelta64(1, "D"), 2 + 1j, object(), b"2", True]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ColumnError, match=r"column 'frequency' holds .*; it takes a number\."):
        read({**ONE, "frequency": value})


@pytest.mark.parametrize("value", [[2], [[1], [1, 2]], {}, np.array([2]), pd.Series([2])])
def test_several_numbers_are_no_customer(value):
    with pytest.raises(ArgumentError, match=r"(?s)'frequency' holds .* a mapping is one customer"):
        read({**ONE, "frequency": value})


@pytest.mark.parametrize("name", ["frequency", "T", "recency"])
@pytest.mark.parametrize("value", [1e19, 2**70, 1.1e15])
def test_numbers_beyond_all_measure_are_refused(name, value):
    with pytest.raises(ColumnError, match=rf"'{name}' is .*; it takes at most 1e\+15"):
        read({**ONE, name: value})
    with pytest.raises(ColumnError, match=rf"'{name}' is .* in row 0"):
        read(FRAME.assign(**{name: float(value)}))
    with pytest.raises(ColumnError, match=r"is inf; it takes finite numbers"):
        read({**ONE, name: 10**400})


@pytest.mark.parametrize("column", [[2**70, 0], np.array([2 + 1j, 0]), [object(), 0], [[1], [2]]])
def test_columns_that_hold_no_numbers_are_refused(column):
    with pytest.raises(ColumnError, match=r"BGNBD.p_alive: column 'frequency'"):
        read(FRAME.assign(frequency=pd.Series(column)))


def test_covariates_have_a_largest_size():
    assert read({**ONE, "age": -1e100}, covariates=["age"]).z["age"] == -1e100
    for frame in ({**ONE, "age": -1e101}, FRAME.assign(age=1e300)):
        with pytest.raises(ColumnError, match=r"it takes at most 1e\+100 in size"):
            read(frame, covariates=["age"])


@pytest.mark.parametrize(("name", "held"), [("frequency", "FREQUENCY"), ("recency", "Recency")])
def test_names_in_other_letters_are_pointed_out(name, held):
    renamed = rf"no column '{name}'.*\.rename\(columns={{'{held}': '{name}'}}\)"
    with pytest.raises(ColumnError, match=renamed):
        read(FRAME.rename(columns={name: held}))


def test_the_covariates_of_a_new_customer():
    given = {"age": Decimal("30"), "club": True}
    assert read_covariates(given, ("club", "age"), "f") == {"club": 1.0, "age": 30.0}
    assert read_covariates(pd.Series(given), ("club", "age"), "f")["age"] == 30.0
    assert read_covariates(None, (), "f") == read_covariates({}, (), "f") == {}
    odd: Any = (None, 5, "age", ["age"], {}, {"club": 1}, {"age": 1, "club": 1})
    for other in odd:
        with pytest.raises(ArgumentError, match=r"f: covariates is .*; this model has age: give"):
            read_covariates(other, ("age",), "f")
    for value in (np.nan, np.inf, -1e300, "30", None, [30], pd.NA, pd.Timedelta("1D")):
        with pytest.raises(ArgumentError, match=r"f: covariates: .*'age' (is|holds) "):
            read_covariates({"age": value}, ("age",), "f")


def test_numbers_that_stand_alone():
    assert real(3) == real(np.float32(3)) == 3.0
    assert (real(10**400), real(-(10**400))) == (np.inf, -np.inf)
    assert all(np.isnan(real(odd)) for odd in (True, "3", None, np.timedelta64(3, "D"), 3j))


def test_numbers_of_a_list():
    assert numbers([Decimal("3"), 4]).tolist() == [3.0, 4.0]
    held = numbers(pd.Series([3, None], dtype="Int64"))
    assert held is not None and held[0] == 3.0 and np.isnan(held[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for odd in ("a", "12", ["3"], {}, {1}, object(), None, True, [[1], [1, 2]], 1j):
            held = numbers(odd)
            assert held is None or np.isnan(held).all()
