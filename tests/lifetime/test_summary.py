import datetime as dt
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, BeyondKept
from onefold.lifetime.purchases import read_rfm
from onefold.lifetime.summary import rfm_holdout, rfm_summary
from onefold.traits import History
from tests.lifetime.plain_rfm import UNITS, US, apart, four, mean, period, periods
from tests.strategies import END, EPOCH, Raw, instants, maybe, raws

COLLAPSES = st.sampled_from(["h", "D", "W", "M", None])
TIME_UNITS = st.sampled_from(sorted(UNITS))
ENDS = instants() | st.sampled_from([EPOCH + dt.timedelta(hours=3), END])
FOUR = ("frequency", "recency", "T", "monetary")


def bought(*rows, event="purchase"):
    """A log of (customer, time[, value[, zone[, basket]]])."""
    events = []
    for who, time, *rest in rows:
        value, zone, basket = ([*rest, None, None, None])[:3]
        events.append(of.Event(who, event, time, value=value, zone=zone, basket=basket))
    return of.EventLog.from_events(events)


def row(summary, who):
    frame = summary.to_pandas().loc[who]
    return tuple(None if math.isnan(x) else x for x in frame)


def close(found, expected):
    return all(
        (a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-12))
        for a, b in zip(found, expected, strict=True)
    )


def summary_or_none(log, **how):
    try:
        return rfm_summary(log, **how)
    except ArgumentError:
        return None


def people(raw):
    return sorted({r["customer"] for r in raw.rows if r["customer"]})


# ---------------------------------------------------------------- against brute force


@settings(max_examples=50)
@given(raws(clash=False), ENDS, maybe(instants()), COLLAPSES, TIME_UNITS)
def test_the_four_numbers_are_those_of_brute_force(raw, end, start, collapse, time_unit):
    how = {"collapse": collapse, "time_unit": time_unit}
    expected = {who: four(raw, who, end, start=start, **how) for who in people(raw)}
    expected = {who: numbers for who, numbers in expected.items() if numbers is not None}
    summary = summary_or_none(raw.log(), start=start, end=end, **how)
    if not expected or (start is not None and start >= end):
        assert summary is None
        return
    assert summary.ids.tolist() == sorted(expected)
    for who, numbers in expected.items():
        assert close(row(summary, who), numbers), (who, row(summary, who), numbers)
    everybody = [who for who in people(raw) if periods(raw, who, end, None)]
    assert summary.left_out == len(everybody) - len(expected)


@settings(max_examples=50)
@given(raws(clash=False), ENDS, ENDS, COLLAPSES, TIME_UNITS)
def test_the_holdout_is_that_of_brute_force(raw, split, end, collapse, time_unit):
    how = {"collapse": collapse, "time_unit": time_unit}
    length = 0.0
    if collapse is None:
        length = apart(split, end, None, time_unit)
    elif split < end:
        before, last = (period(t - US, None, collapse) for t in (split, end))
        length = apart(before, last, collapse, time_unit)
    expected = {who: four(raw, who, split, **how) for who in people(raw)}
    expected = {who: numbers for who, numbers in expected.items() if numbers is not None}
    try:
        both = rfm_holdout(raw.log(), split=split, end=end, **how)
    except ArgumentError:
        assert not expected or length <= 0
        return
    assert both.ids.tolist() == sorted(expected)
    assert both.columns[4:] == ("frequency_holdout", "duration_holdout", "monetary_holdout")
    assert both == rfm_holdout(raw.log(), split=split, end=end, **how)
    for who, numbers in expected.items():
        assert numbers is not None
        late = [b for b in periods(raw, who, end, collapse) if b.began >= split]
        assert close(row(both, who), (*numbers, len(late), length, mean(late)))


# ---------------------------------------------------------------- laws


@settings(max_examples=20)
@given(raws(), st.randoms(use_true_random=False), COLLAPSES)
def test_the_order_of_events_changes_nothing(raw, random, collapse):
    shuffled = list(raw.rows)
    random.shuffle(shuffled)
    one, other = (
        summary_or_none(r.log(), end=END, collapse=collapse) for r in (raw, Raw(tuple(shuffled)))
    )
    assert one == other


