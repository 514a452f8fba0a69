"""Reading of customers: every make of frame, the same checks, and errors that name the row."""

import datetime as dt
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import onefold as of
from onefold.errors import ArgumentError, ColumnError
from onefold.lifetime import rfm_summary
from onefold.lifetime.incoming import parts
from onefold.lifetime.reading import read_customers

GOOD = pd.DataFrame(
    {
        "frequency": [2, 0, 1],
        "recency": [30.4, 0.0, 5.0],
        "T": [38.9, 38.9, 5.0],
        "monetary": [22.35, np.nan, 9.0],
        "age": [30, 40, 50],
        "member": [True, False, True],
    },
    index=pd.Index(["ann", "bob", "cas"]),
)


def read(frame, **asked):
    return read_customers(frame, "BGNBD.fit", **asked)


def bad(column, value, who="bob"):
    frame = GOOD.astype(dict.fromkeys(("frequency", "recency", "T", "monetary"), float))
    frame.loc[who, column] = value
    return frame


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas, lambda f: pl.from_pandas(f).lazy()]
)
def test_every_make_of_frame_says_the_same(make):
    found = read(make(GOOD), monetary=True, covariates=["age", "member"])
    assert found.x.tolist() == [2, 0, 1] and found.t_x.tolist() == [30.4, 0, 5]
    assert found.T.tolist() == [38.9, 38.9, 5]
    assert np.array_equal(found.monetary, [22.35, np.nan, 9], equal_nan=True)
    assert found.z["age"].tolist() == [30, 40, 50] and found.z["member"].tolist() == [1, 0, 1]
    assert len(found) == 3 and not found.single
    assert all(a.dtype == np.float64 for a in (found.x, found.t_x, found.T, *found.z.values()))


def test_ids_are_the_index_or_a_column():
    assert list(read(GOOD).index) == ["ann", "bob", "cas"]
    named = GOOD.reset_index(names="customer")
    for frame in (named, pl.from_pandas(named), pa.Table.from_pandas(named)):
        assert list(read(frame).index) == ["ann", "bob", "cas"]
    assert list(read(GOOD.reset_index(drop=True)).index) == [0, 1, 2]


def test_a_summary_is_read():
    log = of.EventLog.from_events([
        of.Event("ann", "purchase", f"2024-03-0{day}", value=5 * day) for day in (1, 3, 4)
    ])  # fmt: skip
    found = read(rfm_summary(log), monetary=True)
    assert (found.x[0], found.t_x[0], found.monetary[0], found.index[0]) == (2, 3, 17.5, "ann")


def test_one_customer_is_a_mapping_or_a_series():
    one = {"frequency": 2, "recency": 30.4, "T": np.float32(38.5), "monetary": 22.35}
    for held in (one, pd.Series(one)):
        found = read(held, monetary=True)
        assert found.single and found.x.tolist() == [2] and found.T.tolist() == [38.5]
    assert np.isnan(read({"frequency": 0, "monetary": None}, times=False, monetary=True).monetary)


def test_only_what_is_asked_for_is_needed():
    found = read(GOOD[["frequency", "monetary"]], times=False, monetary=True)
    assert np.isnan(found.t_x).all() and np.isnan(found.T).all()
    assert np.isnan(read(GOOD[["frequency", "recency", "T"]]).monetary).all()


def test_frames_stay_as_they_are():
    before = GOOD.copy()
    found = read(GOOD, monetary=True)
    found.x[0] = found.monetary[0] = found.t_x[0] = 99
    pd.testing.assert_frame_equal(GOOD, before)


def test_money_of_those_who_never_bought_again_is_missing():
    found = read(bad("monetary", 0.0), monetary=True)
    assert np.isnan(found.monetary[1]) and found.monetary[0] == 22.35


def test_a_recency_above_its_end_by_rounding_is_cut():
    found = read(bad("recency", 5.0 * (1 + 1e-12), "cas"))
    assert found.t_x[2] == found.T[2] == 5.0


