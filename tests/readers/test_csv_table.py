"""CSV with named columns: what from_frame refuses as a whole is rejected row by row."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import readers
from onefold.errors import ArgumentError, ColumnError

HEAD = "who,at,what,sku,paid"
ROLES: dict[str, Any] = {
    "customer": "who",
    "time": "at",
    "event": "what",
    "item": "sku",
    "value": "paid",
}


def read(*lines: str, head: str = HEAD, **more: Any) -> readers.Read:
    return readers.csv([head, *lines], **{**ROLES, "tz": "UTC", **more})


def why(*lines: str, **more: Any) -> dict[str, int]:
    return dict(read(*lines, **more).reasons)


def test_the_same_log_as_from_frame() -> None:
    path = readers.example("csv")
    frame = pd.read_csv(path).iloc[:5]
    frame["time"] = [pd.to_datetime(cell, utc=True) for cell in frame["time"]]
    chosen: dict[str, Any] = {
        "customer": "customer",
        "time": "time",
        "event": "event",
        "item": "sku",
        "channel": "store",
        "value": "paid",
        "currency": "currency",
        "quantity": "quantity",
        "basket": "order",
        "id": "id",
        "zone": "Europe/Berlin",
        "tz": "UTC",
    }
    expected = of.EventLog.from_frame(frame, **chosen)
    found = readers.csv(path, **chosen)
    assert found.log.events.equals(expected.events) and found.log.currency == "EUR"


def test_constants() -> None:
    one = read(
        "ann,2024-03-01,x,tea,1", event="buy", channel="shop", currency="EUR", zone="Asia/Tokyo"
    )
    [row] = one.log.to_pandas().to_dict("records")
    assert (row["event"], row["channel"], one.log.currency) == ("buy", "shop", "EUR")


def test_blanks_and_missing_cells() -> None:
    one = read(" ann , 2024-03-01T09:30Z ,view, NULL ,\\N", "bob,2024-03-01,view,,")
    frame = one.log.to_pandas()
    assert frame["customer"].tolist() == ["ann", "bob"] and frame["item"].isna().all()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ann,2024-03-01,view", "fewer cells than names of columns"),
        ("ann,2024-03-01,view,tea,1,2", "more cells than names of columns"),
        (",2024-03-01,view,tea,1", "no user"),
        ("ann,,view,tea,1", "no time"),
        ("ann,1 March,view,tea,1", "time can't be read"),
        ("ann,2024-03-01,,tea,1", "no name of the event"),
        ("ann,2024-03-01,view,tea,free", "value is not a finite number"),
        ("ann,2024-03-01,view,tea,inf", "value is not a finite number"),
        ("ann,2024-03-01,view,tea,1e13", "value is absurdly large"),
        ('ann,2024-03-01,view,"tea"x,1', "broken quotes, or a very long cell"),
        (f"ann,2024-03-01,view,{'x' * 200_000},1", "broken quotes, or a very long cell"),
        (f"{'x' * 1001},2024-03-01,view,tea,1", "customer is longer than 1,000 characters"),
    ],
)
def test_rejected(line: str, reason: str) -> None:
    one = read("bob,2024-03-01,view,tea,1", line, "eve,2024-03-02,view,tea,2")
    assert dict(one.reasons) == {reason: 1}
    assert one.log.to_pandas()["customer"].tolist() == ["bob", "eve"]
    assert one.rejected["row"].tolist() == [3]


def test_text_that_is_not_unicode(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        f"{HEAD}\nann,2024-03-01,view,t\xe9,1\nbob,2024-03-01,view,t,1\n".encode("latin-1")
    )
    one = readers.csv(path, **ROLES, tz="UTC")
    assert dict(one.reasons) == {"text that is not valid Unicode": 1} and len(one.log) == 1


def test_cells_over_several_lines() -> None:
    one = read('"ann', 'lee",2024-03-01,view,"a ""b""",1', "bob", "eve,2024-03-01,view,c,1")
    assert one.log.to_pandas()["customer"].tolist() == ["ann\nlee", "eve"]
    assert one.log.to_pandas()["item"].tolist() == ['a "b"', "c"]
    assert one.rejected["row"].tolist() == [4]


def test_a_quote_that_is_never_closed() -> None:
    one = read("ann,2024-03-01,view,a,1", 'bob,2024-03-01,view,"b,1', "eve,2024-03-01,view,c,1")
    assert one.rejected["row"].tolist() == [3] and len(one.log) == 1


def test_the_header_again_is_skipped() -> None:
    one = read("ann,2024-03-01,view,a,1", HEAD, "", "eve,2024-03-01,view,c,1")
    assert dict(one.skipped) == {"names of the columns again": 1} and len(one) == 3