@settings(max_examples=25)
@given(raws(), ENDS, COLLAPSES, TIME_UNITS)
def test_nothing_from_the_end_on_is_seen(raw, end, collapse, time_unit):
    how = {"end": end, "collapse": collapse, "time_unit": time_unit}
    log = raw.log()
    summary = summary_or_none(log, **how)
    assert summary == summary_or_none(log.before(end), **how)
    if summary is not None:
        profiles = of.fold(log, as_of=END)
        assert summary == rfm_summary(profiles, **how) == rfm_summary(profiles.at(end), **how)
        assert rfm_summary(profiles.at(end), **how | {"end": None}) == summary


@settings(max_examples=25)
@given(raws(), ENDS, COLLAPSES, TIME_UNITS)
def test_a_holdout_goes_with_the_summaries_of_both_ends(raw, split, collapse, time_unit):
    how = {"collapse": collapse, "time_unit": time_unit}
    log, far = raw.log(), END + dt.timedelta(days=40)
    early = summary_or_none(log, end=split, **how)
    if early is None:
        with pytest.raises(ArgumentError):
            rfm_holdout(log, split=split, end=far, **how)
        return
    both = rfm_holdout(log, split=split, end=far, **how)
    assert both.ids.tolist() == early.ids.tolist() and both.end == early.end
    assert all(np.array_equal(both[name], early[name], equal_nan=True) for name in FOUR)
    # Distinct ids at different times: a delivery that came earlier counts for both.
    whole = rfm_summary(log, end=far, **how).select(both.ids)
    assert np.array_equal(both["frequency"] + both["frequency_holdout"], whole["frequency"])


@settings(max_examples=25)
@given(raws(clash=False), st.lists(ENDS, min_size=1, max_size=4), COLLAPSES)
def test_rows_as_of_moments_are_those_of_the_whole(raw, moments, collapse):
    if not people(raw):
        return
    profiles = of.fold(raw.log(), as_of=END)
    who = np.tile(np.arange(-1, len(profiles)), len(moments))
    ends = np.repeat(
        [np.datetime64(m.replace(tzinfo=None), "us") for m in moments], len(profiles) + 1
    )
    history = History.before(profiles.ledger, who, moments=ends)
    how = {"event": "purchase", "collapse": collapse, "time_unit": "D"}
    read = np.array(read_rfm(history, ends=ends, start=None, **how)).T
    names = np.append(profiles.ids, "nobody")
    plain = History.before(profiles.ledger, who, moments=np.full(len(ends), ends.max()))
    again = np.array(read_rfm(plain, ends=ends, start=None, **how)).T
    assert np.array_equal(read, again, equal_nan=True)
    for person, end, numbers in zip(who, ends, read, strict=True):
        moment = pd.Timestamp(end, tz="UTC").to_pydatetime()
        expected = four(raw, names[person], moment, collapse=collapse, time_unit="D")
        found = [None if math.isnan(x) else x for x in numbers]
        assert close(found, expected or [None] * 4)


@settings(max_examples=25)
@given(raws(ids=False), instants(), ENDS, COLLAPSES)
def test_rows_of_a_window_are_those_of_its_events(raw, since, end, collapse):
    if not people(raw):
        return
    profiles = of.fold(raw.log(), as_of=END)
    n = len(profiles)
    ends, starts = (np.full(n, np.datetime64(t.replace(tzinfo=None), "us")) for t in (end, since))
    history = History.before(profiles.ledger, np.arange(n), moments=ends).since(starts)
    how = {"collapse": collapse, "time_unit": "h"}
    read = np.array(read_rfm(history, ends=ends, start=None, event="purchase", **how)).T
    late = Raw(tuple(row for row in raw.rows if row["time"] >= since))
    for person, numbers in zip(profiles.ids, read, strict=True):
        found = [None if math.isnan(x) else x for x in numbers]
        assert close(found, four(late, person, end, **how) or [None] * 4)


# ---------------------------------------------------------------- cases