ROW = r" for customer 'bob', the only one of 3; "


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("frequency", -1, r"column 'frequency' is -1" + ROW + "it takes whole numbers, 0 or more"),
        ("frequency", 1.5, r"column 'frequency' is 1\.5" + ROW + "it takes whole numbers"),
        ("frequency", np.nan, r"column 'frequency' is nan" + ROW + ".*Leave such customers out"),
        ("frequency", 3, r"frequency is above 0 with recency 0" + ROW + ".*rfm_summary merges"),
        ("recency", -2, r"column 'recency' is -2" + ROW + "it takes 0 or more"),
        ("recency", 4, r"frequency is 0 with recency above 0" + ROW + r".*give T - recency"),
        ("recency", 40, r"recency is 40 and T is 38\.9" + ROW + r".*at most T.*give T - recency"),
        ("T", np.inf, r"column 'T' is inf" + ROW + "it takes finite numbers"),
        ("T", -1, r"column 'T' is -1" + ROW + "it takes 0 or more"),
        (
            "monetary",
            7,
            r"monetary is 7 with frequency 0" + ROW + ".*0 or NaN where there are none",
        ),
        ("monetary", -np.inf, r"column 'monetary' is -inf" + ROW + "it takes finite numbers"),
        ("age", np.nan, r"column 'age' is nan" + ROW + r".*\(a covariate\)"),
    ],
)
def test_what_is_wrong_is_said(column, value, said):
    frame = bad(column, value)
    for make in (lambda f: f, lambda f: pl.from_pandas(f.reset_index(names="customer"))):
        with pytest.raises(ColumnError, match="^BGNBD.fit: " + said):
            read(make(frame), monetary=True, covariates=["age"])


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan])
def test_money_is_above_0_where_somebody_bought_again(value):
    said = "missing" if np.isnan(value) else f"{value:g}"
    with pytest.raises(ColumnError, match=rf"monetary is {said} with .*'cas'.*Leave such"):
        read(bad("monetary", value, "cas"), monetary=True)
    assert len(read(bad("monetary", value, "cas"))) == 3  # nobody asked for it


def test_the_first_of_several_rows_is_said():
    frame = GOOD.assign(T=[1.0, 2.0, 3.0])
    with pytest.raises(ColumnError, match=r"'ann', the first of 2 such rows of 3"):
        read(frame.assign(recency=[2, 0, 4]))
    with pytest.raises(ColumnError, match=r"in row 0, the first of 2 such rows of 3"):
        read(frame.assign(recency=[2, 0, 4]).reset_index(drop=True))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1", "2", "3"], r"of type .*string, '1' in its first row.*pandas\.to_numeric"),
        ([True, False, True], r"of type bool, True in its first row.*astype\(int\)"),
        ([dt.timedelta(days=3)] * 3, r"of type duration.*Timedelta\('1D'\)"),
        ([dt.datetime(2024, 3, 1)] * 3, r"of type timestamp.*rfm_summary\(log\) computes it"),
        ([1, "2", 3], "holds values of several types"),
        ([None] * 3, "column 'T' is nan for customer 'ann', the first of 3"),
    ],
)
def test_columns_hold_numbers(values, said):
    with pytest.raises(ColumnError, match=said):
        read(GOOD.assign(T=values))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"frequency": "1", "recency": 2, "T": 3}, "column 'frequency' holds '1'; it takes a num"),
        ({"frequency": True, "recency": 2, "T": 3}, "column 'frequency' holds True; it takes a"),
        ({"frequency": None, "recency": 2, "T": 3}, "'frequency' is nan; it takes a number"),
        ({"frequency": [1, 2], "recency": 2, "T": 3}, r"'frequency' holds \[1, 2\]; a mapping is"),
        ({"frequency": 1, "recency": 5, "T": 3}, "BGNBD.fit: recency is 5 and T is 3; recency is"),
        ({"frequency": 1, "T": 3}, r"no column 'recency' \(time of the last.*Columns: 'freq"),
        ({"frequency": 1, "t_x": 1, "T": 3}, r"If 't_x' is it, rename it: \.rename"),
        ([1, 2, 3], "it was given a list; it takes what lifetime.rfm_summary"),
        (None, "it was given a NoneType; it takes"),
        (3.0, "it was given a float; it takes"),
        (GOOD.head(0), "it was given no customers; it takes one or more"),
        (
            GOOD.rename(columns={"T": "t"}),
            "no column 'T' .time since the.*If 't' is",
        ),
    ],
)
def test_other_things_are_refused(held, said):
    with pytest.raises(ArgumentError, match=said):
        read(held)


def test_foreign_names_are_known():
    with pytest.raises(ColumnError, match=r"rename\(columns={'monetary_value': 'monetary'}\)"):
        read(GOOD.rename(columns={"monetary": "monetary_value"}), monetary=True)
    with pytest.raises(ColumnError, match=r"no column 'income'\. Columns: .*"):
        read(GOOD, covariates=["income"])


@pytest.mark.parametrize(("n", "size"), [(1, 1), (7, 3), (9, 3), (5, 8), (100, 99)])
def test_parts_are_the_whole_in_order(n, size):
    frame = pd.DataFrame({"frequency": np.arange(n)})
    for held in (frame, pl.from_pandas(frame)):
        some = list(parts(held, "call", size))
        assert [len(part) for part in some[:-1]] == [size] * (len(some) - 1)
        assert np.array_equal(np.concatenate([p["frequency"].to_numpy() for p in some]), range(n))


def test_a_million_customers_take_a_moment():
    rng = np.random.default_rng(1)
    n = 1_000_000
    x, T = rng.poisson(1.0, n), rng.uniform(30, 300, n)
    t_x = np.where(x > 0, T * rng.uniform(0.01, 1, n), 0)
    z = np.where(x > 0, 20.0, np.nan)
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": T, "monetary": z})
    took = []
    for _ in range(3):
        start = time.perf_counter()
        read(frame, monetary=True)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5  # 0.04 where it was written