def test_columns_that_are_not_there_or_twice() -> None:
    with pytest.raises(ColumnError, match=r"no column 'sku' \(item=\). Columns: 'who'"):
        read(head="who,at,what,skU,paid")
    with pytest.raises(ColumnError, match=r"column 'at' \(time=\) is there 2 times"):
        read(head="who,at,what,sku,paid,at")
    with pytest.raises(ColumnError, match=r"no column 'What' \(event=\), but there is 'what'"):
        read(event="What")
    assert len(read("ann,2024-03-01,v,t,1,x,y", head=HEAD + ",x,x").log) == 1


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(mark: str) -> None:
    one = read("ann,2024-03-01,v,t,1.5".replace(",", mark), head=HEAD.replace(",", mark))
    assert one.log.to_pandas()["value"].tolist() == [1.5]


def test_a_delimiter_of_ones_own() -> None:
    assert len(read("ann:2024-03-01:v:t:1", head=HEAD.replace(",", ":"), delimiter=":").log) == 1
    for bad in ("", ", ", '"', "\n", 5):
        with pytest.raises(ArgumentError, match="delimiter"):
            read(delimiter=bad)


def test_decimal_commas() -> None:
    lines = ["ann;2024-03-01;v;t;4,90", "ann;2024-03-01;v;t;1.004,90"]
    one = read(*lines, head=HEAD.replace(",", ";"), decimal=",")
    assert one.log.to_pandas()["value"].tolist() == [4.9] and len(one.rejected) == 1
    with pytest.raises(ArgumentError, match="decimal"):
        read(decimal="'")


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("s", "1709285400"),
        ("ms", "1709285400000"),
        ("us", "1709285400000000"),
        ("%d.%m.%Y %H:%M", "01.03.2024 10:30"),
        ("%d/%b/%Y:%H:%M:%S %z", "01/Mar/2024:10:30:00 +0100"),
        ("iso", "2024-03-01T10:30"),
    ],
)
def test_forms_of_time(form: str, cell: str) -> None:
    one = read(f"ann,{cell},v,t,1", "ann,x,v,t,1", time_format=form, tz="Europe/Berlin")
    assert str(one.log.to_pandas()["time"][0]) == "2024-03-01 09:30:00+00:00"
    assert len(one.rejected) == 1


@pytest.mark.parametrize("form", ["%Q", "", 5, "%"])
def test_no_form_of_time(form: Any) -> None:
    with pytest.raises(ArgumentError, match="time_format"):
        read(time_format=form)


def test_naive_times_need_a_zone() -> None:
    lines = ["ann,2024-03-01,v,t,1", "ann,2024-03-01T00:00Z,v,t,1"]
    assert why(*lines, tz=None) == {"time has no time zone": 1}


def test_further_columns() -> None:
    one = read(
        "ann,2024-03-01,v,t,1,7,007", "ann,2024-03-02,v,t,1,1.5,8",
        head=HEAD + ",n.x,code", properties={"n": "n.x", "code": "code"},
    )  # fmt: skip
    frame = one.log.to_pandas()
    assert frame["n"].tolist() == [7.0, 1.5] and frame["code"].tolist() == ["007", "8"]
    with pytest.raises(ArgumentError, match="properties"):
        read(properties=["item"])


def test_kinds_and_currencies() -> None:
    lines = [
        "ann,2024-03-01,sale,t,1,EUR",
        "ann,2024-03-01,ping,t,,",
        "ann,2024-03-01,sale,t,2,USD",
    ]
    kinds = {"sale": "purchase", "ping": None}
    one = read(
        *lines, "ann,2024-03-01,sale,t,3,eur", head=HEAD + ",cur", currency="cur", kinds=kinds
    )
    assert one.log.to_pandas()["event"].tolist() == ["purchase", "purchase"]
    assert (dict(one.reasons), sum(one.skipped.values())) == ({"amount not in EUR": 1}, 1)


def test_files(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    a.write_text(f"{HEAD}\nann,2024-03-01,v,t,1\n")
    b.write_bytes(gzip.compress(b"paid;sku;what;at;who\n2;t;v;2024-03-01;bob\n"))
    one = readers.csv([a, b], **ROLES, tz="UTC")
    assert one.log.to_pandas()["value"].tolist() == [1.0, 2.0]
    broken = tmp_path / "c.csv.gz"
    broken.write_bytes(gzip.compress(a.read_bytes() * 2000)[:-20])
    assert "the rest of the file can't be read" in readers.csv(broken, **ROLES, tz="UTC").reasons


def test_nothing_and_a_header_only() -> None:
    assert len(readers.csv([], **ROLES)) == len(read()) == 0


def test_frames_and_dictionaries_go_elsewhere() -> None:
    with pytest.raises(ArgumentError, match="from_frame"):
        readers.csv(pd.DataFrame({"a": [1]}), **ROLES)
    with pytest.raises(ArgumentError, match="from_frame"):
        readers.csv([{"a": 1}], **ROLES)


@settings(max_examples=30)
@given(st.lists(st.decimals(-(10**9), 10**9, places=6), min_size=1, max_size=20))
def test_money_is_exact(amounts: list[Decimal]) -> None:
    log = read(*[f"ann,2024-03-01,v,t,{a:f}" for a in amounts]).log
    assert int(log.events.array("value").sum()) == int(sum(amounts) * 10**6)