def test_the_worked_example_of_the_field():
    """Six customers whose numbers are documented by Lifetimes (its own tests and guide)."""
    dates = {
        "1": ["01-01", "02-06"],
        "2": ["01-01"],
        "3": ["01-01", "01-02", "01-05"],
        "4": ["01-16", "02-02", "02-05"],
        "5": ["01-16", "01-17", "01-18"],
        "6": ["02-02"],
    }
    log = bought(*[(who, f"2015-{day}") for who, days in dates.items() for day in days])
    summary = rfm_summary(log, end="2015-02-08")  # seen up to the 7th
    assert summary["frequency"].tolist() == [1, 0, 2, 2, 2, 0]
    assert summary["recency"].tolist() == [36, 0, 4, 20, 2, 0]
    assert summary["T"].tolist() == [37, 37, 37, 22, 22, 5]
    assert np.isnan(summary["monetary"]).all()


def test_purchases_of_a_period_are_one():
    log = bought(
        ("ann", "2024-03-01 09:00", 5),  # a Friday
        ("ann", "2024-03-01 23:59:59.999999", 7),
        ("ann", "2024-03-02 00:00", 1),
        ("ann", "2024-03-03 12:00", 2),
        ("ann", "2024-03-04 00:00", 4),  # Monday
        ("ann", "2024-04-30 12:00", 8),
    )
    how = {"end": "2024-05-01"}
    assert row(rfm_summary(log, **how), "ann") == (4, 60, 60, (1 + 2 + 4 + 8) / 4)
    weeks = rfm_summary(log, collapse="W", time_unit="W", **how)
    assert row(weeks, "ann") == (2, 9, 9, 6)
    months = rfm_summary(log, collapse="M", time_unit="M", **how)
    assert row(months, "ann") == (1, 1, 1, 8)
    assert row(rfm_summary(log, collapse="M", time_unit="Y", **how), "ann")[1] == 1 / 12
    assert row(rfm_summary(log, collapse="M", **how), "ann") == (1, 31, 31, 8)
    assert row(rfm_summary(log, collapse="h", time_unit="h", **how), "ann")[:2] == (5, 60 * 24 + 3)
    exact = rfm_summary(log, collapse=None, time_unit="h", **how)
    assert row(exact, "ann") == (5, 60 * 24 + 3, 60 * 24 + 15, (7 + 1 + 2 + 4 + 8) / 5)


def test_the_end_is_not_seen_and_the_period_before_it_is():
    log = bought(("ann", "2024-03-01"), ("ann", "2024-03-04"))
    at = {"2024-03-04": (0, 0, 2), "2024-03-04 00:00:00.000001": (1, 3, 3), "2024-03-05": (1, 3, 3)}
    for end, numbers in at.items():
        assert row(rfm_summary(log, end=end), "ann")[:3] == numbers
    assert row(rfm_summary(log), "ann")[:3] == (1, 3, 3)
    later = log + bought(("bob", "2024-03-09"), event="view")
    assert row(rfm_summary(later), "ann")[:3] == (1, 3, 8)  # of anybody, and of any kind


def test_days_are_those_of_the_customers_own_clock():
    night = [("ann", "2024-03-01 22:30+00:00"), ("ann", "2024-03-01 23:30+00:00")]
    assert row(rfm_summary(bought(*night), end="2024-03-02"), "ann")[0] == 0
    berlin = bought(*[(*n, None, "Europe/Berlin") for n in night])
    assert row(rfm_summary(berlin, end="2024-03-02"), "ann")[:3] == (1, 1, 1)
    assert row(rfm_summary(berlin, end="2024-03-02 23:00"), "ann")[:3] == (1, 1, 1)
    assert row(rfm_summary(berlin, end="2024-03-02 23:00:00.000001"), "ann")[:3] == (1, 1, 2)


def test_days_last_a_day_where_clocks_are_changed():
    spring = bought(
        ("ann", "2024-03-30 12:00+00:00", None, "Europe/Berlin"),
        ("ann", "2024-04-01 12:00+00:00", None, "Europe/Berlin"),
    )
    assert row(rfm_summary(spring, end="2024-04-02"), "ann")[:2] == (1, 2)


