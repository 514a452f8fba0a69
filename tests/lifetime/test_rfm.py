import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError, ColumnError, UnknownCustomer, UnknownName
from onefold.lifetime.summary import RFMSummary, rfm_holdout, rfm_summary


@pytest.fixture
def summary():
    log = of.EventLog.from_events(
        of.Event(who, "purchase", f"2024-03-{day:02}", value=day)
        for who, days in {"ann": [1, 4, 11], "bob": [2], "cas": [3, 5]}.items()
        for day in days
    )
    return rfm_summary(log, end="2024-04-01")


def test_columns(summary):
    assert summary.columns == ("frequency", "recency", "T", "monetary")
    assert len(summary) == 3 and summary.ids.tolist() == ["ann", "bob", "cas"]
    assert summary["frequency"].tolist() == [2, 0, 1]
    assert summary["frequency"].dtype == np.float64
    assert summary["monetary"].tolist()[::2] == [7.5, 5] and np.isnan(summary["monetary"][1])
    with pytest.raises(UnknownName, match=r"no column 'frequenzy'.*Did you mean 'frequency'"):
        summary["frequenzy"]
    with pytest.raises(UnknownName, match="no column 0"):
        summary[0]


def test_settings(summary):
    assert (summary.time_unit, summary.collapse, summary.event) == ("D", "D", "purchase")
    assert summary.end == np.datetime64("2024-04-01", "us") and summary.start is None
    assert summary.left_out == 0 and summary.holdout_end is None


def test_a_value(summary):
    for name in ("ids", *summary.columns):
        held = summary.ids if name == "ids" else summary[name]
        with pytest.raises(ValueError, match="read-only"):
            held[0] = held[1]
    with pytest.raises(TypeError):
        summary.extra["x"] = 1
    with pytest.raises(TypeError):
        hash(summary)
    given = np.array([1.0, 2, 3])
    other = attrs.evolve(summary, frequency=given)
    given[0] = 9
    assert other["frequency"].tolist() == [1, 2, 3]


def test_equal_by_content(summary):
    assert summary == attrs.evolve(summary)
    assert summary != summary.select(["ann"]) and summary != 1
    changes = {
        "time_unit": "W",
        "collapse": "W",
        "start": np.datetime64("2024-01-01", "us"),
        "end": np.datetime64("2024-05-01", "us"),
        "event": "order",
        "left_out": 1,
        "holdout_end": np.datetime64("2024-05-01", "us"),
        "extra": {"age": [1, 2, 3]},
        "ids": np.array(["ann", "bob", "eva"], dtype=object),
        **{name: [7, 7, 7] for name in summary.columns},
    }
    for name, value in changes.items():
        assert summary != attrs.evolve(summary, **{name: value}), name


def test_as_a_frame(summary):
    frame = summary.to_pandas()
    assert frame.index.name == "customer" and frame.index.tolist() == ["ann", "bob", "cas"]
    assert tuple(frame.columns) == summary.columns
    frame.loc["ann", "T"] = 0
    assert summary["T"].tolist() == [31 - 1, 31 - 2, 31 - 3]


def test_some_customers(summary):
    expected = summary.select(np.array([True, False, True]))
    assert expected.ids.tolist() == ["ann", "cas"] and expected["T"].tolist() == [30, 28]
    assert summary.select(["cas", "ann"]) == expected
    assert summary.select([True, False, True]) == expected
    assert summary.select(summary["frequency"] > 0) == expected
    assert summary.select(summary.to_pandas()["frequency"] > 0) == expected
    assert len(summary.select([])) == 0 and "0 customers" in repr(summary.select([]))
    with pytest.raises(UnknownCustomer, match=r"holds 1 ids .* 'an'\. Did you mean 'ann'"):
        summary.select(["an", "bob"])
    with pytest.raises(ArgumentError, match=r"mask of shape \(2,\); \(3,\) is allowed"):
        summary.select(np.array([True, False]))
    with pytest.raises(ArgumentError, match="who is 'ann'; it takes several ids"):
        summary.select("ann")


AGES = pd.DataFrame({"customer": ["cas", "eva", "ann", "bob"], "age": [50, 1, 30, 40]})


@pytest.mark.parametrize(
    "table",
    [
        AGES,
        AGES.set_index("customer"),
        {"age": {"bob": 40, "ann": 30, "cas": 50.0}},
        {"age": AGES.set_index("customer")["age"]},
    ],
)
def test_columns_are_joined_by_customer(summary, table):
    joined = summary.with_columns(table)
    assert joined.columns == (*summary.columns, "age")
    assert joined["age"].tolist() == [30, 40, 50]
    assert joined.select(["bob"])["age"].tolist() == [40]
    assert joined.to_pandas()["age"].tolist() == [30, 40, 50]
    assert summary.columns == ("frequency", "recency", "T", "monetary")
    assert joined.select(["ann", "bob", "cas"]) == joined