def test_who_travels_west_stays_in_the_later_day():
    log = bought(
        ("ann", "2024-03-01 18:30+00:00", 1, "Asia/Kolkata"),  # the 2nd, at midnight
        ("ann", "2024-03-01 19:30+00:00", 2, "UTC"),  # the 1st
        ("ann", "2024-03-02 19:30+00:00", 4, "UTC"),  # the 2nd
        ("ann", "2024-03-03 00:30+00:00", 8, "UTC"),
    )
    assert row(rfm_summary(log, end="2024-03-04"), "ann") == (1, 1, 1, 8)


def test_who_has_travelled_west_is_seen_up_to_the_later_day_at_least():
    log = bought(
        ("ann", "2024-03-01 18:30+00:00", 1, "Asia/Kolkata"),  # the 2nd, at midnight
        ("ann", "2024-03-01 19:30+00:00", 2, "UTC"),  # the 1st
    )
    assert row(rfm_summary(log, end="2024-03-01 20:00"), "ann") == (0, 0, 0, None)


def test_at_one_instant_the_clock_that_is_furthest_ahead_holds():
    log = bought(
        *[
            (who, "2024-03-01 18:30+00:00", value, zone)
            for value, who in enumerate("abcdefgh")  # so that either event comes first in some
            for zone in ("UTC", "Asia/Kolkata")
        ]
    )
    assert rfm_summary(log, end="2024-03-03")["frequency"].tolist() == [0] * 8
    assert rfm_summary(log, end="2024-03-02 18:30:00.000001")["T"].tolist() == [1] * 8


def test_rows_may_end_or_begin_within_a_purchase():
    log = bought(
        ("ann", "2024-03-01 09:00", 1),
        ("ann", "2024-03-02 09:00", 2),
        ("ann", "2024-03-02 15:00", 4),
        ("ann", "2024-03-03 09:00", 8),
    )
    profiles = of.fold(log)
    ends = np.array(["2024-03-02T12", "2024-03-02T16", "2024-03-03T16"], dtype="datetime64[us]")
    history = History.before(profiles.ledger, np.zeros(3, dtype=np.int64), moments=ends)
    how = {"start": None, "event": "purchase", "collapse": "D", "time_unit": "D"}
    read = np.array(read_rfm(history, ends=ends, **how)).T
    assert read.tolist() == [[1, 1, 1, 2], [1, 1, 1, 6], [2, 2, 2, 7]]
    window = history.since(np.full(3, np.datetime64("2024-03-02T12", "us")))
    read = np.array(read_rfm(window, ends=ends, **how)).T
    assert np.isnan(read[0]).all() and np.isnan(read[1, 3])
    assert read[1:, :3].tolist() == [[0, 0, 0], [1, 1, 1]] and read[2, 3] == 8


def test_visits_are_baskets_or_instants():
    log = bought(
        ("ann", "2024-03-01 09:00", 1, None, "b1"),
        ("ann", "2024-03-01 10:00", 2, None, "b2"),
        ("ann", "2024-03-01 11:00", 4, None, "b1"),
        ("ann", "2024-03-01 12:00", None, None, None),
        ("ann", "2024-03-01 13:00", 8, None, "b3"),
        ("ann", "2024-03-01 13:00", 16, None, "b4"),  # two tills at one instant: one purchase
    )
    summary = rfm_summary(log, collapse=None, time_unit="h", end="2024-03-01 14:00")
    assert row(summary, "ann") == (3, 4, 5, (2 + 8 + 16) / 2)
    # A basket that is open at the split belongs to the time before it.
    both = rfm_holdout(
        log, split="2024-03-01 10:30", collapse=None, time_unit="h", end="2024-03-01 14:00"
    )
    assert row(both, "ann") == (1, 1, 1.5, 2, 2, 3.5, 24)


def test_what_adds_to_a_period_begun_before_the_split_is_no_purchase_of_its_own():
    log = bought(
        ("ann", "2024-03-01 09:00", 1),
        ("ann", "2024-03-01 15:00", 2),
        ("ann", "2024-03-02 09:00", 4),
        ("bob", "2024-03-01 15:00", 8),
    )
    both = rfm_holdout(log, split="2024-03-01 12:00", end="2024-03-03")
    assert both.ids.tolist() == ["ann"]
    assert row(both, "ann") == (0, 0, 0, None, 1, 1, 4)


def test_only_repeat_purchases_with_an_amount_count_for_money():
    log = bought(
        ("ann", "2024-03-01", 100),
        ("ann", "2024-03-02"),
        ("ann", "2024-03-03", 3),
        ("ann", "2024-03-03", 4),
        ("ann", "2024-03-04", 0.000001),
        ("bob", "2024-03-01", 9),
        ("cas", "2024-03-01"),
        ("cas", "2024-03-02"),
    )
    summary = rfm_summary(log)
    assert row(summary, "ann")[3] == 7.000001 / 2
    assert row(summary, "bob")[3] is row(summary, "cas")[3] is None


def test_large_amounts_are_summed_exactly():
    most = 9_000_000_000_000
    log = bought(("ann", "2024-03-01"), *[("ann", f"2024-03-0{d}", most) for d in (2, 2, 3, 3)])
    assert row(rfm_summary(log), "ann")[3] == 2 * most


def test_who_began_before_the_start_is_left_out():
    log = bought(
        ("ann", "2024-02-28"),
        ("ann", "2024-03-05"),
        ("bob", "2024-03-01"),
        ("bob", "2024-03-02"),
        ("cas", "2024-04-01"),
    )
    summary = rfm_summary(log, start="2024-03-01", end="2024-03-10")
    assert summary.ids.tolist() == ["bob"] and summary.left_out == 1
    assert "1 older customer left out" in repr(summary)
    both = rfm_holdout(log, start="2024-03-01", split="2024-03-03", end="2024-03-10")
    assert both.ids.tolist() == ["bob"] and both.left_out == 1


def test_repeated_deliveries_and_other_kinds_do_not_count():
    one = of.Event("ann", "purchase", "2024-03-01", value=3, id="1")
    two = of.Event("ann", "purchase", "2024-03-02", value=3, id="2")
    back = of.Event("ann", "return", "2024-03-03", value=-3)
    view = of.Event("bob", "view", "2024-03-03")
    log = of.EventLog.from_events([one, two, two, one, back, view])
    assert row(rfm_summary(log, end="2024-03-05"), "ann") == (1, 1, 3, 3)
    assert rfm_summary(log).ids.tolist() == ["ann"]
    assert rfm_summary(log, event="return").ids.tolist() == ["ann"]


# ---------------------------------------------------------------- bad input

LOG = bought(("ann", "2024-03-01"), ("ann", "2024-03-04"))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"log": pd.DataFrame()}, r"log is a DataFrame; it takes an EventLog"),
        ({"time_unit": "w"}, r"time_unit is 'w'; write 'W' for weeks"),
        ({"collapse": "Y"}, r"collapse is 'Y'; allowed: 'h', 'D', 'W', 'M', None"),
        ({"collapse": 7}, r"collapse is 7"),
        ({"event": "purchases"}, r"no such event\. Kinds: 'purchase'\. Did you mean 'purchase'"),
        ({"event": None}, r"event is None"),
        ({"end": 20240301}, r"end is 20240301; it takes a date"),
        ({"start": "2024-03-03", "end": "2024-03-03"}, r"start is 2024-03-03, and end is"),
        ({"end": "2024-03-01"}, r"nobody did 'purchase' before 2024-03-01 \(end=\)"),
        ({"start": "2024-03-02"}, r"1 customer had bought earlier"),
        ({"start": "2024-03-05"}, r"start is 2024-03-05, and end is just after"),
        ({"log": of.fold(LOG, as_of="2024-03-05"), "end": "2024-03-06"}, r"end is 2024-03-06, and"),
    ],
)
def test_bad_input(how, said):
    with pytest.raises(ArgumentError, match=rf"rfm_summary: .*{said}"):
        rfm_summary(**{"log": LOG} | how)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"split": "2024-03-05", "end": "2024-03-05"}, r"at least one period .* before the end"),
        ({"split": "2024-03-04 01:00", "end": "2024-03-04 02:00"}, r"at least one period"),
        ({"split": "2024-03-09", "end": "2024-03-05"}, r"split is 2024-03-09, and end is"),
        ({"split": "2024-03-05", "end": "2024-03-05", "collapse": None}, r"a split before the end"),
        ({"split": "2024-02-05", "end": "2024-03-05"}, r"nobody did .* 2024-02-05 \(split=\)"),
        ({"split": "2024-02-05", "start": "2024-02-05"}, r"a split after the start"),
        ({"split": "x"}, r"split is 'x'"),
    ],
)
def test_bad_splits(how, said):
    with pytest.raises(ArgumentError, match=rf"rfm_holdout: .*{said}"):
        rfm_holdout(LOG, **how)