def test_booleans_are_0_and_1_and_ids_may_be_numbers():
    log = of.EventLog.from_events(of.Event(i, "purchase", "2024-03-01") for i in (7, 10))
    table = pd.DataFrame({"customer": [7, 10], "new": [True, False]})
    assert rfm_summary(log).with_columns(table)["new"].tolist() == [0, 1]  # ids are "10", "7"
    assert rfm_summary(log).with_columns({"new": {10: 0, 7: 2}})["new"].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (AGES.iloc[:3], r"1 of 3 customers are not in the table, such as 'bob'"),
        (pd.concat([AGES, AGES[2:]]), r"2 customers have several rows in the table, such as 'ann'"),
        (AGES.assign(age=[1, 2, np.nan, 3]), r"'age' is missing or infinite for 1 of 3 .* 'ann'"),
        (AGES.assign(age=[1, 2, np.inf, 3]), r"'age' is missing or infinite for 1 of 3 .* 'ann'"),
        (AGES.assign(age=["1", "2", "x", "3"]), r"column 'age' .* it takes numbers\. Of a label"),
        (AGES.rename(columns={"age": "T"}), r"table has 'T', which are here already"),
        (AGES[["customer"]], r"no column besides the customers"),
        (AGES.rename(columns={"customer": "who"}), r"no column 'customer'"),
        ({}, r"no column besides the customers"),
        ({"age": [30, 40, 50]}, r"table\['age'\] is a list; it takes a mapping or a Series"),
        ({"age": {1.5: 1}}, r"a customer of 'age' is 1.5; it takes an id"),
        (7, r"table is a int; it takes a frame with a column 'customer'"),
        (None, r"table is a NoneType"),
    ],
)
def test_columns_that_do_not_fit(summary, table, said):
    with pytest.raises((ArgumentError, ColumnError), match=rf"RFMSummary.with_columns: .*{said}"):
        summary.with_columns(table)


def test_a_summary_by_hand(summary):
    how = {"time_unit": "D", "collapse": "D", "start": None, "end": summary.end}
    numbers = {name: [0, 0] for name in summary.columns}
    assert len(RFMSummary(ids=["a", "b"], **numbers, **how)) == 2
    with pytest.raises(ArgumentError, match=r"T has the shape \(1,\); \(2,\) is allowed"):
        RFMSummary(ids=["a", "b"], **numbers | {"T": [0]}, **how)
    with pytest.raises(ArgumentError, match=r"age has the shape \(1,\)"):
        RFMSummary(ids=["a", "b"], **numbers, **how, extra={"age": [1]})
    for ids in (["b", "a"], ["a", "a"]):
        with pytest.raises(ArgumentError, match="not sorted, or one is there twice"):
            RFMSummary(ids=ids, **numbers, **how)
    with pytest.raises(ArgumentError, match="holds other than strings"):
        RFMSummary(ids=[1, 2], **numbers, **how)
    with pytest.raises(ArgumentError, match="time_unit is 'w'"):
        RFMSummary(ids=["a", "b"], **numbers, **how | {"time_unit": "w"})
    with pytest.raises(ArgumentError, match="collapse is 'Y'"):
        RFMSummary(ids=["a", "b"], **numbers, **how | {"collapse": "Y"})


def test_what_is_shown(summary):
    assert repr(summary).splitlines() == [
        "RFMSummary(3 customers, 2 bought again; by day, in days, up to 2024-04-01)",
        "column     mean  least  median  largest  missing",
        "---------  ----  -----  ------  -------  -------",
        "frequency     1      0       1        2        0",
        "recency       4      0       2       10        0",
        "T            29     28      29       30        0",
        "monetary   6.25      5    6.25     7.50        1",
    ]
    assert "<table" in summary._repr_html_() and "2 bought again" in summary._repr_html_()


def test_a_holdout_shows_its_end():
    log = of.EventLog.from_events(of.Event("<b>", "purchase", f"2024-03-0{d}") for d in (1, 9))
    both = rfm_holdout(log, split="2024-03-05", end="2024-03-12", time_unit="W", collapse="D")
    assert "up to 2024-03-05, holdout up to 2024-03-12" in repr(both)
    assert both["duration_holdout"].tolist() == [1]