def test_events_that_were_let_go_are_missed():
    profiles = of.fold(LOG, as_of="2024-03-05", keep="2D")
    with pytest.raises(BeyondKept):
        rfm_summary(profiles)


# ---------------------------------------------------------------- real data, where it is


def shared(name):
    folder = os.environ.get("ONEFOLD_DATA")
    path = Path(folder or ".") / name
    if folder is None or not path.exists():
        pytest.skip(f"{name} is not in the folder of ONEFOLD_DATA")
    return pd.read_parquet(path)


@pytest.mark.slow
def test_cdnow_is_as_published():
    log = of.EventLog.from_frame(
        shared("cdnow/cdnow_sample.parquet"),
        customer="sample_customer_id",
        time="date",
        event="purchase",
        value="amount",
        tz="UTC",
    )
    both = rfm_holdout(log, split="1997-10-01", end="1998-07-01", time_unit="W")
    frame = both.to_pandas()
    frame.index = frame.index.astype(int)
    known = shared("cdnow/cdnow_customers_summary.parquet").set_index("ID")
    money = shared("cdnow/cdnow_summary_with_monetary.parquet").set_index("customer_id")
    frame = frame.loc[known.index]
    assert (frame["frequency"] == known["frequency"]).all()
    # The published times are rounded to hundredths of a week, the amounts to cents.
    assert (frame["recency"] - known["recency"]).abs().max() < 0.0043
    assert (frame["T"] - known["T"]).abs().max() < 0.0043
    far = frame["monetary"].fillna(0) - money.loc[known.index, "monetary_value"]
    assert far.abs().max() < 0.0051
    assert frame["frequency"].sum() == 2457
    assert frame["frequency_holdout"].sum() == 1882
    assert (frame["duration_holdout"] == 39).all()


@pytest.mark.slow
@pytest.mark.parametrize("collapse", ["D", "W"])
def test_a_shop_is_as_grouped_by_pandas(collapse):
    frame = shared("online_retail/online_retail.parquet")
    frame = frame[frame["CustomerID"].notna() & (frame["Quantity"] > 0)]
    frame = frame.assign(amount=(frame["Quantity"] * frame["UnitPrice"]).round(6))
    log = of.EventLog.from_frame(
        frame,
        customer="CustomerID",
        time="InvoiceDate",
        event="purchase",
        value="amount",
        basket="InvoiceNo",
        tz="UTC",
    )
    found = rfm_summary(log, end="2011-12-01", collapse=collapse, time_unit=collapse).to_pandas()
    frame = frame[frame["InvoiceDate"] < pd.Timestamp("2011-12-01")]
    each = frame.assign(at=frame["InvoiceDate"].dt.to_period(collapse))
    each = each.groupby(["CustomerID", "at"])["amount"].sum().reset_index()
    final = pd.Period("2011-11-30", collapse).ordinal
    for who, mine in each.groupby("CustomerID"):
        at = [p.ordinal for p in mine["at"]]
        expected = (len(at) - 1, at[-1] - at[0], final - at[0])
        assert tuple(found.loc[str(who)].iloc[:3]) == expected
        spent = found.loc[str(who), "monetary"]
        if len(at) > 1:
            assert spent == pytest.approx(mine["amount"].iloc[1:].mean(), abs=1e-6)
        else:
            assert math.isnan(spent)
    assert len(found) == each["CustomerID"].nunique()


def test_a_later_fact_does_not_move_the_end():
    who = pd.DataFrame({"who": ["ann"], "tier": ["gold"]})
    later = of.EventLog.from_facts(who, customer="who", time="2030-01-01", facts=["tier"])
    with_fact, without = rfm_summary(LOG + later), rfm_summary(LOG)
    assert with_fact.end == without.end
    assert np.array_equal(with_fact["T"], without["T"])
